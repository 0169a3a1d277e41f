"""What Exim says."""

from __future__ import annotations

from collections.abc import Mapping

EXIM: Mapping[str, str] = {
    "accepted": "250 Accepted",
    "relay_denied": "550 relay not permitted",
    "sender_not_local": "550 sender domain not allowed here",
    "sender_not_owned": "550 sender address not owned by this login",
    "sender_login_needed": "550 sender address belongs to a user who is not logged in",
    "sender_syntax": "501 <{sender}>: domain missing or malformed",
    "sender_syntax:literal": "501 <{sender}>: domain literals not allowed",
    "sender_syntax:no_domain": "501 <{sender}>: sender address must contain a domain",
    "recipient_syntax": "501 <{rcpt}>: domain missing or malformed",
    "recipient_syntax:literal": "501 <{rcpt}>: domain literals not allowed",
    "recipient_syntax:no_domain": "501 <{rcpt}>: recipient address must contain a domain",
    "recipient_syntax:doubled_at": (
        "501 <{rcpt}>: malformed address: @{rcpt_after}> may not follow <{rcpt_before}"
    ),
    "recipient_syntax:empty": "501 <>: missing or malformed local part",
    "recipient_syntax:local_part": "501 <{rcpt}>: missing or malformed local part",
    "recipient_syntax:restricted": "550 restricted characters in address",
    "unknown_user": "550 Unrouteable address",
    "auth_required": "550 authentication required",
    "auth_failed": "535 Incorrect authentication data",
    "auth_not_offered": "503 AUTH command used when not advertised",
    "auth_ok": "235 Authentication succeeded",
    "greeting": "220 {hostname} ESMTP Exim",
    "helo": "250 {hostname} Hello {detail} [{client}]",
    "mail_ok": "250 OK",
    "data_ok": '354 Enter message, ending with "." on a line by itself',
    "queued": "250 OK id={queue_id}",
    "noop": "250 OK",
    "rset": "250 Reset OK",
    "quit": "221 {hostname} closing connection",
    "vrfy": "252 VRFY not available",
    "need_mail": "503 sender not yet given",
    "need_rcpt": "503 valid RCPT command must precede DATA",
    "data_before_mail": (
        "503 All RCPT commands were rejected with this error:\n503 sender not yet given\n"
        "valid RCPT command must precede DATA"
    ),
    "vrfy:no_domain": "501 {command}: recipient address must contain a domain",
    "expn": "550 Administrative prohibition",
    "help": (
        "214 Commands supported:\nAUTH STARTTLS HELO EHLO MAIL RCPT DATA BDAT NOOP QUIT RSET HELP"
    ),
    "unknown_command": "500 unrecognized command",
    "need_helo": "503 HELO or EHLO required",
    "nested_mail": "503 sender already given",
    "no_recipients": "503 Valid RCPT command must precede DATA",
    "bad_argument": "501 unexpected argument data",
    "bad_argument:HELO": "501 Syntactically invalid HELO argument(s)",
    "bad_argument:VRFY": "501 empty address",
    "bad_argument:MAIL": "501 MAIL must have an address operand",
    "bad_argument:RCPT": "501 RCPT must have an address operand",
    "bad_parameter": "501 {command}: malformed address: {command} may not follow",
    "bad_parameter:BODY": "501 invalid data for BODY",
    "message_too_big": "552 Message size exceeds maximum permitted",
    "not_implemented:STARTTLS": "503 STARTTLS command used when not advertised",
    "too_many_errors": "501 Too many syntax or protocol errors",
    "too_many_unknown": "500 Too many unrecognized commands",
    "too_many_idle": "554 Too many nonmail commands",
    # not measured
    "bad_sequence": "503 bad sequence of commands",
    "not_implemented": "502 command not implemented",
    "already_authenticated": "503 already authenticated",
    "auth_mechanism": "504 authentication mechanism not supported",
    "auth_cancelled": "501 authentication cancelled",
    "chunk_ok": "250 {detail} byte chunk received",
    "tls_ok": "220 TLS go ahead",
    "relay_deferred": "451 relay not permitted",
    "sender_domain_unknown": "550 Sender verify failed",
    "sender_not_fqdn": "550 Sender verify failed",
    "blocklisted": "550 {client} is in a black list at {detail}",
    "rate_limited": "450 Too many messages from {client}, try again later",
    "too_many_connections": (
        "421 {hostname}: Too many concurrent SMTP connections from this IP address; please try "
        "again later."
    ),
    "greylisted": (
        "451 {client} is not yet authorized to deliver mail from <{sender}> to <{rcpt}>. Please "
        "try later."
    ),
    "too_many_recipients": "452 too many recipients",
    "content_refused": "550 This message was classified as spam",
}
