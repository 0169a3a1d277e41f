"""The keys of ``[users.NAME]``: where people are, what they write, what they do if refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    model_validator,
)

from sim.records.words import Reaction, complete
from sim.scenario.distributions import Octets, Time
from sim.scenario.keys import Table, key
from sim.scenario.quantities import Domain, Duration, Name, Names, Rate, Share, Size
from sim.topology.lines import LINES

HOME, WORK = "home", "work"
"""Places that are no networks of their own: the account's network, the group's ``work``."""


def network_at(place: str, home: str, work: str | None) -> str:
    """The network that *place* stands for, to somebody with these networks."""
    return {HOME: home, WORK: work or place}.get(place, place)


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


def _no_sizes(item: object) -> object:
    """Where sizes are known, shares have taken the place of the words."""
    if item == BY_SIZE:
        raise ValueError("expected a [topology] that generates ISPs, or says their sizes")
    return item


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
    Discriminator(lambda item: "<shares>" if isinstance(item, dict) else "<word>"),
]
"""Shares, or the words "as places"."""

Line = Literal["dial-up", "isdn", "cable", "lan"]


class WhenRefused(Table):
    """What refused users do: shares that sum to 1; see `learning` for whose, and what is kept."""

    wait: Share = key(0.0, meaning=Reaction.WAIT.meaning)
    switch_server: Share = key(0.0, meaning=Reaction.SWITCH_SERVER.meaning)
    dial_in: Share = key(0.0, meaning=Reaction.DIAL_IN.meaning)
    ask_isp: Share = key(0.0, meaning=Reaction.ASK_ISP.meaning)
    change_sender: Share = key(0.0, meaning=Reaction.CHANGE_SENDER.meaning)
    give_up: Share = key(0.0, meaning=Reaction.GIVE_UP.meaning)

    @model_validator(mode="after")
    def _sum_to_one(self) -> WhenRefused:
        _whole(dict(self))
        return self


complete(WhenRefused.model_fields, Reaction, "when_refused")


class Delays(Table):
    """How long each remedy takes until the next attempt."""

    switch_server: Time = key("10 min", source="chosen")
    """find and enter the other server"""
    dial_in: Time = key("15 min", source="chosen")
    """dial in"""
    ask_isp: Time = key("1 day", source="chosen")
    """the help desk's answer and the new setting"""
    change_sender: Time = key("10 min", source="chosen")
    """change the sender address"""


PARTS = ("evening", "office_hours", "weekend")
"""Parts of the week: evenings and nights; Monday to Friday, 08 to 18 h; Saturday and Sunday."""


class Users(Table):
    """A group of users with the same habits."""

    count: int = key(ge=1, le=MOST)
    """how many people"""
    accounts: SharesOrSize = key()
    """their home ISPs: shares by network; by size: as large as each is, in the sizes of
    [topology]"""
    home: Name | None = key(None)
    """the network that they have at home, where another gives them access than has their account;
    without it, that of the account"""
    work: Name | None = key(None)
    """the network they work at, where a work account is"""
    places: Shares = key({"home": 1.0})
    """where they write from: shares of home, work and venue networks; in evenings and nights, and
    whenever office_hours or weekend do not say otherwise"""
    office_hours: SharesOrSame = key(AS_PLACES)
    """the same from Monday to Friday, 08 to 18 h"""
    weekend: SharesOrSame = key(AS_PLACES)
    """the same on Saturday and Sunday"""
    stay: Duration = key("0 s", source="chosen")
    """mean length of a stay away from home; 0: where they are is drawn anew for each part of the
    week"""
    work_account: Share = key(0.0)
    """share of their mail that they write in the work account, wherever they are"""
    program: Literal["mail", "web"] = key("mail")
    """mail: a mail program that speaks SMTP; web: web mail, touched by no relay policy"""
    messages: Rate = key("2 / day", source="mail.consumer.sent_per_day")
    """messages a person writes"""
    mail_checks: Rate = key("5 / day", source="mail.checks_per_day")
    """how often they open the mail program besides, only to read"""
    recipients: float = key(1.2, source="chosen", ge=1, le=100)
    """mean recipients of a message; their number is geometric"""
    to_same_isp: Share = key(0.25, source="chosen")
    """share of recipients in a domain that the sender's server processes"""
    size: Octets = key(
        {"distribution": "lognormal", "median": "5541 octets", "sigma": 2.01},
        source="mail.size.lognormal.mu",
    )
    """size of a message"""
    largest: Size = key("10240000 octets", source="postfix.message_size")
    """size of a message at most: servers take no larger one, so what would be is sent in parts or
    made smaller, and counts as this large"""
    access: dict[Name, Line] = key(
        {},
        meaning=f"the line at each place: {', '.join(LINES)}; a place left out has dial-up if it "
        "is home, else lan",
        source="chosen",
        max_length=1000,
    )
    auth: Share = key(0.0, source="chosen", dated=True)
    """share whose mail program has AUTH on from the start"""
    port_587: Share = key(0.0, source="chosen", dated=True)
    """share whose mail program sends by port 587, with AUTH on, from the start, where their server
    offers it"""
    vpn: Share = key(0.0, source="chosen", dated=True)
    """share who are on the account's network wherever they are, by a VPN, from the start; the way
    there takes no time"""
    patience: Duration = key("1 day", source="chosen", dated=True)
    """how long the mail program tries again by itself, after a temporary reply or without a
    connection, until they do what refused users do"""
    pop_poll: Duration = key("10 min", source="chosen")
    """how often the mail program polls by POP while connected"""
    pop_before_sending: Share = key(0.0, source="chosen", dated=True)
    """share whose mail program polls before it sends"""
    pop_after_sending: Duration = key("60 s", source="chosen")
    """how long after it connects the mail program of the others first polls: what waits in the
    outbox goes before"""
    wrong_password: Share = key(0.0, source="chosen", dated=True)
    """share whose mail program has a wrong password for SMTP AUTH until the help desk corrects it,
    where that takes the POP password (535: auth.reply.bad_credentials)"""
    wrong_separate_password: Share = key(0.1, source="chosen", dated=True)
    """the same where SMTP AUTH has a password of its own: they enter the POP password"""
    fixed_address: Names = key([])
    """networks on which each of them has an address of their own out of the reserved block, always
    the same, as far as the block lasts"""
    when_refused: WhenRefused = key(
        {"wait": 0.3, "switch_server": 0.2, "dial_in": 0.1, "ask_isp": 0.2, "give_up": 0.2},
        source="chosen",
        dated=True,
    )
    """what refused users do: shares that sum to 1; the meaning of these is in `learning`"""
    dial_in_by: Literal["telephone", "vpn"] = key("telephone", source="chosen", dated=True)
    """what those use who dial in: a telephone line, as slow as it is, or a VPN over the line that
    they have"""
    learning: Literal["person", "message", "none"] = key("person", source="chosen")
    """person: everybody has a fixed order of preference among what refused users do, drawn by the
    shares, what worked at a place is done there from then on, and nobody asks the ISP in vain
    twice; message: what they do is drawn anew for each message, and what worked is remembered
    likewise; none: it is drawn anew, and
    nothing is remembered, not even a setting that the ISP advised"""
    turnover: Rate = key("0 / day")
    """how often each of them leaves, on average, and a newcomer takes their place, with the
    settings of the start and nothing learned: "0.01 / day" is one in a hundred a day"""
    delays: Delays = key({}, source="chosen", dated=True)
    """how long each remedy takes"""
    helo: str | None = key(None, max_length=255)
    """what their mail programs call themselves in HELO; without it, a name without a domain"""
    sender_domain: Domain | None = key(None)
    """domain of the sender address they show; without it, that of the account in use; one under
    .invalid does not resolve, any other does"""

    # ---- what the workload draws from, and the analytic expectation sums over

    @property
    def writes(self) -> float:
        """Messages that a person writes, per second on average."""
        return self.messages

    def accounts_in_use(self) -> Iterator[tuple[float, str, str]]:
        """Share of the messages, home network, and network of the account they are written in."""
        at_work = self.work_account if self.work is not None else 0.0
        for home, share in self.accounts.items():
            yield share * (1.0 - at_work), home, home
            if self.work is not None and at_work > 0.0:
                yield share * at_work, home, self.work

    def network_at(self, place: str, account: str) -> str:
        """The network that *place* stands for, to those with this network of their account."""
        return network_at(place, self.home or account, self.work)

    def shares(self, part: str) -> dict[str, float]:
        """Shares of places in a part of the week, one of ``PARTS``."""
        own_shares = {"office_hours": self.office_hours, "weekend": self.weekend}.get(part)
        return own_shares if isinstance(own_shares, dict) else self.places

    @property
    def all_places(self) -> tuple[str, ...]:
        """Every place of the week, in the order written."""
        return tuple(dict.fromkeys(place for part in PARTS for place in self.shares(part)))

    @property
    def visited(self) -> set[str]:
        """Every place where some of them are at some time."""
        shares = (self.shares(part).items() for part in PARTS)
        return {place for part in shares for place, share in part if share > 0.0}

    def line(self, place: str) -> str:
        """The line at *place*, a name of ``sim.topology.lines.LINES``."""
        return self.access[place]
