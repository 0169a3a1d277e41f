"""`decide`: one pure, total function of a policy and the facts of a session."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import NamedTuple

from sim.smtp.addresses import FAULTS, Fault
from sim.smtp.facts import Facts
from sim.smtp.opinions import DISCARD, PERMIT, Opinion, Refusal
from sim.smtp.policy import Plan, Policy
from sim.smtp.restrictions import Restriction
from sim.smtp.restrictions.entry import settle
from sim.smtp.tables import TableError
from sim.smtp.transaction import Transaction
from sim.smtp.verdicts import Step, Verdict

END_OF_LIST = "end_of_list"
"""The *rule* of an acceptance that no restriction gave: nothing refused."""
SYNTAX = "address_syntax"
"""The *rule* of a refusal for the form of an address."""
NO_SERVICE = "no_service"
"""The *rule* where the server ends with an error for every client."""
AUTH = "smtp_auth"
"""The *rule* of a refusal for a login that failed."""

END = "EOD"
"""The end of a message, in a plan; to a client that is part of DATA."""

ACCEPTED = Refusal("accepted")
DISCARDED = Refusal("discarded")
UNLISTED = {
    "sender": Restriction("reject_unlisted_sender"),
    "recipient": Restriction("reject_unlisted_recipient"),
}
SUBJECT_OF = {"relay": "recipient", "content": "end_of_data"}
"""Whose address a refusal names, where that is not the name of the list."""
_LATER_STAGES = ("helo", "sender")
"""Lists about what a client may not have told yet."""


def decide(policy: Policy, facts: Facts, *, trace: bool = False) -> Verdict:
    """The answer of a server with *policy* to the transaction of *facts*.

    Pure, and total: any text for an address gives a verdict. With *trace* the verdict says
    which restrictions were looked at and what they compared.
    """
    walk = _Walk(policy, facts, trace)
    if not policy.serves:
        walk.command = "CONNECT"
        return walk.verdict("relay", NO_SERVICE, Refusal(NO_SERVICE))
    return _refusal(walk, policy.plan) or walk.accepted()


def decide_at(policy: Policy, facts: Facts, command: str) -> Verdict | None:
    """What `decide` would refuse by the time *command* is answered; None: so far nothing.

    *command* is CONNECT, HELO, AUTH, MAIL, RCPT or DATA, which ends with the message; facts told
    by later commands are not read.
    """
    commands = [name for name, _ in policy.plan]
    last = commands.index(END if command == "DATA" else command)
    return _refusal(_Walk(policy, facts, False), policy.plan[: last + 1])


class Outcome(NamedTuple):
    """What one command came to, for a session that goes on."""

    verdict: Verdict | None
    """The refusal; None if there is none."""
    deferral: Refusal | None
    """What is said at a later command if nothing refuses before."""
    discarding: bool
    """The message is to be dropped."""


def step(
    policy: Policy,
    facts: Facts,
    command: str,
    *,
    deferral: Refusal | None = None,
    discarding: bool = False,
    in_transaction: bool = True,
) -> Outcome:
    """What is answered at *command* itself, whatever was answered to earlier ones.

    *deferral* is what they held back; *discarding*: the message is to be dropped already. Out of a
    transaction no sender is known.
    """
    walk = _Walk(policy, facts, False)
    walk.discarding = discarding
    walk.t.command, walk.t.deferral = command, deferral
    if in_transaction and command not in ("CONNECT", "HELO", "MAIL"):
        walk.t.read_sender()
    if command in ("DATA", END) and facts.recipients <= 1:
        walk.t.read_recipient()
    verdict = _refusal(walk, policy.plan_of(command))
    return Outcome(verdict, walk.t.deferral, walk.discarding)


def accepted(policy: Policy, facts: Facts) -> Verdict:
    """The verdict on a recipient that nothing refused."""
    walk = _Walk(policy, facts, False)
    walk.command = "RCPT"
    return walk.accepted()


def _refusal(walk: _Walk, plan: Plan) -> Verdict | None:
    for command, checks in plan:
        walk.command = walk.t.command = command
        if walk.facts.login is not None and checks:
            early = command in BEFORE_LOGIN
            walk.t.facts = walk.facts._replace(login=None) if early else walk.facts
        if command in ("DATA", END):
            walk.t.deferral = None
            walk.exempt = False
        for check in checks:
            verdict = _CHECKS[check](walk)
            if verdict is not None:
                return verdict
    walk.command = "RCPT"
    return None


BEFORE_LOGIN = ("CONNECT", "HELO")
"""Commands at which nobody has logged in yet."""


class _Walk:
    """The state of one decision."""

    command = ""
    permit: Restriction | None = None
    discarding = False
    exempt = False

    def __init__(self, policy: Policy, facts: Facts, trace: bool) -> None:
        self.t = Transaction(policy, facts)
        self.policy = policy
        self.facts = facts
        self.steps: list[Step] | None = [] if trace else None

    def note(self, stage: str, check: Restriction | tuple[str, str], opinion: Opinion) -> None:
        if self.steps is not None:
            self.steps.append(Step(stage, check, opinion, self.t))

    def list(self, stage: str, restrictions: tuple[Restriction, ...]) -> Verdict | None:
        """Walk a list up to a permit or a refusal; a permit is kept."""
        t, steps = self.t, self.steps
        if self.exempt or self.discarding or (stage in _LATER_STAGES and self._is_early(stage)):
            return None
        subject = SUBJECT_OF.get(stage, stage)
        if subject != t.subject:  # relay and recipient lists are one in this
            t.on_reject = None
        t.stage, t.subject = stage, subject
        for restriction in restrictions:
            try:
                opinion = restriction.judge(t)
            except TableError:
                opinion = Refusal("lookup_failure", t.subject)
            if steps is not None:
                steps.append(Step(stage, restriction, opinion, t))
            if opinion is PERMIT:
                self.permit = restriction
                return None
            if opinion is not None and (t.warning or not isinstance(opinion, Refusal)):
                opinion = settle(t, opinion)
            if opinion is DISCARD:
                self.discarding = True
                return None
            if isinstance(opinion, Refusal):
                return self.refused(stage, restriction.name, opinion)
            if t.on_reject is not None and t.deferral is not None:
                return None  # whatever follows, the client has to come again
        return None

    def _is_early(self, stage: str) -> bool:
        """Whether what the list is about was not told yet."""
        t = self.t
        if stage == "helo":
            return self.facts.helo is None
        return t.sender is None and not t.no_sender

    def relay(self) -> Verdict | None:
        """Walk the relay list; a permit may mean that the client may relay."""
        self.permit = None
        verdict = self.list("relay", self.policy.lists["relay"])
        self.t.granted = self.permit in self.policy.granting
        return verdict

    def unlisted(self, stage: str) -> Verdict | None:
        """Ask whether the address is listed, unless that was asked before."""
        return self.list(stage, (UNLISTED[stage],))

    def deferral(self) -> Verdict | None:
        """Say what was held back until all lists permit."""
        refusal = self.t.deferral
        if refusal is None or self.exempt:
            return None
        return self.refused("recipient", "defer_if_permit", refusal)

    def refused(self, stage: str, rule: str, refusal: Refusal) -> Verdict:
        instead = self.t.on_reject
        if instead is not None and self.policy.answer(refusal).reply.code >= 500:
            refusal = instead
        return self.verdict(stage, rule, refusal)

    def accepted(self) -> Verdict:
        rule = self.permit.name if self.permit is not None else END_OF_LIST
        return self.verdict("relay", rule, DISCARDED if self.discarding else ACCEPTED)

    def verdict(self, stage: str, rule: str, refusal: Refusal) -> Verdict:
        policy, t = self.policy, self.t
        answer = policy.answers.get(refusal) or policy.answer(refusal)
        if t.recipient is None:  # refused before it was looked at
            t.read_recipient()
        relayed = t.recipient is not None and not t.destination_is_local
        code, enhanced, _ = answer.reply
        return Verdict(
            kind=answer.kind or ("accept_relay" if relayed else "accept_local"),
            accepted=code < 400,
            discarded=answer.situation == "discarded",
            relayed=relayed,
            permanent=code >= 500,
            code=code,
            enhanced=enhanced,
            stage=stage,
            command="DATA" if self.command == END else self.command,
            rule=rule,
            cause=answer.cause,
            situation=answer.situation,
            trace=tuple(self.steps or ()),
            detail=refusal.detail,
            template=answer.reply,
            _policy=policy,
            _facts=self.facts,
        )


def _auth(walk: _Walk) -> Verdict | None:
    if not walk.facts.auth_failed:
        return None
    refusal = Refusal("auth_failed" if walk.policy.auth_offered else "auth_not_offered")
    walk.note("client", (AUTH, "the login was refused"), refusal)
    return walk.refused("client", AUTH, refusal)


def _sender_syntax(walk: _Walk) -> Verdict | None:
    fault = walk.t.read_sender()
    return None if fault is None else _syntax(walk, "sender", walk.facts.reverse_path, fault)


def _recipient_syntax(walk: _Walk) -> Verdict | None:
    fault = walk.t.read_recipient()
    return None if fault is None else _syntax(walk, "recipient", walk.facts.forward_path, fault)


def _syntax(walk: _Walk, subject: str, path: str | None, fault: Fault) -> Verdict:
    refusal = Refusal(f"{subject}_syntax", fault.reason)
    walk.note(subject, (SYNTAX, f"{subject} <{path or ''}>: {FAULTS[fault.reason]}"), refusal)
    return walk.refused(subject, SYNTAX, refusal)


def _postmaster(walk: _Walk) -> None:
    """Ask nothing of a client that writes to the bare postmaster (RFC 5321 section 4.5.1)."""
    walk.exempt = walk.t.to.original.lower() == "postmaster"


def _listed(name: str) -> Callable[[_Walk], Verdict | None]:
    stage = _STAGE_OF.get(name, name.partition("_")[0] if name.startswith("sender_") else name)
    return lambda walk: walk.list(stage, walk.policy.lists[name])


_STAGE_OF = {
    "connect": "client",
    "auth_rate": "client",
    "message_rate": "client",
    "recipient_rate": "client",
}

_CHECKS: dict[str, Callable[[_Walk], Verdict | None]] = {
    **{
        name: _listed(name)
        for name in (
            *_STAGE_OF,
            *("client", "helo", "sender", "sender_login", "sender_domain"),
            *("recipient", "data", "end_of_data", "content"),
        )
    },
    "auth": _auth,
    "sender_syntax": _sender_syntax,
    "recipient_syntax": _recipient_syntax,
    "postmaster": _postmaster,
    "relay": _Walk.relay,
    "deferral": _Walk.deferral,
    "unlisted_sender": lambda walk: walk.unlisted("sender"),
    "unlisted_recipient": lambda walk: walk.unlisted("recipient"),
}


class Memo:
    """`decide` for one policy, remembered by what the policy reads.

    *table* maps keys to verdicts; a caller that has a cheaper key of its own may use the
    table with it. It is emptied when it holds *limit* verdicts. A verdict is shared by all
    facts with its key: `Verdict.reply_to` words it for one of them.
    """

    __slots__ = ("_key", "limit", "policy", "table")

    def __init__(self, policy: Policy, limit: int = 1 << 18) -> None:
        self.policy = policy
        self.limit = limit
        self.table: dict[Hashable, Verdict] = {}
        self._key = policy.key

    def __call__(self, facts: Facts) -> Verdict:
        """The verdict; one dictionary look-up where it was asked before."""
        key = self._key(facts)
        try:
            return self.table[key]
        except KeyError:
            if len(self.table) >= self.limit:
                self.table.clear()
            verdict = self.table[key] = decide(self.policy, facts)
            return verdict
