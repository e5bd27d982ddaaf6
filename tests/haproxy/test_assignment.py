"""Which party stands behind a server line."""

import pytest

from pytest_eximsim.errors import ScenarioError
from pytest_eximsim.haproxy import parse
from pytest_eximsim.haproxy.assignment import Party, all_servers, assign, find_servers, unassigned

CONFIG = parse("""\
backend a
    server mx1 10.20.30.1:25
    server mx2 10.20.30.2:25
    server other 203.0.113.5:2500
backend b
    server mx1 mx.example.net:25
    server none "${UNSET}:25"
""", "h.cfg")
MX1, MX2 = Party("mx1", ("10.20.30.1", "10.20.30.9")), Party("mx2", ("10.20.30.2",))
REMOTE = Party("smart", ("203.0.113.5",), 2500, mta=False)


def resolve(name: str) -> str | None:
    return {"mx.example.net": "10.20.30.2"}.get(name)


@pytest.mark.parametrize(("parties", "chosen", "expected"), [
    ([MX1, MX2, REMOTE], {}, {"a/mx1": "mx1", "a/mx2": "mx2", "a/other": "smart", "b/mx1": "mx2"}),
    ([MX1], {}, {"a/mx1": "mx1", "a/mx2": "mx1", "a/other": "mx1", "b/mx1": "mx1"}),
    ([MX1, REMOTE], {"mx1": "refuse"}, {"a/mx1": "refuse", "a/mx2": "mx1", "a/other": "smart", "b/mx1": "refuse"}),
    ([MX1, MX2], {"b/mx1": "hang", "mx1": "mx2"}, {"a/mx1": "mx2", "a/mx2": "mx2", "b/mx1": "hang"}),
    ([MX1, MX2], {"none": "drop"}, {"a/mx1": "mx1", "a/mx2": "mx2", "b/mx1": "mx2", "b/none": "drop"}),
])
def test_rule(parties: list[Party], chosen: dict[str, str], expected: dict[str, str]) -> None:
    assert assign(CONFIG, parties, chosen, resolve=resolve) == expected


@pytest.mark.parametrize(("chosen", "message"), [
    ({"mx3": "mx1"}, "no server mx3, did you mean mx"),
    ({"a/mx": "mx1"}, "did you mean a/mx"),
    ({"mx1": "mx9"}, "unknown mx9, did you mean mx"),
    ({"mx1": "reffuse"}, "did you mean refuse"),
])
def test_unknown_names(chosen: dict[str, str], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        assign(CONFIG, [MX1, MX2], chosen)


def test_a_server_without_address_says_which_variable() -> None:
    server = find_servers(CONFIG, "b/none")[0]
    assert "not set: UNSET" in str(unassigned(server, [MX1]))
    assert str(unassigned(server, [MX1])).startswith("h.cfg:7: ")


def test_nobody_has_that_address() -> None:
    assert "nobody in the scenario has the address of server other, 203.0.113.5:2500" in str(unassigned(all_servers(CONFIG)[2], [MX1]))
