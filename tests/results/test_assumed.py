"""Which keys a conclusion rests on without a source, and when arms change them."""

import sim
from sim.results.assumed import declared, defaults
from sim.results.contrasts import contrasts, dated, in_words

UNIVERSITY = sim.load("university").model
SIX = sim.load("six-cases").model


def test_what_is_declared_unknown_is_not_among_the_defaults():
    assert declared(UNIVERSITY) == ("spammers.*.adaptive", "users.*.learning")
    assert not {*declared(UNIVERSITY)} & {*defaults(UNIVERSITY)}
    assert declared(SIX) == ()


def test_chosen_defaults_are_listed_and_neither_facts_nor_what_nothing_reads():
    listed = {*defaults(UNIVERSITY)}
    assert {"users.*.patience", "servers.*.sessions", "weekend_activity"} <= listed
    assert "users.*.delays.ask_isp" in listed
    assert "users.*.messages" not in listed  # mail.consumer.sent_per_day
    assert "users.*.wrong_separate_password" not in listed  # no server has a password of its own
    assert "networks.*.lease_lengths" not in listed  # no network leases addresses
    assert "networks.*.lease_lengths" in defaults(SIX)
    assert "replications" not in listed


def test_stored_results_list_the_same():
    again = sim.loads(UNIVERSITY.resolved()).model
    assert defaults(again) == defaults(UNIVERSITY)


def test_each_change_says_from_when_on_it_holds():
    (text,) = in_words(UNIVERSITY, ["roll-out of 587"])
    assert "port_587 = true from the beginning; users.*.port_587 = 0.7 from day 7" in text
    assert 'trusted_networks = ["uni"] from day 14' in text
    (policy,) = in_words(UNIVERSITY, ["campuses only"])
    assert policy.endswith("from policy_starts.")
    assert [*in_words(UNIVERSITY, ["today"])] == ["'today': as the scenario has it."]


def test_an_arm_that_changes_again_is_named_with_its_days():
    assert [*dated(UNIVERSITY, [*UNIVERSITY.arms])] == [
        "'roll-out of 587' changes again on days 7 and 14."
    ]


def test_a_key_that_changes_twice_has_two_rows():
    table = contrasts(UNIVERSITY, [*UNIVERSITY.arms]).set_index(["key", "from"])
    column = table["roll-out of 587"].xs("users.*.port_587", level="key")
    assert dict(column) == {"day 7": "0.7", "day 14": "0.9"}
