"""The extract of the relay oracle (see data/ORIGIN.md), as rows that tests can use."""

from __future__ import annotations

import json
import lzma
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

STAGES = ("ehlo", "auth", "mail", "rcpt", "data", "body")
PATH = Path(__file__).with_name("data") / "oracle.json.xz"


class Vector(NamedTuple):
    """One measured session: *case* holds its inputs, the rest its answers."""

    name: str
    case: dict[str, Any]
    verdict: str
    basis: str
    stage: str
    if_client_continues: str | None
    reply: tuple[int, str, str]
    talk: dict[str, str]
    """Every reply of the session by its stage, queue ids aside."""


@cache
def stored() -> dict[str, Any]:
    return json.loads(lzma.decompress(PATH.read_bytes()))


@cache
def policy(name: str) -> dict[str, Any]:
    """A neutral policy with its defaults filled in."""
    stated = stored()["policies"]
    return {**stated["defaults"], **stated["policies"][name]}


def case(mta: str, policy_name: str, session: str) -> dict[str, Any]:
    """The inputs of one session, in the shape of the oracle's vectors."""
    inputs = dict(zip(stored()["inputs"], stored()["sessions"][session], strict=True))
    client = inputs.pop("client_ip")
    session_inputs = {"id": session, **inputs}
    return {"mta": mta, "policy": policy_name, "session": session_inputs, "client_ip": client}


@cache
def vectors() -> tuple[Vector, ...]:
    return tuple(
        Vector(
            f"{mta}/{policy_name}/{session}",
            case(mta, policy_name, session),
            verdict,
            basis,
            stage,
            going_on,
            tuple(reply),
            {
                at: stored()["replies"][number]
                for at, number in zip(STAGES, talk, strict=True)
                if number is not None
            },
        )
        for mta, policy_name, session, verdict, basis, stage, going_on, reply, talk in stored()[
            "vectors"
        ]
    )
