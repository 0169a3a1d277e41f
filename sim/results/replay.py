"""Traces: the replication of a message once more, to know what its rows do not keep.

Rows keep what was answered and not what servers knew (logins, POP logins, listings, counts). The
same seed gives the same rows, and this time a transport keeps these facts for one message
(`sim.world.tracing`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sim.path.lookup import QueryError
from sim.results.trace import Attempt, Recipient, Session, Trace, Wait
from sim.scenario.errors import Fault, value_text
from sim.smtp import clients, decide
from sim.workload.people import NO_SUCH_USER
from sim.world.run import World
from sim.world.tracing import Exchange, TracedTransport

if TYPE_CHECKING:
    import pandas as pd

    from sim.scenario import Scenario
    from sim.workload.people import Person

MOST_NAMED = 10
"""Numbers of messages that an error names (chosen)."""


def trace(
    scenario: Scenario,
    recipients: pd.DataFrame,
    attempts: pd.DataFrame,
    *,
    arm: str,
    replication: int,
) -> Trace:
    """The trace of one message from its rows, which have the columns of `sim.records.rows`."""
    first = {str(k): _scalar(v) for k, v in recipients.iloc[0].items()}
    world = _again(scenario, arm, replication, first["message"], attempts)
    addresses = {
        clients.number(address): name
        for name, server in world.scenario.servers.items()
        for address in (server.address, *server.outbound_addresses)
    }
    if numbering := world.scenario.numbering:
        attempts = attempts.assign(client=attempts["client"].map(numbering.address))
    sent = _attempts(addresses, attempts, spam=first["class"] == "spam")
    recipients_of = tuple(_recipient(world, row) for row in _rows(recipients))
    sessions = _sessions(world, first["message"], sent, [r.address for r in recipients_of])
    sender = next((s.facts.reverse_path for s in sessions if s is not None), None)
    about = {ABOUT.get(name, name): first[name] for name in ABOUT_MESSAGE}
    return Trace(
        arm=arm,
        replication=replication,
        message=first["message"],
        about=about,
        sender=sender or _sender(world, first),
        recipients=recipients_of,
        attempts=sent,
        queues=_waits(sent, recipients_of),
        rows=attempts,
        sessions=sessions,
        hostnames={a: world.scenario.hostname(name) for a, name in addresses.items()},
    )


ABOUT_MESSAGE = (
    "class", "sender", "group", "account", "place", "written_at", "phase", "route", "remedy",
    "attempts", "calls", "changes", "believed",
)  # fmt: skip
"""Columns that are the same for all recipients of a message."""
ABOUT = {"sender": "sender_number", "attempts": "attempts_made"}
"""Their names in a trace, where these are others."""


def _again(
    scenario: Scenario, arm: str, replication: int, message: int, attempts: pd.DataFrame
) -> World:
    """The world of the run once more, event by event, until the last attempt of *message*."""
    world = World(scenario, arm, replication, batch=False, traced=message)
    last = float(attempts["at"].max()) if len(attempts) else 0.0
    world.begin()
    world.env.run(until=min(last + 1.0, world.scenario.run_length))
    return world


def _sessions(
    world: World, message: int, attempts: Sequence[Attempt], addresses: Sequence[str]
) -> tuple[Session | None, ...]:
    """What each attempt was about: those that a policy answered have an exchange, in order."""
    assert isinstance(world.transport, TracedTransport)
    exchanges = world.transport.exchanges
    first_row = world.recorder.messages.first_row[message]
    named = {first_row + place: address for place, address in enumerate(addresses)}
    if len(exchanges) != sum(bool(attempt.rule) for attempt in attempts):
        expected = (
            "results that this version has made; from others, the same run cannot be had again"
        )
        raise QueryError([Fault("", "message", value_text(message), expected, "")])
    following = iter(exchanges)
    return tuple(
        _session(next(following), attempt, named) if attempt.rule else None for attempt in attempts
    )


def _session(exchange: Exchange, attempt: Attempt, named: Mapping[int, str]) -> Session:
    """The session of one recipient: the first that got the answer in the row of the attempt."""
    sessions = []
    for row, facts in exchange.facts:
        path = facts.forward_path if exchange.exact else named.get(row, facts.forward_path)
        exact = facts._replace(forward_path=path)
        verdict = decide(exchange.policy, exact, trace=True)
        session = Session(exact, exchange.policy, verdict, exchange.port, exchange.login)
        if (verdict.code, verdict.rule) == (attempt.code, attempt.rule):
            return session
        sessions.append(session)
    return sessions[0]


def chosen(
    recipients: pd.DataFrame, message: int | None, values: Mapping[str, Any]
) -> pd.DataFrame:
    """The rows of one message: *message*, or the first of which a row has the values in *values*.

    Raises QueryError for a column, a value or a number that is not there.
    """
    rows = recipients
    if message is not None:
        rows = rows[rows["message"] == message]
    for column, value in values.items():
        if column not in recipients.columns:
            names = ", ".join(map(str, recipients.columns))
            raise QueryError([Fault("", column, "", f"a column of recipients: {names}", "")])
        rows = rows[rows[column] == value]
        if rows.empty:
            texts = list(dict.fromkeys(map(str, recipients[column].unique())))[:12]
            listing = ", ".join(name or "'' (none)" for name in texts)
            expected = f"a value that occurs together with the others; of {listing}"
            raise QueryError([Fault("", column, value_text(value), expected, "")])
    if rows.empty:
        numbers = [int(n) for n in recipients["message"].unique()[: MOST_NAMED + 1]]
        some = ", ".join(map(str, numbers[:MOST_NAMED])) + ", ..." * (len(numbers) > MOST_NAMED)
        expected = f"one of the messages that were kept: {some or 'none'}"
        raise QueryError([Fault("", "message", value_text(message), expected, "")])
    message_rows: pd.DataFrame = recipients[recipients["message"] == rows["message"].iloc[0]]
    return message_rows


# ---- from rows


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): _scalar(v) for k, v in row.items()} for row in frame.to_dict("records")]


def _scalar(value: Any) -> Any:
    """A plain Python value."""
    return value.item() if hasattr(value, "item") else value


def _sender(world: World, row: Mapping[str, Any]) -> str | None:
    """The sender address of a message that reached no server."""
    if row["class"] != "honest":
        return None
    person: Person = world.workload.population.people[row["sender"]]
    accounts = [a for a in person.accounts if a.network == row["account"]]
    return (accounts or person.accounts)[0].sender


def _recipient(world: World, row: Mapping[str, Any]) -> Recipient:
    mailbox, addresses = row["recipient"], world.mailboxes.addresses
    address = addresses[mailbox] if mailbox >= 0 else f"{NO_SUCH_USER}{row['domain']}"
    columns = ("fate", "cause", "server", "rule", "ended_at")
    return Recipient(address, *(row[name] for name in columns))


def _attempts(
    addresses: Mapping[int, str], frame: pd.DataFrame, *, spam: bool
) -> tuple[Attempt, ...]:
    """The attempts in order of time."""
    result = []
    for row in _rows(frame.sort_values("at", kind="stable")):
        relayed = row["hop"] == "relay"
        client = row["client"]
        server = addresses.get(client, "") if relayed else ""
        place = "" if spam else row["place"]
        result.append(
            Attempt(
                row["attempt"], row["hop"], row["at"], client,
                server or place or "spammer", row["server"], row["recipients"],
                row["accepted"], row["code"], row["enhanced"], row["rule"], row["cause"],
                row["permission"], row["waited"], row["took"],
            )
        )  # fmt: skip
    return tuple(result)


def _waits(attempts: Sequence[Attempt], recipients: Sequence[Recipient]) -> tuple[Wait, ...]:
    """Where the message lay between attempts, derived from their moments."""
    waits: list[Wait] = []
    before: dict[str, Attempt] = {}  # by holder: "" is the sender's outbox
    source: dict[str, Attempt] = {}  # by server, the attempt that brought it there
    for attempt in attempts:
        holder = attempt.holder if attempt.hop == "relay" else ""
        last = before.get(holder)
        if last is not None and last.accepted < last.recipients:
            place = f"queue of {holder}" if holder else "outbox of the sender"
            reason = f"tried again, after {last.code or 'no connection'}"
            waits.append(Wait(place, last.end, attempt.at, reason))
        elif holder and holder in source:
            waits.append(
                Wait(f"queue of {holder}", source[holder].end, attempt.at, "passed on (on its way)")
            )
        if attempt.waited > 0:
            place = f"connection queue of {attempt.server}"
            until = attempt.at + attempt.waited
            waits.append(Wait(place, attempt.at, until, "a session was free"))
        before[holder] = attempt
        if attempt.accepted:
            source[attempt.server] = attempt
    if attempts and any(r.fate == "in_transit" for r in recipients):
        last = attempts[-1]
        holder = last.server if last.accepted else last.holder if last.hop == "relay" else ""
        place = f"queue of {holder}" if holder else "outbox of the sender"
        waits.append(Wait(place, last.end, None, "the run ended"))
    return tuple(sorted(waits, key=lambda wait: wait.since))
