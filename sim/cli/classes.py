"""The commands of a class: ``mailsim class new``, ``collect`` and ``site``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim import cli
from sim.cli.console import say

group = typer.Typer(
    name="class",
    help="For a class: students' folders, marks for what is handed in, and a site.",
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


@group.command()
def new(
    out: Annotated[Path, typer.Argument(metavar="DIR", show_default=False)],
    students: Annotated[
        Path | None,
        typer.Option("--students", metavar="CSV", help="A folder each; without it, one for all."),
    ] = None,
    notebooks: Annotated[
        Path, typer.Option("--notebooks", metavar="DIR", help="The notebooks of the course.")
    ] = Path("notebooks"),
) -> None:
    """A folder for each student: notebooks and scenarios, nothing that is the teacher's."""
    known = cli.roster.read(students) if students else []
    folders = cli.handout.new(out, known, notebooks=notebooks)
    say(f"{out}: {len(folders)} folder{'s' if len(folders) > 1 else ''}, each to be handed out")


@group.command()
def collect(
    folder: Annotated[Path, typer.Argument(metavar="DIR", show_default=False)],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where marks go: DIR/marks.")
    ] = None,
    students: Annotated[
        Path | None, typer.Option("--students", metavar="CSV", help="The class: DIR/students.csv.")
    ] = None,
    run: Annotated[
        bool, typer.Option("--run", help="Execute each notebook in a sandbox first.")
    ] = False,
) -> None:
    """Marks from what students saved: read as data, marked afresh; nothing is run without --run."""
    known = cli.roster.read(students) if students else []
    marks = out or folder / "marks"
    source = cli.sandbox.run_all(folder, marks / "executed", say) if run else folder
    if run and not known and (folder / cli.roster.FILE).is_file():
        known = cli.roster.read(folder / cli.roster.FILE)
    hidden = cli.collecting.hidden_cells()
    if not hidden:
        say("hidden cells are not asked: the teacher's package is not installed")
    collection = cli.collecting.collect(source, known, hidden)
    cli.pages.write(collection, marks)
    for line in cli.pages.summary(collection):
        say(line)
    say(f"{marks / 'marks.csv'}, and a page for each student beside it")


@group.command()
def export(
    out: Annotated[Path, typer.Argument(metavar="DIR", show_default=False)],
    kind: Annotated[str, typer.Option("--to", metavar="KIND", help="nbgrader or otter.")],
    notebooks: Annotated[
        Path, typer.Option("--notebooks", metavar="DIR", help="The notebooks of the course.")
    ] = Path("notebooks"),
) -> None:
    """The course as assignments of nbgrader or otter-grader."""
    paths = cli.graders.export(out, kind, notebooks=notebooks)
    say(f"{out}: {len(paths)} assignments for {kind}")
