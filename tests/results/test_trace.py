"""One message of a run: its rows in order, and dialogues that end as the rows say."""

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

import sim
from sim.path.lookup import QueryError
from sim.results import replay, trace
from sim.smtp.units import elapsed

LAB = Path(__file__).parents[1] / "lab" / "lab.toml"
ABROAD = {"first_cause": "", "fate": "delivered", "phase": "steady"}
REFUSED_ABROAD = {"place": "hotel", "first_cause": "relaying", "fate": "delivered"}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    scenario = sim.load(LAB).with_overrides({"users.travellers.auth": 0.5})
    out = tmp_path_factory.mktemp("traced")
    return sim.run(scenario, replications=1, out=out, progress=False)


@pytest.fixture(scope="module")
def refused(results):
    return results.trace(arm="network", **REFUSED_ABROAD)


def test_every_attempt_of_the_rows_is_there_in_order(results, refused):
    rows = results.attempts
    mine = rows[
        (rows["arm"] == "network")
        & (rows["replication"] == 0)
        & (rows["message"] == refused.message)
    ].sort_values("at")
    assert [a.at for a in refused.attempts] == mine["at"].tolist()
    assert [a.code for a in refused.attempts] == mine["code"].tolist()
    assert refused.attempts[0].code == 550
    assert refused.attempts[-1].accepted == mine["accepted"].iloc[-1] >= 1


def test_a_relaying_client_is_named_by_its_server(refused):
    first, *_, last = refused.attempts
    assert first.holder == "hotel"
    assert (last.hop, last.holder) == ("relay", refused.attempts[-2].server)


def test_the_outbox_and_the_queues_fill_the_time_between_attempts(refused):
    tries = refused.attempts
    for wait in refused.queues:
        assert wait.until is None or wait.until > wait.since
        assert wait.until is None or wait.until in {t.at for t in tries}
    assert refused.queues[0].place == "outbox of the sender"
    assert refused.queues[0].since == pytest.approx(tries[0].end)
    assert refused.queues[0].until == tries[1].at


@pytest.mark.parametrize("arm", sim.load(LAB).arms)
def test_decide_on_what_the_server_knew_gives_what_was_stored(results, arm):
    rows = results.recipients
    numbers = rows[rows["arm"] == arm]["message"].drop_duplicates()
    for message in numbers.sample(min(4, len(numbers)), random_state=1):
        traced = results.trace(int(message), arm=arm)
        for attempt, session, said in zip(
            traced.attempts, traced.sessions, traced.dialogues, strict=True
        ):
            if not attempt.rule:
                assert session is None
                assert attempt.cause in trace.NO_SESSION
                continue
            assert (session.verdict.code, session.verdict.rule) == (attempt.code, attempt.rule)
            assert session.facts.client == attempt.client
            assert said.code // 100 == attempt.code // 100


def test_a_login_that_the_rows_do_not_keep_is_known(results):
    traced = results.trace(arm="AUTH", place="hotel", same_isp=False, group="travellers", **ABROAD)
    sessions = [s for s in traced.sessions if s and s.verdict.rule == "permit_sasl_authenticated"]
    assert sessions
    login = sessions[0].facts.login
    assert login == traced.sender
    assert f"a login as {login}" in sessions[0].knowledge
    assert "AUTH PLAIN" in traced.text()
    assert "Known to the server: a login as" in traced.text()


def test_the_run_again_makes_the_same_attempts(results, refused):
    """Its exchanges are those of the rows, moment by moment, and the world has the same rows."""
    world = replay._again(results.scenario.model, "network", 0, refused.message, refused.rows)
    exchanges = world.transport.exchanges
    decided = [attempt for attempt in refused.attempts if attempt.rule]
    assert [e.server for e in exchanges] == [attempt.server for attempt in decided]
    assert [e.at for e in exchanges] == pytest.approx([attempt.at for attempt in decided])


def test_the_baseline_policy_holds_before_the_policies_start(results):
    early = results.trace(arm="network", phase="warm-up", place="hotel", same_isp=False)
    assert (
        early.sessions[0].policy.relay
        != results.trace(arm="network", **REFUSED_ABROAD).sessions[0].policy.relay
    )


def test_as_dict_is_json_and_holds_everything(refused):
    told = json.loads(json.dumps(refused.as_dict(), allow_nan=False))
    assert len(told["attempts"]) == len(refused.attempts)
    assert told["attempts"][0]["client"].count(".") == 3
    assert any(line.startswith("S: 550") for line in told["attempts"][0]["dialogue"])
    assert len(told["queues"]) == len(refused.queues)


def test_it_shows_itself_in_a_terminal_and_in_a_notebook(refused):
    console = Console(width=100, record=True, file=StringIO())
    console.print(refused)
    assert "Where it waited" in console.export_text()
    html = refused._repr_html_()
    assert html.startswith('<img alt="Every attempt of one message')
    assert "Dialogue with" in html


def test_strange_text_is_escaped(refused):
    strange = replace(refused, sender="<script>@x.example")
    assert "<script>" not in strange._repr_html_()


def test_the_diagram_is_of_this_message(refused):
    title = refused.figure()._suptitle.get_text()
    assert str(refused.message) in title


def test_the_picture_counts_from_the_writing_as_the_table_does(refused):
    assert "\\x" not in str(refused)
    words = [text.get_text() for text in refused.figure().axes[0].texts]
    begin = refused.about["written_at"]
    for attempt in refused.attempts:
        assert f"+{elapsed(attempt.at - begin)}" in words, attempt


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"message": 10**8}, "message"),
        ({"colour": "red"}, "a column of recipients"),
        ({"fate": "eaten"}, "occurs together"),
        ({"place": "hotel", "fate": "eaten"}, "fate"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_not_there_is_said(results, asked, says):
    with pytest.raises(QueryError, match=says):
        results.trace(**asked)


@pytest.mark.parametrize("asked", [{"arm": "nobody"}, {"replication": 7}], ids=str)
def test_a_run_that_is_not_there_is_said(results, asked):
    with pytest.raises(ValueError, match=next(iter(asked))):
        results.trace(0, **asked)


def test_without_rows_it_says_how_to_get_them(tmp_path):
    short = sim.load(LAB).with_overrides({"run_length": "30 h"})
    counts = sim.run(
        short, arms=["open"], replications=1, keep="counts", out=tmp_path, progress=False
    )
    with pytest.raises(sim.experiment.StorageError, match="keep='rows'"):
        counts.trace(0)
