"""What a server answers for one recipient, and why."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.smtp import addresses, clients, replies, rfc822
from sim.smtp.facts import Facts
from sim.smtp.opinions import DISCARD, PERMIT, Deferral, Opinion
from sim.smtp.replies import Reply
from sim.smtp.restrictions import Restriction
from sim.smtp.site import Site
from sim.smtp.transaction import Transaction


class Step:
    """One restriction that was judged; its texts are composed on first reading."""

    __slots__ = ("_check", "_opinion", "_transaction", "stage")

    def __init__(
        self, stage: str, check: Restriction | tuple[str, str], opinion: Opinion, t: Transaction
    ) -> None:
        self.stage = stage
        """The list it stands in."""
        self._opinion = opinion
        self._check = check
        self._transaction = t

    @property
    def opinion(self) -> str:
        """``permit``, ``refuse``, ``discard``, ``defer`` (not yet), or ``-`` for none."""
        if self._opinion is None:
            return "-"
        if isinstance(self._opinion, Deferral):
            return "defer"
        if self._opinion is PERMIT:
            return "permit"
        return "discard" if self._opinion is DISCARD else "refuse"

    @property
    def rule(self) -> str:
        """The restriction as it stands in the list."""
        return str(self._check) if isinstance(self._check, Restriction) else self._check[0]

    @property
    def compared(self) -> str:
        """What was compared with what."""
        if isinstance(self._check, Restriction):
            return self._check.compared(self._transaction)
        return self._check[1]

    def __repr__(self) -> str:
        return f"Step({self.stage!r}, {self.rule!r}, {self.compared!r}, {self.opinion!r})"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a server answers for one recipient, and why."""

    kind: str
    """One of KINDS; unreachable where there is no connection and nobody answers."""
    accepted: bool
    """The client sees 250; so it does where the message is then dropped."""
    discarded: bool
    """Accepted, and dropped silently."""
    relayed: bool
    """The destination is not local."""
    permanent: bool
    """A refusal with 5xx."""
    code: int
    """Reply code."""
    enhanced: str
    """Enhanced status code (RFC 3463), "" where the wording has none."""
    stage: str
    """The list that decided, one of `restrictions.STAGES`."""
    command: str
    """The SMTP command that is so answered: CONNECT, HELO, AUTH, MAIL, RCPT or DATA."""
    rule: str
    """Name of the restriction that decided."""
    cause: str
    """A `sim.records.words.Cause`."""
    situation: str
    """Key of `replies.SITUATIONS`."""
    trace: tuple[Step, ...] = ()
    """Every restriction looked at; empty unless asked for."""
    detail: str = field(default="", repr=False)
    template: Reply | None = field(default=None, repr=False, compare=False)
    """The reply with its places not filled in."""
    _policy: Site | None = field(default=None, repr=False, compare=False)
    _facts: Facts | None = field(default=None, repr=False, compare=False)

    @property
    def reply(self) -> Reply:
        """The reply in the server's wording, made when asked for."""
        if self._policy is None or self._facts is None:
            return Reply(self.code, self.enhanced, self.kind)
        return self.reply_to(self._facts)

    def reply_to(self, facts: Facts) -> Reply:
        """The same reply with the addresses of *facts*, for verdicts that are shared."""
        if self._policy is None or self.template is None:
            return Reply(self.code, self.enhanced, self.kind)
        named = places(self._policy, facts, self.detail, self.stage)
        return replies.fill(self.template, named)

    @property
    def text(self) -> str:
        """The text of the reply, without its codes."""
        return self.reply.text


UNREACHABLE = Verdict(
    "unreachable", accepted=False, discarded=False, relayed=False, permanent=False, code=0,
    enhanced="", stage="client", command="CONNECT", rule="blocks_port_25", cause="unreachable",
    situation="",
)  # fmt: skip
"""What is seen from a network that lets nobody out to port 25 of another (bcp134)."""


KINDS = (
    "accept_local",
    "accept_relay",
    *dict.fromkeys(outcome.kind for outcome in replies.SITUATIONS.values() if outcome.kind),
    UNREACHABLE.kind,
)


def places(site: Site, facts: Facts, detail: str = "", stage: str = "") -> dict[str, str]:
    """What the templates of `sim.smtp.wordings` may name, for one recipient."""
    sender, rcpt = facts.reverse_path or "", facts.forward_path
    before, _, after = rcpt.rpartition("@")
    plain, mailbox = addresses.plain(rcpt), site.read(rcpt)
    address = (
        addresses.Address(rcpt, "") if isinstance(mailbox, addresses.Fault) else mailbox.address
    )
    same = plain.lower() == str(address).lower()
    names = Transaction(site, facts).client_names
    client = clients.text(facts.client)
    return {
        "hostname": site.hostname,
        "client": client,
        "namaddr": f"{names.name}[{client}]",
        "reverse_name": names.reverse,
        "helo": facts.helo or "",
        "sender": sender,
        "sender_given": rfc822.extract(sender) or "",
        "sender_domain": sender.rpartition("@")[2],
        "rcpt": rcpt,
        "rcpt_given": rfc822.extract(rcpt) or "",
        "rcpt_before": before,
        "rcpt_after": after,
        "rcpt_plain": plain,
        "rcpt_meant": plain if same else str(address),
        "rcpt_escaped": plain if same and "@" not in address.local else address.escaped,
        "rcpt_local": address.local,
        "login": facts.login or "",
        "data_command": "DATA" if stage == "data" else "END-OF-MESSAGE",
        "lbrace": "{",
        "detail": detail,
    }
