"""The rows a run returns: what each column means, and the words that fill it.

One row of *recipients* is one (message, recipient) with exactly one fate; one row of
*attempts* is one SMTP transaction and what was answered; one row of *servers* is one
server in one phase; one row of *calendar* is one change of the world itself, such as a
listing. Lowest layer: everything that makes or reads rows imports this.
"""

from __future__ import annotations

from dataclasses import dataclass

CLASSES = ("honest", "spam", "notice")
PHASES = ("warm-up", "transient", "steady")
"""Wished before ``policy_starts``; within ``transient`` after it; later."""

FATES = (
    "delivered",  # in the recipient's mailbox
    "refused",  # never accepted; the last reply was permanent and the sender stopped
    "gave_up",  # never accepted; stopped after temporary replies or without a connection
    "discarded",  # accepted with 250, then dropped silently
    "bounced",  # accepted, then refused further on: a DSN to the reverse-path
    "expired",  # accepted, not deliverable within the queue lifetime: likewise
    "in_transit",  # still in an outbox or a queue when the run ended
)
CAUSES = (
    "",  # no refusal
    "relaying",
    "sender",
    "client",  # its address, its name, or what it calls itself
    "authentication",
    "blocklist",
    "content",
    "rate",
    "unknown_recipient",
    "syntax",
    "greylisted",
    "busy",  # 421: too many connections
    "unreachable",  # no connection: link or server down, or port 25 blocked on the way
    "temporary",  # any other 4xx
)
ROUTES = (
    "submission",  # honest: the server named in the mail program
    "web",  # honest: web mail, touched by no relay policy
    "open_relay",
    "own_account",
    "direct",
    "open_proxy",
    "hijacked_host",
    "hijacked_smarthost",
    "stolen_credentials",
    "inherited_window",
    "dsn",  # notices: honest mail could not be delivered
    "delay_notice",  # notices: honest mail is late, and still tried
    "backscatter",  # notices about spam, to whoever was forged as its sender
)
REMEDIES = (
    "",  # none was needed, or none was tried
    "wait",
    "switch_server",
    "dial_in",
    "auth",
    "password",
    "pop_first",
    "change_sender",
    "give_up",
)
"""What a refused user did last; ``auth``, ``password`` (corrected) and ``pop_first`` follow
asking the ISP."""

PERMISSIONS = (
    "",  # nobody's in particular: no relaying, one's own network, open trust, or refused
    "own_window",  # the client's own POP login had opened relaying
    "inherited_window",  # only the POP login of an earlier holder of the address had
    "shared_window",  # only that of another guest behind the same shared address had
    "own_listing",  # the operator lists the address, for this client
    "others_listing",  # it is listed for somebody else: a false acceptance
    "missed_listing",  # refused, though the client is listed, by another address: a false refusal
    "own_login",
    "stolen_login",  # another person's name and password
)
"""By whose permission a submission was relayed, where that is somebody's."""

HOPS = ("submission", "relay")

CHANGES = (
    "listed",  # an address, or its /24, got on a blocklist
    "delisted",
    "closed",  # an operator closed a relay
)
REASONS = (
    "trap",  # listed: spam came to a mailbox that nobody owns
    "reports",  # listed, or closed: enough reports of spam
    "died",  # listed: the list answers so for every address from then on
    "expired",  # delisted: no more spam for so long
    "removed",  # delisted: the owner asked, and the server did not relay for a stranger
    "date",  # closed: on the date
    "curve",  # closed: when the curve of open ISPs fell so far
    "listings",  # closed: after so many listings
)


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
    "wished_at": Column("float64", "s", "moment of the wish, since the run began"),
    "phase": Column("category", "", "warm-up, transient or steady, by the moment of the wish"),
    "fate": Column("category", "", "exactly one of FATES"),
    "cause": Column("category", "", "why not delivered; one of CAUSES"),
    "first_cause": Column("category", "", "why the first attempt was refused; '' if it was not"),
    "ended_at": Column("float64", "s", "moment of the fate; NaN in transit"),
    "attempts": Column("int32", "", "submission attempts that the sender made"),
    "server": Column("category", "", "server whose answer was last"),
    "rule": Column("category", "", "restriction that decided that answer; '' if none did"),
    "remedy": Column("category", "", "what the refused user did last; one of REMEDIES"),
    "calls": Column("int16", "", "calls to the help desk that the message caused"),
    "changes": Column("int16", "", "settings that its sender changed for it"),
    "route": Column("category", "", "how the message entered; one of ROUTES"),
    "believed": Column("bool", "", "the sender saw no error and no notice of failure"),
}

ATTEMPTS: dict[str, Column] = {
    "arm": Column("category", "", "the policy compared"),
    "replication": Column("int16", "", "from 0"),
    "message": Column("int32", "", "number of the message"),
    "attempt": Column("int32", "", "from 1, within the message and hop"),
    "hop": Column("category", "", "submission (first hop) or relay (between servers)"),
    "at": Column("float64", "s", "moment the connection was opened"),
    "client": Column("uint32", "", "IPv4 address of the client, as a number"),
    "place": Column("category", "", "where the client was; '' for servers and spammers"),
    "server": Column("category", "", "server that was asked"),
    "recipients": Column("int32", "", "recipients named"),
    "accepted": Column("int32", "", "recipients accepted"),
    "stage": Column("category", "", "stage that decided the worst reply"),
    "code": Column("int16", "", "its reply code; 0 without a connection"),
    "enhanced": Column("category", "", "its enhanced status code (RFC 3463)"),
    "rule": Column("category", "", "the restriction that decided it"),
    "cause": Column("category", "", "one of CAUSES; '' if every recipient was accepted"),
    "permission": Column("category", "", "by whose permission it was relayed; of PERMISSIONS"),
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
    "connections": Column("int64", "", "transactions asked for"),
    "turned_away": Column("int64", "", "answered 421: connection queue full"),
    "busy": Column("float64", "s", "session time used"),
    "busy_spam": Column("float64", "s", "session time used on spam"),
    "waited": Column("float64", "s", "sum of the waits for a session"),
    "relayed": Column("int64", "", "recipients accepted for relaying"),
    "relayed_strangers_spam": Column(
        "int64", "", "spam recipients accepted for relaying from clients outside its own networks"
    ),
}

CALENDAR: dict[str, Column] = {
    "arm": Column("category", "", "the policy compared"),
    "replication": Column("int16", "", "from 0"),
    "at": Column("float64", "s", "moment of the change"),
    "change": Column("category", "", "one of CHANGES"),
    "name": Column("category", "", "the blocklist, or the operator who closed"),
    "reason": Column("category", "", "one of REASONS"),
    "address": Column("uint32", "", "the IPv4 address, or the first of the prefix, as a number"),
    "prefix": Column("int8", "bit", "length of the prefix: 32 is one address, 0 the world"),
    "server": Column("category", "", "server with this address; '' if none, or a prefix"),
}
