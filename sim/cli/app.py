"""The command ``mailsim``: its commands in order, and how errors end it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from sim._version import __version__, citation
from sim.cli.calibrate import calibrate
from sim.cli.classes import group as classes
from sim.cli.config import audit, export_config, import_
from sim.cli.console import FAILED, INTERRUPTED, WRONG, say
from sim.cli.exact import diff, explain, matrix
from sim.cli.files import check, new, schema
from sim.cli.gallery import gallery
from sim.cli.hindcast import hindcast
from sim.cli.observe import observe
from sim.cli.run import plan, run
from sim.cli.sensitivity import sensitivity
from sim.cli.serve import serve
from sim.cli.stored import decide, export, report, verify, warmup
from sim.cli.sweep import sweep

app = typer.Typer(
    name="mailsim",
    help="What each way of restricting SMTP relaying costs the honest roaming user, and what it "
    "takes from the spammer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog="SCENARIO is a file, the name of a ready one (mailsim gallery), or - for standard "
    "input. Exit status: 0 done, 2 wrong use or wrong scenario, 1 anything else, 130 interrupted.",
)
OF_SCENARIOS = (run, check, matrix, explain, diff, plan, sweep, sensitivity, calibrate)
OF_RESULTS = (decide, warmup, report, export, verify)
FORMAT = (gallery, new, schema)
OF_CONFIGURATIONS = (import_, observe, audit, export_config)
STUDIES = (hindcast,)
LIVE = (serve,)
for command in (*OF_SCENARIOS, *OF_RESULTS, *OF_CONFIGURATIONS, *FORMAT, *LIVE, *STUDIES):
    app.command(command.__name__.strip("_").replace("_", "-"))(command)
app.add_typer(classes)


def _show_version(version: bool) -> None:
    if version:
        print(f"mailsim {__version__}\nCite as: {citation()}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Version, and how to cite it.", callback=_show_version),
    ] = False,
) -> None:
    """Options before any command."""


STATUS = {
    "ScenarioError": WRONG,
    "ConfigError": WRONG,
    "UsageError": WRONG,
    "UnknownFigure": WRONG,
    "ExtraError": WRONG,
    "MissingLibraryError": FAILED,
    "OtherResultsError": WRONG,
    "StorageError": FAILED,
    "TooFewMembersError": FAILED,
    "WorkerDied": FAILED,
    "ConservationError": FAILED,
    "FigureError": FAILED,
}
"""Exit status of each error that its message explains, by name: naming a class would load it."""
LESS = (
    "Fewer people, a shorter run_length, --keep counts or fewer --workers need less; "
    "mailsim plan says how many recipients a run has."
)


def main() -> None:
    """Run the command; known errors become one message and an exit status."""
    try:
        app(prog_name="mailsim")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(FAILED)
    except MemoryError as error:
        say(f"not enough memory: {error or 'none is left'}. {LESS}")
        sys.exit(FAILED)
    except Exception as error:
        status = status_of(type(error))
        if status is None:
            raise
        say(str(error))
        sys.exit(status)


def status_of(kind: type[Exception]) -> int | None:
    """Exit status of an error that its message explains; None for a fault of the program."""
    names = (base.__name__ for base in kind.__mro__ if base.__module__.startswith("sim."))
    return next((STATUS[name] for name in names if name in STATUS), None)


if __name__ == "__main__":
    main()
