"""Words of results: every table that needs a row for each of them has it, or nothing starts."""

import pickle

import pytest

from sim.figures import palette
from sim.records import words
from sim.records.words import SPAM_ROUTES, Cause, Fate, Phase, Reaction, Route, Word, complete
from sim.scenario.people import WhenRefused
from sim.smtp.replies import SITUATIONS
from sim.world.remedies import REMEDIES
from sim.world.spam_routes import ROUTES

ENUMS = [kind for kind in vars(words).values() if isinstance(kind, type) and issubclass(kind, Word)]


@pytest.mark.parametrize("kind", [kind for kind in ENUMS if kind is not Word])
def test_each_word_has_a_meaning_and_the_number_of_its_place(kind):
    assert [word.number for word in kind] == list(range(len(kind)))
    assert all(word.meaning for word in kind)
    assert kind.texts() == list(kind)


def test_a_word_is_its_text_wherever_it_is_shown():
    assert f"{Phase.WARM_UP} {Phase.WARM_UP!r}" == "warm-up 'warm-up'"
    assert {"dsn": 1}[Route.DSN] == 1
    assert pickle.loads(pickle.dumps(Route.DSN)) is Route.DSN


def test_a_table_that_lacks_a_word_or_has_another_is_a_fault():
    with pytest.raises(LookupError, match="looks has no row for expired, in_transit"):
        complete({*Fate} - {Fate.EXPIRED, Fate.IN_TRANSIT}, Fate, "looks")
    with pytest.raises(LookupError, match="looks has a row for lost, which is no word"):
        complete({*Fate, "lost"}, Fate, "looks")


def test_a_word_without_a_look_has_one_that_no_other_has():
    table = palette._table([*Route, "pigeon", "bottle"], palette.ROUTE)
    assert len({table["pigeon"], table["bottle"], *palette.ROUTE.values()}) == len(Route) + 2


def test_tables_of_the_rooms_have_the_words():
    assert set(ROUTES) == set(SPAM_ROUTES)
    assert {*REMEDIES, Reaction.GIVE_UP} == set(Reaction) == set(WhenRefused.model_fields)
    assert {situation.cause for situation in SITUATIONS.values()} <= set(Cause)
