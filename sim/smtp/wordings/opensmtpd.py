"""What OpenSMTPD says."""

from __future__ import annotations

from collections.abc import Mapping

from sim.smtp.replies import Reply

OPENSMTPD: Mapping[str, Reply] = {
    "accepted": Reply(250, "2.1.5", "Destination address valid: Recipient ok"),
    "relay_denied": Reply(550, "", "Invalid recipient: <{rcpt_meant}>"),
    "sender_not_local": Reply(550, "", "Invalid recipient: <{rcpt_meant}>"),
    "sender_not_owned": Reply(530, "", "Sender rejected"),
    "sender_login_needed": Reply(530, "", "Sender rejected"),
    "recipient_syntax": Reply(501, "5.1.3", "Recipient address syntax error"),
    "unknown_user": Reply(550, "", "Invalid recipient: <{rcpt_meant}>"),
    "auth_required": Reply(530, "5.5.1", "Invalid command: Must issue an AUTH command first"),
    "auth_failed": Reply(535, "", "Authentication failed"),
    "auth_not_offered": Reply(503, "5.5.1", "Invalid command: Command not supported"),
    "auth_ok": Reply(235, "2.0.0", "Authentication succeeded"),
    "greeting": Reply(220, "", "{hostname} ESMTP OpenSMTPD"),
    "helo": Reply(250, "", "{hostname} Hello {detail} [{client}], pleased to meet you"),
    "mail_ok": Reply(250, "2.0.0", "Ok"),
    "data_ok": Reply(354, "", 'Enter mail, end with "." on a line by itself'),
    "queued": Reply(250, "2.0.0", "{queue_id} Message accepted for delivery"),
    "noop": Reply(250, "2.0.0", "Ok"),
    "rset": Reply(250, "2.0.0", "Reset state"),
    "quit": Reply(221, "2.0.0", "Bye"),
    "vrfy": Reply(500, "5.5.1", "Invalid command: Command unrecognized"),
    "need_mail": Reply(503, "5.5.1", "Invalid command: Command not allowed at this point."),
    "need_rcpt": Reply(503, "5.5.1", "Invalid command: Command not allowed at this point."),
    "unknown_command": Reply(500, "5.5.1", "Invalid command: Command unrecognized"),
    # not measured
    "sender_syntax": Reply(553, "5.1.7", "Sender address syntax error"),
    "blocklisted": Reply(550, "", "Rejected: {client} listed at {detail}"),
    "rate_limited": Reply(421, "", "Too many messages from {client}"),
    "too_many_connections": Reply(421, "4.3.0", "Too many connections from {client}"),
    "greylisted": Reply(451, "", "Try again later"),
    "content_refused": Reply(550, "", "Message rejected"),
    "too_many_recipients": Reply(451, "4.5.3", "Too many recipients: Too many recipients"),
}
