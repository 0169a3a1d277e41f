"""What a tree says, with all its arms, and everything wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from sim.scenario import (
    arms,
    checking,
    expectations,
    organisations,
    overrides,
    policies,
    targets,
    topology,
)
from sim.scenario.checking import Parts
from sim.scenario.errors import dotted, unknown_key, value_text
from sim.scenario.implied import DERIVED, expanded, origin
from sim.scenario.keys import USED_UP
from sim.scenario.model import MOST_ARMS, MOST_EXPECTED, MOST_TARGETS, Document, Head
from sim.scenario.problems import MOST_FAULTS, NAMES, Problem, unknown, unknowns, validate
from sim.scenario.quantities import NAME, ZONE
from sim.scenario.sections import MODELS, MOST
from sim.scenario.servers import Server
from sim.scenario.targets import Target
from sim.scenario.trees import Tree, table

MOST_TABLES = 50_000
"""Arms times networks, servers, groups and spammers."""

STRUCTURAL = {
    "",
    "address",
    "domains",
    "accounts",
    "domain",
    "kind",
    "links",
    "network",
    "places",
    "prefixes",
}
STRUCTURAL |= {"home", "role", "routes", "work"}
"""Keys on which the checks of other tables depend."""

NEEDED_VALUES = {"count": 1}
"""What stands in for a wrong value that a table can't be without."""

REQUIRED_SECTIONS = ("networks", "users", "arms")
HEADS = tuple(name for name in Head.model_fields if name not in USED_UP)
ARM_NAME = "a name of 1 to 100 printable characters, without slashes"


class State(NamedTuple):
    """What an arm says from a moment on."""

    begins: float
    """The moment (s)."""
    parts: Parts
    tree: Tree


def check(
    source: Tree, earlier: Iterable[Problem] = ()
) -> tuple[Parts, dict[str, list[State]], list[Problem]]:
    """Return what a tree says, what each arm that changes something says, and what is wrong.

    An arm has a state from the beginning, and one more for each moment at which it changes
    something; *earlier* is what is known to be wrong already.
    """
    source, misspelt = _spelt(source)
    full = expanded(source)
    parts, problems = _parts(source, full)
    problems = [*earlier, *misspelt, *problems]
    if any(not isinstance(source.get(section, {}), dict) for section in MODELS):
        return parts, {}, problems  # the rest would follow from it
    too_many = _too_many(source, full)
    problems += too_many or [*_arms(source), *_quick(source), *_expectations(source, parts)]
    problems += _targets(source, parts)
    states: dict[str, list[State]] = {}
    of_arms: list[Problem] = []
    for name, arm in arms.whole(source).items():
        if too_many or len(problems) + len(of_arms) > MOST_FAULTS:
            break
        if isinstance(arm, dict) and arm:
            states[name], wrong = _states(arm, State(0.0, parts, source), full, problems)
            of_arms += (problem.within("arms", name) for problem in wrong)
    problems += _where_written(source, of_arms)
    return parts, states, problems


def _states(
    arm: Tree, base: State, full: Tree, earlier: list[Problem]
) -> tuple[list[State], list[Problem]]:
    """What a whole arm of *base*, which is *full* when expanded, says at each moment, and what is
    wrong besides *earlier* problems."""
    known = {(problem.path, problem.value) for problem in earlier}
    problems = [*arms.wrong_dates(arm, base.parts.head)]
    state, states = base, list[State]()
    for place, begins, changes in arms.steps(arm):
        tree, changed_by, wrong = overrides.apply(state.tree, changes, arm=True)
        before, full = full, expanded(tree)
        parts, new = _parts(tree, full, (before, state.parts))
        parts.expect, parts.targets = base.parts.expect, base.parts.targets
        state = State(begins, parts, tree)
        states.append(state)
        new = [problem for problem in new if (problem.path, problem.value) not in known]
        known.update((problem.path, problem.value) for problem in new)
        new = [*wrong, *dict.fromkeys(_attributed(changed_by, problem) for problem in new)]
        problems += (problem.within(*place) for problem in new)
        if len(problems) > MOST_FAULTS:
            break
    return states, problems


def _spelt(source: Tree) -> tuple[Tree, list[Problem]]:
    """Return *source* with sections under their right names, so that nothing else looks wrong."""
    valid = list(Document.model_fields)
    others = islice((key for key in source if key not in valid), MOST_FAULTS + 1)
    problems = [Problem((name,), *unknown_key(name, valid)) for name in others]
    for problem in problems:
        name, section = str(problem.path[0]), problem.nearest
        if section in MODELS and isinstance(source[name], dict):
            source = source | {section: source[name] | table(source, section)}
    return source, problems


def _where_written(source: Tree, problems: list[Problem]) -> Iterator[Problem]:
    """The *problems* of arms, without what an arm only has from another one with that fault."""
    for problem in problems:
        _, name, *selector = problem.path
        writer = arms.writer(source, str(name), str(selector[0])) if selector else name
        at_writer = problem._replace(path=("arms", writer, *selector))
        if writer == name or at_writer not in problems:
            yield problem


def _parts(
    source: Tree, full: Tree, earlier: tuple[Tree, Parts] | None = None
) -> tuple[Parts, list[Problem]]:
    """Check *full*, the expanded *source*; what equals a *earlier* tree is not checked again."""
    before, good = earlier or ({}, Parts())
    servers = [s for s in table(full, "servers").values() if isinstance(s, dict)]
    parts = Parts(
        names={section: list(table(full, section)) for section in MODELS},
        with_submission=frozenset(
            str(s.get("network")) for s in servers if s.get("role") in ("submission", "both")
        ),
    )
    parts.head, problems = _head(source)
    ranges = organisations.prefixes(source, table(full, "networks"))
    for section, most in MOST.items():
        tables = getattr(parts, section)
        problems += _section(source, full, section, most)
        for name, raw in islice(table(full, section).items(), most):
            if len(problems) > MOST_FAULTS:
                break
            same = getattr(good, section).get(name)
            if same is not None and raw == before[section][name]:
                tables[name] = same
                continue
            entity, wrong = _entity(section, name, raw)
            if section == "servers" and isinstance(raw, dict):
                wrong = list(_of_server(wrong, raw, parts.names["networks"], ranges))
            located = (p._replace(path=origin(source, p.path)) for p in wrong)
            problems += [problem for problem in located if problem not in problems]
            if entity is not None:
                tables[name] = entity
    parts.policies = {
        name: policy
        for name, policy in good.policies.items()
        if parts.servers.get(name) is good.servers[name]
    }
    problems += _defaults(source)
    problems += topology.problems(source, table(full, "networks"))
    if all(isinstance(source.get(section, {}), dict) for section in MODELS):
        more = islice(checking.problems(parts), MOST_FAULTS + 1)
        problems += [p._replace(path=origin(source, p.path)) for p in more]
    return parts, [p for p in problems if not _follows(p, problems, source, full)]


def _entity(section: str, name: str, raw: Any) -> tuple[Any, list[Problem]]:
    """A table of a section, and everything wrong with it.

    What is wrong in it is left out, so that the rest is checked too; None if that would make
    other tables look wrong. The scenario is refused in any case.
    """
    model = MODELS[section]
    entity, problems = validate(model, raw)
    if not re.fullmatch(ZONE if section == "blocklists" else NAME, name):
        problems = [Problem((), "", NAMES), *problems]
    keys = {str(problem.path[0]) if problem.path else "" for problem in problems}
    if keys and isinstance(raw, dict) and not keys & STRUCTURAL:
        defaults = {key: value for key, value in NEEDED_VALUES.items() if key in keys}
        entity, _ = validate(model, {k: v for k, v in raw.items() if k not in keys} | defaults)
    elif keys:
        entity = None
    return entity, [problem.within(section, name) for problem in problems]


def _of_server(
    problems: list[Problem], raw: Tree, networks: list[str], ranges: dict[str, list[Any]]
) -> Iterator[Problem]:
    """The *problems* of a server *raw*, or what they follow from where its network gives it no
    address, or it names a range that is none of *ranges*."""
    network = raw.get("network")
    for problem in problems:
        section, name, *path = problem.path
        field = path[0] if path else ""
        if field == "address" and problem.value == "missing":
            if isinstance(network, str) and network not in networks:
                yield from unknown(network, networks, section, name, "network")
            else:
                expected = f"an address: {value_text(network)} has none free"
                yield problem._replace(expected=expected)
        elif field in organisations.NAMING and len(path) > 1:
            yield from organisations.unknown_range(problem, raw, ranges)
        else:
            yield problem


def _head(source: Tree) -> tuple[Head | None, list[Problem]]:
    return validate(Head, {k: source[k] for k in Head.model_fields if k in source})


def _section(source: Tree, full: Tree, section: str, most: int) -> list[Problem]:
    tables = full.get(section, {})
    if not isinstance(written := source.get(section, {}), dict):
        return [Problem((section,), value_text(written), "a table")]
    if len(tables) > most:
        return [Problem((section,), f"{len(tables)} tables", f"at most {most}")]
    if not tables and section in REQUIRED_SECTIONS:
        return [Problem((section,), "missing", f"at least one [{section}.NAME]")]
    return []


def _defaults(source: Tree) -> Iterator[Problem]:
    """What is wrong with the defaults of each role, whether or not there is a server of it."""
    for role, keys in table(source, "defaults").items():
        if isinstance(keys, dict) and role in ("submission", "mx", "both"):
            sample: Tree = {"role": role, "network": "n", "address": "192.0.2.1"}
            server, problems = validate(Server, sample | keys)
            if server is not None:
                problems = policies.parse(server)[1]
            yield from (problem.within("defaults", role) for problem in problems)


def _follows(problem: Problem, problems: list[Problem], source: Tree, full: Tree) -> bool:
    """Whether a key that the file does not write repeats what is wrong with that it follows from:
    the network of a server, or the places of people."""
    section, *rest = problem.path
    if section == "users" and rest[1:2] == ["access"]:
        return "access" not in table(source, section, str(rest[0]))
    if section != "servers" or len(rest) < 2 or rest[1] not in DERIVED:
        return False
    network = table(full, "servers", str(rest[0])).get("network")
    causes = (p.path[2:3] for p in problems if p.path[:2] == ("networks", network))
    return any(cause in ((), ("prefixes",), ("domain",)) for cause in causes)


def _too_many(source: Tree, full: Tree) -> list[Problem]:
    """The fault of more arms on more tables than can be checked in a moment."""
    whole = arms.whole(source)
    states = sum(len(arms.steps(arm)) if isinstance(arm, dict) else 1 for arm in whole.values())
    tables = sum(len(table(full, section)) for section in MODELS)
    if len(whole) <= MOST_ARMS and states * tables <= MOST_TABLES:
        return []
    expected = f"at most {MOST_ARMS}, and {MOST_TABLES} tables of all arms together"
    return [Problem(("arms",), f"{len(whole)} arms of {tables} tables", expected)]


def _arms(source: Tree) -> Iterator[Problem]:
    of_file = source.get("arms", {})
    if not isinstance(of_file, dict):
        yield Problem(("arms",), value_text(of_file), "a table")
        return
    if not of_file:
        yield Problem(("arms",), "missing", 'at least one [arms."NAME"]')
    for name, changes in of_file.items():
        if not 0 < len(name) <= 100 or not name.isprintable() or set(name) & set("/\\"):
            yield Problem(("arms", name), "", ARM_NAME)
        if not isinstance(changes, dict):
            yield Problem(("arms", name), value_text(changes), "a table of overrides")
    baseline = source.get("baseline", "")
    if baseline and isinstance(baseline, str):
        yield from unknown(baseline, of_file, "baseline")
    yield from unknowns(_sweep_arms(source), of_file, "sweep", "arms")
    yield from arms.problems(source)


def _sweep_arms(source: Tree) -> list[str]:
    named = table(source, "sweep").get("arms")
    return [arm for arm in named if isinstance(arm, str)] if isinstance(named, list) else []


def _quick(source: Tree) -> list[Problem]:
    _, _, problems = overrides.apply(source, table(source, "quick"), heads=HEADS)
    return [problem.within("quick") for problem in problems]


def _expectations(source: Tree, parts: Parts) -> Iterator[Problem]:
    tables = source.get("expect", [])
    if not isinstance(tables, list) or len(tables) > MOST_EXPECTED:
        expected = f"at most {MOST_EXPECTED} [[expect]] tables"
        yield Problem(("expect",), value_text(tables), expected)
        return
    names = list(table(source, "arms"))
    for index, raw in enumerate(tables):
        expect, problems = validate(expectations.model(raw), raw)
        if expect is not None:
            parts.expect += (expect,)
            problems += expectations.problems(parts, names, expect)
        yield from (problem.within("expect", index) for problem in problems)


def _targets(source: Tree, parts: Parts) -> Iterator[Problem]:
    tables = source.get("targets", {})
    if not isinstance(tables, dict) or len(tables) > MOST_TARGETS:
        expected = f"at most {MOST_TARGETS} [targets.NAME] tables"
        yield Problem(("targets",), value_text(tables), expected)
        return
    names = list(table(source, "arms"))
    for name, raw in tables.items():
        target, problems = validate(Target, raw)
        if target is not None:
            parts.targets[name] = target
            problems += targets.problems(parts, names, target)
        yield from (problem.within("targets", name) for problem in problems)


def _attributed(changed_by: overrides.Changes, problem: Problem) -> Problem:
    """A problem of an arm at the override that made it."""
    path = problem.path
    inside = (changed_by[path[:n]] for n in range(len(path), 0, -1) if path[:n] in changed_by)
    around = (selector for p, selector in changed_by.items() if p[: len(path)] == path)
    selector = next(inside, None) or next(around, None)
    if selector is None:
        return problem._replace(path=(), value=f"{dotted(path)}: {problem.value}")
    return problem._replace(path=(selector,))
