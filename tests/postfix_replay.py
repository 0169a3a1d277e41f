"""Replay recorded sessions of a real Postfix against what the importer makes of its main.cf.

As a script it prints how many sessions, replies and routes agree, and what differs by cause:
``python tests/postfix_replay.py [policy ...] [-v]``.
"""

from __future__ import annotations

import collections
import json
import lzma
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from sim.config import import_postfix
from sim.smtp import Facts, Policy, Session, clients, names

DATA = Path(__file__).with_name("config") / "data" / "postfix.json.xz"
SUBMISSION = "submission inet n - y - - smtpd"


@dataclass(frozen=True)
class Server:
    """One port of an imported server, with the name server that it asks."""

    policy: Policy
    names: names.Names

    def session(
        self,
        client: str,
        login: Callable[[str, str], bool],
        connections_open: int = 0,
        connections_before: int = 0,
    ) -> Session:
        """A session of the client with this address."""
        facts = Facts(
            client=clients.number(client),
            names=self.names,
            open_sessions=connections_open,
            recent_connections=connections_open + connections_before,
        )
        return Session(self.policy, facts, login=login)


def servers(
    main_cf: str,
    tables: dict[str, str],
    dns: dict[str, Any],
    submission: list[str] | None = None,
    policy_service: dict[str, list[Any]] | None = None,
) -> dict[int, Server]:
    """The server that *main_cf* describes, by port; 587 only where *submission* is given."""
    options = "".join(f"\n  -o {{ {option} }}" for option in submission or ())
    master = "smtp inet n - y - - smtpd\n"
    master += SUBMISSION + options if submission is not None else ""
    handed_in = {
        **tables,
        **{name: json.dumps(rows) for name, rows in (policy_service or {}).items()},
        "unix:passwd.byname": "".join(f"{user} x\n" for user in dns["system_users"]),
    }
    server = dns["server"]
    addresses = [f"{server[v]}/{server[v + '_prefix']}" for v in ("ipv4", "ipv6")]
    imported = import_postfix(main_cf, master=master, tables=handed_in, addresses=addresses)
    known = names.Names.of(dns)
    return {port: Server(policy, known) for port, policy in imported.policies.items()}


# ---- the recorded sessions


@cache
def recorded() -> dict[str, Any]:
    """The world, the policies and the sessions that were recorded."""
    return json.loads(lzma.decompress(DATA.read_bytes()))


def whole_main_cf(main_cf: str) -> str:
    """*main_cf* as Postfix read it: with what was added to each that did not set it."""
    set_here = {line.partition("=")[0].strip() for line in main_cf.split("\n")}
    added = recorded()["added_to_every_main_cf"]
    more = (line for line in added if line.partition("=")[0].strip() not in set_here)
    return main_cf + "\n".join(more) + "\n"


def imported(policy: Mapping[str, Any]) -> dict[int, Server]:
    """The servers of a recorded policy."""
    world = recorded()
    dns = {**world["dns"], "server": world["server"], "system_users": world["system_users"]}
    return servers(
        whole_main_cf(policy["main_cf"]),
        policy["tables"],
        dns,
        policy.get("submission"),
        policy.get("policy_service"),
    )


def login(name: str, password: str) -> bool:
    """Whether a user of the recorded world has this password."""
    return bool(recorded()["users"].get(name.partition("@")[0]) == password)


class Difference(NamedTuple):
    """Where the session here and the recorded one part."""

    session: Mapping[str, Any]
    what: str
    command: str
    real: str
    ours: str


def differences(session: Mapping[str, Any], server: Server) -> Iterator[Difference]:
    """Where *server* answers *session* otherwise than it was recorded."""
    talk = server.session(
        session["client"],
        login,
        session.get("connections_open", 0),
        session.get("connections_before", 0),
    )
    ours = replies(talk.connect())
    commands = ["(connect)", *session["commands"]]
    for command, real in zip(commands, session["replies"], strict=False):
        if command != "(connect)":
            ours = replies(talk.receive(sent(command))) if real is not None else ours
        shown = command if isinstance(command, str) else json.dumps(command)[:60]
        for what, seen in (("code", codes), ("words", words)):
            if real is not None and seen(real) != seen(ours):
                yield Difference(session, what, shown, " / ".join(real), " / ".join(ours))
                return
    real_routes = [routes(mail) for mail in session.get("mails", [])]
    our_routes = [one if isinstance(one, str) else sorted(one, key=str) for one in talk.routes]
    if real_routes != our_routes:
        yield Difference(session, "route", "", str(real_routes), str(our_routes))


def sent(command: str | Mapping[str, Any]) -> bytes:
    """The octets of a recorded command."""
    if isinstance(command, str):
        return (command + "\r\n").encode("utf-8", "surrogateescape")
    if "batch" in command:
        return b"".join(sent(line) for line in command["batch"])
    return (command["body"] + "\r\n").encode("utf-8", "surrogateescape")


def replies(answer: bytes) -> list[str]:
    """The lines of an answer."""
    return answer.decode("utf-8", "replace").split("\r\n")[:-1]


def codes(lines: list[str]) -> list[str]:
    """The codes of the replies in *lines*, one for each reply."""
    return [line[:3] for line in lines if line[3:4] != "-"]


def words(lines: list[str]) -> list[str]:
    """*lines* to the letter, but for the queue id of a message, which no two servers share."""
    return [line.partition(" queued as ")[0] for line in lines]


def routes(mail: Mapping[str, Any]) -> str | list[tuple[str, str, str | None]]:
    """Where a recorded message went, as `Session.routes` has it."""
    if "discarded" in mail:
        return "discarded"
    found = [(d.get("given", d["to"]), d["route"], d.get("via")) for d in mail["deliveries"]]
    return sorted(found, key=str)


def every_difference(only: tuple[str, ...] = ()) -> Iterator[tuple[Mapping[str, Any], list[Any]]]:
    """Each recorded session with what differs."""
    world = recorded()
    made: dict[str, dict[int, Server]] = {}
    for session in world["sessions"]:
        name = session["policy"]
        if only and name not in only and session["id"] not in only:
            continue
        if name not in made:
            made[name] = imported(world["policies"][name])
        yield session, list(differences(session, made[name][session.get("port", 25)]))


def main(arguments: list[str]) -> None:
    """Print what differs, by cause."""
    verbose = "-v" in arguments
    count: collections.Counter[str] = collections.Counter()
    causes: dict[tuple[str, ...], list[Difference]] = {}
    for session, found in every_difference(tuple(a for a in arguments if a != "-v")):
        ordinary = "odd" if session.get("kind") else "ordinary"
        count[ordinary] += 1
        count[f"{ordinary} agree"] += not found
        for one in found:
            cause = (one.what, one.command.split(":")[0][:20], one.real[:3], one.ours[:3])
            causes.setdefault(cause, []).append(one)
            if verbose:
                print(f"{session['id']} {session.get('kind', '')} {session['client']}")
                print(f"   {one.command}\n   real {one.real}\n   ours {one.ours}")
    for cause, cases in sorted(causes.items(), key=lambda item: -len(item[1])):
        first = cases[0]
        print(f"{len(cases):5} {' '.join(cause)}: {first.session['id']} {first.command}")
        print(f"      real {first.real[:150]}\n      ours {first.ours[:150]}")
    print(dict(count))


if __name__ == "__main__":
    main(sys.argv[1:])
