"""One message's life as a sequence diagram: who asked whom, when, and what was answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.figures import layout, palette
from sim.figures.data import Frame, Names, order, some
from sim.figures.palette import Look
from sim.figures.specification import figure
from sim.figures.style import Style
from sim.smtp import clients
from sim.smtp.units import elapsed
from sim.topology.numbering import FIRST

EXCHANGE = [
    *("hop", "at", "client", "place", "server", "recipients", "accepted"),
    *("code", "enhanced", "rule", "cause"),
]
MOST = 14
"""Attempts that are drawn: chosen, as many as a page has room for; the others are counted."""
REQUEST = Look("black")
ACCEPTED = Look(palette.GREEN)
LATER = Look(palette.BLUE, line=palette.DASHED)
REFUSED = Look(palette.VERMILLION, line=palette.DOTTED)
ANSWERS = {
    ACCEPTED: "accepted",
    LATER: "temporarily rejected (4xx, or no connection)",
    REFUSED: "refused for good (5xx)",
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """One attempt: *client* opens a connection to *server* and is answered."""

    at: float
    client: str
    server: str
    request: str
    answer: str
    look: Look


@dataclass(frozen=True, slots=True)
class Lanes:
    """The *parts* that speak, side by side; each has room for so many *letters*."""

    parts: Names
    letters: int

    def ends(self, exchange: Exchange) -> tuple[int, int]:
        """Return the lanes of client and server."""
        return self.parts.index(exchange.client), self.parts.index(exchange.server)

    def wrapped(self, exchange: Exchange) -> tuple[list[str], list[str]]:
        """Return request and answer in lines that fit between the two."""
        client, server = self.ends(exchange)
        room = self.letters * max(1, abs(client - server))
        request, answer = (
            wrap(text.replace("_", "_ "), room) for text in (exchange.request, exchange.answer)
        )
        return _join(request), _join(answer)


def _join(lines: Names) -> list[str]:
    return [line.replace("_ ", "_") for line in lines]


@figure(
    "The life of one message: each connection with what was asked, and the worst reply with the "
    "restriction that decided it. Left: time since the first attempt.",
    standard=False,
    attempts=f"arm replication message {' '.join(EXCHANGE)}",
)
def life(
    style: Style,
    attempts: Frame,
    *,
    arm: str | None = None,
    replication: int | None = None,
    message: int | None = None,
    end: int | None = None,
    since: float | None = None,
) -> Figure:
    """Every attempt of one message, in order of time (equal steps, not to scale).

    Without *message* the one with the most attempts is drawn (the first of these), in *arm* and
    *replication* (without them, the first there are). Of the attempts the first *end* are
    drawn, the others left blank, if it is given. Times count from *since* (seconds of the run),
    or from the first attempt.
    """
    rows = _message(attempts, arm, replication, message)
    exchanges = list(_exchanges(rows))
    drawn_exchanges = exchanges[:MOST]
    servers = dict.fromkeys(exchange.server for exchange in drawn_exchanges)
    clients = dict.fromkeys(one.client for one in drawn_exchanges if one.client not in servers)
    parts = [*clients, *servers]
    letters = int(72 * 0.85 * style.width / max(len(parts), 2) / (0.6 * style.small))
    lanes, line = Lanes(parts, letters), 1.35 * style.small
    texts = [lanes.wrapped(one) for one in drawn_exchanges]
    heights = [line * (len(request) + len(answer) + 1.6) for request, answer in texts]
    head = line * (max(len(wrap(part, letters)) for part in parts) + 1)
    tall = (sum(heights) + head + line) / 72
    figure = layout.new(style, tall)
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set_xlim(-0.75, len(parts) - 0.5)
    axes.set_ylim(sum(heights) + line, -head)
    _lifelines(axes, style, lanes, sum(heights) + line, line)
    begin, top = (drawn_exchanges[0].at if since is None else since), 0.0
    for one, text, height in list(zip(drawn_exchanges, texts, heights, strict=True))[:end]:
        _draw(axes, style, lanes, one, text, top, begin)
        top += height
    first = rows.iloc[0]
    heading = f"message {first['message']} of “{first['arm']}”, replication {first['replication']}"
    figure.suptitle(layout.name(heading, 70), fontsize=style.text)
    notes = ["time runs downward, not to scale"]
    if len(exchanges) > MOST:
        notes.append(f"{len(exchanges) - MOST} later attempts are not shown")
    present = {one.look for one in drawn_exchanges}
    answers = [(look, label) for look, label in ANSWERS.items() if look in present]
    entries = [
        (Line2D([], [], color=look.colour, linestyle=look.line, linewidth=style.line), label)
        for look, label in answers
    ]
    layout.legend(figure, style, entries, notes=notes)
    return layout.settle(figure, [axes], tall)


def _message(attempts: Frame, arm: str | None, replication: int | None, message: Any) -> Frame:
    """Return the attempts of one message, in order of time."""
    name = order(attempts["arm"], None if arm is None else [arm])[0]
    rows = attempts[attempts["arm"].astype(str) == name]
    number = int(rows["replication"].min()) if replication is None else replication
    rows = some(rows[rows["replication"] == number], f"replication {number} of {name!r}")
    if message is None:
        message = rows.groupby("message", sort=True).size().idxmax()
    rows = some(rows[rows["message"] == message], f"message {message} of {name!r}")
    return rows.sort_values(["at", "hop"], kind="stable", ascending=[True, False])


def _text(client: int) -> str:
    """The address that a column holds; of IPv6 in a run, the number of the host there."""
    plain = client < FIRST or client >= clients.IPV6
    return clients.text(client) if plain else f"IPv6 host {client - FIRST}"


def _exchanges(rows: Frame) -> Iterator[Exchange]:
    """Return the attempts in order of time; a relaying client is the server that took it."""
    taker, holders = "", dict[int, str]()  # who took it last; who has it, by address
    row: Any
    for row in rows[EXCHANGE].itertuples():
        relayed = str(row.hop) == "relay"
        address = f"{row.place} {_text(int(row.client))}".strip()
        holder = holders.setdefault(int(row.client), taker) if relayed else ""
        yield Exchange(
            float(row.at),
            holder or address,
            str(row.server),
            f"{row.recipients} recipient{'s' * (row.recipients != 1)}",
            _answer(row),
            _look(row),
        )
        if row.accepted:
            taker = str(row.server)


def _answer(row: Any) -> str:
    if row.code == 0:
        return "no connection"
    some_ = row.accepted not in (0, row.recipients)
    count = f"({row.accepted} of {row.recipients} accepted)" if some_ else ""
    reason = str(row.rule) or str(row.cause).replace("_", " ")
    return " ".join(filter(None, [str(row.code), str(row.enhanced), count, reason]))


def _look(row: Any) -> Look:
    if row.accepted == row.recipients:
        return ACCEPTED
    return REFUSED if 500 <= row.code < 600 else LATER


def _lifelines(axes: Axes, style: Style, lanes: Lanes, bottom: float, line: float) -> None:
    for number, part in enumerate(lanes.parts):
        axes.plot([number] * 2, [0, bottom], color="0.6", linewidth=style.line, zorder=1)
        words = "\n".join(wrap(part, lanes.letters))
        layout.write(axes, style, (number, -0.4 * line), words, va="bottom", fontweight="bold")


def _draw(
    axes: Axes,
    style: Style,
    lanes: Lanes,
    exchange: Exchange,
    texts: tuple[list[str], list[str]],
    top: float,
    begin: float,
) -> None:
    """Draw request and answer of an attempt below *top*, and its time at the left."""
    line = 1.35 * style.small
    (client, server), (request, answer) = lanes.ends(exchange), texts
    request_at = top + line * (len(request) + 0.2)
    answer_at = top + line * (len(request) + len(answer) + 0.9)
    _arrow(axes, style, (client, server), request_at, request, REQUEST)
    _arrow(axes, style, (server, client), answer_at, answer, exchange.look)
    time = f"+{elapsed(exchange.at - begin)}"
    layout.write(axes, style, (-0.72, request_at), time, ha="left", color="0.3")


def _arrow(
    axes: Axes, style: Style, ends: tuple[int, int], y: float, lines: Names, look: Look
) -> None:
    start, end = ends
    shift = 0.25 if start == end else 0.0  # a server that hands a message to itself
    arrow: dict[str, Any] = {
        "arrowstyle": "-|>",
        "color": look.colour,
        "linestyle": look.line,
        "linewidth": style.line,
        "shrinkA": 0,
        "shrinkB": 0,
        "mutation_scale": style.small,
    }
    axes.annotate("", (end + shift, y), (start, y), arrowprops=arrow)
    middle = (start + end + shift) / 2, y - 0.3 * style.small
    layout.write(axes, style, middle, "\n".join(lines), va="bottom", zorder=2, bbox=layout.WHITE)
