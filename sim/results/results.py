"""What users hold: a scenario and its results. Everything here delegates to the layers below."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from os import PathLike

    import pandas as pd

    from sim.exact.diff import Diff
    from sim.exact.explanation import Explanation
    from sim.exact.matrix import Matrix
    from sim.experiment import Stored
    from sim.figures import Gallery
    from sim.figures.stepper import Stepper
    from sim.results.sweep import Sweep
    from sim.results.trace import Trace
    from sim.scenario import Scenario as Model
    from sim.scenario.graphs import Graph as AnyGraph
    from sim.topology.graph import Graph

FIRST_FIGURES = ("rates", "places", "topology", "matrix")
"""What a run draws: figures that need no rows, so that they are there at once."""


class Scenario:
    """A frozen, validated scenario; its keys are attributes (``scenario.arms``)."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "model":
            raise AttributeError(name)
        return getattr(self.model, name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scenario) and self.model == other.model

    def __hash__(self) -> int:
        return hash(self.model.hash())

    def __repr__(self) -> str:
        return f"<Scenario {self.model.title!r}: {', '.join(self.model.arms)}>"

    def _repr_html_(self) -> str:
        """In a notebook: what the scenario holds, and its matrix."""
        from html import escape

        model = self.model
        people = sum(users.count for users in model.users.values())
        facts = {
            "question": model.question,
            "arms": ", ".join(model.arms),
            "networks": len(model.networks),
            "servers": len(model.servers),
            "people": people,
            "run": f"{model.run_length / 86400:g} days, policies from day "
            f"{model.policy_starts / 86400:g}, {model.replications} replications",
        }
        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(name)}</th>"
            f"<td style='text-align:left'>{escape(str(value))}</td></tr>"
            for name, value in facts.items()
            if value
        )
        matrix = self.matrix(arm=model.baseline)._repr_html_()
        return f"<b>{escape(model.title)}</b><table>{rows}</table>{matrix}"

    def with_overrides(self, overrides: Mapping[str, Any]) -> Scenario:
        """The scenario with keys changed by dotted name: ``{"users.travellers.count": 10}``.

        Values are as in a file (``{"run_length": "6 days"}``). Raises ScenarioError.
        """
        return Scenario(self.model.with_overrides(overrides))

    def matrix(
        self, *, server: str | None = None, arm: str | Sequence[str] | None = None
    ) -> Matrix:
        """The six cases, exact: what each place, recipient and credential gets.

        Under one arm, several, or (without *arm*) all; *server* may be a network, and is the
        first users' own if not given. ``.frame()`` is a table. Raises ScenarioError.
        """
        from sim.exact.matrix import matrix

        return matrix(self.model, server=server, arm=arm)

    def explain(
        self,
        *,
        user: str,
        place: str | None = None,
        to: str,
        arm: str | None = None,
        sender: str | None = None,
        auth: bool = False,
        pop: bool = False,
        by_587: bool = False,
        account: str = "home",
        server: str | None = None,
    ) -> Explanation:
        """Which restriction decides about one message: rule walk, dialogue, error box, advice.

        *user*: a group of users or spammers, or one of them (GROUP-1); *arm*: the baseline if not
        given; *by_587*: by port 587 with AUTH, where it is offered; *account* is home or work;
        *server* another server than the account's own, such as the hotel's. Raises ScenarioError.
        """
        from sim.exact.explanation import explain

        return explain(
            self.model, user=user, place=place, to=to, arm=arm, sender=sender, auth=auth, pop=pop,
            by_587=by_587, account=account, server=server,
        )  # fmt: skip

    def diff(self, a: str, b: str) -> Diff:
        """The cells of the matrix whose verdict changes from arm *a* to arm *b*."""
        from sim.exact.diff import diff

        return diff(self.model, a, b)

    def expectation(self, *arms: str) -> pd.DataFrame:
        """What follows from the inputs alone, of all arms or those named."""
        from sim.experiment.expected import analytic

        return analytic(self.model, arms or list(self.model.arms))

    @property
    def figures(self) -> Gallery:
        """Figures that need no run: ``scenario.figures.topology()``, ``.matrix()``."""
        from sim.figures import Gallery

        return Gallery(Tables(self.model))


class Results:
    """Results of an experiment, read from its folder when they are asked for."""

    def __init__(self, stored: Stored, model: Model | None = None, baseline: str = "") -> None:
        self._stored = stored
        self._given = model
        self._base = baseline
        self._held: dict[str, tuple[Any, ...]] = {}
        self._decided: dict[str, pd.DataFrame] = {}

    @property
    def path(self) -> Path:
        """The folder."""
        return self._stored.root

    @property
    def manifest(self) -> dict[str, Any]:
        """Versions, seed, scenario hash, command and durations."""
        return self._stored.manifest

    @property
    def arms(self) -> list[str]:
        """The arms, in the order of the scenario."""
        return list(self._stored.arms)

    @property
    def baseline(self) -> str:
        """The arm that the others are compared with; the first if the baseline was not run."""
        baseline = self._base or self._model.baseline
        return baseline if baseline in self.arms else self.arms[0]

    def against(self, baseline: str) -> Results:
        """The same results with another arm as the *baseline* that others are compared with."""
        _one_of("arm", baseline, self.arms)
        return Results(self._stored, self._given, baseline)

    @property
    def replications(self) -> int:
        """Replications asked for of every arm."""
        return self._stored.replications

    @property
    def quick(self) -> bool:
        """Whether this was a short run that only shows that everything works."""
        return bool(self.manifest.get("quick", False))

    @property
    def quick_form(self) -> str:
        """What a quick run is cut to, in words."""
        from sim.experiment.manifest import cut_to

        return cut_to(self.manifest)

    @cached_property
    def _model(self) -> Model:
        return self._given if self._given is not None else self._stored.scenario()

    @property
    def scenario(self) -> Scenario:
        """The scenario that these are results of."""
        return Scenario(self._model)

    @cached_property
    def recipients(self) -> pd.DataFrame:
        """A row per (arm, replication, message, recipient): sim.records.rows.RECIPIENTS."""
        return self._stored.table("recipients")

    @cached_property
    def attempts(self) -> pd.DataFrame:
        """A row per SMTP transaction; columns: sim.records.rows.ATTEMPTS."""
        return self._stored.table("attempts")

    def drawn_from(self, table: str) -> pd.DataFrame:
        """A table of rows with the columns that figures need, no others read."""
        from sim.figures import COLUMNS

        if table in self.__dict__:  # all of it is here already
            return self.__dict__[table]  # type: ignore[no-any-return]
        return self._stored.table(table, COLUMNS[table])

    @cached_property
    def servers(self) -> pd.DataFrame:
        """A row per server and phase; columns: sim.records.rows.SERVERS."""
        return self._stored.table("servers")

    @cached_property
    def calendar(self) -> pd.DataFrame:
        """A row per listing, delisting and closing; columns: sim.records.rows.CALENDAR."""
        return self._stored.table("calendar")

    @cached_property
    def measures(self) -> pd.DataFrame:
        """Numerator, denominator and value per (arm, replication, phase, class, by, key)."""
        from sim.experiment.storage import StorageError
        from sim.measure.cells import LABELS

        found = self._stored.table("measures")
        wanted = (*LABELS, "numerator", "denominator", "value")
        lost = [name for name in wanted if name not in found]
        if lost:
            raise StorageError(
                f"{self.path}: measures lack {', '.join(map(repr, lost))}; they are of another "
                "version, or were changed: run again"
            )
        return found

    @cached_property
    def analytic(self) -> pd.DataFrame:
        """What follows from the inputs alone: arm, class, measure, by, key, analytic."""
        from sim.experiment.expected import analytic

        return analytic(self._model, self.arms)

    def summary(self, *, by: str = "all", phase: str = "after") -> pd.DataFrame:
        """Arm, class, measure, mean, low, high, analytic, replications (and key, if *by* says so).

        *by*: all, place, group, server, route, remedy, day, cause or permission; *phase*: after
        (transient and steady), transient or steady. Definitions: sim/measure/MEASURES.md.
        """
        from sim.measure.summary import summarise
        from sim.records.measures import BY, PHASES

        _one_of("by", by, BY)
        _one_of("phase", phase, PHASES)
        return summarise(self.measures, self.analytic, by=by, phase=phase)

    def compare(self, a: str, b: str, *, by: str = "all", phase: str = "after") -> pd.DataFrame:
        """What going from arm *a* to arm *b* changes: differences b - a with paired intervals.

        A row per class and measure (and key, if *by* says so): means a and b, difference, low,
        high (95 %), correlation of the two arms, gain (how much wider the interval were without
        pairs), replications. *by* and *phase* as in `summary`.
        """
        from sim.measure.summary import compare

        for arm in (a, b):
            _one_of("arm", arm, self.arms)
        return compare(self.measures, a, b, by=by, phase=phase)

    def decision(self, *, phase: str = "after") -> pd.DataFrame:
        """The decision table: costs and takings of each arm, and what it changes from the baseline.

        A row per arm and quantity: mean, interval, analytic, difference to the baseline with its paired
        interval; the last of each arm is spam removed per honest recipient lost.
        """
        from sim.measure.decisions import decision
        from sim.records.measures import PHASES

        _one_of("phase", phase, PHASES)
        if phase not in self._decided:
            found = decision(self.measures, self.baseline, self.arms, self.analytic, phase=phase)
            self._decided[phase] = found
        return self._decided[phase].copy()

    def expectations(self) -> pd.DataFrame:
        """What the scenario expects of measures, and what came out (see sim.measure.judging).

        A row each: expected, outcome (holds, fails, not decided, not run), value, low, high,
        replications. Exact verdicts need no run: `sim.scenario.expectations.exact`.
        """
        from sim.measure.judging import judged
        from sim.scenario.expectations import ExpectMeasure

        stated = [e for e in self._model.expect if isinstance(e, ExpectMeasure)]
        return judged(stated, self._model.baseline, self.measures)

    def welch(
        self, class_: str = "honest", measure: str = "delivery_rate", window: int = 1
    ) -> pd.DataFrame:
        """Arm, day, mean and moving average, to choose the warm-up (see sim.measure.welch).

        `results.figures.welch` draws it; `levels` says from which day on it is level.
        """
        from sim.measure.welch import welch

        return welch(self.measures, class_, measure, window, self._changes())

    def levels(self, measures: Sequence[tuple[str, str]] | None = None) -> pd.DataFrame:
        """From which day on each arm is level: the baseline from the start, others from the change.

        By each of *measures* (class and name), or those of `usual_by_day`. Columns: class, measure,
        arm, since (day), level (day; NaN: not by the middle of what follows), tested (days), margin
        (smaller differences go unseen), replications; see sim.measure.welch.
        """
        import pandas as pd

        from sim.measure.welch import level

        tables = []
        for class_, measure in measures or self.usual_by_day():
            table = level(self.measures, class_, measure, self._changes())
            tables.append(table.assign(**{"class": class_, "measure": measure}))
        found = pd.concat(tables, ignore_index=True)
        return found[["class", "measure", *found.columns[:-2]]]

    def usual_by_day(self) -> list[tuple[str, str]]:
        """Class and name of the measures that tell most, of those counted here by day."""
        from sim.measure.welch import USUAL

        daily = self.measures[self.measures["by"] == "day"]
        there = set(zip(daily["class"].astype(str), daily["measure"].astype(str), strict=True))
        return [told for told in USUAL if told in there]

    def _changes(self) -> dict[str, float]:
        from sim.measure.welch import since

        return since(self.arms, self._model.baseline, self._model.policy_starts)

    @cached_property
    def unknowns(self) -> Sweep | None:
        """The finished sweep over the ranges of the scenario's unknowns, if one lies beside."""
        from sim.experiment import storage
        from sim.results.sweep import open_sweep

        root = self.path / storage.SWEEP
        if not (root / storage.MANIFEST).exists():
            return None
        found = open_sweep(root)
        same = found.manifest["scenario_hash"] == self.manifest["scenario_hash"]
        return found if same and found.ranged and found.manifest["complete"] else None

    def trace(
        self,
        message: int | None = None,
        *,
        arm: str | None = None,
        replication: int = 0,
        **where: Any,
    ) -> Trace:
        """One message with every attempt, reply and queue, from the stored rows.

        Without *message*, the first of which a row of recipients has the values in *where*:
        ``results.trace(place="hotel", fate="refused")``. *arm*: the baseline if not given. What the
        rows do not keep (logins, sender addresses) is what `decide` needs to answer as stored.
        Raises QueryError for a message or a column that is not there.
        """
        from sim.results import trace as lab

        arm = self.baseline if arm is None else arm
        _one_of("arm", arm, self.arms)
        recipients = lab.chosen(self.of_run("recipients", arm, replication), message, where)
        attempts = self.of_run("attempts", arm, replication)
        calendar = self.of_run("calendar", arm, replication)
        closed = calendar[calendar["change"] == "closed"]
        return lab.trace(
            self._model,
            recipients,
            attempts[attempts["message"] == recipients["message"].iloc[0]],
            arm=arm,
            replication=replication,
            closed=dict(zip(closed["server"].astype(str), closed["at"].astype(float), strict=True)),
        )

    def stepper(
        self, *, arm: str | None = None, replication: int = 0, style: str = "page"
    ) -> Stepper:
        """The map of one run, day by day: policies, traffic, what was listed and closed.

        It shows itself in a notebook; ``.save("map.html")`` writes a page of its own. *arm*: the
        baseline if not given. For one message see `trace`, which has a stepper too.
        """
        from sim.results.animation import stepper

        arm = self.baseline if arm is None else arm
        _one_of("arm", arm, self.arms)
        return stepper(self, arm, replication, style=style)

    def of_run(self, name: str, arm: str, replication: int) -> pd.DataFrame:
        """One table of one run; the last that was read is held."""
        from sim.experiment import storage

        key = (name, arm, replication)
        if self._held.get(name, (None,))[0] != key:
            done = {task.replication for task in self._stored.tasks if task.arm == arm}
            _one_of("replication", str(replication), sorted(map(str, done)))
            if self.manifest.get("keep") == "counts":
                self._stored.table(name)  # says what to do
            task = storage.Task(arm, replication)
            self._held[name] = (key, storage.read(self.path, name, [task]))
        held: pd.DataFrame = self._held[name][1]
        return held

    @property
    def figures(self) -> Gallery:
        """One method a figure: ``results.figures.rates()``; a list of it names them."""
        from sim.figures import Gallery

        return Gallery(Tables(self._model, self))

    def save(
        self,
        out: str | PathLike[str] | None = None,
        *,
        figures: Sequence[str] | None = FIRST_FIGURES,
        style: str = "page",
        formats: Sequence[str] = ("png", "svg"),
        workers: int = 1,
    ) -> Path:
        """Complete the folder with summary, tables, figures and report.html; return the folder.

        All of it is copied to *out* if given. *figures* names those to draw; None: all standard
        ones, which takes longer. *style*: column, page or slide; *formats*: of png, svg, pdf.
        With more *workers*, as many processes draw.
        """
        from sim.results.publish import check, complete

        check(figures, style, formats)
        root = self.path
        if out is not None and Path(out).resolve() != root.resolve():
            root = _copied(self._stored, Path(out)).root
        complete(self, root, figures=figures, style=style, formats=formats, workers=workers)
        return root

    @property
    def tasks(self) -> list[tuple[str, int]]:
        """The runs that are finished: arm and replication."""
        return [(task.arm, task.replication) for task in self._stored.tasks]

    def __repr__(self) -> str:
        done = len(self._stored.tasks)
        wanted = len(self.arms) * self.replications
        quick = ", quick" if self.quick else ""
        return f"<Results of {self._model.title!r}: {done} of {wanted} runs{quick}>"

    def _repr_html_(self) -> str:
        """In a notebook: what was run, and the decision table."""
        from sim.results.report.notebook import shown

        return shown(repr(self)[1:-1], self.decision(), self.arms, self.baseline)


class Tables(Mapping[str, Any]):
    """The tables that figures are drawn from, each made when it is asked for."""

    def __init__(self, model: Model, results: Results | None = None) -> None:
        self.model, self.results = model, results
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self:
            raise KeyError(name)
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def _make(self, name: str) -> Any:
        if name in _OF_SCENARIO:
            return _OF_SCENARIO[name](self.model, self.results)
        from sim.results.tables import TABLES

        if self.results is None:
            raise KeyError(name)
        if name in _OF_RESULTS:
            return _OF_RESULTS[name](self.results)
        return TABLES[name].make(self, self.results)

    def __contains__(self, name: object) -> bool:
        return name in list(self)  # without making the table

    def __iter__(self) -> Iterator[str]:
        from sim.results.tables import TABLES

        yield from _OF_SCENARIO
        if self.results is None:
            return
        counts_only = self.results.manifest["keep"] == "counts"
        for name in _OF_RESULTS:
            absent = name == "ranges" and self.results.unknowns is None
            if not absent and not (counts_only and name in ("recipients", "attempts")):
                yield name
        for name, made in TABLES.items():
            if made.of(self.model) and not (counts_only and made.rows):
                yield name

    def __len__(self) -> int:
        return sum(1 for _ in self)


def load(path: str | PathLike[str], *, graph: AnyGraph | None = None) -> Scenario:
    """Read and check a scenario file; raises ScenarioError with every fault at once.

    A networkx *graph* adds its nodes to the networks of the file: node attributes ``kind``
    (isp), ``domain`` (NAME.example) and ``size`` (1), edge attribute ``latency`` (10 ms; text
    with its unit, or seconds), defaults in brackets.
    """
    from sim import scenario

    return Scenario(scenario.load(path, graph=graph))


def loads(text: str, name: str = "<string>", *, graph: AnyGraph | None = None) -> Scenario:
    """As *load*, from a string; *name* stands in messages."""
    from sim import scenario

    return Scenario(scenario.loads(text, name=name, graph=graph))


def run(
    scenario: Scenario | Model | str | PathLike[str],
    *,
    arms: str | Sequence[str] | None = None,
    replications: int | None = None,
    seed: int | None = None,
    workers: int = 1,
    executor: Executor | None = None,
    out: str | PathLike[str] | None = None,
    keep: str = "rows",
    progress: bool = True,
    force: bool = False,
    quick: float = 0.0,
) -> Results:
    """Run what is missing of an experiment and return its results.

    *arms*: one, several, or (if not given) all. Without *out* the results are kept in a temporary
    folder for as long as they are held.
    An *executor* (`concurrent.futures.Executor`, such as ``client.get_executor()`` of
    dask.distributed) performs the runs instead of *workers* processes; its machines must see
    *out*. *keep*: ``rows``, or ``counts`` for measures alone. *force* replaces other results in
    *out*; without it they are refused. *quick* marks the results as those of a quick run with
    that share of the people (`sim.experiment.quick`). Raises ValueError for a wrong call,
    sim.experiment.StorageError when *out* cannot be used.
    """
    from sim import experiment

    model = _model(scenario)
    if seed is not None:
        model = model.with_overrides({"seed": seed})
    arms = [arms] if isinstance(arms, str) else arms
    for arm in arms or ():
        _one_of("arm", arm, model.arms)
    how = experiment.Execution(keep, workers, executor, progress, force, quick)
    folder = Path(tempfile.mkdtemp(prefix="mailsim-")) if out is None else Path(out)
    try:
        stored = experiment.run(model, folder, arms=arms, replications=replications, how=how)
    except BaseException:
        if out is None:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    results = Results(stored, model)
    if out is None:
        weakref.finalize(results, shutil.rmtree, folder, ignore_errors=True)
    return results


def open_results(path: str | PathLike[str]) -> Results:
    """Results that an earlier run stored, also those of a run that was interrupted.

    Raises sim.experiment.StorageError where there are none, or of another version.
    """
    from sim import experiment

    return Results(experiment.open_stored(Path(path)))


# ---- the tables that figures take


def _cells(model: Model, results: Results | None) -> pd.DataFrame:
    """The exact matrix of every arm; verdict is its kind."""
    from sim.exact.matrix import matrix

    arms = results.arms if results is not None else list(model.arms)
    return matrix(model, arm=arms).frame()


def _topology(model: Model, _: Results | None) -> Graph:
    return model.graph()


def _policies(model: Model, results: Results | None) -> pd.DataFrame:
    """A row per arm and server: its relay policy in words."""
    import pandas as pd

    rows = [
        (arm, name, server.network, server.role, _words(server.relay))
        for arm in (results.arms if results is not None else model.arms)
        for name, server in model.arm(arm).servers.items()
    ]
    return pd.DataFrame(rows, columns=["arm", "server", "network", "role", "relay"])


def _words(relay: str | Sequence[str]) -> str:
    return relay if isinstance(relay, str) else ", ".join(relay)


def _about(model: Model, results: Results | None) -> dict[str, Any]:
    from sim.measure.exposure import exposure

    about: dict[str, Any] = {
        "arms": list(model.arms),
        "baseline": model.baseline,
        "seed": model.seed,
        "hash": model.hash(),
        "policy_starts": model.policy_starts,
        "run_length": model.run_length,
        "mailboxes": exposure(model).mailboxes,
    }
    if results is not None:
        about |= {
            "arms": results.arms,
            "baseline": results.baseline,
            "replications": results.replications,
            "quick": results.quick,
        }
    return about


def _comparison(results: Results) -> pd.DataFrame:
    """Every other arm against the baseline."""
    import pandas as pd

    parts = [
        results.compare(results.baseline, arm).assign(baseline=results.baseline, arm=arm)
        for arm in results.arms
        if arm != results.baseline
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


_OF_SCENARIO: dict[str, Callable[[Model, Results | None], Any]] = {
    "cells": _cells,
    "topology": _topology,
    "policies": _policies,
    "about": _about,
}
_OF_RESULTS: dict[str, Callable[[Results], Any]] = {
    "summary": lambda results: results.summary(),
    "measures": lambda results: results.measures,
    "comparison": _comparison,
    "ranges": lambda results: results.unknowns and results.unknowns.tornado(),
    "recipients": lambda results: results.drawn_from("recipients"),
    "attempts": lambda results: results.drawn_from("attempts"),
}


# ---- writing


def _copied(stored: Stored, out: Path) -> Stored:
    """The same results in another folder, which must be free or hold the same."""
    from dataclasses import replace

    from sim.experiment import storage
    from sim.experiment.manifest import IDENTITY

    storage.claim(out, {key: stored.manifest[key] for key in IDENTITY})
    with storage.explained(out):
        shutil.copytree(stored.root, out, dirs_exist_ok=True)
    return replace(stored, root=out)


def _model(scenario: Scenario | Model | str | PathLike[str]) -> Model:
    if isinstance(scenario, Scenario):
        return scenario.model
    if isinstance(scenario, str) or hasattr(scenario, "__fspath__"):
        return load(scenario).model
    return scenario


def _one_of(what: str, value: str, known: Sequence[str] | Mapping[str, Any]) -> None:
    from sim.experiment.usage import one_of

    one_of(what, value, known)
