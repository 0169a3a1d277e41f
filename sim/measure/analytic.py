"""What follows from the inputs alone: rates as sums over all situations, without sampling.

Group × account × place × address × settings × recipient, each with its share; what happens in each
is asked of `sim.path`, as the simulation does. What the simulation then adds (time, learning,
queues, displacement) is the difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, product
from math import nan, prod
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from sim.path.alike import address_parts
from sim.path.facts import facts
from sim.path.journey import Servers, Shares
from sim.path.route import exchangers
from sim.path.submission import Attempt, MailProgram, is_blocked, spammer_address, submit
from sim.scenario.people import network_at
from sim.smtp import Verdict
from sim.smtp.verdicts import UNREACHABLE

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.scenario.people import Users
    from sim.scenario.servers import Relay

DAY = 86400.0
COLUMNS = ("arm", "class", "measure", "by", "key", "analytic")
NOWHERE = "elsewhere.example"
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
    inputs = _Inputs(scenario, arm, closed or {})
    rows = chain(_honest_rows(inputs, week), _spam_rows(inputs))
    return pd.DataFrame([(arm, *row) for row in rows], columns=list(COLUMNS))


class _Inputs:
    """The servers of an arm, and who has mailboxes."""

    def __init__(self, scenario: Scenario, arm: str, closed: Mapping[str, Relay]) -> None:
        self.scenario = scenario.arm(arm)
        policies = {name: self.scenario.policy(name, relay=closed[name]) for name in closed}
        self.servers = Servers(scenario, arm, policies)
        self._elsewhere: dict[str, dict[str, float]] = {}
        self._passed: dict[tuple[str, str | None], float] = {}
        self._onward: dict[Hashable, float] = {}
        self._sources: dict[tuple[str, str], Hashable] = {}

    @cached_property
    def mailboxes(self) -> dict[str, float]:
        """Domain to its number of mailboxes."""
        boxes: dict[str, float] = defaultdict(float)
        for users in self.scenario.users.values():
            for network, share in users.accounts.items():
                boxes[self.domain(network)] += share * users.count
            if users.work is not None and users.work_account > 0:
                boxes[self.domain(users.work)] += users.count
        for idle in self.scenario.networks.values():
            if idle.domain is not None:
                boxes[idle.domain] += idle.mailboxes
        return {domain: count for domain, count in boxes.items() if count > 0}

    @cached_property
    def submission(self) -> dict[str, str]:
        """Network to the submission server that its customers name."""
        return self.scenario.submission_servers()

    def domain(self, network: str) -> str:
        """The domain of the accounts of a network."""
        return str(self.scenario.servers[self.submission[network]].domains[0])

    def elsewhere(self, server: str) -> dict[str, float]:
        """Domains that *server* does not process, by share of the mailboxes there."""
        if server not in self._elsewhere:
            own = self.scenario.servers[server].domains
            others = {d: count for d, count in self.mailboxes.items() if d not in own}
            total = sum(others.values())
            self._elsewhere[server] = {domain: count / total for domain, count in others.items()}
        return self._elsewhere[server]

    def passed(self, server: str, sender: str | None) -> float:
        """Share of honest mail that *server* took for elsewhere that gets into a mailbox there."""
        if (server, sender) not in self._passed:
            self._passed[server, sender] = sum(
                share * self.onward(server, sender, domain)
                for domain, share in self.elsewhere(server).items()
            )
        return self._passed[server, sender]

    def onward(self, server: str, sender: str | None, domain: str, *, spam: bool = False) -> float:
        """Share of what *server* took for *domain* that the MX there takes in the end."""
        servers, settings = self.servers, self.servers.scenario.servers
        hosts = exchangers(settings, servers.names, server, domain, sender)
        if not hosts:
            return 0.0
        alike = servers.representatives(hosts[0])[sender]
        question = hosts[0], domain, self._source(server, hosts[0]), alike, spam
        if question not in self._onward:
            hop = servers.next_hop(server, facts(0, sender, f"user@{domain}", spam=spam))
            through = hop is not None and not servers.is_cut_off(server, hop)
            answers = servers.shares_of(*hop) if hop is not None and through else ()
            self._onward[question] = sum(share for share, verdict in answers if _taken(verdict))
        return self._onward[question]

    def _source(self, server: str, host: str) -> Hashable:
        """All that matters to *host* of *server* as a client."""
        found = self._sources.get((server, host))
        if found is None:
            servers, settings = self.servers, self.servers.scenario.servers
            origin, there, ranges = settings[server], settings[host], servers.ranges(host)
            source = servers.gateways(host).seen(origin.source())
            reads_helo = "helo" in servers.policy(host).reads
            found = self._sources[server, host] = (
                ranges.within(source),
                ranges.called(source, servers.names.zone),
                servers.listings(source),
                is_blocked(origin.network, there.network, 25, servers.blocking_servers),
                servers.policy(server).hostname if reads_helo else None,
                origin.relayhost_login and server,
            )
        return found


def _taken(verdict: Verdict) -> bool:
    """Taken in the end: at once, or on a retry after a temporary reply."""
    if verdict.accepted:
        return not verdict.discarded
    return not verdict.permanent and verdict is not UNREACHABLE


# ---- honest mail


class _Case(NamedTuple):
    """One kind of message with its share of all intended recipients."""

    weight: float
    group: str
    place: str
    attempt: Attempt  # forward_path is filled in for each recipient


def _honest_rows(inputs: _Inputs, week: Week) -> Iterator[Row]:
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


def _cases(inputs: _Inputs, week: Week) -> Iterator[_Case]:
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
    found: dict[str, float] = defaultdict(float)
    for block, weight in week.blocks.items():
        for place, share in users.shares(block).items():
            found[place] += weight * share
    return {place: share for place, share in found.items() if share > 0.0}


def _attempts(
    inputs: _Inputs, users: Users, home: str, network: str, place: str
) -> Iterator[tuple[float, Attempt]]:
    """First attempts from one place by one account: settings × address, with their shares."""
    scenario, servers = inputs.scenario, inputs.servers
    server, here = inputs.submission[network], network_at(place, home, users.work)
    login = f"user@{inputs.domain(network)}"
    sender = f"user@{users.sender_domain}" if users.sender_domain else login
    ranges = (*servers.policy(server).ranges, servers.listings.ranges)
    addresses = list(address_parts(scenario.networks[here], ranges))
    separate = scenario.servers[server].auth_password == "separate"
    wrong = users.wrong_separate_password if separate else users.wrong_password
    switches = users.auth, users.port_587, users.pop_before_sending, wrong
    for positions in product((True, False), repeat=len(switches)):
        share = prod(s if on else 1.0 - s for s, on in zip(switches, positions, strict=True))
        if share == 0.0:
            continue
        auth, by_587, polls_first, wrong_password = positions
        settings = auth or by_587, by_587, wrong_password, polls_first, users.program == "web"
        program = MailProgram(server, login, sender, *settings, users.helo or "user-pc")
        for part, client in addresses:
            yield share * part, submit(scenario, program, here, client, "")


class _Fate(NamedTuple):
    """What becomes of recipients of one kind: cause of the first refusal ("": none), whether they
    are dropped silently, and the share that is lost in the end."""

    cause: str
    silent: bool
    lost: float


def _fates(inputs: _Inputs, case: _Case) -> Iterator[tuple[float, _Fate]]:
    """Share of the recipients, and their fate.

    A mail program sends nothing when one recipient of a message is refused, so a recipient
    is refused with the company it keeps: the number of recipients is geometric, each at the
    same ISP with the share ``to_same_isp``.
    """
    users, server = inputs.scenario.users[case.group], case.attempt.server
    own = inputs.scenario.servers[server].domains[0]
    here = replace(case.attempt, forward_path=f"user@{own}")
    elsewhere = next(iter(inputs.elsewhere(server)), NOWHERE)
    there = replace(case.attempt, forward_path=f"user@{elsewhere}")
    s = users.to_same_isp
    alone_same, alone_other = _all_alike(users.recipients, s), _all_alike(users.recipients, 1 - s)
    shares = map(inputs.servers.shares, (here, there))
    for (share, a), (_, b) in zip(*shares, strict=True):  # one policy, so the same draws
        for part, verdicts, mine in (
            (alone_same, (a,), a),
            (alone_other, (b,), b),
            (s - alone_same, (a, b), a),
            (1.0 - s - alone_other, (a, b), b),
        ):
            worst = max(verdicts, key=lambda v: (not v.accepted, v.permanent))
            yield share * part, _fate(inputs, users, there, worst, mine)


def _fate(inputs: _Inputs, users: Users, attempt: Attempt, worst: Verdict, mine: Verdict) -> _Fate:
    """The fate of a recipient with the verdict *mine*, in a message with a *worst* one."""
    cause = "" if worst.accepted else worst.cause
    # without a connection the mail program tries until the user's patience ends
    if cause and (worst.permanent or worst is UNREACHABLE):
        return _Fate(cause, False, users.when_refused.give_up)
    if not cause and mine.discarded:
        return _Fate(cause, True, 1.0)
    arrives = 1.0
    if mine.relayed:
        arrives = inputs.passed(attempt.server, attempt.reverse_path)
    return _Fate(cause, False, max(0.0, 1.0 - arrives))  # a sum of shares, rounded


def _all_alike(mean: float, share: float) -> float:
    """Share of recipients that are of a kind and in messages all of whose recipients are.

    Each recipient is of the kind with chance *share*; their number N is geometric with this
    mean: E[N share^N] / E[N].
    """
    p = 1.0 / mean
    return p**2 * share / (1.0 - (1.0 - p) * share) ** 2


# ---- spam


def _spam_rows(inputs: _Inputs) -> Iterator[Row]:
    boxes = sum(inputs.mailboxes.values())
    if not boxes:
        return
    routes: dict[str, float] = defaultdict(float)
    for group, spammers in inputs.scenario.spammers.items():
        route = spammers.routes[0]
        client = spammer_address(inputs.scenario, group)
        sender = f"offer@{spammers.sender_domain}"
        helo = spammers.helo or f"mail.{spammers.sender_domain}"
        spam = Attempt("", spammers.network, client, sender, "", spam=True, helo=helo)
        reached = _SPAM[route](inputs, spam) / boxes if route in _SPAM else nan
        sent = spammers.count * spammers.rate(route) * DAY
        routes[route] += sent * (1.0 - spammers.unknown) * reached / boxes
    for name, rate in routes.items():
        yield "spam", "spam_per_mailbox_day", "route", name, rate
    yield "spam", "spam_per_mailbox_day", "all", "", sum(routes.values())


def _arrives(inputs: _Inputs, spam: Attempt, server: str, boxes: Mapping[str, float]) -> float:
    """Number of mailboxes in these domains that spam handed to *server* reaches."""
    policy, found = inputs.servers.policy(server), 0.0
    answers: dict[str, Shares] = {}
    for domain, count in boxes.items():
        alike = domain if policy.knows(domain) else ""  # it cannot tell others apart
        if alike not in answers:
            asked = replace(spam, server=server, forward_path=f"user@{domain}")
            answers[alike] = inputs.servers.shares(asked)
        for share, verdict in answers[alike]:
            if _taken(verdict):
                onward = 1.0
                if verdict.relayed:
                    onward = inputs.onward(server, spam.reverse_path, domain, spam=True)
                found += count * share * onward
    return found


def _open_relay(inputs: _Inputs, spam: Attempt) -> float:
    """Chosen evenly among the servers of other networks that relay for a stranger."""
    relays = []
    for name, server in inputs.scenario.servers.items():
        to = f"user@{next(iter(inputs.elsewhere(name)), NOWHERE)}"
        test = replace(spam, server=name, forward_path=to)
        answers = inputs.servers.shares(test) if server.network != spam.network else ()
        if any(_taken(verdict) and verdict.relayed for _, verdict in answers):
            relays.append(_arrives(inputs, spam, name, inputs.mailboxes))
    return sum(relays) / len(relays) if relays else 0.0


def _own_account(inputs: _Inputs, spam: Attempt) -> float:
    server = inputs.submission.get(spam.network)
    return 0.0 if server is None else _arrives(inputs, spam, server, inputs.mailboxes)


def _direct(inputs: _Inputs, spam: Attempt) -> float:
    return sum(
        _arrives(inputs, spam, mx, {domain: count})
        for domain, count in inputs.mailboxes.items()
        for mx in inputs.servers.names.mx(domain)[:1]
    )


_SPAM: dict[str, Callable[[_Inputs, Attempt], float]] = {
    "open_relay": _open_relay,
    "own_account": _own_account,
    "direct": _direct,
}
"""Routes whose supply the inputs state: the number of mailboxes that spam by them reaches."""
