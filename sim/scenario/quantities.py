"""The kinds of value a key takes, as people write them and as code holds them."""

from __future__ import annotations

import math
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)

from sim.smtp import units

YEAR = 365.0 * 86400.0
LONGEST: units.Seconds = 10 * YEAR
FASTEST: units.PerSecond = 1e6
LARGEST: units.Octets = 1e9
WIDEST: units.BitsPerSecond = 1e12


def _reader(
    convert: Callable[[str], Any], expected: str, most: float = math.inf, limit: str = ""
) -> Callable[[Any], Any]:
    """Return how text is read: by *convert*, to at most *most* (in words: *limit*)."""

    def read(text: Any) -> Any:
        if not isinstance(text, str):
            with_unit = ", in quotes and with its unit" if limit else ""
            raise ValueError(f"expected {expected}{with_unit}")
        if len(text) > 100:
            raise ValueError(f"expected {expected}")
        try:
            value = convert(text.strip())
        except ValueError as error:
            reason = str(error)
            raise ValueError(reason if limit else f"expected {expected} ({reason})") from None
        if limit and value > most:
            raise ValueError(f"expected at most {limit}")
        return value

    return read


read_duration = _reader(units.duration, "a duration such as '30 min'", LONGEST, "10 years")
read_rate = _reader(units.rate, "a rate such as '200 / day'", FASTEST, "1e6 / s")
read_size = _reader(units.size, "a size such as '5.5 kB'", LARGEST, "1000 MB")
read_bandwidth = _reader(
    units.bandwidth, "a bandwidth such as '33.6 kbit/s'", WIDEST, "1000 Gbit/s"
)
read_network = _reader(
    lambda text: IPv6Network(text) if ":" in text else IPv4Network(text),
    "a network such as '192.0.2.0/24' or '2001:db8::/64', or an address",
)
read_address = _reader(
    lambda text: IPv6Address(text) if ":" in text else IPv4Address(text),
    "an address such as '192.0.2.1' or '2001:db8::1'",
)


def described(kind: str, example: str) -> WithJsonSchema:
    """Return the JSON Schema of a value that is written as text: its kind, and an example."""
    return WithJsonSchema({"type": "string", "kind": kind, "examples": [example]})


Duration = Annotated[float, BeforeValidator(read_duration), described("duration", "30 min")]
"""Seconds."""

Rate = Annotated[float, BeforeValidator(read_rate), described("rate", "200 / day")]
"""Events per second."""

Bandwidth = Annotated[float, BeforeValidator(read_bandwidth), described("bandwidth", "33.6 kbit/s")]
"""Bits per second."""

Size = Annotated[float, BeforeValidator(read_size), described("size", "5.5 kB")]
"""Octets."""

Share = Annotated[float, Field(ge=0.0, le=1.0, json_schema_extra={"kind": "share"})]
"""A share, 0 to 1."""

Prefix = Annotated[
    IPv4Network | IPv6Network,
    BeforeValidator(read_network),
    PlainSerializer(str, when_used="json"),
    described("network", "192.0.2.0/24"),
]
"""An IPv4 or IPv6 network; a bare address is a network of one."""

PrefixText = Annotated[
    str,
    AfterValidator(lambda text: str(read_network(text))),
    described("network", "0.0.0.0/0"),
]
"""The same where it is the key of a table."""

Address = Annotated[
    IPv4Address | IPv6Address,
    BeforeValidator(read_address),
    PlainSerializer(str, when_used="json"),
    described("address", "192.0.2.1"),
]
"""An IPv4 or IPv6 address."""

Addresses = Annotated[tuple[Address, ...], Field(strict=False, max_length=1000)]
"""Addresses."""

NAME = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
Name = Annotated[str, Field(pattern=f"^{NAME}$", max_length=63, json_schema_extra={"kind": "name"})]
"""The name of a network, server, user group or spammer: letters, digits, ``-`` and ``_``."""

ZONE = rf"{NAME}(?:\.{NAME})*"
ZoneName = Annotated[
    str,
    Field(pattern=f"^{ZONE}$", max_length=253, json_schema_extra={"kind": "name"}),
]
"""The name of a blocklist: that of its zone, or one like any other name."""

DOMAIN = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+"
Domain = Annotated[
    str, Field(pattern=f"^{DOMAIN}$", max_length=255, json_schema_extra={"kind": "domain"})
]
"""A mail domain in lower case, of two labels or more (RFC 5321 §2.3.5)."""

Prefixes = Annotated[tuple[Prefix, ...], Field(strict=False, max_length=1000)]
"""Networks."""

Names = Annotated[tuple[Name, ...], Field(strict=False, max_length=1000)]
"""Names, in order."""

Domains = Annotated[tuple[Domain, ...], Field(strict=False, max_length=1000)]
"""Mail domains."""


def _ordered(interval: tuple[float, float]) -> tuple[float, float]:
    if interval[0] >= interval[1]:
        raise ValueError("expected [from, to] with from before to")
    return interval


Interval = Annotated[tuple[Duration, Duration], Field(strict=False), AfterValidator(_ordered)]
Intervals = Annotated[tuple[Interval, ...], Field(strict=False, max_length=1000)]
"""Stretches of simulated time, each [from, to] (s)."""


def form(expected: str) -> WrapValidator:
    """Return what says, of a key of several forms, what was *expected*, and not of each form."""

    def read(item: Any, validate: ValidatorFunctionWrapHandler) -> Any:
        try:
            return validate(item)
        except ValueError:
            raise ValueError(f"expected {expected}") from None

    return WrapValidator(read)
