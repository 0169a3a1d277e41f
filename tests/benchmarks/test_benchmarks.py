"""The benchmarks measure what they say: three programs, one workload, the same answers."""

import pytest
from workload_w import DEFERRED, PLAIN, REFUSE, UNDER_WAY, Bench


@pytest.fixture(scope="module")
def bench():
    return Bench(3000)


@pytest.mark.parametrize("program", PLAIN)
def test_plain_programs_end_every_message_of_w_as_ours_does(bench, program):
    programs = bench.programs()
    ours, plain = (bench.fates(programs[name]()) for name in ("ours", program))
    assert ours.differences(plain) == 0


def test_w_is_the_workload_that_it_says(bench):
    run = bench.programs()["ours"]()
    verdict = bench.fates(run).verdict
    local, relay, refuse = (verdict == v for v in range(UNDER_WAY))
    assert [local.mean(), relay.mean(), refuse.mean()] == pytest.approx([0.4, 0.5, 0.1], abs=0.04)
    relayed = run.attempts["hop"] == 1
    deferred = (run.attempts["code"][relayed] == 451).mean()
    assert deferred == pytest.approx(DEFERRED, abs=4 * (DEFERRED / relayed.sum()) ** 0.5)
    retries = run.attempts["attempt"][relayed]
    assert retries.max() >= 2, "some come again"
    assert REFUSE < UNDER_WAY < len(run.recipients["message"])
