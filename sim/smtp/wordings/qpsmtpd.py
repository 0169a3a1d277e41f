"""What qpsmtpd says."""

from __future__ import annotations

from collections.abc import Mapping

from sim.smtp.replies import Reply

QPSMTPD: Mapping[str, Reply] = {
    "accepted": Reply(250, "", "<{rcpt_escaped}>, recipient ok"),
    "relay_denied": Reply(550, "", "Relaying denied (#5.7.1)"),
    "relay_only": Reply(550, "", "relaying denied"),
    "sender_syntax": Reply(501, "", "could not parse your mail from command"),
    "recipient_syntax": Reply(501, "", "could not parse recipient"),
    "auth_failed": Reply(535, "", "PLAIN authentication failed"),
    "auth_not_offered": Reply(500, "", "Unrecognized command"),
    "auth_ok": Reply(235, "", "PLAIN authentication successful for {login}"),
    "greeting": Reply(
        220, "", "{hostname} ESMTP qpsmtpd ready; send us your mail, but not your spam."
    ),
    "helo": Reply(250, "", "{hostname} Hi {detail} [{client}]"),
    "mail_ok": Reply(250, "", "<{sender}>, sender OK - how exciting to get mail from you!"),
    "data_ok": Reply(354, "", "go ahead"),
    "queued": Reply(250, "", "Queued! <{queue_id}>"),
    "noop": Reply(250, "", "OK"),
    "rset": Reply(250, "", "OK"),
    "quit": Reply(221, "", "{hostname} closing connection. Have a wonderful day."),
    "vrfy": Reply(252, "", "Just try sending a mail and we'll see how it turns out ..."),
    "need_mail": Reply(503, "", "Use MAIL before RCPT"),
    "need_rcpt": Reply(503, "", "RCPT first"),
    "unknown_command": Reply(500, "", "Unrecognized command"),
    # not measured
    "relay_deferred": Reply(450, "", "Relaying denied (#4.7.1)"),
    "sender_not_local": Reply(550, "", "sender not allowed here (#5.7.1)"),
    "sender_not_owned": Reply(550, "", "sender not allowed here (#5.7.1)"),
    "sender_login_needed": Reply(550, "", "sender not allowed here (#5.7.1)"),
    "sender_domain_unknown": Reply(550, "", "could not resolve {sender_domain}"),
    "sender_not_fqdn": Reply(550, "", "FQDN required in the envelope sender"),
    "blocklisted": Reply(550, "", "Blocked - {client} is listed in {detail}"),
    "rate_limited": Reply(450, "", "Too much mail from {client}, try again later"),
    "too_many_connections": Reply(421, "", "Too many connections, try again later"),
    "greylisted": Reply(450, "", "This mail is temporarily denied"),
    "content_refused": Reply(550, "", "spam score exceeded threshold"),
    "unknown_user": Reply(550, "", "mail to {rcpt} not accepted here"),
    "too_many_recipients": Reply(452, "", "too many recipients"),
}
