"""Networks that block outbound port 25, and the port that they leave open."""

import pytest
from small_post import DAY, SCENARIO, Post

from sim.scenario import loads
from sim.scenario.policies import on_submission_port
from sim.smtp import Facts, decide

BLOCKED = {"networks.hotel.blocks_port_25": True}
CLOSED = {"servers.proseware-smtp.relay": "on_network"}
OFFERED = {"servers.proseware-smtp.port_587": True}
SET = {"users.people.port_587": 1.0}
ALL = BLOCKED | CLOSED | OFFERED | SET


# ---- what the port asks for


def on_587(scenario):
    server = "proseware-smtp"
    return on_submission_port(scenario.policy(server), scenario.servers[server])


@pytest.mark.parametrize(
    ("login", "verdict"),
    [
        ("people-1@proseware.com", (250, "permit_sasl_authenticated")),
        (None, (530, "reject_unauthenticated")),
    ],
)
def test_whoever_logs_in_may_relay_and_nobody_else_may_do_anything(login, verdict):
    policy = on_587(loads(SCENARIO).with_overrides(CLOSED))
    for to in ("bob@adatum.com", "people-2@proseware.com"):
        said = decide(policy, Facts(1, "people-1@proseware.com", to, login=login))
        assert (said.code, said.rule) == verdict


def test_blocklists_are_not_asked_there_and_limits_are():
    client = ["reject_rbl_client(trap-list)", "limit_client_rate(5 / hour)"]
    settings = {"servers.proseware-smtp.client": client}
    told = f"{SCENARIO}[blocklists.trap-list]\n"
    policy = on_587(loads(told).with_overrides(settings))
    assert [r.name for r in policy.client] == [
        "reject_unauthenticated", "limit_client_rate",
    ]  # fmt: skip


# ---- in the world


def test_a_blocked_guest_sends_by_587():
    post = Post(ALL).write(100.0, place="hotel").run()
    assert [(s, c) for _, s, c in post.log()] == [("proseware-smtp", 250), ("adatum-mx", 250)]
    assert post.frames["attempts"]["rule"].tolist()[0] == "permit_sasl_authenticated"


@pytest.mark.parametrize(
    ("left_out", "cause"),
    [(OFFERED, "unreachable"), (SET, "unreachable"), (BLOCKED, "")],
    ids=["the server has no such port", "the program is not set", "nothing is blocked"],
)
def test_what_it_takes(left_out, cause):
    keys = {key: value for key, value in ALL.items() if key not in left_out}
    post = Post(keys).write(100.0, place="hotel").run()
    assert post.fates()[0][1] == cause


def test_on_port_25_the_policy_is_what_it_was():
    """Without AUTH on port 25 a guest who does not use 587 is refused there."""
    keys = {key: value for key, value in ALL.items() if key not in (*SET, *BLOCKED)}
    post = Post(keys).write(100.0, place="hotel").run()
    assert post.fates() == [("refused", "relaying", False)]


def test_the_help_desk_knows_the_port():
    """Blocked for a day, then asks; the advice is followed a day later, and remembered."""
    keys = {key: value for key, value in ALL.items() if key not in SET}
    keys["users.people.when_refused"] = {"ask_isp": 1.0}
    post = Post(keys).write(100.0, place="hotel").write(3 * DAY, place="hotel").run()
    codes = [code for _, _, code in post.log("submission")]
    assert codes == [0] * (len(codes) - 2) + [250, 250]
    moments = post.moments("submission")
    assert moments[-2] == pytest.approx(moments[-3] + DAY, abs=700)
    assert len(codes) == pytest.approx(144 + 1 + 2, abs=2)  # every 10 min for a day
    r = post.frames["recipients"]
    assert r["remedy"].tolist() == ["auth", ""]
    assert post.fates()[1] == ("delivered", "", True)


def test_who_is_refused_on_25_hears_of_587_too():
    keys = CLOSED | OFFERED | {"users.people.when_refused": {"ask_isp": 1.0}}
    post = Post(keys).write(100.0, place="hotel").run()
    assert [code for _, _, code in post.log("submission")] == [550, 250]


# ---- networks that block outbound port 25


def test_a_blocked_network_lets_its_customers_reach_its_own_servers():
    keys = {"networks.proseware.blocks_port_25": True}
    post = Post(keys).write(100.0).run()  # from home, on proseware
    assert post.fates() == [("delivered", "", True)]  # and its server may go out


@pytest.mark.parametrize("through", ["adatum-mx", "proseware-smtp"])
def test_spam_from_a_blocked_network_reaches_no_server_elsewhere(through):
    post = Post(BLOCKED).send_spam(100.0, 1, through=through).run()
    assert post.fates("spam") == [("gave_up", "unreachable", True)]
    assert post.log() == [(100.04 if through == "proseware-smtp" else 100.05, through, 0)]


def test_patience_ends_in_what_refused_users_do():
    keys = BLOCKED | {"users.people.patience": "1 h", "users.people.when_refused": {"dial_in": 1.0}}
    post = Post(keys).write(100.0, place="hotel").run()
    codes = [code for _, _, code in post.log("submission")]
    assert codes == [0] * 7 + [250]  # every 10 min for an hour, then by telephone
    assert post.frames["recipients"]["remedy"].tolist() == ["dial_in"]
