"""Frames of a run made by hand: the columns and dtypes of the rows, without a world."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sim.records import rows as records
from sim.records import words

KINDS = {
    "class": words.MailClass.texts(),
    "phase": words.Phase.texts(),
    "fate": words.Fate.texts(),
    "cause": words.Cause.texts(),
    "first_cause": words.Cause.texts(),
    "route": words.Route.texts(),
    "remedy": words.Remedy.texts(),
    "hop": words.Hop.texts(),
    "abuse": words.Abuse.texts(),
    "change": words.Change.texts(),
    "reason": words.Reason.texts(),
}
RECIPIENT = {
    "arm": "open",
    "replication": 0,
    "message": 0,
    "recipient": 1,
    "domain": "adatum.com",
    "class": "honest",
    "sender": 0,
    "group": "travellers",
    "account": "proseware",
    "place": "home",
    "same_isp": False,
    "written_at": 100.0,
    "phase": "steady",
    "fate": "delivered",
    "cause": "",
    "first_cause": "",
    "ended_at": 110.0,
    "attempts": 1,
    "server": "proseware-smtp",
    "rule": "",
    "remedy": "",
    "calls": 0,
    "changes": 0,
    "route": "submission",
    "believed": True,
}
ATTEMPT = {
    "arm": "open",
    "replication": 0,
    "message": 0,
    "attempt": 1,
    "hop": "submission",
    "at": 100.0,
    "client": 3325256705,
    "place": "home",
    "server": "proseware-smtp",
    "recipients": 1,
    "accepted": 1,
    "stage": "relay",
    "code": 250,
    "enhanced": "2.1.5",
    "rule": "permit",
    "cause": "",
    "relayed": 0,
    "waited": 0.0,
    "took": 1.5,
}
SERVER = {
    "arm": "open",
    "replication": 0,
    "phase": "steady",
    "server": "proseware-smtp",
    "sessions": 4,
    "span": 86400.0,
    "connections": 10,
    "turned_away": 0,
    "busy": 100.0,
    "busy_spam": 25.0,
    "waited": 5.0,
    "relayed": 8,
    "relayed_spam": 2,
}
CHANGE = {
    "arm": "open",
    "at": 0.0,
    "change": "listed",
    "name": "list",
    "reason": "trap",
    "prefix": 32,
}


def frame(
    columns: dict[str, records.Column], example: dict[str, Any], rows: list[dict[str, Any]]
) -> pd.DataFrame:
    """Rows that differ from *example* as stated, with the dtypes of *columns*."""
    assert set(example) <= set(columns)
    others = {name: "" if c.dtype == "category" else 0 for name, c in columns.items()}
    table = pd.DataFrame([others | example | row for row in rows], columns=list(columns))
    for name, column in columns.items():
        if column.dtype == "category":
            kinds = KINDS.get(name, tuple(dict.fromkeys(table[name].tolist())))
            table[name] = pd.Categorical(
                table[name].tolist(), categories=pd.Index(kinds, dtype=object)
            )
        else:
            table[name] = table[name].astype(column.dtype)
    return table


def frames(
    recipients: list[dict[str, Any]] | None = None,
    attempts: list[dict[str, Any]] | None = None,
    servers: list[dict[str, Any]] | None = None,
    calendar: list[dict[str, Any]] | None = None,
) -> dict[str, pd.DataFrame]:
    """The tables of a run; each list says what differs from an ordinary row."""
    return {
        "recipients": frame(
            records.RECIPIENTS, RECIPIENT, [{}] if recipients is None else recipients
        ),
        "attempts": frame(records.ATTEMPTS, ATTEMPT, [{}] if attempts is None else attempts),
        "servers": frame(records.SERVERS, SERVER, [{}] if servers is None else servers),
        "calendar": frame(records.CALENDAR, CHANGE, calendar or []),
    }


def week(
    seed: int, *, arm: str = "open", replication: int = 0, refused: float = 0.2
) -> dict[str, Any]:
    """A run of seven days with chance in it: 400 honest messages, 300 spam."""
    rng = np.random.default_rng((seed, replication))
    rows = []
    for message in range(700):
        at = float(rng.uniform(0.0, 7 * 86400.0))
        phase = "warm-up" if at < 86400 else "transient" if at < 3 * 86400 else "steady"
        lost = bool(rng.random() < refused) and phase != "warm-up"
        rows.append(
            {
                "arm": arm,
                "replication": replication,
                "message": message,
                "class": "honest" if message < 400 else "spam",
                "route": "submission" if message < 400 else "open_relay",
                "place": str(rng.choice(["home", "work", "hotel"])),
                "written_at": at,
                "phase": phase,
                "fate": "refused" if lost else "delivered",
                "cause": "relaying" if lost else "",
                "first_cause": "relaying" if lost else "",
                "ended_at": at + float(rng.exponential(20.0)),
                "believed": not lost,
            }
        )
    servers = [
        {"arm": arm, "replication": replication, "phase": phase, "span": span}
        for phase, span in (("warm-up", 86400.0), ("transient", 172800.0), ("steady", 345600.0))
    ]
    return frames(rows, [{"arm": arm, "replication": replication}], servers)
