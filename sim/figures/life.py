"""One message's life as a sequence diagram: who asked whom, when, and what was answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from textwrap import wrap
from typing import TYPE_CHECKING

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.figures import palette
from sim.figures import style as s
from sim.figures.data import FigureError, need, order, some
from sim.figures.style import Style, drawn
from sim.smtp.units import elapsed

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "arm",
    "replication",
    "message",
    "hop",
    "at",
    "client",
    "place",
    "server",
    "recipients",
    "accepted",
    "code",
    "enhanced",
    "rule",
    "cause",
)
MOST = 14
"""Attempts that are drawn: chosen, as many as a page has room for; the others are counted."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One attempt: *asker* opens a connection to *server* and is answered."""

    at: float
    asker: str
    server: str
    request: str
    answer: str
    accepted: bool
    permanent: bool


@drawn
def life(
    style: Style,
    attempts: pd.DataFrame,
    *,
    arm: str | None = None,
    replication: int | None = None,
    message: int | None = None,
    reached: int | None = None,
    since: float | None = None,
) -> Figure:
    """Every attempt of one message, in order of time (equal steps, not to scale).

    Without *message* the one with the most attempts is drawn (the first of these), in *arm* and
    *replication* (without them, the first there are). Of the attempts the first *reached* are
    drawn, the others left blank, if it is given. Times count from *since* (seconds of the run),
    or from the first attempt.
    """
    frame = need(attempts, "attempts", COLUMNS, figure="life")
    rows = _chosen(frame, arm, replication, message)
    exchanges = _exchanges(rows)
    left_out = max(0, len(exchanges) - MOST)
    exchanges = exchanges[:MOST]
    servers = dict.fromkeys(exchange.server for exchange in exchanges)
    parts = [*dict.fromkeys(e.asker for e in exchanges if e.asker not in servers), *servers]
    letters = int(72 * 0.85 * style.width / max(len(parts), 2) / (0.6 * style.small))
    step = [_step(e, parts, letters) for e in exchanges]
    line = 1.35 * style.small
    tall = [line * (ask + answer + 1.6) for ask, answer in step]
    head = max(max(len(wrap(part, letters)) for part in parts) * line, line) + line
    figure = s.new(style, (sum(tall) + head + line) / 72)
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set_xlim(-0.75, len(parts) - 0.5)
    axes.set_ylim(sum(tall) + line, -head)
    for number, part in enumerate(parts):
        axes.plot([number] * 2, [0, sum(tall) + line], color="0.6", linewidth=style.line, zorder=1)
        axes.text(
            number,
            -0.4 * line,
            "\n".join(wrap(part, letters)),
            ha="center",
            va="bottom",
            fontsize=style.small,
            fontweight="bold",
            parse_math=False,
        )
    top = 0.0
    drawn_ = list(zip(exchanges, step, tall, strict=True))
    for exchange, (ask, answer), height in drawn_[:reached]:
        _draw(
            axes,
            style,
            exchange,
            parts,
            letters,
            (top + line * (ask + 0.2), top + line * (ask + answer + 0.9)),
            exchanges[0].at if since is None else since,
        )
        top += height
    first = rows.iloc[0]
    figure.suptitle(
        s.name(
            f"message {first['message']} of “{first['arm']}”, replication {first['replication']}",
            70,
        ),
        fontsize=style.text,
    )
    notes = ["time runs downward, not to scale"]
    if left_out:
        notes.append(f"{left_out} later attempts are not shown")
    s.legend(figure, style, _entries(style, exchanges), notes=notes)
    return s.settle(figure, [axes], (sum(tall) + head + line) / 72)


def caption(*_: object, **__: object) -> str:
    """What `life` shows."""
    return (
        "The life of one message: each connection with what was asked, and the worst reply with "
        "the restriction that decided it. Left: time since the first attempt."
    )


def _chosen(
    frame: pd.DataFrame, arm: str | None, replication: int | None, message: int | None
) -> pd.DataFrame:
    name = order(frame["arm"], None if arm is None else [arm], figure="life")[0]
    rows = frame[frame["arm"].astype(str) == name]
    number = int(rows["replication"].min()) if replication is None else replication
    rows = some(
        rows[rows["replication"] == number], f"replication {number} of {name!r}", figure="life"
    )
    if message is None:
        counts = rows.groupby("message", sort=True).size()
        message = int(counts.index[int(counts.to_numpy().argmax())])
    rows = some(rows[rows["message"] == message], f"message {message} of {name!r}", figure="life")
    return rows.sort_values(["at", "hop"], kind="stable", ascending=[True, False])


def _exchanges(rows: pd.DataFrame) -> list[Exchange]:
    """Return the attempts in order of time; a relaying client is the server that took it."""
    holder = ""
    made = []
    for values in zip(*(rows[c] for c in COLUMNS[3:]), strict=True):
        hop, at, client, place, server, recipients, accepted, code, enhanced, rule, cause = values
        address = str(IPv4Address(int(client)))
        asker = holder if str(hop) == "relay" else ""
        asker = asker or f"{place} {address}".strip()
        if str(hop) != "relay" and accepted:
            holder = str(server)
        made.append(
            Exchange(
                float(at),
                asker,
                str(server),
                f"{recipients} recipient{'s' * (recipients != 1)}",
                _answer(
                    int(code), str(enhanced), str(rule), str(cause), int(accepted), int(recipients)
                ),
                accepted == recipients,
                500 <= code < 600,
            )
        )
    if not made:
        raise FigureError("life: the message has no attempts")
    return made


def _answer(code: int, enhanced: str, rule: str, cause: str, accepted: int, recipients: int) -> str:
    if code == 0:
        return "no connection"
    count = "" if accepted in (0, recipients) else f" ({accepted} of {recipients} accepted)"
    why = rule or cause.replace("_", " ")
    return f"{code} {enhanced}{count} {why}".replace("  ", " ").strip()


def _step(exchange: Exchange, parts: Sequence[str], letters: int) -> tuple[int, int]:
    """Return the lines of type above the two arrows of an exchange."""
    room = _room(exchange, parts, letters)
    return tuple(len(_wrapped(text, room)) for text in (exchange.request, exchange.answer))  # type: ignore[return-value]


def _room(exchange: Exchange, parts: Sequence[str], letters: int) -> int:
    return letters * max(1, abs(parts.index(exchange.asker) - parts.index(exchange.server)))


def _wrapped(text: str, letters: int) -> list[str]:
    return [line.replace("_ ", "_") for line in wrap(text.replace("_", "_ "), letters)]


def _draw(
    axes: Axes,
    style: Style,
    exchange: Exchange,
    parts: Sequence[str],
    letters: int,
    at: tuple[float, float],
    begin: float,
) -> None:
    asker, server = parts.index(exchange.asker), parts.index(exchange.server)
    room = _room(exchange, parts, letters)
    look = _look(exchange)
    for (start, end), y, text, role in (
        ((asker, server), at[0], exchange.request, palette.Look("black")),
        ((server, asker), at[1], exchange.answer, look),
    ):
        shift = 0.25 if start == end else 0.0  # a server that hands a message to itself
        axes.annotate(
            "",
            (end + shift, y),
            (start, y),
            arrowprops={
                "arrowstyle": "-|>",
                "color": role.colour,
                "linestyle": role.line,
                "linewidth": style.line,
                "shrinkA": 0,
                "shrinkB": 0,
                "mutation_scale": style.small,
            },
        )
        axes.text(
            (start + end + shift) / 2,
            y - 0.3 * style.small,
            "\n".join(_wrapped(text, room)),
            ha="center",
            va="bottom",
            fontsize=style.small,
            parse_math=False,
            zorder=2,
            bbox={"boxstyle": "square,pad=0.05", "facecolor": "white", "edgecolor": "none"},
        )
    axes.text(
        -0.72,
        at[0],
        f"+{elapsed(exchange.at - begin)}",
        ha="left",
        va="center",
        fontsize=style.small,
        color="0.3",
    )


_ACCEPTED = palette.Look(palette.GREEN)
_LATER = palette.Look(palette.BLUE, line=(0, (4, 1.5)))
_REFUSED = palette.Look(palette.VERMILLION, line=(0, (1, 1.2)))


def _look(exchange: Exchange) -> palette.Look:
    if exchange.accepted:
        return _ACCEPTED
    return _REFUSED if exchange.permanent else _LATER


def _entries(style: Style, exchanges: Sequence[Exchange]) -> list[tuple[Artist | None, str]]:
    present = {_look(exchange) for exchange in exchanges}
    return [
        (Line2D([], [], color=look.colour, linestyle=look.line, linewidth=style.line), label)
        for look, label in (
            (_ACCEPTED, "accepted"),
            (_LATER, "for now not (4xx, or no connection)"),
            (_REFUSED, "refused for good (5xx)"),
        )
        if look in present
    ]
