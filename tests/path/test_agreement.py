"""One answer: explain, the first simulated attempt and the analytic cell say the same.

Drawn: a policy, where somebody is, the account in use, and the settings of the mail program.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.exact.explanation import explain
from sim.experiment.expected import analytic
from sim.scenario import loads
from sim.workload.people import populate
from sim.world import simulate

TEXT = """
title = "One person, one place"
run_length = "1 day"
policy_starts = "0 s"
transient = "0 s"
[networks.core]
kind = "transit"
[networks.proseware]
kind = "isp"
domain = "proseware.com"
prefixes = ["198.51.100.0/26"]
links = {{ core = "1 ms" }}
blocks_port_25 = {blocks}
[networks.adatum]
kind = "isp"
domain = "adatum.com"
prefixes = ["198.51.100.64/26"]
links = {{ core = "1 ms" }}
[networks.phone]
kind = "work"
domain = "thephone-company.com"
prefixes = ["192.0.2.0/26"]
links = {{ core = "1 ms" }}
[networks.hotel]
kind = "venue"
prefixes = ["192.0.2.128/28"]
links = {{ core = "1 ms" }}
shared_address = true
blocks_port_25 = {blocks}
[defaults.submission]
temporary_failure = 0.0
port_587 = {offers_587}
auth_password = "{password}"
client_ranges = ["192.0.2.128/28"]
[blocklists.fixed]
ranges = ["{listed}"]
[users.person]
count = 1
messages = "30 / day"
mail_checks = "0 / day"
recipients = 1.0
accounts = {{ proseware = 1.0 }}
work = "phone"
work_account = {at_work}
places = {{ {place} = 1.0 }}
program = "{program}"
to_same_isp = {same}
auth = {auth}
port_587 = {by_587}
pop_before_sending = {pop}
wrong_separate_password = {wrong}
when_refused = {{ give_up = 1.0 }}
{sender}
[users.others]
count = 3
messages = "0 / day"
accounts = {{ proseware = 0.4, adatum = 0.6 }}
work = "phone"
work_account = 0.5
[arms.drawn]
"servers.*.relay" = "{relay}"
"servers.*-smtp.sender" = [{rule}]
"servers.*-smtp.client" = [{client}]
"""

LIKELY = st.sampled_from([0, 1])
RULES = ("", '"reject_sender_not_local"', '"reject_unknown_sender_domain"',
         '"reject_sender_login_mismatch"')  # fmt: skip
CASES = st.fixed_dictionaries({
    "blocks": st.sampled_from(["false", "true"]),
    "offers_587": st.sampled_from(["false", "true"]),
    "password": st.sampled_from(["pop", "separate"]),
    "listed": st.sampled_from(["198.51.100.0/26", "192.0.2.128/28", "203.0.113.0/24"]),
    "at_work": LIKELY,
    "place": st.sampled_from(["home", "work", "hotel"]),
    "program": st.sampled_from(["mail", "mail", "web"]),
    "same": LIKELY,
    "auth": LIKELY,
    "by_587": LIKELY,
    "pop": LIKELY,
    "wrong": LIKELY,
    "sender": st.sampled_from(
        ["", 'sender_domain = "contoso.com"', 'sender_domain = "not-there.invalid"']
    ),
    "relay": st.sampled_from(
        ["open", "closed", "on_network", "auth", "on_network+auth", "pop_first", "address_range"]
    ),
    "rule": st.sampled_from(RULES),
    "client": st.sampled_from(["", '"reject_rbl_client(fixed)"']),
})  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(CASES)
def test_three_ways_to_ask_give_one_answer(case):
    scenario = loads(TEXT.format(**case))
    own = "thephone-company.com" if case["at_work"] else "proseware.com"
    to = f"others-1@{own}" if case["same"] else "others-3@adatum.com"
    told = explain(
        scenario, "person-1", case["place"], to, "drawn",
        account="work" if case["at_work"] else "home",
        auth=bool(case["auth"]), by_587=bool(case["by_587"]), pop=bool(case["pop"]),
        wrong_password=case["password"] == "separate" and bool(case["wrong"])
        and bool(case["auth"] or case["by_587"]),
    ).hops[0]  # fmt: skip
    verdict = told.verdict
    rows = simulate(scenario, "drawn", 0).frames()["attempts"].sort_values("at")
    first = rows[rows["attempt"] == 1].iloc[0]
    table = analytic(scenario, ["drawn"])
    causes = table[(table["by"] == "cause") & (table["analytic"] > 0.0)]
    cells = causes.set_index("key")["analytic"].to_dict()
    if verdict is None:
        assert (first["code"], first["cause"]) == (0, "unreachable")
        assert cells == {"unreachable": 1.0}
        return
    assert (first["code"], first["rule"]) == (verdict.code, verdict.rule)
    assert cells == ({} if verdict.accepted else {verdict.cause: 1.0})


def test_web_mail_opens_no_window_for_its_server():
    """A case that was once drawn: the ISP's machine counted as one that had looked for mail."""
    case = {
        "blocks": "false", "offers_587": "false", "password": "pop", "listed": "203.0.113.0/24",
        "at_work": 0, "place": "hotel", "program": "web", "same": 0, "auth": 0, "by_587": 0,
        "pop": 1, "wrong": 0, "sender": "", "relay": "pop_first", "rule": "", "client": "",
    }  # fmt: skip
    rows = simulate(loads(TEXT.format(**case)), "drawn", 0).frames()["attempts"]
    assert "permit_pop_before_smtp" not in set(rows["rule"])


ALIASES = {
    "named": {"others-3@adatum.com": "others-2@proseware.com"},
    "catch-all": {"@adatum.com": "others-2@proseware.com"},
    "to several": {"@adatum.com": ["others-2@proseware.com", "others-1@adatum.com"]},
    "in the domain": {"@adatum.com": "others-1@adatum.com"},
    "to nowhere": {"@adatum.com": "others-1@contoso.com"},
    "a loop": {"@adatum.com": "others-1@thephone-company.com"},
}
BACK = {"@thephone-company.com": "others-3@adatum.com"}
PLAIN_CASE = {
    "blocks": "false", "offers_587": "false", "password": "pop", "listed": "203.0.113.0/24",
    "at_work": 0, "place": "home", "program": "mail", "same": 0, "auth": 0, "by_587": 0, "pop": 0,
    "wrong": 0, "sender": "", "relay": "on_network", "rule": "", "client": "",
}  # fmt: skip


@pytest.mark.parametrize("rewriting", [False, True], ids=["plain", "rewriting"])
@pytest.mark.parametrize("refuses", [False, True], ids=["any sender", "no own senders"])
@pytest.mark.parametrize("aliases", ALIASES.values(), ids=ALIASES)
def test_a_forwarder_is_the_same_in_all_three(aliases, refuses, rewriting):
    """proseware.com, to which mail is forwarded, may refuse its own senders from outside."""
    rules = {
        "servers.proseware-mx.sender": ["check_sender_access(own)"] * refuses,
        "servers.proseware-mx.tables": {"own": {"proseware.com": "REJECT"}},
    }
    scenario = loads(TEXT.format(**PLAIN_CASE)).with_overrides(
        {
            "servers.adatum-mx.aliases": aliases,
            "servers.adatum-mx.sender_rewriting": rewriting,
            "servers.phone-mx.aliases": BACK,
            "servers.*.temporary_failure": 0.0,
            "users.person.accounts": {"proseware": 1.0},
            "users.others.accounts": {"adatum": 0.5, "proseware": 0.5},
            "users.others.count": 4,
            "run_length": "4 days",
            **rules,
        }
    )
    rows = simulate(scenario, "drawn", 0).frames()["recipients"]
    rows = rows[(rows["class"] == "honest") & (rows["fate"] != "in_transit")]
    boxes = populate(scenario).mailboxes.addresses
    elsewhere = [number for number, box in enumerate(boxes) if "@proseware" not in box]
    outcomes = {
        number: explain(scenario, "person-1", "home", boxes[number], "drawn").outcome
        for number in elsewhere
    }
    assert set(rows["recipient"]) == set(elsewhere)
    assert list(rows["fate"]) == [outcomes[number] for number in rows["recipient"]]
    table = analytic(scenario, ["drawn"]).query("measure == 'delivery_rate' and by == 'all'")
    delivered = sum(outcome == "delivered" for outcome in outcomes.values())
    assert table["analytic"].item() == pytest.approx(delivered / len(elsewhere))


SPAM = """
[spammers.bulk]
network = "phone"
routes = ["direct"]
capacity = {{ direct = "200 / day" }}
recipients = 1
unknown = 0.0
forge = "{forge}"
sender_domain = "contoso.com"
"""
FORGED = {
    "fixed": "offer-0@contoso.com",
    "recipient": "offer-0@adatum.com",
    "customer": "offer-0@adatum.com",
}


@pytest.mark.parametrize("listed", [True, False], ids=["listed", "another listed"])
@pytest.mark.parametrize(("forge", "sender"), FORGED.items(), ids=FORGED)
def test_a_forged_sender_is_the_same_in_all_three(forge, sender, listed):
    table = {sender if listed else f"other-{sender}": "REJECT"}
    rule = {
        "servers.*-mx.sender": ["check_sender_access(forged)"],
        "servers.*-mx.tables": {"forged": table},
        "users.others.accounts": {"adatum": 1.0},
        "users.others.work_account": 0.0,
        "users.person.accounts": {"adatum": 1.0},
        "run_length": "4 days",
    }
    text = TEXT.format(**PLAIN_CASE | {"relay": "closed"}) + SPAM.format(forge=forge)
    scenario = loads(text).with_overrides(rule)
    told = explain(scenario, "bulk", None, "others-1@adatum.com", "drawn").hops[0]
    assert told.facts.reverse_path == sender
    frames = simulate(scenario, "drawn", 0).frames()
    attempts = frames["attempts"].merge(
        frames["recipients"][["message", "class"]].drop_duplicates(), on="message"
    )
    spam = attempts[attempts["class"] == "spam"]
    assert set(spam["code"]) == {told.verdict.code} == {554 if listed else 250}
    table = analytic(scenario, ["drawn"]).query("measure == 'spam_per_mailbox_day' and by == 'all'")
    assert (table["analytic"].item() == 0.0) == listed
