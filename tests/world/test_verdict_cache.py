"""One cache for all that a policy has answered: what it keeps apart, and what it forgets."""

import re
from ipaddress import IPv4Network

import pytest

from sim.path.facts import NO_LOGIN, Credentials
from sim.smtp import Policy, presets
from sim.smtp.clients import Range
from sim.smtp.restrictions import parse
from sim.smtp.tables import Pattern
from sim.topology.names import Names, Naming
from sim.world.recorder import Recorder
from sim.world.verdict_cache import VerdictCache

HOME, AWAY, FAR = 0xC6336401, 0xC0000201, 0xCB007101
SENDER, TO = "a@proseware.com", "b@adatum.com"


class Asked:
    """A cache that counts how often the policy itself was asked."""

    def __init__(self, relay="on_network", listed=lambda _: (), names=None, **settings):
        self.count, self.recorder = 0, Recorder()
        policy = Policy(
            hostname="mail.proseware.com",
            domains=frozenset({"proseware.com"}),
            networks=settings.pop("networks", ()),
            relay=presets.relay(relay),
            **settings,
        )
        self.cache = VerdictCache(policy, policy, listed, self.record, names)

    def record(self, verdict):
        self.count += 1
        return self.recorder.answer("s", verdict)

    def answer(self, client=AWAY, credentials=NO_LOGIN, sender=SENDER, to=TO):
        client_class = self.cache.client_class(client, credentials)
        return self.cache.answers(client_class)[sender][to]


def test_what_the_policy_cannot_tell_apart_is_asked_once():
    asked = Asked()
    answers = {
        asked.answer(),
        asked.answer(client=FAR),
        asked.answer(to="c@contoso.com"),
        asked.answer(sender="d@thephone-company.com", to="c@contoso.com"),
    }
    assert len(answers) == 1
    # the own domain of the sender is known to the policy, other domains are strangers
    assert asked.count == 2


def test_one_verdict_is_one_answer_of_a_server():
    asked = Asked()
    first, second = asked.answer(), asked.answer(sender="x@far.example")
    assert first is second
    assert first.verdict.cause == "relaying"
    assert first in asked.recorder.answers


@pytest.mark.parametrize("change", [{"to": "b@proseware.com"}, {"sender": None}], ids=str)
def test_what_it_can_tell_apart_is_asked_anew(change):
    asked = Asked()
    asked.answer()
    asked.answer(**change)
    assert asked.count == 2


def test_a_pattern_tells_addresses_of_one_range_apart():
    patterns = Pattern(((((re.compile(r"^192\.0\.2\.1$"), True),), "REJECT"),))
    asked = Asked(
        "on_network",
        client=(parse("check_client_access(regexp:odd)"),),
        tables={"regexp:odd": patterns},
    )
    causes = {asked.answer(client=AWAY + more).verdict.rule for more in (0, 1)}
    assert causes == {"check_client_access", "reject_unauth_destination"}


def test_what_a_client_is_called_makes_another_class():
    near, far = Range(AWAY, AWAY), Range(FAR, FAR)
    names = Names(
        {}, namings=[Naming(near, "near.example", "matching"), Naming(far, "far.example", "none")]
    )
    refusal = parse("reject_unknown_client_hostname")
    asked = Asked("on_network", client=(refusal,), names=names)
    rules = [asked.answer(client=client).verdict.rule for client in (AWAY, FAR)]
    assert rules == ["reject_unauth_destination", "reject_unknown_client_hostname"]


def test_what_a_client_says_in_helo_makes_another_class():
    asked = Asked("on_network", helo=(parse("reject_non_fqdn_helo_hostname"),))
    said = [Credentials(helo=helo) for helo in ("mail.contoso.com", "pc")]
    rules = [asked.answer(credentials=credentials).verdict.rule for credentials in said]
    assert rules == ["reject_unauth_destination", "reject_non_fqdn_helo_hostname"]


def test_a_login_makes_another_class():
    asked = Asked("on_network+auth")
    stranger, known = asked.answer(), asked.answer(credentials=Credentials("a@proseware.com"))
    assert (stranger.verdict.accepted, known.verdict.accepted) == (False, True)


def test_states_of_one_kind_share_an_answer():
    asked = Asked("on_network+pop_first")
    state = asked.cache.state
    answers = []
    for state.pop_age in (None, 60.0, 90.0, 86400.0):
        answers.append(asked.answer().verdict.accepted)
    assert answers == [False, True, True, False]
    assert asked.count == 2


def test_a_certain_answer_is_one_that_no_clock_changes():
    asked = Asked("on_network+pop_first", networks=(IPv4Network("198.51.100.0/24"),))
    away, home = (asked.cache.client_class(client, NO_LOGIN) for client in (AWAY, HOME))
    never, now, too_late = asked.cache.possible_answers(away, 0.5, SENDER, TO)
    assert [a.verdict.accepted for a in (never, now, too_late)] == [False, True, False]
    (certain,) = asked.cache.possible_answers(home, 0.5, SENDER, TO)
    assert certain.verdict.rule == "permit_mynetworks"


def test_a_listing_that_changed_is_looked_up_again():
    lists = {AWAY: ("l",)}
    reject = presets.relay("open")
    asked = Asked("open", listed=lambda address: lists.get(address, ()))
    assert not asked.cache.reads_lists
    policy = Policy("mail.proseware.com", client=(parse("reject_rbl_client(l)"),), relay=reject)
    cache = VerdictCache(policy, policy, lambda a: lists.get(a, ()), asked.record)
    before = cache.client_class(AWAY, NO_LOGIN)
    assert before.listed == ("l",)
    lists.clear()
    assert cache.client_class(AWAY, NO_LOGIN) is before
    cache.forget_listings([AWAY])
    assert cache.client_class(AWAY, NO_LOGIN).listed == ()
