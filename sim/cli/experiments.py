"""Experiments as they are typed: what to run, at which points, where, and by whom."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sim.cli.console import INTERRUPTED, say, wrong
from sim.cli.inputs import names, scenario
from sim.experiment import quick as quick_forms
from sim.records.measures import MEASURES
from sim.records.usage import one_of
from sim.results.scenario import Scenario
from sim.results.sweep import free, ranged
from sim.scenario.overrides import value_of
from sim.scenario.sweeping import ends_and_corners, points_of, ranges

if TYPE_CHECKING:
    from concurrent.futures import Executor

SWEEP = "sweep"
"""Folder of a sweep within the results of its scenario, where `Results.unknowns` finds it."""
RANGES = "ranges"
MODES = ("grid", "paired", RANGES)
"""Modes of a sweep that can be typed: lists of points stand in a file."""


@dataclass
class Experiment:
    """What is to be run: a scenario with all that options change of it, and where it is stored."""

    scenario: Scenario
    out: Path
    arms: list[str] | None
    replications: int | None
    workers: int | None
    quick: float = 0.0
    """Share of people and spam that a quick run keeps; 0 for the whole scenario."""

    @property
    def options(self) -> dict[str, Any]:
        """Arguments for `sim.run` and `sim.sweep`."""
        names = ("out", "arms", "replications", "quick")
        return {name: getattr(self, name) for name in names} | {"workers": self.workers or cores()}

    def execution(
        self, executor: Executor | None, *, force: bool, no_batch: bool
    ) -> dict[str, Any]:
        """The same, with who performs it and the options that all commands have that run."""
        return {**self.options, "executor": executor, "force": force, "batch": not no_batch}

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Say where what is finished is kept if the user interrupts."""
        try:
            yield
        except KeyboardInterrupt:
            say(
                f"Interrupted. What is finished is kept in {self.out}; the same command goes on "
                "there."
            )
            raise typer.Exit(INTERRUPTED) from None


def from_options(
    source: str,
    set_: list[str] | None = None,
    out: Path | None = None,
    arms: str | None = None,
    replications: int | None = None,
    workers: int | None = None,
    *,
    seed: int | None = None,
    quick: bool = False,
    days: bool = False,
) -> Experiment:
    """The experiment that options ask for; a *quick* one may keep its *days* as they are."""
    loaded = scenario(source, set_, {} if seed is None else {"seed": seed})
    chosen = names(arms, loaded.arms)
    name = "stdin" if source == "-" else Path(source).stem
    folder = out or Path("out") / (f"{name}-quick" if quick else name)
    if not quick:
        return Experiment(loaded, folder, chosen, replications, workers)
    short = quick_forms.shortened(loaded.model, days=days)
    number = replications or short.replications
    return Experiment(Scenario(short.scenario), folder, chosen, number, workers, short.scale)


def measure(text: str, by: str = "all") -> tuple[str, str]:
    """Class and name of a measure that is counted *by* something."""
    class_, colon, name = (part.strip() for part in text.partition(":"))
    if not colon:
        wrong(f"--measure {text}: expected CLASS:MEASURE, such as honest:lost_per_day")
    one_of("measure", name, MEASURES)
    if by != "all":
        one_of(f"measure by {by}", name, [m for m, about in MEASURES.items() if by in about.by])
    one_of("class", class_, MEASURES[name].classes)
    return class_, name


def points(over: list[str], mode: str) -> list[dict[str, Any]]:
    """The points of --over and --mode, checked like those of a file."""
    one_of("--mode", mode, MODES)
    values: dict[str, list[Any]] = {}
    for text in over:
        name, equals, listed = text.partition("=")
        if not equals or not name.strip() or not listed.strip():
            wrong(f"--over {text}: expected KEY=V1,V2, such as users.travellers.count=10,20")
        whole = value_of(f"[{listed}]")
        one_each = [value_of(part.strip()) for part in listed.split(",")]
        values[name.strip()] = whole if isinstance(whole, list) else one_each
    try:
        if mode == RANGES:
            return ends_and_corners(ranges(values))
        return points_of(values, mode)
    except ValueError as error:
        faults: list[Any] = getattr(error, "errors", list)()
        wrong(f"--over: {faults[0]['msg'].removeprefix('Value error, ') if faults else error}")


def check_sweep(
    experiment: Experiment, points: list[dict[str, Any]] | None, pair: list[str]
) -> None:
    """Say before anything runs what a sweep cannot give."""
    own = experiment.scenario.sweep
    arms = (
        experiment.arms or (own.arms if own and points is None else []) or experiment.scenario.arms
    )
    for arm in pair:
        one_of("arm", arm, arms)
    sampled = points or (own.all() if own else [])
    if pair and sampled and not ranged(sampled) and len(keys := free(sampled)) > 1:
        wrong(f"--break-even: expected one key, or --mode ranges; got {', '.join(keys)}")


@contextmanager
def executor(address: str | None) -> Iterator[Executor | None]:
    """The executor of a Dask cluster; None without an address."""
    if address is None:
        yield None
        return
    try:
        from dask import distributed  # an extra
    except ImportError:
        wrong("--dask needs the extra: pip install 'mailsim[dask]'")
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # one line says it
    connect: Any = distributed.Client
    try:
        client = connect(address, timeout="10 s")
    except (OSError, ValueError) as error:
        wrong(f"--dask {address}: no cluster answers there ({error})")
    with client:
        yield client.get_executor(pure=False)


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
