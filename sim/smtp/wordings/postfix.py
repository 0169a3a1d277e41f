"""What Postfix says."""

from __future__ import annotations

from collections.abc import Mapping

from sim.smtp.replies import CLASSES, Reply

_BY_CLASS = {
    "access_denied": (554, "5.7.1", "Access denied"),
    "deferred": (450, "4.3.2", "Try again later"),
    "defer_if_permit": (450, "4.7.0", "defer_if_permit requested"),
    "defer_if_reject": (450, "4.7.0", "defer_if_reject requested"),
    "pipelining": (503, "5.5.0", "Improper use of SMTP command pipelining"),
    "multi_recipient_bounce": (550, "5.5.3", "Multi-recipient bounce"),
}
"""What Postfix says of a client, a sender and so on in the same words."""

POSTFIX: Mapping[str, Reply] = {
    **{
        f"{situation}:{asked}": Reply(code, status, f"<{{{place}}}>: {words} rejected: {text}")
        for situation, (code, status, text) in _BY_CLASS.items()
        for asked, (place, words) in CLASSES.items()
    },
    **{
        f"{situation}:{table}": Reply(
            550, status, f"<{{{place}}}>: {words} rejected: User unknown in {table} table"
        )
        for situation, (place, words), statuses in (
            ("unknown_user", CLASSES["recipient"], ("5.1.1", "5.1.1")),
            ("unknown_sender", CLASSES["sender"], ("5.1.0", "5.1.7")),
        )
        for table, status in (
            ("local recipient", statuses[0]),
            ("virtual mailbox", statuses[0]),
            ("relay recipient", statuses[0]),
            ("virtual alias", statuses[1]),
        )
    },
    "accepted": Reply(250, "2.1.5", "Ok"),
    "relay_denied": Reply(554, "5.7.1", "<{rcpt_given}>: Relay access denied"),
    "relay_deferred": Reply(454, "4.7.1", "<{rcpt_given}>: Relay access denied"),
    "sender_not_local": Reply(554, "5.7.1", "<{sender}>: Sender address rejected: Access denied"),
    "sender_not_owned": Reply(
        553, "5.7.1", "<{sender_given}>: Sender address rejected: not owned by user {login}"
    ),
    "sender_login_needed": Reply(
        553, "5.7.1", "<{sender_given}>: Sender address rejected: not logged in"
    ),
    "sender_syntax": Reply(501, "5.1.7", "Bad sender address syntax"),
    "recipient_syntax": Reply(501, "5.1.3", "Bad recipient address syntax"),
    "unknown_user": Reply(
        550,
        "5.1.1",
        "<{rcpt_given}>: Recipient address rejected: User unknown in local recipient table",
    ),
    "auth_required": Reply(554, "5.7.1", "<{namaddr}>: Client host rejected: Access denied"),
    "auth_failed": Reply(535, "5.7.8", "Error: authentication failed: authentication failure"),
    "auth_not_offered": Reply(503, "5.5.1", "Error: authentication not enabled"),
    "auth_ok": Reply(235, "2.7.0", "Authentication successful"),
    "greeting": Reply(220, "", "{hostname} ESMTP Postfix"),
    "helo": Reply(250, "", "{hostname}"),
    "mail_ok": Reply(250, "2.1.0", "Ok"),
    "data_ok": Reply(354, "", "End data with <CR><LF>.<CR><LF>"),
    "queued": Reply(250, "2.0.0", "Ok: queued as {queue_id}"),
    "noop": Reply(250, "2.0.0", "Ok"),
    "rset": Reply(250, "2.0.0", "Ok"),
    "quit": Reply(221, "2.0.0", "Bye"),
    "vrfy": Reply(252, "2.0.0", "{detail}"),
    "need_mail": Reply(503, "5.5.1", "Error: need MAIL command"),
    "need_rcpt": Reply(503, "5.5.1", "Error: need RCPT command"),
    "unknown_command": Reply(500, "5.5.2", "Error: command not recognized"),
    "sender_domain_unknown": Reply(
        450, "4.1.8", "<{sender_given}>: Sender address rejected: Domain not found"
    ),
    "sender_not_fqdn": Reply(
        504, "5.5.2", "<{sender_given}>: Sender address rejected: need fully-qualified address"
    ),
    "recipient_domain_unknown": Reply(
        450, "4.1.2", "<{rcpt_given}>: Recipient address rejected: Domain not found"
    ),
    "recipient_not_fqdn": Reply(
        504, "5.5.2", "<{rcpt_given}>: Recipient address rejected: need fully-qualified address"
    ),
    "sender_null_mx": Reply(
        550,
        "5.7.27",
        "<{sender_given}>: Sender address rejected: Domain {detail} does not accept mail (nullMX)",
    ),
    "recipient_null_mx": Reply(
        556,
        "5.1.10",
        "<{rcpt_given}>: Recipient address rejected: Domain {detail} does not accept mail (nullMX)",
    ),
    "client_unknown": Reply(
        450, "4.7.25", "Client host rejected: cannot find your hostname, [{client}]"
    ),
    "client_no_reverse": Reply(
        450, "4.7.1", "Client host rejected: cannot find your reverse hostname, [{client}]"
    ),
    "helo_invalid": Reply(501, "5.5.2", "<{helo}>: Helo command rejected: Invalid name"),
    "helo_literal_invalid": Reply(
        501, "5.5.2", "<{helo}>: Helo command rejected: invalid ip address"
    ),
    "helo_not_fqdn": Reply(
        504, "5.5.2", "<{helo}>: Helo command rejected: need fully-qualified hostname"
    ),
    "helo_unknown": Reply(450, "4.7.1", "<{helo}>: Helo command rejected: Host not found"),
    "lookup_failure:recipient": Reply(451, "4.3.0", "<{rcpt_given}>: Temporary lookup failure"),
    "lookup_failure:sender": Reply(451, "4.3.0", "<{sender_given}>: Temporary lookup failure"),
    "lookup_failure:client": Reply(451, "4.3.0", "<{namaddr}>: Temporary lookup failure"),
    "recipients_limited": Reply(450, "4.7.1", "Error: too many recipients from {client}"),
    "auth_limited": Reply(450, "4.7.1", "Error: too many AUTH commands from {client}"),
    # not measured
    "blocklisted": Reply(
        554, "5.7.1", "Service unavailable; Client host [{client}] blocked using {detail}"
    ),
    "rate_limited": Reply(450, "4.7.1", "Error: too much mail from {client}"),
    "too_many_connections": Reply(
        421, "4.7.0", "{hostname} Error: too many connections from {client}"
    ),
    "greylisted": Reply(450, "4.2.0", "<{rcpt}>: Recipient address rejected: Greylisted"),
    "content_refused": Reply(550, "5.7.1", "message content rejected"),
    "too_many_recipients": Reply(452, "4.5.3", "Error: too many recipients"),
    "bad_argument": Reply(501, "5.5.4", "Syntax error"),
    "bad_argument:HELO": Reply(501, "", "Syntax: HELO hostname"),
    "bad_argument:EHLO": Reply(501, "", "Syntax: EHLO hostname"),
    "bad_argument:MAIL": Reply(501, "5.5.4", "Syntax: MAIL FROM:<address>"),
    "bad_argument:RCPT": Reply(501, "5.5.4", "Syntax: RCPT TO:<address>"),
    "bad_argument:DATA": Reply(501, "5.5.4", "Syntax: DATA"),
    "bad_argument:RSET": Reply(501, "5.5.4", "Syntax: RSET"),
    "bad_argument:AUTH": Reply(501, "5.5.4", "Syntax: AUTH mechanism"),
    "bad_argument:VRFY": Reply(501, "5.5.4", "Syntax: VRFY address [SMTPUTF8]"),
    "bad_argument:VRFY_ASCII": Reply(501, "5.5.4", "Syntax: VRFY address"),
    "bad_argument:ETRN": Reply(500, "", "Syntax: ETRN domain"),
    "bad_argument:BDAT": Reply(521, "5.5.4", "Syntax: BDAT count [LAST]"),
    "bad_argument:STARTTLS": Reply(501, "5.5.4", "Syntax: STARTTLS"),
    "bad_argument:XCLIENT": Reply(501, "5.5.4", "Syntax: XCLIENT attribute=value..."),
    "bad_argument:XFORWARD": Reply(501, "5.5.4", "Syntax: XFORWARD attribute=value..."),
    "bad_domain": Reply(501, "", "Error: invalid parameter syntax"),
    "bad_parameter": Reply(555, "5.5.4", "Unsupported option: {detail}"),
    "bad_size": Reply(501, "5.5.4", "Bad message size syntax"),
    "bad_ret": Reply(501, "5.5.4", "Bad RET parameter syntax"),
    "bad_envid": Reply(501, "5.5.4", "Bad ENVID parameter syntax"),
    "bad_notify": Reply(501, "5.5.4", "Error: Bad NOTIFY parameter syntax"),
    "bad_orcpt": Reply(501, "5.5.4", "Error: Bad ORCPT parameter syntax"),
    "size_exceeded": Reply(552, "5.3.4", "Message size exceeds fixed limit"),
    "bad_sequence": Reply(503, "5.5.1", "Error: MAIL transaction in progress"),
    "bad_sequence:ETRN": Reply(503, "", "Error: MAIL transaction in progress"),
    "nested_mail": Reply(503, "5.5.1", "Error: nested MAIL command"),
    "need_helo": Reply(503, "5.5.1", "Error: send HELO/EHLO first"),
    "need_helo:ETRN": Reply(503, "", "Error: send HELO/EHLO first"),
    "no_recipients": Reply(554, "5.5.1", "Error: no valid recipients"),
    "not_implemented": Reply(502, "5.5.1", "Error: command not implemented"),
    "vrfy_disabled": Reply(502, "5.5.1", "VRFY command is disabled"),
    "etrn_ok": Reply(250, "", "Queuing started"),
    "etrn_refused": Reply(459, "", "<{detail}>: service unavailable"),
    "not_authorized": Reply(550, "5.7.0", "Error: insufficient authorization"),
    "not_smtp": Reply(221, "2.7.0", "Error: I can break rules, too. Goodbye."),
    "access_denied_before": Reply(503, "5.7.0", "Error: access denied for {namaddr}"),
    "out_of_step": Reply(554, "5.5.0", "Error: SMTP protocol synchronization"),
    "empty_command": Reply(500, "5.5.2", "Error: bad syntax"),
    "bad_utf8": Reply(500, "5.5.2", "Error: bad UTF-8 syntax"),
    "already_authenticated": Reply(503, "5.5.1", "Error: already authenticated"),
    "auth_cancelled": Reply(501, "5.7.0", "Authentication aborted"),
    "auth_line_too_long": Reply(500, "5.5.6", "SASL response limit exceeded"),
    "auth_needs_tls": Reply(
        504, "5.5.4", "Encryption required for requested authentication mechanism"
    ),
    "bare_newline": Reply(550, "5.5.2", "{hostname} Error: bare <LF> received"),
    "bare_newline_in_data": Reply(550, "5.5.2", "{hostname} Error: bare <LF> received"),
    "message_too_big": Reply(552, "5.3.4", "Error: message file too big"),
    "too_many_errors": Reply(421, "4.7.0", "{hostname} Error: too many errors"),
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
CODES_BY_TABLE = {
    "local recipient": "unknown_local_recipient_reject_code",
    "relay recipient": "unknown_relay_recipient_reject_code",
    "virtual alias": "unknown_virtual_alias_reject_code",
    "virtual mailbox": "unknown_virtual_mailbox_reject_code",
}
"""The settings that have the codes for an unknown user."""
