"""Scenario files, mutated: each is refused with clear lines, or it loads and all of it works."""

import copy
import json
import tomllib
from functools import lru_cache
from pathlib import Path

from hypothesis import strategies as st

import sim
from sim.exact import expectations, findings
from sim.experiment.quick import shortened
from sim.measure import columnar, conservation
from sim.records.outgoing import visible
from sim.records.rows import TABLES
from sim.scenario import ScenarioError, factors, loads
from sim.world import simulate

ROOT = Path(__file__).parents[2]
SEEDS = (
    "tests/experiment/small.toml",
    "tests/results/report/hostile.toml",
    "scenarios/six-cases.toml",
    "scenarios/own-numbers.toml",
    "scenarios/roaming-sweep.toml",
    "scenarios/servers-in-trouble.toml",
    "scenarios/silent-discard.toml",
    "scenarios/stolen-passwords.toml",
    "scenarios/travellers-trap.toml",
)
TEXTS = (
    "", "x", "*", "servers.*.relay", "<x", "<shares>", "[key]", "open", "on_network+auth", "1 day",
    "-1 s", "0 s", "1e400 days", "nan days", "1 / day", "0 / day", "1e9 / s", "10%",
    "../../etc/passwd",
    "198.51.100.0/26", "0.0.0.0/0", "::/0", "2001:db8::/32", "198.51.100.999", "x" * 5000,
    "a.b.example",
    "bob@adatum.com", "<>", "@", "\x1b[31m", "\0", "\u202e", "日本", "permit_all_of(" * 40,
    "greylist(",
    "greylist(5 min)", "permit_pop_before_smtp(30 min)", "reject_rbl_client(x)",
    "check_client_access(hash:/x)",
    "open trust", "on network", "proseware", "home", "isp", "submission", "{1,2}", "{" * 200,
    "-inf", "1998-13-45",
)  # fmt: skip
ODD = (
    *TEXTS, None, True, False, 0, 1, -1, 2, 0.5, 1e308, -1e308, 5e-324, 2**31, 2**70, -(2**63),
    10**300,
    [], {}, [[]], [1, "x", None], {"x": 1}, {"<x": {"": []}}, {"home": 0.5, "hotel": 0.5},
    ["1 day", "2 days"],
    [["1 day", "x"]], {"distribution": "exponential", "mean": "1 s"}, {"arm": "x"},
    [{"at": "1 day"}],
)  # fmt: skip
FRAGMENTS = (
    '"', "'''", '"""', "[", "]", "[[", "]]", "{", "}", "=", "\n", "#", "\0", "\ufeff", "\\",
    "\\u0000", "1979-05-27",
    "0x1f", "+inf", "nan", "[arms]\n", "[sweep]\nover = {}\n", "[ranges]\n", '"" = 1\n',
    "a.b.c.d = 1\n", "[[expect]]\n",
    'extends = "small.toml"\n', "\r",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "é",
)  # fmt: skip
numbers = st.integers(0, 10**6)
CHANGES = ("set", "delete", "rename", "copy", "insert", "wrap")
trees = st.lists(st.tuples(st.sampled_from(CHANGES), numbers, numbers), min_size=1, max_size=4)
cuts = st.lists(
    st.tuples(numbers, st.integers(0, 40), st.sampled_from(FRAGMENTS) | st.text(max_size=8)),
    min_size=1, max_size=3,
)  # fmt: skip


@lru_cache
def seed(name):
    """The text of a seed and its tree."""
    text = (ROOT / name).read_text("utf-8")
    return text, tomllib.loads(text)


def places(tree, above=()):
    """The path of each value of a tree."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in items:
        yield (*above, key)
        if isinstance(value, (dict, list)):
            yield from places(value, (*above, key))


def at(tree, path):
    for key in path:
        tree = tree[key]
    return tree


def mutate(tree, change, where, what):
    """Change one place of *tree*."""
    paths = list(places(tree))
    if not paths:
        return
    path = paths[where % len(paths)]
    table, key = at(tree, path[:-1]), path[-1]
    odd, other = ODD[what % len(ODD)], paths[what % len(paths)]
    if change == "delete":
        del table[key]
    elif change == "wrap":
        table[key] = [table[key]]
    elif change == "set" or isinstance(table, list):
        table[key] = copy.deepcopy(odd)
    elif change == "copy":
        table[key] = copy.deepcopy(at(tree, other))
    elif change == "rename":
        table[TEXTS[what % len(TEXTS)]] = table.pop(key)
    else:
        table[str(other[-1])] = copy.deepcopy(odd)


@st.composite
def cases(draw):
    """The text of a scenario: a seed with places changed, or with its text cut and spliced."""
    text, tree = seed(draw(st.sampled_from(SEEDS)))
    if draw(st.booleans()):
        tree = copy.deepcopy(tree)
        for change in draw(trees):
            mutate(tree, *change)
        return json.dumps(tree)
    for where, length, piece in draw(cuts):
        start = where % (len(text) + 1)
        text = text[:start] + piece + text[start + length :]
    return text


MOST_PEOPLE, MOST_RECIPIENTS = 3_000, 4_000
"""Beyond which a scenario is loaded and checked, but neither asked nor run."""
LINE = 1_000
"""Characters of a line of a message."""


def check(text):
    """Raise AssertionError, or whatever is raised, unless *text* is refused clearly or works."""
    try:
        model = loads(text)
        factors.alternatives(model)
        list(model.sweep_points()) if model.sweep is not None else None
    except ScenarioError as error:
        clear(str(error))
        return
    again = loads(model.resolved())
    assert again.hash() == model.hash()
    for words in (*expectations.faults(model), *map(str, findings.warnings(model))):
        assert visible(words) == words
    if sum(users.count for users in model.users.values()) > MOST_PEOPLE:
        return
    str(sim.Scenario(model).matrix(arm=model.baseline)) if model.users else None
    run(model)


def clear(message):
    """Raise AssertionError unless *message* is lines that a terminal may show."""
    assert message.strip()
    assert visible(message) == message
    assert len(message.splitlines()) <= 150
    assert all(len(line) <= LINE for line in message.splitlines())


def run(model):
    """Simulate the last arm in short form, and balance its books."""
    short = shortened(model).scenario
    honest = sum(u.count * u.messages * u.recipients for u in short.users.values())
    spam = sum(s.count * s.rate(route) for s in short.spammers.values() for route in s.routes)
    if (honest + spam) * short.run_length > MOST_RECIPIENTS:
        return
    done = simulate(short, list(short.arms)[-1], 0)
    frames = columnar.of_run(done, TABLES)
    conservation.check(frames, done.intended, done.workload, done.lost)
