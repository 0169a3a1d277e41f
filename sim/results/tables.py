"""The tables that figures are drawn from, each made of stored rows and the scenario when needed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd

from sim.exact.matrix import matrix
from sim.experiment.execution import ROWS as KEPT
from sim.figures import COLUMNS, TABLE, Gallery
from sim.figures.data import need
from sim.measure.exposure import exposure
from sim.records.words import Fate, Permission, Route
from sim.scenario import Scenario, Server
from sim.scenario.roles import about_leaving
from sim.smtp.clients import Range

DAY = 86400.0
RUN = ["arm", "replication"]
OTHERS = (Permission.INHERITED_WINDOW, Permission.SHARED_WINDOW)
NEVER_ACCEPTED = (Fate.REFUSED, Fate.GAVE_UP, Fate.IN_TRANSIT)
ROWS = ("recipients", "attempts")
"""The tables of rows of messages, which a run may not have kept."""


class Source(Protocol):
    """What tables are made of: results (`sim.results.analysis.Analysis`)."""

    arms: list[str]
    baseline: str
    replications: int
    quick: bool
    shortfall: str
    manifest: dict[str, Any]

    @property
    def measures(self) -> pd.DataFrame:
        """The measures of every run."""

    @property
    def calendar(self) -> pd.DataFrame:
        """A row per listing, delisting and closing."""

    @property
    def unknowns(self) -> Any:
        """The sweep over the ranges of unknowns."""

    @property
    def structures(self) -> Any:
        """What assumptions without a source do."""

    def summary(self) -> pd.DataFrame:
        """Means and intervals of every arm."""

    def columns(self, table: str, names: Collection[str], arm: str | None = None) -> pd.DataFrame:
        """A table of rows with some of its columns, of one arm or all."""


class Tables(Mapping[str, Any]):
    """The tables of a scenario and, where it was run, of its results; each is made once.

    Of the tables of rows the last is held alone, since they are large.
    """

    def __init__(self, model: Scenario, results: Source | None = None) -> None:
        self.model = model
        self._results = results
        self._cache: dict[str, Any] = {}

    @property
    def results(self) -> Source:
        """The results; raises KeyError where there is only a scenario."""
        if self._results is None:
            raise KeyError("results")
        return self._results

    @property
    def arms(self) -> list[str]:
        """The arms that were run, or those of the scenario."""
        return list(self.model.arms) if self._results is None else self._results.arms

    def __getitem__(self, name: str) -> Any:
        if name not in self._cache:
            for other in ROWS if name in ROWS else ():
                self._cache.pop(other, None)
            self._cache[name] = TABLES[name].make(self)
        return self._cache[name]

    def __contains__(self, name: object) -> bool:
        return name in list(self)  # without making the table

    def __iter__(self) -> Iterator[str]:
        has_rows = self._results is not None and self._results.manifest["keep"] == KEPT
        for name, table in TABLES.items():
            from_inputs = table.exact or self._results is not None
            if from_inputs and (has_rows or not table.rows) and table.exists(self):
                yield name

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def rows(self, table: str, columns: tuple[str, ...], arm: str | None = None) -> pd.DataFrame:
        """The rows of a table of one *arm* or all, with *columns*, to be counted; raises
        FigureError if there are none, or a column is not there."""
        names = (*RUN, *columns)
        frame: pd.DataFrame = need(self.results.columns(table, names, arm), table, names)
        return frame


class Table(NamedTuple):
    """How a table is made, of which tables of rows, and where there is one.

    An *exact* table needs no run.
    """

    make: Callable[[Tables], Any]
    rows: tuple[str, ...] = ()
    exists: Callable[[Tables], bool] = lambda _: True
    exact: bool = False


def gallery(model: Scenario, results: Source | None = None) -> Gallery:
    """The figures of a scenario, or of its results."""
    return Gallery(Tables(model, results))


def policies(tables: Tables) -> pd.DataFrame:
    """A row per arm and server: its relay policy in words, and the networks that it trusts."""
    rows = [
        (arm, name, server.network, server.role, relay_words(server.relay), trusts)
        for arm in tables.arms
        for model in [tables.model.arm(arm)]
        for name, server in model.servers.items()
        for trusts in [", ".join(trusted(model, server))]
    ]
    return pd.DataFrame(rows, columns=["arm", "server", "network", "role", "relay", "trusts"])


def trusted(model: Scenario, server: Server) -> list[str]:
    """Names of other networks some of whose addresses *server* relays for."""
    relay = relay_words(server.relay)
    ranges = [*map(Range.of, server.trusted_networks if "network" in relay else ())]
    ranges += map(Range.of, server.client_ranges if "address_range" in relay else ())
    return [
        name
        for name, network in model.networks.items()
        if name != server.network
        and any(
            trust.first <= own.last and own.first <= trust.last
            for own in map(Range.of, network.prefixes)
            for trust in ranges
        )
    ]


def about(tables: Tables) -> dict[str, Any]:
    """What figures say of the run: its arms and phases, and how much it rests on."""
    model, results = tables.model, tables._results
    facts: dict[str, Any] = {
        "arms": tables.arms,
        "baseline": model.baseline,
        "seed": model.seed,
        "hash": model.hash(),
        "policy_starts": model.policy_starts,
        "changes": {arm: [s.begins for s in model.arm(arm).stages[1:]] for arm in tables.arms},
        "run_length": model.run_length,
        "mailboxes": exposure(model).mailboxes,
        "leaves": about_leaving(model),
        "interest": model.interest,
    }
    if results is None:
        return facts
    keys = ("baseline", "replications", "quick", "shortfall")
    return facts | {key: getattr(results, key) for key in keys}


def permissions(tables: Tables) -> pd.DataFrame:
    """Submissions a day by whose permission they used, for every run."""
    attempts = tables.rows("attempts", ("hop", "at", "permission"))
    submissions = attempts[(attempts["hop"] == "submission") & (attempts["permission"] != "")]
    start = (submissions["at"] // DAY) * DAY
    keyed = submissions[[*RUN, "permission"]].assign(start=start)
    counts = keyed.groupby([*RUN, "start", "permission"], observed=True, as_index=False).size()
    return counts.rename(columns={"size": "attempts"})


def windows(tables: Tables) -> pd.DataFrame:
    """Per run and place: the POP window (s), submissions without an own login, and those let in."""
    model = tables.model
    length = {arm: window(model.arm(arm)) for arm in tables.arms}
    columns = ("hop", "at", "permission", "cause", "place")
    attempts = tables.rows("attempts", columns)
    submissions = attempts[
        (attempts["hop"] == "submission") & (attempts["at"] >= model.policy_starts)
    ]
    submissions = submissions[
        submissions["place"] != "home"
    ]  # on the own network nobody needs a window
    let_in = submissions["permission"].isin(list(OTHERS))
    relay_requests = let_in | (submissions["cause"] == "relaying")
    by = [*RUN, "place"]
    keyed = submissions[by].assign(let_in=let_in, asked=relay_requests)
    table = keyed.groupby(by, observed=True, as_index=False)[["let_in", "asked"]].sum()
    table["window"] = [length[str(arm)] for arm in table["arm"]]
    return table[table["window"].notna()]


def window(scenario: Scenario) -> float:
    """The POP window (s) of all submission servers that have one; NaN if none or several."""
    lengths = {
        server.pop_window
        for server in scenario.servers.values()
        if server.role != "mx" and "pop" in relay_words(server.relay)
    }
    return lengths.pop() if len(lengths) == 1 else float("nan")


def spam(tables: Tables) -> pd.DataFrame:
    """Per run, after the policies start: recipients of spam, and what they cost and bring."""
    model = tables.model
    columns = ("class", "phase", "group", "route", "fate")
    rows = tables.rows("recipients", columns)
    messages = rows[(rows["class"] == "spam") & (rows["phase"] != "warm-up")]
    by = [*RUN, "group", "route", "fate"]
    counts = messages.groupby(by, observed=True, as_index=False).size()
    spammers = [model.arm(str(a)).spammers[str(g)] for a, g in counts[["arm", "group"]].to_numpy()]
    delivered = counts["size"] * (counts["fate"] == "delivered")
    answers = delivered * [s.response for s in spammers]
    revenues = [s.revenue for s in spammers]
    routes = map(Route, counts["route"])
    prices = [s.price(route) for s, route in zip(spammers, routes, strict=True)]
    table = counts[RUN].assign(
        tried=counts["size"],
        accepted=counts["size"] * ~counts["fate"].isin(list(NEVER_ACCEPTED)),
        delivered=delivered,
        answers=answers,
        cost=counts["size"] * prices,
        value=delivered * revenues,
        revenue=answers * revenues,
    )
    sums = table.groupby(RUN, observed=True, as_index=False).sum()
    return sums.assign(days=(model.run_length - model.policy_starts) / DAY)


def survey(tables: Tables) -> pd.DataFrame:
    """The surveyed share of open relays that drives the operators: least and most of all arms."""
    shares_at: dict[float, list[float]] = {}
    for at, share in _surveyed(tables.model):
        shares_at.setdefault(at, []).append(share)
    rows = [(at, min(shares), max(shares)) for at, shares in sorted(shares_at.items())]
    table = pd.DataFrame(rows, columns=["at", "low", "high"])
    return table.assign(source=tables.model.source)


def traffic(tables: Tables) -> pd.DataFrame:
    """Recipients a day over each link and class, in the arm whose policies the map shows."""
    model = tables.model
    arm = restricting(tables)
    columns = ("message", "at", "client", "server", "accepted")
    attempts = tables.rows("attempts", columns, arm)
    attempts = attempts[attempts["at"] >= model.policy_starts]
    recipients = tables.rows("recipients", ("message", "class"), arm)
    days = (model.run_length - model.policy_starts) / DAY * max(tables.results.replications, 1)
    return carried(model, attempts, recipients, days)


def carried(
    model: Scenario, attempts: pd.DataFrame, recipients: pd.DataFrame, days: float
) -> pd.DataFrame:
    """Recipients accepted a day over each link (a, b) and class, *attempts* being of *days*."""
    kinds = recipients.drop_duplicates(["replication", "message"])
    merged = attempts.merge(kinds[["replication", "message", "class"]])
    at = np.asarray(merged["client"], dtype=np.int64)
    source = np.full(len(at), "", dtype=object)
    for name, network in model.networks.items():
        for prefix in network.prefixes:
            first, last = model.numbering.range(prefix)
            source[(at >= first) & (at <= last)] = name
    target = merged["server"].astype(str).map({n: s.network for n, s in model.servers.items()})
    flows = merged[["class"]].astype(str)
    flows = flows.assign(source=source, target=target, number=merged["accepted"])
    flows = flows[(flows["source"] != "") & flows["target"].notna()]
    flows = flows.groupby(["source", "target", "class"], as_index=False)[["number"]].sum()
    routes = model.routes()
    rows = [
        (a, b, kind, number / days)
        for start, end, kind, number in flows.itertuples(index=False)
        if start != end
        for a, b in _steps(list(routes.path(start, end)))
    ]
    table = pd.DataFrame(rows, columns=["a", "b", "class", "per_day"])
    return table.groupby(["a", "b", "class"], as_index=False)[["per_day"]].sum()


def restricting(tables: Tables) -> str:
    """The first arm under which some server does not relay for everybody; else the first."""
    model = tables.model
    closed = (
        arm
        for arm in tables.arms
        if any(relay_words(server.relay) != "open" for server in model.arm(arm).servers.values())
    )
    return next(closed, tables.arms[0])


def _steps(path: list[str]) -> list[tuple[str, str]]:
    return [(min(pair), max(pair)) for pair in pairwise(path)]


def relay_words(relay: Any) -> str:
    """A relay policy in words."""
    return relay if isinstance(relay, str) else ", ".join(relay)


def _surveyed(scenario: Scenario) -> list[tuple[float, float]]:
    arms = [scenario.arm(name) for name in scenario.arms]
    operators = [operator for arm in arms for operator in arm.operators.values()]
    curves = [list(operator.open_share or ()) for operator in operators]
    return [(float(at), float(share)) for curve in curves if len(curve) > 1 for at, share in curve]


def _lists_addresses(tables: Tables) -> bool:
    arms = map(tables.model.arm, tables.model.arms)
    return any(server.listed_users for arm in arms for server in arm.servers.values())


def _windows_differ(tables: Tables) -> bool:
    lengths = {window(tables.model.arm(name)) for name in tables.model.arms}
    return len({length for length in lengths if length == length}) > 1  # NaN is no length


def _tornado(tables: Tables) -> pd.DataFrame | None:
    unknowns = tables.results.unknowns
    return None if unknowns is None else unknowns.tornado()


def _columns_of(table: str) -> Callable[[Tables], pd.DataFrame]:
    """A table of rows with the columns that figures need, no others read."""
    return lambda tables: tables.results.columns(table, COLUMNS[table])


TABLES: Mapping[str, Table] = {
    "cells": Table(lambda t: matrix(t.model, arm=t.arms).frame(), exact=True),
    "topology": Table(lambda t: t.model.graph(), exact=True),
    "policies": Table(policies, exact=True),
    "about": Table(about, exact=True),
    "summary": Table(lambda t: t.results.summary()),
    "measures": Table(lambda t: t.results.measures),
    "bands": Table(
        lambda t: t.results.structures.band(), exists=lambda t: t.results.structures is not None
    ),
    "ranges": Table(_tornado, exists=lambda t: t.results.unknowns is not None),
    "recipients": Table(_columns_of("recipients"), ("recipients",)),
    "attempts": Table(_columns_of("attempts"), ("attempts",)),
    "calendar": Table(lambda t: t.results.calendar, exists=lambda t: bool(t.model.blocklists)),
    "permissions": Table(permissions, ("attempts",), _lists_addresses),
    "windows": Table(windows, ("attempts",), _windows_differ),
    "spam": Table(spam, ("recipients",), lambda t: bool(t.model.spammers)),
    "survey": Table(survey, exists=lambda t: bool(_surveyed(t.model))),
    "traffic": Table(traffic, ROWS),
}
DERIVED = ("permissions", "windows", "spam", "survey", "traffic", "calendar")
"""Tables that are written beside the figures that are drawn from them."""


def reads(figure: str) -> tuple[str, ...]:
    """Names of the tables of rows that a figure is drawn from, in the end."""
    entry = TABLE[figure]
    names = [name for name in (*entry.needs, *entry.wants) if name in TABLES]
    return tuple(row for row in ROWS if any(row in TABLES[name].rows for name in names))
