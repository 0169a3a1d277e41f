"""The folded sessions against a textbook SimPy resource: same arrivals, same departures."""

import math
import random

import pytest
import simpy

from sim.world.server import Sessions


def textbook(arrivals, services, sessions, limit):
    """Start and end of each service, by a process a customer and a Resource; None for those
    who find *limit* waiting."""
    env = simpy.Environment()
    resource = simpy.Resource(env, sessions)
    slots = [None] * len(arrivals)

    def customer(i):
        yield env.timeout(arrivals[i])
        if resource.count == sessions and len(resource.queue) >= limit:
            return
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
@pytest.mark.parametrize("limit", [0, 3, 10**9])
def test_departures_are_those_of_a_resource(sessions, load, limit):
    rng = random.Random(f"{sessions}/{load}")
    now, arrivals = 0.0, []
    for _ in range(2000):
        now += rng.expovariate(load * sessions)
        arrivals.append(now)
    services = [rng.expovariate(1.0) for _ in arrivals]
    folded = Sessions(sessions, limit=limit, down=[])
    starts = [folded.admit(at, took) for at, took in zip(arrivals, services, strict=True)]
    expected = textbook(arrivals, services, sessions, limit)
    assert (None in expected) == (limit < 10**9)
    for start, took, theirs in zip(starts, services, expected, strict=True):
        ours = None if start is None else (start, start + took)
        assert ours == (theirs and pytest.approx(theirs, rel=1e-9))


def test_a_full_queue_turns_away():
    sessions = Sessions(1, limit=2, down=[])
    starts = [sessions.admit(at, 10.0) for at in (0.0, 1.0, 2.0, 3.0, 9.0, 10.5)]
    # one is served, two wait, the next two are turned away; at 10 s a place comes free
    assert starts == [0.0, 10.0, 20.0, None, None, 30.0]


def test_no_queue_at_all():
    sessions = Sessions(2, limit=0, down=[])
    starts = [sessions.admit(at, 10.0) for at in (0.0, 1.0, 2.0, 10.0)]
    assert starts == [0.0, 1.0, None, 10.0]


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
            start = folded.admit(now, rng.expovariate(1.0))
            if i >= 2000:
                waits.append(start - now)
        means.append(sum(waits) / len(waits))
    mean = sum(means) / runs
    deviation = math.sqrt(sum((m - mean) ** 2 for m in means) / (runs - 1))
    # 4 standard errors: a correct model fails one time in 2000 (t with 19 degrees of freedom)
    assert abs(mean - wait_in_mmc(sessions, load)) < 4 * deviation / math.sqrt(runs)
