"""Intervals against theory: textbook values, and coverage where the truth is known."""

import numpy as np
import pytest
from scipy import stats

from sim.measure.intervals import (
    COUNTS,
    FEWER,
    ONE,
    ORDER,
    SAME,
    STUDENT,
    UNCERTAIN,
    Sample,
    intervals,
)
from sim.measure.pairs import paired
from sim.measure.quotients import RESAMPLES, ratio_of_means
from sim.records.measures import MULTIPLE, QUANTILE, RATE, RATIO, SHARE


def one(kind, numerators, denominators):
    top, below = (np.array([v], dtype=float) for v in (numerators, denominators))
    return tuple(v[0] for v in intervals(kind, sample(top, below)))


def sample(top, below):
    with np.errstate(all="ignore"):
        return Sample(top, below, top / below)


def of_pairs(a, b, **more):
    return paired(RATIO, *(Sample.of(np.atleast_2d(side)) for side in (a, b)), **more)


def test_student_s_t_as_scipy_has_it():
    values = [3.0, 4.5, 2.5, 5.0]
    mean, low, high, n, how = one(RATIO, values, [1] * 4)
    assert how == STUDENT
    expected = stats.t.interval(0.95, 3, np.mean(values), stats.sem(values))
    assert (mean, n) == (3.75, 4)
    assert (low, high) == pytest.approx(expected)


def test_one_replication_has_no_interval():
    mean, low, high, n, how = one(SHARE, [3], [10])
    assert (mean, n, how) == (0.3, 1, ONE)
    assert np.isnan([low, high]).all()


def test_replications_without_a_value_are_left_out():
    mean, _, _, n, _ = one(SHARE, [30, 0, 50], [100, 0, 100])
    assert (mean, n) == (0.4, 2)
    assert np.isnan(one(SHARE, [0, 0], [0, 0])[0])


@pytest.mark.parametrize("kind", [SHARE, RATE, MULTIPLE])
def test_low_and_high_hold_the_mean(kind):
    rng = np.random.default_rng(1)
    for mean in (0.0, 0.3, 3.0, 50.0):
        centre, low, high, *_ = one(
            kind, rng.poisson(mean, 8) + 100 * (kind == MULTIPLE), [100] * 8
        )
        assert 0.0 <= low <= centre <= high


def test_no_event_at_all_still_has_an_upper_bound():
    _, low, high, *_ = one(SHARE, [0] * 10, [100] * 10)
    assert low == 0.0
    assert stats.beta.ppf(0.975, 1, 1000) <= high < 0.01  # at least Clopper and Pearson's
    _, low, high, *_ = one(SHARE, [100] * 10, [100] * 10)
    assert high == 1.0
    assert 0.99 < low < 1.0
    _, low, high, *_ = one(RATE, [0] * 10, [7.0] * 10)
    assert (low, high) == pytest.approx((0.0, -np.log(0.025) / 70.0))  # Garwood's


COVERED = {
    # what                          kind   truth  draws of a replication
    "a share of three tenths": (SHARE, 0.3, lambda rng, n: (rng.binomial(200, 0.3, n), 200)),
    "a share near nought": (SHARE, 0.01, lambda rng, n: (rng.binomial(200, 0.01, n), 200)),
    "a share near one": (SHARE, 0.995, lambda rng, n: (rng.binomial(300, 0.995, n), 300)),
    "a share that clusters": (
        SHARE,
        0.3,
        lambda rng, n: (rng.binomial(200, rng.beta(15, 35, n)), 200),
    ),
    "a share near nought that clusters": (
        SHARE,
        0.01,
        lambda rng, n: (rng.binomial(200, rng.beta(2, 198, n)), 200),
    ),
    "a rate of many events": (RATE, 6.0, lambda rng, n: (rng.poisson(60.0, n), 10)),
    "a rate of few events": (RATE, 0.2, lambda rng, n: (rng.poisson(2.0, n), 10)),
    "a rate of few events that cluster": (
        RATE,
        0.3,
        lambda rng, n: (rng.poisson(rng.gamma(2.0, 1.5, n)), 10),
    ),
}


def coverage(kind, truth, draw, experiments, replications=10, seed=7):
    rng = np.random.default_rng(seed)
    pairs = [draw(rng, replications) for _ in range(experiments)]
    top = np.array([p[0] for p in pairs], dtype=float)
    below = np.array([np.broadcast_to(p[1], replications) for p in pairs], dtype=float)
    found = intervals(kind, sample(top, below))
    return int(((found.low <= truth) & (truth <= found.high)).sum())


@pytest.mark.parametrize("replications", [3, 10, 20])
@pytest.mark.parametrize(("kind", "truth", "draw"), COVERED.values(), ids=COVERED)
def test_the_truth_is_covered_as_often_as_is_said(kind, truth, draw, replications):
    experiments = 2000
    covered = coverage(kind, truth, draw, experiments, replications)
    # near nought and one an interval of counts may cover more often, never less
    assert stats.binomtest(covered, experiments, 0.95, alternative="less").pvalue > 0.001


def test_away_from_the_ends_it_is_not_wider_than_is_said():
    kind, truth, draw = COVERED["a share of three tenths"]
    covered = coverage(kind, truth, draw, 2000)
    assert stats.binomtest(covered, 2000, 0.95).pvalue > 0.001


@pytest.mark.parametrize("events", [[1] * 9 + [2], [99] * 9 + [98]], ids=["few", "nearly all"])
def test_replications_that_happen_to_agree_are_not_surer_than_all_their_events(events):
    _, low, high, *_ = one(SHARE, events, [100] * 10)
    exact = stats.binomtest(sum(events), 1000).proportion_ci(0.95, "exact")
    assert low < exact.low
    assert exact.high < high
    if sum(events) < 100:
        _, low, high, *_ = one(RATE, events, [7.0] * 10)
        of_all = stats.chi2.ppf([0.025, 0.975], [2 * sum(events), 2 * sum(events) + 2]) / 140.0
        assert low < of_all[0]
        assert of_all[1] < high


def test_a_share_stays_between_nought_and_one_however_it_clusters():
    for events in ([100, 100, 100, 20], [0, 0, 0, 80]):
        mean, low, high, *_ = one(SHARE, events, [100] * 4)
        assert 0.0 <= low < mean < high <= 1.0
        half = stats.t.ppf(0.975, 3) * stats.sem(np.array(events) / 100)
        assert not 0.0 <= mean - half < mean + half <= 1.0  # where Student's t does not


def test_pairs_give_the_interval_of_the_differences():
    a, b = np.array([[1.0, 2.0, 4.0, 8.0]]), np.array([[1.5, 2.0, 5.0, 9.5]])
    found = of_pairs(a, b)
    expected = stats.ttest_rel(b[0], a[0]).confidence_interval(0.95)
    assert (found.low[0], found.high[0]) == pytest.approx((expected.low, expected.high))
    assert found.correlation[0] == pytest.approx(np.corrcoef(a[0], b[0])[0, 1])


def test_pairs_cover_and_gain_from_correlation():
    rng = np.random.default_rng(11)
    shared = rng.normal(0.0, 3.0, (2000, 8))
    a = shared + rng.normal(0.0, 1.0, (2000, 8))
    b = shared + rng.normal(0.5, 1.0, (2000, 8))
    found = of_pairs(a, b)
    covered = int(((found.low <= 0.5) & (found.high >= 0.5)).sum())
    assert stats.binomtest(covered, 2000, 0.95).pvalue > 0.001
    unpaired = of_pairs(a, np.roll(b, 1, axis=1))  # the wrong partners
    assert (found.high - found.low).mean() < 0.5 * (unpaired.high - unpaired.low).mean()
    assert found.correlation.mean() > 0.8


@pytest.mark.parametrize("replications", [5, 10])
@pytest.mark.parametrize(("of_a", "of_b"), [(0.0, 1.0), (0.3, 1.0), (1.0, 1.0), (1.0, 3.0)])
def test_pairs_of_few_events_cover(of_a, of_b, replications):
    rng = np.random.default_rng(19)
    shared = rng.poisson(of_a / 2, (2000, replications))  # what happens in both arms
    a = shared + rng.poisson(of_a / 2, shared.shape)
    b = shared + rng.poisson(of_b - of_a / 2, shared.shape)
    found = paired(RATE, *(sample(side, np.full(side.shape, 7.0)) for side in (a, b)))
    truth = (of_b - of_a) / 7.0
    covered = int(((found.low <= truth) & (found.high >= truth)).sum())
    assert stats.binomtest(covered, 2000, 0.95, alternative="less").pvalue > 0.001


@pytest.mark.parametrize(
    ("a", "b", "n", "correlation"),
    [
        ([1.0], [2.0], 1, "none"),
        ([1.0, np.nan, 3.0], [2.0, 2.0, np.nan], 1, "none"),
        ([1.0, 2.0], [2.0, 5.0], 2, "none"),
        ([1.0, 1.0, 1.0], [2.0, 5.0, 3.0], 3, "none"),
        ([1.0, 2.0, 3.0], [2.0, 4.0, 6.0], 3, "one"),
    ],
    ids=["one pair", "one whole pair", "two pairs", "a constant side", "a line"],
)
def test_correlation_is_given_where_there_is_one(a, b, n, correlation):
    found = of_pairs(a, b)
    assert found.n[0] == n
    assert np.isnan(found.low[0]) == (n == 1)
    if correlation == "none":
        assert np.isnan(found.correlation[0])
        assert np.isnan(found.gain[0]) or n == 2
    else:
        assert found.correlation[0] == pytest.approx(1.0)


def test_the_gain_of_pairing_is_above_one_only_where_it_helps():
    rng = np.random.default_rng(5)
    shared, a, b = rng.normal(0.0, 1.0, (3, 200, 30))
    assert np.median(of_pairs(3 * shared + a, 3 * shared + b).gain) > 2.0
    assert np.median(of_pairs(shared + a / 3, b / 3 - shared).gain) < 0.8  # they pull apart
    apart = of_pairs(a, b)
    expected = stats.ttest_ind(a[0], b[0], equal_var=False).confidence_interval(0.95)
    width = apart.gain[0] * (apart.high[0] - apart.low[0])
    assert width == pytest.approx(expected.high - expected.low)
    assert np.isnan(of_pairs([1.0, 2.0], [2.0, 3.0]).gain[0])  # no spread


QUOTIENTS = {
    # what                          draws: numerators, denominators
    "alike": lambda rng, n: (rng.normal(30.0, 3.0, n), rng.normal(10.0, 1.0, n)),
    "together": lambda rng, n: _shared(rng, n),
    "skewed": lambda rng, n: (rng.gamma(9.0, 30.0 / 9.0, n), rng.gamma(25.0, 10.0 / 25.0, n)),
    # Student's t covers 0.915 of these
    "very skewed": lambda rng, n: (rng.gamma(1.0, 30.0, n), rng.gamma(25.0, 10.0 / 25.0, n)),
}


def _shared(rng, n):
    shared = rng.normal(0.0, 1.0, n)
    return 30.0 + 3.0 * shared + rng.normal(0.0, 1.0, n), 10.0 + shared


@pytest.mark.parametrize("draw", QUOTIENTS.values(), ids=QUOTIENTS)
def test_a_quotient_of_means_is_covered_as_often_as_is_said(draw):
    rng = np.random.default_rng(13)
    tops, belows = draw(rng, (2000, 10))
    found = ratio_of_means(tops, belows)
    assert (found.low <= found.mean).all()
    assert (found.mean <= found.high).all()
    covered = int(((found.low <= 3.0) & (found.high >= 3.0)).sum())
    assert stats.binomtest(covered, 2000, 0.95).pvalue > 0.001


def test_the_bootstrap_of_a_quotient_is_the_textbook_s():
    """Efron and Tibshirani 1993, section 12.5: replications drawn as wholes, one at a time."""
    rng = np.random.default_rng(3)
    top, below = rng.gamma(2.0, 15.0, 8), rng.gamma(25.0, 0.4, 8)

    def linear(t, b):
        ratio = t.mean() / b.mean()
        return ratio, np.std(t - ratio * b, ddof=1) / np.sqrt(len(t)) / b.mean()

    ratio, error = linear(top, below)
    drawn = np.random.default_rng(8).integers(0, 8, (RESAMPLES, 8))
    with np.errstate(all="ignore"):
        pairs = [linear(top[chosen], below[chosen]) for chosen in drawn]
        scores = np.array([(its - ratio) / of_it for its, of_it in pairs])
    least, most = np.quantile(scores[np.isfinite(scores)], [0.025, 0.975])
    found = ratio_of_means(top[None, :], below[None, :])
    assert found.low[0] == pytest.approx(ratio - most * error)
    assert found.high[0] == pytest.approx(ratio - least * error)
    assert found.high[0] - ratio > 1.2 * (ratio - found.low[0])  # as skewed as what is drawn


def test_a_quotient_of_few_pairs_has_student_s_interval():
    top, below = np.array([30.0, 36.0, 27.0, 40.0]), np.array([10.0, 11.0, 9.0, 12.5])
    ratio = top.mean() / below.mean()
    half = stats.t.ppf(0.975, 3) * stats.sem(top - ratio * below) / below.mean()
    found = ratio_of_means(top[None, :], below[None, :])
    assert (found.low[0], found.high[0]) == pytest.approx((ratio - half, ratio + half))


def test_a_quotient_of_an_unsure_denominator_has_no_interval():
    found = ratio_of_means(np.array([[1.0, 2.0, 3.0]]), np.array([[-1.0, 1.0, 0.5]]))
    assert np.isfinite(found.mean[0])
    assert np.isnan([found.low[0], found.high[0]]).all()
    assert found.method[0] == UNCERTAIN
    assert np.isnan(ratio_of_means(np.array([[1.0, 2.0]]), np.zeros((1, 2))).mean[0])


def test_a_quotient_is_that_of_the_means():
    """Few messages and many of them refused go together here: the mean of quotients is off."""
    top, below = [5.0, 20.0, 45.0], [10.0, 50.0, 300.0]
    mean, low, high, _, how = one(RATIO, top, below)
    assert mean == pytest.approx(70 / 360)
    assert mean != pytest.approx(np.mean(np.divide(top, below)))
    rest = np.array(top) - 70 / 360 * np.array(below)
    half = stats.t.ppf(0.975, 2) * stats.sem(rest) / 120
    assert (high - low) / 2 == pytest.approx(half)
    assert how == STUDENT


def test_what_is_one_or_more_is_counted_by_what_exceeds_one():
    mean, low, high, _, how = one(MULTIPLE, [101, 100, 102], [100, 100, 100])
    above = one(RATE, [1, 0, 2], [100, 100, 100])
    assert (mean - 1, low - 1, high - 1) == pytest.approx(tuple(above[:3]))
    assert how == COUNTS
    mean, low, high, *_ = one(MULTIPLE, [100] * 10, [100] * 10)  # it was 1.00 to 1.00
    assert mean == low == 1.0
    assert high == pytest.approx(1 - np.log(0.025) / 1000)


@pytest.mark.parametrize("n", [6, 10, 25])
def test_a_median_lies_between_order_statistics(n):
    values = np.random.default_rng(n).exponential(size=(1, n))
    _, low, high, _, how = (v[0] for v in intervals(QUANTILE, Sample.of(values)))
    ordered = np.sort(values[0])
    # the innermost pair that covers 96 % by the sign test, and the next one
    depth = max(d for d in range(1, n // 2 + 1) if 2 * stats.binom.cdf(d - 1, n, 0.5) <= 0.04)
    assert ordered[depth - 1] <= low <= ordered[depth]
    assert ordered[n - depth - 1] <= high <= ordered[n - depth]
    assert how == ORDER


def test_five_replications_have_a_median_s_interval_and_four_have_none():
    values = [3.0, 1.0, 9.0, 5.0, 4.0]
    mean, low, high, _, how = (v[0] for v in intervals(QUANTILE, Sample.of(np.array([values]))))
    assert (mean, low, high, how) == (4.0, 1.0, 9.0, ORDER)
    mean, low, _, n, how = (v[0] for v in intervals(QUANTILE, Sample.of(np.array([values[:4]]))))
    assert (mean, n, how) == (4.0, 4, FEWER)
    assert np.isnan(low)


@pytest.mark.parametrize("draw", ["exponential", "standard_cauchy", "standard_normal"])
@pytest.mark.parametrize("n", [5, 8, 10, 20])
def test_a_median_is_covered_whatever_is_drawn_from(n, draw):
    truth = np.log(2) if draw == "exponential" else 0.0
    values = getattr(np.random.default_rng(n), draw)(size=(5000, n))
    found = intervals(QUANTILE, Sample.of(values))
    covered = ((found.low <= truth) & (truth <= found.high)).mean()
    assert 0.93 <= covered <= 0.97


def test_replications_that_do_not_differ_have_no_interval_of_a_mean():
    _, low, high, _, how = one(RATIO, [3.0] * 5, [1.0] * 5)
    assert np.isnan([low, high]).all()
    assert how == SAME
    apart = of_pairs([1.0, 2.0, 3.0], [2.0, 3.0, 4.0])
    assert apart.method[0] == SAME


def test_a_difference_of_few_events_is_more_than_what_falls_or_rises():
    """Nothing is lost here, one in each of three replications there: t alone is far too sure."""
    a, b = np.zeros((1, 10)), np.array([[1.0, 0, 0, 1, 0, 0, 0, 1, 0, 0]])
    found = paired(RATE, *(sample(side, np.full(side.shape, 7.0)) for side in (a, b)))
    of_all = stats.chi2.ppf([0.025, 0.975], [6, 8]) / 140.0  # Garwood's of three events
    assert found.difference[0] == pytest.approx(3 / 70)
    assert found.low[0] < of_all[0]
    assert found.high[0] > of_all[1]


def test_without_an_event_on_either_side_a_difference_has_bounds_still():
    none = sample(np.zeros((1, 10)), np.full((1, 10), 7.0))
    found = paired(RATE, none, none)
    assert found.difference[0] == 0.0
    assert found.high[0] == pytest.approx(-np.log(0.025) / 70.0)  # what may rise, at most
    assert found.low[0] == -found.high[0]
