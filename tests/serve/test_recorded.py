"""Live sessions answer in the words of six real servers, line by line, as they were recorded."""

import base64
import re
from collections import Counter

import oracle_data
import oracle_replay
import pytest
from visiting import living

from sim.serve import ends
from sim.smtp.flavours import MEASURED
from sim.world.visits import Visit

SAMPLE = 37
"""Of all recorded sessions, every so many is held in the short form."""
WORDS = 0.99
"""Of all lines, those that agree to the letter; their codes agree in all."""
OWN_DOMAIN = "isp.example"
PASSWORDS = {"valid": ("alice", "yes"), "valid_other": ("bob", "yes"),
             "bad_password": ("alice", "no"), "unknown_login": ("mallory", "yes")}  # fmt: skip
QUEUE_IDS = re.compile(r"[0-9A-F]{8,}")


class Recorded(Visit):
    """A visit of a recorded client, to a server that has a recorded policy."""

    recorded = None

    @property
    def policy(self):
        return self.recorded

    def _admit(self):
        return self.now

    def refresh(self, facts):
        return facts

    def hand_over(self, _offer):
        return 0


@pytest.fixture(scope="module")
def world():
    opened = living("on network")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ends, "Visit", Recorded)
        patch.setattr(opened, "knows", knows)
        yield opened


def knows(_server, name, password):
    return password == "yes" and name != f"mallory@{OWN_DOMAIN}"


def whole(policy):
    """*policy* with logins that are whole addresses, as those of live servers are."""
    owned = {
        f"{login}@{OWN_DOMAIN}": addresses for login, addresses in policy["login_owns"].items()
    }
    return {**policy, "login_owns": owned}


def commands(case, greeted):
    """What the client sent at each stage; *greeted* is how it was greeted."""
    session = case["session"]
    name = re.search(r"(?:Hello|Hi) (\S+)", greeted)
    login, password = PASSWORDS.get(session["auth"], ("", ""))
    plain = base64.b64encode(f"\0{login}@{OWN_DOMAIN}\0{password}".encode()).decode()
    return {
        "ehlo": f"EHLO {name[1] if name else 'client.example'}",
        "auth": f"AUTH PLAIN {plain}",
        "mail": f"MAIL FROM:<{session['sender']}>",
        "rcpt": f"RCPT TO:<{session['rcpt']}>",
        "data": "DATA",
        "body": "Subject: recorded\r\n\r\nhello\r\n.",
    }


def held(world, vector):
    """The recorded and the live lines of each reply in a session."""
    policy = whole(oracle_data.policy(vector.case["policy"]))
    Recorded.recorded = oracle_replay.core_policy(policy, vector.case["mta"])
    end = ends.SmtpEnd(world, world.server("proseware-smtp"), 25, world.places.guest("hotel"))
    facts = oracle_replay.facts(policy, vector.case, goes_on=True)
    end.session._session_facts = facts._replace(login=None, reverse_path=None, forward_path="")
    end.connect()
    sent = commands(vector.case, vector.talk["ehlo"])
    for stage, recorded in vector.talk.items():
        live = end.receive(f"{sent[stage]}\r\n".encode()).decode().split("\r\n")[:-1]
        if stage == "ehlo":  # of which the first line was recorded
            live = [live[0].replace("-", " ", 1)]
        code, _, texts = recorded.partition(" ")
        yield (
            [f"{code} {text}" for text in texts.split("\n")],
            [f"{line[:3]} {line[4:]}" for line in live],
        )
    end.lose()


def codes(lines):
    return [line[:3] for line in lines]


def words(lines):
    """*lines* without ids of queues and of messages."""
    return [re.sub(r"<\*>|<[0-9A-F]{8}>", "*", QUEUE_IDS.sub("*", line)) for line in lines]


@pytest.mark.parametrize("step", [SAMPLE, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("make", MEASURED)
def test_reply_lines_are_those_of_the_real_server(world, make, step):
    vectors = [v for v in oracle_data.vectors() if v.case["mta"] == make][::step]
    count, agree, differing = 0, 0, Counter()
    for vector in vectors:
        for recorded, live in held(world, vector):
            assert codes(live) == codes(recorded), (vector.name, recorded, live)
            count, same = count + 1, words(live) == words(recorded)
            agree += same
            differing[str((recorded, live))] += not same
    assert count > 3 * len(vectors)
    assert agree >= WORDS * count, differing.most_common(3)
