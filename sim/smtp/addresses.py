"""Mail addresses: how the text between ``<`` and ``>`` is read (RFC 5321 section 4.1.2).

The standard leaves a local part to the server it names, so ``a%b@c`` and ``b!a@c`` are
mailboxes of *c* with odd names. Older servers read them as routes; how one make of server
reads each form is a `Reading`, a row of properties. ``Reading()`` is the standard's own.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import NamedTuple

MAX_LOCAL_PART = 64  # RFC 5321 section 4.5.3.1.1: smtp.limit.local_part
MAX_DOMAIN = 255  # section 4.5.3.1.2: smtp.limit.domain
MAX_PATH = 254  # section 4.5.3.1.3: smtp.limit.path is 256 with the angle brackets
MAX_LABEL = 63  # RFC 1035 section 2.3.4

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOT_STRING = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LOOSE_STRING = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.@-]+")
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\[ -~])*)"')  # RFC 5321: qtextSMTP, quoted-pairSMTP
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NUMERIC = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_USUAL = re.compile(
    # no form that any server reads in its own way: read() takes a short way
    r"([A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)@"
    r"((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)"
)
_ROUTE_END = re.compile(r"\[[^\]]*\]|:")


class Address(NamedTuple):
    """A mailbox: *local* without its quotes, *domain* in lower case.

    A domain in square brackets is an address literal; an empty one was not given, which
    only ``<postmaster>`` may do (RFC 5321 section 4.1.1.3).
    """

    local: str
    domain: str

    @property
    def literal(self) -> bool:
        """Whether the domain is an address literal such as ``[192.0.2.1]``."""
        return self.domain.startswith("[")

    @property
    def escaped(self) -> str:
        """With a backslash before each @ of the local part, in quotes if there is one."""
        if "@" not in self.local:
            return str(self)
        local = self.local.replace("@", r"\@")
        return f'"{local}"@{self.domain}'

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}" if self.domain else self.local


class Fault(NamedTuple):
    """Why a text is not an address: *reason* is one of `FAULTS`."""

    reason: str


FAULTS = {
    "empty": "nothing between the angle brackets",
    "too_long": "longer than RFC 5321 section 4.5.3.1 allows",
    "non_ascii": "octets above 127 without SMTPUTF8",
    "source_route": "a source route, which this server refuses",
    "local_part": "not a dot-string or a quoted string",
    "quoted": "a quoted local part, which this server refuses",
    "doubled_at": "a second @ outside quotes",
    "no_domain": "no domain",
    "domain": "not a domain name or an address literal",
    "literal": "an address literal, which this server refuses",
    "restricted": "characters in the local part that this server refuses",
}


class Reading(NamedTuple):
    """How one make of server reads the forms of an address; the defaults are the standard's."""

    source_route: bool = True
    """``@a,@b:c@d`` is taken as ``c@d`` (RFC 5321 appendix C); False: refused."""
    quoted: str = "opaque"
    """``"a@b"@c``: the text in quotes is ``opaque``, is ``resolved`` further, or ``refused``."""
    doubled_at: str = "refused"
    """``a@b@c``: ``refused``; ``opaque``: the last @ counts; ``percent``: and the others become
    %; ``resolved``: and then the rest counts."""
    percent: bool = False
    """``a%b@here`` means ``a@b``."""
    bang: bool = False
    """``b!a@here`` means ``a@b``."""
    missing_domain: str = "refused"
    """A forward-path without domain: ``refused``, or completed with ``domain`` or ``host``."""
    missing_sender_domain: str = "refused"
    """The same for a reverse-path."""
    bare_postmaster: bool = True
    """``<postmaster>`` is taken without a domain (RFC 5321 section 4.5.1)."""
    trailing_dot: bool = False
    """``a@b.`` means ``a@b``; False: refused."""
    literal: str = "taken"
    """``a@[192.0.2.1]``: ``taken``, ``refused``, or taken only for the ``own`` address."""
    sender_literal: bool = True
    """A reverse-path may name an address literal."""
    numeric_domain: bool = True
    """``a@192.0.2.1`` is a domain like any other; False: refused."""
    dotless_domain: bool = True
    """``a@host`` is taken; False: refused."""
    loose_dots: bool = False
    """``a..b``, ``.a`` and ``a.`` are taken as local parts."""
    comments: bool = False
    """``a(b)@c`` and ``\\a@c`` mean ``a@c``, as in RFC 822."""
    blanks: bool = False
    """So does ``a @ c``."""
    underscores: bool = False
    """Domains may have them."""
    limit: int = MAX_LOCAL_PART
    """Octets allowed in a local part."""
    restricted_here: str = ""
    """Regular expression of local parts that are refused in a local domain."""
    restricted_elsewhere: str = ""
    """Regular expression of local parts that are refused in any other domain."""


STANDARD = Reading()


class Site(NamedTuple):
    """What a server calls its own, as far as reading an address needs it.

    *names* are the domains in which it looks at local parts itself, *domain* and *host*
    complete a missing domain, *literals* are its own addresses in square brackets.
    """

    names: Collection[str] = frozenset()
    domain: str = ""
    host: str = ""
    literals: Collection[str] = frozenset()

    def owns(self, domain: str) -> bool:
        """Whether an address in *domain* is for this server to look at."""
        return not domain or domain in self.names or domain in self.literals


NO_SITE = Site()


def parse(text: str) -> Address | Fault:
    """Read *text* as RFC 5321 does, without knowing any server."""
    return read(text)


class _AddressError(Exception):
    """The text is no address; for this reason, one of `FAULTS`."""


def read(
    text: str, reading: Reading = STANDARD, site: Site = NO_SITE, *, sender: bool = False
) -> Address | Fault:
    """Read a forward-path (or with *sender* a reverse-path) as *reading* has it at *site*.

    Total: any text gives an `Address` or a `Fault`.
    """
    try:
        return usual(text) or _read(text, reading, site, sender=sender)
    except _AddressError as fault:
        return Fault(str(fault))


def _read(text: str, reading: Reading, site: Site, *, sender: bool) -> Address:
    if not text:
        raise _AddressError("empty")
    if not text.isascii():
        raise _AddressError("non_ascii")
    if len(text) > MAX_PATH:
        raise _AddressError("too_long")
    text = _plain_822(text, reading)
    if text[:1] == "@":
        text = _after_route(text, reading)
    local, domain, further = _split(text, reading)
    address = _with_domain(local, domain, reading, site, sender=sender)
    if further:
        address = _resolved(address, reading, site)
    if not sender:
        _check_restricted(address, reading, site)
    return address


def _plain_822(text: str, reading: Reading) -> str:
    """*text* without what RFC 822 allows besides, where the server knows it."""
    if '"' in text:
        return text
    if reading.comments:
        text = re.sub(r"\([^()\\]*\)|\\(?=[^@\\])", "", text)
    return re.sub(r"[ \t]", "", text) if reading.blanks else text


@lru_cache(maxsize=1 << 16)
def usual(text: str) -> Address | None:
    """An address of a form that all servers read alike; None for any other."""
    match = _USUAL.fullmatch(text)
    if match is None or match.end(1) > MAX_LOCAL_PART or len(text) > MAX_PATH:
        return None
    return Address(match[1], match[2].lower())


def plain(text: str) -> str:
    """*text* without source route and without the quotes of its local part."""
    if text[:1] == "@":
        end = next((m.start() for m in _ROUTE_END.finditer(text) if m[0] == ":"), -1)
        text = text[end + 1 :]
    match = _QUOTED.match(text)
    return text if match is None else re.sub(r"\\(.)", r"\1", match[1]) + text[match.end() :]


def _after_route(text: str, reading: Reading) -> str:
    """What follows a source route; each of its domains must be well formed."""
    if not reading.source_route:
        raise _AddressError("source_route")
    end = next((m.start() for m in _ROUTE_END.finditer(text) if m[0] == ":"), -1)
    if end < 0:
        raise _AddressError("domain")
    for hop in text[:end].split(","):
        if not hop.startswith("@"):
            raise _AddressError("domain")
        _domain(hop[1:], reading)
    return text[end + 1 :]


def _split(text: str, reading: Reading) -> tuple[str, str | None, bool]:
    """Local part, domain (None: not given), and whether the local part may be resolved."""
    if text[:1] == '"':
        return _split_quoted(text, reading)
    local, at, domain = text.rpartition("@")
    if not at:
        local, domain = domain, ""
    if "@" in local and reading.doubled_at == "refused":
        raise _AddressError("doubled_at")
    pattern = _LOOSE_STRING if reading.loose_dots or "@" in local else _DOT_STRING
    if not pattern.fullmatch(local):
        raise _AddressError("local_part")
    if len(local) > reading.limit:
        raise _AddressError("too_long")
    if reading.doubled_at == "percent":
        local = local.replace("@", "%")
    return local, domain if at else None, "@" not in local or reading.doubled_at == "resolved"


def _split_quoted(text: str, reading: Reading) -> tuple[str, str | None, bool]:
    match = _QUOTED.match(text)
    if match is None:
        raise _AddressError("local_part")
    if reading.quoted == "refused":
        raise _AddressError("quoted")
    rest = text[match.end() :]
    if rest and rest[0] != "@":
        raise _AddressError("local_part")
    local = re.sub(r"\\(.)", r"\1", match[1])
    if not local or len(match[0]) > reading.limit:
        raise _AddressError("too_long" if local else "local_part")
    return local, rest[1:] if rest else None, reading.quoted == "resolved"


def _with_domain(
    local: str, domain: str | None, reading: Reading, site: Site, *, sender: bool
) -> Address:
    if domain is None:
        return _completed(local, reading, site, sender=sender)
    read_domain = _domain(domain, reading)
    if read_domain.startswith("["):
        if sender and not reading.sender_literal:
            raise _AddressError("literal")
        if not sender and reading.literal == "own" and read_domain not in site.literals:
            raise _AddressError("literal")
    return Address(local, read_domain)


def _completed(local: str, reading: Reading, site: Site, *, sender: bool) -> Address:
    missing = reading.missing_sender_domain if sender else reading.missing_domain
    if missing == "refused":
        if reading.bare_postmaster and not sender and local.lower() == "postmaster":
            return Address(local, "")
        raise _AddressError("no_domain")
    return Address(local, site.domain if missing == "domain" else site.host)


def _domain(text: str, reading: Reading) -> str:
    """*text* in lower case, if it is a domain or an address literal."""
    if text[:1] == "[":
        if reading.literal == "refused":
            raise _AddressError("literal")
        return _literal(text)
    if reading.trailing_dot and text.endswith("."):
        text = text[:-1]
    plain_text = text.replace("_", "x") if reading.underscores else text
    if len(text) > MAX_DOMAIN or not _DOMAIN.fullmatch(plain_text):
        raise _AddressError("domain")
    if any(len(label) > MAX_LABEL for label in text.split(".")):
        raise _AddressError("domain")
    if not reading.numeric_domain and _NUMERIC.fullmatch(text):
        raise _AddressError("domain")
    if not reading.dotless_domain and "." not in text:
        raise _AddressError("domain")
    return text.lower()


def _literal(text: str) -> str:
    """RFC 5321 section 4.1.3: ``[192.0.2.1]`` or ``[IPv6:2001:db8::1]``."""
    inside = text[1:-1]
    if not text.endswith("]"):
        raise _AddressError("domain")
    try:
        if inside[:5].lower() == "ipv6:":
            return f"[IPv6:{IPv6Address(inside[5:])}]"
        return f"[{IPv4Address(inside)}]"
    except AddressValueError:
        raise _AddressError("domain") from None


def _resolved(address: Address, reading: Reading, site: Site) -> Address:
    """Follow the routes in the local part of an address that is the server's own.

    Each step takes one domain out of the local part, which therefore ends.
    """
    while site.owns(address.domain):
        local, domain = _route(address.local, reading)
        if domain is None:
            return address
        if not local:
            raise _AddressError("local_part")
        address = Address(local, _domain(domain, reading))
    return address


def _route(local: str, reading: Reading) -> tuple[str, str | None]:
    """One step of a route: ``a@b``, else ``b!a``, else ``a%b``; None if there is none."""
    if "@" in local:
        user, _, domain = local.rpartition("@")
        return user, domain
    if reading.bang and "!" in local:
        domain, _, user = local.partition("!")
        return user, domain
    if reading.percent and "%" in local:
        user, _, domain = local.rpartition("%")
        return user, domain
    return local, None


def _check_restricted(address: Address, reading: Reading, site: Site) -> None:
    """Raise _AddressError for a recipient whose local part has characters that are refused."""
    served = site.owns(address.domain)
    pattern = reading.restricted_here if served else reading.restricted_elsewhere
    if pattern and re.search(pattern, address.local):
        raise _AddressError("restricted")
