"""What was measured, as tables on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from baseline import Change
from measuring import Spread
from rich import box
from rich.console import Console
from rich.table import Table

Found = dict[str, Any]
WHOLE = 1e4
"""Numbers from here on are told in whole units."""


def tell(found: Found, changes: Sequence[Change], console: Console) -> None:
    """Print everything that was *found*."""
    for name, value in found["machine"].items():
        console.print(f"{name}: {value}", highlight=False, style="dim", soft_wrap=True)
    if worlds := found.get("worlds"):
        console.print(_points(worlds))
        if "W" in worlds:
            console.print(_programs(worlds["W"]["points"]))
        _print_growth(worlds, console)
    for part in ("sessions", "decide", "everyday", "workers", "memory", "large runs"):
        if part in found:
            console.print(_plain(part, found[part]))
    if changes:
        console.print(_changes(changes))


def _table(title: str, heads: Iterable[str]) -> Table:
    table = Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=0, show_edge=False
    )
    for i, head in enumerate(heads):
        table.add_column(head, justify="left" if i == 0 else "right", no_wrap=i == 0)
    return table


def _points(worlds: Found) -> Table:
    heads = (
        "world", "rows", "run", "plan", "after", "textbook", "ratio", "±", "events", "octets",
        "MB",
    )  # fmt: skip
    table = _table("µs a row (message, recipient); of textbook SimPy, a message of W", heads)
    for world, grown in worlds.items():
        for point in grown["points"].values():
            ratio = Spread(**point["ratios"]["textbook"])
            table.add_row(
                world, f"{point['rows']:.0f}",
                *(f"{point[name]:.2f}" for name in ("run", "plan", "after", "textbook")),
                f"{ratio.median:.3f}", f"{100 * ratio.deviation:.0f} %",
                f"{point['events a message']:.1f}", f"{point['octets a row']:.0f}",
                f"{point['peak'] / 1e6:.0f}",
            )  # fmt: skip
    return table


def _programs(points: Found) -> Table:
    table = _table("W in four programs, µs a message", ("", *(f"10^{size}" for size in points)))
    rows: dict[str, Callable[[Found], float]] = {
        "ours": lambda p: p["run"],
        "textbook SimPy": lambda p: p["textbook"],
        "plain heapq": lambda p: p["heapq"],
        "folded heapq": lambda p: p["folded"],
        "drawing the messages, for all four": lambda p: p["plan"],
        "writing our rows": lambda p: p["its rows"],
        "textbook / ours": lambda p: 1 / p["ratios"]["textbook"]["median"],
        "ours / plain heapq": lambda p: p["ratios"]["to heapq"]["median"],
        "ours / (2.5 folded + rows)": lambda p: p["ratios"]["to 2.5 folded + rows"]["median"],
        "delivered": lambda p: p["answers"]["ours"][0],
        "mean delay (s)": lambda p: p["answers"]["ours"][1],
        "messages ended differently": lambda p: p["differences"],
    }
    for name, value in rows.items():
        table.add_row(name, *(f"{value(point):.4g}" for point in points.values()))
    return table


def _print_growth(worlds: Found, console: Console) -> None:
    for world, grown in worlds.items():
        if "growth" in grown:
            slope, within = grown["growth"]["slope"], grown["growth"]["within"]
            console.print(
                f"{world}: time grows as rows ** {slope:.3f} ± {within:.3f} (95 %);"
                f" {grown['octets a further row']:.0f} octets a further row",
                soft_wrap=True,
            )


def _plain(title: str, values: Found) -> Table:
    rows = {n: v if isinstance(v, dict) else {"": v} for n, v in values.items()}
    heads = list(dict.fromkeys(head for row in rows.values() for head in row))
    table = _table("", (title, *heads))
    for name, row in rows.items():
        table.add_row(name, *(_number(row[head]) if head in row else "" for head in heads))
    return table


def _number(value: float) -> str:
    return f"{value:.4g}" if abs(value) < WHOLE else f"{value:.0f}"


def _changes(changes: Sequence[Change]) -> Table:
    table = _table(
        "Ratios (alone: to textbook SimPy), and the baseline's", ("", "before", "now", "")
    )
    for change in changes:
        table.add_row(change.name, f"{change.before:.3f}", f"{change.now:.3f}", change.verdict)
    return table
