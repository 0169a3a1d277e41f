"""What the live page is told: the state of a living world and what happens in it, as data."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from sim.records.words import Hop
from sim.serve.conversations import Conversation, summary
from sim.smtp import decide
from sim.smtp.clients import Range
from sim.world.visits import GROUP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.serve.living import Living
    from sim.serve.ports import Port

MOST_ATTEMPTS = 200
"""Attempts that are told of at a time: of more, the latest."""


class Networks:
    """Which network an address (a number of the run) is on."""

    def __init__(self, living: Living) -> None:
        scenario = living.world.scenario
        ranges = sorted(
            (Range(*map(scenario.numbering.number, Range.of(prefix))), name)
            for name, network in scenario.networks.items()
            for prefix in (*network.prefixes, *network.reserved)
        )
        self._first = [block.first for block, _ in ranges]
        self._ranges = ranges

    def __call__(self, client: int) -> str:
        """The network that has *client*; "": none."""
        place = bisect_right(self._first, client) - 1
        if place < 0 or client > self._ranges[place][0].last:
            return ""
        return self._ranges[place][1]


class View:
    """A living world, as the page sees it; *ports* are those of its servers."""

    def __init__(self, living: Living, ports: Sequence[Port]) -> None:
        self.living, self.ports = living, ports
        self._networks = Networks(self.living)
        self._octets = len(self.living.world.recorder.attempts)

    # ---- the whole state

    def state(self) -> dict[str, Any]:
        """Everything that a page needs when it opens."""
        living = self.living
        scenario = living.world.scenario
        return {
            "title": scenario.title,
            "arms": [*scenario.arms],
            "networks": [{"name": n, "kind": w.kind} for n, w in scenario.networks.items()],
            "links": [[n, other] for n, w in scenario.networks.items() for other in w.links],
            "servers": [
                {"name": s.name, "network": s.network, "ports": self._ports(s.name)}
                for s in living.world.servers
            ],
            "places": [place._asdict() for place in living.places.rows()],
            "accounts": self._accounts(),
            "sessions": [session(one) for one in living.log],
            **self.clock(),
        }

    def clock(self) -> dict[str, Any]:
        """The time, and the arm that is in force."""
        living = self.living
        return {
            "arm": living.arm,
            "now": living.world.env.now,
            "date": living.date(),
            "speed": living.clock.factor,
            "accepted": living.accepted,
            "fates": living.mail.account(),
        }

    def _ports(self, name: str) -> dict[str, int]:
        return {port.kind: port.port for port in self.ports if port.name == name}

    def _accounts(self) -> list[str]:
        """Addresses of mailboxes: those that visitors use, then people's, as many as fit."""
        addresses = self.living.world.mailboxes.addresses
        return sorted(addresses, key=lambda a: a.partition("@")[0] not in ("alice", "bob"))[:200]

    # ---- what happens

    def attempts(self) -> list[dict[str, Any]]:
        """The attempts since this was asked last: who asked which server, and how it ended."""
        recorder = self.living.world.recorder
        rows, self._octets = recorder.attempts_from(self._octets), len(recorder.attempts)
        servers = self.living.world.servers
        names = {server.address: server.name for server in servers}
        return [
            {
                "at": float(row["at"]),
                "from": names.get(int(row["client"]), ""),
                "network": self._networks(int(row["client"])),
                "to": servers[row["server"]].name,
                "relay": bool(row["hop"] == Hop.RELAY.number),
                "code": recorder.answers[row["answer"]].verdict.code,
                "cause": recorder.answers[row["answer"]].verdict.cause,
                "recipients": int(row["recipients"]),
                "visitor": recorder.groups.all[recorder.messages.group[row["message"]]] == GROUP,
            }
            for row in rows[-MOST_ATTEMPTS:]
        ]

    def mailbox(self, address: str) -> list[dict[str, Any]]:
        """The messages in a mailbox, the latest first."""
        mail = self.living.mail
        return [
            {"at": letter.at, "text": mail.text(letter).decode("utf-8", "replace")[:20_000]}
            for letter in reversed(mail.letters(address)[-50:])
        ]

    def others(self, number: int) -> list[dict[str, Any]]:
        """What each recipient of session *number* would be answered under every arm."""
        one = next((c for c in self.living.log if c.number == number), None)
        if one is None:
            return []
        return [
            {
                "recipient": judgement.recipient,
                "arms": [
                    {"arm": arm, "code": verdict.code, "rule": verdict.rule,
                     "accepted": verdict.accepted}
                    for arm in self.living.world.scenario.arms
                    for verdict in [decide(self._policy(one, arm), judgement.facts)]
                ],
            }
            for judgement in one.judgements
        ]  # fmt: skip

    def _policy(self, one: Conversation, arm: str) -> Any:
        world = self.living.world
        return world.builder.on(world.baseline.arm(arm), one.server, one.port)


def session(one: Conversation) -> dict[str, Any]:
    """A conversation as plain data."""
    return {
        **summary(one),
        "turns": [turn._asdict() for turn in one.turns],
        "judgements": [judgement.data() for judgement in one.judgements],
    }
