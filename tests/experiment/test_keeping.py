"""Rows of some messages: measures stay what they are, and a trace is that of the whole run."""

import pytest

import sim
from sim.experiment import StorageError
from sim.experiment.keeping import ONE_IN
from sim.experiment.usage import UsageError

SCENARIO = "scenarios/six-cases.toml"
FILTER = "class=honest, place=hotel, first_cause=relaying"


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Results by what was kept."""
    short = sim.load(SCENARIO).with_overrides({"run_length": "4 days"})

    def run(keep):
        out = tmp_path_factory.mktemp("kept")
        return sim.run(
            short, arms=["on network"], replications=2, keep=keep, out=out, progress=False
        )

    return {keep: run(keep) for keep in ("rows", "counts", "sample", FILTER)}


@pytest.mark.parametrize("keep", ["counts", "sample", FILTER])
def test_what_is_kept_changes_no_measure(ran, keep):
    assert ran[keep].measures.equals(ran["rows"].measures)


def stored(results, table):
    from sim.experiment import storage

    return storage.read(results.path, table, [storage.Task("on network", 1)])


def test_a_sample_is_every_hundredth_message_with_all_its_rows(ran):
    for table in ("recipients", "attempts"):
        rows = stored(ran["rows"], table)
        wanted = rows[rows["message"] % ONE_IN == 0].reset_index(drop=True)
        found = stored(ran["sample"], table)
        assert len(wanted) > 1
        assert found.astype(str).equals(wanted.astype(str))


def test_a_filter_keeps_the_messages_of_which_a_row_is_so(ran):
    rows = stored(ran["rows"], "recipients")
    so = rows[
        (rows["class"] == "honest") & (rows["place"] == "hotel") & (rows["first_cause"] != "")
    ]
    assert set(stored(ran[FILTER], "recipients")["message"]) == set(so["message"])
    assert set(stored(ran[FILTER], "attempts")["message"]) == set(so["message"])


def test_a_message_is_traced_as_if_all_had_been_kept(ran):
    few = ran[FILTER].trace(arm="on network", replication=1, fate="delivered")
    all_ = ran["rows"].trace(few.message, arm="on network", replication=1)
    assert few.as_dict() == all_.as_dict()
    assert str(few) == str(all_)


def test_what_was_not_kept_is_said(ran):
    with pytest.raises(sim.path.asked.QueryError, match="that were kept: 0, 100, 200"):
        ran["sample"].trace(1, arm="on network")
    with pytest.raises(StorageError, match="recipients were kept of some messages only"):
        _ = ran["sample"].recipients


def test_no_figure_is_drawn_of_some_rows(ran):
    assert list(ran["sample"].figures) == list(ran["counts"].figures)
    assert "refusals" in ran["rows"].figures
    assert "refusals" not in ran["sample"].figures


@pytest.mark.parametrize(
    ("keep", "says"),
    [
        ("row", "did you mean 'rows'"),
        ("plaice=hotel", "did you mean 'place'"),
        ("place=hotel,fate", "COLUMN=VALUE, got 'fate'"),
        ("attempts=many", "attempts: expected a number, got 'many'"),
        ("", "unknown keep ''"),
    ],
)
def test_a_wrong_word_is_said(keep, says):
    with pytest.raises(UsageError, match=says):
        sim.run(SCENARIO, keep=keep, progress=False)


@pytest.mark.parametrize(
    ("keep", "so"),
    [
        ("believed=false", lambda rows: ~rows["believed"]),
        ("attempts=2", lambda rows: rows["attempts"] == 2),
    ],
)
def test_numbers_and_truths_are_compared_as_such(ran, keep, so):
    whole = ran["rows"]
    few = sim.run(whole.scenario, arms=["on network"], replications=2, keep=keep, progress=False)
    rows = stored(whole, "recipients")
    assert set(stored(few, "recipients")["message"]) == set(rows[so(rows)]["message"])
