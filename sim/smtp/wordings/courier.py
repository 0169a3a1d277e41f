"""What Courier says."""

from __future__ import annotations

from collections.abc import Mapping

COURIER: Mapping[str, str] = {
    "accepted": "250 Ok.",
    "relay_denied": "513 Relaying denied.",
    "sender_domain_unknown": (
        "517 Domain does not exist: {sender_domain}.\nInvalid domain, see "
        "<URL:https://www.ietf.org/rfc/rfc1035.txt>"
    ),
    "sender_syntax": "517 Syntax error.",
    "recipient_syntax": "513 Syntax error.",
    "recipient_syntax:source_route": "500 Invalid address",
    "recipient_syntax:empty": "500 Invalid address",
    "unknown_user": "550 User <{rcpt_local}> unknown",
    "unknown_user:bang": "550 Unknown UUCP bang path.",
    "auth_required": "535 Authentication required.",
    "auth_failed": "535 Authentication failed.",
    "auth_not_offered": "535 Authentication rejected",
    "auth_ok": "235 Ok",
    "greeting": "220 {hostname} ESMTP",
    "helo": "250 {hostname} Ok.",
    "mail_ok": "250 Ok.",
    "data_ok": "354 Ok.",
    "queued": "250 Ok. {queue_id}",
    "noop": "250 Ok",
    "rset": "250 Ok",
    "quit": "221 Bye.",
    "vrfy": "252 VRFY disabled",
    "need_mail": "502 ESMTP command error",
    "need_rcpt": "502 ESMTP command error",
    "data_before_mail": "502 ESMTP command error",
    "expn": "252 EXPN disabled",
    "help": "502 ESMTP command error",
    "unknown_command": "502 ESMTP command error",
    # not measured
    "relay_deferred": "450 Relaying denied.",
    "sender_not_local": "517 Sender rejected: <{sender}>",
    "sender_not_owned": "517 Sender rejected: <{sender}>",
    "sender_login_needed": "517 Sender rejected: <{sender}>",
    "sender_not_fqdn": "517 Syntax error.",
    "blocklisted": "511 Blocked - {client} is listed in {detail}",
    "rate_limited": "450 Service temporarily unavailable.",
    "too_many_connections": "421 Too many connections from {client}",
    "greylisted": "451 Greylisted, try again later",
    "content_refused": "554 Mail rejected - spam",
    "too_many_recipients": "452 Too many recipients.",
}
