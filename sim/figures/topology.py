"""The map: networks and links, which servers relay for whom, and what the links carry."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import networkx as nx
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim.figures import palette
from sim.figures import style as s
from sim.figures.bars import shown
from sim.figures.data import FigureError, need, order
from sim.figures.style import Style, drawn

if TYPE_CHECKING:
    import pandas as pd

SHAPES = {"isp": "o", "work": "s", "venue": "^", "transit": "D"}
OTHER_SHAPE = "h"
MANY = 24
"""More networks than this are drawn as points without words: chosen, what a page has room for."""
OPEN, LIMITED, NONE = "relays for everybody", "relaying restricted", "no server"
FILLS = {OPEN: palette.VERMILLION, LIMITED: "#bfe0f5", NONE: "#ffffff"}

HEIGHT = {"column": 3.4, "page": 4.6, "slide": 5.2}
"""Inches for the map alone."""

Point = tuple[float, float]
Graph: TypeAlias = "nx.Graph[Any]"


@drawn
def topology(
    style: Style,
    topology: Graph,
    *,
    policies: pd.DataFrame | None = None,
    traffic: pd.DataFrame | None = None,
    arm: str | None = None,
    most: float | None = None,
) -> Figure:
    """Networks and links of a scenario, with the relay policies of one *arm*.

    Without *arm* the first arm is drawn in which some server restricts relaying. The left half
    of a sign stands for the submission server, the right half for the MX. The widest line is
    *most* recipients a day, or what the busiest link carries.
    """
    if topology is None or topology.number_of_nodes() == 0:
        raise FigureError("topology: there are no networks, so there is nothing to draw")
    chosen, relays = _policies(policies, arm)
    places = layout(topology)
    across, below, above = _reach(places, style)
    height = HEIGHT[style.name]
    if topology.number_of_nodes() <= MANY:
        height *= (above - below) / (2 * max(above, -below))  # no room for a side without networks
    figure = s.new(style, height)
    axes = figure.subplots()
    axes.set_axis_off()
    carried = _carried(traffic)
    widest = max(carried.values(), default=0.0) if most is None else most
    _links(axes, style, topology, places, carried, widest)
    for node in topology.nodes:
        _node(axes, style, topology, places, str(node), relays.get(str(node), {}))
    if topology.number_of_nodes() <= MANY:
        axes.set(xlim=(-across, across), ylim=(below, above))
    else:
        axes.margins(0.06)
    if chosen:
        figure.suptitle(s.name(f"policies of “{chosen}”", 60), fontsize=style.text)
    notes = [f"widest line: {shown(widest)} recipients / day"] if widest else []
    if topology.number_of_nodes() > MANY:
        notes.append(f"names are left out: {topology.number_of_nodes()} networks")
    s.legend(figure, style, _entries(style, topology, relays, widest), notes=notes)
    return s.settle(figure, [axes], height, tallest=style.height)


def caption(topology: Graph, *, arm: str | None = None, traffic: object = None, **_: object) -> str:
    """What `topology` shows."""
    words = (
        f"The {topology.number_of_nodes()} networks and {topology.number_of_edges()} links of the "
        "scenario. Shape: kind of network; fill: whether its servers relay for everybody (left "
        "half: submission server, right half: MX); at the links: one-way latency."
    )
    if traffic is not None:
        words += (
            " Width of the lines: recipients accepted a day over each link, honest mail and spam, "
            "mean over replications after the policy started, in the policy that is shown."
        )
    return words + (f" Policies of “{arm}”." if arm else "")


def layout(graph: Graph) -> dict[str, Point]:
    """Return a place for each network: transit inside, the others around it, never at random.

    Networks follow each other on the ring as links connect them, so that few links cross.
    """
    inner = [str(node) for node in graph if graph.nodes[node].get("kind") == "transit"]
    outer = [str(node) for node in graph if str(node) not in inner]
    if not inner and len(outer) > 3:
        found = nx.circular_layout(graph)
        return {str(node): (float(x), float(y)) for node, (x, y) in found.items()}
    places = _ring(inner, 0.0 if len(inner) < 2 else 0.42)
    hub = {
        node: min((str(n) for n in graph[node] if str(n) in inner), default="", key=inner.index)
        for node in outer
    }
    kinds = list(SHAPES)
    outer.sort(
        key=lambda node: (
            inner.index(hub[node]) if hub[node] else len(inner),
            kinds.index(graph.nodes[node].get("kind", "isp"))
            if graph.nodes[node].get("kind") in kinds
            else len(kinds),
        )
    )
    return places | _ring(outer, 1.0)


def _ring(names: Sequence[str], radius: float) -> dict[str, Point]:
    turn = 2 * math.pi / max(len(names), 1)
    return {
        name: (
            1.5 * radius * math.cos(math.pi / 2 - turn * (n + 0.5)),
            radius * math.sin(math.pi / 2 - turn * (n + 0.5)),
        )
        for n, name in enumerate(names)
    }


def _policies(
    policies: pd.DataFrame | None, arm: str | None
) -> tuple[str, dict[str, dict[str, str]]]:
    """Return the arm that is drawn, and for each network role -> relay policy."""
    if policies is None:
        return "", {}
    frame = need(policies, "policies", figure="topology")
    arms = order(frame["arm"], None if arm is None else [arm], figure="topology")
    closed = [
        name
        for name in arms
        if (frame.loc[frame["arm"].astype(str) == name, "relay"].astype(str) != "open").any()
    ]
    chosen = (closed or arms)[0]
    relays: dict[str, dict[str, str]] = {}
    rows = frame[frame["arm"].astype(str) == chosen]
    for network, role, relay in zip(rows["network"], rows["role"], rows["relay"], strict=True):
        relays.setdefault(str(network), {})[str(role)] = str(relay)
    return chosen, relays


def _fill(relay: str | None) -> str:
    if relay is None:
        return NONE
    return OPEN if relay in ("open", "permit") else LIMITED


def _carried(traffic: pd.DataFrame | None) -> dict[tuple[frozenset[str], str], float]:
    if traffic is None:
        return {}
    frame = need(traffic, "traffic", figure="topology")
    carried: dict[tuple[frozenset[str], str], float] = {}
    columns = ("a", "b", "class", "per_day")
    for a, b, kind, number in zip(*(frame[c] for c in columns), strict=True):
        key = (frozenset((str(a), str(b))), str(kind))
        carried[key] = carried.get(key, 0.0) + float(number)
    return carried


def _links(
    axes: Axes,
    style: Style,
    graph: Graph,
    places: Mapping[str, Point],
    carried: Mapping[tuple[frozenset[str], str], float],
    widest: float,
) -> None:
    """Draw the links, as wide as what they carry, if *widest* is not 0."""
    for a, b, data in graph.edges(data=True):
        ends = (places[str(a)], places[str(b)])
        if widest:
            axes.plot(*zip(*ends, strict=True), color="0.8", linewidth=0.5 * style.line, zorder=0)
            for kind, side in (("honest", 1), ("spam", -1)):
                number = carried.get((frozenset((str(a), str(b))), kind), 0.0)
                if number:
                    _line(axes, style, ends, kind, side, number / widest)
        else:
            axes.plot(*zip(*ends, strict=True), color="0.45", linewidth=style.line, zorder=1)
        if graph.number_of_nodes() <= MANY and data.get("latency") is not None:
            _latency(axes, style, ends, float(data["latency"]))


def _line(
    axes: Axes, style: Style, ends: tuple[Point, Point], kind: str, side: int, share: float
) -> None:
    (x0, y0), (x1, y1) = ends
    length = math.hypot(x1 - x0, y1 - y0) or 1.0
    shift = side * 0.018
    dx, dy = -shift * (y1 - y0) / length, shift * (x1 - x0) / length
    look = palette.CLASS[kind]
    axes.plot(
        [x0 + dx, x1 + dx],
        [y0 + dy, y1 + dy],
        color=look.colour,
        linestyle=look.line if kind == "spam" else "-",
        linewidth=style.line * (0.4 + 4.6 * share),
        solid_capstyle="butt",
        zorder=1,
        gid=f"traffic {kind}",
    )


def _latency(axes: Axes, style: Style, ends: tuple[Point, Point], latency: float) -> None:
    (x0, y0), (x1, y1) = ends
    if math.hypot(x0, y0) < math.hypot(x1, y1):
        (x0, y0), (x1, y1) = (x1, y1), (x0, y0)
    axes.text(
        0.62 * x0 + 0.38 * x1,
        0.62 * y0 + 0.38 * y1,
        f"{1000 * latency:.3g} ms",
        ha="center",
        va="center",
        fontsize=style.small - 1,
        color="0.2",
        zorder=2,
        bbox={"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none"},
    )


def _node(
    axes: Axes,
    style: Style,
    graph: Graph,
    places: Mapping[str, Point],
    node: str,
    relays: Mapping[str, str],
) -> None:
    x, y = places[node]
    data: Mapping[str, Any] = graph.nodes[node]
    both = relays.get("both")
    left, right = (_fill(relays.get(role, both)) for role in ("submission", "mx"))
    large = graph.number_of_nodes() <= MANY
    axes.plot(
        x,
        y,
        marker=SHAPES.get(str(data.get("kind", "")), OTHER_SHAPE),
        markersize=(2.0 if large else 0.9) * style.text,
        fillstyle="full" if left == right else "left",
        markerfacecolor=FILLS[left],
        markerfacecoloralt=FILLS[right],
        markeredgecolor="black",
        markeredgewidth=0.8 * style.line,
        linestyle="none",
        zorder=3,
        gid=f"network {node}",
    )
    if large:
        _words(axes, style, (x, y), node, str(data.get("domain", "") or ""), relays)


def _words(
    axes: Axes, style: Style, at: Point, node: str, domain: str, relays: Mapping[str, str]
) -> None:
    x, y = at
    slope = math.atan2(y, x)
    centre = math.hypot(x, y) < 0.5
    across, up = (0.0, -1.0) if centre else (math.cos(slope), math.sin(slope))
    dx = math.copysign(1.4 * style.text if abs(up) < 0.75 else 0.2 * style.text, across)
    dy = 0.0 if abs(up) < 0.75 else math.copysign(1.4 * style.text, up)
    ha = "center" if abs(across) < 0.1 else ("left" if across > 0 else "right")
    va = "center" if dy == 0.0 else ("bottom" if dy > 0 else "top")
    lines = [s.name(node, 18), *([domain] if domain else []), *_relay_lines(relays)]
    axes.annotate(
        "\n".join(lines),
        at,
        (dx, dy),
        textcoords="offset points",
        ha=ha,
        va=va,
        fontsize=style.small - (1 if style.name == "column" else 0),
        linespacing=1.15,
        zorder=4,
        parse_math=False,
        bbox={"boxstyle": "square,pad=0.05", "facecolor": "white", "edgecolor": "none"},
    )


def _relay_lines(relays: Mapping[str, str]) -> list[str]:
    if not relays:
        return []
    words = {role: s.name(relay.replace("_", " "), 22) for role, relay in relays.items()}
    if len(set(words.values())) == 1:
        return [f"[{next(iter(words.values()))}]"]
    short = {"submission": "smtp", "mx": "mx", "both": "smtp and mx"}
    return [f"{short.get(role, role)}: [{relay}]" for role, relay in words.items()]


LOWEST = 0.5
"""Of the ring, what is drawn above and below its middle at least: its words need it (chosen)."""


def _reach(places: Mapping[str, Point], style: Style) -> tuple[float, float, float]:
    """How far the map reaches to both sides, down and up, with room for words around the ring."""
    wide, high = {"column": (1.75, 1.33), "page": (1.4, 1.31), "slide": (1.32, 1.33)}[style.name]
    ups = [y for _, y in places.values()]
    ring = max(map(abs, ups)) or 1.0
    room = (high - 1) * ring
    below, above = min(*ups, -LOWEST * ring) - room, max(*ups, LOWEST * ring) + room
    return wide * (max(abs(x) for x, _ in places.values()) or 1.0), below, above


def _entries(
    style: Style,
    graph: Graph,
    relays: Mapping[str, Mapping[str, str]],
    widest: float,
) -> list[tuple[Artist | None, str]]:
    kinds = {str(data.get("kind", "")) for _, data in graph.nodes(data=True)}
    made: list[tuple[Artist | None, str]] = [
        (
            Line2D(
                [],
                [],
                marker=shape,
                linestyle="none",
                markersize=style.small,
                markerfacecolor="white",
                markeredgecolor="black",
            ),
            {"isp": "ISP", "work": "workplace"}.get(kind, kind),
        )
        for kind, shape in SHAPES.items()
        if kind in kinds
    ]
    if relays:
        present = {_fill(relay) for found in relays.values() for relay in found.values()}
        made += [
            (Patch(facecolor=FILLS[fill], edgecolor="black"), fill)
            for fill in (OPEN, LIMITED)
            if fill in present
        ]
    if widest:
        for kind in ("honest", "spam"):
            look = palette.CLASS[kind]
            line: Any = look.line if kind == "spam" else "-"
            made.append(
                (
                    Line2D([], [], color=look.colour, linestyle=line, linewidth=3 * style.line),
                    f"{kind} recipients carried",
                )
            )
    return made
