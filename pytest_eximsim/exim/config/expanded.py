"""Which text options are not expanded as a whole, and which hold lists or ACLs: what `check` needs to know of an option's text.

Everything that is not named here is expanded when it is used (the dagger of the specification's option tables).
"""

from __future__ import annotations

#: Main options whose text is taken as it is.
LITERAL_MAIN = frozenset({
    "bi_command", "bounce_message_text", "bmi_config_file", "daemon_smtp_port", "daemon_smtp_ports", "dccifd_address", "dccifd_options",
    "dkim_verify_hashes", "dkim_verify_keytypes", "dkim_verify_min_keysizes", "dmarc_forensic_sender", "dmarc_history_file",
    "dmarc_tld_file", "dns_check_names_pattern", "errors_reply_to", "exim_path", "exim_version", "extra_local_interfaces", "freeze_tell",
    "gecos_pattern", "gnutls_require_kx", "gnutls_require_mac", "gnutls_require_protocols", "headers_charset", "helo_allow_chars",
    "host_lookup_order", "ibase_servers", "ldap_ca_cert_dir", "ldap_ca_cert_file", "ldap_cert_file", "ldap_cert_key", "ldap_cipher_suite",
    "ldap_default_servers", "ldap_require_cert", "local_from_prefix", "local_from_suffix", "local_interfaces", "local_scan_path",
    "log_selector", "mysql_servers", "openssl_options", "oracle_servers", "perl_startup", "pgsql_servers", "primary_hostname",
    "process_log_path", "qualify_domain", "qualify_recipient", "queue_only_file", "redis_servers", "smtp_ratelimit_mail",
    "smtp_ratelimit_rcpt", "spf_guess", "spf_smtp_comment_template", "sqlite_dbfile", "srs_config", "srs_secrets", "syslog_facility",
    "syslog_processname", "tcp_wrappers_daemon_name", "timezone", "uucp_from_pattern",
})

#: Options of drivers whose text is taken as it is, or in pieces.
LITERAL_DRIVER = frozenset({
    "allow_commands", "check_string", "client_send", "command", "create_file", "driver", "escape_string", "fallback_hosts", "file_format",
    "headers_rewrite", "host_all_ignored", "host_find_failed", "hosts", "local_part_prefix", "local_part_suffix",
    "maildir_quota_directory_regex", "maildirfolder_create_regex", "pass_router", "protocol", "public_name", "quota_size_regex",
    "redirect_router", "response_pattern", "route_list", "self", "server_prompts", "set", "shadow_transport", "temp_errors",
})

#: Main options that hold host lists.
HOST_LISTS = frozenset({
    "auth_advertise_hosts", "chunking_advertise_hosts", "dsn_advertise_hosts", "helo_accept_junk_hosts", "helo_try_verify_hosts",
    "helo_verify_hosts", "host_lookup", "host_reject_connection", "hosts_connection_nolog", "hosts_proxy", "hosts_require_alpn",
    "hosts_require_helo", "hosts_xclient", "ignore_fromline_hosts", "limits_advertise_hosts", "pipelining_advertise_hosts",
    "pipelining_connect_advertise_hosts", "proxy_required_hosts", "recipient_unqualified_hosts", "rfc1413_hosts",
    "sender_unqualified_hosts", "smtp_accept_max_nonmail_hosts", "smtp_ratelimit_hosts", "smtp_reserve_hosts", "smtputf8_advertise_hosts",
    "tls_advertise_hosts", "tls_early_banner_hosts", "tls_resumption_hosts", "tls_try_verify_hosts", "tls_verify_hosts",
    "wellknown_advertise_hosts",
})

#: Main options that hold domain lists.
DOMAIN_LISTS = frozenset({
    "dns_again_means_nonexist", "dns_ipv4_lookup", "dns_trust_aa", "helo_lookup_domains", "hold_domains", "hosts_treat_as_local",
    "percent_hack_domains", "queue_domains", "queue_smtp_domains", "remote_sort_domains",
})

#: Kind of named list that `+name` means, by main option, router option and ACL condition.
LIST_KINDS: dict[str, str] = {
    **dict.fromkeys(HOST_LISTS, "host"), **dict.fromkeys(DOMAIN_LISTS, "domain"),
    "domains": "domain", "hosts": "host", "ignore_target_hosts": "host", "local_parts": "localpart", "recipients": "address",
    "sender_domains": "domain", "senders": "address", "untrusted_set_sender": "address",
}

#: Options that name a transport.
TRANSPORT_OPTIONS = frozenset({
    "directory_transport", "file_transport", "pipe_transport", "reply_transport", "shadow_transport", "system_filter_directory_transport",
    "system_filter_file_transport", "system_filter_pipe_transport", "system_filter_reply_transport", "transport",
})

#: What stands behind `+` in lists and is no named list.
LIST_WORDS = frozenset({"caseful", "include_unknown", "ignore_unknown", "include_defer", "ignore_defer", "allow_unknown"})
