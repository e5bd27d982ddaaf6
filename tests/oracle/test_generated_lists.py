"""Lists in ACLs that chance makes: the simulator says and leaves behind what the real Exim does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_eximsim.oracle.compare import Difference
from pytest_eximsim.oracle.mta.binary import Binary

from . import generated_lists


@pytest.mark.parametrize("make", [generated_lists.hosts, generated_lists.addresses])
@pytest.mark.parametrize("seed", range(4))
def test_lists(make: Callable[[int], str], seed: int, binary: Binary, differences: Callable[[str], tuple[Difference, ...]]) -> None:
    if binary.release != "4.96":
        pytest.skip("what lists leave behind was learnt from Exim 4.96")
    assert [line for one in differences(make(seed)) for line in [one.what, *one.side_by_side()]] == []
