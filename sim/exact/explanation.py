"""One message explained: who decided and why, what was said, what the user sees, what helps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sim.exact import error_box
from sim.exact.advice import Advice, advise
from sim.exact.blocks import Block, Grid, Line, Lines, Span
from sim.exact.error_box import ErrorBox
from sim.exact.page import Page
from sim.exact.received import Header, chain, content, subject
from sim.exact.situations import WHO, answer
from sim.exact.transcript import Dialogue, converse
from sim.path.journey import Hop, Journey, Servers
from sim.path.query import Query
from sim.path.query import query as make_query
from sim.path.route import MOST_HOPS
from sim.path.submission import port
from sim.smtp import clients
from sim.smtp.forwarding import destinations

if TYPE_CHECKING:
    from sim.scenario import Scenario

OUTCOMES = {
    "delivered": ("delivered", "good"),
    "queued": ("accepted; waits in a queue and is tried again", "warn"),
    "refused": ("refused: an error box", "bad"),
    "deferred": ("temporarily rejected: the mail program tries again", "warn"),
    "unreachable": ("no connection: an error box", "bad"),
    "discarded": ("accepted, then dropped silently: the sender believes it arrived", "bad"),
    "bounced": ("accepted, then refused further on: a notice comes back", "bad"),
}
"""Each outcome of a `Journey` in words, and its style."""


@dataclass(frozen=True, repr=False)
class Explanation(Page):
    """What happens to one message under one arm; made by `explain`.

    *advice* holds the changes that were tried, in order of effort: *by* whom, *words*, *effort*,
    whether it *helps*, and whom it *admits*.
    """

    scenario: Scenario
    query: Query
    journey: Journey
    advice: tuple[Advice, ...]

    @property
    def outcome(self) -> str:
        """A key of `OUTCOMES`."""
        return self.journey.outcome

    @property
    def hops(self) -> tuple[Hop, ...]:
        """The servers that were asked, in order, with facts, policy and verdict."""
        return self.journey.hops

    @property
    def port(self) -> int:
        """The port of the server that was asked."""
        attempt = self.query.attempt
        offered = self.scenario.servers[attempt.server].submission_port
        return port(by_587=attempt.by_587, submission_port=offered)

    @cached_property
    def dialogues(self) -> tuple[Dialogue, ...]:
        """What client and server said, for each hop that had a connection."""
        return tuple(self._dialogue(number) for number, hop in enumerate(self.hops) if hop.verdict)

    @cached_property
    def received(self) -> tuple[Header, ...]:
        """The header as it stands where the message was last taken; empty if it never was."""
        hops = self._accepting
        return tuple(chain(self.query, hops, self.scenario.year)) if hops else ()

    @cached_property
    def error_box(self) -> ErrorBox | None:
        """What the mail program shows; None where it shows nothing."""
        visible = self.outcome in ("refused", "deferred", "unreachable")
        if self.query.party.spammer or not visible:
            return None
        dialogue = self.dialogues[0] if self.dialogues else None
        party, attempt = self.query.party, self.query.attempt
        return error_box.box(
            dialogue.refused_at if dialogue else error_box.UNREACHABLE,
            " ".join(dialogue.reply) if dialogue else "",
            code=dialogue.code if dialogue else 0,
            sender=attempt.reverse_path or "",
            recipient=attempt.forward_path,
            subject=subject(self.query),
            account=party.program.login.rpartition("@")[2],
            server=self.scenario.hostname(attempt.server),
            port=self.port,
        )

    @property
    def _accepting(self) -> tuple[Hop, ...]:
        return tuple(hop for hop in self.hops if hop.verdict is not None and hop.verdict.accepted)

    def _dialogue(self, number: int) -> Dialogue:
        hop = self.hops[number]
        before = self.hops[:number]
        helo = before[-1].policy.hostname if before else self.query.party.helo
        lines = content(self.query, before, self.scenario.year)
        failing = self.query.party.program.login if hop.facts.auth_failed else None
        return converse(hop.policy, hop.facts, helo, lines, failing)

    # ---- shown

    def blocks(self) -> Sequence[Block]:
        """What is shown, in order."""
        return [
            self._summary(),
            *(block for hop in self.hops for block in (self._walk(hop), *self._aliases(hop))),
            *(
                Lines(f"Dialogue with {self._host(hop)}", dialogue.lines(), fixed=True)
                for hop, dialogue in zip(self.hops, self.dialogues, strict=False)
            ),
            *self._box(),
            *self._chain(),
            *self._advice_blocks(),
        ]

    def _host(self, hop: Hop) -> str:
        return f"{hop.server} ({hop.policy.hostname})"

    def _summary(self) -> Block:
        party, attempt = self.query.party, self.query.attempt
        words, style = OUTCOMES[self.outcome]
        facts = self.hops[0].facts
        place = party.place
        if place != attempt.network:
            place += f", {'by a VPN ' if party.vpn else ''}on {attempt.network}"
        address = clients.text(attempt.client) if attempt.client is not None else "no address"
        rows: list[tuple[Line, ...]] = [
            ("arm", self.query.arm),
            ("who", f"{party.name} (account at {party.network})"),
            ("where", f"{place}, address {address}"),
            ("server", self._host(self.hops[0])),
            ("sender", f"<{attempt.reverse_path or ''}>"),
            ("recipient", f"<{attempt.forward_path}>"),
            ("login", self._login()),
            ("POP login", "just before" if facts.pop_age is not None else "none"),
            ("outcome", Span(words, style)),
        ]
        if self.outcome == "bounced" and self.hops[-1].verdict and self.hops[-1].verdict.accepted:
            rows.append(("because", self._dead_end()))
        return Grid("", (), tuple(rows))

    def _dead_end(self) -> str:
        """Why what the last server took goes no further."""
        if len(self.hops) == MOST_HOPS:
            return f"it was passed on by {MOST_HOPS} servers: a loop (5.4.6)"
        return "no server takes mail for this domain"

    def _login(self) -> str:
        login = self.hops[0].facts.login
        if login is not None:
            return f"AUTH as {login}" + (f" on port {self.port}" if self.port != 25 else "")
        if self.hops[0].facts.auth_failed:
            return f"AUTH as {self.query.party.program.login}, with a wrong password"
        on = self.query.party.program.auth
        return "AUTH is on, but this server does not offer it" if on else "none"

    def _walk(self, hop: Hop) -> Block:
        title = f"Restrictions at {self._host(hop)}"
        verdict = hop.verdict
        if verdict is None:
            return Lines(title, (Span(f"no connection to port {self.port}", "bad"),))
        rows = tuple(
            (step.stage, step.rule, step.compared, Span(step.opinion, _OPINION[step.opinion]))
            for step in verdict.trace
        )
        decided = f"{verdict.kind}, decided by {verdict.rule}: {verdict.reply}"
        return Grid(title, ("stage", "restriction", "compared", "opinion"), rows, decided)

    def _aliases(self, hop: Hop) -> list[Block]:
        """Where the aliases of a server that took the message send it, and under whose name."""
        before, envelope = hop.facts, hop.forwarded
        if envelope is None:
            return []
        others = destinations(hop.policy, before.forward_path)[1:]
        rows: list[tuple[Line, ...]] = [
            (f"<{before.forward_path}>", f"goes to <{envelope.forward_path}>")
        ]
        rows += [
            ("", Span(f"and to <{other}>, which is not followed", "faint")) for other in others
        ]
        if envelope.reverse_path != before.reverse_path:
            rows.append((f"<{before.reverse_path}>", f"becomes <{envelope.reverse_path}>"))
        return [Grid(f"Aliases at {self._host(hop)}", (), tuple(rows))]

    def _box(self) -> list[Block]:
        box = self.error_box
        if box is None:
            return []
        return [
            Lines("The mail program shows", (Span(box.words, "bad"),)),
            Grid("", (), box.fields),
        ]

    def _chain(self) -> list[Block]:
        if not self.received:
            return []
        lines: list[Line] = []
        for header in self.received:
            mark = "  ← forged" if header.forged else ""
            lines.append(Span(f"{header.text}{mark}", "bad" if header.forged else ""))
        title = f"Header as {self._accepting[-1].server} has it, newest line on top"
        claims = sorted({h.claim for h in self.received if h.claim and not h.forged})
        note = f"Names in “from” are what the client said: {', '.join(claims)}."
        return [
            Lines(title, tuple(lines), fixed=True),
            *([Lines("", (Span(note, "faint"),))] if claims else []),
        ]

    def _advice_blocks(self) -> list[Block]:
        helping = [advice for advice in self.advice if advice.helps]
        vain = [advice for advice in self.advice if not advice.helps]
        rows = tuple((Span(a.by, "strong"), a.words, _effort(a), _abuse(a)) for a in helping)
        heads = ("by", "change", "effort", "also admits")
        better = Grid("What would get it through, easiest first", heads, rows)
        answers = tuple((a.by, a.words, a.answer) for a in vain)
        worse = Grid("What would not help", ("by", "change", "answer"), answers)
        return [block for block in (better, worse) if block.rows]

    def as_dict(self) -> dict[str, Any]:
        """For programs: everything that is shown."""
        attempt, box = self.query.attempt, self.error_box
        return {
            "arm": self.query.arm,
            "user": self.query.party.name,
            "account": self.query.party.network,
            "place": self.query.party.place,
            "network": attempt.network,
            "vpn": self.query.party.vpn,
            "client": None if attempt.client is None else clients.text(attempt.client),
            "sender": attempt.reverse_path,
            "to": attempt.forward_path,
            "login": self.hops[0].facts.login,
            "pop": self.hops[0].facts.pop_age is not None,
            "outcome": self.outcome,
            "hops": [_hop(hop) for hop in self.hops],
            "dialogues": [[asdict(turn) for turn in d.turns] for d in self.dialogues],
            "error_box": None if box is None else {"": box.words, **dict(box.fields)},
            "received": [asdict(header) for header in self.received],
            "advice": [advice.as_dict() for advice in self.advice],
        }


_OPINION = {"permit": "good", "refuse": "bad", "discard": "bad", "defer": "warn", "-": "faint"}


def explain(
    scenario: Scenario,
    user: str,
    place: str | None,
    to: str,
    arm: str | None = None,
    sender: str | None = None,
    auth: bool = False,
    pop: bool = False,
    *,
    account: str | None = None,
    server: str | None = None,
    by_587: bool = False,
    vpn: bool = False,
    wrong_password: bool = False,
    caught: bool = False,
) -> Explanation:
    """Which restriction decides about one message of *user* from *place* to *to*, and what helps.

    *user* is a group (somebody of it), a person such as ``travellers-12``, or a spammer; *sender*
    the address shown, ``<>`` for the null reverse-path, without it the account's own; *auth* and
    *pop* say that AUTH is on and that a POP login came just before, *by_587* that it goes by port
    587 with AUTH, where the server offers that, *vpn* that a VPN puts them on the network of the
    account; *account* is ``home`` or ``work``, without it the
    one whose server the arms change, or that more is written in; *server* another server than
    the one of the account, or a network for its submission server; *wrong_password*: AUTH is on
    and fails; *caught*: an outbound filter takes it for spam, else it does what is likelier.
    Raises QueryError with every fault at once.
    """
    query = make_query(
        scenario, user, place, to, arm,
        account=account, server=server, sender=sender, auth=auth, pop=pop, by_587=by_587,
        vpn=vpn, wrong_password=wrong_password, caught=caught,
    )  # fmt: skip
    servers = Servers(scenario, query.arm, logins=[query.party.program.login])
    journey = servers.journey(query.attempt)
    advice = tuple(advise(servers, query, journey))
    return Explanation(servers.scenario, query, journey, advice)


def _abuse(advice: Advice) -> Line:
    if not advice.admits:
        return Span("nobody else", "faint")
    return Span("\n".join(f"{who}: {WHO[who].meaning}" for who in advice.admits), "warn")


def _effort(advice: Advice) -> str:
    return "\n".join((advice.effort, *(f"({remark})" for remark in advice.remarks)))


def _hop(hop: Hop) -> dict[str, Any]:
    verdict, forwarded = hop.verdict, hop.forwarded
    if verdict is None:
        return {"server": hop.server, "verdict": None}
    return {
        "server": hop.server,
        "hostname": hop.policy.hostname,
        "stage": verdict.stage,
        **answer(verdict),
        "walk": [
            {name: getattr(step, name) for name in ("stage", "rule", "compared", "opinion")}
            for step in verdict.trace
        ],
        "forwarded": None if forwarded is None else forwarded._asdict(),
    }
