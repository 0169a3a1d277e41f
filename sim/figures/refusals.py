"""Who is refused by what: honest mail refused for good, by the restriction that decided."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from sim.figures import bars, palette
from sim.figures import style as s
from sim.figures.data import Estimate, estimate, honest_after, need, order
from sim.figures.numbers import tell
from sim.figures.style import Style, drawn
from sim.records.measures import SHARE

STOPPED = ("refused", "gave_up")
COLUMNS = ("arm", "replication", "class", "phase", "fate", "cause", "rule", "group")

Shares = dict[tuple[str, str], dict[str, float]]
"""(group, arm) -> restriction -> mean share of the group's recipients."""


@drawn
def refusals(
    style: Style, recipients: pd.DataFrame, *, arms: Sequence[str] | None = None
) -> Figure:
    """Honest recipients refused or given up, by deciding restriction, a panel for each group."""
    frame = need(recipients, "recipients", COLUMNS, figure="refusals")
    honest = honest_after(frame, COLUMNS, figure="refusals")
    chosen = order(honest["arm"], arms, figure="refusals")
    rows = _labelled(honest)
    shares, totals = _shares(rows), _totals(rows)
    groups = sorted({group for group, _ in totals})
    rules = sorted(
        {rule for found in shares.values() for rule in found},
        key=lambda rule: -sum(found.get(rule, 0.0) for found in shares.values()),
    )
    fitted = bars.fit(style, chosen, len(groups))
    across, down = fitted.across, fitted.down
    figure = s.new(style, down * fitted.height)
    grid = figure.subplots(down, across, sharey=True, sharex=True, squeeze=False)
    limit = bars.ceiling(max((total.top for total in totals.values()), default=0.0))
    for number, (axes, group) in enumerate(zip(grid.flat, groups, strict=False)):
        s.tidy(axes, style)
        axes.set_title(group or "(no group)")
        axes.set_xlim(0, 100 * min(limit, 1.0))
        axes.locator_params(axis="x", nbins=bars.ticks(fitted))
        axes.set_xlabel(s.name("refused or given up (%)", fitted.letters))
        axes.tick_params(labelbottom=True)
        for place, arm in zip(fitted.middles, chosen, strict=True):
            found = shares.get((group, arm), {}), totals.get((group, arm))
            _stack(axes, style, place, arm, *found, rules)
        bars.label_arms(axes, style, fitted, words=number % across == 0)
    for axes in grid.flat[len(groups) :]:
        axes.remove()
    s.legend(figure, style, _entries(style, rules, totals), notes=_notes(rules, totals))
    return s.settle(figure, list(grid[:, 0]), down * fitted.height)


def caption(*_: object, **__: object) -> str:
    """What `refusals` shows."""
    return (
        "Honest recipients that were never accepted, by arm, group of users and the restriction "
        "whose answer was the last one, after the policy started. Denominator: all recipients that "
        "the group wished to reach. Whiskers: 95 % intervals of the sum, over replications."
    )


def _labelled(honest: pd.DataFrame) -> pd.DataFrame:
    """Count what is wanted; a refusal without a restriction is named by its cause.

    Columns arm, group, replication, rule ("" for what was not refused), number.
    """
    keys = ["arm", "group", "replication"]
    stopped = honest["fate"].isin(STOPPED)
    others = honest[~stopped].groupby(keys, observed=True).size().rename("number").reset_index()
    refused = honest[stopped]
    labels = refused.groupby([*keys, "rule", "cause"], observed=True).size().rename("number")
    table = labels.reset_index().astype({"rule": str, "cause": str})
    named = "(" + table["cause"].str.replace("_", " ") + ")"
    table["rule"] = table["rule"].where(table["rule"] != "", named)
    both = [table.drop(columns="cause"), others.assign(rule="")]
    return pd.concat([part.astype({"arm": str, "group": str}) for part in both])


def _shares(rows: pd.DataFrame) -> Shares:
    """Return the mean over replications of the share that each restriction refused."""
    keys = ["group", "arm", "replication"]
    wished = rows.groupby(keys)["number"].sum().rename("wished")
    replications = wished.groupby(["group", "arm"]).size()
    table = rows[rows["rule"] != ""].groupby([*keys, "rule"])["number"].sum().reset_index()
    table = table.join(wished, on=keys)
    shares: Shares = {}
    columns = ("group", "arm", "rule", "number", "wished")
    for group, arm, rule, number, all_ in zip(*(table[c] for c in columns), strict=True):
        found = shares.setdefault((group, arm), {})
        found[rule] = found.get(rule, 0.0) + number / all_ / float(replications[(group, arm)])
    return shares


def _totals(rows: pd.DataFrame) -> dict[tuple[str, str], Estimate]:
    keys = ["group", "arm", "replication"]
    stopped = rows["number"].where(rows["rule"] != "", 0)
    table = rows.assign(stopped=stopped).groupby(keys)[["stopped", "number"]].sum()
    return {
        (str(group), str(arm)): estimate(SHARE, part["stopped"], part["number"])
        for (group, arm), part in table.groupby(level=["group", "arm"])
    }


def _stack(
    axes: Axes,
    style: Style,
    place: float,
    arm: str,
    shares: dict[str, float],
    total: Estimate | None,
    rules: Sequence[str],
) -> None:
    if total is None or not total.defined:
        bars.absent(axes, style, place, "nothing wished")
        return
    start = 0.0
    for rule in rules:
        part = 100 * shares.get(rule, 0.0)
        if part:
            look = palette.restriction(rule)
            axes.barh(
                place,
                part,
                left=start,
                height=bars.THICK * style.row,
                facecolor=bars.faded(look.colour),
                edgecolor=look.colour,
                hatch=look.hatch or None,
                linewidth=0.7 * style.line,
            )
            start += part
            tell(axes, Estimate(part), row=arm, series=rule)
    tell(axes, total, 100.0, row=arm, series="sum")
    bars.whisker(axes, style, place, total, 100.0)
    bars.value(axes, style, place, 100 * total.mean)


def _entries(
    style: Style, rules: Sequence[str], totals: dict[tuple[str, str], Estimate]
) -> list[tuple[Artist | None, str]]:
    made: list[tuple[Artist | None, str]] = [
        (
            Patch(
                facecolor=bars.faded(palette.restriction(rule).colour),
                edgecolor=palette.restriction(rule).colour,
                hatch=palette.restriction(rule).hatch or None,
            ),
            rule,
        )
        for rule in rules
    ]
    if any(total.interval for total in totals.values()):
        made.append((s.whisker(style), "95 % interval of the sum"))
    return made


def _notes(rules: Sequence[str], totals: dict[tuple[str, str], Estimate]) -> list[str]:
    notes = [] if rules else ["nothing was refused"]
    if any(total.replications == 1 for total in totals.values()):
        notes.append(bars.ONE_REPLICATION)
    return notes
