"""What Sendmail says."""

from __future__ import annotations

from collections.abc import Mapping

SENDMAIL: Mapping[str, str] = {
    "accepted": "250 2.1.5 <{rcpt}>... Recipient ok",
    "relay_denied": "550 5.7.1 <{rcpt}>... Relaying denied",
    "relay_denied:login_would_help": (
        "550 5.7.1 <{rcpt}>... Relaying denied. Proper authentication required."
    ),
    "sender_not_local": "550 5.7.1 <{sender}>... sender domain not allowed here",
    "sender_not_owned": "550 5.7.1 <{sender}>... sender address not owned by this login",
    "sender_login_needed": (
        "550 5.7.1 <{sender}>... sender address belongs to a user who is not logged in"
    ),
    "sender_domain_unknown": (
        "553 5.1.8 <{sender}>... Domain of sender address {sender} does not exist"
    ),
    "sender_syntax:no_domain": (
        "553 5.5.4 <{sender}>... Domain name required for sender address {sender}"
    ),
    "recipient_syntax": "553 5.1.3 <{rcpt}>... Invalid route address",
    "recipient_syntax:empty": "553 5.0.0 <>... User address required",
    "unknown_user": "550 5.1.1 <{rcpt}>... User unknown",
    "auth_required": "530 5.7.0 Authentication required",
    "auth_failed": "535 5.7.0 authentication failed",
    "auth_not_offered": "504 5.3.3 AUTH mechanism PLAIN not available",
    "auth_ok": "235 2.0.0 OK Authenticated",
    "greeting": "220 {hostname} ESMTP Sendmail",
    "helo": "250 {hostname} Hello {detail} [{client}], pleased to meet you",
    "mail_ok": "250 2.1.0 <{sender}>... Sender ok",
    "data_ok": "354 End data with <CR><LF>.<CR><LF>",
    "queued": "250 2.0.0 {queue_id} Message accepted for delivery",
    "noop": "250 2.0.0 OK",
    "rset": "250 2.0.0 Reset state",
    "quit": "221 2.0.0 {hostname} closing connection",
    "need_mail": "503 5.0.0 Need MAIL before RCPT",
    "need_rcpt": "503 5.0.0 Need RCPT (recipient)",
    "data_before_mail": "503 5.0.0 Need MAIL command",
    "vrfy": "550 5.1.1 {command}... User unknown",
    "vrfy:known": "250 2.1.5 <{command}>",
    "expn": "550 5.1.1 {detail}... User unknown",
    "help": (
        "214 2.0.0 This is sendmail\nTopics:\n\tHELO\tEHLO\tMAIL\tRCPT\tDATA\n"
        "\tRSET\tNOOP\tQUIT\tHELP\tVRFY\n\tEXPN\tVERB\tETRN\tDSN\tAUTH\n\tSTARTTLS\n"
        'For more info use "HELP <topic>".\nTo report bugs in the implementation see\n'
        "\thttp://www.sendmail.org/email-addresses.html\n"
        "For local information send email to Postmaster at your site.\nEnd of HELP info"
    ),
    "unknown_command": '500 5.5.1 Command unrecognized: "{command}"',
    "nested_mail": "503 5.5.0 Sender already specified",
    "no_recipients": "503 5.0.0 Need RCPT (recipient)",
    "bad_argument:HELO": "501 5.0.0 HELO requires domain address",
    "bad_argument:VRFY": "501 5.5.2 Argument required",
    "bad_argument:MAIL": '501 5.5.2 Syntax error in parameters scanning "FROM"',
    "bad_argument:RCPT": '501 5.5.2 Syntax error in parameters scanning "TO"',
    "bad_argument:unbalanced": "553 5.0.0 {command}... Unbalanced '<'",
    "bad_parameter": "555 5.5.4 {detail} parameter unrecognized",
    "bad_parameter:BODY": "501 5.5.4 Unknown BODY type",
    "bad_parameter:RET": "501 5.5.2 Bad argument to RET",
    "bad_parameter:NOTIFY": "501 5.5.4 Bad argument to NOTIFY",
    "line_too_long": "421 4.7.0 {hostname} Command too long, possible attack [{client}]",
    "not_implemented:STARTTLS": "454 4.3.3 TLS not available after start",
    "bare_newline_in_data": "421 4.5.0 Bare linefeed (LF) not allowed",
    "bare_return_in_data": "421 4.5.0 Bare carriage return (CR) not allowed",
    "too_many_errors": "421 4.7.0 {hostname} Too many bad commands; closing connection",
    # not measured
    "relay_deferred": "451 4.7.1 <{rcpt}>... Relaying temporarily denied",
    "sender_syntax": "553 5.1.7 <{sender}>... Invalid sender address",
    "sender_not_fqdn": "553 5.5.4 <{sender}>... Domain name required for sender address {sender}",
    "blocklisted": "550 5.7.1 Rejected: {client} listed at {detail}",
    "rate_limited": "450 4.3.2 Connection rate limit exceeded.",
    "too_many_connections": "421 4.3.2 Too many open connections.",
    "greylisted": "451 4.7.1 Greylisting in action, please come back later",
    "content_refused": "554 5.7.1 Command rejected",
    "too_many_recipients": "452 4.5.3 Too many recipients",
}
