"""One message as it went in a run: every attempt, reply and queue, from the rows that were kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address
from math import isnan
from typing import TYPE_CHECKING, Any

from sim.exact.page import Block, Grid, Line, Lines, Page, Said
from sim.exact.page import said as role_of
from sim.exact.transcript import Dialogue, converse
from sim.results.replayed import Past, Replayed, Stored
from sim.scenario.errors import Fault, shown
from sim.smtp.units import elapsed

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from sim.figures.stepper import Stepper
    from sim.scenario import Scenario

MOST_ROWS = 30
"""Attempts and recipients that are shown; `Trace.as_dict` has all (chosen)."""
MOST_NAMED = 10
"""Numbers of messages that an error names (chosen)."""
MOST_DIALOGUES = 4
"""Dialogues that are shown, of those that differ (chosen)."""
FATE_STYLES = {
    "delivered": "good",
    "in_transit": "warn",
    "refused": "bad",
    "gave_up": "bad",
    "discarded": "bad",
    "bounced": "bad",
    "expired": "bad",
}
NO_SESSION = {
    "unreachable": "no connection",
    "busy": "every session was taken, and the queue of connections full",
    "temporary": "a passing fault of the server, drawn by chance",
}
"""Answers that no policy gives, by cause."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One SMTP transaction: the columns of `sim.records.rows.ATTEMPTS`, and who the client was."""

    number: int
    hop: str
    at: float
    client: int
    holder: str
    """Who offered it: a place, or the server in whose queue it was."""
    server: str
    recipients: int
    accepted: int
    code: int
    enhanced: str
    rule: str
    cause: str
    permission: str
    waited: float
    took: float

    @property
    def ended(self) -> float:
        """When (s) the session ended."""
        return self.at + self.waited + self.took

    @property
    def style(self) -> str:
        """Its role of `page.STYLES`."""
        if self.accepted == self.recipients:
            return "good"
        return "bad" if 500 <= self.code < 600 else "warn"


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient and its fate: columns of `sim.records.rows.RECIPIENTS`."""

    address: str
    fate: str
    cause: str
    server: str
    rule: str
    ended_at: float
    """Moment (s) of the fate; NaN in transit."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Time in a queue: *where* the message lay, from when (s) to when (s; None: to the end)."""

    where: str
    since: float
    until: float | None
    why: str


@dataclass(frozen=True, repr=False)
class Trace(Page):
    """What happened to one message; made by `trace` or ``results.trace``."""

    arm: str
    replication: int
    message: int
    about: Mapping[str, Any]
    """What is the same for all its recipients: class, group, place, written_at, remedy, ..."""
    sender: str | None
    recipients: tuple[Recipient, ...]
    attempts: tuple[Attempt, ...]
    queues: tuple[Wait, ...]
    rows: pd.DataFrame = field(repr=False, compare=False)
    """The rows of attempts that this was made of."""
    past: Past = field(repr=False, compare=False)

    @cached_property
    def replayed(self) -> tuple[Replayed | None, ...]:
        """For each attempt, facts under which `decide` answers as the row says.

        None where the answer was no decision: no connection, every session taken, a passing
        fault; or where nothing that was tried gives it.
        """
        return tuple(map(self._replayed, self.attempts))

    @cached_property
    def dialogues(self) -> tuple[Dialogue | None, ...]:
        """For each attempt, what client and server said about one of the recipients."""
        return tuple(
            self._dialogue(attempt, found)
            for attempt, found in zip(self.attempts, self.replayed, strict=True)
        )

    def figure(self, **options: Any) -> Figure:
        """The attempts as a sequence diagram, times since it was written.

        *options* are those of `sim.figures.life`.
        """
        from sim.figures import draw

        usual = {"since": self.about["written_at"], "arm": self.arm, "message": self.message}
        return draw(
            "life", {"attempts": self.rows}, replication=self.replication, **(usual | options)
        )

    def stepper(self, **options: Any) -> Stepper:
        """The attempts one after the other, each with what was said, for a notebook.

        *options* are those of `sim.figures.life`. Raises FigureError without attempts.
        """
        from sim.figures.life import MOST
        from sim.figures.stepper import Step, Stepper

        begin = self.about["written_at"]
        steps = [
            Step(
                f"+{elapsed(attempt.at - begin)}, {attempt.holder} to {attempt.server}",
                self.figure(reached=number, **options),
                [role_of(line).clean for line in dialogue.lines()]
                if dialogue
                else [NO_SESSION.get(attempt.cause, "the rows do not say what was said")],
            )
            for number, (attempt, dialogue) in enumerate(
                zip(self.attempts[:MOST], self.dialogues, strict=False), 1
            )
        ]
        fates = [": ".join(filter(None, (r.address, r.fate, r.cause))) for r in self.recipients]
        if steps:
            steps.append(Step("what became of it", self.figure(**options), fates[:MOST_ROWS]))
        return Stepper(f"Message {self.message} under “{self.arm}”", steps)

    def as_dict(self) -> dict[str, Any]:
        """For programs: plain numbers and texts, moments in seconds since the run began."""
        return {
            "arm": self.arm,
            "replication": self.replication,
            "message": self.message,
            "sender": self.sender,
            **self.about,
            "recipients": [_plain(recipient) for recipient in self.recipients],
            "attempts": [
                {
                    **_plain(attempt),
                    "client": str(IPv4Address(attempt.client)),
                    "assumed": list(found.assumed) if found else [],
                    "dialogue": [f"{t.speaker}: {t.text}" for t in said.turns] if said else [],
                }
                for attempt, found, said in zip(
                    self.attempts, self.replayed, self.dialogues, strict=True
                )
            ],
            "queues": [_plain(wait) for wait in self.queues],
        }

    # ---- what stands behind an attempt

    def _replayed(self, attempt: Attempt) -> Replayed | None:
        if attempt.cause in ("unreachable", "temporary") or not attempt.rule:
            return None
        submission = attempt.hop == "submission"
        person = self.past.person(self.about["sender_number"]) if self._honest else None
        logins = [a.address for a in person.accounts] if person and submission else []
        if self.about["route"] == "stolen_credentials" and submission:
            logins = self.past.logins(attempt.server)[:1]
        row = Stored(attempt.server, attempt.at, attempt.client, attempt.code, attempt.rule)
        return self.past.replayed(
            row, self._senders(attempt, logins), logins, self._asked_for(attempt), spam=self._spam
        )

    @property
    def _honest(self) -> bool:
        return bool(self.about["class"] == "honest")

    @property
    def _spam(self) -> bool:
        return bool(self.about["class"] == "spam")

    def _senders(self, attempt: Attempt, logins: list[str]) -> list[str | None]:
        """The address that was shown, then others that may have been shown instead."""
        if self.sender is None:
            return [None]
        name = self.sender.partition("@")[0]
        domains = self.past.scenario.servers[attempt.server].domains
        if not self._spam:
            return [self.sender, *(f"{name}@{domain}" for domain in domains[:1])]
        # forged in the recipient's domain, in the server's, or as the owner of a stolen login
        victims = (*(r.address.rpartition("@")[2] for r in self.recipients[:1]), *domains[:1])
        return [self.sender, *(f"{name}@{domain}" for domain in victims), *logins]

    def _asked_for(self, attempt: Attempt) -> list[str]:
        """Recipients that this may have been about: first those that it ended, one a domain."""
        exchanged = self.past.scenario.servers[attempt.server].domains
        here = [
            r
            for r in self.recipients
            if attempt.hop == "submission" or r.address.rpartition("@")[2] in exchanged
        ]
        ended = [r for r in here if (r.server, r.rule) == (attempt.server, attempt.rule)]
        kinds = {_kind(r.address): r.address for r in (*reversed(here), *reversed(ended))}
        return list(dict.fromkeys([*(r.address for r in ended[:3]), *kinds.values()]))

    def _dialogue(self, attempt: Attempt, found: Replayed | None) -> Dialogue | None:
        if found is None:
            return None
        server = self.past.server_at(attempt.client)
        who = self.sender.partition("@")[0] if self.sender else "client"
        helo = self.past.scenario.hostname(server) if server else f"{who}-pc"
        shown_as = found.facts.reverse_path
        lines = [
            f"From: {f'<{shown_as}>' if shown_as else 'Mail Delivery System'}",
            f"To: <{found.facts.forward_path}>",
            f"Subject: message {self.message}",
            "",
            "...",
        ]
        login = None
        if found.facts.auth_failed:
            person = self.past.person(self.about["sender_number"])
            login = person.accounts[0].address if person else None
        return converse(found.policy, found.facts, helo, lines, login)

    # ---- shown

    def blocks(self) -> Sequence[Block]:
        """What is shown, in order."""
        return [
            self._summary(),
            self._recipients(),
            self._attempts(),
            *self._queues(),
            *self._dialogues(),
        ]

    def _repr_html_(self) -> str:
        """For a notebook: the sequence diagram, then the tables and dialogues."""
        if not self.attempts:
            return super()._repr_html_()
        import base64
        import io

        file = io.BytesIO()
        self.figure().savefig(file, format="png", dpi=100)
        drawn = base64.b64encode(file.getvalue()).decode()
        alt = f"The attempts of message {int(self.message)}, in order of time"
        picture = f'<img alt="{alt}" src="data:image/png;base64,{drawn}">'
        return f"{picture}{super()._repr_html_()}"

    def _summary(self) -> Block:
        about = self.about
        who = f"{about['group']}: <{self.sender or ''}>"
        rows: list[tuple[Line, ...]] = [
            ("arm", f"{self.arm}, replication {self.replication}"),
            ("message", f"{self.message} ({about['class']}, {about['route']})"),
            ("from", who),
            ("written", ", ".join(filter(None, (_day(about["written_at"]), about["place"])))),
        ]
        if self._honest:
            efforts = {
                "submission attempt": about["attempts_made"],
                "call": about["calls"],
                "changed setting": about["changes"],
            }
            effort = ", ".join(f"{n} {what}{'s' * (n != 1)}" for what, n in efforts.items())
            believed = "that it arrived" if about["believed"] else "that it did not arrive"
            rows += [("remedy", about["remedy"] or "none"), ("effort", effort)]
            rows += [("the sender believes", believed)]
        return Grid("", (), tuple(rows))

    def _recipients(self) -> Block:
        begin = self.about["written_at"]
        rows = tuple(
            (
                r.address,
                Said(r.fate, FATE_STYLES[r.fate]),
                r.cause,
                "" if isnan(r.ended_at) else f"+{elapsed(r.ended_at - begin)}",
                r.server,
                r.rule,
            )
            for r in self.recipients[:MOST_ROWS]
        )
        columns = ("recipient", "fate", "cause", "after", "server", "rule")
        return Grid("Recipients", columns, rows, _more(len(self.recipients)))

    def _attempts(self) -> Block:
        if not self.attempts:
            return Lines("Attempts", ("none: the run ended first, or no server takes this mail",))
        begin = self.about["written_at"]
        rows: list[tuple[Line, ...]] = []
        for number, a in enumerate(self.attempts[:MOST_ROWS], 1):
            reply = f"{a.code} {a.enhanced}".strip() if a.code else "no connection"
            rows.append(
                (
                    str(number),
                    f"+{elapsed(a.at - begin)}",
                    f"{a.holder}\n{IPv4Address(a.client)}",
                    a.server,
                    Said(f"{reply}\n{a.accepted} of {a.recipients}", a.style),
                    "\n".join(filter(None, (a.rule or a.cause, a.permission.replace("_", " ")))),
                )
            )
        columns = ("", "after", "client", "server", "reply, accepted", "rule, permission")
        return Grid("Attempts", columns, tuple(rows), _more(len(self.attempts)))

    def _queues(self) -> Iterable[Block]:
        if not self.queues:
            return
        begin = self.about["written_at"]
        rows = tuple(
            (
                wait.where,
                f"+{elapsed(wait.since - begin)}",
                "to the end" if wait.until is None else elapsed(wait.until - wait.since),
                wait.why,
            )
            for wait in self.queues[:MOST_ROWS]
        )
        note = _more(len(self.queues))
        yield Grid("Where it waited", ("where", "from", "for", "until"), rows, note)

    def _dialogues(self) -> Iterable[Block]:
        told: dict[tuple[object, ...], list[int]] = {}
        for number, said in enumerate(self.dialogues):
            if said is not None:
                told.setdefault((self.attempts[number].server, said.turns), []).append(number)
        for numbers in list(told.values())[:MOST_DIALOGUES]:
            first = numbers[0]
            attempt, said, found = self.attempts[first], self.dialogues[first], self.replayed[first]
            assert said is not None
            assert found is not None
            which = ", ".join(str(n + 1) for n in numbers)
            host = f"{attempt.server} ({found.policy.hostname})"
            yield Lines(f"Dialogue with {host}, attempt {which}", said.lines(), fixed=True)
            if found.assumed:
                words = "; ".join(found.assumed)
                yield Lines(
                    "", (Said(f"Not in the rows, but it must have been: {words}", "faint"),)
                )
        if len(told) > MOST_DIALOGUES:
            yield Lines("", (f"{len(told) - MOST_DIALOGUES} more dialogues: trace.dialogues",))


def trace(
    scenario: Scenario,
    recipients: pd.DataFrame,
    attempts: pd.DataFrame,
    *,
    arm: str,
    replication: int,
    closed: Mapping[str, float] | None = None,
) -> Trace:
    """The trace of one message from its rows, which have the columns of `sim.records.rows`.

    *closed*: since when (s) which servers were closed by their operator.
    """
    past = Past(scenario, arm, dict(closed or {}))
    first = {str(k): _scalar(v) for k, v in recipients.iloc[0].items()}
    sender = _sender(past, first)
    made = _made(past, attempts, spam=first["class"] == "spam")
    told = tuple(_recipient(past, row) for row in _rows(recipients))
    about = {
        "class": first["class"],
        "sender_number": first["sender"],
        "group": first["group"],
        "account": first["account"],
        "place": first["place"],
        "written_at": first["written_at"],
        "phase": first["phase"],
        "route": first["route"],
        "remedy": first["remedy"],
        "attempts_made": first["attempts"],
        "calls": first["calls"],
        "changes": first["changes"],
        "believed": first["believed"],
    }
    waits = _waits(made, told)
    return Trace(
        arm, replication, first["message"], about, sender, told, made, waits, attempts, past
    )


def chosen(recipients: pd.DataFrame, message: int | None, where: Mapping[str, Any]) -> pd.DataFrame:
    """The rows of one message: *message*, or the first of which a row has the values in *where*.

    Raises QueryError for a column, a value or a number that is not there.
    """
    from sim.path.lookup import QueryError

    rows = recipients
    if message is not None:
        rows = rows[rows["message"] == message]
    for column, value in where.items():
        if column not in recipients.columns:
            names = ", ".join(map(str, recipients.columns))
            raise QueryError([Fault("", column, "", f"a column of recipients: {names}", "")])
        rows = rows[rows[column] == value]
        if rows.empty:
            seen = list(dict.fromkeys(map(str, recipients[column].unique())))[:12]
            told = ", ".join(name or "'' (none)" for name in seen)
            wanted = f"a value that occurs together with the others; of {told}"
            raise QueryError([Fault("", column, shown(value), wanted, "")])
    if rows.empty:
        numbers = [int(n) for n in recipients["message"].unique()[: MOST_NAMED + 1]]
        some = ", ".join(map(str, numbers[:MOST_NAMED])) + ", ..." * (len(numbers) > MOST_NAMED)
        wanted = f"one of the messages that were kept: {some or 'none'}"
        raise QueryError([Fault("", "message", shown(message), wanted, "")])
    found: pd.DataFrame = recipients[recipients["message"] == rows["message"].iloc[0]]
    return found


# ---- from rows


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): _scalar(v) for k, v in row.items()} for row in frame.to_dict("records")]


def _scalar(value: Any) -> Any:
    """A plain Python value."""
    return value.item() if hasattr(value, "item") else value


def _sender(past: Past, row: Mapping[str, Any]) -> str | None:
    """The sender address that was shown at first."""
    if row["class"] == "notice":
        return None
    group = row["group"]
    if row["class"] == "spam":
        spammers = past.scenario.spammers
        before = 0
        for name, settings in spammers.items():
            if name == group:
                break
            before += settings.count
        return f"offer-{row['sender'] - before}@{spammers[group].sender_domain}"
    person = past.person(row["sender"])
    if person is None:
        return f"{group}@unknown.example"
    mine = [a for a in person.accounts if a.network == row["account"]]
    account = (mine or person.accounts)[0]
    users = past.scenario.users[group]
    return f"{person.name}@{users.sender_domain or account.domain}"


def _recipient(past: Past, row: Mapping[str, Any]) -> Recipient:
    return Recipient(
        past.address(row["recipient"], row["domain"]),
        row["fate"],
        row["cause"],
        row["server"],
        row["rule"],
        row["ended_at"],
    )


def _made(past: Past, frame: pd.DataFrame, *, spam: bool) -> tuple[Attempt, ...]:
    """The attempts in order of time."""
    made = []
    for row in _rows(frame.sort_values("at", kind="stable")):
        relayed = row["hop"] == "relay"
        server = past.server_at(row["client"]) if relayed else ""
        place = "" if spam else row["place"]
        made.append(
            Attempt(
                row["attempt"], row["hop"], row["at"], row["client"],
                server or place or "spammer", row["server"], row["recipients"],
                row["accepted"], row["code"], row["enhanced"], row["rule"], row["cause"],
                row["permission"], row["waited"], row["took"],
            )
        )  # fmt: skip
    return tuple(made)


def _waits(made: Sequence[Attempt], told: Sequence[Recipient]) -> tuple[Wait, ...]:
    """Where the message lay between attempts, derived from their moments."""
    found: list[Wait] = []
    before: dict[str, Attempt] = {}  # by holder: "" is the sender's outbox
    came: dict[str, Attempt] = {}  # by server, the attempt that brought it there
    for attempt in made:
        holder = attempt.holder if attempt.hop == "relay" else ""
        last = before.get(holder)
        if last is not None and last.accepted < last.recipients:
            where = f"queue of {holder}" if holder else "outbox of the sender"
            why = f"tried again, after {last.code or 'no connection'}"
            found.append(Wait(where, last.ended, attempt.at, why))
        elif holder and holder in came:
            found.append(
                Wait(f"queue of {holder}", came[holder].ended, attempt.at, "passed on (on its way)")
            )
        if attempt.waited > 0:
            where = f"connection queue of {attempt.server}"
            until = attempt.at + attempt.waited
            found.append(Wait(where, attempt.at, until, "a session was free"))
        before[holder] = attempt
        if attempt.accepted:
            came[attempt.server] = attempt
    if made and any(r.fate == "in_transit" for r in told):
        last = made[-1]
        holder = last.server if last.accepted else last.holder if last.hop == "relay" else ""
        where = f"queue of {holder}" if holder else "outbox of the sender"
        found.append(Wait(where, last.ended, None, "the run ended"))
    return tuple(sorted(found, key=lambda wait: wait.since))


def _kind(address: str) -> tuple[str, bool]:
    """What a policy tells apart about recipients: the domain, and whether it exists."""
    return address.rpartition("@")[2], address.startswith("no-such-user@")


# ---- in words


def _plain(value: Any) -> dict[str, Any]:
    """The fields of a value; NaN is None, since JSON has none."""
    told = {name: getattr(value, name) for name in type(value).__slots__}
    return {k: None if isinstance(v, float) and isnan(v) else v for k, v in told.items()}


def _more(count: int) -> str:
    return f"{count - MOST_ROWS} more: trace.as_dict()" if count > MOST_ROWS else ""


def _day(at: float) -> str:
    minutes = int(at // 60)
    return f"day {minutes // 1440}, {minutes // 60 % 24:02}:{minutes % 60:02}"
