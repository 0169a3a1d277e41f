"""Make ``oracle.json.xz`` from the files of the relay oracle: ``make_oracle.py FOLDER``.

Kept: what the replay needs of each vector, every reply of its session (queue ids read ``*``), the
unanimous lines, the policies, the table of address forms of the README, and the replies to
commands. Left out: routes, notes, and names of versions. Every place in which a session's inputs
would differ between servers or policies stops it.
"""

from __future__ import annotations

import json
import lzma
import re
import sys
from pathlib import Path
from typing import Any

INPUTS = ("location", "rcpt", "sender", "auth", "pop")
STAGES = ("ehlo", "auth", "mail", "rcpt", "data", "body")
QUEUE_ID = (
    r"(?<=queued as )\S+|(?<=OK id=)\S+|(?<=2\.0\.0 )\S+(?= Message)|(?<=Ok\. )\S+|(?<=Queued! ).*"
)
STAGE_OF_REPLY = {"body": "rcpt", "data": "rcpt"}  # what decide answers is the RCPT
FORM_TABLES = {"closed": "192.0.2.66", "onnet": "198.51.100.77"}  # policy, client
LETTERS = {
    "R": "reject_relay",
    "S": "reject_syntax",
    "U": "reject_unknown_user",
    "L": "accept_local",
    "A": "accept_relay",
}


def main(folder: Path) -> None:
    vectors = [json.loads(line) for line in (folder / "vectors.jsonl").open(encoding="utf-8")]
    consensus = [json.loads(line) for line in (folder / "consensus.jsonl").open(encoding="utf-8")]
    sessions: dict[str, Any] = {}
    for vector in vectors:
        inputs = [vector["session"][name] for name in INPUTS] + [vector["client_ip"]]
        assert sessions.setdefault(vector["session"]["id"], inputs) == inputs
    replies: dict[str, int] = {}
    made = {
        "inputs": [*INPUTS, "client_ip"],
        "sessions": sessions,
        "policies": json.loads((folder / "policies.json").read_text(encoding="utf-8")),
        "vectors": [[*row(vector), talk(vector, replies)] for vector in vectors],
        "replies": [*replies],
        "unanimous": [
            [line["policy"], line["session"], next(iter(line["verdicts"].values()))]
            for line in consensus
            if line["unanimous"]
        ],
        "forms": forms((folder / "README.md").read_text(encoding="utf-8")),
        "commands": commands(json.loads((folder / "replies.json").read_text(encoding="utf-8"))),
    }
    text = json.dumps(made, separators=(",", ":"), sort_keys=True)
    target = Path(__file__).with_name("oracle.json.xz")
    target.write_bytes(lzma.compress(text.encode(), preset=9))
    print(target.stat().st_size, "octets,", len(vectors), "vectors")


def row(vector: dict[str, Any]) -> list[Any]:
    stage = vector["decided_at"]
    reply = vector["replies"][STAGE_OF_REPLY.get(stage, stage)]
    return [
        vector["mta"],
        vector["policy"],
        vector["session"]["id"],
        vector["verdict"],
        vector["verdict_basis"],
        stage,
        vector.get("verdict_if_client_continues"),
        [reply["code"], reply["enhanced"], reply["text"]],
    ]


def talk(vector: dict[str, Any], replies: dict[str, int]) -> list[int | None]:
    """By stage, the number of the reply among *replies*; None: there was none."""
    numbers: list[int | None] = []
    for stage in STAGES:
        reply = vector["replies"].get(stage)
        text = reply and f"{reply['code']} {reply['text']}"
        if stage == "body":
            text = text and re.sub(QUEUE_ID, "*", text)
        numbers.append(None if text is None else replies.setdefault(text, len(replies)))
    return numbers


def forms(readme: str) -> list[list[str]]:
    """The two tables of address forms: policy, client, form, server, verdict."""
    lines = readme.split("\n")
    starts = [i for i, line in enumerate(lines) if line.startswith("| form | ")]
    rows = []
    for start, (policy, client) in zip(starts, FORM_TABLES.items(), strict=True):
        servers = [cell.strip() for cell in lines[start].strip("|").split("|")][1:]
        for line in lines[start + 2 :]:
            if not line.startswith("|"):
                break
            form, *cells = (cell.strip() for cell in line.strip("|").split("|"))
            text = "" if form == "`(empty)`" else form.strip("`")
            for server, cell in zip(servers, cells, strict=True):
                rows.append([policy, client, text, server, LETTERS[cell[0]]])
    return rows


def commands(replies: dict[str, Any]) -> dict[str, dict[str, list[Any]]]:
    """The replies to commands that say nothing about an address."""
    return {
        mta: {
            command: [reply["code"], reply["enhanced"], reply["text"]]
            for command, reply in {
                **entry["greeting"]["commands"],
                "banner": entry["greeting"]["banner"],
                "QUIT": entry["greeting"]["quit"],
            }.items()
        }
        for mta, entry in replies.items()
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
