"""What OpenSMTPD says."""

from __future__ import annotations

from collections.abc import Mapping

OPENSMTPD: Mapping[str, str] = {
    "accepted": "250 2.1.5 Destination address valid: Recipient ok",
    "relay_denied": "550 Invalid recipient: <{rcpt_meant}>",
    "sender_not_local": "550 Invalid recipient: <{rcpt_meant}>",
    "sender_not_owned": "530 Sender rejected",
    "sender_login_needed": "530 Sender rejected",
    "recipient_syntax": "501 5.1.3 Recipient address syntax error",
    "unknown_user": "550 Invalid recipient: <{rcpt_meant}>",
    "auth_required": "530 5.5.1 Invalid command: Must issue an AUTH command first",
    "auth_failed": "535 Authentication failed",
    "auth_not_offered": "503 5.5.1 Invalid command: Command not supported",
    "auth_ok": "235 2.0.0 Authentication succeeded",
    "greeting": "220 {hostname} ESMTP OpenSMTPD",
    "helo": "250 {hostname} Hello {detail} [{client}], pleased to meet you",
    "mail_ok": "250 2.0.0 Ok",
    "data_ok": '354 Enter mail, end with "." on a line by itself',
    "queued": "250 2.0.0 {queue_id} Message accepted for delivery",
    "noop": "250 2.0.0 Ok",
    "rset": "250 2.0.0 Reset state",
    "quit": "221 2.0.0 Bye",
    "vrfy": "500 5.5.1 Invalid command: Command unrecognized",
    "need_mail": "503 5.5.1 Invalid command: Command not allowed at this point.",
    "need_rcpt": "503 5.5.1 Invalid command: Command not allowed at this point.",
    "data_before_mail": "503 5.5.1 Invalid command: Command not allowed at this point.",
    "greeted_before": "503 5.5.1 Invalid command: Already identified",
    "no_pipelining": "500 5.5.1 Invalid command: Pipelining not supported",
    "expn": "500 5.5.1 Invalid command: Command unrecognized",
    "help": (
        "214 2.0.0 This is OpenSMTPD\nTo report bugs in the implementation, please contact "
        "bugs@openbsd.org\nwith full details\nEnd of HELP info"
    ),
    "unknown_command": "500 5.5.1 Invalid command: Command unrecognized",
    "sender_syntax": "553 5.1.0 Sender address syntax error",
    "nested_mail": "503 5.5.1 Invalid command: Command not allowed at this point.",
    "need_helo": "503 5.5.1 Invalid command: Command not allowed at this point.",
    "no_recipients": "503 5.5.4 Invalid command arguments: No recipient specified",
    "bad_argument": ("500 5.5.4 Invalid command arguments: command does not accept arguments."),
    "bad_argument:HELO": "501 5.5.1 Invalid command: HELO requires domain name",
    "bad_argument:MAIL": "553 5.1.0 Sender address syntax error",
    "bad_argument:RCPT": "501 5.1.3 Recipient address syntax error",
    "bad_parameter": "503 5.5.4 Invalid command arguments: Unsupported option {command}",
    "line_too_long": "500 5.0.0 Command line too long",
    "not_implemented:STARTTLS": "503 5.5.1 Invalid command: Command not supported",
    # not measured
    "blocklisted": "550 Rejected: {client} listed at {detail}",
    "rate_limited": "421 Too many messages from {client}",
    "too_many_connections": "421 4.3.0 Too many connections from {client}",
    "greylisted": "451 Try again later",
    "content_refused": "550 Message rejected",
    "too_many_recipients": "451 4.5.3 Too many recipients: Too many recipients",
}
