"""What follows from the inputs alone: rates as sums over all situations, without sampling.

Group × account × place × address × settings × recipient, each with its share; what happens in each
is asked of `sim.path`, as the simulation does. What the simulation then adds (time, learning,
queues, reactions) is the difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from math import nan
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from sim.measure.affected import NOWHERE, programs
from sim.measure.analytic_spam import spam_rows
from sim.measure.inputs import Inputs
from sim.path.alike import address_parts
from sim.path.submission import Attempt, submit
from sim.smtp import Verdict
from sim.smtp.verdicts import UNREACHABLE

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.scenario.people import Users
    from sim.scenario.servers import Relay

DAY = 86400.0
COLUMNS = ("arm", "class", "measure", "by", "key", "analytic")
Row = tuple[str, str, str, str, float]
"""Class, measure, by, key, analytic (NaN: nothing follows)."""


@dataclass(frozen=True, slots=True)
class Week:
    """How messages are spread: shares of evening, office_hours and weekend among those written
    after the policy starts, and how many there are for each that the mean rate gives."""

    blocks: Mapping[str, float]
    activity: float = 1.0


def expectation(
    scenario: Scenario, arm: str, week: Week, closed: Mapping[str, Relay] | None = None
) -> pd.DataFrame:
    """The analytic expectation of one arm: arm, class, measure, by, key, analytic (NaN: none).

    *closed*: what the relay key of those servers is that their operators have closed.
    """
    inputs = Inputs(scenario, arm, closed or {})
    rows = chain(_honest_rows(inputs, week), spam_rows(inputs))
    return pd.DataFrame([(arm, *row) for row in rows], columns=list(COLUMNS))


# ---- honest mail


class _Case(NamedTuple):
    """One kind of message with its share of all intended recipients."""

    weight: float
    group: str
    place: str
    attempt: Attempt  # forward_path is filled in for each recipient


def _honest_rows(inputs: Inputs, week: Week) -> Iterator[Row]:
    intended: dict[tuple[str, str], float] = defaultdict(float)
    sums: dict[tuple[str, str, str], float] = defaultdict(float)
    for case in _cases(inputs, week):
        for share, fate in _fates(inputs, case):
            weight = case.weight * share
            for cell in (("all", ""), ("place", case.place), ("group", case.group)):
                intended[cell] += weight
                sums["delivery_rate", *cell] += weight * (1.0 - fate.lost)
                sums["first_refusal_rate", *cell] += weight * bool(fate.cause)
                sums["silent_loss_rate", *cell] += weight * fate.silent
            if fate.cause:
                sums["first_refusal_rate", "cause", fate.cause] += weight
    total = intended["all", ""]
    for (measure, by, key), value in sums.items():
        if (whole := intended.get((by, key), total)) > 0.0:
            yield "honest", measure, by, key, value / whole
    if total > 0.0:  # the weights are recipients a second
        lost = total - sums["delivery_rate", "all", ""]
        yield "honest", "lost_per_day", "all", "", DAY * week.activity * lost
        groups = inputs.scenario.users.items()
        fades = any(
            users.learning == "message" and sums["first_refusal_rate", "group", group] > 0.0
            for group, users in groups
        )  # who draws anew finds a cure in the end, and newcomers are a matter of time
        yield "honest", "long_run_lost_per_day", "all", "", nan if fades else DAY * lost


def _cases(inputs: Inputs, week: Week) -> Iterator[_Case]:
    """Every kind of message; the weights are recipients per second on average."""
    for group, users in inputs.scenario.users.items():
        rate = users.count * users.writes * users.recipients
        places = _places(users, week)
        for part, home, network in users.accounts_in_use():
            for place, at in places.items():
                for share, attempt in _attempts(inputs, users, home, network, place):
                    yield _Case(rate * part * at * share, group, place, attempt)


def _places(users: Users, week: Week) -> dict[str, float]:
    """Share of the messages written at each place."""
    shares: dict[str, float] = defaultdict(float)
    for block, weight in week.blocks.items():
        for place, share in users.shares(block).items():
            shares[place] += weight * share
    return {place: share for place, share in shares.items() if share > 0.0}


def _attempts(
    inputs: Inputs, users: Users, home: str, network: str, place: str
) -> Iterator[tuple[float, Attempt]]:
    """First attempts from one place by one account: settings × address, with their shares."""
    scenario, servers = inputs.scenario, inputs.servers
    ranges = (*servers.policy(inputs.submission[network]).ranges, servers.listings.ranges)
    present_network = users.network_at(place, home)
    for location, of_them in ((present_network, 1.0 - users.vpn), (network, users.vpn)):
        addresses = list(address_parts(scenario.networks[location], ranges)) if of_them else []
        for share, program in programs(scenario, users, network):
            for part, client in addresses if share else ():
                yield of_them * share * part, submit(scenario, program, location, client, "")


class _Fate(NamedTuple):
    """What becomes of recipients of one kind: cause of the first refusal ("": none), whether they
    are dropped silently, and the share that is lost in the end."""

    cause: str
    silent: bool
    lost: float


def _fates(inputs: Inputs, case: _Case) -> Iterator[tuple[float, _Fate]]:
    """Share of the recipients, and their fate.

    A mail program sends nothing when one recipient of a message is refused, so a recipient
    is refused with the company it keeps: the number of recipients is geometric, each at the
    same ISP with the share ``to_same_isp``.
    """
    users, server = inputs.scenario.users[case.group], case.attempt.server
    own = inputs.scenario.account_domain(server)
    own_attempt = replace(case.attempt, forward_path=f"user@{own}")
    elsewhere = next(iter(inputs.elsewhere(server)), NOWHERE)
    foreign_attempt = replace(case.attempt, forward_path=f"user@{elsewhere}")
    s = users.to_same_isp
    alone_same, alone_other = _all_alike(users.recipients, s), _all_alike(users.recipients, 1 - s)
    shares = map(inputs.servers.shares, (own_attempt, foreign_attempt))
    for (share, a), (_, b) in zip(*shares, strict=True):  # one policy, so the same draws
        for part, verdicts, own_verdict in (
            (alone_same, (a,), a),
            (alone_other, (b,), b),
            (s - alone_same, (a, b), a),
            (1.0 - s - alone_other, (a, b), b),
        ):
            worst = max(verdicts, key=lambda v: (not v.accepted, v.permanent))
            yield share * part, _fate(inputs, users, foreign_attempt, worst, own_verdict)


def _fate(
    inputs: Inputs, users: Users, attempt: Attempt, worst: Verdict, own_verdict: Verdict
) -> _Fate:
    """The fate of a recipient with the verdict *own_verdict*, in a message with a *worst* one."""
    cause = "" if worst.accepted else worst.cause
    # without a connection the mail program tries until the user's patience ends
    if cause and (worst.permanent or worst is UNREACHABLE):
        return _Fate(cause, False, users.when_refused.give_up)
    if not cause and own_verdict.discarded:
        return _Fate(cause, True, 1.0)
    arrives = (inputs.passed if own_verdict.relayed else inputs.delivered_here)(
        attempt.server, attempt.reverse_path
    )
    return _Fate(cause, False, max(0.0, 1.0 - arrives))  # a sum of shares, rounded


def _all_alike(mean: float, share: float) -> float:
    """Share of recipients that are of a kind and in messages all of whose recipients are.

    Each recipient is of the kind with chance *share*; their number N is geometric with this
    mean: E[N share^N] / E[N].
    """
    p = 1.0 / mean
    return p**2 * share / (1.0 - (1.0 - p) * share) ** 2
