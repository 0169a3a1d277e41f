"""Arms: tables of changes, which may begin as those of another arm, and go on at stated moments.

What an arm is like is worked out here alone: all else sees whole arms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sim.scenario.errors import value_text
from sim.scenario.keys import Table, extra, key
from sim.scenario.overrides import ARMS, AT, LIKE, flat
from sim.scenario.problems import Problem, unknown, validate
from sim.scenario.quantities import Duration, read_duration
from sim.scenario.sections import MODELS
from sim.scenario.trees import Path, Tree, table

DAY = 86400.0
WHEN = "when"
MOST_DATES = 50
"""Entries of `[[arms.NAME.at]]`, at most."""

DATED = {
    section: [
        name
        for name, field in model.model_fields.items()
        if extra(field, "dated") or extra(field, "policy")
    ]
    for section, model in MODELS.items()
}
"""By section, the keys that an arm may change at a moment."""
_OF_POLICY = {
    (section, name)
    for section, model in MODELS.items()
    for name, field in model.model_fields.items()
    if extra(field, "policy")
}
OTHERS_STAY = {
    "networks": "addresses and routes are laid out once for a run (`down` states outages)",
    "servers": "the machine itself is the same in the whole run (`down` states outages)",
    "users": "who people are, where they go and what they write is drawn once for all arms",
    "operators": "`date` and `open_share` are moments themselves",
    "organisations": "what belongs together does so in the whole run",
}
"""Why other keys of a section hold from the beginning to the end."""
NONE_CHANGE = "a key of servers, users, networks or operators, whose owners change them on a day"


class Dated(Table):
    """What an entry says besides its changes."""

    when: Duration = key()
    """the moment from which its changes hold, counted from the beginning of the run: policy_starts
    or later"""


class Arm(Table):
    """What an arm says besides its changes."""

    like: str | None = key(None)
    """the arm that it begins as: it has all changes of that arm, and its own are laid over them"""
    at: list[Dated] = key([])
    """changes at stated moments, each a table `[[arms.NAME.at]]`; laid over what held until then,
    and instead of all those of the arm that it is like"""


class Step(NamedTuple):
    """What an arm changes at one moment."""

    place: Path
    """Where that stands inside the arm."""
    begins: float
    """The moment (s); 0 for the changes of the arm itself."""
    changes: Tree


# ---- what an arm is like


def whole(source: Tree) -> Tree:
    """The arms of *source*, each with what it has from the arm that it is like.

    What is malformed stays as it is, for the checks to name.
    """
    arms = table(source, ARMS)
    return {
        name: _whole(arms, name) if isinstance(arm, dict) else arm for name, arm in arms.items()
    }


def problems(source: Tree) -> Iterator[Problem]:
    """What is wrong with the names of arms that others are like."""
    arms = table(source, ARMS)
    for name in arms:
        like = table(arms, name).get(LIKE, name)
        if not isinstance(like, str):
            yield Problem((ARMS, name, LIKE), value_text(like), "the name of an arm")
        elif LIKE in table(arms, name):
            yield from unknown(like, arms, ARMS, name, LIKE)
            yield from _circle(arms, name)


def writer(source: Tree, name: str, selector: str) -> str:
    """The arm that says *selector* for arm *name*: itself, or one that it is like."""
    arms = table(source, ARMS)
    return next((arm for arm in _chain(arms, name) if selector in _own(arms, arm)), name)


def _whole(arms: Tree, name: str) -> Tree:
    changes: Tree = {}
    for arm in reversed(_chain(arms, name)):
        own = _own(arms, arm)
        changes = {key: value for key, value in changes.items() if key not in own} | own
    if AT in changes:
        changes[AT] = changes.pop(AT)  # last, as it is written
    return changes


def _own(arms: Tree, name: str) -> Tree:
    """The changes that an arm states itself, by selector."""
    own = dict(flat(table(arms, name)))
    own.pop(LIKE, None)
    if isinstance(own.get(AT), list):
        own[AT] = [dict(flat(entry)) if isinstance(entry, dict) else entry for entry in own[AT]]
    return own


def _chain(arms: Tree, name: str) -> list[str]:
    """The arm and all that it is like, itself first, as far as there is no circle."""
    chain = [name]
    while (like := _like(arms, chain[-1])) in arms and like not in chain:
        chain.append(like)
    return chain


def _like(arms: Tree, name: str) -> str:
    return str(table(arms, name).get(LIKE, ""))


def _circle(arms: Tree, name: str) -> Iterator[Problem]:
    """The fault of a circle, at the arm of it that stands first in the file."""
    chain = _chain(arms, name)
    if _like(arms, chain[-1]) == name == min(chain, key=[*arms].index):
        circle = " -> ".join(map(value_text, [*chain, name]))
        expected = f"an arm that is not like this one (a circle: {circle})"
        yield Problem((ARMS, name, LIKE), value_text(_like(arms, name)), expected)


# ---- what it changes when


def steps(arm: Tree) -> list[Step]:
    """What a whole arm changes from the beginning, and then in order of time; malformed entries
    are left out."""
    begins = Step((), 0.0, {name: value for name, value in arm.items() if name != AT})
    dated = [_step(index, entry) for index, entry in enumerate(_entries(arm))]
    return [begins, *sorted(filter(None, dated), key=lambda step: step.begins)]


def begins(selector: str) -> str:
    """From when on a change holds that an arm makes at no stated moment, in words."""
    section, _, name, *_ = selector.split(".")
    return "policy_starts" if (section, name) in _OF_POLICY else "the beginning"


def changes(arm: Tree) -> Iterator[tuple[str, str, Any]]:
    """Each change of a whole arm: from when on it holds (in words), its selector and value."""
    for place, moment, selectors in steps(arm):
        day = f"day {moment / DAY:g}"
        yield from ((day if place else begins(key), key, item) for key, item in selectors.items())


def moved(arm: Tree, move: Callable[[float], float]) -> list[Tree]:
    """The entries of a valid whole arm, with their moments (s) moved."""
    return [
        entry | {WHEN: f"{move(read_duration(entry[WHEN])):.3f} s"} for entry in arm.get(AT, ())
    ]


def wrong_dates(arm: Tree, head: Any) -> Iterator[Problem]:
    """What is wrong with the moments of a whole arm, and with what it changes at them."""
    entries = arm.get(AT, [])
    if not isinstance(entries, list) or len(entries) > MOST_DATES:
        expected = f"at most {MOST_DATES} tables [[arms.NAME.at]]"
        yield Problem((AT,), value_text(entries), expected)
        return
    for index, entry in enumerate(entries):
        if isinstance(entry, dict):
            wrong = (*_wrong_moment(entry, head), *_wrong_changes(entry))
            yield from (problem.within(AT, index) for problem in wrong)
        else:
            yield Problem((AT, index), value_text(entry), "a table")


def _wrong_moment(entry: Tree, head: Any) -> Iterator[Problem]:
    dated, problems = validate(Dated, {k: v for k, v in entry.items() if k == WHEN})
    yield from problems
    if dated is None or head is None:
        return
    if not head.policy_starts <= dated.when < head.run_length:
        expected = "a moment from policy_starts on, and before run_length"
        yield Problem((WHEN,), value_text(entry[WHEN]), expected)


def _wrong_changes(entry: Tree) -> Iterator[Problem]:
    changes = [selector for selector in entry if selector != WHEN]
    if not changes:
        yield Problem((), "changes nothing", 'a line such as "servers.NAME.relay" = "on_network"')
    for selector in changes:
        if _stays(selector):
            section = selector.split(".")[0]
            keys = f"one of {', '.join(DATED[section])}: {OTHERS_STAY.get(section)}"
            expected = keys if DATED[section] else NONE_CHANGE
            yield Problem((selector,), "cannot change at a moment", expected)


def _stays(selector: str) -> bool:
    """Whether *selector* means a key that holds from the beginning to the end."""
    section, _, key, *_ = (*selector.split("."), "", "")
    return section in MODELS and key in MODELS[section].model_fields and key not in DATED[section]


def _entries(arm: Tree) -> list[Any]:
    entries = arm.get(AT, [])
    return entries[:MOST_DATES] if isinstance(entries, list) else []


def _step(index: int, entry: Any) -> Step | None:
    if not isinstance(entry, dict):
        return None
    dated, _ = validate(Dated, {WHEN: entry.get(WHEN)})
    changes = {k: v for k, v in entry.items() if k != WHEN and not _stays(k)}
    return None if dated is None else Step((AT, index), dated.when, changes)
