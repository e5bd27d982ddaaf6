"""The names of lookup types with what may stand before and behind them (cases REDIS-081, REDIS-085)."""

from __future__ import annotations

import pytest

from pytest_eximsim.exim.lookups import LookupTypeError, has_quoting, parse_type
from pytest_eximsim.exim.release import RELEASES


@pytest.mark.parametrize(("text", "name", "partial", "affix", "star", "options"), [
    ("lsearch", "lsearch", None, "*.", "", ""),
    ("lsearch*", "lsearch", None, "*.", "*", ""),
    ("lsearch*@", "lsearch", None, "*.", "*@", ""),
    ("partial-lsearch", "lsearch", 2, "*.", "", ""),
    ("partial0-lsearch*", "lsearch", 0, "*.", "*", ""),
    ("partial3(.)lsearch", "lsearch", 3, ".", "", ""),
    ("partial()lsearch", "lsearch", 2, "", "", ""),
    ("lsearch,ret=full", "lsearch", None, "*.", "", "ret=full"),
    ("lsearch*@,ret=full", "lsearch", None, "*.", "*@", "ret=full"),
    ("redis,servers=a", "redis", None, "*.", "", "servers=a"),
])
def test_the_parts_of_a_name(text: str, name: str, partial: int | None, affix: str, star: str, options: str) -> None:
    found = parse_type(text, RELEASES["4.99"])
    assert (found.name, found.partial, found.affix, found.star, found.options) == (name, partial, affix, star, options)


@pytest.mark.parametrize(("release", "text", "message"), [
    ("4.99", "nosuch", 'unknown lookup type "nosuch"'),
    ("4.99", "", 'unknown lookup type ""'),
    ("4.99", "partial-redis", '"partial" is not permitted for lookup type "redis"'),
    ("4.99", "redis*", 'defaults using "*" or "*@" are not permitted for lookup type "redis*"'),
    ("4.99", "partialx-lsearch", 'format error in lookup type "partialx-lsearch"'),
    ("4.99", "partial(a)lsearch", 'format error in lookup type "partial(a)lsearch"'),
    ("4.99", "part,ial*", 'unknown lookup type "part,ial"'),
    ("4.82+", "lsearch*x", 'unknown lookup type "lsearch*x"'),
    ("4.82+", "redis,servers=localhost", 'unknown lookup type "redis,servers=localhost"'),
    ("4.96", "json", 'unknown lookup type "json"'),
])
def test_wrong_names(release: str, text: str, message: str) -> None:
    with pytest.raises(LookupTypeError) as error:
        parse_type(text, RELEASES[release])
    assert str(error.value) == message


def test_which_types_quote() -> None:
    assert [name for name in ("redis", "pgsql", "mysql", "sqlite", "lsearch", "dnsdb", "nosuch") if has_quoting(name)] == [
        "redis", "pgsql", "mysql", "sqlite",
    ]
