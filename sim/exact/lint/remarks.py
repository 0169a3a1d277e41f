"""What of a scenario has no effect, or hardly the effect that was meant: none of it is a fault.

Each thing is told once, with its line in the file and the arms in which it holds.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sim.exact.lint.rules import RULES
from sim.exact.lint.view import View
from sim.records.outgoing import printable
from sim.records.usage import quoted
from sim.scenario import Scenario, faults
from sim.scenario.errors import ScenarioError, dotted
from sim.scenario.problems import unknowns
from sim.scenario.trees import Path


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that a rule found; ``str`` of it is the line that is printed."""

    rule: str
    file: str
    line: int | None
    key: str
    text: str
    arms: tuple[str, ...]
    """The arms in which it holds, where it does not hold in all."""

    def __str__(self) -> str:
        line = f"line {self.line}: " if self.line else ""
        arms = f" (in {', '.join(map(quoted, self.arms))})" if self.arms else ""
        return printable(f"{self.file}: {line}{self.key}: {self.text}{arms} [{self.rule}]")

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


def lint(scenario: Scenario) -> list[Remark]:
    """Return the remarks on *scenario* that it does not say are meant: by rule, then by line.

    Raises ScenarioError if it says so of a rule that there is not.
    """
    problems = unknowns(scenario.ignore_remarks, RULES, "ignore_remarks")
    if wrong := faults.of(problems, scenario.places):
        raise ScenarioError(wrong)
    view = View(scenario)
    rules = (rule for rule in RULES if rule not in scenario.ignore_remarks)
    return [remark for rule in rules for remark in _remarks(view, rule)]


def _remarks(view: View, rule: str) -> list[Remark]:
    scenario = view.scenario
    notices: dict[tuple[Path, str], dict[str, None]] = {}
    for path, text, arms in RULES[rule](view):
        notices.setdefault((path, text), {}).update(dict.fromkeys(arms))
    remarks = []
    for (path, text), where in notices.items():
        file, line = scenario.places.of(path)
        named = () if len(where) == len(scenario.arms) or path[1:2] == (*where,) else tuple(where)
        remarks.append(Remark(rule, file, line, dotted(path), text, named))
    return sorted(remarks, key=lambda remark: remark.line or 0)
