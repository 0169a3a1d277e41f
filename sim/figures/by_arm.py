"""Figures of bars by arm: differences, places, groups, refusals, the spammer's account."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim.figures import bars, layout, palette, words
from sim.figures.bars import Bars, Differences, Stacks
from sim.figures.data import (
    Estimate,
    FigureError,
    Frame,
    Names,
    check_measures,
    estimate,
    honest_after,
    of,
    order,
    select,
    some,
)
from sim.figures.palette import Look
from sim.figures.rates import Pairs
from sim.figures.specification import SEVERAL, Run, figure
from sim.figures.style import Style
from sim.records.measures import MEASURES, RATE, RATIO, SHARE

PLACES = ("home", "work", "hotel", "airport", "kiosk")
"""Places in the order of the six situations; others follow by name."""

# ---- differences from the baseline


def _differences_caption(measures: Pairs | None, run: Run, **_: object) -> str:
    names = [measure for _, measure in measures or _compared(run)]
    return (
        "Difference of each policy from the baseline, estimated in pairs: in each replication both "
        "policies meet the same messages. The 95 % intervals of all policies hold together "
        "(Bonferroni). Filled: surely more than the smallest effect of interest that the scenario "
        "states (grey); hollow: not surely, or none is stated. " + words.definitions(*names)
    )


def _compared(run: Run) -> Pairs:
    """What is compared where nothing else is asked for."""
    spam = "spam_left_per_day" if run.leaves else "spam_per_mailbox_day"
    return ("honest", "lost_per_day"), ("honest", "first_refusal_rate"), ("spam", spam)


@figure(_differences_caption, first=SEVERAL)
def differences(
    style: Style, comparison: Frame, arms: Names, run: Run, *, measures: Pairs | None = None
) -> Figure:
    """Differences of every arm from the baseline: a forest plot, a panel for each measure.

    *measures* are pairs (class, measure): losses, refusals and spam, if not given.
    """
    baselines = order(comparison["baseline"], None)
    if len(baselines) != 1:
        raise FigureError(f"comparison has {len(baselines)} baseline arms, one is drawn")
    chosen = measures or _compared(run)
    check_measures(chosen)
    panels = [_difference(comparison, kind, measure) for kind, measure in chosen]
    others = [arm for arm in arms if arm != baselines[0]]
    notes = [f"differences from “{baselines[0]}”"]
    has_smallest = any(np.isfinite(panel.smallest) for panel in panels)
    marks = (
        _interval_entries(style)
        if has_smallest and np.isfinite(comparison["low"].to_numpy(dtype=float)).any()
        else []
    )
    return bars.draw(
        style,
        panels,
        others,
        marks,
        interval="95 % interval, paired",
        notes=notes,
    )


def _difference(comparison: Frame, kind: str, measure: str) -> Differences:
    rows = of(comparison, kind, measure)
    as_summary = rows.drop(columns="mean", errors="ignore").rename(columns={"difference": "mean"})
    smallest = float(rows["smallest"].iloc[0]) if "smallest" in rows else np.nan
    return Differences(
        words.title(kind, measure),
        f"difference ({words.change(measure)})",
        palette.CLASS[kind],
        select(as_summary.assign(analytic=np.nan), kind, measure, words.scale(measure)),
        words.scale(measure) * smallest,
    )


def _interval_entries(style: Style) -> list[layout.Entry]:
    look = Look("0.2")
    fills = {"surely more than matters": "0.2", "not surely": "white"}
    return [
        *(
            (Line2D([], [], **bars.marker(style, look, 0.85, markerfacecolor=fill)), label)
            for label, fill in fills.items()
        ),
        (Patch(color=bars.GROUND), "too little to matter"),
    ]


# ---- a measure by place or group


def _split_caption(measure: str, split: str) -> str:
    title = words.titles([("honest", measure)])
    return (
        f"{title[0].upper()}{title[1:]}, by arm and by {split}, after the policy started. "
        f"{words.WHISKERS} {words.definitions(measure)}"
    )


@figure(
    lambda measure, **_: _split_caption(
        measure, "where the writer was when the message was written"
    ),
    first=SEVERAL,
)
def places(style: Style, measures: Frame, arms: Names, *, measure: str = "lost_rate") -> Figure:
    """Honest mail lost, a panel for each place of its writer; or another *measure*."""
    return _split(style, measures, "place", arms, measure)


@figure(
    lambda measure, **_: _split_caption(measure, "the group of users that the writer belongs to")
)
def groups(style: Style, measures: Frame, arms: Names, *, measure: str = "lost_rate") -> Figure:
    """Honest mail lost, a panel for each group of users; or another *measure*."""
    return _split(style, measures, "group", arms, measure)


def _split(style: Style, measures: Frame, by: str, arms: Names, measure: str) -> Figure:
    check_measures([("honest", measure)])
    frame = measures
    honest = frame[(frame["by"] == by) & (frame["class"] == "honest") & (frame["phase"] == "after")]
    # spammers and servers are groups too: a count a day of their honest mail is 0, and says nothing
    intended = honest[(honest["measure"] == "delivery_rate") & (honest["denominator"] > 0)]
    rows = honest[(honest["measure"] == measure) & honest["key"].isin(set(intended["key"]))]
    rows = some(rows, f"{measure} by {by} of honest mail").astype({"arm": str, "key": str})
    panels = [
        Bars(
            str(key) or f"(no {by})",
            words.label("honest", measure),
            palette.measure(measure, "honest"),
            _by_arm(MEASURES[measure].kind, part, words.scale(measure)),
            share=words.is_share(measure),
            absent="nothing written",
        )
        for key, part in sorted(rows.groupby("key"), key=lambda pair: place_rank(str(pair[0])))
    ]
    # one axis for all panels: they are there to be compared
    limit = max(panels, key=lambda panel: panel.top).limits[1]
    panels = [replace(panel, limit=limit) for panel in panels]
    return bars.draw(style, panels, arms, bars.entries(style, panels))


def _by_arm(
    kind: str, rows: Frame, scale: float = 1.0, top: str = "numerator", below: str = "denominator"
) -> dict[str, Estimate]:
    return {
        str(arm): estimate(kind, part, top, below, scale)
        for arm, part in rows.groupby("arm", observed=True)
    }


def place_rank(place: str) -> tuple[int, str]:
    """Return what places are sorted by."""
    return (PLACES.index(place) if place in PLACES else len(PLACES), place)


# ---- honest mail refused, by the restriction that decided

STOPPED = ("refused", "gave_up")


@figure(
    "Honest recipients that were never accepted, by arm, group of users and the restriction whose "
    "answer was the last one, after the policy started. Denominator: all intended recipients of "
    "the group. Whiskers: 95 % intervals of the sum, over replications.",
    recipients="arm replication class phase fate cause rule group",
)
def refusals(style: Style, recipients: Frame, arms: Names) -> Figure:
    """Honest recipients refused or given up, by deciding restriction, a panel for each group."""
    rows = _labelled(honest_after(recipients, refusals.columns["recipients"]))
    shares = _shares(rows)
    rules = list(shares.groupby("rule")["share"].sum().sort_values(ascending=False).index)
    looks = palette.restrictions(rules)
    stopped = rows.assign(stopped=rows["number"].where(rows["rule"] != "", 0))
    sums = stopped.groupby(["group", "arm", "replication"])[["stopped", "number"]].sum()
    totals = {
        str(group): _by_arm(SHARE, part, 100.0, "stopped", "number")
        for group, part in sums.groupby("group")
    }
    tops = [total.top for of_group in totals.values() for total in of_group.values()]
    limit = min(bars.ceiling(max(tops)), 100.0)
    panels = [
        Stacks(
            group or "(no group)",
            "refused or given up (%)",
            looks,
            {
                str(arm): dict(zip(p["rule"], p["share"], strict=True))
                for arm, p in part.groupby("arm")
            },
            totals[group],
            limit,
            "nothing written",
        )
        for group in totals
        for part in [shares[shares["group"] == group]]
    ]
    entries = [(Patch(**bars.filling(look)), rule) for rule, look in looks.items()]
    interval = "95 % interval of the sum"
    notes = [] if rules else ["nothing was refused"]
    return bars.draw(style, panels, arms, entries, interval=interval, notes=notes)


def _labelled(honest: Frame) -> Frame:
    """Count recipients; a refusal without a restriction is named by its cause.

    Columns arm, group, replication, rule ("" for what was not refused), number.
    """
    keys = ["arm", "group", "replication", "stopped", "rule", "cause"]
    stopped = honest.assign(stopped=honest["fate"].isin(STOPPED))
    table = stopped.groupby(keys, observed=True).size().rename("number").reset_index()
    table = table.astype({"arm": str, "group": str, "rule": str, "cause": str})
    named = table["rule"].where(
        table["rule"] != "", "(" + table["cause"].str.replace("_", " ") + ")"
    )
    return table.assign(rule=named.where(table["stopped"], ""))


def _shares(rows: Frame) -> Frame:
    """Return the share (%) that each restriction refused, a mean over replications.

    Columns group, arm, rule, share.
    """
    keys = ["group", "arm"]
    total = rows.groupby([*keys, "replication"])["number"].sum().rename("written")
    refused = rows[rows["rule"] != ""].join(total, on=[*keys, "replication"])
    replications = total.groupby(keys).size().rename("replications")
    refused = refused.join(replications, on=keys)
    refused["share"] = 100.0 * refused["number"] / refused["written"] / refused["replications"]
    return refused.groupby([*keys, "rule"])["share"].sum().reset_index()


# ---- the spammer's side: what comes of a campaign, and from which response rate on it pays


@figure(
    "The spammers' account after the policy started. Cost: recipients tried by each route × its "
    "price, ÷ recipients delivered. Break-even: the response at which revenue covers cost. "
    "Profit: recipients delivered × assumed response × revenue of an answer − cost. Prices, "
    f"response and revenue are assumptions of the scenario. {words.WHISKERS}"
)
def break_even(style: Style, spam: Frame, arms: Names) -> Figure:
    """Cost of a thousand spams delivered, the response from which they pay, and the profit."""
    profit = spam.assign(profit=spam["revenue"] - spam["cost"])
    panels = [
        _account(profit, title, label, RATIO, *columns)
        for title, label, *columns in (
            ("cost of 1000\ndelivered", "USD", "cost", "delivered", 1000.0),
            ("break-even\nresponse", "answers / million delivered", "cost", "value", 1e6),
            ("profit if response\nis as assumed", "USD / day", "profit", "days"),
        )
    ]
    gains = {arm: row for arm, row in panels[2].rows.items() if row.defined and row.mean >= 0}
    if any(row.mean < 0 for row in panels[2].rows.values()):  # bars begin at 0
        panels[2] = replace(panels[2], rows=gains, absent="a loss")
    return bars.draw(style, panels, arms, bars.entries(style, panels))


@figure(
    "Recipients of spam after the policy started: tried, accepted by the first server asked, "
    "delivered, and those that would answer if the response is as the scenario assumes. Each "
    f"panel has its own axis. {words.WHISKERS}"
)
def funnel(style: Style, spam: Frame, arms: Names) -> Figure:
    """What becomes of spam: recipients tried, accepted somewhere, delivered, answering."""
    yearly = spam.assign(answers=365.0 * spam["answers"])
    panels = [
        _account(yearly, title, label, RATE, column, "days")
        for title, label, column in (
            ("tried", "recipients / day", "tried"),
            ("accepted\nby a first server", "recipients / day", "accepted"),
            ("delivered", "recipients / day", "delivered"),
            ("answered, if response\nis as assumed", "expected / year", "answers"),
        )
    ]
    figure = bars.draw(style, panels, arms, bars.entries(style, panels))
    for axes in figure.axes:  # numbers of four digits need room
        axes.locator_params(axis="x", nbins=2)
    return figure


def _account(
    spam: Frame, title: str, label: str, kind: str, top: str, below: str, scale: float = 1.0
) -> Bars:
    rows = _by_arm(kind, spam, scale, top, below)
    return Bars(title, label, palette.CLASS["spam"], rows, absent="nothing delivered")
