"""From numbers to tables: names and words in, what came after the end out."""

import numpy as np
import pytest

from sim.records.rows import TABLES
from sim.records.words import Cause, Change, MailClass, Reason, Route
from sim.workload.arrivals import RecipientGroup
from sim.world.recorder import DELIVERED, REFUSED, CalendarRow, Recorder, plain_verdict
from sim.world.tables import Outline, to_tables

END = 100.0
OK, NO = plain_verdict(250, "2.1.5", Cause.NONE), plain_verdict(550, "5.7.1", Cause.RELAYING)
OUTLINE = Outline(
    arm="closed", replication=3, servers=["mx1", "mx2"], domains=["proseware.com", "adatum.com"],
    domain_of=[0, 1, 1], processed=np.array([[True, False], [False, True], [False, False]]),
    phase_starts=(10.0, 50.0), run_length=END, workload=(0, 0), events=5,
)  # fmt: skip


def written(*moments):
    """A recorder with a spam message of one recipient, mailbox 1, at each of these moments."""
    recorder = Recorder()
    for at in moments:
        recorder.add_message(
            MailClass.SPAM,
            [1],
            sender=0,
            group=recorder.groups["bulk"],
            written_at=at,
            route=Route.DIRECT,
        )
    return recorder


def tables(recorder, pending=()):
    rows = np.zeros(len(recorder.recipient), dtype=bool)
    rows[list(pending)] = True
    return to_tables(recorder, recorder.all_attempts({"message": lambda: ()}), [], rows, OUTLINE)


def end(recorder, row, fate, verdict, at, server="mx2"):
    group = RecipientGroup(row, row + 1, 1, "")
    recorder.end(group, fate, recorder.answer(server, verdict), at)


def test_numbers_become_names():
    recorder = written(5.0, 20.0)
    end(recorder, 0, DELIVERED, OK, 7.0)
    end(recorder, 1, REFUSED, NO, 21.0)
    rows = tables(recorder).frames()["recipients"]
    assert list(rows.columns) == list(TABLES["recipients"])
    assert rows[["arm", "replication"]].drop_duplicates().to_numpy().tolist() == [["closed", 3]]
    assert rows["fate"].tolist() == ["delivered", "refused"]
    assert rows["cause"].tolist() == ["", "relaying"]
    assert rows["server"].tolist() == ["mx2"] * 2
    assert rows["domain"].tolist() == ["adatum.com"] * 2
    assert rows["group"].tolist() == ["bulk"] * 2


def test_the_phase_is_that_in_which_a_message_was_written():
    rows = tables(written(9.9, 10.0, 49.9, 50.0), pending=range(4)).frames()["recipients"]
    assert rows["phase"].tolist() == ["warm-up", "transient", "transient", "steady"]


def test_what_ends_after_the_run_is_in_transit_and_what_is_written_then_is_left_out():
    recorder = written(5.0, 101.0)
    end(recorder, 0, DELIVERED, OK, 100.5)
    run = tables(recorder)
    rows = run.frames()["recipients"]
    assert rows["fate"].tolist() == ["in_transit"]
    assert np.isnan(rows["ended_at"]).all()
    assert run.intended["spam"] == (1, 1)


def test_a_recipient_in_transit_that_no_event_has_is_lost():
    recorder = written(5.0, 6.0, 7.0)
    end(recorder, 0, DELIVERED, OK, 8.0)
    assert tables(recorder, pending=[1]).lost.tolist() == [2]


def test_a_mailbox_that_does_not_exist_has_its_domain():
    recorder = Recorder()
    nobody = recorder.groups[""]
    recorder.add_message(
        MailClass.SPAM, [-1], sender=0, group=nobody, written_at=1.0, route=Route.DIRECT
    )
    rows = tables(recorder, pending=[0]).frames()["recipients"]
    assert rows[["recipient", "domain"]].to_numpy().tolist() == [[-1, "proseware.com"]]


def test_an_attempt_has_what_its_answer_says():
    recorder = written(5.0)
    answer = recorder.answer("mx2", NO)
    recorder.attempts += recorder.pack_attempt(
        0, 2, 1, 6.0, 0xC0000201, 0, 1, 1, 0, answer.number, 0.5, 1.5, 0, 0, 0
    )
    (row,) = tables(recorder, pending=[0]).frames()["attempts"].to_dict("records")
    expected = {
        "message": 0, "attempt": 2, "hop": "relay", "at": 6.0, "server": "mx2", "code": 550,
        "enhanced": "5.7.1", "cause": "relaying", "accepted": 0, "waited": 0.5, "took": 1.5,
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected


def test_changes_of_the_world_have_words():
    recorder = written()
    change = CalendarRow(4.0, Change.CLOSED, "owner", Reason.DATE, server="mx1")
    recorder.calendar.append(change)
    calendar = tables(recorder).frames()["calendar"]
    assert calendar[["at", "change", "name", "reason", "server"]].to_numpy().tolist() == [
        [4.0, "closed", "owner", "date", "mx1"]
    ]


@pytest.mark.parametrize("name", TABLES)
def test_an_empty_run_has_tables_with_every_column(name):
    frame = tables(Recorder()).frames()[name]
    assert list(frame.columns) == list(TABLES[name])
    assert frame.empty
