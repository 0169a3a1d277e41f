"""What each make of server says, word for word: one row a make, one reply a situation.

Replies of the six makes in `flavours.MEASURED` were read off the running servers, except those
below the line *not measured* of each row, which are from documentation and source, or chosen
in the manner of the make. qmail's are from the source of qmail-smtpd 1.03 and its AUTH patch.
A key such as ``sender_syntax:literal`` is the reply for one detail of a situation. A situation
that a row lacks is answered in the neutral words.

Places: ``{rcpt}`` and ``{sender}`` as given, ``{rcpt_plain}`` without route and quotes,
``{rcpt_given}`` and ``{sender_given}`` as Postfix writes them, ``{rcpt_meant}`` as understood, ``{rcpt_escaped}`` the same
with its quotes, ``{rcpt_local}``, ``{rcpt_before}`` and ``{rcpt_after}`` the last
@, ``{sender_domain}``, ``{login}``, ``{client}``, ``{hostname}``, ``{detail}``, ``{command}``.
"""

from __future__ import annotations

from collections.abc import Mapping

from sim.smtp.replies import CLASSES, Reply

NEUTRAL: Mapping[str, Reply] = {
    # Codes: RFC 5321 section 4.2.3, RFC 4954 section 6, RFC 3463; words of our own.
    "accepted": Reply(250, "2.1.5", "<{rcpt}> recipient ok"),
    "discarded": Reply(250, "2.0.0", "Message accepted for delivery"),
    "relay_denied": Reply(550, "5.7.1", "<{rcpt}> Relaying denied"),
    "relay_deferred": Reply(454, "4.7.1", "<{rcpt}> Relaying denied"),
    "relay_only": Reply(550, "5.7.1", "<{rcpt}> Relaying denied"),
    "sender_not_local": Reply(550, "5.7.1", "<{sender}> Sender domain not allowed here"),
    "sender_not_owned": Reply(550, "5.7.1", "<{sender}> Sender does not belong to {login}"),
    "sender_login_needed": Reply(550, "5.7.1", "<{sender}> Sender belongs to another login"),
    "sender_domain_unknown": Reply(550, "5.1.8", "<{sender}> Sender domain does not exist"),
    "sender_not_fqdn": Reply(550, "5.1.8", "<{sender}> Sender domain not fully qualified"),
    "sender_syntax": Reply(501, "5.1.7", "Bad sender address syntax"),
    "recipient_syntax": Reply(501, "5.1.3", "Bad recipient address syntax"),
    "unknown_user": Reply(550, "5.1.1", "<{rcpt}> User unknown"),
    "auth_required": Reply(530, "5.7.0", "Authentication required"),
    "auth_failed": Reply(535, "5.7.8", "Authentication credentials invalid"),
    "auth_not_offered": Reply(502, "5.5.1", "AUTH not offered"),
    "blocklisted": Reply(554, "5.7.1", "Client {client} blocked using {detail}"),
    "rate_limited": Reply(450, "4.7.1", "Too much mail from {client}, try again later"),
    "too_many_connections": Reply(421, "4.7.0", "{hostname} Too many connections from {client}"),
    "greylisted": Reply(451, "4.7.1", "<{rcpt}> Greylisted, try again later"),
    "content_refused": Reply(550, "5.7.1", "Message content refused"),
    "access_denied": Reply(554, "5.7.1", "Access denied"),
    "client_unknown": Reply(550, "5.7.25", "Client {client} has no verified name"),
    "client_unknown:retry": Reply(450, "4.7.25", "Client {client} has no verified name"),
    "client_no_reverse": Reply(550, "5.7.25", "Client {client} has no name"),
    "client_no_reverse:retry": Reply(450, "4.7.25", "Client {client} has no name"),
    "helo_invalid": Reply(501, "5.5.2", "{helo} Invalid name"),
    "helo_literal_invalid": Reply(501, "5.5.2", "{helo} Invalid address"),
    "helo_not_fqdn": Reply(504, "5.5.2", "{helo} Name not fully qualified"),
    "helo_unknown": Reply(550, "5.7.1", "{helo} Name does not exist"),
    "helo_unknown:retry": Reply(450, "4.7.1", "{helo} Name cannot be looked up"),
    "unknown_sender": Reply(550, "5.1.0", "<{sender}> User unknown"),
    "sender_domain_unknown:retry": Reply(450, "4.1.8", "<{sender}> Sender domain not found"),
    "sender_null_mx": Reply(550, "5.7.27", "<{sender}> Sender domain accepts no mail"),
    "multi_recipient_bounce": Reply(550, "5.5.3", "Notice with several recipients"),
    "recipient_domain_unknown": Reply(550, "5.1.2", "<{rcpt}> Domain does not exist"),
    "recipient_domain_unknown:retry": Reply(450, "4.1.2", "<{rcpt}> Domain not found"),
    "recipient_null_mx": Reply(556, "5.1.10", "<{rcpt}> Domain accepts no mail"),
    "recipient_not_fqdn": Reply(504, "5.5.2", "<{rcpt}> Domain not fully qualified"),
    "recipients_limited": Reply(450, "4.7.1", "Too many recipients from {client}"),
    "auth_limited": Reply(450, "4.7.1", "Too many AUTH commands from {client}"),
    "pipelining": Reply(503, "5.5.0", "Improper pipelining"),
    "plaintext": Reply(450, "4.7.1", "Session encryption is required"),
    "deferred": Reply(450, "4.3.2", "Try again later"),
    "defer_if_permit": Reply(450, "4.7.0", "Try again later"),
    "defer_if_reject": Reply(450, "4.7.0", "Try again later"),
    "configuration_error": Reply(451, "4.3.5", "Server configuration error"),
    "lookup_failure": Reply(451, "4.3.0", "Temporary lookup failure"),
    # the session
    "greeting": Reply(220, "", "{hostname} ESMTP"),
    "helo": Reply(250, "", "{hostname}"),
    "mail_ok": Reply(250, "2.1.0", "<{sender}> sender ok"),
    "data_ok": Reply(354, "", "End data with <CR><LF>.<CR><LF>"),
    "queued": Reply(250, "2.0.0", "Message accepted for delivery"),
    "noop": Reply(250, "2.0.0", "Ok"),
    "rset": Reply(250, "2.0.0", "Ok"),
    "quit": Reply(221, "2.0.0", "{hostname} closing connection"),
    "vrfy": Reply(252, "2.1.5", "Cannot verify, but will take the message"),  # RFC 5321 7.3
    "auth_ok": Reply(235, "2.7.0", "Authentication successful"),
    "auth_challenge": Reply(334, "", "{detail}"),
    "auth_cancelled": Reply(501, "5.7.0", "Authentication cancelled"),  # RFC 4954 section 4
    "auth_malformed": Reply(501, "5.5.2", "Cannot decode the response"),
    "auth_mechanism": Reply(504, "5.5.4", "Mechanism not supported"),
    "auth_line_too_long": Reply(500, "5.5.6", "Authentication exchange line too long"),
    "already_authenticated": Reply(503, "5.5.1", "Already authenticated"),
    "bad_sequence": Reply(503, "5.5.1", "Bad sequence of commands"),
    "nested_mail": Reply(503, "5.5.1", "Sender already given"),
    "need_helo": Reply(503, "5.5.1", "Send HELO or EHLO first"),
    "need_mail": Reply(503, "5.5.1", "Send MAIL first"),
    "need_rcpt": Reply(503, "5.5.1", "Send RCPT first"),
    "unknown_command": Reply(500, "5.5.2", "Command not recognized"),
    "not_implemented": Reply(502, "5.5.1", "Command not implemented"),
    "bad_argument": Reply(501, "5.5.4", "Syntax error in parameters"),
    "bad_parameter": Reply(555, "5.5.4", "Parameter not recognized"),
    "line_too_long": Reply(500, "5.5.2", "Line too long"),
    "bare_newline": Reply(500, "5.5.2", "Bare CR or LF not allowed"),
    "bare_newline_in_data": Reply(554, "5.6.0", "Bare CR or LF in the message"),
    "text_line_too_long": Reply(554, "5.6.0", "Line of the message too long"),
    "message_too_big": Reply(552, "5.3.4", "Message too big"),
    "too_many_recipients": Reply(452, "4.5.3", "Too many recipients"),
    "too_many_errors": Reply(421, "4.7.0", "{hostname} Too many errors"),
    # what only some servers have an answer of their own for
    "bad_domain": Reply(501, "5.5.4", "Syntax error in parameters"),
    "bad_size": Reply(501, "5.5.4", "Syntax error in parameters"),
    "bad_ret": Reply(501, "5.5.4", "Syntax error in parameters"),
    "bad_envid": Reply(501, "5.5.4", "Syntax error in parameters"),
    "bad_notify": Reply(501, "5.5.4", "Syntax error in parameters"),
    "bad_orcpt": Reply(501, "5.5.4", "Syntax error in parameters"),
    "size_exceeded": Reply(552, "5.3.4", "Message too big"),
    "no_recipients": Reply(554, "5.5.1", "No valid recipients"),
    "vrfy_disabled": Reply(502, "5.5.1", "Command not implemented"),
    "etrn_ok": Reply(250, "2.0.0", "Queuing started"),
    "etrn_refused": Reply(459, "4.7.1", "{detail} not allowed"),
    "not_authorized": Reply(550, "5.7.0", "Not authorized"),
    "not_smtp": Reply(221, "2.7.0", "{hostname} closing connection"),
    "access_denied_before": Reply(503, "5.7.0", "Access denied"),
    "out_of_step": Reply(554, "5.5.0", "Improper pipelining"),
    "empty_command": Reply(500, "5.5.2", "Syntax error"),
    "bad_utf8": Reply(500, "5.5.2", "Bad UTF-8"),
    "auth_needs_tls": Reply(538, "5.7.11", "Encryption required"),
}

_BY_CLASS = {
    "access_denied": (554, "5.7.1", "Access denied"),
    "deferred": (450, "4.3.2", "Try again later"),
    "defer_if_permit": (450, "4.7.0", "defer_if_permit requested"),
    "defer_if_reject": (450, "4.7.0", "defer_if_reject requested"),
    "pipelining": (503, "5.5.0", "Improper use of SMTP command pipelining"),
    "multi_recipient_bounce": (550, "5.5.3", "Multi-recipient bounce"),
}
"""What Postfix says of a client, a sender and so on in the same words."""

POSTFIX: Mapping[str, Reply] = {
    **{
        f"{situation}:{asked}": Reply(code, status, f"<{{{place}}}>: {words} rejected: {text}")
        for situation, (code, status, text) in _BY_CLASS.items()
        for asked, (place, words) in CLASSES.items()
    },
    **{
        f"{situation}:{table}": Reply(
            550, status, f"<{{{place}}}>: {words} rejected: User unknown in {table} table"
        )
        for situation, (place, words), statuses in (
            ("unknown_user", CLASSES["recipient"], ("5.1.1", "5.1.1")),
            ("unknown_sender", CLASSES["sender"], ("5.1.0", "5.1.7")),
        )
        for table, status in (
            ("local recipient", statuses[0]),
            ("virtual mailbox", statuses[0]),
            ("relay recipient", statuses[0]),
            ("virtual alias", statuses[1]),
        )
    },
    "accepted": Reply(250, "2.1.5", "Ok"),
    "relay_denied": Reply(554, "5.7.1", "<{rcpt_given}>: Relay access denied"),
    "relay_deferred": Reply(454, "4.7.1", "<{rcpt_given}>: Relay access denied"),
    "sender_not_local": Reply(554, "5.7.1", "<{sender}>: Sender address rejected: Access denied"),
    "sender_not_owned": Reply(
        553, "5.7.1", "<{sender_given}>: Sender address rejected: not owned by user {login}"
    ),
    "sender_login_needed": Reply(
        553, "5.7.1", "<{sender_given}>: Sender address rejected: not logged in"
    ),
    "sender_syntax": Reply(501, "5.1.7", "Bad sender address syntax"),
    "recipient_syntax": Reply(501, "5.1.3", "Bad recipient address syntax"),
    "unknown_user": Reply(
        550,
        "5.1.1",
        "<{rcpt_given}>: Recipient address rejected: User unknown in local recipient table",
    ),
    "auth_required": Reply(
        554, "5.7.1", "<{namaddr}>: Client host rejected: Access denied"
    ),
    "auth_failed": Reply(535, "5.7.8", "Error: authentication failed: authentication failure"),
    "auth_not_offered": Reply(503, "5.5.1", "Error: authentication not enabled"),
    "auth_ok": Reply(235, "2.7.0", "Authentication successful"),
    "greeting": Reply(220, "", "{hostname} ESMTP Postfix"),
    "helo": Reply(250, "", "{hostname}"),
    "mail_ok": Reply(250, "2.1.0", "Ok"),
    "data_ok": Reply(354, "", "End data with <CR><LF>.<CR><LF>"),
    "queued": Reply(250, "2.0.0", "Ok: queued as {queue_id}"),
    "noop": Reply(250, "2.0.0", "Ok"),
    "rset": Reply(250, "2.0.0", "Ok"),
    "quit": Reply(221, "2.0.0", "Bye"),
    "vrfy": Reply(252, "2.0.0", "{detail}"),
    "need_mail": Reply(503, "5.5.1", "Error: need MAIL command"),
    "need_rcpt": Reply(503, "5.5.1", "Error: need RCPT command"),
    "unknown_command": Reply(500, "5.5.2", "Error: command not recognized"),
    "sender_domain_unknown": Reply(
        450, "4.1.8", "<{sender_given}>: Sender address rejected: Domain not found"
    ),
    "sender_not_fqdn": Reply(
        504, "5.5.2", "<{sender_given}>: Sender address rejected: need fully-qualified address"
    ),
    "recipient_domain_unknown": Reply(
        450, "4.1.2", "<{rcpt_given}>: Recipient address rejected: Domain not found"
    ),
    "recipient_not_fqdn": Reply(
        504, "5.5.2", "<{rcpt_given}>: Recipient address rejected: need fully-qualified address"
    ),
    "sender_null_mx": Reply(
        550,
        "5.7.27",
        "<{sender_given}>: Sender address rejected: "
        "Domain {detail} does not accept mail (nullMX)",
    ),
    "recipient_null_mx": Reply(
        556,
        "5.1.10",
        "<{rcpt_given}>: Recipient address rejected: "
        "Domain {detail} does not accept mail (nullMX)",
    ),
    "client_unknown": Reply(
        450, "4.7.25", "Client host rejected: cannot find your hostname, [{client}]"
    ),
    "client_no_reverse": Reply(
        450, "4.7.1", "Client host rejected: cannot find your reverse hostname, [{client}]"
    ),
    "helo_invalid": Reply(501, "5.5.2", "<{helo}>: Helo command rejected: Invalid name"),
    "helo_literal_invalid": Reply(
        501, "5.5.2", "<{helo}>: Helo command rejected: invalid ip address"
    ),
    "helo_not_fqdn": Reply(
        504, "5.5.2", "<{helo}>: Helo command rejected: need fully-qualified hostname"
    ),
    "helo_unknown": Reply(450, "4.7.1", "<{helo}>: Helo command rejected: Host not found"),
    "lookup_failure:recipient": Reply(
        451, "4.3.0", "<{rcpt_given}>: Temporary lookup failure"
    ),
    "lookup_failure:sender": Reply(451, "4.3.0", "<{sender_given}>: Temporary lookup failure"),
    "lookup_failure:client": Reply(451, "4.3.0", "<{namaddr}>: Temporary lookup failure"),
    "recipients_limited": Reply(450, "4.7.1", "Error: too many recipients from {client}"),
    "auth_limited": Reply(450, "4.7.1", "Error: too many AUTH commands from {client}"),
    # not measured
    "blocklisted": Reply(
        554, "5.7.1", "Service unavailable; Client host [{client}] blocked using {detail}"
    ),
    "rate_limited": Reply(450, "4.7.1", "Error: too much mail from {client}"),
    "too_many_connections": Reply(
        421, "4.7.0", "{hostname} Error: too many connections from {client}"
    ),
    "greylisted": Reply(450, "4.2.0", "<{rcpt}>: Recipient address rejected: Greylisted"),
    "content_refused": Reply(550, "5.7.1", "message content rejected"),
    "too_many_recipients": Reply(452, "4.5.3", "Error: too many recipients"),
    "bad_argument": Reply(501, "5.5.4", "Syntax error"),
    "bad_argument:HELO": Reply(501, "", "Syntax: HELO hostname"),
    "bad_argument:EHLO": Reply(501, "", "Syntax: EHLO hostname"),
    "bad_argument:MAIL": Reply(501, "5.5.4", "Syntax: MAIL FROM:<address>"),
    "bad_argument:RCPT": Reply(501, "5.5.4", "Syntax: RCPT TO:<address>"),
    "bad_argument:DATA": Reply(501, "5.5.4", "Syntax: DATA"),
    "bad_argument:RSET": Reply(501, "5.5.4", "Syntax: RSET"),
    "bad_argument:AUTH": Reply(501, "5.5.4", "Syntax: AUTH mechanism"),
    "bad_argument:VRFY": Reply(501, "5.5.4", "Syntax: VRFY address [SMTPUTF8]"),
    "bad_argument:VRFY_ASCII": Reply(501, "5.5.4", "Syntax: VRFY address"),
    "bad_argument:ETRN": Reply(500, "", "Syntax: ETRN domain"),
    "bad_argument:BDAT": Reply(521, "5.5.4", "Syntax: BDAT count [LAST]"),
    "bad_argument:STARTTLS": Reply(501, "5.5.4", "Syntax: STARTTLS"),
    "bad_argument:XCLIENT": Reply(501, "5.5.4", "Syntax: XCLIENT attribute=value..."),
    "bad_argument:XFORWARD": Reply(501, "5.5.4", "Syntax: XFORWARD attribute=value..."),
    "bad_domain": Reply(501, "", "Error: invalid parameter syntax"),
    "bad_parameter": Reply(555, "5.5.4", "Unsupported option: {detail}"),
    "bad_size": Reply(501, "5.5.4", "Bad message size syntax"),
    "bad_ret": Reply(501, "5.5.4", "Bad RET parameter syntax"),
    "bad_envid": Reply(501, "5.5.4", "Bad ENVID parameter syntax"),
    "bad_notify": Reply(501, "5.5.4", "Error: Bad NOTIFY parameter syntax"),
    "bad_orcpt": Reply(501, "5.5.4", "Error: Bad ORCPT parameter syntax"),
    "size_exceeded": Reply(552, "5.3.4", "Message size exceeds fixed limit"),
    "bad_sequence": Reply(503, "5.5.1", "Error: MAIL transaction in progress"),
    "bad_sequence:ETRN": Reply(503, "", "Error: MAIL transaction in progress"),
    "nested_mail": Reply(503, "5.5.1", "Error: nested MAIL command"),
    "need_helo": Reply(503, "5.5.1", "Error: send HELO/EHLO first"),
    "need_helo:ETRN": Reply(503, "", "Error: send HELO/EHLO first"),
    "no_recipients": Reply(554, "5.5.1", "Error: no valid recipients"),
    "not_implemented": Reply(502, "5.5.1", "Error: command not implemented"),
    "vrfy_disabled": Reply(502, "5.5.1", "VRFY command is disabled"),
    "etrn_ok": Reply(250, "", "Queuing started"),
    "etrn_refused": Reply(459, "", "<{detail}>: service unavailable"),
    "not_authorized": Reply(550, "5.7.0", "Error: insufficient authorization"),
    "not_smtp": Reply(221, "2.7.0", "Error: I can break rules, too. Goodbye."),
    "access_denied_before": Reply(503, "5.7.0", "Error: access denied for {namaddr}"),
    "out_of_step": Reply(554, "5.5.0", "Error: SMTP protocol synchronization"),
    "empty_command": Reply(500, "5.5.2", "Error: bad syntax"),
    "bad_utf8": Reply(500, "5.5.2", "Error: bad UTF-8 syntax"),
    "already_authenticated": Reply(503, "5.5.1", "Error: already authenticated"),
    "auth_cancelled": Reply(501, "5.7.0", "Authentication aborted"),
    "auth_line_too_long": Reply(500, "5.5.6", "SASL response limit exceeded"),
    "auth_needs_tls": Reply(
        504, "5.5.4", "Encryption required for requested authentication mechanism"
    ),
    "bare_newline": Reply(550, "5.5.2", "{hostname} Error: bare <LF> received"),
    "bare_newline_in_data": Reply(550, "5.5.2", "{hostname} Error: bare <LF> received"),
    "message_too_big": Reply(552, "5.3.4", "Error: message file too big"),
    "too_many_errors": Reply(421, "4.7.0", "{hostname} Error: too many errors"),
}

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

QMAIL: Mapping[str, Reply] = {
    # not measured, all of it
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

WORDINGS: dict[str, Mapping[str, Reply]] = {
    "neutral": NEUTRAL,
    "postfix": POSTFIX,
    "exim": EXIM,
    "sendmail": SENDMAIL,
    "opensmtpd": OPENSMTPD,
    "courier": COURIER,
    "qpsmtpd": QPSMTPD,
    "qmail": QMAIL,
}
"""Every wording by its name."""


CODES: Mapping[str, Mapping[str, tuple[str, int]]] = {
    "postfix": {
        "access_denied": ("reject_code", 0),
        "client_unknown": ("unknown_client_reject_code", 0),
        "client_no_reverse": ("unknown_client_reject_code", 0),
        "deferred": ("defer_code", 0),
        "helo_invalid": ("invalid_hostname_reject_code", 0),
        "helo_literal_invalid": ("invalid_hostname_reject_code", 0),
        "helo_not_fqdn": ("non_fqdn_reject_code", 0),
        "helo_unknown": ("unknown_hostname_reject_code", 0),
        "blocklisted": ("maps_rbl_reject_code", 0),
        "multi_recipient_bounce": ("multi_recipient_bounce_reject_code", 0),
        "plaintext": ("plaintext_reject_code", 0),
        "recipient_domain_unknown": ("unknown_address_reject_code", 0),
        "recipient_not_fqdn": ("non_fqdn_reject_code", 0),
        "relay_deferred": ("relay_domains_reject_code", -100),
        "relay_denied": ("relay_domains_reject_code", 0),
        "sender_domain_unknown": ("unknown_address_reject_code", 0),
        "sender_not_fqdn": ("non_fqdn_reject_code", 0),
    }
}
"""By wording and situation, the setting that has the code, and what is added to it."""
CODES_BY_TABLE = {
    "local recipient": "unknown_local_recipient_reject_code",
    "relay recipient": "unknown_relay_recipient_reject_code",
    "virtual alias": "unknown_virtual_alias_reject_code",
    "virtual mailbox": "unknown_virtual_mailbox_reject_code",
}
"""The settings that have the codes for an unknown user."""


def template(wording: str, situation: str, detail: str = "") -> Reply:
    """The reply of *wording* to *situation*, its places not yet filled in."""
    words = WORDINGS[wording]
    return words.get(f"{situation}:{detail}") or words.get(situation) or NEUTRAL[situation]
