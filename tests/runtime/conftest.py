"""What tests of `runtime/` share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_eximsim.runtime.clock import VirtualClock
from pytest_eximsim.runtime.hub import Hub


@pytest.fixture
def simulated() -> Iterator[Hub]:
    """A hub in simulated time."""
    one = Hub(VirtualClock(1000.0))
    yield one
    one.close()
