"""The specification of a figure: its function, its caption, and the tables that it needs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from inspect import Parameter, Signature, signature
from typing import Any

from matplotlib.figure import Figure

from sim.figures import style as styles
from sim.figures.data import TABLES, FigureError, need, order
from sim.figures.shown import Picture

EXACT = frozenset({"cells", "topology", "policies"})
"""Tables without sampling: a figure of these alone has no replications to state."""
SEVERAL = 2
"""Replications of which a run draws what one alone has little of: intervals, or anything new."""
SIZE = [
    Parameter("style", Parameter.KEYWORD_ONLY, default="page"),
    Parameter("quick", Parameter.KEYWORD_ONLY, default=False),
]


@dataclass(frozen=True, slots=True)
class Run:
    """What a figure may know of its run, from the table ``about``; times in seconds.

    *leaves*: the question is what spam leaves servers, rather than what comes to mailboxes;
    *changes*: by arm, the moments after its policy starts at which it changes again.
    """

    baseline: str = ""
    policy_starts: float = 0.0
    run_length: float | None = None
    mailboxes: int | None = None
    leaves: bool = False
    changes: Mapping[str, Sequence[float]] = field(default_factory=dict)


NO_RUN = Run()


@dataclass(frozen=True, slots=True)
class Specification:
    """One figure: the function that draws it, its caption, and the columns of its tables.

    The parameters of *draw* are its style; the tables it needs and (with a default) those it can
    do without, by their names in TABLES; ``arms``, in order; the ``run``; and keywords, which a
    reader may ask for. A caption may be a function of the same arguments but the style.
    *columns* of a table are those of TABLES if not given. A figure that is not *standard* is
    drawn only when asked for; every run of at least *first* replications draws it, if not 0.
    """

    draw: Callable[..., Figure]
    words: str | Callable[..., str]
    columns: Mapping[str, tuple[str, ...]]
    standard: bool = True
    first: int = 0

    @property
    def name(self) -> str:
        """What it is called."""
        return self.draw.__name__

    @property
    def title(self) -> str:
        """What it shows, from the first line of its description."""
        title = (self.draw.__doc__ or self.name).splitlines()[0].rstrip(".").split(";")[0]
        return title.replace("*", "")  # marks of arguments

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the tables without which it cannot be drawn."""
        return tuple(name for name, usual in self._tables() if usual is Parameter.empty)

    @property
    def wants(self) -> tuple[str, ...]:
        """Names of the tables that it can do without."""
        return tuple(name for name, usual in self._tables() if usual is not Parameter.empty)

    def _tables(self) -> Iterator[tuple[str, Any]]:
        for parameter in signature(self.draw).parameters.values():
            if parameter.kind is not Parameter.KEYWORD_ONLY and parameter.name in TABLES:
                yield parameter.name, parameter.default

    @property
    def options(self) -> Signature:
        """What a reader may ask for, as keywords: all but tables, and what ``about`` holds."""
        keywords = [
            parameter.replace(annotation=Parameter.empty)
            for parameter in signature(self.draw).parameters.values()
            if parameter.kind is Parameter.KEYWORD_ONLY
        ]
        arms = Parameter("arms", Parameter.KEYWORD_ONLY, default=None)
        return Signature([*([arms] if self._takes("arms") else []), *keywords, *SIZE])

    def _takes(self, name: str) -> bool:
        return name in signature(self.draw).parameters

    def figure(
        self,
        tables: Mapping[str, Any],
        *,
        style: str | styles.Style = "page",
        quick: bool | None = None,
        **options: Any,
    ) -> Figure:
        """Draw it of *tables*; *options* go before what the tables say."""
        with self._named():
            look = styles.style(style)
            with styles.settings(look):
                figure = self.draw(look, **self._arguments(tables, options))
                if about(tables).get("quick") if quick is None else quick:
                    styles.mark(figure, look, "QUICK RUN", "quick")
                if about(tables).get("shortfall"):
                    styles.mark(figure, look, "PARTIAL", "partial", 0.3)
            if isinstance(figure, Picture):
                figure.words = lambda: f"{self.title}. {self.caption(tables, **options)}"
            return figure

    def caption(self, tables: Mapping[str, Any], **options: Any) -> str:
        """Return what it shows, with what is needed to make it again."""
        words = self.words
        if not isinstance(words, str):
            with self._named():
                bound = signature(self.draw).bind_partial(**self._arguments(tables, options))
                bound.apply_defaults()
                words = words(**bound.arguments)
        return f"{words} {self._provenance(about(tables))}".strip()

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except FigureError as error:
            raise FigureError(f"{self.name}: {error}") from None

    def _arguments(self, tables: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
        missing = [name for name in self.needs if name not in tables]
        if missing:
            raise FigureError(f"the table {missing[0]!r} is not there")
        arguments = {name: self._need(tables, name) for name in self.needs}
        for name in self.wants:
            with contextlib.suppress(FigureError):  # it is drawn without what cannot be made
                arguments |= {name: self._need(tables, name)} if name in tables else {}
        facts = about(tables)
        if self._takes("arms"):
            arguments["arms"] = _arms(arguments, options.get("arms"), facts.get("arms"))
        if self._takes("run"):
            names = [one.name for one in fields(Run) if facts.get(one.name) is not None]
            arguments["run"] = Run(**{name: facts[name] for name in names})
        return arguments | {name: value for name, value in options.items() if name != "arms"}

    def _need(self, tables: Mapping[str, Any], name: str) -> Any:
        return need(tables[name], name, self.columns.get(name, ()))

    def _provenance(self, facts: Mapping[str, Any]) -> str:
        parts = []
        sampled = not set(self.needs) <= EXACT
        if sampled and facts.get("replications") is not None:
            number = facts["replications"]
            whole = f"{number} replications" if number != 1 else "one replication, no interval"
            parts.append(facts.get("shortfall") or whole)
        if sampled and facts.get("seed") is not None:
            parts.append(f"seed {facts['seed']}")
        if facts.get("hash"):
            parts.append(f"scenario {str(facts['hash'])[:10]}")
        words = "; ".join(parts)
        return f"{words[0].upper()}{words[1:]}." if words else ""


def about(tables: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is known about the run of *tables*."""
    facts: Mapping[str, Any] = tables.get("about", {})
    return facts


def _arms(tables: Mapping[str, Any], names: Any, scenario: Any) -> list[str]:
    """Return the arms in the order that is *names* for, else in that of the *scenario*."""
    chosen = [names] if isinstance(names, str) else scenario if names is None else names
    table = next(table for table in tables.values() if "arm" in getattr(table, "columns", ()))
    return order(table["arm"], chosen, scenario or ())


def figure(
    words: str | Callable[..., str], *, standard: bool = True, first: int = 0, **columns: str
) -> Callable[[Callable[..., Figure]], Specification]:
    """Make a function the specification of a figure with that caption (see Specification)."""

    def specify(draw: Callable[..., Figure]) -> Specification:
        columns_of = {table: tuple(names.split()) for table, names in columns.items()}
        return Specification(draw, words, columns_of, standard, first)

    return specify
