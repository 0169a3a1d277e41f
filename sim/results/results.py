"""Results as users work with them: the numbers of an experiment, its figures, and its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim import experiment
from sim.exact.blocks import Grid, Line, Span
from sim.exact.page import html
from sim.experiment import copying, locking, storage
from sim.experiment.execution import MOST_WORKERS
from sim.records.usage import UsageError, at_least, checked, checked_methods, one_of
from sim.results.analysis import Analysis
from sim.results.cells import Cell, decision_cells, heads, legend
from sim.results.choice import Decision
from sim.results.decision import decide
from sim.results.folder import kept_as_long, kept_in
from sim.results.scenario import Source, model_of
from sim.scenario.overrides import JUDGING

if TYPE_CHECKING:
    from sim.figures import Gallery
    from sim.figures.stepper import Stepper
    from sim.results.trace import Trace

# What draws is imported where it draws: matplotlib takes half a second, which a run does not need.


@checked_methods
class Results(Analysis):
    """Results of an experiment, read from its folder when they are asked for."""

    def against(self, baseline: str) -> Results:
        """The same results with another arm as the *baseline* that others are compared with."""
        one_of("arm", baseline, self.arms)
        return Results(self._stored, self._model, baseline)

    def with_overrides(self, changes: Mapping[str, Any]) -> Results:
        """The same results, judged by other [values] and [interest], which change no row.

        ``{"values.call": [10, 30], "interest.lost_per_day": 1.0}``; nothing is run. Raises
        UsageError for a key that results depend on.
        """
        for key in changes:
            if key.partition(".")[0] not in JUDGING:
                expected = f"a key of {' or '.join(JUDGING)}, by which results are judged"
                raise UsageError(f"{key}: these results depend on it; expected {expected}")
        changed = self.scenario.model.with_overrides(changes)
        return Results(self._stored, changed, self.baseline)

    def decision(self) -> Decision:
        """The decision: question, sentences, a verdict on each arm, and what the order rests on.

        Print it to read it; `as_data()` is for JSON. What the weights of the scenario's [values]
        make of it is there, too.
        """
        return decide(self)

    def trace(
        self,
        message: int | None = None,
        *,
        arm: str | None = None,
        replication: int = 0,
        **values: Any,
    ) -> Trace:
        """One message with every attempt, reply and queue, from the stored rows.

        Without *message*, the first of which a row of recipients has the values in *values*:
        ``results.trace(place="hotel", fate="refused")``. *arm*: the baseline if not given. What the
        rows do not keep (logins, listings) comes from running the replication once more.
        Raises QueryError for a message or a column that is not there.
        """
        from sim.results import replay

        arm = self.baseline if arm is None else arm
        recipients = replay.chosen(self.of_run("recipients", arm, replication), message, values)
        attempts = self.of_run("attempts", arm, replication)
        return replay.trace(
            self.scenario.model,
            recipients,
            attempts[attempts["message"] == recipients["message"].iloc[0]],
            arm=arm,
            replication=replication,
        )

    def stepper(
        self, *, arm: str | None = None, replication: int = 0, style: str = "page"
    ) -> Stepper:
        """The map of one run, day by day: policies, traffic, what was listed and closed.

        It shows itself in a notebook; ``.save("map.html")`` writes a page of its own. *arm*: the
        baseline if not given.
        """
        from sim.results.animation import stepper

        return stepper(self, self.baseline if arm is None else arm, replication, style=style)

    @property
    def figures(self) -> Gallery:
        """One method a figure: ``results.figures.rates()``; a list of it names them."""
        from sim.results.tables import gallery

        return gallery(self.scenario.model, self)

    def save(
        self,
        out: str | PathLike[str] | None = None,
        *,
        figures: Sequence[str] | str | None = "first",
        style: str = "page",
        formats: Sequence[str] = ("png", "svg"),
        workers: int = 1,
    ) -> Path:
        """Complete the folder with summary, tables, figures and report.html; return the folder.

        All of it is copied to *out* if given. *figures* names those to draw; "first": those of
        every run; None: all standard ones, which takes longer. *style*: column, page or slide;
        *formats*: of png, svg, pdf. With more *workers*, as many processes draw: this one, and new
        ones.
        """
        from sim.results.publish import Pictures, publish

        at_least("workers", workers, 1, MOST_WORKERS)
        pictures = Pictures(style, tuple(formats))
        names = self.figures.first if figures == "first" else figures
        names = [names] if isinstance(names, str) else names
        pictures.check(names or ())
        target = self if out is None else self._copy(Path(out))
        with locking.exclusive(target.path):
            named = figures != "first"
            publish(target, names, pictures, workers=workers, required=named)
        return target.path

    def _copy(self, out: Path) -> Results:
        """The same results in another folder, which must be free or hold the same."""
        if out.resolve() == self.path.resolve():
            return self
        copying.copy(self.path, out)
        return Results(replace(self._stored, root=out), self._model, self.baseline)

    def __repr__(self) -> str:
        planned = len(self.arms) * self.replications
        quick = ", a quick run" if self.quick else ""
        title = f"Results of {self.manifest['title']!r}"
        return f"<{self.noted(f'{title}: {self.finished} of {planned} runs{quick}')}>"

    def _repr_html_(self) -> str:
        """In a notebook: what was run, and the decision table, a column for each arm."""
        decision = self.decision_table()
        cells = decision_cells(decision)
        rows: tuple[tuple[Line, ...], ...] = tuple(
            (f"{quantity}\n{unit}", *(_span(cells[arm, quantity]) for arm in self.arms))
            for quantity, unit in heads(decision)
        )
        note = f"{legend(decision, self.replications, self.baseline, 'in colour')} More: {MORE}"
        return html([Grid(repr(self)[1:-1], ("", *self.arms), rows, self.noted(note))])


def _span(cell: Cell) -> Span:
    return Span("\n".join(cell.lines("")), "server" if cell.significant else "")


MORE = "results.summary(), results.compare(), results.figures."


@checked
def run(
    scenario: Source,
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
    batch: bool = True,
    structures: bool = True,
) -> Results:
    """Run what is missing of an experiment and return its results.

    *arms*: one, several, or (if not given) all. Without *out* the results are kept in a temporary
    folder for as long as they are held.
    An *executor* (`concurrent.futures.Executor`, such as ``client.get_executor()`` of
    dask.distributed) performs the runs instead of *workers* processes; its machines must see
    *out*. *keep*: ``rows``, or ``counts`` for measures alone. *force* replaces other results in
    *out*; without it they are refused. *quick* marks the results as those of a quick run with
    that share of the people (`sim.experiment.quick`). Without *batch* every message is an event,
    which takes longer and gives the same rows. What the scenario declares in [structures] and
    [ranges] is tried too (`results.structures`), unless *structures* is false. Raises ValueError
    for a wrong call, sim.experiment.StorageError when *out* cannot be used.
    """
    model = model_of(scenario)
    if seed is not None:
        model = model.with_overrides({"seed": seed})
    arms = [arms] if isinstance(arms, str) else arms
    for arm in arms or ():
        one_of("arm", arm, model.arms)
    execution = experiment.Execution(keep, workers, executor, progress, force, quick, batch)
    with kept_in(out) as folder:
        ensemble = experiment.ensemble_of(model, replications) if structures else None
        stored = experiment.run(
            model, folder, arms=arms, replications=replications, execution=execution
        )
        if ensemble is not None and ensemble.points:
            experiment.run_ensemble(
                model, folder / storage.STRUCTURES, ensemble, arms=arms, execution=execution
            )
    results = Results(stored, model)
    kept_as_long(results, folder, out)
    return results


@checked
def open_results(path: str | PathLike[str], *, partial: bool = False) -> Results:
    """Results that an earlier run stored, also those of a run that was interrupted.

    Raises sim.experiment.StorageError where there are none, of another version, or where
    something is missing or was changed; if *partial*, goes on without that, and says so.
    """
    return Results(experiment.open_stored(Path(path), partial=partial))
