"""What follows from the inputs alone: rates as sums over the matrix, without sampling.

Group × account × block of the week × place × address × credentials × recipients, each with
its share; the answer is that of the same ``decide`` that the simulation asks. What the
simulation then adds (time, learning, queues, displacement) is the difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
from typing import TYPE_CHECKING, NamedTuple

from sim.smtp import Facts, Policy, Verdict, decide
from sim.smtp.decision import StandIns
from sim.smtp.restrictions import Range
from sim.smtp.verdicts import UNREACHABLE

if TYPE_CHECKING:
    import pandas as pd

    from sim.scenario import Scenario
    from sim.scenario.networks import Network
    from sim.scenario.people import Users
    from sim.scenario.servers import Relay
    from sim.scenario.spammers import Spammers

DAY = 86400.0
COLUMNS = ("arm", "class", "measure", "by", "key", "analytic")
TINY = 1e-9
"""How closely the share of draws that a filter catches is found, by bisection."""
NAN = float("nan")

Shares = list[tuple[float, Verdict]]


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
    import pandas as pd

    inputs = _Inputs(scenario.arm(arm), closed or {})
    rows = [*_honest_rows(inputs, week), *_spam_rows(inputs)]
    return pd.DataFrame([(arm, *row) for row in rows], columns=list(COLUMNS))


class _Inputs:
    """A scenario with the policies of an arm, ready to be asked."""

    def __init__(self, scenario: Scenario, closed: Mapping[str, Relay]) -> None:
        self.scenario = scenario
        self.policies = {
            name: scenario.policy(name, relay=closed.get(name)) for name in scenario.servers
        }
        self.policies |= {
            f"{name}:587": scenario.policy_587(name)
            for name, server in scenario.servers.items()
            if server.port_587
        }
        self._asked: dict[tuple[str, Facts], Shares] = {}
        self._stand_ins = {name: StandIns(policy) for name, policy in self.policies.items()}
        self._clients: dict[tuple[str, int | tuple[bool, ...]], int] = {}
        self._arrives: dict[tuple[str, Facts], float] = {}
        self._onward: dict[tuple[str, str, int, str | None, bool], float] = {}

    @cached_property
    def submission(self) -> dict[str, str]:
        """Network to the submission server that its customers name."""
        found = {name: self.scenario.submission_server(name) for name in self.scenario.networks}
        return {network: server for network, server in found.items() if server is not None}

    @cached_property
    def exchanger(self) -> dict[str, str]:
        """Domain to the first server that takes mail for it."""
        found: dict[str, str] = {}
        for name, server in self.scenario.servers.items():
            for domain in server.domains if server.role in ("mx", "both") else ():
                found.setdefault(domain, name)
        return found

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

    def domain(self, network: str) -> str:
        """The domain of the accounts of a network."""
        return str(self.scenario.servers[self.submission[network]].domains[0])

    def elsewhere(self, server: str) -> dict[str, float]:
        """Domains that *server* does not process, by share of the mailboxes there."""
        own = self.policies[server].domains
        others = {d: count for d, count in self.mailboxes.items() if d not in own}
        total = sum(others.values())
        return {domain: count / total for domain, count in others.items()}

    def ask(self, server: str, facts: Facts) -> Shares:
        """Verdicts of a server with their shares, over what its filter draws."""
        question = (server, self._alike(server, facts))
        if question not in self._asked:
            self._asked[question] = _shares(self.policies[server], question[1])
        return self._asked[question]

    def _alike(self, server: str, facts: Facts) -> Facts:
        """Facts that stand for all that the policy of *server* cannot tell from these."""
        stands_for = self._stand_ins[server]
        return facts._replace(
            client=self._client(server, facts.client),
            reverse_path=stands_for[facts.reverse_path],
            forward_path=str(stands_for[facts.forward_path]),
        )

    def _client(self, server: str, client: int) -> int:
        """An address that stands for all that the policy of *server* cannot tell from *client*."""
        found = self._clients.get((server, client))
        if found is None:
            policy = self.policies[server]
            within = tuple(policy.is_within(client, some) for some in policy.ranges)
            found = self._clients.setdefault((server, within), client)
            self._clients[server, client] = found
        return found

    def arrives(self, server: str, facts: Facts) -> float:
        """Share of what *server* took for elsewhere that gets into a mailbox there."""
        question = (server, facts._replace(client=0, login=None, pop_age=None, forward_path=""))
        if question not in self._arrives:
            self._arrives[question] = sum(
                share * self.onward(server, facts, domain)
                for domain, share in self.elsewhere(server).items()
            )
        return self._arrives[question]

    def onward(self, server: str, facts: Facts, domain: str) -> float:
        """Share of what *server* took for *domain* that its MX takes in the end."""
        mx = self.exchanger.get(domain)
        if mx is None:
            return 0.0
        if mx == server:
            return 1.0
        client = self._client(mx, self.policies[server].address)
        sender = self._stand_ins[mx][facts.reverse_path]
        question = (mx, domain, client, sender, facts.spam)
        found = self._onward.get(question)
        if found is None:
            passed = Facts(client, sender, f"someone@{domain}", spam=facts.spam)
            found = sum(share for share, verdict in self.ask(mx, passed) if _taken(verdict))
            self._onward[question] = found
        return found


NOBODY: Shares = [(1.0, UNREACHABLE)]
"""What a client is told that is let out to nobody."""


def _taken(verdict: Verdict) -> bool:
    """Taken in the end: at once, or on a retry after a temporary reply."""
    return (verdict.accepted and not verdict.discarded) or not (
        verdict.accepted or verdict.permanent
    )


# ---- what a server answers, over uniform draws


def _shares(policy: Policy, facts: Facts) -> Shares:
    """Every verdict with its share of the draws; exact, since verdicts change at thresholds."""
    if "content_draw" not in policy.reads:
        return [(1.0, decide(policy, facts))]
    return _pieces(lambda u: decide(policy, facts._replace(content_draw=u)))


def _pieces(answer: Callable[[float], Verdict]) -> Shares:
    """Split [0, 1) where the answer to a uniform draw changes."""
    found: Shares = []
    low, last = 0.0, 1.0 - TINY
    while low < last:
        here = answer(low)
        high = last
        if not _same(answer(high), here):
            inside, outside = low, high
            while outside - inside > TINY / 4:
                middle = (inside + outside) / 2
                if _same(answer(middle), here):
                    inside = middle
                else:
                    outside = middle
            high = outside
        found.append((high - low if high < last else 1.0 - low, here))
        low = high
    return found


def _same(a: Verdict, b: Verdict) -> bool:
    return (a.kind, a.rule, a.code) == (b.kind, b.rule, b.code)


# ---- honest mail


class _Case(NamedTuple):
    """One kind of wish: where it comes from, and the share of all recipients wished."""

    weight: float
    group: str
    place: str
    server: str
    asked: str  # the server, or its port 587; "": the network lets nobody out to it
    facts: Facts  # forward_path is filled in for each recipient


class _Sums:
    """Weighted sums of one cell."""

    def __init__(self) -> None:
        self.wished = self.refused = self.silent = self.lost = 0.0
        self.causes: dict[str, float] = defaultdict(float)


def _honest_rows(inputs: _Inputs, week: Week) -> Iterator[tuple[str, str, str, str, float]]:
    cells: dict[tuple[str, str], _Sums] = defaultdict(_Sums)
    for case in _cases(inputs, week):
        users = inputs.scenario.users[case.group]
        sums = [cells["all", ""], cells["place", case.place], cells["group", case.group]]
        for share, to, cause in _answers(inputs, case, users):
            weight = case.weight * share
            arrives = min(_arrives(inputs, case, to), 1.0)  # a sum of shares, rounded
            lost = users.when_refused.give_up if to.final else 1.0 - arrives
            for cell in sums:
                cell.wished += weight
                cell.silent += weight * to.silent
                cell.lost += weight * lost
                if cause:
                    cell.refused += weight
                    cell.causes[cause] += weight
    for (by, key), cell in cells.items():
        if cell.wished > 0.0:
            yield from _honest_cell(by, key, cell)
    if (total := cells["all", ""]).wished > 0.0:
        for cause, refused in total.causes.items():
            yield "honest", "first_refusal_rate", "cause", cause, refused / total.wished
        per_day = sum(
            users.count * users.messages * users.recipients
            for users in inputs.scenario.users.values()
        )
        lost = per_day * DAY * week.activity * total.lost / total.wished
        yield "honest", "lost_per_day", "all", "", lost


def _honest_cell(by: str, key: str, cell: _Sums) -> Iterator[tuple[str, str, str, str, float]]:
    for measure, value in (
        ("delivery_rate", cell.wished - cell.lost),
        ("first_refusal_rate", cell.refused),
        ("silent_loss_rate", cell.silent),
    ):
        yield "honest", measure, by, key, value / cell.wished


def _cases(inputs: _Inputs, week: Week) -> Iterator[_Case]:
    """Every kind of wish with its share."""
    for group, users in inputs.scenario.users.items():
        weight = users.count * users.messages * users.recipients
        for part, home, network in _accounts(users):
            for place, at in _places(users, week).items():
                server = inputs.submission[network]
                for share, asked, facts in _clients(inputs, users, group, home, network, place):
                    yield _Case(weight * part * at * share, group, place, server, asked, facts)


def _accounts(users: Users) -> Iterator[tuple[float, str, str]]:
    """Share, home network and network of the account that is used."""
    at_work = users.work_account if users.work is not None else 0.0
    for home, share in users.accounts.items():
        yield share * (1.0 - at_work), home, home
        if users.work is not None and at_work > 0.0:
            yield share * at_work, home, users.work


def _places(users: Users, week: Week) -> dict[str, float]:
    """Share of the messages written at each place."""
    found: dict[str, float] = defaultdict(float)
    for block, weight in week.blocks.items():
        for place, share in users.shares(block).items():
            found[place] += weight * share
    return {place: share for place, share in found.items() if share > 0.0}


def _clients(
    inputs: _Inputs, users: Users, group: str, home: str, network: str, place: str
) -> Iterator[tuple[float, str, Facts]]:
    """Addresses, ports and credentials with their shares."""
    server = inputs.submission[network]
    policy = inputs.policies[server]
    address = f"{group}-1@{inputs.domain(network)}"
    sender = f"{group}-1@{users.sender_domain}" if users.sender_domain else address
    facts = Facts(client=policy.address, reverse_path=sender, forward_path="")
    if users.program == "web":  # sent by the ISP's own machine
        yield 1.0, server, facts
        return
    at = home if place == "home" else users.work or place if place == "work" else place
    here = inputs.scenario.networks[at]
    by_25 = "" if here.blocks_port_25 and at != network else server
    by_587 = users.port_587 if f"{server}:587" in inputs.policies else 0.0
    with_auth = (1.0 - by_587) * (users.auth if policy.auth_offered else 0.0)
    ways = (
        (by_587, f"{server}:587", address),
        (with_auth, by_25, address),
        (1.0 - by_587 - with_auth, by_25, None),
    )
    first = users.pop_before_sending
    for share, client in address_parts(here, policy):
        for ways_share, asked, login in ways:
            for polls, age in ((first, 0.0), (1.0 - first, None)):
                if (part := share * ways_share * polls) > 0.0:
                    yield part, asked, facts._replace(client=client, login=login, pop_age=age)


def address_parts(network: Network, policy: Policy) -> Iterator[tuple[float, int]]:
    """Addresses of a network that a policy can tell apart: share, and one to stand for them."""
    held = [Range.of(prefix) for prefix in network.prefixes]
    kept = [Range.of(prefix) for prefix in network.reserved]
    cuts = sorted(
        {cut for r in (*chain(*policy.ranges), *held, *kept) for cut in (r.first, r.last + 1)}
    )
    parts = [
        (high - low, low + (high - low) // 2)
        for low, high in pairwise(cuts)
        if any(r.first <= low <= r.last for r in held)
        and not any(r.first <= low <= r.last for r in kept)
    ]
    if network.shared_address:
        parts = parts[:1]
    total = sum(size for size, _ in parts)
    for size, client in parts:
        yield size / total, client


class _To(NamedTuple):
    """Where a recipient is, whether it is refused for good, and whether it is dropped silently."""

    same: bool
    final: bool
    silent: float


def _answers(inputs: _Inputs, case: _Case, users: Users) -> Iterator[tuple[float, _To, str]]:
    """Share of the recipients, where they are, and the cause of the first refusal ('': none).

    A mail program sends nothing when one recipient of a message is refused, so a recipient
    is refused with the company it keeps: the number of recipients is geometric, each at the
    same ISP with the share ``to_same_isp``.
    """
    here, there = _forward_paths(inputs, case.server)
    same = other = NOBODY
    if case.asked:
        same = inputs.ask(case.asked, case.facts._replace(forward_path=here))
        other = inputs.ask(case.asked, case.facts._replace(forward_path=there))
    s = users.to_same_isp
    alone_same, alone_other = _all_alike(users.recipients, s), _all_alike(users.recipients, 1 - s)
    for share, a, b in _together(same, other):
        for part, verdicts, to_same in (
            (alone_same, (a,), True),
            (alone_other, (b,), False),
            (s - alone_same, (a, b), True),
            (1.0 - s - alone_other, (a, b), False),
        ):
            worst = max(verdicts, key=lambda v: (not v.accepted, v.permanent))
            cause = "" if worst.accepted else worst.cause
            dropped = not cause and (a if to_same else b).discarded
            # without a connection the mail program tries until the user's patience ends
            final = bool(cause) and (worst.permanent or worst is UNREACHABLE)
            yield share * part, _To(to_same, final, float(dropped)), cause


def _all_alike(mean: float, share: float) -> float:
    """Share of recipients that are of a kind and in messages all of whose recipients are.

    Each recipient is of the kind with chance *share*; their number N is geometric with this
    mean: E[N share^N] / E[N].
    """
    p = 1.0 / mean
    return p**2 * share / (1.0 - (1.0 - p) * share) ** 2


def _together(a: Shares, b: Shares) -> Iterator[tuple[float, Verdict, Verdict]]:
    """Two splits of the same uniform draw, laid over each other."""
    i = j = 0
    left_a, left_b = a[0][0], b[0][0]
    while True:
        share = min(left_a, left_b)
        if share > 0.0:
            yield share, a[i][1], b[j][1]
        left_a, left_b = left_a - share, left_b - share
        if left_a <= TINY:
            i += 1
            if i == len(a):
                return
            left_a = a[i][0]
        if left_b <= TINY:
            j += 1
            if j == len(b):
                return
            left_b = b[j][0]


def _forward_paths(inputs: _Inputs, server: str) -> tuple[str, str]:
    """An address that the server processes, and one that it does not."""
    own = inputs.scenario.servers[server].domains[0]
    others = inputs.elsewhere(server)
    return f"someone@{own}", f"someone@{next(iter(others), 'elsewhere.example')}"


def _arrives(inputs: _Inputs, case: _Case, to: _To) -> float:
    """Share of accepted recipients that get into the mailbox."""
    if to.silent:
        return 0.0
    if to.same:
        return 1.0
    return inputs.arrives(case.server, case.facts)


# ---- spam


def _spam_rows(inputs: _Inputs) -> Iterator[tuple[str, str, str, str, float]]:
    boxes = sum(inputs.mailboxes.values())
    if not boxes:
        return
    routes: dict[str, float] = defaultdict(float)
    for spammers in inputs.scenario.spammers.values():
        route = spammers.routes[0]
        sent = spammers.count * spammers.rate(route) * DAY
        taken = _SPAM[route](inputs, spammers) if route in _SPAM else NAN
        routes[route] += sent * (1.0 - spammers.unknown) * taken / boxes
    for name, rate in routes.items():
        yield "spam", "spam_per_mailbox_day", "route", name, rate
    yield "spam", "spam_per_mailbox_day", "all", "", sum(routes.values())


def _spam(inputs: _Inputs, spammers: Spammers, domain: str) -> Facts:
    """What a server sees of a spammer."""
    network = inputs.scenario.networks[spammers.network]
    client = int(network.prefixes[0].network_address) + 1
    sender = f"offer@{spammers.sender_domain}"
    return Facts(client, sender, f"someone@{domain}", spam=True)


def _through(inputs: _Inputs, spammers: Spammers, server: str) -> float:
    """Share of the spam handed to *server* that reaches mailboxes."""
    total = sum(inputs.mailboxes.values())
    policy, reached = inputs.policies[server], 0.0
    strangers: Shares | None = None  # what it answers for domains that it cannot tell apart
    for domain, boxes in inputs.mailboxes.items():
        facts = _spam(inputs, spammers, domain)
        if policy.knows(domain):
            answers = inputs.ask(server, facts)
        else:
            answers = strangers = strangers or inputs.ask(server, facts)
        taken = sum(share for share, v in answers if _taken(v))
        onward = 1.0
        if taken and domain not in policy.domains:
            onward = inputs.onward(server, facts, domain)
        reached += boxes / total * taken * onward
    return reached


def _open_relay(inputs: _Inputs, spammers: Spammers) -> float:
    """Chosen evenly among the servers of other networks that relay for a stranger."""
    if inputs.scenario.networks[spammers.network].blocks_port_25:
        return 0.0
    reached = []
    for name, server in inputs.scenario.servers.items():
        stranger = _spam(inputs, spammers, next(iter(inputs.elsewhere(name)), "elsewhere.example"))
        if server.network != spammers.network and any(
            _taken(v) and v.relayed for _, v in inputs.ask(name, stranger)
        ):
            reached.append(_through(inputs, spammers, name))
    return sum(reached) / len(reached) if reached else 0.0


def _own_account(inputs: _Inputs, spammers: Spammers) -> float:
    server = inputs.submission.get(spammers.network)
    return 0.0 if server is None else _through(inputs, spammers, server)


def _direct(inputs: _Inputs, spammers: Spammers) -> float:
    if inputs.scenario.networks[spammers.network].blocks_port_25:
        return 0.0
    total = sum(inputs.mailboxes.values())
    reached = 0.0
    for domain, boxes in inputs.mailboxes.items():
        mx = inputs.exchanger.get(domain)
        if mx is not None:
            answers = inputs.ask(mx, _spam(inputs, spammers, domain))
            reached += boxes / total * sum(share for share, v in answers if _taken(v))
    return reached


_SPAM: dict[str, Callable[[_Inputs, Spammers], float]] = {
    "open_relay": _open_relay,
    "own_account": _own_account,
    "direct": _direct,
}
"""Routes whose supply the inputs state: share of what is sent that reaches mailboxes."""
