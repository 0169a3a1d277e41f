"""Commands that answer exactly, without running anything."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sim import cli
from sim.cli import options
from sim.cli.console import print_json


def matrix(
    scenario: options.Scenario,
    server: Annotated[
        str | None, typer.Option("--server", metavar="NAME", help="Whose: a server or network.")
    ] = None,
    arms: options.Arms = None,
    at: options.At = None,
    set_: options.Set = None,
    as_json: options.Json = False,
) -> None:
    """The six cases under each arm, exact: place, recipient, credentials, verdict, rule."""
    loaded = cli.inputs.at(cli.inputs.scenario(scenario, set_), at)
    chosen = cli.inputs.names(arms, loaded.arms)
    _show(loaded.matrix(server=server, arm=chosen), as_json)


def explain(
    scenario: options.Scenario,
    user: Annotated[str, typer.Option("--user", metavar="U", help="A group or a person of it.")],
    place: Annotated[str, typer.Option("--place", metavar="P", help="home, work, hotel, ...")],
    to: Annotated[str, typer.Option("--to", metavar="ADDRESS", help="The recipient.")],
    sender: Annotated[
        str | None, typer.Option("--from", metavar="ADDRESS", help="The sender address shown.")
    ] = None,
    auth: Annotated[bool, typer.Option("--auth", help="With SMTP AUTH switched on.")] = False,
    pop: Annotated[bool, typer.Option("--pop", help="After a POP login.")] = False,
    by_587: Annotated[
        bool, typer.Option("--587", help="By port 587, with AUTH, where the server offers it.")
    ] = False,
    vpn: Annotated[
        bool, typer.Option("--vpn", help="By a VPN to the network of the account.")
    ] = False,
    account: Annotated[
        str | None,
        typer.Option(
            "--account",
            metavar="WHICH",
            help="home or work. Default: whose server the arms change.",
        ),
    ] = None,
    server: Annotated[
        str | None,
        typer.Option("--server", metavar="NAME", help="Ask another one, such as the hotel's."),
    ] = None,
    arm: Annotated[
        str | None, typer.Option("--arm", metavar="A", help="Default: baseline.")
    ] = None,
    at: options.At = None,
    set_: options.Set = None,
    as_json: options.Json = False,
) -> None:
    """Which restriction decides about one message, what is replied, what the user sees."""
    query: dict[str, Any] = {
        "place": place,
        "sender": sender,
        "auth": auth,
        "pop": pop,
        "by_587": by_587,
        "vpn": vpn,
        "account": account,
        "server": server,
        "arm": arm,
    }
    loaded = cli.inputs.at(cli.inputs.scenario(scenario, set_), at)
    _show(loaded.explain(user=user, to=to, **query), as_json)


def diff(
    scenario: options.Scenario,
    arm: Annotated[str, typer.Argument(metavar="ARM", show_default=False)],
    other: Annotated[str, typer.Argument(metavar="ARM", show_default=False)],
    at: options.At = None,
    set_: options.Set = None,
    as_json: options.Json = False,
) -> None:
    """Every cell of the matrix whose verdict changes between two arms."""
    loaded = cli.inputs.at(cli.inputs.scenario(scenario, set_), at)
    _show(loaded.diff(arm, other), as_json)


def _show(answer: Any, as_json: bool) -> None:
    """Print an answer: as JSON, or as it prints itself."""
    print_json(answer.as_dict()) if as_json else cli.tables.show(answer)
