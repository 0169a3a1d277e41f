"""Recorded sessions of a real Postfix, replayed against what the importer makes of main.cf.

The record holds the sessions of 110 policies; see postfix_replay.py for what is compared.
"""

from __future__ import annotations

import collections
from functools import cache
from typing import Any

import postfix_replay
import pytest

KNOWN: dict[str, str] = {}
"""Sessions that differ, and why; ordinary ones have no place here."""
SHARE = 0.995
"""Of all sessions, those that have to agree."""


@cache
def outcome() -> list[tuple[Any, list[Any]]]:
    """Every recorded session with what differs."""
    return list(postfix_replay.every_difference())


def test_every_policy_that_postfix_serves_is_imported_and_the_others_serve_nobody():
    world = postfix_replay.recorded()
    for name, policy in world["policies"].items():
        for server in postfix_replay.imported(policy).values():
            assert server.policy.fatal == "", name
    for name, policy in world["does_not_serve"].items():
        server = postfix_replay.imported(policy)[25]
        assert server.policy.fatal, name
        session = server.session("203.0.113.20", postfix_replay.login)
        assert session.connect() == b"", name


def test_every_ordinary_session_agrees_in_codes_words_and_routes():
    differing = [
        f"{session['id']}: {found[0].what} {found[0].command}: {found[0].real} / {found[0].ours}"
        for session, found in outcome()
        if found and not session.get("kind")
    ]
    assert differing == []


def test_nearly_all_sessions_agree_and_the_rest_is_known():
    sessions = outcome()
    differing = {session["id"] for session, found in sessions if found}
    assert len(differing) <= (1 - SHARE) * len(sessions)
    assert differing == set(KNOWN)


def test_the_record_is_whole():
    world = postfix_replay.recorded()
    count = collections.Counter("odd" if s.get("kind") else "ordinary" for s in world["sessions"])
    assert (len(world["policies"]), len(world["does_not_serve"])) == (110, 5)
    assert count == {"ordinary": 2905, "odd": 659}
    assert postfix_replay.DATA.stat().st_size < 1_500_000


@pytest.mark.parametrize(("reply", "what"), [("554 no", "code"), ("220 no", "words")])
def test_a_reply_that_differs_is_seen(reply, what):
    session = next(s for s in postfix_replay.recorded()["sessions"] if not s.get("kind"))
    servers = postfix_replay.imported(postfix_replay.recorded()["policies"][session["policy"]])
    server = servers[session.get("port", 25)]
    assert list(postfix_replay.differences(session, server)) == []
    other = {**session, "replies": [[reply], *session["replies"][1:]]}
    (found,) = postfix_replay.differences(other, server)
    assert found.what == what


@pytest.mark.parametrize("rows", [[[{"client_address": "203.0.113.140"}, "REJECT no"]], []])
def test_a_policy_service_acts_by_its_answers(rows):
    main_cf = postfix_replay.whole_main_cf(
        "compatibility_level = 3.6\nmyhostname = mail.isp.example\nmydestination = isp.example\n"
        "smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:10023\n"
    )
    world = postfix_replay.recorded()
    dns = {**world["dns"], "server": world["server"], "system_users": world["system_users"]}
    (server,) = postfix_replay.servers(
        main_cf, {}, dns, policy_service={"inet:127.0.0.1:10023": rows}
    ).values()
    session = server.session("203.0.113.140", postfix_replay.login)
    session.connect()
    answer = session.receive(b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<postmaster@isp.example>\r\n")
    assert postfix_replay.codes(postfix_replay.replies(answer))[-1] == ("554" if rows else "250")
