"""Whatever scenarios, sessions, folders and command lines hold: no traceback, no hang, no flood.

The corpus keeps what once failed (``corpus/NAME/*.json``, a case each), and runs first. A short
form runs with the quick tests; ``pytest -m slow tests/fuzz`` draws 10^5 cases, others each time.
"""

import json
from pathlib import Path

import bounds
import fuzz_commands
import fuzz_scenarios
import fuzz_sessions
import pytest
from hypothesis import HealthCheck, Phase, given, settings

CORPUS = Path(__file__).with_name("corpus")
KINDS = {
    # kind: its module, cases in the short form, and in the long one
    "scenarios": (fuzz_scenarios, 150, 30_000),
    "sessions": (fuzz_sessions, 400, 55_000),
    "commands": (fuzz_commands, 80, 15_000),
}
GROWTH = 200
"""Megabytes by which the most memory that was ever used may grow by one case; chosen."""
QUICK = settings(
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
LONG = settings(QUICK, derandomize=False)


def within_bounds(kind, case):
    """Check one case in bounded time and memory."""
    before = bounds.peak()
    with bounds.bounded():
        KINDS[kind][0].check(case)
    assert bounds.peak() - before < GROWTH, "too much memory"


def draw(kind, number, how):
    """Check so many cases of a kind."""

    @settings(how, max_examples=number)
    @given(KINDS[kind][0].cases())
    def one(case):
        within_bounds(kind, case)

    one()


@pytest.fixture(scope="module", autouse=True)
def ready():
    """What is made once is made before anything is measured."""
    fuzz_commands.folder()
    for kind in KINDS:
        draw(kind, 3, QUICK)


@pytest.mark.parametrize("path", sorted(CORPUS.rglob("*.json")), ids=lambda path: path.stem)
def test_what_once_failed(path):
    within_bounds(path.parent.name, json.loads(path.read_text("utf-8")))


@pytest.mark.parametrize("kind", KINDS)
def test_a_few(kind):
    draw(kind, KINDS[kind][1], QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_many(kind):
    draw(kind, KINDS[kind][2], LONG)


def test_the_long_form_is_of_100_000_cases():
    assert sum(number for _, _, number in KINDS.values()) >= 100_000


@pytest.mark.parametrize("use", [lambda: [0] * 10**9, lambda: all(iter(lambda: 1, 0))])
def test_the_bounds_hold(use, monkeypatch):
    monkeypatch.setattr(bounds, "SECONDS", 0.3)
    with pytest.raises((bounds.TooLong, MemoryError)), bounds.bounded():
        use()
