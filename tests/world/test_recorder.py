"""Rows as they are kept: a message, its recipients, their one fate, and attempts in order."""

import numpy as np
import pytest

from sim.records.words import Cause, MailClass, Route
from sim.workload.arrivals import RecipientGroup
from sim.world.recorder import (
    BLANK,
    DELIVERED,
    FATES,
    IN_TRANSIT,
    MESSAGE,
    REFUSED,
    RESERVE,
    EndedTwiceError,
    Recorder,
    plain_verdict,
)


@pytest.fixture
def recorder():
    """Two messages, of two recipients and one."""
    recorder = Recorder()
    for recipients in ([4, 5], [6]):
        recorder.add_message(
            MailClass.SPAM, recipients, sender=7, group=0, written_at=3.0, route=Route.DIRECT
        )
    return recorder


def fates(recorder):
    return [outcome % FATES for outcome in recorder.outcome]


def test_a_message_begins_with_all_its_recipients_in_transit(recorder):
    assert recorder.recipient.tolist() == [4, 5, 6]
    assert recorder.messages.first_row.tolist() == [0, 2]
    assert fates(recorder) == [IN_TRANSIT] * 3
    assert np.isnan(recorder.ended).all()


def test_every_column_of_a_message_has_its_own_value():
    values = {
        "mail_class": 1, "sender": 2, "group": 3, "written_at": 4.0, "first_row": 5, "route": 6,
        "attempts": 7,
    }  # fmt: skip
    messages = Recorder().messages
    numbers = [messages.add(**values) for _ in range(RESERVE + 1)]
    columns = messages.columns()
    assert numbers == list(range(RESERVE + 1))
    assert {len(column) for column in columns.values()} == {RESERVE + 1}
    assert {name: columns[name][-1] for name in MESSAGE} == values | BLANK


def test_one_verdict_of_one_server_is_one_answer(recorder):
    refusal = plain_verdict(550, "5.7.1", Cause.RELAYING)
    one, other = recorder.answer("a", refusal), recorder.answer("b", refusal)
    assert recorder.answer("a", plain_verdict(550, "5.7.1", Cause.RELAYING)) is one
    assert (one.number, other.number) == (len(recorder.answers) - 2, len(recorder.answers) - 1)
    assert one.cause == Cause.RELAYING.number


def test_a_group_ends_together_and_once(recorder):
    answer = recorder.answer("a", plain_verdict(250, "2.0.0", Cause.NONE))
    recorder.end(RecipientGroup(0, 2, 0, ""), DELIVERED, answer, 9.0)
    assert fates(recorder) == [DELIVERED, DELIVERED, IN_TRANSIT]
    assert recorder.ended.tolist()[:2] == [9.0, 9.0]
    with pytest.raises(EndedTwiceError, match=r"message 0, recipient row 1 ended twice.*delivered"):
        recorder.end(RecipientGroup(1, 2, 0, ""), REFUSED, answer, 10.0)


def test_many_groups_end_as_one_by_one(recorder):
    answer = recorder.answer("a", plain_verdict(550, "5.1.1", Cause.UNKNOWN_RECIPIENT))
    outcome = answer.number * FATES + REFUSED
    first, count, at = np.array([0, 2]), np.array([2, 1]), np.array([5.0, 6.0])
    recorder.write_outcomes(first, count, np.array([outcome, outcome]), at)
    assert fates(recorder) == [REFUSED] * 3
    assert recorder.ended.tolist() == [5.0, 5.0, 6.0]
    with pytest.raises(EndedTwiceError, match="message 1"):
        recorder.write_outcomes(first[1:], count[1:], np.array([outcome]), at[1:])


def attempt(recorder, message, server, at, answer=0):
    recorder.attempts += recorder.pack_attempt(
        message, 1, 0, at, 1, 0, server, 1, 1, answer, 0.5, 2.0, 0, 1, 0
    )


def test_attempts_are_in_order_of_time_then_of_message_and_server(recorder):
    for row in ((1, 0, 2.0), (0, 1, 2.0), (0, 0, 2.0), (1, 1, 1.0)):
        attempt(recorder, *row)
    more = {"message": lambda: [np.array([0])], "at": lambda: [np.array([0.5])]}
    columns = recorder.all_attempts(more)
    rows = zip(*(columns[name].tolist() for name in ("at", "message", "server")), strict=True)
    assert [*rows] == [(0.5, 0, 0), (1.0, 1, 1), (2.0, 0, 0), (2.0, 0, 1), (2.0, 1, 0)]


def test_seconds_of_sessions_by_phase_and_server(recorder):
    for row in ((0, 0, 1.0), (1, 0, 11.0), (1, 1, 12.0)):
        attempt(recorder, *row)
    columns = recorder.all_attempts({"message": lambda: ()})
    totals = recorder.session_totals(columns, 2, [0.0, 10.0])
    assert totals["connections"].tolist() == [[1, 0], [1, 1]]
    assert totals["busy"].tolist() == totals["busy_spam"].tolist() == [[2.0, 0.0], [2.0, 2.0]]
    assert totals["waited"].sum() == 1.5
    assert totals["relayed"].tolist() == totals["relayed_spam"].tolist() == [[1, 0], [1, 1]]


def test_where_no_connection_comes_about_none_is_counted(recorder):
    attempt(recorder, 0, 0, 1.0)
    attempt(recorder, 1, 0, 2.0, answer=recorder.no_server.number)
    columns = recorder.all_attempts({"message": lambda: ()})
    assert recorder.session_totals(columns, 1, [0.0])["connections"].tolist() == [[1]]
