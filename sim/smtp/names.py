"""What a name server knows, as one immutable value: addresses, exchangers, names, blocklists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from sim.smtp import clients

OK, NONE, RETRY, NULL_MX = "ok", "none", "retry", "null_mx"
"""What a query may come to: records, no such name or record, no answer for now, the null MX
(RFC 7505)."""

UNKNOWN = "unknown"


class ClientName(NamedTuple):
    """What the address of a client is called, and how the look-ups went."""

    name: str = UNKNOWN
    """Its name, if that name has the address too; otherwise ``unknown``."""
    status: str = NONE
    reverse: str = UNKNOWN
    """The name of its PTR record."""
    reverse_status: str = NONE


class Answer(NamedTuple):
    """The records that a query gave, and what it came to."""

    status: str
    records: tuple[str, ...] = ()


ANY_ADDRESS = Answer(OK, ("192.0.2.0",))
"""What stands for an address that does not matter."""


@dataclass(frozen=True, eq=False)
class Names:
    """The zones of a name server, names in lower case; what is not in them does not exist."""

    a: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    aaaa: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mx: Mapping[str, tuple[tuple[int, str], ...]] = field(default_factory=dict)
    """Exchangers with their preference; ``.`` alone is the null MX."""
    ns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ptr: Mapping[int, str] = field(default_factory=dict)
    """Names of addresses, which are numbers as in `sim.smtp.clients`."""
    servfail: frozenset[str] = frozenset()
    """Names for which there is no answer for now."""
    blocklists: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """By zone, the answers for addresses and domains."""
    blocklist_texts: Mapping[str, str] = field(default_factory=dict)
    """TXT records, by the name that is asked."""
    open_world: bool = False
    """Every other name has an address, but those below ``.invalid`` (RFC 6761 section 6.4)."""

    @classmethod
    def of(cls, dns: Mapping[str, Any]) -> Names:
        """From plain data with the same keys; addresses as text, other keys are ignored."""
        lists = {zone.lower(): rows for zone, rows in dns.get("blocklists", {}).items()}
        return cls(
            a=_tuples(dns.get("a", {})),
            aaaa=_tuples(dns.get("aaaa", {})),
            mx={k.lower(): tuple(map(tuple, v)) for k, v in dns.get("mx", {}).items()},
            ns=_tuples(dns.get("ns", {})),
            ptr={clients.number(k): v for k, v in dns.get("ptr", {}).items() if v},
            servfail=frozenset(name.lower() for name in dns.get("servfail", ())),
            blocklists={zone: _tuples(rows) for zone, rows in lists.items()},
            blocklist_texts=dict(dns.get("blocklist_texts", {})),
        )

    @classmethod
    def resolving(cls, domains: Iterable[str]) -> Names:
        """Names of which nothing is known but that they exist."""
        return cls(a={domain.lower(): ANY_ADDRESS.records for domain in domains})

    # ---- queries

    def addresses(self, name: str) -> Answer:
        """The addresses of *name*, of both kinds."""
        name = name.lower()
        if name in self.servfail:
            return Answer(RETRY)
        records = (*self.a.get(name, ()), *self.aaaa.get(name, ()))
        if not records and self.open_world and not f".{name}".endswith(".invalid"):
            return ANY_ADDRESS
        return Answer(OK, records) if records else Answer(NONE)

    def numbers(self, name: str) -> list[int]:
        """The addresses of *name* as numbers."""
        return list(map(clients.number, self.addresses(name).records))

    def exchangers(self, domain: str) -> Answer:
        """The MX records of *domain*, best first."""
        domain = domain.lower()
        if domain in self.servfail:
            return Answer(RETRY)
        records = sorted(self.mx.get(domain, ()))
        if [host for _, host in records] == ["."]:
            return Answer(NULL_MX)
        return Answer(OK, tuple(host for _, host in records)) if records else Answer(NONE)

    def servers(self, domain: str) -> Answer:
        """The NS records of *domain*, or of the closest parent that has some."""
        domain = domain.lower()
        while domain:
            if domain in self.servfail:
                return Answer(RETRY)
            if domain in self.ns:
                return Answer(OK, self.ns[domain])
            domain = domain.partition(".")[2]
        return Answer(NONE)

    def preferred(self, domain: str) -> tuple[list[str], list[str]]:
        """The exchangers of *domain* of the best preference, and the others."""
        records = sorted(self.mx.get(domain.lower(), ()))
        best = records[0][0] if records else 0
        return [h for p, h in records if p == best], [h for p, h in records if p != best]

    def takes_mail(self, domain: str) -> str:
        """Whether *domain* has an exchanger or an address (RFC 5321 section 5.1)."""
        status = self.exchangers(domain).status
        return self.addresses(domain).status if status == NONE else status

    def exists(self, name: str) -> str:
        """Whether *name* has an address or an exchanger; the null MX is one."""
        status = self.addresses(name).status
        if status == OK:
            return OK
        other = self.exchangers(name).status
        return OK if other in (OK, NULL_MX) else RETRY if RETRY in (status, other) else NONE

    def client(self, address: int) -> ClientName:
        """What *address* is called: a name counts if it leads back to the address."""
        name = self._clients.get(address)
        if name is None:
            name = self._clients[address] = self._client(address)
        return name

    @cached_property
    def _clients(self) -> dict[int, ClientName]:
        return {}

    def _client(self, address: int) -> ClientName:
        zone = "ip6.arpa" if address >= clients.IPV6 else "in-addr.arpa"
        if f"{clients.octets(address)}.{zone}" in self.servfail:
            return ClientName(status=RETRY, reverse_status=RETRY)
        name = self.ptr.get(address)
        if name is None:
            return ClientName()
        status, records = self.addresses(name)
        if status == OK and address in map(clients.number, records):
            return ClientName(name, OK, name, OK)
        return ClientName(UNKNOWN, RETRY if status == RETRY else NONE, name, OK)

    def listing(self, zone: str, key: str, labels: str) -> Answer:
        """What the blocklist *zone* answers for *key*, an address or a domain."""
        if f"{labels}.{zone}" in self.servfail or zone in self.servfail:
            return Answer(RETRY)
        records = self.blocklists.get(zone, {}).get(key, ())
        return Answer(OK, records) if records else Answer(NONE)


def _tuples(rows: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    return {key.lower(): tuple(values) for key, values in rows.items()}
