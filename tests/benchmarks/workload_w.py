"""The canonical workload W, in four programs that do the same work.

Fifty servers with 4 sessions each, exponential service, each message delivered locally,
relayed or refused by a table, a latency on each link, 2 % of relay attempts deferred and
tried again after 30 min up to 5 times, one row a message.

*ours*: the scenario workload_w.toml in the simulator, as `sim.run` runs it.
*textbook*: SimPy as most tutorials teach it, a process a message and a Resource a server.
*heapq*: a plain program with a heap of events, one for each arrival and each end of a session.
*folded*: the same, but it works out the end of a session when it is asked for.

These three plain programs get the numbers that ours draws, and must end every message as ours
does: the same verdict at the same moment.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import simpy
from numpy.typing import NDArray

from sim.scenario import Scenario, loads
from sim.topology.lines import LINES
from sim.workload import week
from sim.workload.streams import Purpose, chance
from sim.workload.workload import Workload, workload
from sim.world import simulate
from sim.world.recorder import DELIVERED, EXPIRED, REFUSED
from sim.world.tables import Run

SERVERS, SESSIONS = 50, 4
RETRY, RETRIES, DEFERRED = 1800.0, 5, 0.02
DAY = 86400.0
PEAK_LOAD = 0.9
"""Of the servers in the busiest hour (chosen: they queue, and get through)."""
LONGEST = 300.0
"""Mean service time (s) where messages are few: five retries fit into the queue's lifetime."""
VISITS = 1.5
"""Sessions a message takes on average: half of them are relayed."""
ARM = "W"
LOCAL, RELAY, REFUSE, UNDER_WAY = range(4)
HOME, AWAY = range(2)

Row = tuple[int, int, int, int, float, float]
"""Message, first server, server of the recipient, verdict, when written, when ended (s)."""


def scenario(messages: int) -> Scenario:
    """W with about so many *messages*."""
    names = [f"isp-{i + 1:03}" for i in range(SERVERS)]
    text = Path(__file__).with_name("workload_w.toml").read_text("utf-8")
    text += "".join(f'[servers.{n}-w]\nrole = "both"\nnetwork = "{n}"\n' for n in names)
    w = loads(text, name="workload_w.toml")
    each_a_day = messages / w.users["people"].count / week.expected(1 / DAY, DAY)
    peak = messages * max(week.USUAL.hourly) / 3600.0  # messages a second
    mean = min(LONGEST, PEAK_LOAD * SERVERS * SESSIONS / (peak * VISITS))
    return w.with_overrides({
        "users.people.messages": f"{each_a_day:.6f} / day",
        "servers.*.service_time": {"distribution": "exponential", "mean": f"{mean:.6f} s"},
    })  # fmt: skip


class Try(NamedTuple):
    """One attempt to hand a message on: how long the session takes (s), whether it fails."""

    took: float
    deferred: bool


class Inputs:
    """Every number that a message needs, drawn beforehand: by our own plan."""

    def __init__(self, w: Scenario, drawn: Workload) -> None:
        arrivals, boxes = drawn.arrivals, drawn.population.mailboxes
        servers = list(w.servers.values())
        number = {server.network: i for i, server in enumerate(servers)}
        domain = {boxes.number_of[s.domains[0]]: i for i, s in enumerate(servers)}
        quantile, routes = servers[0].service_time.quantile(), w.routes()
        trunk = 1544e3  # bit/s between servers, a T1
        line = LINES["lan"]
        networks = list(number)
        self.latency = [[routes.latency(a, b) for b in networks] for a in networks]
        away = [line.latency + routes.latency("hotel", b) for b in networks]
        self.submission = [[line.latency] * SERVERS, away]
        self.table = [
            [[LOCAL if a == b else other for b in range(SERVERS)] for a in range(SERVERS)]
            for other in (RELAY, REFUSE)
        ]
        self.at = arrivals.at.tolist()
        self.place: list[int] = []
        self.first: list[int] = []
        self.second: list[int] = []
        self.service: list[float] = []
        self.tries: list[list[Try]] = []
        for i, person in enumerate(arrivals.person):
            self.place.append(AWAY if arrivals.network_name(i) == "hotel" else HOME)
            self.first.append(number[drawn.population.people[person].home])
            self.second.append(domain[boxes.domain_of[arrivals.recipients[arrivals.first[i]]]])
            octets = arrivals.size[i] * 8
            self.service.append(quantile(arrivals.service[i]) + octets / line.bandwidth)
            key, tries = arrivals.key[i], []
            draw, luck = arrivals.relay_service[i], arrivals.luck[i]
            for attempt in range(1, RETRIES + 2):
                if attempt > 1:
                    draw = chance(key, Purpose.RELAY, attempt)
                    luck = chance(key, Purpose.FAILURE, attempt)
                tries.append(Try(quantile(draw) + octets / trunk, luck < DEFERRED))
                if luck >= DEFERRED:
                    break
            self.tries.append(tries)


def textbook(w: Inputs) -> list[Row]:
    """SimPy by the book: a process a message, a Resource a server."""
    env = simpy.Environment()
    servers = [simpy.Resource(env, SESSIONS) for _ in range(SERVERS)]
    rows = []

    def message(i):
        a, b, place, written = w.first[i], w.second[i], w.place[i], env.now
        yield env.timeout(w.submission[place][a])
        with servers[a].request() as session:
            yield session
            yield env.timeout(w.service[i])
        verdict = w.table[place][a][b]
        if verdict == RELAY:
            verdict = REFUSE
            for took, deferred in w.tries[i]:
                yield env.timeout(w.latency[a][b])
                with servers[b].request() as session:
                    yield session
                    yield env.timeout(took)
                if not deferred:
                    verdict = RELAY
                    break
                yield env.timeout(RETRY)
        rows.append((i, a, b, verdict, written, env.now))

    def source():
        for i, at in enumerate(w.at):
            yield env.timeout(at - env.now)
            env.process(message(i))

    env.process(source())
    env.run(until=DAY)
    return rows


def plain(w: Inputs) -> list[Row]:
    """A heap of events, without SimPy: every arrival at a server, every end of a session."""
    idle, waiting = [SESSIONS] * SERVERS, [deque() for _ in range(SERVERS)]
    push, pop = heapq.heappush, heapq.heappop
    rows, heap, first_hop = [], [], -1  # attempts at the second hop are 0, 1, ...
    arrivals = iter(in_order(w))
    push(heap, (*next(arrivals), first_hop, False))
    while heap:
        now, i, attempt, ends = pop(heap)
        if now > DAY:
            break
        a, b = w.first[i], w.second[i]
        at = a if attempt == first_hop else b
        if not ends:
            if attempt == first_hop and (coming := next(arrivals, None)):
                push(heap, (*coming, first_hop, False))
            waiting[at].append((i, attempt))
            if not idle[at]:
                continue
            idle[at] -= 1
        elif attempt == first_hop:
            verdict = w.table[w.place[i]][a][b]
            if verdict == RELAY:
                push(heap, (now + w.latency[a][b], i, 0, False))
            else:
                rows.append((i, a, b, verdict, w.at[i], now))
        elif not w.tries[i][attempt].deferred:
            rows.append((i, a, b, RELAY, w.at[i], now))
        elif attempt < RETRIES:
            push(heap, (now + RETRY + w.latency[a][b], i, attempt + 1, False))
        else:
            rows.append((i, a, b, REFUSE, w.at[i], now))
        if waiting[at]:
            j, turn = waiting[at].popleft()
            took = w.service[j] if turn == first_hop else w.tries[j][turn].took
            push(heap, (now + took, j, turn, True))
        else:
            idle[at] += 1
    return rows


def in_order(w: Inputs) -> list[tuple[float, int]]:
    """When which message comes to its first server (s), in order of time."""
    at = np.array(w.at) + np.array(w.submission)[w.place, w.first]
    order = np.argsort(at, kind="stable")
    return list(zip(at[order].tolist(), order.tolist(), strict=True))


def folded(w: Inputs) -> list[Row]:
    """A heap of events, without SimPy; arrivals are merged in outside it, in order of time."""
    free = [[0.0] * SESSIONS for _ in range(SERVERS)]
    replace, push, pop = heapq.heapreplace, heapq.heappush, heapq.heappop
    rows, heap, never = [], [], (float("inf"), -1, 0)
    arrivals = iter(in_order(w))
    now, i = next(arrivals, never[:2])
    while True:
        if heap and heap[0][0] <= now:
            then, j, attempt = pop(heap)
            if then > DAY:
                break
            b = w.second[j]
            took, deferred = w.tries[j][attempt]
            sessions = free[b]
            start = sessions[0]
            end = (start if start > then else then) + took
            replace(sessions, end)
            if not deferred:
                rows.append((j, w.first[j], b, RELAY, w.at[j], end))
            elif attempt < RETRIES:
                push(heap, (end + RETRY + w.latency[w.first[j]][b], j, attempt + 1))
            else:
                rows.append((j, w.first[j], b, REFUSE, w.at[j], end))
            continue
        if i < 0 or now > DAY:
            break
        a, b = w.first[i], w.second[i]
        sessions = free[a]
        start = sessions[0]
        end = (start if start > now else now) + w.service[i]
        replace(sessions, end)
        verdict = w.table[w.place[i]][a][b]
        if verdict == RELAY:
            push(heap, (end + w.latency[a][b], i, 0))
        else:
            rows.append((i, a, b, verdict, w.at[i], end))
        now, i = next(arrivals, never[:2])
    return rows


PLAIN: dict[str, Callable[[Inputs], list[Row]]] = {
    "textbook": textbook,
    "heapq": plain,
    "folded": folded,
}


class Fates(NamedTuple):
    """By message: its verdict, and when it ended (s), as far as the day goes."""

    verdict: NDArray[np.int64]
    ended: NDArray[np.float64]

    @classmethod
    def of_rows(cls, rows: list[Row], messages: int) -> Fates:
        """From the rows of a plain program."""
        found = cls(np.full(messages, UNDER_WAY), np.full(messages, np.nan))
        for i, _, _, verdict, _, end in rows:
            if end <= DAY:
                found.verdict[i], found.ended[i] = verdict, end
        return found

    @classmethod
    def of_run(cls, run: Run) -> Fates:
        """From the rows of ours."""
        fate, relayed = run.recipients["fate"], ~run.recipients["same_isp"]
        verdict = np.full(len(fate), UNDER_WAY)
        verdict[fate == DELIVERED] = np.where(relayed, RELAY, LOCAL)[fate == DELIVERED]
        verdict[(fate == REFUSED) | (fate == EXPIRED)] = REFUSE
        return cls(verdict, run.recipients["ended_at"])

    def answers(self, at: list[float]) -> tuple[float, float]:
        """Delivery rate, and mean delay (s) of what was delivered."""
        delivered = self.verdict < REFUSE
        return float(delivered.mean()), float((self.ended - at)[delivered].mean())

    def differences(self, other: Fates) -> int:
        """Messages with another verdict, or an end that is not the same to a microsecond."""
        same = (self.verdict == other.verdict) & np.isclose(
            self.ended, other.ended, rtol=0.0, atol=1e-6, equal_nan=True
        )
        return int((~same).sum())


class Bench:
    """The four programs on one day's messages, ready to be run again and again."""

    def __init__(self, messages: int) -> None:
        self.scenario = scenario(messages)
        drawn = workload(self.scenario.arm(ARM), 0)  # kept for the runs to come
        self.inputs = Inputs(self.scenario, drawn)
        self.messages = len(self.inputs.at)

    def programs(self) -> dict[str, Callable[[], Any]]:
        """By name, what to call."""
        plain = {name: partial(program, self.inputs) for name, program in PLAIN.items()}
        return {"ours": lambda: simulate(self.scenario, ARM, 0), **plain}

    def fates(self, result: Run | list[Row]) -> Fates:
        """What a program's result says of each message."""
        if isinstance(result, list):
            return Fates.of_rows(result, self.messages)
        return Fates.of_run(result)
