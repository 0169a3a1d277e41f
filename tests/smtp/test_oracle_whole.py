"""The cases of the oracle that were kept apart: in total, the servers' answers come out too."""

import random
from collections import Counter

import oracle_data
import oracle_replay
import oracle_whole
import plain_reading
import pytest
from oracle_whole import MAIN, MTAS

HANDED_OVER = {
    (v.case["mta"], v.case["policy"], v.case["client_ip"], *map(v.case["session"].get, names))
    for names in [("sender", "rcpt", "auth", "pop")]
    for v in oracle_data.vectors()
}
ANSWERS = {
    (name, index, mta): (group, session, oracle_replay.verdict(policy, case), case)
    for name, (_, servers) in oracle_whole.POLICIES.items()
    for policy in [oracle_whole.policy(name)]
    for index, (group, session) in enumerate(oracle_whole.sessions(name))
    for mta in servers
    for case in [oracle_whole.case(mta, name, session)]
}


def test_all_cases_are_there():
    sessions = {name: len(list(oracle_whole.sessions(name))) for name in oracle_whole.POLICIES}
    assert sessions == {name: count for name, (count, _) in oracle_whole.POLICIES.items()}
    assert len(ANSWERS) == 13959 == sum(sum(v) for v in oracle_whole.VERDICTS.values())
    made = {
        (mta, name, oracle_whole.PLACES[session[0]], *session[1:])
        for (name, _, mta), (_, session, _, _) in ANSWERS.items()
    }
    assert made > HANDED_OVER
    assert len(HANDED_OVER) > 8000


@pytest.mark.parametrize("mta", MTAS)
def test_verdicts_of_all_cases_in_total(mta):
    counts = Counter(kind for (_, _, server), (_, _, kind, _) in ANSWERS.items() if server == mta)
    assert tuple(counts[k] for k in oracle_whole.KINDS) == oracle_whole.VERDICTS[mta]
    assert counts.keys() <= set(oracle_whole.KINDS)


def test_where_the_servers_differ_in_total():
    pairs = {}
    for (name, index, mta), (group, _, kind, _) in ANSWERS.items():
        pairs.setdefault((name, index, group), {})[mta] = kind
    four = [p for p, of in pairs.items() if len({of[mta] for mta in MAIN}) > 1]
    assert {
        "all": len(pairs),
        "unanimous": sum(len(set(of.values())) == 1 for of in pairs.values()),
        "the four differ": len(four),
        "and not in a probe": sum(group != "probe" for _, _, group in four),
    } == oracle_whole.PAIRS


@pytest.mark.parametrize("mta", MTAS)
def test_a_plain_reading_in_total(mta):
    same = Counter(
        kind == plain_reading.verdict(oracle_whole.policy(name), case)
        for (name, _, server), (group, _, kind, case) in ANSWERS.items()
        if server == mta and group != "probe"
    )
    assert (same[True], same[False]) == oracle_whole.AS_PLAIN[mta]


# ---- policies that nobody has tried

POLICY_KEYS = {
    "trusted_networks": ([], ["198.51.100.0/25"], ["203.0.113.0/25"]),
    "allowed_clients": ([], ["203.0.113.140/32"], ["192.0.2.0/26"]),
    "relay_domains": ([], ["backup.example"], ["work.example"]),
    "auth": tuple(
        {"offered": offered, "grants_relay": grants, "required_for_mail": required}
        for offered, grants, required in [(0, 0, 0), (1, 0, 0), (1, 1, 0), (1, 1, 1)]
    ),
    "pop_before_smtp": (None, {"window_s": 60}, {"window_s": 1800}),
    "relay_requires": ("any", "all", "auth"),
    "relay_by_sender_domain": (False, False, True),
    "sender_policy": ("none", *oracle_replay.SENDER_RULES),
    "open_relay": (False, False, True),
    "reject_unknown_local_recipient": (False, True),
}
SENDERS_ALIKE = (
    *("bob@isp.example", "ghost@isp.example", "ALICE@ISP.EXAMPLE", "alice@work.example"),
    *("a@spam.example", ""),
)
SESSION_PARTS = (
    ("on_net", "on_net_first", "off_net_next", "hotel", "work_lan", "spammer"),
    (oracle_whole.OWN, *SENDERS_ALIKE),
    (oracle_whole.LOCAL, oracle_whole.UNKNOWN, oracle_whole.FOREIGN, oracle_whole.BACKUP),
    ("none", "none", *oracle_whole.LOGINS),
    ("none", "none", "fresh", "last_second", "expired", "other_address"),
)


def drawn(*servers):
    """Policies and sessions of any kind, combined as nobody has; steady from run to run."""
    draw = random.Random(len(servers)).choice
    for _ in range(6000):
        policy = {key: draw(values) for key, values in POLICY_KEYS.items()}
        stated = {**oracle_data.stored()["policies"]["defaults"], **policy}
        session = tuple(draw(part) for part in SESSION_PARTS)
        yield stated, oracle_whole.case(draw(servers), "drawn", session)


def test_any_policy_means_what_it_says():
    for policy, case in drawn("neutral", "postfix", "sendmail"):  # which differ in odd forms only
        kind = oracle_replay.verdict(policy, case)
        asked = policy
        if case["mta"] == "postfix" and not policy["auth"]["offered"]:
            asked = policy | {"sender_policy": sender_policy_without_logins(policy)}
        assert kind == plain_reading.verdict(asked, case), (policy, case)


def sender_policy_without_logins(policy):
    """Postfix ignores rules about logins where it offers none: ``restriction ignored``."""
    rule = policy["sender_policy"]
    return "none" if rule.startswith("login_must_own_sender") else rule


WIDER = {
    "trusted_networks": ["0.0.0.0/0"],
    "allowed_clients": ["0.0.0.0/0"],
    "relay_domains": ["backup.example", "foreign.example", "work.example"],
    "relay_requires": "any",
    "relay_by_sender_domain": True,
    "open_relay": True,
    "reject_unknown_local_recipient": False,
    "sender_policy": "none",
}


def test_a_policy_that_permits_more_refuses_no_more():
    accepted = 0
    for policy, case in drawn(*MTAS):
        if not oracle_replay.verdict(policy, case).startswith("accept"):
            continue
        accepted += 1
        for key, value in WIDER.items():
            kind = oracle_replay.verdict({**policy, key: value}, case)
            assert kind.startswith("accept"), (key, policy, case)
    assert accepted > 1000
