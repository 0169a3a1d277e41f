"""Controls beside a matrix and rates: choose an arm, who roams or the spam, and see what follows.

The matrix is exact and changes at once; the rates come from one short run with few people, and a
line says so while it runs. Where ipywidgets are missing, the same is a picture of the scenario as
it is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sim.exact.matrix import Matrix, matrix
from sim.exact.page import fixed
from sim.path.lookup import default_server
from sim.records.outgoing import markup
from sim.scenario import ScenarioError
from sim.scenario.people import HOME, WORK

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from sim.scenario import Scenario, Users

AS_WRITTEN = "as written"
OWN = (HOME, WORK)
"""Places that are a user's own: whoever is elsewhere is away."""
PEOPLE = 60
"""People in a short run (chosen, so that it takes well under a second)."""
BUSY = '<span role="status">⏳ Rates: running …</span>'
SHORT = {"policy_starts": "0 s", "transient": "1 h", "run_length": "2 days", "replications": 1}
AWAY = 0.25
"""A group roams if it is neither at home nor at work for so much of its time (chosen)."""
MOST_SPAM = 3.0
MEASURES = (
    ("honest", "delivery_rate"),
    ("honest", "first_refusal_rate"),
    ("spam", "spam_per_mailbox_day"),
)
"""The rates that are drawn."""


@dataclass(frozen=True, slots=True)
class State:
    """Where the controls stand; *roaming* is a share of all people, *spam* a factor."""

    arm: str
    server: str
    """The server whose matrix is shown."""
    roaming: float | None = None
    spam: float = 1.0


class Panel:
    """Controls, matrix and rates of one arm; made by `panel`."""

    def __init__(self, scenario: Scenario) -> None:
        self.model = scenario
        self.start = State(scenario.baseline, default_server(scenario), self._roaming)
        self._rates: dict[State, pd.DataFrame] = {}

    # ---- what the controls can say

    @property
    def servers(self) -> tuple[str, ...]:
        """The servers whose matrix can be shown."""
        return tuple(n for n, s in self.model.servers.items() if s.role != "mx")

    @cached_property
    def roamers(self) -> tuple[str, ...]:
        """The groups of users that roam."""
        return tuple(name for name, users in self.model.users.items() if _away(users) >= AWAY)

    @property
    def _roaming(self) -> float | None:
        """Share of all people that roam; None if nobody does."""
        counts = {name: users.count for name, users in self.model.users.items()}
        share = sum(counts[name] for name in self.roamers) / max(1, sum(counts.values()))
        return round(share, 2) or None

    @property
    def note(self) -> str:
        """What the rates are of."""
        people = min(PEOPLE, sum(users.count for users in self.model.users.values()))
        return f"Rates: one run of 2 days with about {people} people; sim.run gives intervals."

    # ---- what follows

    def scenario(self, state: State) -> Scenario:
        """The scenario with what the controls say."""
        return self.model.with_overrides(self._changes(state))

    def matrix(self, state: State) -> Matrix:
        """The matrix of the server in question, under the arm in question.

        How many people there are, and how much spam, changes none of its cells.
        """
        return matrix(self.model, server=state.server, arm=state.arm)

    def rates(self, state: State) -> pd.DataFrame:
        """Class, measure and mean of a short run; what has been run once is kept."""
        if state not in self._rates:
            self._rates[state] = self._run(state)
        return self._rates[state]

    def figure(self, state: State) -> Figure:
        """The rates as written, and beside them those of *state*."""
        import pandas as pd

        from sim.figures import draw

        states = {AS_WRITTEN: self.start, "now": state}
        parts = [self.rates(one).assign(arm=name) for name, one in states.items()]
        return draw("rates", {"summary": pd.concat(parts, ignore_index=True)}, measures=MEASURES)

    def _run(self, state: State) -> pd.DataFrame:
        import sim

        short = self.model.with_overrides({**self._changes(state, people=PEOPLE), **SHORT})
        results = sim.run(short, arms=[state.arm], replications=1, progress=False, structures=False)
        rows = results.measures
        rows = rows[(rows["by"] == "all") & (rows["phase"] == "after")]
        nothing = float("nan")
        return rows[["class", "measure"]].assign(
            mean=rows["value"], low=nothing, high=nothing, analytic=nothing, replications=1
        )

    def _changes(self, state: State, people: int | None = None) -> dict[str, Any]:
        changes: dict[str, Any] = dict(self._counts(state.roaming, people))
        changes |= self._places(state.roaming)
        if state.spam != 1.0:
            for name, spammers in self.model.spammers.items():
                rates = spammers.times(state.spam)
                changes |= {f"spammers.{name}.{key}": rate for key, rate in rates.items()}
        return changes

    def _counts(self, roaming: float | None, people: int | None) -> Mapping[str, int]:
        """How many people of each group, so that *roaming* is the share of those who roam."""
        counts = {name: users.count for name, users in self.model.users.items()}
        total = sum(counts.values())
        roam = sum(counts[name] for name in self.roamers)
        unchanged = roaming is None or roaming == self._roaming or roam == total
        if unchanged and (people is None or people >= total):
            return {}
        size = total if people is None else min(people, total)
        overrides = {}
        for name, count in counts.items():
            share = count / total
            if roaming is not None and not unchanged:
                share = (
                    roaming * count / roam
                    if name in self.roamers
                    else (1 - roaming) * count / (total - roam)
                )
            overrides[f"users.{name}.count"] = max(1, round(size * share))
        return overrides

    def _places(self, roaming: float | None) -> Mapping[str, Mapping[str, float]]:
        """Where all roam: so much of their time in places that are not theirs, the rest at home.

        It is the same mail as if a share of *roaming* went on as written and the others stayed.
        """
        if self._roaming != 1.0 or roaming in (None, 1.0):
            return {}
        overrides = {}
        for name, users in self.model.users.items():
            for key in ("places", "office_hours", "weekend"):
                shares = getattr(users, key)
                if isinstance(shares, Mapping):
                    moved_shares = {p: s if p in OWN else roaming * s for p, s in shares.items()}
                    home = (
                        moved_shares.get(HOME, 0.0)
                        + sum(shares.values())
                        - sum(moved_shares.values())
                    )
                    overrides[f"users.{name}.{key}"] = {**moved_shares, HOME: home}
        return overrides

    # ---- shown

    def picture(self, state: State) -> str:
        """The figure as a notebook shows it."""
        return self.figure(state)._repr_html_() or ""

    def __str__(self) -> str:
        return self.matrix(self.start).text()

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        """Without widgets: matrix and rates of the scenario as it is written."""
        table = self.matrix(self.start)._repr_html_()
        return f"{table}{self.picture(self.start)}<p><small>{markup(self.note)}</small></p>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """For a notebook: the controls where there are widgets, and the matrix; else a picture."""
        del include, exclude  # everything is offered
        texts = {"text/plain": str(self)}
        try:
            widget = self.widget()
        except ImportError:
            return {**texts, "text/html": self._repr_html_()}
        bundle: dict[str, Any] = widget._repr_mimebundle_()
        return {**bundle, **texts, "text/html": self.matrix(self.start)._repr_html_()}

    def widget(self) -> Any:
        """Controls, matrix and figure as one widget; raises ImportError without ipywidgets."""
        return _widget(self, import_module("ipywidgets"))


def panel(scenario: Any) -> Panel:
    """Controls beside matrix and rates of *scenario*, which `sim.load` returned.

    The arm, share of people who roam, and rate of spam.
    """
    return Panel(getattr(scenario, "model", scenario))


def _away(users: Users) -> float:
    """Share of places, as written, that are neither home nor work."""
    total = sum(users.places.values())
    away = sum(share for place, share in users.places.items() if place not in OWN)
    return away / total if total else 0.0


def _widget(panel: Panel, w: Any) -> Any:
    """The controls, wired: each change redraws the matrix first, then the rates."""
    controls = _controls(panel, w)
    table, note, figure = w.HTML(), w.HTML(), w.HTML()

    def state() -> State:
        values = {name: control.value for name, control in controls.items()}
        if "roaming" in values:
            values["roaming"] /= 100
        return replace(panel.start, **values)

    def rates() -> None:
        try:
            figure.value = panel.picture(state())
            note.value = f"<small>{markup(panel.note)}</small>"
        except (ScenarioError, ImportError) as error:
            note.value = fixed(markup(str(error)))

    def begin() -> None:
        note.value = BUSY
        table.value = panel.matrix(state())._repr_html_()

    def changed(_: Any) -> None:
        begin()
        rates()

    for control in controls.values():
        control.observe(changed, names="value")
    begin()
    _soon(rates)
    beside = w.Box([*controls.values()], layout=w.Layout(flex_flow="row wrap"))
    return w.VBox([beside, table, note, figure])


def _controls(panel: Panel, w: Any) -> dict[str, Any]:
    """The controls by the part of the `State` that each is for, with their labels.

    Buttons, not lists: in a notebook the arrow keys and letters that move in a list are shortcuts.
    Fields for numbers, not sliders: whoever does not see the page hears what a field is for.
    """
    start = panel.start
    wide = {"description_width": "13em"}
    buttons = {"style": {**wide, "button_width": "auto"}, "layout": w.Layout(width="100%")}
    number = {"style": wide, "layout": w.Layout(width="19em")}
    controls = {
        "arm": w.ToggleButtons(
            options=list(panel.model.arms), value=start.arm, description="policy (arm)", **buttons
        ),
        "server": w.ToggleButtons(
            options=panel.servers, value=start.server, description="matrix of the server", **buttons
        ),
        "spam": w.BoundedFloatText(
            value=1.0, min=0.1, max=MOST_SPAM, step=0.1, description="spam, times as written",
            **number,
        ),
    }  # fmt: skip
    if start.roaming is not None:
        controls["roaming"] = w.BoundedFloatText(
            value=round(100 * start.roaming), min=1, max=100, step=5,
            description="people who roam (%)", **number,
        )  # fmt: skip
    return controls


def _soon(work: Callable[[], None]) -> None:
    """Do *work* when what is shown now has been shown; at once where nothing waits for it."""
    try:
        asyncio.get_running_loop().call_soon(work)
    except RuntimeError:
        work()
