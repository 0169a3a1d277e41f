"""What mail programs that log in show their servers, in columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.path.facts import NO_LOGIN, Credentials
from sim.path.submission import credentials
from sim.workload.columns import Ints
from sim.workload.people import anyone_at
from sim.world.mail_programs import MailProgram

if TYPE_CHECKING:
    from sim.world.context import WorldContext
    from sim.world.server import Server

SMTP = 25


class Logins:
    """The credentials of each message, as long as its writer has changed no setting.

    A login stands for all of its domain. Whether AUTH is offered on port 25 depends on the policy
    in force, so that is asked for anew (`numbers`).
    """

    def __init__(self, context: WorldContext, programs: Sequence[MailProgram]) -> None:
        self._context = context
        self._numbers = {NO_LOGIN: 0}
        self._later: dict[Credentials, int] = {}  # the same of those that came up since
        arrivals = context.arrivals
        person = arrivals.column("person")
        # Web mail is handed in by the ISP's own machine, without a login.
        logs_in = np.array([p.auth and not p.person.web for p in programs], dtype=bool)
        some = np.flatnonzero(logs_in[person])
        accounts = int(arrivals.column("account").max(initial=0)) + 1
        pairs, which = np.unique(
            person[some] * accounts + arrivals.column("account")[some], return_inverse=True
        )
        numbers = [self._number(programs[pair // accounts], pair % accounts) for pair in pairs]
        self.number: Ints = np.zeros(len(person), dtype=np.int32)
        """Of each message, that of its credentials among `kinds`; 0: it shows none."""
        self.number[some] = np.array(numbers, dtype=np.int32)[which]
        self.kinds: list[Credentials] = list(self._numbers)
        self._on_25 = np.array([kind.port == SMTP for kind in self.kinds])

    def _number(self, program: MailProgram, account_number: int) -> int:
        """The number of what *program* shows where AUTH is offered."""
        account = program.person.accounts[account_number]
        own = self._context.submission[account.network]
        login = credentials(
            anyone_at(account.address),
            by_587=program.by_587,
            wrong_password=program.mistypes(own, None),
            offers_auth=True,
            submission_port=own.submission_port,
        )
        return self._numbers.setdefault(login, len(self._numbers))

    def number_of(self, login: Credentials) -> int:
        """The number of what somebody shows now, maybe since a setting was changed."""
        number = self._later.get(login)
        if number is None:
            number = self._later[login] = self._add(login)
        return number

    def _add(self, login: Credentials) -> int:
        if login.login is not None:
            login = login._replace(login=anyone_at(login.login))
        if login not in self._numbers:
            self._numbers[login] = len(self.kinds)
            self.kinds.append(login)
            self._on_25 = np.append(self._on_25, login.port == SMTP)
        return self._numbers[login]

    @property
    def on_port_25(self) -> NDArray[np.bool_]:
        """Mask of the messages that are handed in on port 25."""
        return self._on_25[self.number]

    def numbers(self, messages: Ints, servers: Sequence[Server], server: Ints) -> Ints:
        """The number of what each of *messages* shows its *server* (a number) at present."""
        offers_auth = np.array([s.policy.auth_offered for s in servers])
        number = self.number[messages]
        return np.where(self._on_25[number] & ~offers_auth[server], 0, number)
