"""From a mapping of tables to figures: what hands each figure the tables it needs, by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from sim.figures.data import TABLES, FigureError, need, order
from sim.figures.specification import SEVERAL, Specification, about
from sim.figures.table import TABLE, first, standard
from sim.measure.summary import compare


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
            return entry.figure(self._tables, **options)

        method.__name__, method.__doc__ = name, entry.draw.__doc__
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
    def first(self) -> tuple[str, ...]:
        """Names of the figures that every run draws, as far as these tables suffice."""
        return first(self._tables, about(self._tables).get("replications", SEVERAL))

    @property
    def available(self) -> frozenset[str]:
        """Names of the tables that there are."""
        return frozenset(self._tables)

    def table(self, name: str) -> Any:
        """Return one of the tables that figures are drawn from."""
        return self._tables[name]

    def caption(self, name: str, **options: Any) -> str:
        """Return the caption of a figure, with what is needed to make it again."""
        return caption(name, self._tables, **options)


def check_names(names: Iterable[str]) -> None:
    """Raise UnknownFigure, with the nearest name, unless each of *names* is a figure's."""
    for name in names:
        find(name)


def find(name: str) -> Specification:
    """Return the specification of the figure called *name*."""
    if name not in TABLE:
        near = difflib.get_close_matches(name, TABLE, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UnknownFigure(f"no figure {name!r}{hint} (there are {', '.join(TABLE)})")
    return TABLE[name]


class UnknownFigure(FigureError, AttributeError):  # noqa: N818
    """A name that no figure has."""


def draw(name: str, tables: Mapping[str, Any], **options: Any) -> Figure:
    """Draw the figure called *name* of *tables*; *options* go before what the tables say."""
    return find(name).figure(Tables(tables), **options)


def caption(name: str, tables: Mapping[str, Any], **options: Any) -> str:
    """Return the caption of the figure called *name*, with what is needed to make it again."""
    return find(name).caption(Tables(tables), **options)


class Tables(Mapping[str, Any]):
    """A mapping of tables, with those that follow from others: comparison from measures."""

    def __init__(self, tables: Mapping[str, Any]) -> None:
        self._tables = tables

    def __getitem__(self, name: str) -> Any:
        if name in self._tables or name not in self:
            return self._tables[name]
        facts = about(self._tables)
        table = compared(self._tables["measures"], str(facts["baseline"]))
        return table.assign(smallest=table["measure"].map(facts.get("interest", {})).astype(float))

    def __contains__(self, name: object) -> bool:
        facts = about(self._tables)
        others = "baseline" in facts and set(facts.get("arms", ("",))) - {facts["baseline"]}
        follows = name == "comparison" and bool(others) and "measures" in self._tables
        return name in self._tables or follows

    def __iter__(self) -> Iterator[str]:
        return iter([name for name in TABLES if name in self])

    def __len__(self) -> int:
        return len(list(iter(self)))


def compared(measures: Any, baseline: str) -> pd.DataFrame:
    """Return the table ``comparison``: every other arm against *baseline*, under each other.

    The intervals of all arms hold together: they are looked at side by side.
    """
    frame = need(measures, "measures")
    others = [arm for arm in order(frame["arm"], None) if arm != baseline]
    if not others:
        raise FigureError(f"there is no arm besides the baseline {baseline!r}")
    return pd.concat(
        [
            compare(frame, baseline, arm, others=len(others)).assign(baseline=baseline, arm=arm)
            for arm in others
        ],
        ignore_index=True,
    )
