"""What a log of Postfix tells, line by line: counts and classes, in bounded memory.

Formats: postfix-3.9 src/smtpd/smtpd.c, src/qmgr/qmgr_active.c, src/global/log_adhoc.c. A message is
followed by its queue id from `client=` or `uid=` to `removed`.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address

from sim.config.errors import ConfigError
from sim.records.words import Cause, Word

Network = IPv4Network | IPv6Network

MOST_LIVE = 100_000
"""Messages followed at a time; beyond it the oldest counts as it is."""
MOST_PEOPLE = 200_000
"""Logins and addresses told apart; more are counted as those who are known."""
MOST_DOMAINS = 20_000
MOST_DAYS = 4_000
BIN = 0.05
"""Width of a bin of delays, as a difference of logarithms: 5 %."""
OTHER = "other"
"""Cause of a refusal that no pattern knows."""


class Kind(Word):
    """What a message was to the server."""

    SUBMITTED = "submitted", "from people: with a login, or from the server's own networks"
    LOCAL = "local process", "from a program on the machine itself"
    RECEIVED = "received", "from elsewhere, for mailboxes here or forwarded from here"
    NOTICE = "notice", "a notice, with a null reverse-path"
    PART = "part", "forwarded, or seen only in part: the log begins in it"


CAUSES: dict[str, str] = {
    Cause.RELAYING: r"relay access denied|relaying denied|relay not permitted|not allowed to relay",
    Cause.AUTHENTICATION: r"authentication (?:failed|required|credentials)|not logged in",
    Cause.BLOCKLIST: r"blocked using|blocklist|blacklist|dnsbl|\brbl\b",
    Cause.GREYLISTED: r"gr[ea]ylist",
    Cause.UNKNOWN_RECIPIENT: r"user unknown|unknown user|no such user|undeliverable address"
    r"|unverified address|(?:does not|doesn't) exist|mailbox unavailable",
    Cause.SYNTAX: r"address syntax|fully-qualified (?:address|hostname)|malformed",
    Cause.SENDER: r"sender address rejected|not owned by user",
    Cause.CLIENT: r"client host rejected|helo command rejected|reverse hostname|pipelining"
    r"|protocol error",
    Cause.RATE: r"too many|too much mail|rate limit|quota",
    Cause.CONTENT: r"spam|virus|malware|milter|header|body|content|rejected by filter",
}
"""Causes of refusals, by what Postfix or its helpers say."""
CAUSE = re.compile("|".join(f"(?P<{c}>{text})" for c, text in CAUSES.items()).encode(), re.I)
ADDRESS = re.compile(rb"<[^>]*>")
REJECT = re.compile(rb"(?:milter-)?reject: \S+ from [^\[]*\[[^\]]*\](?::\d+)?: (\d\d\d)? ?(.*)")
QUEUED = re.compile(rb"from=<(.*)>, size=(\d+), nrcpt=(\d+) ")
CLIENT = re.compile(rb"client=[^\[]*\[([^\]]*)\]")
LOGIN = b"sasl_username="
AFTER_LOGIN = re.compile(rb", (?:sasl_sender|orig_\w+)=")
DELIVERY = re.compile(
    rb"to=<(.*?)>, (?:orig_to=<.*?>, )?relay=(.*?), (?:conn_use=\d+, )?delay=([\d.]+), "
    rb".*?status=(\w+)(?: \((.*))?"
)
AGAIN = re.compile(rb"queued as (\w+)")
FROM = re.compile(rb"; from=<[^>]*@([^>]*)>")
LOCAL_HOST = re.compile(rb"\[(?:127\.|::1\])")
LOOPBACK = re.compile(r"127\.|::1$")


@dataclass(slots=True)
class Message:
    """A message that is still followed."""

    day: int
    hour: int
    person: int = 0  # a hash of login or address
    login: bool = False
    port_587: bool = False
    trusted: bool = False
    known: bool = False  # its arrival is in the log
    process: bool = False  # came from a program on the machine
    null: bool = False
    size: int = 0
    recipients: int = 0
    local: int = 0
    relayed: int = 0
    bounced: int = 0
    deferred: bool = False
    again: bool = False  # handed to a filter, from which it comes back under another id


@dataclass(slots=True)
class Day:
    """The counts of one day."""

    messages: Counter[str] = field(default_factory=Counter)  # by Kind
    recipients: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)  # by cause
    ends: Counter[str] = field(default_factory=Counter)  # of recipients of people's messages
    delays: Counter[int] = field(default_factory=Counter)  # of the same, by bin


class PostfixLog:
    """Counts of a log; *networks* are those whose clients are the server's own."""

    def __init__(self, networks: Iterable[Network] = ()) -> None:
        self.networks = tuple(networks)
        self.days: dict[int, Day] = {}
        self.hours: Counter[tuple[int, int]] = Counter()  # weekday and hour of people's messages
        self.people: dict[int, tuple[bool, bool]] = {}  # login, port 587
        self.logins = self.failed_logins = self.understood = self.evicted = 0
        self.size_sums = [0, 0.0, 0.0]  # of the logarithms of sizes: count, sum, of squares
        self.own_domains: set[int] = set()
        self.denied_domains: Counter[int] = Counter()  # senders of what was no relaying, by hash
        self._live: dict[bytes, Message] = {}
        self._programs: dict[bytes, tuple[bytes, bool]] = {}
        self._is_own = lru_cache(10_000)(self._own)

    def read(self, line: bytes, day: int, hour: int) -> None:
        """Count one line; whatever Postfix did not write is passed over."""
        head, _, text = line.partition(b": ")
        program = head[head.rfind(b" ") + 1 :].partition(b"[")[0]
        if not program.startswith(b"postfix"):
            return
        program_service = self._programs.get(program)
        service, port_587 = program_service or self._program(program)
        handler = HANDLERS.get(service)
        self.understood += 1
        if handler is not None:
            handler(self, text, self.days.get(day) or self._day(day), day, hour, port_587)

    def finish(self) -> None:
        """Count what is still in the queue at the end."""
        for message in self._live.values():
            self._count(message)
        self._live.clear()

    # ---- by the program that wrote the line

    def _smtpd(self, text: bytes, at: Day, day: int, hour: int, port_587: bool) -> None:
        if text.startswith((b"connect", b"disconnect")):
            return
        if b"reject: " in text:
            self._refused(text, at)
            return
        queue_id, _, rest = text.partition(b": ")
        client = CLIENT.match(rest)
        if client is not None:
            message = self._followed(queue_id, day, hour)
            message.known, message.port_587 = True, port_587
            login = AFTER_LOGIN.split(rest.partition(LOGIN)[2], 1)[0]
            self._arrived(message, client[1], login)
        elif b"authentication failed" in rest:
            self.failed_logins += 1

    def _arrived(self, message: Message, client: bytes, login: bytes) -> None:
        address = client.decode("ascii", "replace")
        message.login = bool(login)
        message.person = hash(login or client)
        message.process = not login and LOOPBACK.match(address) is not None
        message.trusted = not message.process and self._is_own(address)

    def _pickup(self, text: bytes, _at: Day, day: int, hour: int, _port_587: bool) -> None:
        queue_id, _, rest = text.partition(b": ")
        if rest.startswith(b"uid="):
            message = self._followed(queue_id, day, hour)
            message.known = message.process = True

    def _qmgr(self, text: bytes, at: Day, day: int, hour: int, _port_587: bool) -> None:
        queue_id, _, rest = text.partition(b": ")
        if rest == b"removed":
            message = self._live.pop(queue_id, None)
            if message is not None:
                self._count(message)
        elif (queued := QUEUED.match(rest)) is not None:
            message = self._live.get(queue_id) or self._followed(queue_id, day, hour)
            message.null = not queued[1]
            message.size, message.recipients = int(queued[2][:15]), int(queued[3][:9])
        elif b"status=expired" in rest:
            at.ends["expired"] += 1

    def _local(self, text: bytes, at: Day, *_: object) -> None:
        self._delivered(text, at, outside=False)

    def _smtp(self, text: bytes, at: Day, *_: object) -> None:
        self._delivered(text, at, outside=True)

    def _cleanup(self, text: bytes, at: Day, *_: object) -> None:
        if b"reject: " in text:
            self._refused(text, at)
        elif b": discard: " in text:
            at.refusals["discarded"] += 1

    # ---- what happened

    def _refused(self, text: bytes, at: Day) -> None:
        reject = REJECT.search(text)
        if reject is None:  # by a check of header or body: says no client in brackets
            at.refusals[Cause.CONTENT] += 1
            return
        reply = ADDRESS.sub(b"", reject[2].partition(b"; from=")[0])
        kind = CAUSE.search(reply)
        temporary = (reject[1] or b"").startswith(b"4")
        cause = kind.lastgroup if kind else Cause.TEMPORARY if temporary else OTHER
        at.refusals[str(cause)] += 1
        if cause == Cause.RELAYING and (sender := FROM.search(text)) is not None:
            self._denied(hash(sender[1].lower()))

    def _denied(self, domain: int) -> None:
        if len(self.denied_domains) < MOST_DOMAINS or domain in self.denied_domains:
            self.denied_domains[domain] += 1

    def _delivered(self, text: bytes, at: Day, *, outside: bool) -> None:
        queue_id, _, rest = text.partition(b": ")
        message, match = self._live.get(queue_id), DELIVERY.match(rest)
        if message is None or match is None:
            return
        to, relay, delay, status, reply = match.groups()
        again = AGAIN.search(reply or b"") if LOCAL_HOST.search(relay) else None
        if again is not None:
            self._comes_back(message, again[1])
        elif status == b"sent":
            self._sent(message, at, float(delay[:12]), to, outside=outside)
        elif status == b"deferred":
            message.deferred = True
        elif status in (b"bounced", b"expired"):
            message.bounced += 1

    def _comes_back(self, message: Message, queue_id: bytes) -> None:
        """A filter on the machine has taken a message and queued it under another id."""
        message.again = True
        other = self._live.get(queue_id)
        if other is not None:
            for name in ("day", "hour", "person", "login", "port_587", "trusted", "process"):
                setattr(other, name, getattr(message, name))

    def _sent(self, message: Message, at: Day, delay: float, to: bytes, *, outside: bool) -> None:
        if outside:
            message.relayed += 1
        else:
            message.local += 1
            if len(self.own_domains) < MOST_DOMAINS:
                self.own_domains.add(hash(to.rpartition(b"@")[2].lower()))
        if self._kind(message) is Kind.SUBMITTED:
            at.delays[math.floor(math.log(max(delay, 1e-3)) / BIN)] += 1

    def _kind(self, message: Message) -> Kind:
        if message.login or message.trusted:
            return Kind.SUBMITTED
        if message.null:
            return Kind.NOTICE
        if not message.known:
            return Kind.PART
        if message.process:
            return Kind.LOCAL
        # without networks, whoever has mail relayed is taken for one of the server's own
        return Kind.SUBMITTED if message.relayed and not self.networks else Kind.RECEIVED

    def _count(self, message: Message) -> None:
        if message.again or not message.recipients:
            return  # counted where it came back; or refused after its first recipient
        kind, at = self._kind(message), self.days.get(message.day) or self._day(message.day)
        at.messages[kind] += 1
        at.recipients[kind] += message.recipients
        if kind is not Kind.SUBMITTED:
            return
        self.hours[(message.day + 6) % 7, message.hour] += 1
        self.logins += message.login
        at.ends.update(local=message.local, relayed=message.relayed, bounced=message.bounced)
        at.ends["deferred"] += message.deferred
        logarithm = math.log(max(message.size, 1))
        for place, term in enumerate((1, logarithm, logarithm**2)):
            self.size_sums[place] += term
        login, port_587 = self.people.get(message.person, (False, False))
        if message.person in self.people or len(self.people) < MOST_PEOPLE:
            key = login or message.login, port_587 or message.port_587
            self.people[message.person] = key

    # ---- what is remembered

    def _followed(self, queue_id: bytes, day: int, hour: int) -> Message:
        if len(self._live) >= MOST_LIVE:
            self._count(self._live.pop(next(iter(self._live))))
            self.evicted += 1
        if (old := self._live.pop(queue_id, None)) is not None:
            self._count(old)  # short queue ids are used again
        self._live[queue_id] = message = Message(day, hour)
        return message

    def _day(self, day: int) -> Day:
        if day not in self.days and len(self.days) >= MOST_DAYS:
            raise ConfigError(f"no log of one server: lines of more than {MOST_DAYS} days")
        return self.days.setdefault(day, Day())

    def _program(self, program: bytes) -> tuple[bytes, bool]:
        """The service that a program name ends in, and whether it is one for people's mail."""
        service = program.rpartition(b"/")[2]
        service_key = (
            service,
            b"submission" in program or b"smtps" in program or b"/587/" in program,
        )
        if len(self._programs) < 1000:
            self._programs[program] = service_key
        return service_key

    def _own(self, address: str) -> bool:
        try:
            return any(ip_address(address) in network for network in self.networks)
        except ValueError:
            return False


Handler = Callable[[PostfixLog, bytes, Day, int, int, bool], None]
HANDLERS: dict[bytes, Handler] = {
    b"smtpd": PostfixLog._smtpd,
    b"postscreen": PostfixLog._smtpd,
    b"pickup": PostfixLog._pickup,
    b"qmgr": PostfixLog._qmgr,
    b"nqmgr": PostfixLog._qmgr,
    b"cleanup": PostfixLog._cleanup,
    b"smtp": PostfixLog._smtp,
    **dict.fromkeys((b"local", b"virtual", b"lmtp", b"pipe", b"error"), PostfixLog._local),
}
"""What reads the lines of each program."""
