"""A scenario as users work with it: read from a file, asked for exact answers, changed by key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from sim import scenario as files
from sim.records.libraries import needing
from sim.records.usage import checked, checked_methods
from sim.scenario import Scenario as Model
from sim.scenario.errors import value_text
from sim.scenario.quantities import read_duration

if TYPE_CHECKING:
    import pandas as pd

    from sim.exact.diff import Diff
    from sim.exact.explanation import Explanation
    from sim.exact.matrix import Matrix
    from sim.figures import Gallery
    from sim.scenario.graphs import Graph

DAY = 86400.0

# Exact answers, the analytic expectation and figures are imported where they are asked for:
# `mailsim check` and a run need none of them, and they take longer to import than a scenario.


class Query(TypedDict, total=False):
    """What a question about one message may say besides who writes to whom, and where."""

    arm: str | None
    sender: str | None
    auth: bool
    pop: bool
    by_587: bool
    vpn: bool
    account: str | None
    server: str | None
    wrong_password: bool
    caught: bool


@checked_methods
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
        from sim.exact.blocks import Grid
        from sim.exact.page import html

        model = self.model
        facts = {
            "question": model.question,
            "arms": ", ".join(model.arms),
            "networks": len(model.networks),
            "servers": len(model.servers),
            "people": sum(users.count for users in model.users.values()),
            "run": f"{model.run_length / DAY:g} days, policies from day "
            f"{model.policy_starts / DAY:g}, {model.replications} replications",
        }
        rows = tuple((name, str(value)) for name, value in facts.items() if value)
        about = html([Grid(model.title, (), rows)])
        return f"{about}{self.matrix(arm=model.baseline)._repr_html_()}"

    def with_overrides(self, overrides: Mapping[str, Any]) -> Scenario:
        """The scenario with keys changed by dotted name: ``{"users.travellers.count": 10}``.

        Values are as in a file (``{"run_length": "6 days"}``). Raises ScenarioError.
        """
        return Scenario(self.model.with_overrides(overrides))

    def at(self, moment: str) -> Scenario:
        """The scenario with every arm as it is at a *moment* of a run, such as ``"4 days"``; else
        an arm that changes on the way answers as at the end. Raises ScenarioError."""
        try:
            return Scenario(self.model.at(read_duration(moment)))
        except ValueError as error:
            fault = files.Fault("", "at", value_text(moment), str(error).removeprefix("expected "))
            raise files.ScenarioError([fault]) from None

    def matrix(
        self, *, server: str | None = None, arm: str | Sequence[str] | None = None
    ) -> Matrix:
        """The six cases, exact: what each place, recipient and credential gets.

        Under one arm, several, or (without *arm*) all; *server* may be a network; without it, it
        is the one whose policy the arms change and that most mail is written by. ``.frame()`` is
        a table. Raises ScenarioError.
        """
        from sim.exact.matrix import matrix

        return matrix(self.model, server=server, arm=arm)

    def explain(
        self, *, user: str, to: str, place: str | None = None, **query: Unpack[Query]
    ) -> Explanation:
        """Which restriction decides about one message: rule walk, dialogue, error box, advice.

        *user*: a group of users or spammers, or one of them (GROUP-1); *to*: the recipient's
        address; *place*: none for a spammer. The *query* besides: *arm* (the baseline); *sender*;
        *auth* and *pop* (False); *by_587*: by port 587 with AUTH, where it is offered; *vpn*: by a
        VPN to the account's network; *account*: home or work, without it the one whose server the
        arms change, or that more is written in;
        *server*: another than the account's own, such as the hotel's. Raises ScenarioError.
        """
        from sim.exact.explanation import explain

        return explain(self.model, user=user, place=place, to=to, **query)

    def diff(self, a: str, b: str) -> Diff:
        """The cells of the matrix whose verdict changes from arm *a* to arm *b*."""
        from sim.exact.diff import diff

        return diff(self.model, a, b)

    def expectation(self, *arms: str) -> pd.DataFrame:
        """What follows from the inputs alone, of all arms or those named."""
        with needing("the expectation"):
            from sim.experiment.expected import analytic

        return analytic(self.model, arms or list(self.model.arms))

    @property
    def figures(self) -> Gallery:
        """Figures that need no run: ``scenario.figures.topology()``, ``.matrix()``."""
        with needing("a figure"):
            from sim.results.tables import gallery

        return gallery(self.model)


@checked
def load(path: str | PathLike[str] | Mapping[str, Any], *, graph: Graph | None = None) -> Scenario:
    """Read and check a scenario: a file, a ready one by name, or a dict of what a file would say.

    Raises ScenarioError with every fault at once.
    A networkx *graph* adds its nodes to the networks of the file: node attributes ``kind``
    (isp), ``domain`` (NAME.example) and ``size`` (1), edge attribute ``latency`` (10 ms; text
    with its unit, or seconds), defaults in brackets.
    """
    return Scenario(files.of(path, graph=graph))


@checked
def loads(text: str, name: str = "<string>", *, graph: Graph | None = None) -> Scenario:
    """As *load*, from a string; *name* stands in messages."""
    return Scenario(files.loads(text, name=name, graph=graph))


Source = Scenario | Model | Mapping[str, Any] | str | PathLike[str]
"""What stands for a scenario: itself, a dict, or a file or ready one by name."""


def model_of(scenario: Source) -> Model:
    """The model of what stands for a scenario."""
    return files.of(scenario.model if isinstance(scenario, Scenario) else scenario)
