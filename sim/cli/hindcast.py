"""The command of the hindcast: the market of spam, 1998 to 2008."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim import cli
from sim.cli import options
from sim.cli.console import print_json, say, tell, wrong
from sim.cli.writing import write
from sim.hindcast.inputs import END, START

if TYPE_CHECKING:
    from sim.hindcast.forecast import Forecast

FEWEST = 20
"""Members that a band is taken of, at least."""


def hindcast(
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write the monthly table here, as CSV."),
    ] = None,
    block: Annotated[
        str | None,
        typer.Option(
            "--block-port-25", metavar="YYYY-MM", help="When the observed network blocks port 25."
        ),
    ] = None,
    lose: Annotated[
        str | None,
        typer.Option(
            "--lose-controllers", metavar="YYYY-MM", help="When most controllers go off the net."
        ),
    ] = None,
    members: Annotated[
        int, typer.Option("--members", metavar="N", min=FEWEST, help="Fitted markets.")
    ] = 200,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0)] = 1,
    as_json: options.Json = False,
) -> None:
    """The market of spam, 1998 to 2008, from what was known by mid-2001; held against what came.

    It tests the spam side alone: what refused people did has no published outcome.
    """
    change = cli.market.Intervention(
        block_port_25=_year("--block-port-25", block),
        lose_controllers=_year("--lose-controllers", lose),
    )
    forecast = cli.forecast.Forecast(members, seed, change)
    if out is not None:
        _write(forecast, out)
    if as_json:
        print_json(forecast.table().to_dict("records"))
        return
    for line in cli.study.lines(forecast):
        tell(line)


def _year(option: str, text: str | None) -> float:
    """The moment, in years, at which a month begins; infinity where none is named."""
    if text is None:
        return float("inf")
    match = re.fullmatch(r"(\d{4})-(\d\d)", text)
    first, last = int(START), int(END) - 1
    if match is None or not first <= int(match[1]) <= last or not 1 <= int(match[2]) <= 12:
        wrong(f"{option} {text!r}: a month from {first}-01 to {last}-12 expected, as 2004-06")
    return int(match[1]) + (int(match[2]) - 1) / 12


def _write(forecast: Forecast, out: Path) -> None:
    """Write the monthly table, whole or not at all."""
    write(out, cli.spreadsheet.csv(forecast.table(), numbers="%.6g"))
    say(f"Monthly table: {out}")
