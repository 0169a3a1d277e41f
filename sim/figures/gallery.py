"""From a mapping of tables to figures: what hands each figure the tables it needs, by name."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import update_wrapper
from typing import Any

from matplotlib.figure import Figure

from sim.figures.data import TABLES, FigureError, need, order
from sim.figures.table import TABLE, Entry, standard


class Gallery:
    """The figures of one set of *tables*, each a method: ``gallery.rates(style="column")``.

    *tables* is a mapping from the names of `sim.figures.TABLES` to tables; it may make a table
    only when it is asked for. What it does not have, the figures that need it cannot be drawn of.
    """

    def __init__(self, tables: Mapping[str, Any]) -> None:
        self._tables = Tables(tables)

    def __getattr__(self, name: str) -> Callable[..., Figure]:
        if name.startswith("_"):
            raise AttributeError(name)
        entry = find(name)

        def method(**options: Any) -> Figure:
            return draw(name, self._tables, **options)

        update_wrapper(method, entry.draw)
        method.__signature__ = entry.options  # type: ignore[attr-defined]
        return method

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *TABLE]

    def __repr__(self) -> str:
        return f"<Figures: {', '.join(self)}>"

    def __iter__(self) -> Iterator[str]:
        """Names of the standard figures that these tables suffice for."""
        return iter(standard(self._tables))

    @property
    def given(self) -> frozenset[str]:
        """Names of the tables that there are."""
        return frozenset(self._tables)

    def table(self, name: str) -> Any:
        """Return one of the tables that figures are drawn from."""
        return self._tables[name]

    def caption(self, name: str, **options: Any) -> str:
        """Return the caption of a figure, with what is needed to make it again."""
        return caption(name, self._tables, **options)


def known(names: Iterable[str]) -> None:
    """Raise UnknownFigure, with the nearest name, unless each of *names* is a figure's."""
    for name in names:
        find(name)


def find(name: str) -> Entry:
    """Return the entry of the figure called *name*."""
    if name not in TABLE:
        near = difflib.get_close_matches(name, TABLE, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UnknownFigure(f"no figure {name!r}{hint} (there are {', '.join(TABLE)})")
    return TABLE[name]


class UnknownFigure(FigureError, AttributeError):  # noqa: N818
    """A name that no figure has."""


def draw(name: str, tables: Mapping[str, Any], **options: Any) -> Figure:
    """Draw the figure called *name* of *tables*; *options* go before what the tables say."""
    entry, tables = find(name), Tables(tables)
    arguments, keywords = _given(name, entry, tables)
    if "quick" not in options and _about(tables).get("quick"):
        options["quick"] = True
    if isinstance(options.get("arms"), str):
        options["arms"] = [options["arms"]]
    return entry.draw(*arguments, **{**keywords, **options})


def caption(name: str, tables: Mapping[str, Any], **options: Any) -> str:
    """Return the caption of the figure called *name*, with what is needed to make it again."""
    entry, tables = find(name), Tables(tables)
    arguments, keywords = _given(name, entry, tables)
    words = entry.caption(*arguments, **{**keywords, **options})
    return f"{words} {_provenance(entry, tables)}".strip()


class Tables(Mapping[str, Any]):
    """A mapping of tables, with those that follow from others: comparison from measures."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given

    def __getitem__(self, name: str) -> Any:
        if name in self._given or not self._follows(name):
            return self._given[name]
        return compared(self._given["measures"], str(_about(self._given)["baseline"]))

    def _follows(self, name: object) -> bool:
        return (
            name == "comparison" and "measures" in self._given and "baseline" in _about(self._given)
        )

    def __contains__(self, name: object) -> bool:
        return name in self._given or self._follows(name)

    def __iter__(self) -> Iterator[str]:
        return iter([name for name in TABLES if name in self])

    def __len__(self) -> int:
        return len(list(iter(self)))


def compared(measures: Any, baseline: str) -> Any:
    """Return the table ``comparison``: every other arm against *baseline*, under each other."""
    import pandas as pd

    from sim.measure.summary import compare

    frame = need(measures, "measures", figure="differences")
    others = [arm for arm in order(frame["arm"], None, figure="differences") if arm != baseline]
    if not others:
        raise FigureError(f"differences: there is no arm besides the baseline {baseline!r}")
    return pd.concat(
        [compare(frame, baseline, arm).assign(baseline=baseline, arm=arm) for arm in others],
        ignore_index=True,
    )


def _given(name: str, entry: Entry, tables: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    missing = [need for need in entry.needs if need not in tables]
    if missing:
        raise FigureError(f"{name} needs the table {missing[0]!r}, which is not there")
    about = _about(tables)
    keywords = dict(_wanted(entry, tables))
    keywords |= {key: about[key] for key in entry.takes if about.get(key) is not None}
    return [tables[need] for need in entry.needs], keywords


def _wanted(entry: Entry, tables: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What a figure takes if it can be had; it is drawn without what cannot be made."""
    for name in entry.wants:
        if name in tables:
            with contextlib.suppress(FigureError):
                yield name, tables[name]


def _about(tables: Mapping[str, Any]) -> Mapping[str, Any]:
    about: Mapping[str, Any] = tables.get("about", {})
    return about


EXACT = frozenset({"cells", "topology", "policies"})
"""Tables without sampling: a figure of these alone has no replications to state."""


def _provenance(entry: Entry, tables: Mapping[str, Any]) -> str:
    about = _about(tables)
    parts = []
    if not set(entry.needs) <= EXACT and about.get("replications") is not None:
        number = about["replications"]
        parts.append(f"{number} replications" if number != 1 else "one replication, no interval")
    if not set(entry.needs) <= EXACT and about.get("seed") is not None:
        parts.append(f"seed {about['seed']}")
    if about.get("hash"):
        parts.append(f"scenario {str(about['hash'])[:10]}")
    words = "; ".join(parts)
    return f"{words[0].upper()}{words[1:]}." if words else ""
