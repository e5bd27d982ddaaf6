"""Variables that expansions, lists, ACL conditions, verification, deliveries and scans leave behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ....errors import ExpansionError
from ..registry import Variable

if TYPE_CHECKING:
    from ...state import Process


def field(name: str) -> Callable[[Process], str]:
    def get(p: Process) -> str:
        value = getattr(p.scratch, name)
        return value if isinstance(value, str) else str(value)
    return get


def stored(name: str, default: str = "") -> Callable[[Process], str]:
    def get(p: Process) -> str:
        value = p.scratch.variables.get(name, default)
        return value if isinstance(value, str) else str(value)
    return get


def argument(number: int) -> Callable[[Process], str]:
    """$acl_arg1 …"""
    return lambda p: p.scratch.acl_args[number - 1] if len(p.scratch.acl_args) >= number else ""


def filter_only(name: str) -> Callable[[Process], str]:
    """$n0 … exist only while a filter runs."""
    def get(p: Process) -> str:
        value = p.scratch.variables.get(name)
        if value is None:
            raise ExpansionError(f'unknown variable name "{name}"')
        return str(value)
    return get


#: Known everywhere, empty outside their phase.
_TEXTS = (
    "bounce_recipient", "csa_status", "dcc_header", "dcc_result", "dkim_algo", "dkim_canon_body", "dkim_canon_headers",
    "dkim_copiedheaders", "dkim_cur_signer", "dkim_domain", "dkim_headernames", "dkim_identity", "dkim_key_notes", "dkim_selector",
    "dkim_signers", "dkim_verify_reason", "dkim_verify_status", "dmarc_status", "dmarc_status_text", "dmarc_used_domain",
    "dnslist_domain", "dnslist_matched", "dnslist_text", "dnslist_value", "ldap_dn", "local_scan_data",
    "mailstore_basename", "malware_name", "mime_anomaly_text", "mime_boundary", "mime_charset", "mime_content_description",
    "mime_content_disposition", "mime_content_id", "mime_content_transfer_encoding", "mime_content_type", "mime_decoded_filename",
    "mime_filename", "prvscheck_address", "prvscheck_keynum", "prvscheck_result", "recipient_data", "regex_match_string",
    "sender_address_data", "sender_rate", "sender_rate_limit", "sender_rate_period", "sending_ip_address", "spam_bar", "spam_report",
    "spam_score", "spam_score_int", "spf_header_comment", "spf_received", "spf_result", "spf_smtp_comment", "srs_recipient",
    "tls_out_cipher", "tls_out_peerdn", "tls_out_sni", "warn_message_delay", "warn_message_recipient", "warn_message_recipients",
    "warnmsg_delay", "warnmsg_recipient", "warnmsg_recipients", "bmi_alt_location", "bmi_base64_tracker_verdict", "bmi_base64_verdict",
)
_OUTSIDE = ("bounce_recipient", "dnslist_text")
_OLD_TEXTS = (
    "demime_reason", "dmarc_ar_header", "found_extension",
    "srs_db_address", "srs_db_key", "srs_orig_recipient", "srs_orig_sender", "srs_status", "tpda_defer_errstr",
    "tpda_delivery_confirmation", "tpda_delivery_domain", "tpda_delivery_fqdn", "tpda_delivery_ip", "tpda_delivery_local_part",
)
_NEW_TEXTS = (
    "arc_domains", "arc_oldest_pass", "arc_state", "arc_state_reason", "callout_address", "dmarc_alignment_dkim", "dmarc_alignment_spf",
    "dmarc_domain_policy", "event_data", "event_name", "lookup_dnssec_authenticated", "spam_action", "tls_out_cipher_std", "tls_out_ver",
    "verify_mode",
)
_NEWEST_TEXTS = ("atrn_host", "atrn_mode", "dkim_verify_signers")

#: Known everywhere, with these values outside their phase.
_VALUES = (
    ("av_failed", "0", "", ""), ("bmi_deliver", "1", "", ""), ("demime_errorlevel", "0", "", "4.82+"),
    ("dkim_bodylength", "9999999999999", "", ""), ("dkim_created", "0", "", ""), ("dkim_expires", "9999999999999", "", ""),
    ("dkim_key_granularity", "*", "", ""), ("dkim_key_length", "0", "4.96", ""), ("dkim_key_nosubdomains", "0", "", ""),
    ("dkim_key_srvtype", "*", "", ""), ("dkim_key_testing", "0", "", ""), ("event_defer_errno", "0", "4.96", ""), ("inode", "0", "", ""),
    ("mime_anomaly_level", "0", "", ""), ("mime_content_size", "0", "", ""), ("mime_is_coverletter", "0", "", ""),
    ("mime_is_multipart", "0", "", ""), ("mime_is_rfc822", "0", "", ""), ("mime_part_count", "-1", "", ""),
    ("regex_cachesize", "0", "4.99", ""), ("sending_port", "-1", "", ""), ("spf_result_guessed", "no", "4.96", ""),
    ("tls_out_bits", "0", "", ""), ("tls_out_certificate_verified", "0", "", ""), ("tls_out_dane", "no", "4.96", ""),
    ("tls_out_ocsp", "0", "4.96", ""), ("tls_out_resumption", "0", "4.96", ""), ("tls_out_tlsa_usage", "0", "4.96", ""),
    ("tpda_defer_errno", "0", "", "4.82+"), ("tpda_delivery_port", "0", "", "4.82+"),
)

VARIABLES = (
    *(Variable(f"acl_arg{number}", argument(number)) for number in range(1, 10)),
    Variable("acl_narg", lambda p: str(len(p.scratch.acl_args))),
    Variable("acl_verify_message", field("acl_verify_message")),
    Variable("host_data", field("host_data")),
    Variable("item", field("item")),
    *(Variable(name, filter_only(name)) for kind in ("n", "sn") for name in (f"{kind}{number}" for number in range(10))),
    Variable("recipient_verify_failure", field("recipient_verify_failure")),
    Variable("runrc", field("runrc")),
    Variable("sender_data", field("sender_data")),
    Variable("sender_verify_failure", field("sender_verify_failure")),
    Variable("spf_guess", lambda p: str(p.configuration.main.get("spf_guess") or "v=spf1 a/24 mx/24 ptr ?all")),
    Variable("tls_out_ourcert", stored("tls_out_ourcert"), since="4.96", certificate=True),
    Variable("tls_out_peercert", stored("tls_out_peercert"), since="4.96", certificate=True),
    Variable("value", field("value")),
    *(Variable(name, stored(name), outside=name in _OUTSIDE) for name in _TEXTS),
    *(Variable(name, stored(name), until="4.82+") for name in _OLD_TEXTS),
    *(Variable(name, stored(name), since="4.96") for name in _NEW_TEXTS),
    *(Variable(name, stored(name), since="4.99") for name in _NEWEST_TEXTS),
    *(Variable(name, stored(name, value), since=since, until=until) for name, value, since, until in _VALUES),
)
