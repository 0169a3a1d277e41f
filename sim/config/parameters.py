"""Parameters of Postfix: their defaults, and what those that decide nothing here mean."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files

from sim.config.lines import logical

NOT_MODELLED = (
    (
        "*milters *milter_maps milter_*",
        "a milter may refuse or change mail: what it says is not known",
    ),
    ("postscreen_*", "postscreen refuses clients before smtpd sees them"),
    ("content_filter smtpd_proxy_filter", "a filter may refuse or change mail after it was taken"),
    ("receive_override_options", "aliases and checks may be left out before a filter"),
    ("*canonical_maps smtp_generic_maps masquerade_*", "addresses of mail are rewritten"),
    ("*header_checks *body_checks message_*_characters", "the content of a message is judged"),
    ("address_verify_*", "other servers are probed: what they answer is not known"),
    (
        "smtpd_tls_security_level smtpd_tls_auth_only smtpd_tls_wrappermode smtpd_*_tls",
        "sessions here are without TLS; where TLS is demanded they are refused with 530",
    ),
    ("smtpd_tls_req_ccert smtpd_tls_ask_ccert relay_clientcerts", "nobody shows a certificate"),
    ("smtpd_command_filter smtpd_dns_reply_filter", "what is said or looked up is changed"),
    ("smtpd_discard_ehlo_keyword* smtpd_reject_footer*", "replies have other words"),
    ("rbl_reply_maps default_rbl_reply", "a refusal by a blocklist has other words"),
    ("smtpd_authorized_* smtpd_upstream_proxy_*", "some clients may say who they are"),
    ("*_bcc_maps always_bcc relocated_maps", "where copies go, and mail for those who moved"),
    ("smtpd_client_*_rate_limit smtpd_client_ipv*_prefix_length", "a limit of its own"),
)
"""Names that nothing here reads and that could change a verdict, and what follows."""
SWITCHED_OFF = ("", "no", "may", "none", "0")
NO_EFFECT = (
    ("mynetworks_style", "mynetworks is set, so this is not asked"),
    ("smtp_* lmtp_* relay_transport default_transport", "about sending, once mail was taken"),
    ("smtpd_tls_* tls_* tlsproxy_* smtpd_sasl_* cyrus_*", "how TLS and SASL work"),
    ("virtual_* mailbox_* mail_* home_* dovecot_* *deliver*", "how mail is delivered here"),
    ("*_time *_lifetime *_delay *_timeout *_limit *_size* *concurrency*", "times and amounts"),
    ("*_directory *_path *_command *_user *_group *_owner *_name", "names on this machine"),
    ("debug* *log* notify_* *notice*", "logs and notices"),
    ("*", "no part of who may send what"),
)
"""The other names of Postfix, and what they are about."""


@cache
def defaults() -> Mapping[str, str]:
    """Postfix's parameters with their defaults, as written (names in them not replaced)."""
    text = files("sim.config").joinpath("defaults.cf").read_text()
    pairs = (line.text.partition("=") for line in logical(text, "defaults.cf"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def meaning(name: str, value: str) -> tuple[bool, str]:
    """Whether a parameter that nothing reads could change a verdict, and what it is about."""
    if value in SWITCHED_OFF:
        return False, "switched off, or left to the client"
    if text := _matching(NOT_MODELLED, name):
        return True, text
    if name not in defaults():
        return False, "no parameter of Postfix, and no other line uses it"
    return False, _matching(NO_EFFECT, name)


def _matching(table: tuple[tuple[str, str], ...], name: str) -> str:
    """The text of the first row with a pattern that *name* matches; empty if there is none."""
    rows = (text for patterns, text in table for p in patterns.split() if fnmatchcase(name, p))
    return next(rows, "")
