"""The command that reads real logs: observe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim import cli
from sim.cli import options
from sim.cli.console import print_json
from sim.cli.writing import write

if TYPE_CHECKING:
    from sim.config import Observed


def observe(
    logs: Annotated[
        list[str],
        typer.Argument(metavar="MAIL.LOG...", help="Plain or packed, in any order; - for stdin."),
    ],
    networks: Annotated[
        str, typer.Option("--networks", metavar="A,B", help="The server's own, as in mynetworks.")
    ] = "",
    group: Annotated[str, typer.Option("--group", metavar="NAME", help="Section of users.")] = (
        "customers"
    ),
    network: Annotated[str, typer.Option("--network", metavar="NAME", help="Their ISP.")] = "own",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write inputs and targets there.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Logs of Postfix as inputs and targets of a scenario: classes and counts, no address."""
    own = list(filter(None, networks.split(",")))
    observed = cli.observing.observe(*logs, networks=own, group=group, network=network)
    if out is not None:
        write(out, observed.toml())
    if as_json:
        print_json(observed.as_dict())
    else:
        cli.tables.show(*_report(observed, out))


def _report(observed: Observed, out: Path | None) -> Iterator[Any]:
    grid, log = cli.tables.grid, observed.log
    yield (
        f"{observed.first} to {observed.last}: {observed.lines} lines, {log.understood} of Postfix"
    )
    sent, recipients = observed.messages, observed.recipients
    rows = [
        (kind, str(count), f"{count / observed.days:.4g}", f"{recipients[kind] / count:.3g}")
        for kind, count in sent.items()
    ]
    yield grid(("messages", "all", "a day", "recipients each"), rows)
    if observed.refusals:
        causes = [
            (cause, str(count), f"{count / observed.days:.4g}")
            for cause, count in observed.refusals.items()
        ]
        yield grid(("refused", "all", "a day"), causes)
    yield f"Failed logins: {log.failed_logins}. With a login: {observed.share_authenticated:.1%}."
    hours = observed.hourly
    yield grid(
        ("weekdays, from", *(f"{hour} h" for hour in range(0, 24, 3))),
        [("share of messages", *(f"{sum(hours[h : h + 3]):.3f}" for h in range(0, 24, 3)))],
    )
    bands = [
        (name, f"{target.value:g}", f"{target.low:g}", f"{target.high:g}")
        for name, target in observed.targets.items()
    ]
    yield grid(("target", "mean of days", "least", "most"), bands)
    yield "--out FILE writes inputs and targets." if out is None else f"Inputs and targets: {out}"
