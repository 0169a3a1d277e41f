"""The command ``mailsim``: one function a command, heavy imports where they are used."""

from __future__ import annotations

import json
import sys
from collections.abc import Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from sim.results.results import Results, Scenario

app = typer.Typer(
    name="mailsim",
    help="What each way of restricting SMTP relaying costs the honest roaming user, and what it "
    "takes from the spammer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog="SCENARIO is a file, or - for standard input. Exit status: 0 done, 2 wrong use or "
    "wrong scenario, 1 anything else, 130 interrupted.",
)

DONE, FAILED, WRONG, INTERRUPTED = 0, 1, 2, 130
WARM_UP_REPLICATIONS = 5
"""Of a scenario whose warm-up is looked at; chosen: enough for an interval, few to wait for."""
SWEEP = "sweep"
"""Folder of a sweep within the results of its scenario, where `Results.unknowns` finds it."""

ScenarioArgument = Annotated[str, typer.Argument(metavar="SCENARIO", show_default=False)]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a key, as an arm does; repeatable."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ArmsOption = Annotated[
    str | None, typer.Option("--arms", metavar="A,B", help="Only these arms.", show_default=False)
]
ReplicationsOption = Annotated[
    int | None,
    typer.Option("--replications", metavar="N", min=1, help="Instead of the file's."),
]
SeedOption = Annotated[
    int | None, typer.Option("--seed", metavar="N", min=0, help="Instead of the file's.")
]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", metavar="N", min=1, help="Processes; default: all cores.")
]
QuickOption = Annotated[
    bool, typer.Option("--quick", help="A short run of few replications, marked as such.")
]
DaskOption = Annotated[
    str | None,
    typer.Option("--dask", metavar="ADDRESS", help="Run on a Dask cluster that sees DIR."),
]
KEEP = "rows; or counts: measures alone."
OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Default: out/NAME-OF-SCENARIO.")
]


@app.command()
def run(
    scenario: ScenarioArgument,
    out: OutOption = None,
    arms: ArmsOption = None,
    replications: ReplicationsOption = None,
    seed: SeedOption = None,
    workers: WorkersOption = None,
    set_: SetOption = None,
    quick: QuickOption = False,
    force: Annotated[bool, typer.Option("--force", help="Replace other results in DIR.")] = False,
    keep: Annotated[str, typer.Option("--keep", metavar="WHAT", help=KEEP)] = "rows",
    dask: DaskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run every arm, print the comparison, write rows, summary and figures.

    Where the file's [sweep] has mode ranges, run that too: the band over the unknowns.
    """
    import sim

    loaded, scale = _load(scenario, set_, seed=seed), 0.0
    folder = out if out is not None else _default_out(scenario, quick)
    if quick:
        loaded, replications, scale = _quick_form(loaded, replications)
    with _kept(folder):
        with _executor(dask) as executor:
            results = sim.run(
                loaded,
                arms=_arms(arms, loaded.arms),
                replications=replications,
                workers=workers or _cores(),
                executor=executor,
                out=folder,
                keep=keep,
                force=force,
                quick=scale,
            )
            if loaded.sweep is not None and loaded.sweep.mode == "ranges":
                sim.sweep(
                    loaded, arms=_arms(arms, loaded.arms), replications=results.replications,
                    executor=executor, workers=workers or _cores(), out=folder / SWEEP, force=force,
                    quick=scale,
                ).save()  # fmt: skip
        results.save()
    _show(results, as_json)


@app.command()
def check(
    scenario: ScenarioArgument,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Print the scenario with every default filled in.")
    ] = False,
    set_: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Report every fault at once, with file, key and nearest valid name.

    Exact expectations that do not hold are faults too.
    """
    from sim.exact.expectations import unmet

    loaded = _load(scenario, set_)
    if wrong := list(unmet(loaded.model)):
        _wrong("\n".join(f"{scenario}: {told}" for told in wrong))
    if resolved:
        print(loaded.resolved())
    elif as_json:
        _print_json({"title": loaded.title, "hash": loaded.hash(), "arms": list(loaded.arms)})
    else:
        print(f"{scenario}: no faults. {loaded.title}: {len(loaded.arms)} arms.")


@app.command()
def matrix(
    scenario: ScenarioArgument,
    server: Annotated[
        str | None, typer.Option("--server", metavar="NAME", help="Whose: a server or network.")
    ] = None,
    arms: ArmsOption = None,
    set_: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """The six cases under each arm, exact: place, recipient, credentials, verdict, rule."""
    loaded = _load(scenario, set_)
    _print_lab(loaded.matrix(server=server, arm=_arms(arms, loaded.arms)), as_json)


@app.command()
def explain(
    scenario: ScenarioArgument,
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
    account: Annotated[
        str, typer.Option("--account", metavar="WHICH", help="home or work.")
    ] = "home",
    server: Annotated[
        str | None,
        typer.Option("--server", metavar="NAME", help="Ask another one, such as the hotel's."),
    ] = None,
    arm: Annotated[
        str | None, typer.Option("--arm", metavar="A", help="Default: baseline.")
    ] = None,
    set_: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Which restriction decides about one message, what is replied, what the user sees."""
    loaded = _load(scenario, set_)
    found = loaded.explain(
        user=user, place=place, to=to, arm=arm, sender=sender, auth=auth, pop=pop,
        by_587=by_587, account=account, server=server,
    )  # fmt: skip
    _print_lab(found, as_json)


@app.command()
def diff(
    scenario: ScenarioArgument,
    arm: Annotated[str, typer.Argument(metavar="ARM", show_default=False)],
    other: Annotated[str, typer.Argument(metavar="ARM", show_default=False)],
    set_: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Every cell of the matrix whose verdict changes between two arms."""
    loaded = _load(scenario, set_)
    _print_lab(loaded.diff(arm, other), as_json)


@app.command()
def plan(
    scenario: ScenarioArgument,
    out: OutOption = None,
    arms: ArmsOption = None,
    replications: ReplicationsOption = None,
    workers: WorkersOption = None,
    set_: SetOption = None,
    quick: QuickOption = False,
    as_json: JsonOption = False,
) -> None:
    """The runs that would be made, and how long they would take, judged by short ones."""
    from sim.experiment.plan import plan as make

    loaded = _load(scenario, set_)
    if quick:
        loaded, replications, _ = _quick_form(loaded, replications)
    folder = out if out is not None else _default_out(scenario, quick)
    planned = make(
        loaded.model, arms=_arms(arms, loaded.arms), replications=replications,
        workers=workers or _cores(), out=folder,
    )  # fmt: skip
    _print_json(planned.as_dict()) if as_json else _print(planned)


@app.command()
def sweep(
    scenario: ScenarioArgument,
    over: Annotated[
        list[str] | None,
        typer.Option(
            "--over", metavar="KEY=V1,V2,...", help="Values of a key; repeatable. Default: [sweep]."
        ),
    ] = None,
    mode: Annotated[
        str, typer.Option("--mode", metavar="MODE", help="grid, paired or ranges (least,most).")
    ] = "grid",
    break_even: Annotated[
        str | None,
        typer.Option(
            "--break-even", metavar="A,B", help="Where the order of two arms flips, along each key."
        ),
    ] = None,
    measure: Annotated[
        str, typer.Option("--measure", metavar="CLASS:MEASURE", help="What is printed.")
    ] = "honest:lost_per_day",
    out: OutOption = None,
    arms: ArmsOption = None,
    replications: ReplicationsOption = None,
    seed: SeedOption = None,
    workers: WorkersOption = None,
    set_: SetOption = None,
    quick: QuickOption = False,
    force: Annotated[bool, typer.Option("--force", help="Replace other results in DIR.")] = False,
    keep: Annotated[str, typer.Option("--keep", metavar="WHAT", help=KEEP)] = "counts",
    dask: DaskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the scenario at every point of a sweep, print and draw one measure, write all as CSV."""
    import sim
    from sim.cli import render as terminal
    from sim.records.measures import MEASURES

    loaded = _load(scenario, set_, seed=seed)
    class_, name = _measure(measure)
    pair = _arms(break_even, loaded.arms) or []
    if break_even is not None and len(pair) != 2:
        _wrong(f"--break-even {break_even}: expected two arms, A,B")
    folder = out if out is not None else _default_out(scenario, quick) / SWEEP
    points = _points(over, mode) if over else None
    own = loaded.sweep.arms if loaded.sweep and points is None else []
    _fits_sweep(loaded, points, pair, _arms(arms, loaded.arms) or own, replications)
    scale = 0.0
    if quick:
        loaded, replications, scale = _quick_form(loaded, replications)
    with _kept(folder):
        with _executor(dask) as executor:
            swept = sim.sweep(
                loaded, points, out=folder, arms=_arms(arms, loaded.arms),
                replications=replications, workers=workers or _cores(), executor=executor,
                keep=keep, force=force, quick=scale,
            )  # fmt: skip
        swept.save(class_, name, pair)
    along = (swept.keys if swept.ranged else swept.keys[:1]) if pair else []
    found = {key: swept.break_even(pair[0], pair[1], class_, name, key) for key in along}
    if as_json:
        _print_json(
            {
                "out": str(swept.path),
                "quick": swept.quick,
                "points": swept.points,
                "summary": terminal.as_records(swept.summary()),
                "comparison": terminal.as_records(swept.compare()),
                "break_even": {
                    key: {k: getattr(one, k) for k in ("at", "low", "high", "names")}
                    for key, one in found.items()
                },
            }
        )
        return
    if swept.quick:
        _print(f"QUICK RUN: {swept.quick_form}")
    for table in (
        terminal.unknowns(swept) if swept.ranged else [terminal.swept(swept, class_, name)]
    ):
        _print(table)
    if found:
        _print(f"By {class_}: {MEASURES[name].title}, each key alone:")
    for key, one in found.items():
        _print(terminal.flips(one, key, *pair))
    _print(f"All measures at all points: {swept.path}: summary.csv, differences.csv")


@app.command()
def decide(
    folder: Annotated[Path, typer.Argument(metavar="DIR", show_default=False)],
    baseline: Annotated[
        str | None,
        typer.Option("--baseline", metavar="ARM", help="Compare with this; default: the file's."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """The decision table of stored results: what each policy costs, takes, and changes."""
    import sim
    from sim.cli import render as terminal

    results = sim.open_results(folder)
    results = results if baseline is None else results.against(baseline)
    if as_json:
        _print_json(_decision(results))
        return
    for table in terminal.decision(results):
        _print(table)
    _print(terminal.ABOUT_DECISION)


@app.command()
def warmup(
    what: Annotated[str, typer.Argument(metavar="SCENARIO|DIR", show_default=False)],
    measures: Annotated[
        list[str] | None,
        typer.Option("--measure", metavar="CLASS:MEASURE", help="Judge and draw this; repeatable."),
    ] = None,
    window: Annotated[
        int, typer.Option("--window", metavar="DAYS", min=0, help="Averaged on either side.")
    ] = 3,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Default: out/NAME-OF-SCENARIO-warmup."),
    ] = None,
    arms: ArmsOption = None,
    replications: Annotated[
        int | None,
        typer.Option(
            "--replications", metavar="N", min=2, help=f"Default: {WARM_UP_REPLICATIONS}."
        ),
    ] = None,
    workers: WorkersOption = None,
    set_: SetOption = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="With fewer people, the days as they are.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace other results in DIR.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Whether warm-up and transient are long enough: in words, and Welch's plot.

    A day is level where it does not differ from those of the second half of the run, or of what
    follows the change of policy, that are of the same part of the week. Of a SCENARIO a few
    replications are run, of which measures alone are kept; of the results in DIR nothing is run.
    """
    import sim
    from sim.cli import render as terminal
    from sim.results import publish as completing
    from sim.results import warmup as words

    chosen = [_measure(text, by="day") for text in measures or ()]
    if Path(what).is_dir():
        for_a_run = {"--out": out, "--arms": arms, "--replications": replications, "--set": set_,
                     "--quick": quick, "--force": force}  # fmt: skip
        if given := [name for name, value in for_a_run.items() if value]:
            _wrong(f"{', '.join(given)}: for a SCENARIO; the results in {what} are run already")
        results = sim.open_results(what)
    else:
        loaded, scale = _load(what, set_), 0.0
        replications = replications or WARM_UP_REPLICATIONS
        if quick:
            loaded, _, scale = _quick_form(loaded, replications, days=True)
        folder = out or Path(f"{_default_out(what, quick)}-warmup")
        with _kept(folder):
            results = sim.run(
                loaded, arms=_arms(arms, loaded.arms), replications=replications,
                workers=workers or _cores(), out=folder, keep="counts", force=force, quick=scale,
            )  # fmt: skip
    chosen = chosen or results.usual_by_day()
    found = results.levels(chosen)
    drawn = completing.draw_welch(results, chosen, window)
    if as_json:
        model = results.scenario.model
        _print_json(
            {
                "policy_starts": model.policy_starts,
                "transient": model.transient,
                "levels": terminal.as_records(found),
                "figures": list(map(str, drawn)),
            }
        )
        return
    _print(_title(results))
    _print(words.levels(found))
    for sentence in words.warm_up(results, found):
        _print(sentence)
    _print(f"Welch's plot: {', '.join(str(path) for path in drawn if path.suffix == '.png')}")


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", show_default=False)],
    figures: Annotated[
        str | None, typer.Option("--figures", metavar="NAMES", help="Only these, with commas.")
    ] = None,
    style: Annotated[
        str, typer.Option("--style", metavar="SIZE", help="Of figures: column, page or slide.")
    ] = "page",
    workers: WorkersOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write page, tables and figures again from stored results, and print the comparison."""
    import sim
    from sim.figures import FORMATS

    results = sim.open_results(folder)
    results.save(
        figures=None if figures is None else [name.strip() for name in figures.split(",")],
        style=style,
        formats=FORMATS,
        workers=workers or _cores(),
    )
    _show(results, as_json)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", show_default=False)],
    tables: Annotated[
        list[str] | None,
        typer.Option(
            "--table",
            metavar="NAME",
            help="measures (default), recipients, attempts, servers or calendar; repeatable.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Default: DIR/tables.")
    ] = None,
) -> None:
    """Write stored tables as CSV: the measures of every replication, or rows of mail.

    DIR holds results or a sweep, of which a row says the values of its point, too.
    """
    from sim.results.export import export as write

    for table in tables or ["measures"]:
        print(write(folder, table, out))


@app.command()
def schema(
    reference: Annotated[
        bool, typer.Option("--reference", help="The same for people, in Markdown.")
    ] = False,
) -> None:
    """JSON Schema of the scenario format, for editors."""
    from sim import scenario

    if reference:
        print(scenario.reference())
    else:
        _print_json(scenario.schema())


@app.command()
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False)],
) -> None:
    """Write a commented starting scenario to a new file."""
    from sim import scenario

    try:
        with file.open("x", encoding="utf-8") as target:
            target.write(scenario.new())
    except FileExistsError:
        _wrong(f"{file} exists; choose another name")
    except OSError as error:
        _say(f"cannot write {file}: {error.strerror}")
        raise typer.Exit(FAILED) from None
    print(f"{file} is written. Next: mailsim check {file}, then mailsim run {file} --quick")


LESS = (
    "Fewer people, a shorter run_length, --keep counts or fewer --workers need less; "
    "mailsim plan tells how many recipients a run has."
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
        _say(f"not enough memory: {error or 'none is left'}. {LESS}")
        sys.exit(FAILED)
    except Exception as error:
        status = _status(error)
        if status is None:
            raise
        _say(str(error))
        sys.exit(status)


def _status(error: Exception) -> int | None:
    """Exit status of an error that its message explains; None for a fault of the program."""
    from sim.experiment.storage import OtherResultsError, StorageError
    from sim.experiment.usage import UsageError
    from sim.experiment.workers import WorkerDied
    from sim.measure.conservation import ConservationError
    from sim.scenario import ScenarioError

    table: list[tuple[type[Exception], int]] = [
        (ScenarioError, WRONG),
        (UsageError, WRONG),
        (OtherResultsError, WRONG),
        (StorageError, FAILED),
        (WorkerDied, FAILED),
        (ConservationError, FAILED),
    ]
    if "sim.figures" in sys.modules:  # otherwise it is not a figure that failed
        from sim.figures import FigureError, UnknownFigure

        table += [(UnknownFigure, WRONG), (FigureError, FAILED)]
    return next((status for kind, status in table if isinstance(error, kind)), None)


# ---- reading


def _load(source: str, changes: list[str] | None, *, seed: int | None = None) -> Scenario:
    import sim

    loaded = sim.load(source)
    wanted = _changes(changes) | ({} if seed is None else {"seed": seed})
    return loaded.with_overrides(wanted) if wanted else loaded


def _changes(given: list[str] | None) -> dict[str, Any]:
    if not given:
        return {}
    from sim.scenario.overrides import value_of

    found: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            _wrong(f"--set {text}: expected KEY=VALUE, such as users.travellers.count=10")
        found[name.strip()] = value_of(value.strip())
    return found


def _quick_form(
    loaded: Scenario, replications: int | None, *, days: bool = False
) -> tuple[Scenario, int, float]:
    """The short form, its replications unless they are stated, and the share of people in it."""
    from sim.experiment.quick import shortened
    from sim.results.results import Scenario

    short = shortened(loaded.model, days=days)
    return Scenario(short.scenario), replications or short.replications, short.scale


@contextmanager
def _kept(folder: Path) -> Iterator[None]:
    """Say where what is finished is kept if the user interrupts."""
    try:
        yield
    except KeyboardInterrupt:
        _say(f"Interrupted. What is finished is kept in {folder}; the same command goes on there.")
        raise typer.Exit(INTERRUPTED) from None


@contextmanager
def _executor(address: str | None) -> Iterator[Executor | None]:
    """The executor of a Dask cluster; None without an address."""
    if address is None:
        yield None
        return
    try:
        from dask import distributed
    except ImportError:
        _wrong("--dask needs the extra: pip install 'mailsim[dask]'")
    connect: Any = distributed.Client
    try:
        client = connect(address, timeout="10 s")
    except (OSError, ValueError) as error:
        _wrong(f"--dask {address}: no cluster answers there ({error})")
    with client:
        yield client.get_executor(pure=False)


def _points(over: list[str], mode: str) -> list[dict[str, Any]]:
    """The points of --over and --mode, checked like those of a file."""
    from sim.experiment.usage import one_of
    from sim.scenario.overrides import value_of
    from sim.scenario.sweeping import Sweep

    one_of("--mode", mode, ("grid", "paired", "ranges"))  # lists of points stand in a file
    values: dict[str, list[Any]] = {}
    for text in over:
        name, equals, listed = text.partition("=")
        if not equals or not name.strip() or not listed.strip():
            _wrong(f"--over {text}: expected KEY=V1,V2, such as users.travellers.count=10,20")
        whole = value_of(f"[{listed}]")
        one_each = [value_of(part.strip()) for part in listed.split(",")]
        values[name.strip()] = whole if isinstance(whole, list) else one_each
    try:
        return Sweep.model_validate({"mode": mode, "over": values}).all()
    except ValueError as error:
        told: list[Any] = getattr(error, "errors", list)()
        _wrong(f"--over: {told[0]['msg'].removeprefix('Value error, ') if told else error}")


def _fits_sweep(
    loaded: Scenario,
    points: list[dict[str, Any]] | None,
    pair: list[str],
    arms: list[str],
    replications: int | None,
) -> None:
    """Say before anything runs what a sweep cannot give."""
    from sim.experiment.usage import one_of
    from sim.results.sweep import free, ranged

    for arm in pair:
        one_of("arm", arm, arms or loaded.arms)
    known = points or (loaded.sweep.all() if loaded.sweep else [])
    if pair and known and not ranged(known) and len(keys := free(known)) > 1:
        _wrong(f"--break-even: expected one key, or --mode ranges; got {', '.join(keys)}")
    if loaded.precision is not None and replications is None:
        _say(f"precision is for mailsim run; here {loaded.replications} replications at each point")


def _measure(text: str, by: str = "all") -> tuple[str, str]:
    """Class and name of a measure that is counted *by* something."""
    from sim.experiment.usage import one_of
    from sim.records.measures import MEASURES

    class_, colon, name = (part.strip() for part in text.partition(":"))
    if not colon:
        _wrong(f"--measure {text}: expected CLASS:MEASURE, such as honest:lost_per_day")
    one_of("measure", name, MEASURES)
    if by != "all":
        one_of(f"measure by {by}", name, [m for m, told in MEASURES.items() if by in told.by])
    one_of("class", class_, MEASURES[name].classes)
    return class_, name


def _arms(given: str | None, known: Container[str]) -> list[str] | None:
    """The names in A,B: a name may hold commas itself, so the longest that is *known* is meant."""
    if given is None:
        return None
    parts, names = given.split(","), []
    while parts:
        spans = range(len(parts), 0, -1)
        taken = next((n for n in spans if ",".join(parts[:n]).strip() in known), 1)
        names.append(",".join(parts[:taken]).strip())
        parts = parts[taken:]
    return names


def _default_out(source: str, quick: bool) -> Path:
    name = "stdin" if source == "-" else Path(source).stem
    return Path("out") / (f"{name}-quick" if quick else name)


def _cores() -> int:
    import os

    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# ---- printing


def _show(results: Results, as_json: bool) -> None:
    """The comparison, what it means, and where the files are."""
    from sim.cli import render as terminal

    if as_json:
        _print_json(
            {
                "out": str(results.path),
                "quick": results.quick,
                "summary": terminal.as_records(results.summary()),
                "comparison": {
                    arm: terminal.as_records(results.compare(results.baseline, arm))
                    for arm in results.arms
                    if arm != results.baseline
                },
                **_decision(results),
                "precision": results.manifest.get("precision"),
                "expectations": terminal.as_records(results.expectations()),
                "band": results.unknowns and terminal.as_records(results.unknowns.band()),
                "unknowns": results.unknowns and terminal.as_records(results.unknowns.tornado()),
            }
        )
        return
    _print(_title(results))
    for table in terminal.comparison(results):
        _print(table)
    _print(terminal.legend(results))
    _print(terminal.meaning(results))
    if told := terminal.pairing(results):
        _print(told)
    if results.unknowns is not None:
        for table in terminal.unknowns(results.unknowns):
            _print(table)
    if "precision" in results.manifest:
        _print(results.manifest["precision"]["told"])
    for part in terminal.expectations(results):
        _print(part)
    _print(f"Figures, rows and summary.csv: {results.path}")


def _title(results: Results) -> str:
    return f"{results.scenario.title}{f' (QUICK RUN: {results.quick_form})' * results.quick}"


def _decision(results: Results) -> dict[str, Any]:
    """The decision table for ``--json``."""
    from sim.cli import render as terminal

    return {
        "baseline": results.baseline,
        "decision": terminal.as_records(results.decision()),
    }


def _print_lab(found: Any, as_json: bool) -> None:
    """Print what the lab found: as JSON, or as it prints itself."""
    if as_json:
        _print_json(found.as_dict())
    else:
        _print(found)


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def _print(what: Any) -> None:
    from rich.console import Console

    console = Console(highlight=False, markup=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = 100
    console.print(what)


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _wrong(text: str) -> NoReturn:
    _say(text)
    raise typer.Exit(WRONG)


if __name__ == "__main__":
    main()
