"""The cells of an audit: what the server answers to each client for each recipient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import NamedTuple

from sim.config.importing import Configuration, Port
from sim.config.probes import Client, Party, World, world
from sim.path.facts import TLS_PORT, Credentials, facts
from sim.smtp import Facts, Verdict, clients, decide
from sim.smtp.names import Names

Question = tuple[Client, str, Party, Party]
"""Client, login (empty: none), sender and recipient."""


class Cell(NamedTuple):
    """One question: who, with what, from whom, to whom, at which port."""

    port: int
    client: str
    login: str
    """Empty: the client does not log in."""
    sender: str
    recipient: str


class Outcome(NamedTuple):
    """The answer to one question, and the line that decides it."""

    does: str
    """``relays``, ``takes``, ``drops``, ``refuses``, ``defers`` or ``serves nobody``."""
    code: int
    stage: str
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.does} ({self.code})"


@dataclass(frozen=True)
class Cells:
    """All questions to one configuration, with the answers."""

    configuration: Configuration
    names: Names | None = None
    given_worlds: Mapping[int, World] | None = None
    """Those who are asked about; None: those whom the configuration brings to mind."""

    def of(self, configuration: Configuration) -> Cells:
        """The same questions to another configuration."""
        return Cells(configuration, self.names, self.worlds)

    @cached_property
    def worlds(self) -> Mapping[int, World]:
        """By port, those who are asked about."""
        if self.given_worlds is not None:
            return self.given_worlds
        return {port.number: world(self.configuration, port) for port in self.configuration.ports}

    @cached_property
    def outcomes(self) -> dict[Cell, Outcome]:
        """What is answered to each."""
        return {cell: self.answer(port, *question) for cell, port, question in self.questions()}

    def parties(self, cell: Cell) -> tuple[Client, Party, Party]:
        """The client, sender and recipient of a cell."""
        world = self.worlds[cell.port]
        return (
            next(one for one in world.clients if one.label == cell.client),
            next(one for one in world.senders if one.label == cell.sender),
            next(one for one in world.recipients if one.label == cell.recipient),
        )

    def questions(self) -> Iterator[tuple[Cell, Port, Question]]:
        """Each cell with the port and those it is about."""
        for port in self.configuration.ports:
            world = self.worlds[port.number]
            logins = ("", world.login) if port.policy.auth_offered else ("",)
            for client, login, sender, recipient in product(
                world.clients, logins, world.senders, world.recipients
            ):
                if recipient.odd and (client.forged or login or not sender.address):
                    continue
                cell = Cell(port.number, client.label, login, sender.label, recipient.label)
                yield cell, port, (client, login, sender, recipient)

    def ask(
        self, number: int, client: Client, login: str, sender: Party, recipient: Party
    ) -> Outcome:
        """What the port *number* answers, if it is open."""
        for port in self.configuration.ports:
            if port.number == number:
                return self.answer(port, client, login, sender, recipient)
        return Outcome("is closed", 0, "", "", "")

    def answer(
        self,
        port: Port,
        client: Client,
        login: str,
        sender: Party,
        recipient: Party,
        listed: tuple[str, ...] = (),
    ) -> Outcome:
        """What the server answers if the blocklists *listed* list the client, without the text of
        its steps."""
        if port.policy.fatal:
            return Outcome("serves nobody", 0, "", "", port.policy.fatal)
        facts = self.facts(client, login, sender, recipient)
        encrypted = port.number == TLS_PORT
        verdict = decide(port.policy, facts._replace(listed=listed, encrypted=encrypted))
        return Outcome(does(verdict), verdict.code, verdict.stage, verdict.rule, "")

    def facts(self, client: Client, login: str, sender: Party, recipient: Party) -> Facts:
        """What the server knows in that case."""
        return facts(
            clients.number(client.address),
            sender.address,
            recipient.address or "",
            Credentials(login or None, helo=client.helo or client.name or f"[{client.address}]"),
            client_name=client.name or "unknown",
            reverse_name=client.name or "unknown",
            names=self.names,
        )


def does(verdict: Verdict) -> str:
    """What becomes of the message, in a word."""
    if verdict.discarded:
        return "drops"
    if verdict.accepted:
        return "relays" if verdict.relayed else "takes"
    return "refuses" if verdict.permanent else "defers"
