"""Lists of domains, hosts, addresses, local parts and strings (Exim chapter 10): one function a kind, results as values.

`list_text` is unexpanded unless `expanded=True`. A forced failure of its expansion is an empty list; any other failure is logged to main
and panic log and gives ListDeferred. Died is raised where Exim's process would die (a file that cannot be opened, a bad regular
expression).

`cache` names the cache for named lists of the one subject that the caller keeps asking about ("sender", "domain", "local_part" …): while it
is the same name, a named list is tested once, even if the subject changed in between. `forget(p, cache)` ends that. Caches: "host" is that
of the client of the connection; it is never forgotten (case PROXY-405).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..taint import marked
from .addresses import AddressSubject
from .hosts import HostSubject
from .matching import match_list
from .result import ListDeferred, Matched, NotMatched, Result, data_after
from .strings import Text
from .syntax import iterate, split_list

if TYPE_CHECKING:
    from ..state import Process

__all__ = [
    "ListDeferred", "Matched", "NotMatched", "Result", "data_after", "forget", "iterate", "match_address", "match_domain", "match_host",
    "match_ip", "match_local_part", "match_rewriting", "match_sender_host", "match_string", "split_list",
]


def match_domain(p: Process, list_text: str, domain: str, *, expanded: bool = False, cache: str | None = None) -> Result:
    """Is the domain in the list? While the list is expanded, $domain is the domain where it is not set otherwise."""
    subject = Text("domain", _outside(p, domain, expanded), special=True, captures=p.release.list_match_data)
    return match_list(p, list_text, subject, expanded=expanded, cache=cache, around=_with_domain(p, domain))


def match_local_part(p: Process, list_text: str, local_part: str, *, caseful: bool = False, expanded: bool = False,
                     cache: str | None = None) -> Result:
    """Is the local part in the list? `+caseful` in the list compares with `local_part` as given."""
    subject = Text("localpart", _outside(p, local_part, expanded), caseless=not caseful, captures=p.release.list_match_data)
    return match_list(p, list_text, subject, expanded=expanded, cache=cache)


def _outside(p: Process, subject: str, expanded: bool) -> str:
    """The subject of a configuration's list is the client's word; that of a condition is what it is."""
    return subject if expanded or not p.release.taints else marked(subject)


def match_address(p: Process, list_text: str, address: str, *, expand: bool = True, cache: str | None = None) -> Result:
    """Is the address ("" for the null sender) in the list? Local parts are compared without case unless the list has `+caseful`."""
    return match_list(p, list_text, AddressSubject(address), expanded=not expand, cache=cache)


def match_rewriting(p: Process, pattern: str, address: str) -> Result:
    """Is the address what a rewriting rule is for? Local parts are compared as written; $0 is the address, $1 … are its wild parts."""
    return match_list(p, pattern, AddressSubject(address, caseless=False, captures=True))


def match_string(
    p: Process, list_text: str, subject: str, *, expanded: bool = False, single: bool = False, caseless: bool = True,
) -> Result:
    """Is the text in the list? Items are those of domain lists without `@` and `+name`; `single`: the text is one item."""
    return match_list(p, list_text, Text("string", subject, caseless), expanded=expanded, single=single, named=False)


def match_host(p: Process, list_text: str, *, name: str | None, address: str, expanded: bool = False, cache: str | None = None) -> Result:
    """Is the host in the list? `name` None: it is the client of this connection, whose name is looked up when an item needs it."""
    return match_list(p, list_text, HostSubject(name, address), expanded=expanded, cache=cache)


def match_sender_host(p: Process, list_text: str | None, *, cache: str | None = "host") -> Result:
    """Is the client of this connection in the list? An unset list is empty."""
    return match_list(p, list_text or "", HostSubject(None, p.connection.host_address), cache=cache)


def match_ip(p: Process, list_text: str, address: str, *, expanded: bool = False) -> Result:
    """Is the address in the list? Names are not looked up: they end the search."""
    return match_list(p, list_text, HostSubject("", address), expanded=expanded)


def forget(p: Process, cache: str) -> None:
    """Forgets what is known of the named lists for this cache: its subject is another one from now on."""
    for key in [key for key in p.scratch.list_cache if key[0] == cache]:
        del p.scratch.list_cache[key]


def _with_domain(p: Process, domain: str) -> Callable[[Callable[[], str]], str] | None:
    """$domain during the expansion of a domain list, where no address is being handled."""
    if p.address is not None:
        return None

    def around(expand: Callable[[], str]) -> str:
        saved = p.scratch.variables.get("domain")
        if saved:
            return expand()
        p.scratch.variables["domain"] = domain
        try:
            return expand()
        finally:
            if saved is None:
                p.scratch.variables.pop("domain", None)
            else:
                p.scratch.variables["domain"] = saved

    return around
