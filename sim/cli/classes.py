"""The commands of a class: ``mailsim class site``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim import cli
from sim.cli.console import say

group = typer.Typer(
    name="class",
    help="For a class: the course on machines without an installation.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@group.command()
def site(
    out: Annotated[Path, typer.Argument(metavar="DIR", show_default=False)],
    pyodide: Annotated[
        Path, typer.Option("--pyodide", metavar="DIR", help="Pyodide, as npm or a release has it.")
    ] = Path("pyodide"),
    wheels: Annotated[
        Path, typer.Option("--wheels", metavar="DIR", help="Wheels for a browser.")
    ] = Path("wheels"),
    notebooks: Annotated[
        Path, typer.Option("--notebooks", metavar="DIR", help="The notebooks that are offered.")
    ] = Path("notebooks"),
) -> None:
    """A site with Python in the browser: any web server serves it, nothing is installed."""
    missing = cli.site.build(out, pyodide=pyodide, wheels=wheels, notebooks=notebooks)
    say(f"{out}: to look at it: python -m http.server --directory {out}")
    if missing:
        say(f"no simulations there, for want of {', '.join(missing)}; exact answers work")
