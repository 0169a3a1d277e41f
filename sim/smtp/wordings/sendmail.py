"""What Sendmail says."""

from __future__ import annotations

from collections.abc import Mapping

from sim.smtp.replies import Reply

SENDMAIL: Mapping[str, Reply] = {
    "accepted": Reply(250, "2.1.5", "<{rcpt}>... Recipient ok"),
    "relay_denied": Reply(550, "5.7.1", "<{rcpt}>... Relaying denied"),
    "relay_denied:login_would_help": Reply(
        550, "5.7.1", "<{rcpt}>... Relaying denied. Proper authentication required."
    ),
    "sender_not_local": Reply(550, "5.7.1", "<{sender}>... sender domain not allowed here"),
    "sender_not_owned": Reply(550, "5.7.1", "<{sender}>... sender address not owned by this login"),
    "sender_login_needed": Reply(
        550, "5.7.1", "<{sender}>... sender address belongs to a user who is not logged in"
    ),
    "sender_domain_unknown": Reply(
        553, "5.1.8", "<{sender}>... Domain of sender address {sender} does not exist"
    ),
    "sender_syntax:no_domain": Reply(
        553, "5.5.4", "<{sender}>... Domain name required for sender address {sender}"
    ),
    "recipient_syntax": Reply(553, "5.1.3", "<{rcpt}>... Invalid route address"),
    "recipient_syntax:empty": Reply(553, "5.0.0", "<>... User address required"),
    "unknown_user": Reply(550, "5.1.1", "<{rcpt}>... User unknown"),
    "auth_required": Reply(530, "5.7.0", "Authentication required"),
    "auth_failed": Reply(535, "5.7.0", "authentication failed"),
    "auth_not_offered": Reply(504, "5.3.3", "AUTH mechanism PLAIN not available"),
    "auth_ok": Reply(235, "2.0.0", "OK Authenticated"),
    "greeting": Reply(220, "", "{hostname} ESMTP Sendmail"),
    "helo": Reply(250, "", "{hostname} Hello {detail} [{client}], pleased to meet you"),
    "mail_ok": Reply(250, "2.1.0", "<{sender}>... Sender ok"),
    "data_ok": Reply(354, "", "End data with <CR><LF>.<CR><LF>"),
    "queued": Reply(250, "2.0.0", "{queue_id} Message accepted for delivery"),
    "noop": Reply(250, "2.0.0", "OK"),
    "rset": Reply(250, "2.0.0", "Reset state"),
    "quit": Reply(221, "2.0.0", "{hostname} closing connection"),
    "need_mail": Reply(503, "5.0.0", "Need MAIL before RCPT"),
    "need_rcpt": Reply(503, "5.0.0", "Need RCPT (recipient)"),
    "unknown_command": Reply(500, "5.5.1", 'Command unrecognized: "{command}"'),
    # not measured
    "relay_deferred": Reply(451, "4.7.1", "<{rcpt}>... Relaying temporarily denied"),
    "sender_syntax": Reply(553, "5.1.7", "<{sender}>... Invalid sender address"),
    "sender_not_fqdn": Reply(
        553, "5.5.4", "<{sender}>... Domain name required for sender address {sender}"
    ),
    "blocklisted": Reply(550, "5.7.1", "Rejected: {client} listed at {detail}"),
    "rate_limited": Reply(450, "4.3.2", "Connection rate limit exceeded."),
    "too_many_connections": Reply(421, "4.3.2", "Too many open connections."),
    "greylisted": Reply(451, "4.7.1", "Greylisting in action, please come back later"),
    "content_refused": Reply(554, "5.7.1", "Command rejected"),
    "too_many_recipients": Reply(452, "4.5.3", "Too many recipients"),
}
