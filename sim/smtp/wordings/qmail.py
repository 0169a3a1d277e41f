"""What qmail says, from the source of qmail-smtpd 1.03 and its AUTH patch; not measured."""

from __future__ import annotations

from collections.abc import Mapping

QMAIL: Mapping[str, str] = {
    "accepted": "250 ok",
    "relay_denied": "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
    "relay_deferred": "451 sorry, that domain isn't in my list of allowed rcpthosts (#4.7.1)",
    "sender_not_local": "553 sorry, your envelope sender is in my badmailfrom list (#5.7.1)",
    "sender_not_owned": "553 sorry, your envelope sender is not yours (#5.7.1)",
    "sender_login_needed": "553 sorry, your envelope sender is not yours (#5.7.1)",
    "sender_domain_unknown": "553 sorry, your envelope sender domain must exist (#5.7.1)",
    "sender_not_fqdn": "553 sorry, your envelope sender domain must exist (#5.7.1)",
    "sender_syntax": "555 syntax error (#5.5.4)",
    "recipient_syntax": "555 syntax error (#5.5.4)",
    "unknown_user": "550 sorry, no mailbox here by that name. (#5.1.1)",
    "auth_required": "530 authentication required (#5.7.1)",
    "auth_failed": "535 authentication failed (#5.7.1)",
    "auth_not_offered": "503 auth not available (#5.3.3)",
    "auth_ok": "235 ok, go ahead (#2.0.0)",
    "blocklisted": "451 {client} is listed in {detail}",  # rblsmtpd's default
    "rate_limited": "451 too much mail from {client} (#4.7.1)",
    "too_many_connections": "421 too many connections from {client} (#4.7.0)",
    "greylisted": "451 greylisted, try again later (#4.7.1)",
    "content_refused": "554 mail server permanently rejected message (#5.3.0)",
    "greeting": "220 {hostname} ESMTP",
    "helo": "250 {hostname}",
    "mail_ok": "250 ok",
    "data_ok": "354 go ahead",
    "queued": "250 ok {queue_id}",
    "noop": "250 ok",
    "rset": "250 flushed",
    "quit": "221 {hostname}",
    "vrfy": "252 send some mail, i'll try my best",
    "need_mail": "503 MAIL first (#5.5.1)",
    "need_rcpt": "503 RCPT first (#5.5.1)",
    "data_before_mail": "503 MAIL first (#5.5.1)",
    "expn": "502 unimplemented (#5.5.1)",
    "help": "214 netqmail home page: http://qmail.org/netqmail",
    "unknown_command": "502 unimplemented (#5.5.1)",
    "not_implemented": "502 unimplemented (#5.5.1)",
    "bare_newline": "451 See http://pobox.com/~djb/docs/smtplf.html.",
    "bare_newline_in_data": "451 See http://pobox.com/~djb/docs/smtplf.html.",
    "message_too_big": "552 sorry, that message size exceeds my databytes limit (#5.3.4)",
}
