"""The command that serves a scenario on loopback, until it is stopped."""

from __future__ import annotations

import contextlib
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim import cli
from sim.cli import options
from sim.cli.console import print_json, say, tell, wrong
from sim.cli.writing import write

if TYPE_CHECKING:
    import asyncio

    from sim.serve.live import Live

HELP = "Type: step 30 min | speed 60 | arm NAME | table | quit"


def serve(
    scenario: options.Scenario,
    arm: Annotated[
        str | None, typer.Option("--arm", metavar="A", help="Default: baseline.")
    ] = None,
    speed: Annotated[
        float,
        typer.Option(
            "--speed",
            metavar="N",
            min=0,
            max=1e6,
            help="The clock goes N times as fast as real time; 0: it moves by steps alone.",
        ),
    ] = 1.0,
    people: Annotated[
        float,
        typer.Option(
            "--people",
            metavar="SHARE",
            min=0,
            max=100,
            help="Simulated people and spammers use the servers too, so many times as much as "
            "the scenario says.",
        ),
    ] = 0.0,
    place: Annotated[
        str | None,
        typer.Option(
            "--place", metavar="P", help="Where clients are whose address says nothing; else home."
        ),
    ] = None,
    proxy: Annotated[
        bool, typer.Option("--proxy", help="Connections begin with a line of the PROXY protocol.")
    ] = False,
    pcap: Annotated[
        Path | None,
        typer.Option("--pcap", metavar="FILE", help="Write what passes as a capture, too."),
    ] = None,
    ca: Annotated[
        Path | None,
        typer.Option(
            "--ca", metavar="FILE", help="Write the certificate to trust for STARTTLS here."
        ),
    ] = None,
    set_: options.Set = None,
    as_json: options.Json = False,
) -> None:
    """Live servers on this machine alone: real mail programs against a scenario's policies.

    Ports, places and lines to paste are printed; Ctrl-C ends it.
    """
    model = cli.inputs.scenario(scenario, set_).model
    name = arm or model.baseline
    model.arm(name)
    try:
        living = cli.living.Living(model, name, people=people, factor=speed, place=place)
    except cli.places.NoSuchPlaceError as error:
        wrong(f"--place {error}")
    live = cli.live.Live(living, proxy=proxy)
    if pcap is not None:
        living.write_to(pcap)
    if ca is not None:
        _write_authority(live, ca)
    with contextlib.suppress(KeyboardInterrupt):
        import asyncio  # which --help need not load

        asyncio.run(_serve(live, as_json=as_json))
    tell(f"{living.accepted} messages were taken; {living.mail.account()}.")


def _write_authority(live: Live, path: Path) -> None:
    """Write the certificate that clients of STARTTLS have to trust."""
    if live.certificate is None:
        wrong("--ca: STARTTLS needs the extra tls: pip install 'mailsim[tls]'")
    write(path, live.certificate.authority.decode())


async def _serve(live: Live, *, as_json: bool) -> None:
    import asyncio

    await live.start()
    over = asyncio.Event()
    print_json(cli.table.Table(live).as_dict()) if as_json else _show(live)
    say(HELP)
    sys.stdout.flush()
    _listen(asyncio.get_running_loop(), live, over)
    try:
        await over.wait()
    finally:
        await live.stop()


def _show(live: Live) -> None:
    """Print ports and places, and lines to paste that the terminal alone breaks."""
    table = cli.table.Table(live)
    cli.tables.show(cli.page.Rendered(table.grids()))
    tell("\nLines to paste:\n" + "\n".join(table.lines()) + "\n")


def _listen(loop: asyncio.AbstractEventLoop, live: Live, over: asyncio.Event) -> None:
    """Do what is typed; the end of the input ends nothing."""

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(_obey, live, over, line.strip())

    threading.Thread(target=read, daemon=True).start()


def _obey(live: Live, over: asyncio.Event, line: str) -> None:
    verb, _, argument = line.partition(" ")
    try:
        answer = _COMMANDS.get(verb, _help)(live, over, argument.strip())
    except ValueError as error:
        answer = str(error)
    if answer:
        say(answer)


def _step(live: Live, _over: asyncio.Event, argument: str) -> str:
    live.living.step(cli.quantities.read_duration(argument))
    return live.living.date()


def _speed(live: Live, _over: asyncio.Event, argument: str) -> str:
    factor = float(argument)
    if not 0.0 <= factor <= 1e6:
        raise ValueError(f"{argument}: a number from 0 to 1000000 expected")
    live.living.clock.run(factor)
    return f"{factor:g} times as fast as real time"


def _arm(live: Live, _over: asyncio.Event, argument: str) -> str:
    live.living.switch(argument)
    return f"arm '{argument}' from now on"


def _table(live: Live, _over: asyncio.Event, _: str) -> str:
    _show(live)
    sys.stdout.flush()
    return ""


def _quit(_: Live, over: asyncio.Event, __: str) -> str:
    over.set()
    return ""


def _help(_: Live, __: asyncio.Event, ___: str) -> str:
    return HELP


_COMMANDS = {"step": _step, "speed": _speed, "arm": _arm, "table": _table, "quit": _quit}
