"""Switches, limits, codes and look-ups of a server, by the names that Postfix gives them.

A default is that of Postfix at compatibility level 3.6, but for what a plain policy leaves off:
no limit of rates, no list of recipients beyond the policy's own restrictions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from sim.smtp.arguments import PolicyError

_TIME = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


class Settings(NamedTuple):
    """Parameters of main.cf, typed; maps and lists are names of tables as they are written."""

    # when what is judged
    smtpd_delay_reject: bool = True
    smtpd_relay_before_recipient_restrictions: bool = True
    smtpd_helo_required: bool = False
    smtpd_reject_unlisted_recipient: bool = False
    """Postfix: yes. A policy says so with `reject_unlisted_recipient`."""
    smtpd_reject_unlisted_sender: bool = False
    soft_bounce: bool = False
    # addresses
    strict_rfc821_envelopes: bool = False
    allow_percent_hack: bool = True
    swap_bangpath: bool = True
    allow_untrusted_routing: bool = False
    allow_min_user: bool = False
    append_at_myorigin: bool = True
    append_dot_mydomain: bool = False
    resolve_dequoted_address: bool = True
    resolve_null_domain: bool = False
    resolve_numeric_domain: bool = False
    recipient_delimiter: str | None = None
    """None: as the flavour has it."""
    myorigin: str = ""
    """The domain that completes an address; "": the first local one."""
    mydomain: str = ""
    # limits
    smtpd_recipient_limit: int = 1000
    smtpd_recipient_overshoot_limit: int = 1000
    smtpd_hard_error_limit: int = 20
    smtpd_junk_command_limit: int = 100
    message_size_limit: int = 10240000
    line_length_limit: int = 2048
    anvil_rate_time_unit: int = 60
    smtpd_client_connection_count_limit: int = 0
    smtpd_client_connection_rate_limit: int = 0
    smtpd_client_message_rate_limit: int = 0
    smtpd_client_recipient_rate_limit: int = 0
    smtpd_client_auth_rate_limit: int = 0
    smtpd_client_event_limit_exceptions: str | None = None
    """Networks that no limit of rates holds for; None: the server's own."""
    # codes
    access_map_reject_code: int = 554
    access_map_defer_code: int = 450
    defer_code: int = 450
    reject_code: int = 554
    invalid_hostname_reject_code: int = 501
    maps_rbl_reject_code: int = 554
    multi_recipient_bounce_reject_code: int = 550
    non_fqdn_reject_code: int = 504
    plaintext_reject_code: int = 450
    relay_domains_reject_code: int = 554
    unknown_address_reject_code: int = 450
    unknown_client_reject_code: int = 450
    unknown_hostname_reject_code: int = 450
    unknown_local_recipient_reject_code: int = 550
    unknown_relay_recipient_reject_code: int = 550
    unknown_virtual_alias_reject_code: int = 550
    unknown_virtual_mailbox_reject_code: int = 550
    unknown_address_tempfail_action: str = "defer_if_permit"
    unknown_helo_hostname_tempfail_action: str = "defer_if_permit"
    default_rbl_reply: str = (
        "$rbl_code Service unavailable; $rbl_class [$rbl_what] blocked using "
        "$rbl_domain${rbl_reason?; $rbl_reason}"
    )
    rbl_reply_maps: str = ""
    show_user_unknown_table_name: bool = True
    # the session
    smtpd_banner: str = ""
    smtputf8_enable: bool = True
    disable_vrfy_command: bool = False
    smtpd_discard_ehlo_keywords: str = ""
    smtpd_noop_commands: str = ""
    smtpd_forbidden_commands: str = "CONNECT GET POST"
    smtpd_forbid_bare_newline: str = "no"
    smtpd_forbid_bare_newline_reject_code: int = 550
    smtpd_forbid_bare_newline_exclusions: str | None = None
    """Networks that may send a bare LF; None: the server's own."""
    smtpd_forbid_unauth_pipelining: bool = False
    smtpd_sasl_local_domain: str = ""
    smtpd_sasl_exceptions_networks: str = ""
    smtpd_tls_auth_only: bool = False
    broken_sasl_auth_clients: bool = False
    smtpd_null_access_lookup_key: str = "<>"
    parent_domain_matches_subdomains: str = (
        "debug_peer_list,fast_flush_domains,mynetworks,permit_mx_backup_networks,"
        "qmqpd_authorized_clients,relay_domains,smtpd_access_maps"
    )
    # who is here, and where mail goes
    mydestination: str | None = None
    """Local domains, with tables and exceptions; None: those that the policy names."""
    relay_domains: str | None = None
    """The same of domains that mail is relayed for; None: those that the policy names."""
    mynetworks: str | None = None
    """Own networks, with tables and exceptions; None: those that the policy names."""
    alias_maps: str = ""
    local_recipient_maps: str | None = None
    """None: the policy's mailboxes; "": every local recipient exists."""
    virtual_alias_domains: str = ""
    virtual_alias_maps: str = ""
    virtual_mailbox_domains: str = ""
    virtual_mailbox_maps: str = ""
    relay_recipient_maps: str = ""
    smtpd_sender_login_maps: str | None = None
    """None: the addresses that the policy says belong to logins; "": nobody owns any."""
    relay_clientcerts: str | None = None
    """Certificates that may relay; None: any that is trusted."""
    permit_mx_backup_networks: str = ""
    luser_relay: str = ""
    transport_maps: str = ""
    relayhost: str = ""
    sender_dependent_relayhost_maps: str = ""
    local_transport: str = "local:$myhostname"
    virtual_transport: str = "virtual"
    relay_transport: str = "relay"
    default_transport: str = "smtp"
    mailbox_transport: str = ""
    propagate_unmatched_extensions: str = "canonical, virtual"
    owner_request_special: bool = True

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Settings:
        """Those of *parameters* that it knows; raises PolicyError for a value of another type."""
        values = {
            name: default for name, default in cls._field_defaults.items() if name in parameters
        }
        return cls(**{name: _typed(name, parameters[name], values[name]) for name in values})

    def parents_match(self, parameter: str) -> bool:
        """Whether subdomains belong to the domains of *parameter*."""
        return parameter in re.split(r"[\s,]+", self.parent_domain_matches_subdomains)


UNCHANGED = Settings()
"""The settings of whoever states none."""


def _typed(name: str, value: str, default: object) -> Any:
    """*value* with the type of the *default*."""
    text = value.strip()
    if isinstance(default, bool):
        if text.lower() not in ("yes", "no"):
            raise PolicyError(f"{name}: not yes or no", value=value, expected="yes or no")
        return text.lower() == "yes"
    if isinstance(default, int):
        match = re.fullmatch(r"(\d{1,18})([smhdw]?)", text)
        if match is None:
            raise PolicyError(f"{name}: not a number", value=value, expected="a whole number")
        return int(match[1]) * _TIME.get(match[2], 1)
    return text
