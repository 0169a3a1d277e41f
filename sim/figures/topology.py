"""The map: networks and links, which servers relay for whom, and what the links carry."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim.figures import layout, palette
from sim.figures.data import FigureError, Frame, Names, order
from sim.figures.layout import Entry
from sim.figures.specification import SEVERAL, figure
from sim.figures.style import Style
from sim.figures.words import digits

if TYPE_CHECKING:
    import networkx as nx

SHAPES = {"isp": "o", "work": "s", "venue": "^", "transit": "D"}
KINDS = {"isp": "ISP", "work": "workplace", "venue": "venue", "transit": "transit"}
OTHER_SHAPE = "h"
MANY = 24
"""More networks than this are drawn as points without words: chosen, what a page has room for."""
OPEN, LIMITED, NONE = "relays for everybody", "relaying restricted", "no server"
FILLS = {OPEN: palette.VERMILLION, LIMITED: "#bfe0f5", NONE: "#ffffff"}
HEIGHT = {"column": 3.4, "page": 4.6, "slide": 5.2}
"""Inches for the map alone."""
ROOM = {"column": (1.75, 1.33), "page": (1.4, 1.31), "slide": (1.32, 1.33)}
"""How far the map reaches to the sides, and up and down, with words around a ring of 1."""
LOWEST = 0.5
"""Of the ring, what is drawn above and below its middle at least: its words need it (chosen)."""

Point = tuple[float, float]
Graph: TypeAlias = "nx.Graph[Any]"
Relays = dict[str, dict[str, str]]
"""Network -> role of a server -> its relay policy."""
Trust = dict[str, set[str]]
"""Network -> other networks that its servers relay for."""
TRUST: dict[str, Any] = {"color": palette.BLUE, "linestyle": palette.DOTTED}
TOGETHER = "0.9"
"""Of the ground below the networks of an organisation."""
Flows = dict[tuple[frozenset[str], str], float]
"""(ends of a link, class of mail) -> recipients a day."""


def _caption(topology: Graph, traffic: object, arm: str | None, **_: object) -> str:
    words = (
        f"The {topology.number_of_nodes()} networks and {topology.number_of_edges()} links of the "
        "scenario. Shape: kind of network; fill: whether its servers relay for everybody (left "
        "half: submission server, right half: MX); at the links: one-way latency. Dotted arrow: "
        "from a network to one whose server trusts its addresses."
    )
    if traffic is not None:
        words += (
            " Width of the lines: recipients accepted a day over each link, honest mail and spam, "
            "mean over replications after the policy started, in the policy that is shown."
        )
    return words + (f" Policies of “{arm}”." if arm else "")


@figure(_caption, first=SEVERAL)
def topology(
    style: Style,
    topology: Graph,
    policies: Frame | None = None,
    traffic: Frame | None = None,
    *,
    arm: str | None = None,
    most: float | None = None,
) -> Figure:
    """Networks and links of a scenario, with the relay policies of one *arm*.

    Without *arm* the first arm is drawn in which some server restricts relaying. The left half
    of a sign stands for the submission server, the right half for the MX. The widest line is
    *most* recipients a day, or what the busiest link carries.
    """
    number = topology.number_of_nodes() if topology is not None else 0
    if not number:
        raise FigureError("there are no networks, so there is nothing to draw")
    chosen, relays, trust = _policies(policies, arm)
    places = layout_of(topology)
    across, below, above = _reach(places, style)
    large = number <= MANY
    height = HEIGHT[style.name]
    if large:
        height *= (above - below) / (2 * max(above, -below))  # no room for a side without networks
    figure = layout.new(style, height)
    axes = figure.subplots()
    axes.set_axis_off()
    flows = _flows(traffic)
    widest = max(flows.values(), default=0.0) if most is None else most
    _links(axes, style, topology, places, {link: n / widest for link, n in flows.items() if widest})
    together = _organisations(topology)
    for members in together.values() if large else ():
        _ground(axes, style, [places[name] for name in members])
    for server, others in trust.items() if large else ():
        trusted = [places[name] for name in sorted(others) if not _related(topology, server, name)]
        _trust(axes, style, places[server], trusted)
    for node, data in topology.nodes(data=True):
        context, roles = (axes, style, places[str(node)], str(node)), relays.get(str(node), {})
        _node(*context, str(data.get("kind", "")), roles, large=large)
        if large:
            _words(*context, str(data.get("domain", "") or ""), roles)
    if large:
        axes.set(xlim=(-across, across), ylim=(below, above))
    else:
        axes.margins(0.06)
    if chosen:
        figure.suptitle(layout.name(f"policies of “{chosen}”", 60), fontsize=style.text)
    notes = [f"widest line: {digits(widest)} recipients / day"] if widest else []
    notes += [] if large else [f"names are left out: {number} networks"]
    entries = list(_entries(style, topology, relays, flows=bool(widest)))
    if large and any(trust.values()):
        entries.append((Line2D([], [], linewidth=style.line, **TRUST), "is trusted by"))
    if large and together:
        names = ", ".join(together)
        entries.append((Patch(facecolor=TOGETHER), f"of one organisation: {names}"))
    layout.legend(figure, style, entries, notes=notes)
    return layout.settle(figure, [axes], height, tallest=style.height)


def layout_of(graph: Graph) -> dict[str, Point]:
    """Return a place for each network: transit inside, the others around it, never at random.

    Networks follow each other on the ring as links connect them, so that few links cross.
    """
    inner = [str(node) for node in graph if graph.nodes[node].get("kind") == "transit"]
    outer = [str(node) for node in graph if str(node) not in inner]
    leaders = _leaders(graph, inner, outer)
    if not inner and len(outer) > 3:
        import networkx as nx  # a fifth of a second

        circle = nx.circular_layout(graph)
        return {str(node): (float(x), float(y)) for node, (x, y) in circle.items()}
    kinds = [*SHAPES]

    def rank(node: str) -> tuple[int, ...]:
        leader = leaders[node]
        hubs = [inner.index(str(other)) for other in graph[leader] if str(other) in inner]
        kind = graph.nodes[leader].get("kind", "isp")
        of_kind = kinds.index(kind) if kind in kinds else len(kinds)
        place = outer.index(leader), node != leader, outer.index(node)
        return (min(hubs, default=len(inner)), of_kind, *place)

    return _ring(inner, 0.0 if len(inner) < 2 else 0.42) | _ring(sorted(outer, key=rank), 1.0)


def _organisations(graph: Graph) -> dict[str, list[str]]:
    """Return the networks of each organisation that has several, in their order."""
    members: dict[str, list[str]] = {}
    for node, data in graph.nodes(data=True):
        if data.get("organisation"):
            members.setdefault(str(data["organisation"]), []).append(str(node))
    return {name: nodes for name, nodes in members.items() if len(nodes) > 1}


def _related(graph: Graph, a: str, b: str) -> bool:
    """Whether two networks are of one organisation, which the ground below them says."""
    owner = graph.nodes[a].get("organisation")
    return owner is not None and owner == graph.nodes[b].get("organisation")


def _leaders(graph: Graph, inner: Names, outer: Names) -> dict[str, str]:
    """Return for each outer network the one that it stands beside: of its organisation, or the
    network that it is connected by; else itself."""
    joined = [node for node in outer if any(str(other) in inner for other in graph[node])]
    leaders = {node: node for node in outer}
    for node in outer:
        if node not in joined:
            leaders[node] = next((str(o) for o in graph[node] if str(o) in joined), node)
    for members in _organisations(graph).values():
        first = next((node for node in members if node in joined), members[0])
        leaders |= dict.fromkeys((node for node in members if node in leaders), first)
    return {node: leaders.get(leader, leader) for node, leader in leaders.items()}


def _ring(names: Names, radius: float) -> dict[str, Point]:
    turn = 2 * math.pi / max(len(names), 1)
    angles = {name: math.pi / 2 - turn * (n + 0.5) for n, name in enumerate(names)}
    return {n: (1.5 * radius * math.cos(a), radius * math.sin(a)) for n, a in angles.items()}


def _policies(policies: Frame | None, arm: str | None) -> tuple[str, Relays, Trust]:
    """Return the arm that is drawn, for each network role -> relay policy, and whom it trusts."""
    if policies is None:
        return "", {}, {}
    arms = order(policies["arm"], None if arm is None else [arm])
    restricted = set(policies.loc[policies["relay"].astype(str) != "open", "arm"].astype(str))
    chosen = next((name for name in arms if name in restricted), arms[0])
    rows = policies[policies["arm"].astype(str) == chosen]
    relays: Relays = {}
    for network, role, relay in zip(rows["network"], rows["role"], rows["relay"], strict=True):
        relays.setdefault(str(network), {})[str(role)] = str(relay)
    trust: Trust = {}
    if "trusts" in rows:
        for network, others in zip(rows["network"], rows["trusts"], strict=True):
            trust.setdefault(str(network), set()).update(filter(None, str(others).split(", ")))
    return chosen, relays, trust


def _flows(traffic: Frame | None) -> Flows:
    if traffic is None:
        return {}
    flows: Flows = {}
    for a, b, kind, number in zip(
        *(traffic[c] for c in ("a", "b", "class", "per_day")), strict=True
    ):
        link = frozenset((str(a), str(b))), str(kind)
        flows[link] = flows.get(link, 0.0) + float(number)
    return flows


def _fill(relay: str | None) -> str:
    if relay is None:
        return NONE
    return OPEN if relay in ("open", "permit") else LIMITED


def _links(
    axes: Axes, style: Style, graph: Graph, places: Mapping[str, Point], shares: Flows
) -> None:
    for a, b, data in graph.edges(data=True):
        ends, link = (places[str(a)], places[str(b)]), frozenset((str(a), str(b)))
        kinds = {kind: shares.get((link, kind), 0.0) for kind in ("honest", "spam")}
        _link(axes, style, ends, kinds if shares else {})
        if graph.number_of_nodes() <= MANY and data.get("latency") is not None:
            _latency(axes, style, ends, float(data["latency"]))


def _link(axes: Axes, style: Style, ends: tuple[Point, Point], shares: Mapping[str, float]) -> None:
    """Draw a link; on it, on either side, lines as wide as the *shares* of classes of mail."""
    (x0, y0), (x1, y1) = ends
    plain: dict[str, Any] = {"color": "0.8", "linewidth": 0.5 * style.line, "zorder": 0}
    alone: dict[str, Any] = {"color": "0.45", "linewidth": style.line, "zorder": 1}
    axes.plot([x0, x1], [y0, y1], **(plain if shares else alone))
    length = math.hypot(x1 - x0, y1 - y0) or 1.0
    for (kind, share), side in zip(shares.items(), (1, -1), strict=False):
        shift = side * 0.018 / length
        dx, dy = -shift * (y1 - y0), shift * (x1 - x0)
        if share:
            axes.plot(
                [x0 + dx, x1 + dx],
                [y0 + dy, y1 + dy],
                **_line(kind, style.line * (0.4 + 4.6 * share)),
                solid_capstyle="butt",
                zorder=1,
                gid=f"traffic {kind}",
            )


def _line(kind: str, width: float) -> dict[str, Any]:
    look = palette.CLASS[kind]
    return {"color": look.colour, "linestyle": look.line, "linewidth": width}


def _ground(axes: Axes, style: Style, places: Sequence[Point]) -> None:
    """Draw a pale ground below the networks of an organisation, which stand side by side."""
    look: dict[str, Any] = {"color": TOGETHER, "linewidth": 4.2 * style.text, "zorder": -1}
    xs, ys = zip(*places, strict=True)
    axes.plot(xs, ys, solid_capstyle="round", solid_joinstyle="round", gid="organisation", **look)


def _trust(axes: Axes, style: Style, server: Point, others: Sequence[Point]) -> None:
    """Draw an arrow to the network of a server from each that it trusts, beside the links."""
    for other in others:
        arrow: dict[str, Any] = {
            "arrowstyle": "-|>",
            "connectionstyle": "arc3,rad=0.18",
            "linewidth": style.line,
            "shrinkA": 1.1 * style.text,
            "shrinkB": 1.1 * style.text,
            **TRUST,
        }
        axes.annotate("", server, other, arrowprops=arrow, zorder=2, gid="trust")


def _latency(axes: Axes, style: Style, ends: tuple[Point, Point], latency: float) -> None:
    (x0, y0), (x1, y1) = sorted(ends, key=lambda end: -math.hypot(*end))  # nearer to the outer end
    middle = 0.62 * x0 + 0.38 * x1, 0.62 * y0 + 0.38 * y1
    look = {"fontsize": style.small - 1, "color": "0.2", "zorder": 2, "bbox": layout.WHITE}
    layout.write(axes, style, middle, f"{1000 * latency:.3g} ms", **look)


def _node(
    axes: Axes,
    style: Style,
    at: Point,
    name: str,
    kind: str,
    relays: Mapping[str, str],
    *,
    large: bool,
) -> None:
    left, right = (_fill(relays.get(role, relays.get("both"))) for role in ("submission", "mx"))
    axes.plot(
        *at,
        marker=SHAPES.get(kind, OTHER_SHAPE),
        markersize=(2.0 if large else 0.9) * style.text,
        fillstyle="full" if left == right else "left",
        markerfacecolor=FILLS[left],
        markerfacecoloralt=FILLS[right],
        markeredgecolor="black",
        markeredgewidth=0.8 * style.line,
        linestyle="none",
        zorder=3,
        gid=f"network {name}",
    )


def _words(
    axes: Axes, style: Style, at: Point, node: str, domain: str, relays: Mapping[str, str]
) -> None:
    """Write what a network is called beside its sign, away from the middle of the map."""
    centre = math.hypot(*at) < 0.5
    slope = math.atan2(at[1], at[0])
    across, up = (0.0, -1.0) if centre else (math.cos(slope), math.sin(slope))
    level = abs(up) < 0.75
    dx = math.copysign((1.4 if level else 0.2) * style.text, across)
    dy = 0.0 if level else math.copysign(1.4 * style.text, up)
    lines = [layout.name(node, 18), *([domain] if domain else []), *_relay_lines(relays)]
    axes.annotate(
        "\n".join(lines),
        at,
        (dx, dy),
        textcoords="offset points",
        ha="center" if abs(across) < 0.1 else ("left" if across > 0 else "right"),
        va="center" if level else ("bottom" if up > 0 else "top"),
        fontsize=style.small - (1 if style.name == "column" else 0),
        linespacing=1.15,
        zorder=4,
        parse_math=False,
        bbox=layout.WHITE,
    )


def _relay_lines(relays: Mapping[str, str]) -> list[str]:
    words = {
        role: layout.name(relay.replace("_", " ").replace("+", " + "), 22)
        for role, relay in relays.items()
    }
    if len(set(words.values())) == 1:
        return [f"[{next(iter(words.values()))}]"]
    short = {"submission": "smtp", "both": "smtp and mx"}
    return [f"{short.get(role, role)}: [{relay}]" for role, relay in words.items()]


def _reach(places: Mapping[str, Point], style: Style) -> tuple[float, float, float]:
    """How far the map reaches to both sides, down and up, with room for words around the ring."""
    wide, high = ROOM[style.name]
    ups = [y for _, y in places.values()]
    ring = max(map(abs, ups)) or 1.0
    room = (high - 1) * ring
    below, above = min(*ups, -LOWEST * ring) - room, max(*ups, LOWEST * ring) + room
    return wide * (max(abs(x) for x, _ in places.values()) or 1.0), below, above


def _entries(style: Style, graph: Graph, relays: Relays, *, flows: bool) -> Iterator[Entry]:
    present = {str(data.get("kind", "")) for _, data in graph.nodes(data=True)}
    look: dict[str, Any] = {
        "markersize": style.small,
        "markerfacecolor": "white",
        "markeredgecolor": "black",
    }
    for kind, shape in SHAPES.items():
        if kind in present:
            yield Line2D([], [], marker=shape, linestyle="none", **look), KINDS[kind]
    fills = {_fill(relay) for roles in relays.values() for relay in roles.values()}
    for fill in (OPEN, LIMITED):
        if fill in fills:
            yield Patch(facecolor=FILLS[fill], edgecolor="black"), fill
    for kind in ("honest", "spam") if flows else ():
        yield Line2D([], [], **_line(kind, 3 * style.line)), f"{kind} recipients carried"
