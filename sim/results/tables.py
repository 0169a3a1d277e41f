"""Tables that single figures are drawn from, made of stored rows and of the scenario."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

    from sim.results.results import Results
    from sim.scenario import Scenario

DAY = 86400.0
RUN = ["arm", "replication"]
OTHERS = ("inherited_window", "shared_window")
NEVER = ("refused", "gave_up", "in_transit")


class Made(NamedTuple):
    """How a table is made of others and of results, and of which scenarios there is one.

    *rows* names the tables of rows that it is made of.
    """

    make: Callable[[Mapping[str, Any], Results], pd.DataFrame]
    of: Callable[[Scenario], bool]
    rows: tuple[str, ...] = ()


def permissions(tables: Mapping[str, Any], _: Results) -> pd.DataFrame:
    """Submissions a day by whose permission they used, for every run."""
    attempts = _rows(tables, "attempts", ("hop", "at", "permission"), "listings")
    kept = attempts[(attempts["hop"] == "submission") & (attempts["permission"] != "")]
    start = (kept["at"] // DAY) * DAY
    keyed = kept[[*RUN, "permission"]].assign(start=start)
    counted = keyed.groupby([*RUN, "start", "permission"], observed=True, as_index=False).size()
    return counted.rename(columns={"size": "attempts"})


def windows(tables: Mapping[str, Any], results: Results) -> pd.DataFrame:
    """Per run and place: the POP window (s), submissions without an own login, and those let in."""
    model = results.scenario.model
    length = {arm: window(model.arm(arm)) for arm in results.arms}
    columns = ("hop", "at", "permission", "cause", "place")
    attempts = _rows(tables, "attempts", columns, "windows")
    kept = attempts[(attempts["hop"] == "submission") & (attempts["at"] >= model.policy_starts)]
    kept = kept[kept["place"] != "home"]  # on the own network nobody needs a window
    let_in = kept["permission"].isin(list(OTHERS))
    asked = let_in | (kept["cause"] == "relaying")
    by = [*RUN, "place"]
    keyed = kept[by].assign(let_in=let_in, asked=asked)
    table = keyed.groupby(by, observed=True, as_index=False)[["let_in", "asked"]].sum()
    table["window"] = [length[str(arm)] for arm in table["arm"]]
    return table[table["window"].notna()]


def window(scenario: Scenario) -> float:
    """The POP window (s) of all submission servers that have one; NaN if none or several."""
    found = {
        server.pop_window
        for server in scenario.servers.values()
        if server.role != "mx" and "pop" in _words(server.relay)
    }
    return found.pop() if len(found) == 1 else float("nan")


def spam(tables: Mapping[str, Any], results: Results) -> pd.DataFrame:
    """Per run, after the policies start: recipients of spam, and what they cost and bring."""
    model = results.scenario.model
    columns = ("class", "phase", "group", "route", "fate")
    rows = _rows(tables, "recipients", columns, "spammers' account")
    kept = rows[(rows["class"] == "spam") & (rows["phase"] != "warm-up")]
    by = [*RUN, "group", "route", "fate"]
    counted = kept.groupby(by, observed=True, as_index=False).size()
    spammers = [model.arm(str(a)).spammers[str(g)] for a, g in counted[["arm", "group"]].to_numpy()]
    got = counted["size"] * (counted["fate"] == "delivered")
    answers = got * [s.response for s in spammers]
    worth = [s.revenue for s in spammers]
    prices = [s.price(route) for s, route in zip(spammers, counted["route"], strict=True)]
    table = counted[RUN].assign(
        tried=counted["size"],
        accepted=counted["size"] * ~counted["fate"].isin(list(NEVER)),
        delivered=got,
        answers=answers,
        cost=counted["size"] * prices,
        value=got * worth,
        revenue=answers * worth,
    )
    sums = table.groupby(RUN, observed=True, as_index=False).sum()
    return sums.assign(days=(model.run_length - model.policy_starts) / DAY)


def survey(_: Mapping[str, Any], results: Results) -> pd.DataFrame:
    """The surveyed share of open relays that drives the operators: least and most of all arms."""
    import pandas as pd

    found: dict[float, list[float]] = {}
    for at, share in _surveyed(results.scenario.model):
        found.setdefault(at, []).append(share)
    rows = [(at, min(shares), max(shares)) for at, shares in sorted(found.items())]
    table = pd.DataFrame(rows, columns=["at", "low", "high"])
    return table.assign(source=results.scenario.model.source)


def traffic(tables: Mapping[str, Any], results: Results) -> pd.DataFrame:
    """Recipients a day over each link and class, in the arm whose policies the map shows."""
    model = results.scenario.model
    arm = restricting(results)
    columns = {"attempts": ("message", "at", "client", "server", "accepted"),
               "recipients": ("message", "class")}  # fmt: skip
    mine = {
        name: _of(_rows(tables, name, wanted, "topology"), arm) for name, wanted in columns.items()
    }
    attempts = mine["attempts"][mine["attempts"]["at"] >= model.policy_starts]
    days = (model.run_length - model.policy_starts) / DAY * max(results.replications, 1)
    return carried(model, attempts, mine["recipients"], days)


def carried(
    model: Scenario, attempts: pd.DataFrame, recipients: pd.DataFrame, days: float
) -> pd.DataFrame:
    """Recipients accepted a day over each link (a, b) and class, *attempts* being of *days*."""
    import numpy as np
    import pandas as pd

    kinds = recipients.drop_duplicates(["replication", "message"])
    joined = attempts.merge(kinds[["replication", "message", "class"]],
                            on=["replication", "message"])  # fmt: skip
    at = np.asarray(joined["client"], dtype=np.int64)
    source = np.full(len(at), "", dtype=object)
    for name, network in model.networks.items():
        for prefix in network.prefixes:
            first = int(prefix.network_address)
            source[(at >= first) & (at < first + prefix.num_addresses)] = name
    target = joined["server"].astype(str).map({n: s.network for n, s in model.servers.items()})
    flows = pd.DataFrame({"source": source, "target": target, "class": joined["class"].astype(str),
                          "number": joined["accepted"]})  # fmt: skip
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


def restricting(results: Results) -> str:
    """The first arm under which some server does not relay for everybody; else the first."""
    model = results.scenario.model
    closed = (
        arm
        for arm in results.arms
        if any(_words(server.relay) != "open" for server in model.arm(arm).servers.values())
    )
    return next(closed, results.arms[0])


def _rows(
    tables: Mapping[str, Any], table: str, columns: tuple[str, ...], figure: str
) -> pd.DataFrame:
    """The rows of a table; raises FigureError if there are none, or a column is not there."""
    from sim.figures.data import need

    return need(tables[table], table, (*RUN, *columns), figure=figure)


def _of(table: pd.DataFrame, arm: str) -> pd.DataFrame:
    return table[table["arm"] == arm]


def _steps(path: list[str]) -> list[tuple[str, str]]:
    return [(min(pair), max(pair)) for pair in pairwise(path)]


def _words(relay: Any) -> str:
    return relay if isinstance(relay, str) else ", ".join(relay)


def _surveyed(scenario: Scenario) -> list[tuple[float, float]]:
    arms = [scenario.arm(name) for name in scenario.arms]
    operators = [operator for arm in arms for operator in arm.operators.values()]
    curves = [list(operator.open_share or ()) for operator in operators]
    return [(float(at), float(share)) for curve in curves if len(curve) > 1 for at, share in curve]


def _lists_addresses(scenario: Scenario) -> bool:
    arms = (scenario.arm(name) for name in scenario.arms)
    return any(server.listed_users for arm in arms for server in arm.servers.values())


def _windows_differ(scenario: Scenario) -> bool:
    found = {window(scenario.arm(name)) for name in scenario.arms}
    return len({length for length in found if length == length}) > 1


TABLES: Mapping[str, Made] = {
    "calendar": Made(lambda _, results: results.calendar, lambda model: bool(model.blocklists)),
    "permissions": Made(permissions, _lists_addresses, ("attempts",)),
    "windows": Made(windows, _windows_differ, ("attempts",)),
    "spam": Made(spam, lambda model: bool(model.spammers), ("recipients",)),
    "survey": Made(survey, lambda model: bool(_surveyed(model))),
    "traffic": Made(traffic, lambda _: True, ("recipients", "attempts")),
}


def reads(figure: str) -> tuple[str, ...]:
    """Names of the tables of rows that a figure is drawn from, in the end."""
    from sim.figures import TABLE

    entry = TABLE[figure]
    names = [*entry.needs, *entry.wants]
    derived = [row for name in names if name in TABLES for row in TABLES[name].rows]
    return tuple(name for name in ROWS if name in [*names, *derived])


ROWS = ("recipients", "attempts")
