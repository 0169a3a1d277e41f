"""What qmail says, from the source of qmail-smtpd 1.03 and its AUTH patch; not measured."""

from __future__ import annotations

from collections.abc import Mapping

from sim.smtp.replies import Reply

QMAIL: Mapping[str, Reply] = {
    "accepted": Reply(250, "", "ok"),
    "relay_denied": Reply(
        553, "", "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"
    ),
    "relay_deferred": Reply(
        451, "", "sorry, that domain isn't in my list of allowed rcpthosts (#4.7.1)"
    ),
    "sender_not_local": Reply(
        553, "", "sorry, your envelope sender is in my badmailfrom list (#5.7.1)"
    ),
    "sender_not_owned": Reply(553, "", "sorry, your envelope sender is not yours (#5.7.1)"),
    "sender_login_needed": Reply(553, "", "sorry, your envelope sender is not yours (#5.7.1)"),
    "sender_domain_unknown": Reply(
        553, "", "sorry, your envelope sender domain must exist (#5.7.1)"
    ),
    "sender_not_fqdn": Reply(553, "", "sorry, your envelope sender domain must exist (#5.7.1)"),
    "sender_syntax": Reply(555, "", "syntax error (#5.5.4)"),
    "recipient_syntax": Reply(555, "", "syntax error (#5.5.4)"),
    "unknown_user": Reply(550, "", "sorry, no mailbox here by that name. (#5.1.1)"),
    "auth_required": Reply(530, "", "authentication required (#5.7.1)"),
    "auth_failed": Reply(535, "", "authentication failed (#5.7.1)"),
    "auth_not_offered": Reply(503, "", "auth not available (#5.3.3)"),
    "auth_ok": Reply(235, "", "ok, go ahead (#2.0.0)"),
    "blocklisted": Reply(451, "", "{client} is listed in {detail}"),  # rblsmtpd's default
    "rate_limited": Reply(451, "", "too much mail from {client} (#4.7.1)"),
    "too_many_connections": Reply(421, "", "too many connections from {client} (#4.7.0)"),
    "greylisted": Reply(451, "", "greylisted, try again later (#4.7.1)"),
    "content_refused": Reply(554, "", "mail server permanently rejected message (#5.3.0)"),
    "greeting": Reply(220, "", "{hostname} ESMTP"),
    "helo": Reply(250, "", "{hostname}"),
    "mail_ok": Reply(250, "", "ok"),
    "data_ok": Reply(354, "", "go ahead"),
    "queued": Reply(250, "", "ok {queue_id}"),
    "noop": Reply(250, "", "ok"),
    "rset": Reply(250, "", "flushed"),
    "quit": Reply(221, "", "{hostname}"),
    "vrfy": Reply(252, "", "send some mail, i'll try my best"),
    "need_mail": Reply(503, "", "MAIL first (#5.5.1)"),
    "need_rcpt": Reply(503, "", "RCPT first (#5.5.1)"),
    "unknown_command": Reply(502, "", "unimplemented (#5.5.1)"),
    "not_implemented": Reply(502, "", "unimplemented (#5.5.1)"),
    "bare_newline": Reply(451, "", "See http://pobox.com/~djb/docs/smtplf.html."),
    "bare_newline_in_data": Reply(451, "", "See http://pobox.com/~djb/docs/smtplf.html."),
    "message_too_big": Reply(
        552, "", "sorry, that message size exceeds my databytes limit (#5.3.4)"
    ),
}
