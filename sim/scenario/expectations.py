"""The keys of ``[[expect]]``: what a scenario says must come out of it.

An exact verdict is judged by `sim.exact.expectations`; a measure, once it was simulated, by its
interval (`sim.measure.judging`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from pydantic import Field

from sim.records import words
from sim.records.definitions import BY
from sim.records.measures import MEASURES, PHASES
from sim.scenario.checking import Parts
from sim.scenario.errors import value_text
from sim.scenario.keys import Table, key
from sim.scenario.people import HOME, WORK
from sim.scenario.problems import Problem, unknown, unknowns
from sim.scenario.quantities import Name, Names
from sim.smtp.verdicts import KINDS

Text = Annotated[str, Field(min_length=1, max_length=256)]


class Expect(Table):
    """An exact verdict: who sends from where to whom under which arm, and what is answered."""

    arm: Text | None = key(None)
    """the arm; without it, the baseline arm"""
    user: Name | None = key(None)
    """the user group; without it, the first one"""
    isp: Name | None = key(None)
    """their home ISP; without it, the first of their accounts"""
    account: Literal["home", "work"] = key("home")
    """the account in use"""
    server: Name | None = key(None)
    """the server that is asked; without it, the one that the account's mail program names"""
    place: Name = key()
    """where they are: home, work or a venue network"""
    to: Text = key()
    """the recipient's address"""
    sender: Text | None = key(None)
    """the sender address; without it, user@ the account's domain"""
    auth: bool = key(False)
    """whether they logged in with SMTP AUTH"""
    wrong_password: bool = key(False)
    """whether they tried SMTP AUTH with a wrong password"""
    pop: bool = key(False)
    """whether they have just logged in by POP"""
    port_587: bool = key(False)
    """whether they send by port 587, where the server offers it; by port 25, nobody answers who is
    on a network that blocks it"""
    vpn: bool = key(False)
    """whether a VPN puts them on the network of the account"""
    listed: Names = key([])
    """blocklists that list the client"""
    verdict: Text | None = key(None, meaning=f"kind of the verdict: {', '.join(KINDS)}")
    code: int | None = key(None, ge=200, le=599)
    """the reply code"""
    rule: Text | None = key(None)
    """the restriction that decides"""


class ExpectMeasure(Table):
    """A measure after a run, judged by its 95 % interval: how two arms differ, or bounds."""

    measure: Text = key()
    """the measure, such as delivery_rate; see the page of measures"""
    mail: Literal["honest", "spam", "notice", "server"] = key("honest")
    """its class of mail"""
    by: Text = key("all")
    """what it is split by, such as route or place; all: not at all"""
    of: Text | None = key(None)
    """which one of those, such as open_relay"""
    phase: Text = key("after")
    """after (transient and steady together), transient or steady"""
    arm: Text | None = key(None)
    """the arm; without it, the baseline arm"""
    than: Text | None = key(None)
    """another arm: what is judged is then the difference of arm to it, in pairs"""
    direction: Literal["higher", "lower"] | None = key(None)
    """how arm differs from the other"""
    at_least: float | None = key(None)
    """the least that it may be"""
    at_most: float | None = key(None)
    """the most that it may be"""

    def __str__(self) -> str:
        quantity = f"{self.mail} {self.measure}"
        if self.of is not None:
            quantity += f" ({self.by} {self.of})"
        if self.phase != "after":
            quantity += f", {self.phase}"
        claims = [f"{self.direction} than '{self.than}'"] if self.direction else []
        if not claims and self.than is not None:
            quantity, claims = f"change of {quantity}", [f"from '{self.than}'"]
        claims += [f"at least {self.at_least:g}"] if self.at_least is not None else []
        claims += [f"at most {self.at_most:g}"] if self.at_most is not None else []
        arm = "" if self.arm is None else f" of '{self.arm}'"
        return f"{quantity}{arm}: {', '.join(claims)}"


def model(raw: object) -> type[Expect] | type[ExpectMeasure]:
    """Which of the two kinds a table of a file is."""
    return ExpectMeasure if isinstance(raw, dict) and "measure" in raw else Expect


def problems(parts: Parts, arms: list[str], expect: Expect | ExpectMeasure) -> Iterator[Problem]:
    """What does not exist of what is expected, or that nothing is."""
    if isinstance(expect, Expect):
        return _exact(parts, arms, expect)
    return _of_measure(parts, arms, expect)


def _of_measure(parts: Parts, arms: list[str], expect: ExpectMeasure) -> Iterator[Problem]:
    yield from unknown(expect.arm, arms, "arm")
    yield from unknown(expect.than, arms, "than")
    yield from unknown(expect.phase, PHASES, "phase")
    yield from unknown(expect.measure, MEASURES, "measure")
    measure = MEASURES.get(expect.measure)
    if measure is not None:
        yield from unknown(expect.mail, measure.classes, "mail")
        yield from unknown(expect.by, [*dict.fromkeys(("all", *measure.by))], "by")
    if (expect.by == "all") != (expect.of is None):
        yield Problem(("of",), value_text(expect.of), "by and of together")
    elif expect.of is not None and expect.by in BY and expect.by != "day":
        yield from unknown(expect.of, keys_of(parts, expect.by), "of")
    if expect.direction is None and expect.at_least is None and expect.at_most is None:
        yield Problem((), "says nothing", "direction, at_least or at_most")
    if expect.direction is not None and expect.than is None:
        yield Problem(("than",), "missing", "the arm that a direction is meant against")
    if expect.direction is not None and (expect.at_least, expect.at_most) != (None, None):
        yield Problem(
            ("direction",), value_text(expect.direction), "a direction or bounds, not both"
        )
    match expect.at_least, expect.at_most:
        case float(least), float(most) if least > most:
            yield Problem(("at_most",), f"{most:g}", f"no less than at_least, {least:g}")


def keys_of(parts: Parts, by: str) -> list[str]:
    """What a measure that is split by *by* may be of."""
    places = [place for users in parts.users.values() for place in users.all_places]
    valid: dict[str, Iterable[str]] = {
        "place": places,
        "group": [*parts.names["users"], *parts.names["spammers"]],
        "server": parts.names["servers"],
        "route": words.Route,
        "remedy": words.Remedy,
        "cause": words.Cause,
        "permission": words.Permission,
    }
    return [key for key in dict.fromkeys(valid.get(by, ())) if key]


def _exact(parts: Parts, arms: list[str], expect: Expect) -> Iterator[Problem]:
    if not (expect.verdict or expect.code or expect.rule):
        yield Problem((), "says nothing", "verdict, code or rule")
    yield from unknown(expect.verdict, KINDS, "verdict")
    yield from unknown(expect.arm, arms, "arm")
    yield from unknown(expect.server, parts.names["servers"], "server")
    yield from unknowns(expect.listed, parts.names["blocklists"], "listed")
    groups = parts.names["users"]
    yield from unknown(expect.user, groups, "user")
    users = parts.users.get(expect.user or next(iter(groups), ""))
    if users is None:
        return
    yield from unknown(expect.isp, users.accounts, "isp")
    if expect.account == WORK and users.work not in parts.with_submission:
        yield Problem(("account",), "'work'", "a group whose work is a network with servers")
    if expect.place == WORK and not users.work:
        yield Problem(("place",), "'work'", "a group that has work")
    venues = [name for name, network in parts.networks.items() if network.kind == "venue"]
    if expect.place not in parts.malformed("networks"):
        yield from unknown(expect.place, [HOME, WORK, *venues], "place")
