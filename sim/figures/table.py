"""Every figure there is: its function, the tables it needs, its caption; a line for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import Parameter, Signature, signature
from types import MappingProxyType
from typing import Any

from matplotlib.figure import Figure

from sim.figures import (
    account,
    believed,
    collateral,
    delay,
    differences,
    frontier,
    history,
    life,
    listings,
    load,
    matrix,
    places,
    precision,
    rates,
    refusals,
    routes,
    topology,
    tornado,
    welch,
    windows,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One figure: ``draw(*tables, **options)`` and ``caption(*tables, **options)``.

    *needs* names its tables, in the order of its arguments; *wants* names tables that it takes as
    keywords and can do without; *takes* names what it takes, as keywords, from the table ``about``.
    A figure that is not *standard* is drawn only when asked for.
    """

    draw: Callable[..., Figure]
    needs: tuple[str, ...]
    caption: Callable[..., str]
    wants: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    standard: bool = True

    @property
    def options(self) -> Signature:
        """What a reader may ask for, as keywords: all but tables, and what ``about`` holds."""
        given = {*self.wants, *self.takes} - {"arms"}
        written = signature(self.draw).parameters.values()
        asked = [p for p in written if p.kind is p.KEYWORD_ONLY and p.name not in given]
        return Signature([p.replace(annotation=Parameter.empty) for p in asked])


TABLE: Mapping[str, Entry] = MappingProxyType(
    {
        "topology": Entry(
            topology.topology, ("topology",), topology.caption, wants=("policies", "traffic")
        ),
        "matrix": Entry(matrix.matrix, ("cells",), matrix.caption, takes=("arms",)),
        "rates": Entry(rates.rates, ("summary",), rates.caption, takes=("arms",)),
        "places": Entry(places.places, ("measures",), places.places_caption, takes=("arms",)),
        "groups": Entry(places.groups, ("measures",), places.groups_caption, takes=("arms",)),
        "frontier": Entry(frontier.frontier, ("summary",), frontier.caption, takes=("arms",)),
        "differences": Entry(
            differences.differences, ("comparison",), differences.caption, takes=("arms",)
        ),
        "tornado": Entry(tornado.tornado, ("ranges",), tornado.caption, takes=("arms",)),
        "believed": Entry(believed.believed, ("summary",), believed.caption, takes=("arms",)),
        "refusals": Entry(refusals.refusals, ("recipients",), refusals.caption, takes=("arms",)),
        "delay": Entry(delay.delay, ("recipients",), delay.caption, takes=("arms", "run_length")),
        "routes": Entry(
            routes.routes,
            ("recipients",),
            routes.caption,
            takes=("arms", "policy_starts", "run_length", "mailboxes"),
        ),
        "history": Entry(
            history.history, ("recipients", "survey"), history.caption, takes=("arms", "run_length")
        ),
        "collateral": Entry(
            collateral.collateral,
            ("measures", "calendar"),
            collateral.caption,
            takes=("arms", "policy_starts", "run_length"),
        ),
        "windows": Entry(windows.windows, ("windows",), windows.caption),
        "listings": Entry(
            listings.listings,
            ("permissions",),
            listings.caption,
            takes=("arms", "policy_starts", "run_length"),
        ),
        "funnel": Entry(account.funnel, ("spam",), account.funnel_caption, takes=("arms",)),
        "break_even": Entry(
            account.break_even, ("spam",), account.break_even_caption, takes=("arms",)
        ),
        "load": Entry(
            load.load,
            ("attempts",),
            load.load_caption,
            takes=("arms", "policy_starts", "run_length"),
        ),
        "waiting": Entry(
            load.waiting,
            ("attempts",),
            load.waiting_caption,
            takes=("arms", "policy_starts", "run_length"),
        ),
        "precision": Entry(precision.precision, ("measures",), precision.caption, takes=("arms",)),
        "welch": Entry(
            welch.welch,
            ("measures",),
            welch.caption,
            takes=("arms", "baseline", "policy_starts"),
            standard=False,
        ),
        "life": Entry(life.life, ("attempts",), life.caption, standard=False),
    }
)


COLUMNS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "recipients": frozenset(
            {*refusals.COLUMNS, *delay.COLUMNS, *routes.COLUMNS, "message", "group"}
        ),
        "attempts": frozenset(
            {*load.COLUMNS, *life.COLUMNS, "client", "accepted", "cause", "permission", "place"}
        ),
    }
)
"""The columns of the large tables that some figure needs: no others need be read."""


def standard(available: Any = None) -> tuple[str, ...]:
    """Return the names of the standard set; of those that *available* tables suffice for."""
    return tuple(
        name
        for name, entry in TABLE.items()
        if entry.standard and (available is None or all(need in available for need in entry.needs))
    )
