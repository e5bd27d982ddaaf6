"""Which Exim is imitated: its place in history, and what differs between releases as data.

A rule that differs is a field of `Release` (a wording, a switch), or `since`/`until` of a registry entry; code asks the field and
never compares version texts. Known names (options, operators, variables …) are in `exim/config/names.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

ORDER = ("4.82+", "4.96", "4.99")


@dataclass(frozen=True)
class Release:
    """One Exim release. `version_number` is what $version_number says (the default; scenarios may name another)."""

    name: str
    version_number: str
    without: str = ""                  # lookup types and ACL conditions that were not built in, blanks between them
    # --- wording -------------------------------------------------------------------------------
    nul: str = "NUL"                   # "NUL characters are not allowed in SMTP commands"
    durations: bool = True             # ` D=1s` in lines about lost connections
    closing_durations: bool = True     # … and in those about connections that were closed or took too long
    vrfy_any_code: bool = True         # the message of an ACL that refuses VRFY may have any code
    credentials_logged: bool = False   # `rejected AUTH` with all that the client said behind the mechanism
    # --- behaviour -----------------------------------------------------------------------------
    pipe_connect: bool = True          # PIPECONNECT is offered, no synchronization errors where it is
    long_ids: bool = True              # message ids 6-11-4 characters instead of 6-6-2
    long_addresses_refused: bool = True  # "address is ridiculously long"
    command_history: bool = True       # `, C=EHLO,MAIL` in lines about dropped calls
    bare_lf_is_space: bool = True      # a bare LF in a body whose first line ended with CR LF (4.82: a line end)
    strict_proxy: bool = True          # PROXY v1: octets are consumed, addresses checked strictly (4.82: peeked at, by shape)
    missing_helo_counts: bool = True   # MAIL without HELO is one of the protocol errors that are counted
    removes_by_pattern: bool = True    # remove_header = ^X-: each line that the pattern fits (4.96: a name)
    limits: bool = True                # LIMITS is offered
    sync_counts_octets: bool = True    # "… next input="NOOP\\r\\n" (6 bytes)"
    failed_login_has_flag: bool = True  # H= in "… authenticator failed for H=(x) [1.2.3.4]"
    offers_vrfy: bool = True           # VRFY in the EHLO list where there is an ACL for it
    lost_data_runs_notquit: bool = True  # the not-QUIT ACL runs when a connection is lost inside DATA
    date_on_own_line: bool = True      # the date of Received: on a line of its own
    fakereject_arrow: str = "(="       # of messages that control = fakereject accepted
    lost_in_body_has_id: bool = True   # lines about messages lost in the body begin with their id
    has_connection_ids: bool = True    # `Ci=` with the selector connection_id
    vrfy_needs_domain: bool = True     # VRFY of an unqualified address: 501
    discard_says_rejected: bool = False  # `rejected RCPT <…>: discarded by …`
    # --- string expansion ----------------------------------------------------------------------
    brace_reasons: bool = True         # brace errors say what is missing instead of "missing or misplaced { or }"
    unquoted_brace_hint: bool = True   # "; could be an unquoted } in the content"
    json: bool = True                  # ${extract json…
    skipped_text_seen: bool = False    # what is written out in a skipped string is its value (4.99: an empty one, which sort refuses)
    readsocket_tells: bool = True      # ${readsocket…} says what is wrong with a port or a time
    certificate_operators: bool = True  # ${md5:$tls_in_peercert}
    run_expands_words: bool = True     # ${run{…}} is split into words before it is expanded
    pcre2: bool = True                 # the wording of regular expression errors
    strict_addresses: bool = True      # isip{192.0.2.256} is false, a mask must fit
    mask_normalises: bool = True       # ${mask_n:…}
    negative_booleans: bool = True     # bool{-1} is true
    boolean_negation: bool = True      # !bool{…} is honoured
    matching_sets_value: bool = True   # inlist, match_domain … leave what matched in $value
    lookup_reason_quoted: bool = True  # the key in "lookup of … gave DEFER" is made printable
    if_restores_value: bool = True     # ${if acl{{…}}…} leaves no $value behind (case ACL-020)
    list_headers: bool = True          # $lh_…
    router_variables: bool = True      # $r_…
    auth_variables: int = 4            # $auth1 …
    regex_variables: int = 9           # $regex1 …
    functions_may_be_unknown: bool = False  # $recipients, $headers_added without a value are "unknown"
    sum_overflows: bool = True         # ${eval:…} refuses sums near the limit

    # --- lookups and lists ---------------------------------------------------------------------
    lookup_options: bool = True        # lsearch,ret=full and redis,servers=…
    malformed_addresses_told: bool = True  # "malformed IPv4 address or address mask: 1.2.3", and fd00:/8 is one of IPv6 (4.96: a name)
    query_server_names: bool = True    # an item of redis_servers without a slash is looked for in the list
    redis_words: bool = True           # a Redis command is split at white space, backslash protects (4.82: a printf format)
    redis_error_is_final: bool = True  # an error reply ends the search (4.82: the next server is tried)
    redis_any_integer: bool = True     # every integer but 0 is true (4.82: only 1)
    empty_result_found: bool = False   # an empty string as the whole result of a query is found
    pgsql_quotes_patterns: bool = False  # quote_pgsql: backslash before % and _
    sqlite_reports_open: bool = True   # a database file that cannot be opened is an error
    dnsdb_soa: bool = True             # the type soa
    answers_expire: bool = True        # dnsdb answers are kept for their TTL
    list_match_data: bool = True       # $domain_data … also from patterns; $0, $1 … from items of domain and local part lists
    helo_is_domain: bool = False       # the name that was looked for in helo_lookup_domains is $domain in the next ACL (case ACL-043)
    unknown_list_kills: bool = False   # an unknown +list ends the process
    deferred_name_quoted: bool = True  # DNS lookup of "x" deferred, also as a reason
    reverse_checked_by_dns: bool = True  # a name from a reverse lookup is checked in the DNS alone (4.82: as any host name, and logged)

    # --- ACLs ----------------------------------------------------------------------------------
    old_spf_words: bool = False        # spf = err_temp, err_perm; explanations of records are used
    nameless_spf: str = "temperror"    # what `include:` without a domain is in its day's library
    warn_skipped_where: bool = True    # "ACL 'warn' statement skipped (in ACL x at line n of f)" (4.82: ACL "warn" statement skipped)
    quit_checked_late: bool = True     # a refusing verb in a QUIT ACL is an error only when it decides (4.82: when it is reached)
    control_suffixes: bool = True      # control=queue_…: what follows a control with options may begin with _ too
    cutthrough_complains: bool = False # control=cutthrough_delivery on a frozen item is an error
    dnslists_loopback_only: bool = True  # answers outside 127/8 are discarded
    tainted_masks_kill: bool = False   # an address with a mask, from outside, ends the process
    taints: bool = True                # data from outside is marked, and refused or complained of where it is dangerous (taint.py)
    null_word: str = "<NULL>"          # how a missing argument is shown in errors
    rate_limit_must_be_set: bool = True  # "sender rate limit not set" for an empty ratelimit
    rejections_show_tls: bool = True   # X=… CV=… in lines about what an ACL refuses
    command_quotes_escaped: bool = True  # `"` as `\"` in lines about a command
    malformed_headers_logged: bool = True  # "qualify/rewrite: …" without rewrite rules, too (4.96: "rewrite: …" where there are rules)
    dmarc_controls_last: bool = False  # control = dmarc_… holds for the rest of the connection, not for one message
    spam_score_rounded: bool = True    # $spam_score_int is rounded (4.96: cut off behind 0.001 more), $spam_bar has 50 signs (51)
    callout_modern: bool = True        # wording of callouts' log lines

    # --- configuration syntax ------------------------------------------------------------------
    relative_includes: bool = True     # .include of a relative name
    names_malformed_macro: bool = True # malformed macro definition "FOO"
    macro_twice_ending: str = ")"      # macro "FOO" is already defined (use "==" if you want to redefine it
    hidden_lists: bool = True          # hide domainlist …
    rebuilds_lists: bool = True        # headers_add, headers_remove, set: items trimmed and joined anew
    integer_suffixes: str = "KMGT"     # of numbers in options
    authenticator_word: str = "auth"   # no driver defined for auth "x"

    @property
    def key(self) -> str:
        """What tables of this release are kept under; `release_of` leads back."""
        return f"{self.name} {self.without}" if self.without else self.name

    def built_in(self, name: str) -> bool:
        """A lookup type or ACL condition; what the release itself does not have is not asked here."""
        return name not in self.without.split()

    def at_least(self, name: str) -> bool:
        """Is this release `name` or later? For `since`/`until` of registry entries."""
        return ORDER.index(self.name) >= ORDER.index(name)

    def has(self, since: str = "", until: str = "") -> bool:
        """Does an entry with these bounds exist in this release? `until` is the last release that has it."""
        return (not since or self.at_least(since)) and (not until or ORDER.index(self.name) <= ORDER.index(until))


EXIM_4_99 = Release("4.99", "4.99.1")
EXIM_4_96 = replace(
    EXIM_4_99, malformed_headers_logged=False, command_quotes_escaped=False, failed_login_has_flag=False,
    sync_counts_octets=False, lost_in_body_has_id=False,
    name="4.96", version_number="4.96", long_ids=False, limits=False, has_connection_ids=False,
    missing_helo_counts=False, removes_by_pattern=False,
    names_malformed_macro=False, authenticator_word="authenticator", empty_result_found=True, tainted_masks_kill=True,
    skipped_text_seen=True, readsocket_tells=False,
    lookup_reason_quoted=False, malformed_addresses_told=False,
    null_word="NULL", nameless_spf="permerror",
    warn_skipped_where=False, closing_durations=False, spam_score_rounded=False,
)
EXIM_4_82 = replace(
    EXIM_4_99, name="4.82+", version_number="4.82_16", nul="NULL", durations=False, closing_durations=False,
    credentials_logged=True, vrfy_any_code=False,
    pipe_connect=False, long_ids=False, missing_helo_counts=False, removes_by_pattern=False,
    long_addresses_refused=False, command_history=False, bare_lf_is_space=False, strict_proxy=False, limits=False,
    discard_says_rejected=True, failed_login_has_flag=False, sync_counts_octets=False,
    offers_vrfy=False, lost_data_runs_notquit=False, date_on_own_line=False, fakereject_arrow="<=", lost_in_body_has_id=False,
    vrfy_needs_domain=False, has_connection_ids=False, relative_includes=False, integer_suffixes="KM", rebuilds_lists=False,
    names_malformed_macro=False, macro_twice_ending="", hidden_lists=False, authenticator_word="authenticator",
    lookup_options=False, query_server_names=False, redis_words=False, redis_error_is_final=False, redis_any_integer=False,
    empty_result_found=True, pgsql_quotes_patterns=True, sqlite_reports_open=False, dnsdb_soa=False, answers_expire=False,
    list_match_data=False, helo_is_domain=True, unknown_list_kills=True, old_spf_words=True, deferred_name_quoted=False,
    malformed_addresses_told=False,
    reverse_checked_by_dns=False, malformed_headers_logged=False, command_quotes_escaped=False,
    brace_reasons=False, unquoted_brace_hint=False, json=False, certificate_operators=False, run_expands_words=False, sum_overflows=False,
    skipped_text_seen=True, pcre2=False, strict_addresses=False, mask_normalises=False, negative_booleans=False, if_restores_value=False,
    boolean_negation=False, matching_sets_value=False,
    lookup_reason_quoted=False, list_headers=False, router_variables=False, auth_variables=3, regex_variables=0,
    functions_may_be_unknown=True,
    nameless_spf="permerror", warn_skipped_where=False, quit_checked_late=False,
    control_suffixes=False, cutthrough_complains=True, dnslists_loopback_only=False,
    rejections_show_tls=False,
    taints=False, null_word="NULL", rate_limit_must_be_set=False, dmarc_controls_last=True, spam_score_rounded=False,
    callout_modern=False,
)

RELEASES = {r.name: r for r in (EXIM_4_82, EXIM_4_96, EXIM_4_99)}


@lru_cache(maxsize=64)
def release_of(key: str) -> Release:
    """The release with this `key`."""
    name, _, without = key.partition(" ")
    return replace(RELEASES[name], without=without) if without else RELEASES[name]
