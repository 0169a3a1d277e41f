"""Looks for mail before sending are found by window, and by person, while their messages stand."""

import numpy as np

from sim.world.batch.polls import Polls

HERE, THERE = 7, 8


def test_the_last_login_of_anybody_and_of_one():
    gone = bytearray(4)
    columns = {
        "network": [0, 0, 0, 1],
        "client": [HERE, HERE, HERE, HERE],
        "person": [0, 1, 0, 1],
        "at": [10.0, 20.0, 30.0, 40.0],
        "messages": [0, 1, 2, 3],
    }
    arrays = {name: np.array(values) for name, values in columns.items()}
    polls = Polls({"proseware": 0, "adatum": 1}, **arrays, gone=gone)
    assert [polls.last("proseware", HERE, now) for now in (9.0, 10.0, 25.0)] == [None, 10.0, 20.0]
    assert polls.last("proseware", HERE, 25.0, person=0) == 10.0
    assert polls.last("adatum", HERE, 50.0) == 40.0
    assert polls.last("adatum", THERE, 50.0) is None
    assert polls.last("adatum", HERE, 50.0, person=9) is None
    gone[2] = 1  # that message is an event now, and so is its login
    assert polls.last("proseware", HERE, 50.0) == 20.0
    assert polls.last("proseware", HERE, 50.0, person=0) == 10.0
