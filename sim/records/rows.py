"""The rows a run returns: what each column means (`sim.records.words` has what fills it).

One row of *recipients* is one (message, recipient) with exactly one fate; one row of
*attempts* is one SMTP transaction and what was answered; one row of *servers* is one
server in one phase; one row of *calendar* is one change of the world itself, such as a
listing.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One column: numpy dtype as stored, unit ("" for none), meaning.

    A dtype of ``category`` is a string with few values, kept as codes.
    """

    dtype: str
    unit: str
    meaning: str


RECIPIENTS: dict[str, Column] = {
    "arm": Column("category", "", "the policy compared"),
    "replication": Column("int16", "", "from 0"),
    "message": Column("int32", "", "number of the message in its run; its recipients share it"),
    "recipient": Column("int32", "", "mailbox number in its run; -1: no such mailbox"),
    "domain": Column("category", "", "the recipient's domain"),
    "class": Column("category", "", "honest, spam or notice (DSN)"),
    "sender": Column("int32", "", "number of the user or the spammer; -1 for notices"),
    "group": Column("category", "", "user group, spammer, or the server that wrote the notice"),
    "account": Column("category", "", "network whose account is used; '' for spam and notices"),
    "place": Column("category", "", "where the sender was: home, work, hotel, ...; '' otherwise"),
    "same_isp": Column("bool", "", "the sender's submission server processes the domain"),
    "written_at": Column("float64", "s", "time the message was written, since the run began"),
    "phase": Column("category", "", "warm-up, transient or steady: when the message was written"),
    "fate": Column("category", "", "exactly one `Fate`"),
    "cause": Column("category", "", "why not delivered: a `Cause`"),
    "first_cause": Column("category", "", "why the first attempt was refused; '' if it was not"),
    "ended_at": Column("float64", "s", "moment of the fate; NaN in transit"),
    "attempts": Column("int32", "", "submission attempts that the sender made"),
    "server": Column("category", "", "server whose answer was last"),
    "rule": Column("category", "", "restriction that decided that answer; '' if none did"),
    "remedy": Column("category", "", "what the refused user did last: a `Remedy`"),
    "calls": Column("int16", "", "calls to the help desk that the message caused"),
    "changes": Column("int16", "", "settings that its sender changed for it"),
    "route": Column("category", "", "how the message entered: a `Route`"),
    "believed": Column("bool", "", "the sender saw no error and no notice of failure"),
}

ATTEMPTS: dict[str, Column] = {
    "arm": Column("category", "", "the policy compared"),
    "replication": Column("int16", "", "from 0"),
    "message": Column("int32", "", "number of the message"),
    "attempt": Column("int32", "", "from 1, within the message and hop"),
    "hop": Column("category", "", "submission (first hop) or relay (between servers)"),
    "at": Column("float64", "s", "moment the connection was opened"),
    "client": Column(
        "uint32",
        "",
        "address of the client, as a number; of IPv6, one from 240.0.0.0 up, which "
        "`scenario.numbering.text` writes out",
    ),
    "place": Column("category", "", "where the client was; '' for servers and spammers"),
    "server": Column("category", "", "server that was asked"),
    "recipients": Column("int32", "", "recipients named"),
    "accepted": Column("int32", "", "recipients accepted"),
    "stage": Column("category", "", "stage that decided the worst reply"),
    "code": Column("int16", "", "its reply code; 0 without a connection"),
    "enhanced": Column("category", "", "its enhanced status code (RFC 3463)"),
    "rule": Column("category", "", "the restriction that decided it"),
    "cause": Column("category", "", "a `Cause`; '' if every recipient was accepted"),
    "permission": Column("category", "", "by whose `Permission` it was relayed"),
    "relayed": Column("int32", "", "recipients accepted for relaying"),
    "abuse": Column("category", "", "how spam came to be relayed: an `Abuse`; '' otherwise"),
    "waited": Column("float32", "s", "wait for a free session"),
    "took": Column("float32", "s", "session time used"),
}

SERVERS: dict[str, Column] = {
    "arm": Column("category", "", "the policy compared"),
    "replication": Column("int16", "", "from 0"),
    "phase": Column("category", "", "warm-up, transient or steady"),
    "server": Column("category", "", "its name"),
    "sessions": Column("int32", "", "concurrent sessions it has"),
    "span": Column("float64", "s", "length of the phase"),
    "connections": Column("int64", "", "transactions asked for, where a connection came about"),
    "turned_away": Column("int64", "", "answered 421: connection queue full"),
    "busy": Column("float64", "s", "session time used"),
    "busy_spam": Column("float64", "s", "session time used on spam"),
    "waited": Column("float64", "s", "sum of the waits for a session"),
    "relayed": Column("int64", "", "recipients accepted for relaying"),
    "relayed_spam": Column("int64", "", "of these, recipients of spam: it left the server"),
}

CALENDAR: dict[str, Column] = {
    "arm": Column("category", "", "the policy compared"),
    "replication": Column("int16", "", "from 0"),
    "at": Column("float64", "s", "moment of the change"),
    "change": Column("category", "", "a `Change`"),
    "name": Column("category", "", "the blocklist, or the operator who closed"),
    "reason": Column("category", "", "a `Reason`"),
    "address": Column("uint32", "", "the address, or the first of the prefix, as a number"),
    "prefix": Column("int8", "bit", "length of the prefix: 32 is one address, 0 the world"),
    "server": Column("category", "", "server with this address; '' if none, or a prefix"),
}

TABLES: dict[str, dict[str, Column]] = {
    "recipients": RECIPIENTS,
    "attempts": ATTEMPTS,
    "servers": SERVERS,
    "calendar": CALENDAR,
}
