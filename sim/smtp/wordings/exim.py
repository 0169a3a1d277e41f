"""What Exim says."""

from __future__ import annotations

from collections.abc import Mapping

from sim.smtp.replies import Reply

EXIM: Mapping[str, Reply] = {
    "accepted": Reply(250, "", "Accepted"),
    "relay_denied": Reply(550, "", "relay not permitted"),
    "sender_not_local": Reply(550, "", "sender domain not allowed here"),
    "sender_not_owned": Reply(550, "", "sender address not owned by this login"),
    "sender_login_needed": Reply(550, "", "sender address belongs to a user who is not logged in"),
    "sender_syntax": Reply(501, "", "<{sender}>: domain missing or malformed"),
    "sender_syntax:literal": Reply(501, "", "<{sender}>: domain literals not allowed"),
    "sender_syntax:no_domain": Reply(501, "", "<{sender}>: sender address must contain a domain"),
    "recipient_syntax": Reply(501, "", "<{rcpt}>: domain missing or malformed"),
    "recipient_syntax:literal": Reply(501, "", "<{rcpt}>: domain literals not allowed"),
    "recipient_syntax:no_domain": Reply(
        501, "", "<{rcpt}>: recipient address must contain a domain"
    ),
    "recipient_syntax:doubled_at": Reply(
        501, "", "<{rcpt}>: malformed address: @{rcpt_after}> may not follow <{rcpt_before}"
    ),
    "recipient_syntax:empty": Reply(501, "", "<>: missing or malformed local part"),
    "recipient_syntax:local_part": Reply(501, "", "<{rcpt}>: missing or malformed local part"),
    "recipient_syntax:restricted": Reply(550, "", "restricted characters in address"),
    "unknown_user": Reply(550, "", "Unrouteable address"),
    "auth_required": Reply(550, "", "authentication required"),
    "auth_failed": Reply(535, "", "Incorrect authentication data"),
    "auth_not_offered": Reply(503, "", "AUTH command used when not advertised"),
    "auth_ok": Reply(235, "", "Authentication succeeded"),
    "greeting": Reply(220, "", "{hostname} ESMTP Exim"),
    "helo": Reply(250, "", "{hostname} Hello {detail} [{client}]"),
    "mail_ok": Reply(250, "", "OK"),
    "data_ok": Reply(354, "", 'Enter message, ending with "." on a line by itself'),
    "queued": Reply(250, "", "OK id={queue_id}"),
    "noop": Reply(250, "", "OK"),
    "rset": Reply(250, "", "Reset OK"),
    "quit": Reply(221, "", "{hostname} closing connection"),
    "vrfy": Reply(252, "", "VRFY not available"),
    "need_mail": Reply(503, "", "sender not yet given"),
    "need_rcpt": Reply(503, "", "valid RCPT command must precede DATA"),
    "unknown_command": Reply(500, "", "unrecognized command"),
    # not measured
    "relay_deferred": Reply(451, "", "relay not permitted"),
    "sender_domain_unknown": Reply(550, "", "Sender verify failed"),
    "sender_not_fqdn": Reply(550, "", "Sender verify failed"),
    "blocklisted": Reply(550, "", "{client} is in a black list at {detail}"),
    "rate_limited": Reply(450, "", "Too many messages from {client}, try again later"),
    "too_many_connections": Reply(
        421,
        "",
        "{hostname}: Too many concurrent SMTP connections from this IP address; "
        "please try again later.",
    ),
    "greylisted": Reply(
        451,
        "",
        "{client} is not yet authorized to deliver mail from <{sender}> to <{rcpt}>. "
        "Please try later.",
    ),
    "content_refused": Reply(550, "", "This message was classified as spam"),
    "too_many_recipients": Reply(452, "", "too many recipients"),
}
