"""Spam by other people's permission: their logins, and the windows that these have opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf
from typing import NamedTuple

import numpy as np

from sim.path.submission import credentials
from sim.workload.arrivals import RecipientGroup
from sim.world.server import Server
from sim.world.spam_source import Life, Part, SpamRoute, SpamSource
from sim.world.transfers import Transfer

PAUSE = 86400.0
"""Seconds for which a login is left alone that was refused for what may change (chosen)."""


class Login(NamedTuple):
    """A name and the password that belongs to it, and the network whose customer has them."""

    network: str
    name: str


class Stolen(SpamRoute):
    """Logins of other people, used from the spammer's own address."""

    def __init__(self, source: SpamSource) -> None:
        super().__init__(source)
        settings, population = self.settings, self.context.workload.population
        groups = settings.stolen_from or tuple(population.groups)
        people = [population.people[n] for group in groups for n in population.groups[group]]
        if not settings.stolen_from:
            people = population.people
        self.accounts = [Login(a.network, a.address) for p in people for a in p.accounts]
        count = min(settings.stolen, len(self.accounts))
        self.draws = source.named("stolen")
        chosen = self.draws.choice(len(self.accounts), count, replace=False).tolist()
        self.logins = [self.accounts[i] for i in chosen]
        self.refused: dict[Login, float] = {}  # left alone until then (s)
        self.resets: dict[Login, float] = {}  # when the password of one in use is changed (s)
        self.resetting = source.named("resets")

    def works(self) -> bool:
        """Whether a login is left that its server takes."""
        return bool(self._usable())

    def units(self) -> float:
        """The logins that can be used."""
        return len(self._usable())

    def _usable(self) -> list[Login]:
        now = self.context.env.now
        return [
            login
            for login in self.logins
            if self.refused.get(login, now) <= now and self._is_offered(login.network)
        ]

    def _is_offered(self, network: str) -> bool:
        """Whether the server of *network* offers AUTH, as it says to EHLO, or needs none."""
        server = self.context.submission[network]
        return server.offers == "auth" or self.source.is_relayed_by(server)

    def parts(self, groups: list[RecipientGroup]) -> Sequence[Part]:
        """All of it to the submission server of one of the logins."""
        logins = self._usable() or self.logins
        if not logins:
            return (self.source.part(None, groups),)
        network, login = logins[int(next(self.source.draws) * len(logins))]
        server = self.context.submission[network]
        # what is stolen is the POP password, which programs send in the clear
        useless = server.settings.auth_password == "separate" or self._is_reset(network, login)
        shows = credentials(
            login,
            by_587=False,
            wrong_password=useless,
            offers_auth=server.offers == "auth",
            submission_port=0,
        )
        return (self.source.part(server, groups, shows),)

    def _is_reset(self, network: str, name: str) -> bool:
        """Whether its owner has another password by now, some time after its first use."""
        login, now = Login(network, name), self.context.env.now
        if self.settings.reset is not None and login not in self.resets:
            self.resets[login] = now + self.resetting.exponential(self.settings.reset)
        return self.resets.get(login, inf) <= now

    def life(self) -> Life | None:
        """Steal more."""
        rate = self.settings.steals
        return self.source.repeat("steals", rate, self._steal) if rate > 0 else None

    def _steal(self, draws: np.random.Generator) -> None:
        others = [login for login in self.accounts if login not in self.logins]
        if others:
            self.logins.append(login := others[int(draws.integers(len(others)))])
            self.resets.pop(login, None)  # it is the password of today

    def lose(self, transfer: Transfer, cause: str) -> None:
        """Drop a login whose password is wrong; leave alone for a while what else was refused."""
        login = Login(transfer.server.network, transfer.credentials.login or "")
        if cause == "authentication":
            self.logins = [other for other in self.logins if other != login]
        else:
            self.refused[login] = self.context.env.now + PAUSE


class Window(SpamRoute):
    """Submission servers that somebody's POP login, from the same address, has opened.

    The spammer stands where addresses are shared, or handed on: there, dialling in again gets
    another one that nobody holds. He asks one server after the other; a refusal only means that
    no window is open at the moment.
    """

    def __init__(self, source: SpamSource) -> None:
        super().__init__(source)
        context, network = self.context, source.network
        self.servers = [s for name, s in context.submission.items() if name != network]
        is_leased = context.scenario.networks[network].lease is not None
        mobility = context.mobility
        self.addresses = (
            mobility.leasable.get(network, ())
            if is_leased and network not in mobility.shared
            else ()
        )
        self.calls = source.named("calls")

    def works(self) -> bool:
        """Whether some server takes mail from an address that is to be had now."""
        return self._opened() is not None

    def _opened(self) -> Server | None:
        """A server with an open window, for the present address or that of another call."""
        for address in (self.source.address, *self._more()):
            if self.addresses and not self._is_idle(address):
                continue
            self.source.address = address
            for server in self.servers:
                if self.source.is_relayed_by(server):
                    return server
        return None

    def _is_idle(self, address: int) -> bool:
        """Whether nobody has *address* at the moment."""
        return self.context.mobility.is_idle(self.source.network, address, self.context.env.now)

    def _more(self) -> Iterator[int]:
        for _ in range(self.settings.calls if self.addresses else 0):
            yield self.addresses[int(self.calls.integers(len(self.addresses)))]

    def parts(self, groups: list[RecipientGroup]) -> Sequence[Part]:
        """All of it to the first server whose window is open."""
        return (self.source.part(self._opened(), groups),)
