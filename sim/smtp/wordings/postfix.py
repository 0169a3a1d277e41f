"""What Postfix says."""

from __future__ import annotations

from collections.abc import Mapping

from sim.smtp.replies import CLASSES

_BY_CLASS = {
    "access_denied": ("554 5.7.1", "Access denied"),
    "deferred": ("450 4.3.2", "Try again later"),
    "defer_if_permit": ("450 4.7.0", "defer_if_permit requested"),
    "defer_if_reject": ("450 4.7.0", "defer_if_reject requested"),
    "pipelining": ("503 5.5.0", "Improper use of SMTP command pipelining"),
    "multi_recipient_bounce": ("550 5.5.3", "Multi-recipient bounce"),
}
"""What Postfix says of a client, a sender and so on in the same words."""
_UNKNOWN = {
    "unknown_user": ("recipient", "5.1.1", "5.1.1"),
    "unknown_sender": ("sender", "5.1.0", "5.1.7"),
}
"""Whom it calls unknown: the class, the status by a table of users, that by virtual aliases."""

CODES_BY_TABLE = {
    "local recipient": "unknown_local_recipient_reject_code",
    "relay recipient": "unknown_relay_recipient_reject_code",
    "virtual alias": "unknown_virtual_alias_reject_code",
    "virtual mailbox": "unknown_virtual_mailbox_reject_code",
}
"""The settings that have the codes for an unknown user."""


def _rejected(subject: str, status: str, table: str) -> str:
    place, words = CLASSES[subject]
    return f"550 {status} <{{{place}}}>: {words} rejected: User unknown in {table} table"


POSTFIX: Mapping[str, str] = {
    **{
        f"{situation}:{subject}": f"{code} <{{{place}}}>: {words} rejected: {text}"
        for situation, (code, text) in _BY_CLASS.items()
        for subject, (place, words) in CLASSES.items()
    },
    **{
        f"{situation}:{table}": _rejected(
            subject, alias if table == "virtual alias" else user, table
        )
        for situation, (subject, user, alias) in _UNKNOWN.items()
        for table in CODES_BY_TABLE
    },
    "accepted": "250 2.1.5 Ok",
    "relay_denied": "554 5.7.1 <{rcpt_given}>: Relay access denied",
    "relay_deferred": "454 4.7.1 <{rcpt_given}>: Relay access denied",
    "sender_not_local": "554 5.7.1 <{sender}>: Sender address rejected: Access denied",
    "sender_not_owned": (
        "553 5.7.1 <{sender_given}>: Sender address rejected: not owned by user {login}"
    ),
    "sender_login_needed": "553 5.7.1 <{sender_given}>: Sender address rejected: not logged in",
    "sender_syntax": "501 5.1.7 Bad sender address syntax",
    "recipient_syntax": "501 5.1.3 Bad recipient address syntax",
    "unknown_user": (
        "550 5.1.1 <{rcpt_given}>: Recipient address rejected: User unknown in local recipient "
        "table"
    ),
    "auth_required": "554 5.7.1 <{namaddr}>: Client host rejected: Access denied",
    "auth_failed": "535 5.7.8 Error: authentication failed: authentication failure",
    "auth_not_offered": "503 5.5.1 Error: authentication not enabled",
    "auth_ok": "235 2.7.0 Authentication successful",
    "greeting": "220 {hostname} ESMTP Postfix",
    "helo": "250 {hostname}",
    "mail_ok": "250 2.1.0 Ok",
    "data_ok": "354 End data with <CR><LF>.<CR><LF>",
    "queued": "250 2.0.0 Ok: queued as {queue_id}",
    "noop": "250 2.0.0 Ok",
    "rset": "250 2.0.0 Ok",
    "quit": "221 2.0.0 Bye",
    "vrfy": "252 2.0.0 {detail}",
    "need_mail": "503 5.5.1 Error: need MAIL command",
    "need_rcpt": "503 5.5.1 Error: need RCPT command",
    "already_encrypted": "554 5.5.1 Error: TLS already active",
    "chunk_ok": "250 2.0.0 Ok: {detail} bytes",
    "unknown_command": "500 5.5.2 Error: command not recognized",
    "sender_domain_unknown": (
        "450 4.1.8 <{sender_given}>: Sender address rejected: Domain not found"
    ),
    "sender_not_fqdn": (
        "504 5.5.2 <{sender_given}>: Sender address rejected: need fully-qualified address"
    ),
    "recipient_domain_unknown": (
        "450 4.1.2 <{rcpt_given}>: Recipient address rejected: Domain not found"
    ),
    "recipient_not_fqdn": (
        "504 5.5.2 <{rcpt_given}>: Recipient address rejected: need fully-qualified address"
    ),
    "sender_null_mx": (
        "550 5.7.27 <{sender_given}>: Sender address rejected: Domain {detail} does not accept "
        "mail (nullMX)"
    ),
    "recipient_null_mx": (
        "556 5.1.10 <{rcpt_given}>: Recipient address rejected: Domain {detail} does not accept "
        "mail (nullMX)"
    ),
    "client_unknown": "450 4.7.25 Client host rejected: cannot find your hostname, [{client}]",
    "client_no_reverse": (
        "450 4.7.1 Client host rejected: cannot find your reverse hostname, [{client}]"
    ),
    "helo_invalid": "501 5.5.2 <{helo}>: Helo command rejected: Invalid name",
    "helo_literal_invalid": "501 5.5.2 <{helo}>: Helo command rejected: invalid ip address",
    "helo_not_fqdn": "504 5.5.2 <{helo}>: Helo command rejected: need fully-qualified hostname",
    "helo_unknown": "450 4.7.1 <{helo}>: Helo command rejected: Host not found",
    "lookup_failure:recipient": "451 4.3.0 <{rcpt_given}>: Temporary lookup failure",
    "lookup_failure:sender": "451 4.3.0 <{sender_given}>: Temporary lookup failure",
    "lookup_failure:client": "451 4.3.0 <{namaddr}>: Temporary lookup failure",
    "recipients_limited": "450 4.7.1 Error: too many recipients from {client}",
    "auth_limited": "450 4.7.1 Error: too many AUTH commands from {client}",
    # not measured
    "blocklisted": "554 5.7.1 Service unavailable; Client host [{client}] blocked using {detail}",
    "rate_limited": "450 4.7.1 Error: too much mail from {client}",
    "too_many_connections": "421 4.7.0 {hostname} Error: too many connections from {client}",
    "greylisted": "450 4.2.0 <{rcpt}>: Recipient address rejected: Greylisted",
    "content_refused": "550 5.7.1 message content rejected",
    "too_many_recipients": "452 4.5.3 Error: too many recipients",
    "bad_argument": "501 5.5.4 Syntax error",
    "bad_argument:HELO": "501 Syntax: HELO hostname",
    "bad_argument:EHLO": "501 Syntax: EHLO hostname",
    "bad_argument:MAIL": "501 5.5.4 Syntax: MAIL FROM:<address>",
    "bad_argument:RCPT": "501 5.5.4 Syntax: RCPT TO:<address>",
    "bad_argument:DATA": "501 5.5.4 Syntax: DATA",
    "bad_argument:RSET": "501 5.5.4 Syntax: RSET",
    "bad_argument:AUTH": "501 5.5.4 Syntax: AUTH mechanism",
    "bad_argument:VRFY": "501 5.5.4 Syntax: VRFY address [SMTPUTF8]",
    "bad_argument:VRFY_ASCII": "501 5.5.4 Syntax: VRFY address",
    "bad_argument:ETRN": "500 Syntax: ETRN domain",
    "bad_argument:BDAT": "521 5.5.4 Syntax: BDAT count [LAST]",
    "bad_argument:STARTTLS": "501 5.5.4 Syntax: STARTTLS",
    "bad_argument:XCLIENT": "501 5.5.4 Syntax: XCLIENT attribute=value...",
    "bad_argument:XFORWARD": "501 5.5.4 Syntax: XFORWARD attribute=value...",
    "bad_domain": "501 Error: invalid parameter syntax",
    "bad_parameter": "555 5.5.4 Unsupported option: {detail}",
    "bad_size": "501 5.5.4 Bad message size syntax",
    "bad_ret": "501 5.5.4 Bad RET parameter syntax",
    "bad_envid": "501 5.5.4 Bad ENVID parameter syntax",
    "bad_notify": "501 5.5.4 Error: Bad NOTIFY parameter syntax",
    "bad_orcpt": "501 5.5.4 Error: Bad ORCPT parameter syntax",
    "size_exceeded": "552 5.3.4 Message size exceeds fixed limit",
    "bad_sequence": "503 5.5.1 Error: MAIL transaction in progress",
    "bad_sequence:ETRN": "503 Error: MAIL transaction in progress",
    "nested_mail": "503 5.5.1 Error: nested MAIL command",
    "need_helo": "503 5.5.1 Error: send HELO/EHLO first",
    "need_helo:ETRN": "503 Error: send HELO/EHLO first",
    "no_recipients": "554 5.5.1 Error: no valid recipients",
    "not_implemented": "502 5.5.1 Error: command not implemented",
    "vrfy_disabled": "502 5.5.1 VRFY command is disabled",
    "etrn_ok": "250 Queuing started",
    "etrn_refused": "459 <{detail}>: service unavailable",
    "not_authorized": "550 5.7.0 Error: insufficient authorization",
    "not_smtp": "221 2.7.0 Error: I can break rules, too. Goodbye.",
    "access_denied_before": "503 5.7.0 Error: access denied for {namaddr}",
    "out_of_step": "554 5.5.0 Error: SMTP protocol synchronization",
    "empty_command": "500 5.5.2 Error: bad syntax",
    "bad_utf8": "500 5.5.2 Error: bad UTF-8 syntax",
    "already_authenticated": "503 5.5.1 Error: already authenticated",
    "auth_cancelled": "501 5.7.0 Authentication aborted",
    "auth_line_too_long": "500 5.5.6 SASL response limit exceeded",
    "auth_needs_tls": "504 5.5.4 Encryption required for requested authentication mechanism",
    "bare_newline": "550 5.5.2 {hostname} Error: bare <LF> received",
    "bare_newline_in_data": "550 5.5.2 {hostname} Error: bare <LF> received",
    "message_too_big": "552 5.3.4 Error: message file too big",
    "too_many_errors": "421 4.7.0 {hostname} Error: too many errors",
}

CODES: Mapping[str, tuple[str, int]] = {
    "access_denied": ("reject_code", 0),
    "client_unknown": ("unknown_client_reject_code", 0),
    "client_no_reverse": ("unknown_client_reject_code", 0),
    "deferred": ("defer_code", 0),
    "helo_invalid": ("invalid_hostname_reject_code", 0),
    "helo_literal_invalid": ("invalid_hostname_reject_code", 0),
    "helo_not_fqdn": ("non_fqdn_reject_code", 0),
    "helo_unknown": ("unknown_hostname_reject_code", 0),
    "blocklisted": ("maps_rbl_reject_code", 0),
    "multi_recipient_bounce": ("multi_recipient_bounce_reject_code", 0),
    "plaintext": ("plaintext_reject_code", 0),
    "recipient_domain_unknown": ("unknown_address_reject_code", 0),
    "recipient_not_fqdn": ("non_fqdn_reject_code", 0),
    "relay_deferred": ("relay_domains_reject_code", -100),
    "relay_denied": ("relay_domains_reject_code", 0),
    "sender_domain_unknown": ("unknown_address_reject_code", 0),
    "sender_not_fqdn": ("non_fqdn_reject_code", 0),
}
"""By situation, the setting that has the code, and what is added to it."""
