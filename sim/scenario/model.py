"""All keys of a scenario file: those of its head, its sections by name, its arms."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from sim.scenario.blocklists import Blocklist
from sim.scenario.expectations import Expect, ExpectMeasure
from sim.scenario.keys import Table, key
from sim.scenario.networks import Network
from sim.scenario.operators import Operator
from sim.scenario.organisations import Organisation
from sim.scenario.people import Users
from sim.scenario.quantities import Duration, Name, ZoneName
from sim.scenario.sections import MOST
from sim.scenario.servers import Server
from sim.scenario.spammers import Spammers
from sim.scenario.sweeping import Alternatives, Ranges, Sweep
from sim.scenario.targets import Target
from sim.scenario.topology import Topology
from sim.scenario.values import Values
from sim.scenario.weekly import HOURLY, WEEKEND_ACTIVITY, Hourly

MOST_ARMS = 200
MOST_EXPECTED = 2_000
MOST_TARGETS = 200

Heading = Annotated[str, Field(max_length=1000)]
Overrides = dict[str, Any]


class Defaults(Table):
    """What every server of a role has unless its own table says otherwise."""

    submission: dict[str, Any] = key({})
    """keys of every submission server"""
    mx: dict[str, Any] = key({})
    """keys of every MX"""
    both: dict[str, Any] = key({})
    """keys of every server that is both"""


class Precision(Table):
    """How sure one measure is to be, in every arm."""

    measure: str = key()
    """the measure, such as delivery_rate; see the page of measures"""
    mail: Literal["honest", "spam", "notice", "server"] = key("honest")
    """its class of mail"""
    half_width: Annotated[float, Field(gt=0.0)] = key()
    """half of the 95 % interval that each arm's mean is to have at most, in the measure's unit"""
    most: int = key(100, source="chosen", ge=2, le=32_767)
    """replications at most"""


class Head(Table):
    """The keys of a scenario outside all tables, and the defaults."""

    title: Heading = key()
    """what the scenario is about, in one line"""
    source: Heading = key("")
    """where the situation comes from"""
    year: int | None = key(None, ge=1971, le=2100)
    """the year it is meant to be"""
    question: Heading = key("")
    """the question it answers"""
    extends: str | list[str] | None = key(None)
    """a scenario file to start from, relative to this one and in its folder or below, or the name
    of a ready one; of several, parts as `import` and `observe` write them, the later counts"""
    seed: int = key(1, ge=0, lt=2**63)
    """the seed of all random streams"""
    run_length: Duration = key("14 days", source="chosen")
    """simulated time of one replication"""
    policy_starts: Duration = key("3 days", source="chosen")
    """when the arm's policies take effect; until then the servers' own policies hold (the
    warm-up)"""
    transient: Duration = key("3 days", source="chosen")
    """how long after policy_starts people and spammers learn; reported apart"""
    hourly: Hourly = key(list(HOURLY), source="mail.peak_hour_share")
    """how much people write in each of the 24 hours of a weekday, from midnight, beside the
    others"""
    weekend_activity: Annotated[float, Field(ge=0.0, le=100.0)] = key(
        WEEKEND_ACTIVITY, source="chosen"
    )
    """messages on a Saturday or Sunday for each one on a weekday"""
    replications: int = key(10, source="chosen", ge=1, le=100_000)
    """independent repetitions of every arm"""
    quick: Overrides = key({})
    """keys that `mailsim run --quick` changes besides, as --set does; by itself it cuts warm-up and
    transient to 1 day, the rest to 2, replications to 3, and takes a share of people, mailboxes and
    spam where there would be too much mail"""
    baseline: str = key("")
    """the arm that the others are compared with; without it, the first"""
    ignore_remarks: list[str] = key([], max_length=100)
    """remarks of `mailsim check` that are intended, by the names of their rules: not made again"""
    precision: Precision | None = key(None)
    """run as many replications as an interval of this width needs, from `replications` on"""
    interest: dict[str, Annotated[float, Field(gt=0.0)]] = key({}, max_length=100)
    """the smallest effect of interest by measure, in its unit (a share as 0.01), such as
    `long_run_lost_per_day = 1`: a difference to the baseline is marked where it is surely larger;
    without it none is"""
    values: Values | None = key(None)
    """what a loss is worth: ranks the arms, with how sure that is"""
    sweep: Sweep | None = key(None)
    """points at which `mailsim sweep` runs the scenario again"""
    structures: Alternatives = key({})
    """assumptions without a source: keys by dotted name, each with the values that it might have
    instead; `mailsim run` also tries them, one after the other and some together"""
    ranges: Ranges = key({})
    """keys by dotted name whose value is not known, each with its least and its most: tried like
    `structures`, and what `mailsim sensitivity` and `mailsim calibrate` vary"""
    defaults: Defaults = key({})
    """what servers have unless they say otherwise, by role"""
    topology: Topology = key({})
    """networks to generate"""


class Document(Head):
    """A scenario; made by ``load`` or ``loads``, which check it as a whole."""

    networks: dict[Name, Network] = key(max_length=MOST["networks"])
    """networks by name"""
    servers: dict[Name, Server] = key({}, max_length=MOST["servers"])
    """servers by name"""
    users: dict[Name, Users] = key(max_length=MOST["users"])
    """groups of users by name"""
    spammers: dict[Name, Spammers] = key({}, max_length=MOST["spammers"])
    """spammers by name"""
    blocklists: dict[ZoneName, Blocklist] = key({}, max_length=MOST["blocklists"])
    """blocklists by name"""
    operators: dict[Name, Operator] = key({}, max_length=MOST["operators"])
    """operators who close relays, by name"""
    organisations: dict[Name, Organisation] = key({}, max_length=MOST["organisations"])
    """what belongs together, by name"""
    arms: dict[str, Overrides] = key(max_length=MOST_ARMS)
    """the policies compared: each a table of SECTION.NAME.KEY = VALUE; NAME may hold * and one
    {list,of,names}; later lines win"""
    targets: dict[str, Target] = key({}, max_length=MOST_TARGETS)
    """what was observed, by name; `mailsim calibrate` fits `ranges` to it"""
    expect: Annotated[tuple[Expect | ExpectMeasure, ...], Field(strict=False)] = key(
        [], max_length=MOST_EXPECTED
    )
    """what must come out"""
