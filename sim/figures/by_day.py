"""Figures of lines by day: spam by route, blocklists, address lists, load, Welch's plot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim.figures import layout, lines, palette, words
from sim.figures.data import FigureError, Floats, Frame, Names, cells, order, some
from sim.figures.layout import Entry
from sim.figures.lines import DAY, HOUR, Days, Series
from sim.figures.numbers import record
from sim.figures.palette import Look
from sim.figures.specification import SEVERAL, Run, figure
from sim.figures.style import Style
from sim.measure.intervals import Sample, intervals
from sim.measure.welch import by_day, first_day, level, since
from sim.measure.welch import welch as averages
from sim.records.measures import RATE, RATIO, SHARE, WAIT
from sim.records.words import Route

SPAM = "arm replication class fate route written_at"

# ---- spam by route


@figure(
    "Spam recipients delivered, by the way in which the spam entered and by the day on which it "
    f"was sent, one panel for each policy. Vertical line: the policy starts. {words.BANDS}",
    recipients=SPAM,
    first=SEVERAL,
)
def routes(style: Style, recipients: Frame, arms: Names, run: Run) -> Figure:
    """Spam delivered by route, day by day, a panel for each arm; the policy change is marked.

    Per mailbox if the number of mailboxes is known, else in all.
    """
    if run.mailboxes is not None and run.mailboxes <= 0:
        raise FigureError(f"mailboxes is {run.mailboxes}; spam per mailbox needs one at least")
    days, counts = _by_route(recipients, arms, run)
    if not counts.any():
        raise FigureError("no spam was delivered in any arm, so there is nothing to draw")
    exposure = _spread((run.mailboxes or 1) * days.lengths, counts)
    label = f"spam delivered (messages / {'mailbox / ' if run.mailboxes else ''}day)"
    marks: dict[str, Any] = {"run": run, "nothing": "no spam delivered"}
    return lines.draw(style, arms, days, _routes(counts, exposure), RATE, label, **marks)


def _by_route(recipients: Frame, arms: Names, run: Run) -> tuple[Days, Floats]:
    """Return the days, and spam recipients delivered: arms × routes × days × replications."""
    mask = (recipients["class"] == "spam") & (recipients["fate"] == "delivered")
    at = recipients["written_at"].to_numpy(dtype=float)
    days = Days(run.run_length or float(at.max()))
    bins = days.of(at, mask=mask.to_numpy())
    return days, cells(recipients, arms, ("route", Route.texts()), bins)


def _routes(counts: Floats, exposure: Floats, prefix: str = "") -> list[Series]:
    return [
        Series(
            prefix + name.replace("_", " "),
            palette.look(palette.ROUTE, name),
            counts[:, number],
            exposure,
        )
        for number, name in enumerate(Route.texts())
        if counts[:, number].any()
    ]


def _spread(exposure: Floats, counts: Floats) -> Floats:
    """Return the *exposure* of each bin as arms × bins × replications."""
    shape = counts.shape
    return np.broadcast_to(exposure[:, None], (shape[0], *shape[2:]))


def _history_caption(survey: Frame, **_: object) -> str:
    sources = "; ".join(str(x) for x in survey["source"].drop_duplicates() if x)
    return (
        "Share of the spam delivered that came by each route, by day of the run, one panel for "
        "each policy. Circles: share of relays that were open, as surveyed, which drives the "
        f"policies that follow it; a bar where it leaves a band. {words.BANDS}"
        + (f" Source of the points: {sources}." if sources else "")
    )


@figure(_history_caption, recipients=SPAM)
def history(style: Style, recipients: Frame, survey: Frame, arms: Names, run: Run) -> Figure:
    """Share of delivered spam by route over time; circles: open relays as surveyed."""
    days, counts = _by_route(recipients, arms, run)
    if not counts.any():
        raise FigureError("there are no rows of delivered spam")
    series = _routes(counts, counts.sum(axis=1), "spam by ")
    more: dict[str, Any] = {
        "nothing": "no spam delivered",
        "also": lambda _, axes: _surveyed(axes, style, survey),
    }
    label = "spam delivered, open relays (%)"
    figure = lines.draw(style, arms, days, series, SHARE, label, **more)
    figure.axes[0].set_ylim(0, 100)
    return figure


def _surveyed(axes: Axes, style: Style, survey: Frame) -> list[Entry]:
    at = survey["at"].to_numpy(dtype=float) / DAY
    low, high = (100 * survey[name].to_numpy(dtype=float) for name in ("low", "high"))
    look = _marks(style, "o", "black", 0.75)
    axes.vlines(at, low, high, color="black", linewidth=2 * style.line, gid="survey band")
    axes.plot(at, (low + high) / 2, gid="survey", clip_on=False, zorder=5, **look)
    return [(Line2D([], [], **look), "open relays as surveyed")]


def _marks(style: Style, marker: str, colour: str, size: float) -> dict[str, Any]:
    """Return how hollow marks without a line are drawn."""
    return {
        "marker": marker,
        "linestyle": "none",
        "color": colour,
        "markerfacecolor": "white",
        "markersize": size * style.small,
    }


# ---- blocklists and lists of addresses

CHANGES = {
    "listed": ("^", "listed"),
    "delisted": ("v", "delisted"),
    "closed": ("s", "relay closed"),
}


@figure(
    "Honest recipients lost because a server stood on a blocklist, by the day on which the message "
    "was written, one panel for each policy. Marks at the foot: when an address was listed, taken "
    f"off, or a relay closed, in all replications. {words.BANDS} "
    + words.definitions("collateral_rate")
)
def collateral(style: Style, measures: Frame, calendar: Frame, arms: Names, run: Run) -> Figure:
    """Honest mail lost to a listing, day by day; marks below show each listing and its end."""
    mask = (measures["measure"] == "collateral_rate") & (measures["class"] == "honest")
    rows = some(measures[mask & (measures["by"] == "day")], "collateral by day")
    day = rows["key"].astype(str).astype(int).to_numpy()
    days = Days(run.run_length or DAY * (float(day.max()) + 1))
    bins = np.where(day < days.number, day, -1), days.number
    lost, intended = (
        cells(rows, arms, ("class", ["honest"]), bins, column)[:, 0]
        for column in ("numerator", "denominator")
    )
    label = "honest recipients lost"
    series = [Series(label, palette.CLASS["honest"], lost, intended)]
    more: dict[str, Any] = {
        "run": run,
        "nothing": "nothing lost to a listing",
        "also": lambda arm, axes: _changes(axes, style, calendar[calendar["arm"] == arm]),
    }
    return lines.draw(style, arms, days, series, SHARE, f"{label} to a listing (%)", **more)


def _changes(axes: Axes, style: Style, calendar: Frame) -> list[Entry]:
    entries: list[Entry] = []
    for number, (change, (marker, label)) in enumerate(CHANGES.items()):
        at = calendar.loc[calendar["change"] == change, "at"].to_numpy(dtype=float) / DAY
        look = _marks(style, marker, "0.25", 0.6)
        foot = np.full(len(at), 0.04 + 0.07 * number)
        place: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "clip_on": False}
        if len(at):
            axes.plot(at, foot, gid=f"calendar {change}", **place, **look)
        entries.append((Line2D([], [], **look), label))
    return entries


PERMISSIONS = {
    "missed_listing": (
        "false refusal: listed, but by another address",
        Look(palette.ORANGE, "", "X", palette.DASHED),
    ),
    "others_listing": (
        "false acceptance: by a listing for somebody else",
        Look(palette.VERMILLION, "", "s", palette.CHAIN),
    ),
    "own_listing": ("accepted as meant", Look(palette.GREEN)),
}


@figure(
    "Submissions a day on which an operator's list of client addresses decided, one panel for each "
    "policy. False refusal: the client is meant by the list, which names another of its addresses. "
    f"False acceptance: the address is listed for somebody else, who had it before. {words.BANDS}"
)
def listings(style: Style, permissions: Frame, arms: Names, run: Run) -> Figure:
    """False refusals and false acceptances of an address list over time, a panel for each arm."""
    rows = permissions["permission"].isin(list(PERMISSIONS))
    some(permissions[rows], "submissions that a list of addresses permitted or should have")
    start = permissions["start"].to_numpy(dtype=float)
    days = Days(run.run_length or float(start[rows].max()) + DAY)
    by = ("permission", list(PERMISSIONS))
    counts = cells(permissions, arms, by, days.of(start), "attempts")
    series = [
        Series(label, look, counts[:, number], _spread(days.lengths, counts))
        for number, (label, look) in enumerate(PERMISSIONS.values())
        if counts[:, number].any()
    ]
    more: dict[str, Any] = {
        "run": run,
        "nothing": "no submission turned on the list",
    }
    return lines.draw(style, arms, days, series, RATE, "submissions / day", **more)


# ---- the week of a server

WEEK, BIN = 7 * DAY, 3 * HOUR
BINS = int(WEEK / BIN)
BUSIEST = 4
"""Servers that are shown each for itself: chosen, as many lines as can be told apart."""
SESSIONS = "arm replication server at took waited"
_WEEK_CAPTION = (
    f"in bins of {BIN / HOUR:.0f} hours through the week, after the policy started, of the servers "
    f"with the most session time over all arms. The run begins on a Monday at 00:00. {words.BANDS}"
)


@figure(f"Sessions in use (session time used ÷ time), {_WEEK_CAPTION}", attempts=SESSIONS)
def load(
    style: Style, attempts: Frame, arms: Names, run: Run, *, servers: Names | None = None
) -> Figure:
    """Sessions in use through the week, of the busiest *servers*, a panel for each arm."""
    names = _servers(attempts, servers, run.policy_starts)
    busy = _through_the_week(attempts, arms, names, run.policy_starts, "took")
    exposure = _exposure(run.policy_starts, run.run_length or float(attempts["at"].max()))
    below = _spread(exposure, busy)
    series = [
        Series(name, palette.arm(number), busy[:, number], below)
        for number, name in enumerate(names)
    ]
    return _week(style, arms, series, RATIO, "sessions in use")


@figure(f"Mean wait of a connection for a free session, {_WEEK_CAPTION}", attempts=SESSIONS)
def waiting(
    style: Style, attempts: Frame, arms: Names, run: Run, *, servers: Names | None = None
) -> Figure:
    """Mean wait for a session through the week, of the busiest *servers*, a panel for each arm."""
    names = _servers(attempts, servers, run.policy_starts)
    waits, connections = (
        _through_the_week(attempts, arms, names, run.policy_starts, weight)
        for weight in ("waited", "")
    )
    series = [
        Series(name, palette.arm(number), waits[:, number], connections[:, number])
        for number, name in enumerate(names)
    ]
    return _week(style, arms, series, WAIT, "mean wait for a session (s)")


def _week(style: Style, arms: Names, series: Sequence[Series], kind: str, ylabel: str) -> Figure:
    more: dict[str, Any] = {
        "xlabel": "day of the week",
        "also": lambda _, axes: _weekdays(axes, style),
    }
    return lines.draw(style, arms, Days(WEEK, BIN), series, kind, ylabel, **more)


def _weekdays(axes: Axes, style: Style) -> list[Entry]:
    axes.set_xticks(range(8), labels=[""] * 8)
    axes.set_xticks(np.arange(7) + 0.5, labels=list("MTWTFSS"), minor=True)
    words_below = bool(axes.get_xlabel())
    axes.tick_params(
        axis="x", which="minor", length=0, labelsize=style.small, labelbottom=words_below
    )
    return []


def _servers(attempts: Frame, servers: Names | None, policy_starts: float) -> list[str]:
    """Return *servers* servers, or those with most session time after the policy started."""
    if servers is not None:
        return order(attempts["server"], servers)
    rows = attempts.loc[attempts["at"] >= policy_starts, ["server", "took"]]
    rows = some(rows, "attempts after the policy started")
    busy = rows.groupby("server", sort=True, observed=True)["took"].sum()
    return [str(name) for name in busy.sort_values(ascending=False, kind="stable").index[:BUSIEST]]


def _through_the_week(
    attempts: Frame, arms: Names, names: Names, start: float, weight: str
) -> Floats:
    """Return sums of *weight*: arms × servers × bins of the week × replications."""
    at = attempts["at"].to_numpy(dtype=float)
    bins = np.where(at >= start, (at % WEEK // BIN).astype(np.int16), -1)
    return cells(attempts, arms, ("server", names), (bins, BINS), weight)


def _exposure(start: float, end: float) -> Floats:
    """Return the seconds of the run, from *start* to *end*, in each bin of the week."""
    edges = np.arange(np.floor(start / BIN), np.ceil(end / BIN)) * BIN
    seconds = np.minimum(edges + BIN, end) - np.maximum(edges, start)
    sums = np.bincount((edges % WEEK // BIN).astype(int), seconds, minlength=BINS)
    return np.asarray(sums, dtype=np.float64)


# ---- Welch's plot: how long until a run has forgotten how it began, or that its policy changed

WINDOW = 3
"""Days averaged on either side: a whole week, so that weekends do not show."""
AVERAGE: dict[str, Any] = {"color": "black", "linewidth": 1.2}
DOT: dict[str, Any] = {"color": "0.45", "marker": "o", "linestyle": "none", "markersize": 3}
LEVEL: dict[str, Any] = {"color": "0.9", "linewidth": 0, "zorder": 0, "gid": "level"}


@figure(
    lambda measure, **_: (
        "The mean of each day over replications with its 95 % interval, and a moving average, to "
        "choose how long the warm-up and the transient must be. Grey: from when on no day differs "
        "from those of the second half of the same part of the week, by Student's t in all "
        "replications, 95 % for all days together; no grey where that is not so by the middle. "
        + words.definitions(measure)
    ),
    standard=False,
)
def welch(
    style: Style,
    measures: Frame,
    arms: Names,
    run: Run,
    *,
    class_: str = "honest",
    measure: str = "delivery_rate",
    window: int = WINDOW,
) -> Figure:
    """Welch's plot: each day's mean, its moving average, and from when on it is level.

    The baseline is looked at from the start of the run, others from when the policy starts.
    """
    try:
        table = words.scale(measure) * by_day(measures, class_, measure)
    except ValueError as error:
        raise FigureError(str(error)) from None
    names = [arm for arm in arms if arm in table.index.get_level_values("arm")]
    starts = since(names, run.baseline, run.policy_starts)
    levels = level(measures, class_, measure, starts).set_index("arm")
    begins = levels["level"].astype(float)
    smoothed = averages(measures, class_, measure, window, starts).set_index("arm")["smoothed"]
    label = words.label(class_, measure)
    figure, panels = lines.grid(style, names, xlabel="day of the run", ylabel=label)
    for arm, axes in zip(names, panels, strict=True):
        days = table.columns.to_numpy(dtype=float)
        means = intervals(RATIO, Sample.of(table.loc[arm].to_numpy(dtype=float).T))
        record(axes, means, x=days, series="mean of the day", row=arm, unit=label)
        axes.vlines(days + 0.5, means.low, means.high, color="0.7", linewidth=style.line)
        axes.plot(days + 0.5, means.mean, **DOT)
        curve = words.scale(measure) * smoothed.loc[[arm]].to_numpy()
        for part in np.split(np.arange(len(days)), [first_day(starts[arm])]):
            axes.plot(days[part] + 0.5, curve[part], **AVERAGE)
        if np.isfinite(begin := float(begins[arm])):
            axes.axvspan(begin, days[-1] + 1.0, **LEVEL)
        lines.mark_changes(axes, style, run, arm)
        lines.end_at(axes, days[-1] + 1.0)
    entries: list[Entry] = [
        (Line2D([], [], **DOT), "mean of a day, 95 % interval"),
        (Line2D([], [], **AVERAGE), f"moving average, ±{window} d"),
        *lines.change_entries(style, run, names),
        (Patch(facecolor="0.9"), "level: as the second half"),
    ]
    lone = (levels["replications"] < 2).any()
    notes = ["one replication: nothing can be said about when it is level"] if lone else []
    layout.legend(figure, style, entries, notes=notes)
    return lines.settle(figure, style, panels)
