"""What one server answers, to whom, and what a change of its policy changes."""

import pytest
from small_post import SCENARIO

from sim.path.facts import NO_LOGIN, Credentials
from sim.scenario import loads
from sim.world.recorder import Recorder
from sim.world.server import OWN, Server, offers, personal

HOME, STRANGER = 0xC6336405, 0xC0000285  # 198.51.100.5 of proseware, 192.0.2.133 of the hotel
BOB, AMY = "bob@adatum.com", "amy@proseware.com"
LOGIN = Credentials(AMY)


def server_with(relay, pop_login=None, **keys):
    scenario = loads(SCENARIO).with_overrides(
        {"servers.proseware-smtp.relay": relay}
        | {f"servers.proseware-smtp.{key}": value for key, value in keys.items()}
    )
    name = "proseware-smtp"
    return Server(
        name, 0, scenario.servers[name], scenario.policy(name), Recorder(),
        lambda network, client, now: pop_login,
    )  # fmt: skip


def code(server, client, to, now=0.0, credentials=NO_LOGIN):
    return server.answers_to(client, credentials, now, False, 1.0)[AMY][to].verdict.code


ANSWERS = {
    # what happens                       relay                  client    credentials  to   code
    "open trust": ("open", STRANGER, NO_LOGIN, BOB, 250),
    "its own network": ("on_network", HOME, NO_LOGIN, BOB, 250),
    "a stranger": ("on_network", STRANGER, NO_LOGIN, BOB, 550),
    "a stranger to its own domain": ("on_network", STRANGER, NO_LOGIN, AMY, 250),
    "a stranger with a login": ("on_network+auth", STRANGER, LOGIN, BOB, 250),
    "a login that fails": ("on_network+auth", STRANGER, Credentials(AMY, True), BOB, 535),
}


@pytest.mark.parametrize(
    ("relay", "client", "credentials", "to", "expected"), ANSWERS.values(), ids=ANSWERS
)
def test_answers(relay, client, credentials, to, expected):
    assert code(server_with(relay), client, to, credentials=credentials) == expected


def test_a_pop_login_opens_relaying_for_the_window():
    server = server_with("on_network+pop_first", pop_login=100.0, pop_window="10 min")
    moments = (100.0, 699.0, 701.0)
    assert [code(server, STRANGER, BOB, now) for now in moments] == [250, 250, 550]


def test_another_policy_answers_from_then_on():
    open_one, closed = server_with("open"), server_with("on_network")
    before = code(open_one, STRANGER, BOB)
    open_one.enforce(closed.policy)
    assert (before, code(open_one, STRANGER, BOB)) == (250, 550)


def test_an_answer_that_was_given_before_has_the_same_number():
    server = server_with("on_network")
    first, again = (
        server.answers_to(client, NO_LOGIN, 0.0, False, 1.0)[AMY][BOB]
        for client in (STRANGER, STRANGER + 1)
    )
    assert first is again is server.recorder.answers[first.number]


def test_the_help_desk_offers_what_the_policy_has():
    policies = [server_with(r).policy for r in ("on_network", "on_network+auth")]
    pop = server_with("on_network+pop_first").policy
    assert [*map(offers, (*policies, pop))] == ["", "auth", "pop_first"]


def test_only_a_list_of_people_makes_ranges_personal():
    ranges = ["203.0.113.0/28"]
    policy = server_with("on_network+address_range+auth", client_ranges=ranges).policy
    assert set(personal(policy, listing=False).values()) == {"login"}
    assert set(personal(policy, listing=True).values()) == {"login", "listing"}


def test_a_test_of_relaying_leaves_no_session():
    server = server_with("open")
    assert server.relays_for(STRANGER, AMY, BOB, 0.0)
    assert not server.relays_for(STRANGER, AMY, AMY, 0.0)  # taken, but not relayed
    assert server.sessions.free == [0.0]


def test_answers_that_no_policy_gives_are_made_at_the_start():
    server = server_with("open")
    codes = {name: answer.verdict.code for name, answer in server.own.items()}
    assert codes == {name: code for name, (code, *_) in OWN.items()}
    assert {n for n, a in server.own.items() if a.verdict.permanent} == {
        name for name, (code, *_) in OWN.items() if code >= 500
    }
