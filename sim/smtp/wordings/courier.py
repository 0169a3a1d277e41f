"""What Courier says."""

from __future__ import annotations

from collections.abc import Mapping

from sim.smtp.replies import Reply

COURIER: Mapping[str, Reply] = {
    "accepted": Reply(250, "", "Ok."),
    "relay_denied": Reply(513, "", "Relaying denied."),
    "sender_domain_unknown": Reply(
        517,
        "",
        "Domain does not exist: {sender_domain}.\n"
        "Invalid domain, see <URL:https://www.ietf.org/rfc/rfc1035.txt>",
    ),
    "sender_syntax": Reply(517, "", "Syntax error."),
    "recipient_syntax": Reply(513, "", "Syntax error."),
    "recipient_syntax:source_route": Reply(500, "", "Invalid address"),
    "recipient_syntax:empty": Reply(500, "", "Invalid address"),
    "unknown_user": Reply(550, "", "User <{rcpt_local}> unknown"),
    "unknown_user:bang": Reply(550, "", "Unknown UUCP bang path."),
    "auth_required": Reply(535, "", "Authentication required."),
    "auth_failed": Reply(535, "", "Authentication failed."),
    "auth_not_offered": Reply(535, "", "Authentication rejected"),
    "auth_ok": Reply(235, "", "Ok"),
    "greeting": Reply(220, "", "{hostname} ESMTP"),
    "helo": Reply(250, "", "{hostname} Ok."),
    "mail_ok": Reply(250, "", "Ok."),
    "data_ok": Reply(354, "", "Ok."),
    "queued": Reply(250, "", "Ok. {queue_id}"),
    "noop": Reply(250, "", "Ok"),
    "rset": Reply(250, "", "Ok"),
    "quit": Reply(221, "", "Bye."),
    "vrfy": Reply(252, "", "VRFY disabled"),
    "need_mail": Reply(502, "", "ESMTP command error"),
    "need_rcpt": Reply(502, "", "ESMTP command error"),
    "unknown_command": Reply(502, "", "ESMTP command error"),
    # not measured
    "relay_deferred": Reply(450, "", "Relaying denied."),
    "sender_not_local": Reply(517, "", "Sender rejected: <{sender}>"),
    "sender_not_owned": Reply(517, "", "Sender rejected: <{sender}>"),
    "sender_login_needed": Reply(517, "", "Sender rejected: <{sender}>"),
    "sender_not_fqdn": Reply(517, "", "Syntax error."),
    "blocklisted": Reply(511, "", "Blocked - {client} is listed in {detail}"),
    "rate_limited": Reply(450, "", "Service temporarily unavailable."),
    "too_many_connections": Reply(421, "", "Too many connections from {client}"),
    "greylisted": Reply(451, "", "Greylisted, try again later"),
    "content_refused": Reply(554, "", "Mail rejected - spam"),
    "too_many_recipients": Reply(452, "", "Too many recipients."),
}
