"""The kinds of value a key takes, as people write them and as code holds them."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)

from sim.smtp import units

YEAR = 365.0 * 86400.0
LONGEST: units.Seconds = 10 * YEAR
FASTEST: units.PerSecond = 1e6
LARGEST: units.Octets = 1e9
WIDEST: units.BitsPerSecond = 1e12


def _reader(
    parse: Callable[[str], float], example: str, high: float, limit: str
) -> Callable[[Any], float]:
    def read(text: Any) -> float:
        if not isinstance(text, str):
            raise ValueError(f"expected {example}, in quotes and with its unit")
        if len(text) > 100:
            raise ValueError(f"expected {example}")
        value = parse(text)
        if value > high:
            raise ValueError(f"expected at most {limit}")
        return value

    return read


read_duration = _reader(units.duration, "a duration such as '30 min'", LONGEST, "10 years")
read_rate = _reader(units.rate, "a rate such as '200 / day'", FASTEST, "1e6 / s")
read_size = _reader(units.size, "a size such as '5.5 kB'", LARGEST, "1000 MB")
read_bandwidth = _reader(
    units.bandwidth, "a bandwidth such as '33.6 kbit/s'", WIDEST, "1000 Gbit/s"
)


def described(kind: str, *examples: str, form: str = "string") -> WithJsonSchema:
    """Return the JSON Schema of a value that is written as text: its kind, and examples."""
    return WithJsonSchema({"type": form, "kind": kind, "examples": list(examples)})


def _unless_a_string(convert: Callable[[str], Any], expected: str) -> Callable[[Any], Any]:
    def read(text: Any) -> Any:
        if not isinstance(text, str) or len(text) > 100:
            raise ValueError(f"expected {expected}")
        try:
            return convert(text.strip())
        except ValueError as error:
            raise ValueError(f"expected {expected} ({error})") from None

    return read


Duration = Annotated[float, BeforeValidator(read_duration), described("duration", "30 min")]
"""Seconds."""

Rate = Annotated[float, BeforeValidator(read_rate), described("rate", "200 / day")]
"""Events per second."""

Bandwidth = Annotated[float, BeforeValidator(read_bandwidth), described("bandwidth", "33.6 kbit/s")]
"""Bits per second."""

Share = Annotated[float, Field(ge=0.0, le=1.0, json_schema_extra={"kind": "share"})]
"""A share, 0 to 1."""

Prefix = Annotated[
    IPv4Network,
    BeforeValidator(
        _unless_a_string(IPv4Network, "an IPv4 network such as '192.0.2.0/24' or an address")
    ),
    PlainSerializer(str, when_used="json"),
    described("IPv4 network", "192.0.2.0/24"),
]
"""An IPv4 network; a bare address is a network of one."""

Address = Annotated[
    IPv4Address,
    BeforeValidator(_unless_a_string(IPv4Address, "an IPv4 address such as '192.0.2.1'")),
    PlainSerializer(str, when_used="json"),
    described("IPv4 address", "192.0.2.1"),
]
"""An IPv4 address."""

NAME = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
Name = Annotated[str, Field(pattern=f"^{NAME}$", max_length=63, json_schema_extra={"kind": "name"})]
"""The name of a network, server, user group or spammer: letters, digits, ``-`` and ``_``."""

DOMAIN = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+"
Domain = Annotated[
    str, Field(pattern=f"^{DOMAIN}$", max_length=255, json_schema_extra={"kind": "domain"})
]
"""A mail domain in lower case, of two labels or more (RFC 5321 §2.3.5)."""

Prefixes = Annotated[tuple[Prefix, ...], Field(strict=False, max_length=1000)]
"""IPv4 networks."""

Domains = Annotated[tuple[Domain, ...], Field(strict=False, max_length=1000)]
"""Mail domains."""


def _ordered(interval: tuple[float, float]) -> tuple[float, float]:
    if interval[0] >= interval[1]:
        raise ValueError("expected [from, to] with from before to")
    return interval


Interval = Annotated[tuple[Duration, Duration], Field(strict=False), AfterValidator(_ordered)]
Intervals = Annotated[tuple[Interval, ...], Field(strict=False, max_length=1000)]
"""Stretches of simulated time, each [from, to] (s)."""


def form(read: Callable[[Any], Any], expected: str) -> PlainValidator:
    """Return how a key of several forms is read: *read* returns its value, or fails."""

    def checked(given: Any) -> Any:
        try:
            return read(given)
        except (ValueError, TypeError):
            raise ValueError(f"expected {expected}") from None

    return PlainValidator(checked)
