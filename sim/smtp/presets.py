"""Presets: relay policies for people who think in policies rather than in restrictions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import IPv4Network
from typing import NamedTuple

from sim.smtp.restrictions import PolicyError, Range, Restriction
from sim.smtp.suggestions import nearest
from sim.smtp.units import Seconds

DEFAULT_WINDOW: Seconds = 1800.0
"""30 min: pop_window.drac."""


class Preset(NamedTuple):
    """One word of a preset: what it means and the restriction it stands for (None: no grant)."""

    doc: str
    grant: Callable[[Seconds, tuple[Range, ...]], Restriction] | None


TABLE: dict[str, Preset] = {
    "open": Preset("open trust: everybody may relay", lambda _w, _r: Restriction("permit")),
    "closed": Preset("nobody may relay; only mail to the own domains is taken", None),
    "on_network": Preset(
        "clients on the own network may relay", lambda _w, _r: Restriction("permit_mynetworks")
    ),
    "auth": Preset(
        "clients that log in with SMTP AUTH may relay",
        lambda _w, _r: Restriction("permit_sasl_authenticated"),
    ),
    "pop_first": Preset(
        "a POP login opens relaying for the client's address for the window",
        lambda w, _r: Restriction("permit_pop_before_smtp", (w,)),
    ),
    "address_range": Preset(
        "clients in the stated addresses or ranges may relay",
        lambda _w, r: Restriction("permit_client_ranges", r),
    ),
}
"""Every word that a preset may be made of; all but the first two combine by ``+``."""

ALONE = ("open", "closed")


def relay(
    text: str,
    *,
    window: Seconds = DEFAULT_WINDOW,
    ranges: Iterable[Range | IPv4Network | str] = (),
) -> tuple[Restriction, ...]:
    """The relay list of ``on_network+auth``: any one of the grants opens relaying.

    *window* is that of ``pop_first``; *ranges* those of ``address_range``, without which the
    policy's own count. Raises PolicyError for an unknown word.
    """
    words = [word.strip() for word in text.split("+")]
    for word in words:
        if word not in TABLE:
            raise PolicyError(
                "unknown preset",
                value=word,
                expected=f"one of {', '.join(TABLE)}, combined by '+'",
                nearest=nearest(word, TABLE),
            )
    if len(words) != len(set(words)) or (len(words) > 1 and set(words) & set(ALONE)):
        raise PolicyError(
            "presets that do not combine",
            value=text,
            expected="each once, and 'open' and 'closed' alone",
        )
    grants = [TABLE[word].grant for word in words]
    spans = tuple(Range.of(r) if not isinstance(r, Range) else r for r in ranges)
    restrictions = tuple(grant(window, spans) for grant in grants if grant is not None)
    if restrictions and restrictions[-1].entry.final:
        return restrictions
    return (*restrictions, Restriction("reject_unauth_destination"))
