"""Exports held against the real servers: their own checkers, and sessions in a closed network.

MAILSIM_SERVERS names a folder made by `.ci/servers`. Logins are real ones: Exim and OpenSMTPD read
their users from a file, the latter after STARTTLS; the room answers for Dovecot, which Postfix
asks, and for saslauthd, which sendmail asks.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from native_room import NO_TLS
from test_exporting import PRESETS, policy

from sim.config import import_postfix
from sim.config.exporting import MAKES, export_config
from sim.smtp import Facts, Names, Session, clients
from sim.smtp.restrictions import parse

ROOM = Path(__file__).with_name("native_room.py")
SERVERS = os.environ.get("MAILSIM_SERVERS", "")
UNSHARE = (
    "unshare",
    "--mount",
    "--net",
    "--uts",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
)
SESSIONS = ("closed", "on_network", "auth+address_range", "on_network+auth+address_range", "open")
TLS_FIRST = "opensmtpd"
"""Offers logins after STARTTLS only."""
CLIENTS = ("198.51.100.77", "203.0.113.140", "203.0.113.200")
RECIPIENTS = ("amy@proseware.com", "nosuch@proseware.com", "user@adatum.com")
TLS = ["EHLO client.contoso.com", "STARTTLS"]
PLAIN = base64.b64encode(b"\0amy\0secret").decode()
NAMES = Names.resolving(["contoso.com", "adatum.com", "proseware.com"])


@cache
def why_not() -> str:
    """Why no real server can be asked here; empty if it can."""
    if not SERVERS or not Path(SERVERS).is_dir():
        return "MAILSIM_SERVERS names no folder made by .ci/servers"
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        return "no unshare or ip here"
    tried = subprocess.run([*UNSHARE, "true"], capture_output=True, check=False)
    return "no right to make a namespace" if tried.returncode else ""


@pytest.fixture(autouse=True)
def _servers():
    if why_not():
        pytest.skip(why_not())


def room(make, configurations, sessions=()):
    """What the room answers."""
    done = subprocess.run(
        [*UNSHARE, sys.executable, ROOM, SERVERS, make],
        input=json.dumps({"configurations": configurations, "sessions": list(sessions)}),
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("make", MAKES)
def test_the_own_checker_of_each_server_takes_every_preset(make):
    exported = [dict(export_config(policy(preset), make).files) for preset in PRESETS]
    checks = room(make, exported)["checks"]
    assert len(checks) == len(PRESETS)
    for check in checks:
        assert "warning: " not in check.lower().replace("warning: purging", ""), check


@pytest.mark.parametrize("preset", SESSIONS)
@pytest.mark.parametrize("make", MAKES)
def test_the_real_server_answers_the_same(make, preset):
    stated = replace(policy(preset), flavour=make, auth_offered="auth" in preset)
    logins = (None, "amy") if "auth" in preset else (None,)
    asked = [(c, login, r) for c in CLIENTS for login in logins for r in RECIPIENTS]
    sessions = [{"client": c, "lines": lines(login, r)} for c, login, r in asked]
    encrypted = [
        {**one, "lines": [*TLS * (make == TLS_FIRST and "AUTH" in one["lines"][1]), *one["lines"]]}
        for one in sessions
    ]
    exported = export_config(stated, make)
    replies = room(make, [dict(exported.files)], encrypted)["replies"]
    if make == "postfix":
        back = import_postfix(
            exported.files["main.cf"], tables=exported.files, addresses=["198.51.100.25/32"]
        )
        stated = back.policies[25]
    for (client, _, _), session, real in zip(asked, sessions, replies, strict=True):
        talk = Session(stated, Facts(clients.number(client), None, "", names=NAMES), login=login)
        ours = [talk.connect(), *(talk.receive(f"{one}\r\n".encode()) for one in session["lines"])]
        told = [answer.decode().split("\r\n")[:-1] for answer in ours]
        if make == "postfix":
            assert told == real
        else:
            said, ours = ([one[-1][:3] for one in talk] for talk in (real, told))
            assert said[0] == ours[0]
            if real[-1] == [NO_TLS]:  # OpenSMTPD 6.8 with OpenSSL 3 has no private key at hand
                assert not any("AUTH" in line for line in real[1])
            else:
                assert said[-len(ours) + 1 :] == ours[1:], session


SUBMISSIONS = {
    # port, who logs in, to whom: whether the server takes it
    (587, None, "user@adatum.com"): False,
    (587, None, "amy@proseware.com"): False,
    (587, "amy", "user@adatum.com"): True,
    (587, "amy", "amy@proseware.com"): True,
    (25, None, "user@adatum.com"): False,
    (25, None, "amy@proseware.com"): True,
}


@pytest.mark.parametrize("make", MAKES)
def test_a_port_for_submissions_wants_a_login(make):
    stated = replace(policy("closed"), flavour=make, auth_offered=False)
    ports = dict.fromkeys((587, 465), SUBMISSION)
    exported = export_config(stated, make, ports)
    assert not any("port" in note for note in exported.not_expressed)
    without = dict(export_config(stated, make, {587: SUBMISSION}).files)
    sessions = [
        {
            "client": "203.0.113.140",
            "port": port,
            "lines": [*TLS * (make == TLS_FIRST and port != 25), *lines(login, to)],
        }
        for port, login, to in SUBMISSIONS
    ]
    replies = room(make, [dict(exported.files), without], sessions)["replies"]
    for (asked, taken), real in zip(SUBMISSIONS.items(), replies, strict=True):
        if real[-1] != [NO_TLS]:
            assert (real[-2][-1][:1] == "2") == taken, (asked, real)


SUBMISSION = replace(
    policy("closed"),
    auth_offered=True,
    client=(parse("reject_unauthenticated"),),
    relay=(parse("permit_sasl_authenticated"),),
)


def login(name, password):
    """Whether the password is that of the room."""
    return (name, password) == ("amy", "secret")


def lines(login, recipient):
    """A session up to RCPT."""
    auth = [f"AUTH PLAIN {PLAIN}"] if login else []
    start = ["EHLO client.contoso.com", *auth, "MAIL FROM:<x@contoso.com>"]
    return [*start, f"RCPT TO:<{recipient}>", "QUIT"]
