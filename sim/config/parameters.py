"""Parameters of Postfix: their defaults, and what those that decide nothing here mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from sim.config.lines import logical

NOT_MODELLED: Mapping[str, str] = {
    r".*milters?(_maps)?|milter_.*": "a milter may refuse or change mail: its answers are not known",
    r"postscreen_.*": "postscreen refuses clients before smtpd sees them",
    r"content_filter|smtpd_proxy_filter|receive_override_options": "a filter may refuse or change mail after it was taken",
    r"(\w+_)?canonical_maps|smtp_generic_maps|masquerade_.*": "rewrites addresses of mail that was taken; who may send stays as it is",
    r"(mime_|nested_|body_|smtp_|milter_)?(header|body)_checks": "judges the content of a message",
    r"address_verify_.*": "probes other servers: what they answer is not known",
    r"smtpd_tls_(security_level|auth_only|req_ccert|ask_ccert|wrappermode|enforce)|smtpd_(use|enforce)_tls": "sessions here are without TLS; a server that demands it refuses them (530)",
    r"relay_clientcerts|check_ccert_access|smtpd_tls_fingerprint_digest|permit_tls_.*": "client certificates: nobody shows one here",
    r"smtpd_command_filter|smtpd_dns_reply_filter|smtpd_forbidden_commands|smtpd_reject_footer.*|"
    r"smtpd_discard_ehlo_keyword.*|smtpd_client_port_logging|smtpd_upstream_proxy_protocol|"
    r"smtpd_authorized_x\w+_hosts": "changes what a client says or sees, or who is believed",
    r"(sender|recipient|always)_bcc(_maps)?": "sends copies; who may send stays as it is",
    r"relocated_maps": "mail for those who moved is returned with their new address",
    r"rbl_reply_maps|default_rbl_reply": "other words in a refusal by a blocklist",
    r"smtpd_client_new_tls_session_rate_limit|smtpd_client_ipv4_prefix_length|"
    r"smtpd_client_ipv6_prefix_length": "limits of their own",
    r"message_strip_characters|message_reject_characters": "judges the content of a message",
}
"""Pattern of names -> what follows from leaving them out."""
NO_EFFECT: Mapping[str, str] = {
    r"(smtp|lmtp)_.*|relay_transport|default_transport": "about sending, once mail was taken",
    r"smtpd_tls_.*|tls_.*|tlsproxy_.*|smtpd_sasl_(type|path|service)|cyrus_.*": "how TLS and SASL work, not whom they let through",
    r"(virtual|mailbox|mail|home|local|maildrop|dovecot|spamass)_.*|forward_path|allow_mail_.*": "how mail is delivered here",
    r".*_(time|lifetime|interval|delay|limit|timeout|timer|age|backoff_time|life|idle|use|ttl)|"
    r".*(concurrency|destination).*": "times and amounts that are no part of a verdict",
    r".*_(directory|path|command|user|group|owner|name|program|daemon|dir|file)|command_.*": "names and places on the machine",
    r"debug.*|.*log.*|notify_.*|\w*notice\w*|mail_version|soft.*": "logs and notices",
}
"""Pattern of names -> what they are about; the rest of Postfix's names decide nothing here."""


@cache
def defaults() -> Mapping[str, str]:
    """Postfix's parameters with their defaults, as written (names in them not replaced)."""
    text = files("sim.config").joinpath("defaults.cf").read_text()
    pairs = (line.text.partition("=") for line in logical(text, "defaults.cf"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def meaning(name: str) -> tuple[bool, str]:
    """Whether a parameter that nothing reads could change a verdict, and what it is about."""
    for pattern, text in NOT_MODELLED.items():
        if re.fullmatch(pattern, name):
            return True, text
    if name not in defaults():
        return False, "no parameter of Postfix, and no other line uses it"
    for pattern, text in NO_EFFECT.items():
        if re.fullmatch(pattern, name):
            return False, text
    return False, "no part of who may send what"
