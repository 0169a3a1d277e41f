"""Settings of a mail program, and the attempt that follows: server, port, credentials, client."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypedDict, Unpack

from sim.path.facts import NO_LOGIN, Credentials

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.scenario.spammers import Spammers

LIKELIER = 0.5
"""The draw at which a filter does what is likelier."""
CAUGHT = 0.0
"""The draw at which it takes the message for spam, if it ever does."""


@dataclass(frozen=True, slots=True)
class MailProgram:
    """The settings of a mail program for one account."""

    server: str
    """The outgoing server of the account."""
    login: str
    """The account's own address, which is also its login name."""
    sender: str | None
    """The reverse-path that it shows; None: the null reverse-path."""
    auth: bool = False
    by_587: bool = False
    """Port 587, where the server offers it."""
    wrong_password: bool = False
    polls_first: bool = False
    """It looks for mail by POP before it sends."""
    web: bool = False
    """Web mail: the account's own server is the client."""
    helo: str | None = None
    """What it calls itself: a claim that nobody checks."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One recipient of one message offered to one server."""

    server: str
    network: str
    """The network that the client is on."""
    client: int | None
    """Its address as a number; None: the network has none to give."""
    reverse_path: str | None
    forward_path: str
    login: str | None = None
    """The name that the mail program logs in with, where AUTH is offered."""
    by_587: bool = False
    wrong_password: bool = False
    pop_age: float | None = None
    """Seconds since a POP login from this address at the server's ISP; None: there was none."""
    greylist_age: float | None = None
    """Seconds since the same was tried for the first time; None: this is the first time."""
    listed: tuple[str, ...] = ()
    """Blocklists that list the client besides those whose fixed ranges do."""
    spam: bool = False
    content_draw: float = LIKELIER
    """The draw of a content filter, which catches the message if it is below its rate."""
    helo: str | None = None
    """What the client calls itself; None: it does not say HELO."""
    relay: bool = False
    """Whether it comes from the queue of a server: no network blocks that."""


class Content(TypedDict, total=False):
    """What an attempt says of the message besides its addresses."""

    listed: tuple[str, ...]
    spam: bool
    content_draw: float


def submit(
    scenario: Scenario, program: MailProgram, network: str, client: int | None, to: str,
    *, server: str | None = None, **content: Unpack[Content],
) -> Attempt:  # fmt: skip
    """Return the first attempt of a message to *to* from *client* on *network*.

    *server* is another one than that of the account: nobody has a login or a POP account there.
    Web mail comes from the account's own server, without a login.
    """
    if program.web:
        machine = scenario.servers[program.server]
        network_of_server, address = machine.network, machine.number
        return Attempt(
            program.server, network_of_server, address, program.sender, to,
            helo=scenario.hostname(program.server), **content,
        )  # fmt: skip
    if server not in (None, program.server):
        return Attempt(
            server or "", network, client, program.sender, to, helo=program.helo, **content
        )
    return Attempt(
        program.server,
        network,
        client,
        program.sender,
        to,
        login=program.login if program.auth else None,
        by_587=program.by_587,
        wrong_password=program.wrong_password,
        helo=program.helo,
        pop_age=0.0 if program.polls_first else None,
        **content,
    )


def port(*, by_587: bool, submission_port: int) -> int:
    """Return the port that is asked: the *submission_port* of the server (0: it has none) where
    the mail program has it."""
    return submission_port if by_587 and submission_port else 25


@lru_cache(maxsize=1 << 14)
def credentials(
    login: str | None,
    *,
    by_587: bool,
    wrong_password: bool,
    offers_auth: bool,
    submission_port: int,
) -> Credentials:
    """Return what a mail program shows its account's server.

    *login* is None where AUTH is off. Without 587 a server may offer no AUTH; then nobody logs in.
    """
    asked_port = port(by_587=by_587, submission_port=submission_port)
    if asked_port == 25 and (login is None or not offers_auth):
        return NO_LOGIN
    return Credentials(login, wrong_password and login is not None, asked_port)


def is_blocked(network: str, server_network: str, port: int, blocking: Container[str]) -> bool:
    """Whether *network* is one of those *blocking* port 25 of servers elsewhere (BCP 134).

    *blocking* are those that block clients, or for mail from the queue of a server those that
    block servers too.
    """
    return port == 25 and network in blocking and network != server_network


def spammer_address(scenario: Scenario, group: str, index: int = 0) -> int | None:
    """Return the address of a spammer: from the last of its network's down, one for each.

    *index* counts the spammers of the *group* from 0. None: the network has no addresses.
    """
    before = 0
    for name, spammers in scenario.spammers.items():
        if name == group:
            break
        before += spammers.count
    free = scenario.leasable(scenario.spammers[group].network)
    return free[-1 - (before + index) % len(free)] if free else None


def forged_sender(spammers: Spammers, recipient: str, server: Sequence[str], index: int = 0) -> str:
    """Return the reverse-path that a spammer shows; *index* counts those of the group from 0.

    It is in the domain that the group forges: its own, that of the *recipient* (a domain), or the
    first that the *server* processes, as a customer's would be.
    """
    forged = {"recipient": recipient, "customer": next(iter(server), "")}.get(spammers.forge)
    return f"offer-{index}@{forged or spammers.sender_domain}"
