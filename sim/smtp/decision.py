"""`decide`: one pure, total function of a policy and the facts of a session."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from sim.smtp.addresses import FAULTS
from sim.smtp.facts import Facts
from sim.smtp.policy import Plan, Policy
from sim.smtp.restrictions import PERMIT, Opinion, Refusal, Restriction
from sim.smtp.transaction import NOBODY, Transaction
from sim.smtp.verdicts import Step, Verdict

END_OF_LIST = "end_of_relay_list"
"""The *rule* of a refusal that no restriction asked for: nothing permitted the relaying."""
SYNTAX = "address_syntax"
"""The *rule* of a refusal for the form of an address."""
AUTH = "smtp_auth"
"""The *rule* of a refusal for a login that failed."""

RELAY_DENIED = Refusal("relay_denied")
LOGIN_WOULD_HELP = Refusal("relay_denied", "login_would_help")


def decide(policy: Policy, facts: Facts, *, trace: bool = False) -> Verdict:
    """The answer of a server with *policy* to the transaction of *facts*.

    Pure, and total: any text for an address gives a verdict. With *trace* the verdict says
    which restrictions were looked at and what they compared.
    """
    walk = _Walk(policy, facts, trace)
    return _refusal(walk, policy.plan) or walk.accepted()


def decide_at(policy: Policy, facts: Facts, command: str) -> Verdict | None:
    """What `decide` would refuse by the time *command* is answered; None: so far nothing.

    *command* is CONNECT, AUTH, MAIL, RCPT or DATA; facts told by later commands are not read.
    """
    commands = [name for name, _ in policy.plan]
    return _refusal(_Walk(policy, facts, False), policy.plan[: commands.index(command) + 1])


def _refusal(walk: _Walk, plan: Plan) -> Verdict | None:
    for command, checks in plan:
        walk.command = command
        for check in checks:
            verdict = _CHECKS[check](walk)
            if verdict is not None:
                return verdict
    walk.command = "RCPT"
    return None


class _Walk:
    """The state of one decision."""

    __slots__ = ("command", "facts", "permit", "steps", "t")

    def __init__(self, policy: Policy, facts: Facts, trace: bool) -> None:
        self.t = Transaction(policy, facts)
        self.facts = facts
        self.command = ""
        self.permit: Restriction | None = None
        self.steps: list[Step] | None = [] if trace else None

    def note(self, stage: str, what: Restriction | tuple[str, str], opinion: Opinion) -> None:
        if self.steps is not None:
            self.steps.append(Step(stage, what, opinion, self.t))

    def list(self, stage: str, restrictions: tuple[Restriction, ...]) -> Verdict | None:
        """Walk a list up to a permit or a refusal; a permit of the relay list is kept."""
        t, steps = self.t, self.steps
        for restriction in restrictions:
            opinion = restriction.judge(t)
            if steps is not None:
                steps.append(Step(stage, restriction, opinion, t))
            if opinion is None:
                continue
            if opinion is PERMIT:
                self.permit = restriction
                return None
            return self.refused(stage, restriction.name, opinion)
        return None

    def relay(self) -> Verdict | None:
        """Walk the relay list, which ends in *refuse*."""
        policy = self.t.policy
        self.permit = None
        verdict = self.list("relay", policy.lists["relay"])
        if verdict is not None:
            return verdict
        if self.permit is not None:
            self.t.granted = self.permit.entry.grants
            return None
        refusal = LOGIN_WOULD_HELP if policy.logins_relay else RELAY_DENIED
        self.note("relay", (END_OF_LIST, "nothing permitted it"), refusal)
        return self.refused("relay", END_OF_LIST, refusal)

    def refused(self, stage: str, rule: str, refusal: Refusal) -> Verdict:
        return self.verdict(stage, rule, refusal.situation, refusal.detail)

    def accepted(self) -> Verdict:
        return self.verdict("relay", self.permit.name if self.permit else "", "accepted", "")

    def verdict(self, stage: str, rule: str, situation: str, detail: str) -> Verdict:
        policy = self.t.policy
        answer = policy.answers.get((situation, detail)) or policy.answer(situation, detail)
        situation, kind, cause, code, enhanced = answer
        if self.t.recipient is NOBODY:  # refused before it was looked at
            self.t.read_recipient()
        relayed = bool(self.t.recipient.domain) and not self.t.destination_is_local
        return Verdict(
            kind=kind or ("accept_relay" if relayed else "accept_local"),
            accepted=code < 400,
            discarded=situation == "discarded",
            relayed=relayed,
            permanent=code >= 500,
            code=code,
            enhanced=enhanced,
            stage=stage,
            command=self.command,
            rule=rule,
            cause=cause,
            situation=situation,
            trace=tuple(self.steps or ()),
            detail=detail,
            _policy=policy,
            _facts=self.facts,
        )


def _auth(walk: _Walk) -> Verdict | None:
    if not walk.facts.auth_failed:
        return None
    refusal = Refusal("auth_failed" if walk.t.policy.auth_offered else "auth_not_offered")
    walk.note("client", (AUTH, "the login was refused"), refusal)
    return walk.refused("client", AUTH, refusal)


def _sender_syntax(walk: _Walk) -> Verdict | None:
    fault = walk.t.read_sender()
    if fault is None:
        return None
    refusal = Refusal("sender_syntax", fault.reason)
    walk.note("sender", (SYNTAX, f"sender {walk.t.sender_text()}: {FAULTS[fault.reason]}"), refusal)
    return walk.refused("sender", SYNTAX, refusal)


def _recipient_syntax(walk: _Walk) -> Verdict | None:
    fault = walk.t.read_recipient()
    if fault is None:
        return None
    refusal = Refusal("recipient_syntax", fault.reason)
    said = f"recipient <{walk.facts.forward_path}>: {FAULTS[fault.reason]}"
    walk.note("recipient", (SYNTAX, said), refusal)
    return walk.refused("recipient", SYNTAX, refusal)


def _listed(name: str) -> Callable[[_Walk], Verdict | None]:
    stage = "client" if name == "connect" else name.partition("_")[0]
    return lambda walk: walk.list(stage, walk.t.policy.lists[name])


_CHECKS: dict[str, Callable[[_Walk], Verdict | None]] = {
    "connect": _listed("connect"),
    "auth": _auth,
    "client": _listed("client"),
    "sender_syntax": _sender_syntax,
    "sender": _listed("sender"),
    "sender_login": _listed("sender_login"),
    "sender_domain": _listed("sender_domain"),
    "recipient_syntax": _recipient_syntax,
    "relay": _Walk.relay,
    "recipient": _listed("recipient"),
    "content": _listed("content"),
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


class StandIns(dict[str | None, str | None]):
    """For each address, one that stands for all that *policy* cannot tell from it.

    A server need not be asked for every pair of domains: those it does not know are alike.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.stranger: str | None = None

    def __missing__(self, address: str | None) -> str | None:
        found = address
        if address is not None and not self.policy.knows(address.rpartition("@")[2]):
            found = self.stranger = self.stranger or address
        self[address] = found
        return found
