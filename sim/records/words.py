"""The words that fill the columns of rows: each an enum, each member with its meaning.

Schema, palette, wording and reference derive from these; a table that needs a row for each word
calls `complete`, so that a missing one fails when the program starts. The lowest layer: everything
that makes or reads rows imports it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Self


class Word(StrEnum):
    """A word of a column: its text, its *meaning*, and its *number*, by which columns hold it."""

    meaning: str
    number: int

    def __new__(cls, text: str, meaning: str = "", *_: object) -> Self:
        """Make the member with *text* as its value."""
        word = str.__new__(cls, text)
        word._value_, word.meaning, word.number = text, meaning, len(cls.__members__)
        return word

    def __repr__(self) -> str:
        """The text in quotes, as in a scenario file and in messages about one."""
        return repr(self.value)

    @classmethod
    def texts(cls) -> list[str]:
        """All texts of the enum, by number, as plain strings."""
        return [word.value for word in cls]


def complete(table: Collection[str], words: Iterable[str], name: str) -> None:
    """Raise LookupError unless *table* (called *name*) has a row for each of *words*, no other."""
    expected = set(words)
    if missing := sorted(expected.difference(table)):
        raise LookupError(f"{name} has no row for {', '.join(missing)}")
    if unknown := sorted(set(table).difference(expected)):
        raise LookupError(f"{name} has a row for {', '.join(unknown)}, which is no word of results")


class MailClass(Word):
    """Classes of mail, which are never mixed."""

    HONEST = "honest", "written by users"
    SPAM = "spam", "sent by spammers"
    NOTICE = "notice", "DSNs, written by servers"


class Phase(Word):
    """Phases of a run, by the time a message was written."""

    WARM_UP = "warm-up", "before `policy_starts`"
    TRANSIENT = "transient", "within `transient` of `policy_starts`"
    STEADY = "steady", "later"


class Fate(Word):
    """What becomes of a (message, recipient): exactly one of these."""

    DELIVERED = "delivered", "in the recipient's mailbox"
    REFUSED = "refused", "never accepted; the last reply was permanent and the sender stopped"
    GAVE_UP = "gave_up", "never accepted; stopped after temporary replies or without a connection"
    DISCARDED = "discarded", "accepted with 250, then dropped silently"
    BOUNCED = "bounced", "accepted, then refused further on: a DSN to the reverse-path"
    EXPIRED = "expired", "accepted, not deliverable within the queue lifetime: likewise"
    IN_TRANSIT = "in_transit", "still in an outbox or a queue when the run ended"


class Cause(Word):
    """Why a server refused, or why there was no connection."""

    NONE = "", "no refusal"
    RELAYING = "relaying", "the server does not relay for this client"
    CLIENT = "client", "the name of the client, or what it calls itself"
    SENDER = "sender", "the sender address"
    AUTHENTICATION = "authentication", "a login that is missing or wrong"
    BLOCKLIST = "blocklist", "the client is listed"
    CONTENT = "content", "taken for spam by an outbound filter"
    RATE = "rate", "too many transactions by this client"
    UNKNOWN_RECIPIENT = "unknown_recipient", "no such mailbox or domain"
    SYNTAX = "syntax", "an address that cannot be read"
    GREYLISTED = "greylisted", "not seen before: try again later"
    BUSY = "busy", "421: too many connections"
    UNREACHABLE = "unreachable", "no connection: link or server down, or port 25 blocked"
    LOOP = "loop", "passed on by too many servers, in a circle"
    TEMPORARY = "temporary", "any other 4xx"


class Route(Word):
    """How a message enters the mail system, for each class of mail.

    A spam route has a default *cost* in USD per 1000 recipients: spam_price_per_million.* where
    one fits, else chosen.
    """

    mail: MailClass
    cost: float

    def __init__(
        self,
        _text: str,
        _meaning: str = "",
        mail: MailClass = MailClass.SPAM,
        cost: float = 0.0,
    ) -> None:
        """Take the class of mail, and what a spam route costs."""
        self.mail, self.cost = mail, cost

    SUBMISSION = "submission", "the server named in the mail program", MailClass.HONEST
    WEB = "web", "web mail, touched by no relay policy", MailClass.HONEST
    OPEN_RELAY = (
        "open_relay",
        "servers that relay for strangers",
        MailClass.SPAM,
        0.01,
    )
    OWN_ACCOUNT = (
        "own_account",
        "the submission server of their network",
        MailClass.SPAM,
        0.1,
    )
    DIRECT = (
        "direct",
        "from their own line to the recipient's MX",
        MailClass.SPAM,
        0.1,
    )
    OPEN_PROXY = (
        "open_proxy",
        "open proxies on other people's networks, to the MX",
        MailClass.SPAM,
        0.02,
    )
    HIJACKED_HOST = (
        "hijacked_host",
        "hijacked home machines, to the recipient's MX",
        MailClass.SPAM,
        0.01,
    )
    HIJACKED_SMARTHOST = (
        "hijacked_smarthost",
        "hijacked home machines, through the submission server of their network",
        MailClass.SPAM,
        0.01,
    )
    STOLEN_CREDENTIALS = (
        "stolen_credentials",
        "other people's logins, from anywhere",
        MailClass.SPAM,
        0.05,
    )
    INHERITED_WINDOW = (
        "inherited_window",
        "submission servers that a POP login from the same address has opened",
        MailClass.SPAM,
        0.1,
    )
    DSN = "dsn", "honest mail could not be delivered", MailClass.NOTICE
    DELAY_NOTICE = "delay_notice", "honest mail is late, and still tried", MailClass.NOTICE
    BACKSCATTER = (
        "backscatter",
        "about spam, to whoever was forged as its sender",
        MailClass.NOTICE,
    )


SPAM_ROUTES = tuple(route for route in Route if route.mail is MailClass.SPAM)


class Reaction(Word):
    """What refused users choose among."""

    WAIT = "wait", "wait until home again, and send from there"
    SWITCH_SERVER = "switch_server", "name the server of the present connection instead"
    DIAL_IN = "dial_in", "dial in to the own ISP from where they are"
    ASK_ISP = "ask_isp", "ask the ISP, then switch on AUTH or POP first, whichever it offers"
    CHANGE_SENDER = "change_sender", "use a sender address that the server takes"
    GIVE_UP = "give_up", "give the message up"


class Remedy(Word):
    """What a refused user did last: a `Reaction`, or what the ISP advised when it was asked."""

    NONE = "", "none was needed, or none was tried"
    WAIT = "wait", Reaction.WAIT.meaning
    SWITCH_SERVER = "switch_server", Reaction.SWITCH_SERVER.meaning
    DIAL_IN = "dial_in", Reaction.DIAL_IN.meaning
    AUTH = "auth", "switched SMTP AUTH on, as the ISP advised"
    PASSWORD = "password", "corrected the password of SMTP AUTH, as the ISP advised"
    POP_FIRST = "pop_first", "switched POP before sending on, as the ISP advised"
    CHANGE_SENDER = "change_sender", Reaction.CHANGE_SENDER.meaning
    GIVE_UP = "give_up", Reaction.GIVE_UP.meaning


ADVICE = (Remedy.AUTH, Remedy.PASSWORD, Remedy.POP_FIRST)
"""What an ISP that is asked can advise: recorded in place of `Reaction.ASK_ISP`."""

complete(
    {*Reaction, *ADVICE} - {Reaction.ASK_ISP}, set(Remedy) - {Remedy.NONE}, "Reaction with ADVICE"
)


class Permission(Word):
    """By whose permission a submission was relayed, where that is somebody's."""

    NONE = "", "nobody's: no relaying, one's own network, open trust, or refused"
    OWN_WINDOW = "own_window", "the client's own POP login had opened relaying"
    INHERITED_WINDOW = (
        "inherited_window",
        "only the POP login of an earlier holder of the address had",
    )
    SHARED_WINDOW = (
        "shared_window",
        "only that of another guest behind the same shared address had",
    )
    OWN_LISTING = "own_listing", "the operator lists the address, for this client"
    OTHERS_LISTING = "others_listing", "it is listed for somebody else: a false acceptance"
    MISSED_LISTING = (
        "missed_listing",
        "refused, though the client is listed, by another address: a false refusal",
    )
    OWN_LOGIN = "own_login", "the client's own name and password"
    STOLEN_LOGIN = "stolen_login", "another person's name and password"


class Abuse(Word):
    """How spam came to be relayed: whose trust it abused."""

    NONE = "", "no spam, or none that was relayed"
    STRANGERS = "strangers", "open trust: clients that the server does not know"
    CUSTOMERS_MACHINES = (
        "customers_machines",
        "clients on the server's own network, or another of its organisation: their owners, or "
        "whoever hijacked them",
    )
    STOLEN_LOGINS = "stolen_logins", "other people's names and passwords"
    INHERITED_WINDOWS = "inherited_windows", "a POP login from the same address had opened relaying"
    TRUSTED_RANGES = "trusted_ranges", "addresses elsewhere that the operator trusts or lists"


class Hop(Word):
    """Which hop an attempt was."""

    SUBMISSION = "submission", "the first: from a person or a spammer"
    RELAY = "relay", "between servers"


class Change(Word):
    """Changes of the world itself, which stand in the calendar."""

    LISTED = "listed", "an address, or its /24, got on a blocklist"
    DELISTED = "delisted", "it was taken off again"
    CLOSED = "closed", "an operator closed a relay"


class Reason(Word):
    """Why the world changed."""

    TRAP = "trap", "listed: spam came to a mailbox that nobody owns"
    REPORTS = "reports", "listed, or closed: enough reports of spam"
    DIED = "died", "listed: the list answers so for every address from then on"
    EXPIRED = "expired", "delisted: no more spam for so long"
    REMOVED = "removed", "delisted: the owner asked, and the server did not relay for a stranger"
    DATE = "date", "closed: on the date"
    CURVE = "curve", "closed: when the curve of open ISPs fell so far"
    LISTINGS = "listings", "closed: after so many listings"
    RELAYED = "relayed", "closed: so much was relayed for strangers in a day"
