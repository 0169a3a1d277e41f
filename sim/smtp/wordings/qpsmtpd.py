"""What qpsmtpd says."""

from __future__ import annotations

from collections.abc import Mapping

QPSMTPD: Mapping[str, str] = {
    "accepted": "250 <{rcpt_escaped}>, recipient ok",
    "relay_denied": "550 Relaying denied (#5.7.1)",
    "relay_only": "550 relaying denied",
    "sender_syntax": "501 could not parse your mail from command",
    "recipient_syntax": "501 could not parse recipient",
    "auth_failed": "535 PLAIN authentication failed for {login}",
    "auth_not_offered": "500 Unrecognized command",
    "auth_ok": "235 PLAIN authentication successful for {login} - auth_flat_file",
    "greeting": "220 {hostname} ESMTP qpsmtpd ready; send us your mail, but not your spam.",
    "helo": "250 {hostname} Hi {detail} [{client}]",
    "mail_ok": "250 <{sender}>, sender OK - how exciting to get mail from you!",
    "data_ok": "354 go ahead",
    "queued": "250 Queued! <{queue_id}>",
    "noop": "250 OK",
    "rset": "250 OK",
    "quit": "221 {hostname} closing connection. Have a wonderful day.",
    "vrfy": "252 Just try sending a mail and we'll see how it turns out ...",
    "need_mail": "503 Use MAIL before RCPT",
    "need_rcpt": "503 RCPT first",
    "data_before_mail": "503 MAIL first",
    "greeted_before": "503 but you already said HELO ...",
    "expn": "500 Unrecognized command",
    "help": (
        "214 This is qpsmtpd\nSee http://smtpd.develooper.com/\n"
        "To report bugs or send comments, mail to <ask@develooper.com>."
    ),
    "unknown_command": "500 Unrecognized command",
    # not measured
    "relay_deferred": "450 Relaying denied (#4.7.1)",
    "sender_not_local": "550 sender not allowed here (#5.7.1)",
    "sender_not_owned": "550 sender not allowed here (#5.7.1)",
    "sender_login_needed": "550 sender not allowed here (#5.7.1)",
    "sender_domain_unknown": "550 could not resolve {sender_domain}",
    "sender_not_fqdn": "550 FQDN required in the envelope sender",
    "blocklisted": "550 Blocked - {client} is listed in {detail}",
    "rate_limited": "450 Too much mail from {client}, try again later",
    "too_many_connections": "421 Too many connections, try again later",
    "greylisted": "450 This mail is temporarily denied",
    "content_refused": "550 spam score exceeded threshold",
    "unknown_user": "550 mail to {rcpt} not accepted here",
    "too_many_recipients": "452 too many recipients",
}
