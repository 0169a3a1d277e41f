"""The folded sessions against a textbook SimPy resource: same arrivals, same departures."""

import math
import random

import pytest
import simpy

from sim.world.server import Sessions


def textbook(arrivals, services, sessions):
    """Start and end of each service, by a process a customer and a Resource."""
    env = simpy.Environment()
    resource = simpy.Resource(env, sessions)
    slots = [None] * len(arrivals)

    def customer(i):
        yield env.timeout(arrivals[i])
        with resource.request() as turn:
            yield turn
            start = env.now
            yield env.timeout(services[i])
            slots[i] = (start, env.now)

    for i in range(len(arrivals)):
        env.process(customer(i))
    env.run()
    return slots


@pytest.mark.parametrize("sessions", [1, 2, 4])
@pytest.mark.parametrize("load", [0.3, 0.9, 1.5])
def test_departures_are_those_of_a_resource(sessions, load):
    rng = random.Random(f"{sessions}/{load}")
    now, arrivals = 0.0, []
    for _ in range(2000):
        now += rng.expovariate(load * sessions)
        arrivals.append(now)
    services = [rng.expovariate(1.0) for _ in arrivals]
    folded = Sessions(sessions, limit=10**9, down=[])
    slots = [folded.admit(at, took) for at, took in zip(arrivals, services, strict=True)]
    for ours, theirs in zip(slots, textbook(arrivals, services, sessions), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-9)


def test_a_full_queue_turns_away():
    sessions = Sessions(1, limit=2, down=[])
    answers = [sessions.admit(at, 10.0) for at in (0.0, 1.0, 2.0, 3.0, 9.0, 10.5)]
    # one is served, two wait, the next two are turned away; at 10 s a place comes free
    assert answers == [(0.0, 10.0), (10.0, 20.0), (20.0, 30.0), None, None, (30.0, 40.0)]


def test_no_queue_at_all():
    sessions = Sessions(2, limit=0, down=[])
    answers = [sessions.admit(at, 10.0) for at in (0.0, 1.0, 2.0, 10.0)]
    assert answers == [(0.0, 10.0), (1.0, 11.0), None, (10.0, 20.0)]


def test_an_outage_covers_its_first_moment_and_not_its_last():
    sessions = Sessions(1, limit=0, down=[(5.0, 6.0)])
    assert [sessions.is_down(at) for at in (4.9, 5.0, 5.9, 6.0)] == [False, True, True, False]


def wait_in_mmc(c, load):
    """Mean wait in M/M/c with service rate 1 (Erlang C; Gross and Harris, section 2.3)."""
    a = c * load
    tail = a**c / math.factorial(c) / (1 - load)
    waits = tail / (sum(a**k / math.factorial(k) for k in range(c)) + tail)
    return waits / (c - a)


@pytest.mark.parametrize(
    ("sessions", "load", "runs"),
    [(1, 0.5, 20), (4, 0.8, 20), pytest.param(2, 0.9, 200, marks=pytest.mark.slow)],
)
def test_mean_wait_is_that_of_mmc(sessions, load, runs):
    means = []
    for run in range(runs):
        rng = random.Random(f"mmc/{sessions}/{load}/{run}")
        folded = Sessions(sessions, limit=10**9, down=[])
        now, waits = 0.0, []
        for i in range(12_000):
            now += rng.expovariate(load * sessions)
            start, _ = folded.admit(now, rng.expovariate(1.0))
            if i >= 2000:
                waits.append(start - now)
        means.append(sum(waits) / len(waits))
    mean = sum(means) / runs
    deviation = math.sqrt(sum((m - mean) ** 2 for m in means) / (runs - 1))
    # 4 standard errors: a correct model fails one time in 2000 (t with 19 degrees of freedom)
    assert abs(mean - wait_in_mmc(sessions, load)) < 4 * deviation / math.sqrt(runs)


def test_mean_wait_is_that_of_md1():
    load, runs, means = 0.7, 20, []
    for run in range(runs):
        rng = random.Random(f"md1/{run}")
        folded = Sessions(1, limit=10**9, down=[])
        now, waits = 0.0, []
        for i in range(12_000):
            now += rng.expovariate(load)
            start, _ = folded.admit(now, 1.0)
            if i >= 2000:
                waits.append(start - now)
        means.append(sum(waits) / len(waits))
    mean = sum(means) / runs
    deviation = math.sqrt(sum((m - mean) ** 2 for m in means) / (runs - 1))
    # Pollaczek and Khinchine: load / (2 (1 - load)) for a service of exactly 1
    assert abs(mean - load / (2 * (1 - load))) < 4 * deviation / math.sqrt(runs)


def test_littles_law():
    """Mean number present, sampled at even moments, is arrival rate times mean stay."""
    rng = random.Random("little")
    folded = Sessions(2, limit=10**9, down=[])
    now, slots = 0.0, []
    for _ in range(30_000):
        now += rng.expovariate(1.6)
        _, end = folded.admit(now, rng.expovariate(1.0))
        slots.append((now, end))
    length = slots[-1][0]
    changes = sorted([(a, 1) for a, _ in slots] + [(b, -1) for _, b in slots])
    samples = [length * (i + 0.5) / 20_000 for i in range(20_000)]
    present, at, seen = 0, 0, []
    for moment in samples:
        while at < len(changes) and changes[at][0] <= moment:
            present += changes[at][1]
            at += 1
        seen.append(present)
    stay = sum(min(b, length) - a for a, b in slots) / len(slots)
    assert sum(seen) / len(seen) == pytest.approx(len(slots) / length * stay, rel=0.01)
