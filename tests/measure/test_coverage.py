"""Intervals of every measure cover as often as they say.

A pool of short runs is made once; experiments of ten replications are drawn from it with
replacement, so that what is true of the pool is true of them, and known. A measure that is new in
the table is in the pool, and so here.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sim
from sim.measure import columnar
from sim.measure.counters import columns_of_measures
from sim.measure.exposure import exposure
from sim.measure.intervals import FEW, SAME, Sample, intervals
from sim.measure.pairs import paired
from sim.measure.ranking import ranking
from sim.records.measures import COSTS, COUNTED, KINDS, MEASURES, MEDIANS
from sim.records.rows import TABLES
from sim.world import simulate

POOL = Path(__file__).with_name("pool.toml")
REPLICATIONS = 10
NOMINAL = 0.93, 0.97
LONG, SHORT = (240, 2000, 0.005), (60, 400, 0.04)
"""Runs in the pool, experiments, and what so few experiments leave to chance."""


@pytest.fixture(
    scope="module",
    params=[SHORT, pytest.param(LONG, marks=pytest.mark.slow)],
    ids=["short", "long"],
)
def drawn(request):
    """The pool by measure, class and arm; which runs are drawn; what is left to chance."""
    runs, experiments, chance = request.param
    scenario = sim.load(POOL).model
    over, parts = exposure(scenario), []
    for arm in scenario.arms:
        for replication in range(runs):
            frames = columnar.of_run(simulate(scenario, arm, replication), TABLES)
            table = columns_of_measures(frames, over).frame()
            parts.append(table[(table["phase"] == "after") & (table["by"] == "all")])
    measures = pd.concat(parts).astype({"measure": str, "class": str, "arm": str})
    cells = {
        key: Sample(*(rows.sort_values("replication")[name].to_numpy() for name in Sample._fields))
        for key, rows in measures.groupby(["measure", "class", "arm"])
    }
    drawn = np.random.default_rng(1).integers(0, runs, (experiments, REPLICATIONS))
    return cells, drawn, chance


def truth(kind, sample):
    """What an endless experiment with the runs of the pool would say."""
    if kind in MEDIANS:
        return np.nanmedian(sample.value)
    return np.nansum(sample.numerator) / np.nansum(sample.denominator)


def in_pairs(kind, a, b):
    """The same of a difference."""
    both = a.known & b.known
    if kind in MEDIANS:
        return np.median((b.value - a.value)[both])
    one, other = (Sample(*(side[both] for side in arm)) for arm in (a, b))
    return truth(kind, other) - truth(kind, one)


def few(kind, sample):
    """Whether events, or non-events, are so few that an interval of counts may cover more."""
    if kind not in COUNTED:
        return False
    top, below = (np.nanmean(side) for side in sample[:2])
    return min(top, abs(below - top)) < 2 * FEW


def fault(what, found, true, chance, most):
    """What is wrong with the intervals of many experiments, if anything is."""
    given = np.isfinite(found.low)
    if not given.any():
        return f"{what}: no interval" if set(found.method) - {SAME} else ""
    slack = 1e-12 * abs(true)
    covered = ((found.low - slack <= true) & (true <= found.high + slack))[given].mean()
    fine = NOMINAL[0] - chance <= covered <= most + chance
    return "" if fine else f"{what}: {covered:.3f}"


def test_every_measure_of_every_arm_is_covered(drawn):
    cells, which, chance = drawn
    faults, kinds = [], set()
    for (measure, class_, arm), sample in cells.items():
        kind = MEASURES[measure].kind
        if np.isfinite(sample.value).any():
            kinds.add(kind)
            most = 1.0 if few(kind, sample) else NOMINAL[1]
            found = intervals(kind, Sample(*(side[which] for side in sample)))
            what = f"{class_} {measure}, {arm}"
            faults.append(fault(what, found, truth(kind, sample), chance, most))
    assert not [*filter(None, faults)]
    # costs are of all replications together: tests/measure/test_cost_measures.py
    of_runs = set(MEASURES) - set(COSTS)
    assert {measure for measure, *_ in cells} == of_runs
    assert kinds == {MEASURES[measure].kind for measure in of_runs} <= set(KINDS)


def test_every_difference_of_two_arms_is_covered(drawn):
    cells, which, chance = drawn
    faults = []
    for (measure, class_, first), a in cells.items():
        for arm in ("open", "closed", "pop"):
            b, kind = cells[measure, class_, arm], MEASURES[measure].kind
            if first >= arm or not (a.known & b.known).any():
                continue
            # medians of equal differences, such as none, are covered by each of them
            ties = kind in MEDIANS and np.mean(b.value == a.value) > 0.1
            rare = kind in COUNTED and np.nanmean(np.abs(b.numerator - a.numerator)) < 2 * FEW
            most = 1.0 if ties or rare or few(kind, a) or few(kind, b) else NOMINAL[1]
            found = paired(kind, *(Sample(*(side[which] for side in each)) for each in (a, b)))
            what = f"{class_} {measure}, {first} to {arm}"
            faults.append(fault(what, found, in_pairs(kind, a, b), chance, most))
    assert len(faults) > 50
    assert not [*filter(None, faults)]


@pytest.mark.parametrize(
    ("class_", "measure"),
    [("honest", "lost_per_day"), ("spam", "spam_per_mailbox_day"), ("honest", "delay_p90")],
)
def test_what_is_said_of_the_best_holds_as_often_as_is_said(drawn, class_, measure):
    """By an arm that loses nothing, by two that are alike, by a median."""
    cells, which, chance = drawn
    arms, kind = ("open", "closed", "pop"), MEASURES[measure].kind
    samples = {arm: cells[measure, class_, arm] for arm in arms}
    worse = {  # than each other arm, as the differences in pairs have it
        arm: max(in_pairs(kind, samples[other], samples[arm]) for other in arms if other != arm)
        for arm in arms
    }
    experiments = which[: len(which) // 4]
    held = 0
    for runs in experiments:
        table = ranking(kind, {
            arm: Sample(*(side[None, runs] for side in sample)) for arm, sample in samples.items()
        }).set_index("arm")  # fmt: skip
        best = [arm for arm in arms if worse[arm] <= 0.0]
        bounds = table["worse_at_most"].to_numpy() - [max(worse[arm], 0.0) for arm in table.index]
        held += table.loc[best, "may_be_best"].all() and (bounds >= -1e-12).all()
    assert held / len(experiments) >= 0.93 - chance
    apart = table["mean"].max() - table["mean"].min()
    assert (table.loc[best, "worse_at_most"] < apart).all()  # it says something
