"""The keys of ``[users.NAME]``: where people are, what they write, what they do if refused."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
)

from sim.scenario.distributions import Octets, Time
from sim.scenario.keys import Table, key
from sim.scenario.quantities import Domain, Duration, Name, Rate, Share
from sim.topology.lines import LINES

HOME, WORK = "home", "work"
"""Places that are no networks of their own: the account's network, the group's ``work``."""

MOST = 1_000_000
"""People or spammers in all; a larger count is a fault."""

SUM_TOLERANCE = 1e-6


def _whole(shares: dict[str, float]) -> dict[str, float]:
    total = sum(shares.values())
    if abs(total - 1.0) > SUM_TOLERANCE:
        raise ValueError(f"expected shares that sum to 1 (they sum to {total:g})")
    return shares


Shares = Annotated[dict[Name, Share], Field(max_length=1000), AfterValidator(_whole)]
"""Shares of a whole, by name."""

BY_SIZE = "by size"


def _no_sizes(given: object) -> object:
    """Where sizes are known, shares have taken the place of the words."""
    if given == BY_SIZE:
        raise ValueError("expected a [topology] that generates ISPs, or says their sizes")
    return given


SharesOrSize = Annotated[
    Shares,
    BeforeValidator(_no_sizes),
    WithJsonSchema(
        {
            "anyOf": [
                {"const": BY_SIZE},
                {"type": "object", "additionalProperties": {"type": "number", "kind": "share"}},
            ]
        }
    ),
]
"""Shares, or the words "by size"."""

AS_PLACES = "as places"
SharesOrSame = Annotated[
    Annotated[Shares, Tag("<shares>")] | Annotated[Literal["as places"], Tag("<word>")],
    Discriminator(lambda given: "<shares>" if isinstance(given, dict) else "<word>"),
]
"""Shares, or the words "as places"."""

Line = Literal["dial-up", "isdn", "cable", "lan"]


class WhenRefused(Table):
    """What refused users do: shares that sum to 1; what worked is done there from then on."""

    wait: Share = key("wait until home again, and send from there", 0.0)
    switch_server: Share = key("name the server of the present connection instead", 0.0)
    dial_in: Share = key("dial in to the own ISP from where they are", 0.0)
    ask_isp: Share = key("ask the ISP, then switch on AUTH or POP first, whichever it offers", 0.0)
    change_sender: Share = key("use a sender address that the server takes", 0.0)
    give_up: Share = key("give the message up", 0.0)


class Delays(Table):
    """How long each remedy takes until the next attempt."""

    switch_server: Time = key("find and enter the other server", "10 min", source="chosen")
    dial_in: Time = key("dial in", "15 min", source="chosen")
    ask_isp: Time = key("the help desk's answer and the new setting", "1 day", source="chosen")
    change_sender: Time = key("change the sender address", "10 min", source="chosen")


PARTS = ("evening", "office_hours", "weekend")
"""Parts of the week: evenings and nights; Monday to Friday, 08 to 18 h; Saturday and Sunday."""


def _sum_to_one(shares: WhenRefused) -> WhenRefused:
    _whole({name: getattr(shares, name) for name in WhenRefused.model_fields})
    return shares


class Users(Table):
    """A group of users with the same habits."""

    count: int = key("how many people", ge=1, le=MOST)
    accounts: SharesOrSize = key(
        "their home ISPs: shares by network; by size: as large as each is, in the sizes of "
        "[topology]"
    )
    work: Name | None = key("the network they work at, where a work account is", None)
    places: Shares = key(
        "where they write from: shares of home, work and venue networks; in evenings and nights, "
        "and whenever office_hours or weekend do not say otherwise",
        {"home": 1.0},
    )
    office_hours: SharesOrSame = key("the same from Monday to Friday, 08 to 18 h", AS_PLACES)
    weekend: SharesOrSame = key("the same on Saturday and Sunday", AS_PLACES)
    stay: Duration = key(
        "mean length of a stay away from home; 0: where they are is drawn anew for each part of "
        "the week",
        "0 s",
        source="chosen",
    )
    work_account: Share = key(
        "share of their mail that they write in the work account, wherever they are", 0.0
    )
    program: Literal["mail", "web"] = key(
        "mail: a mail program that speaks SMTP; web: web mail, touched by no relay policy", "mail"
    )
    messages: Rate = key("messages a person writes", "2 / day", source="mail.consumer.sent_per_day")
    mail_checks: Rate = key(
        "how often they open the mail program besides, only to read",
        "5 / day",
        source="mail.checks_per_day",
    )
    recipients: float = key(
        "mean recipients of a message; their number is geometric",
        1.2,
        source="chosen",
        ge=1,
        le=100,
    )
    to_same_isp: Share = key(
        "share of recipients in a domain that the sender's server processes", 0.25, source="chosen"
    )
    size: Octets = key(
        "size of a message",
        {"distribution": "lognormal", "median": "5541 octets", "sigma": 2.01},
        source="mail.size.lognormal.mu",
    )
    access: dict[Name, Line] = key(
        f"the line at each place: {', '.join(LINES)}; a place left out has dial-up if it is home, "
        "else lan",
        {},
        source="chosen",
        max_length=1000,
    )
    auth: Share = key("share whose mail program has AUTH on from the start", 0.0, source="chosen")
    port_587: Share = key(
        "share whose mail program sends by port 587, with AUTH on, from the start, where their "
        "server offers it",
        0.0,
        source="chosen",
    )
    patience: Duration = key(
        "how long the mail program tries again by itself, after a temporary reply or without a "
        "connection, until they do what refused users do",
        "1 day",
        source="chosen",
    )
    pop_poll: Duration = key(
        "how often the mail program polls by POP while connected", "10 min", source="chosen"
    )
    pop_before_sending: Share = key(
        "share whose mail program polls before it sends", 0.0, source="chosen"
    )
    pop_after_sending: Duration = key(
        "how long after it connects the mail program of the others first polls: what waits in the "
        "outbox goes before",
        "60 s",
        source="chosen",
    )
    wrong_password: Share = key(
        "share whose mail program has a wrong password for SMTP AUTH until the help desk corrects "
        "it, where that takes the POP password (535: auth.reply.bad_credentials)",
        0.0,
        source="chosen",
    )
    wrong_separate_password: Share = key(
        "the same where SMTP AUTH has a password of its own: they enter the POP password",
        0.1,
        source="chosen",
    )
    fixed_address: Annotated[tuple[Name, ...], Field(strict=False, max_length=1000)] = key(
        "networks on which each of them has an address of their own out of the reserved block, "
        "always the same, as far as the block lasts",
        [],
    )
    when_refused: Annotated[WhenRefused, AfterValidator(_sum_to_one)] = key(
        "what refused users do: shares that sum to 1",
        {"wait": 0.3, "switch_server": 0.2, "dial_in": 0.1, "ask_isp": 0.2, "give_up": 0.2},
        source="chosen",
    )
    delays: Delays = key("how long each remedy takes", {}, source="chosen")
    sender_domain: Domain | None = key(
        "domain of the sender address they show; without it, that of the account in use", None
    )

    def shares(self, part: str) -> dict[str, float]:
        """Shares of places in a part of the week, one of ``PARTS``."""
        written = {"office_hours": self.office_hours, "weekend": self.weekend}.get(part)
        return written if isinstance(written, dict) else self.places

    @property
    def all_places(self) -> tuple[str, ...]:
        """Every place of the week, in the order written."""
        return tuple(dict.fromkeys(place for part in PARTS for place in self.shares(part)))

    def line(self, place: str) -> str:
        """The line at *place*, a name of ``sim.topology.lines.LINES``."""
        return self.access[place]
