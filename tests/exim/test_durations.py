from __future__ import annotations

import pytest

from pytest_eximsim.exim import durations


@pytest.mark.parametrize(("text", "seconds"), [
    ("1h30m", 5400), ("1d", 86400), ("30m1h", 5400), ("5", None), ("", None), ("1H", None), ("1d 2h", None), ("0s", 0),
])
def test_reading(text: str, seconds: int | None) -> None:
    assert durations.read(text) == seconds


@pytest.mark.parametrize(("seconds", "text"), [(90061, "1d1h1m1s"), (0, "0s"), (604800, "1w"), (-60, "-1m")])
def test_showing(seconds: int, text: str) -> None:
    assert durations.show(seconds) == text
