"""The books balance, or the run stops and shows the message."""

import re

import pytest
from synthetic_frames import frames

from sim.measure.conservation import ConservationError, check

GOOD = [{"message": 0}, {"message": 0, "recipient": 2}, {"message": 1, "class": "spam"}]
INTENDED = {"honest": (1, 2), "spam": (1, 1), "notice": (0, 0)}
NAN = float("nan")


def test_a_balanced_run_passes():
    check(frames(GOOD), INTENDED)


def test_an_empty_run_passes():
    check(frames([], []), {"honest": (0, 0)})


WRONG = {
    "a recipient without a row": (GOOD[:1] + GOOD[2:], INTENDED, "honest: 2 recipients .* are 1"),
    "a row that nobody intended": ([*GOOD, GOOD[2]], INTENDED, "spam: 1 recipients .* are 2"),
    "two messages under one number": (GOOD, INTENDED | {"honest": (2, 2)}, "2 messages .* 1 have"),
    "a notice from nowhere": (
        [*GOOD, {"message": 2, "class": "notice"}],
        INTENDED,
        "notice: 0 recipients",
    ),
    "delivered at no moment": ([{**GOOD[0], "ended_at": NAN}, *GOOD[1:]], INTENDED, "its moment"),
    "in transit, and over": (
        [{**GOOD[0], "fate": "in_transit"}, *GOOD[1:]],
        INTENDED,
        "without its fate",
    ),
    "over before it began": ([{**GOOD[0], "ended_at": 99.0}, *GOOD[1:]], INTENDED, "before it was"),
    "a fate that there is not": ([{**GOOD[0], "fate": None}, *GOOD[1:]], INTENDED, "known fate"),
}


@pytest.mark.parametrize(("rows", "intended", "message"), WRONG.values(), ids=WRONG)
def test_a_violation_stops_the_run(rows, intended, message):
    with pytest.raises(ConservationError, match=message):
        check(frames(rows), intended)


def test_the_plan_is_a_second_witness():
    check(frames(GOOD), INTENDED, (1, 2))
    with pytest.raises(ConservationError, match=r"by the plan: 3 recipients .* are 2"):
        check(frames(GOOD), INTENDED, (1, 3))


def test_the_history_of_the_message_is_told():
    tried = [{"message": 0, "server": "proseware-smtp"}, {"message": 1, "server": "adatum-smtp"}]
    rows = [{**GOOD[0], "ended_at": 99.0}, *GOOD[1:]]
    with pytest.raises(ConservationError) as raised:
        check(frames(rows, tried), INTENDED)
    told = str(raised.value)
    assert told.startswith("arm 'open', replication 0: ended before")
    assert re.search(r"message 0, its fates:.*delivered", told, re.DOTALL)
    assert "proseware-smtp" in told
    assert "adatum-smtp" not in told
