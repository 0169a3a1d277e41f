"""Retry schedules against what the servers' own documents say (facts: retry.*)."""

import pytest
from small import SMALL

from sim.scenario import ScenarioError, loads
from sim.scenario.retries import SCHEDULES, listed
from sim.scenario.servers import Server

DAY = 86400.0


def ages(wait, n):
    """Ages (s) at which a message is due, if it is tried the moment it is due."""
    age = last = 0.0
    due = []
    for tries in range(n):
        last = wait(tries, age, last)
        age += last
        due.append(age)
    return due


DUE = {
    # minutes after arrival
    "postfix": [5, 10, 20, 40, 80, 80 + 4000 / 60],  # the wait is the age, 300 to 4000 s
    "exim": [15, 30, 45, 60, 75, 90, 105, 120, 135, 195, 285],  # then 1 h, 1.5 h, ...
    "qmail": [400 * n**2 / 60 for n in range(1, 20)],
}


@pytest.mark.parametrize(("name", "minutes"), DUE.items(), ids=DUE)
def test_when_a_deferred_message_is_due(name, minutes):
    assert ages(SCHEDULES[name].wait, len(minutes)) == pytest.approx([60.0 * m for m in minutes])


def test_exim_turns_to_every_six_hours_after_sixteen():
    assert SCHEDULES["exim"].wait(20, 17 * 3600.0, 9 * 3600.0) == 6 * 3600.0


def test_the_last_of_stated_waits_repeats():
    assert ages(listed((60.0, 120.0)), 4) == [60.0, 180.0, 300.0, 420.0]


CHOICES = {
    # keys: schedule, lifetime in days
    "nothing said": ({}, "postfix", 5),
    "of a flavour": ({"flavour": "qmail"}, "qmail", 7),
    "of a flavour without a schedule": ({"flavour": "courier"}, "postfix", 5),
    "by name": ({"flavour": "qmail", "retry": "exim"}, "exim", 4),
    "lifetime": ({"retry": "exim", "queue_lifetime": "1 day"}, "exim", 1),
    "own waits": ({"retry": ["1 min", "2 min"]}, (60.0, 120.0), 5),
}


@pytest.mark.parametrize(("keys", "schedule", "days"), CHOICES.values(), ids=CHOICES)
def test_schedule_and_lifetime_of_a_server(keys, schedule, days):
    keys = {"role": "mx", "network": "a", "address": "192.0.2.1", **keys}
    server = Server.model_validate(keys)
    assert (server.schedule, server.lifetime) == (schedule, days * DAY)


def test_a_list_is_written_as_json_without_a_warning():
    lists = {"retry": ["1 min", "2 min"], "relay": ["reject_unauth_destination"]}
    keys = {"role": "mx", "network": "a", "address": "192.0.2.1", **lists}
    written = Server.model_validate(keys).model_dump(mode="json")  # a warning would be an error
    assert written["retry"] == [60.0, 120.0]
    assert written["relay"] == ["reject_unauth_destination"]


NEVER_ENDING = {
    "a queue that is looked into all the time": (
        {"servers.proseware-mx.retry": "sendmail", "servers.proseware-mx.queue_run": "0 s"},
        "queue_run: 0 s: expected at least 1 s",
    ),
    "a thousand times a second": (
        {"servers.proseware-mx.queue_run": "1 ms"},
        "queue_run: 0.001 s: expected at least 1 s",
    ),
    "a mail program that polls all the time": (
        {"users.travellers.pop_poll": "0 s"},
        "pop_poll: 0 s: expected at least 1 s",
    ),
}


@pytest.mark.parametrize(("changes", "told"), NEVER_ENDING.values(), ids=NEVER_ENDING)
def test_time_passes_between_attempts(changes, told):
    with pytest.raises(ScenarioError) as error:
        loads(SMALL).with_overrides(changes)
    assert told in str(error.value)
