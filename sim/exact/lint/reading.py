"""Keys that nothing reads, and values declared for such keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from sim.exact.lint.unread import READERS, Reader
from sim.exact.lint.view import Notice, State, View
from sim.scenario import Scenario, declared
from sim.scenario.overrides import matching
from sim.scenario.trees import Path

MOST_VARIANTS = 12
"""Points of what is declared at which a key may count although it does not as stated; chosen."""

Unread = dict[Path, str]
"""By the place in the file of a key, what it takes for the key to count."""


def unread_keys(view: View) -> Iterator[Notice]:
    """Keys that nothing reads, in any arm or at any value that is declared."""
    unread = _unread(view.states)
    if unread:
        for _, point in islice(declared.points(view.scenario), MOST_VARIANTS):
            other = _unread(View(declared.variant(view.scenario, point)).states)
            unread = {path: words for path, words in unread.items() if path in other}
    for path, words in unread.items():
        yield Notice(path, f"has no effect: it counts only {words}")


def unread_values(view: View) -> Iterator[Notice]:
    """Values declared for a key that nothing reads."""
    counts: dict[tuple[Path, str], bool] = {}
    for path, point in islice(declared.points(view.scenario), MOST_VARIANTS):
        variant = declared.variant(view.scenario, point)
        states = [variant, *(s.scenario for arm in variant.arms for s in variant.arm(arm).stages)]
        for selector in point:
            place = (*path[:2], selector) if path[0] == "sweep" else path[:2]
            counts[place, selector] = counts.get((place, selector), False) or any(
                _counts(scenario, selector) for scenario in states
            )
    for (place, selector), some in counts.items():
        if not some and (reader := _reader(tuple(selector.split(".")))):
            yield Notice(place, f"changes nothing: the key counts only {reader.words}")


def _counts(scenario: Scenario, selector: str) -> bool:
    """Whether a key that *selector* means makes a difference."""
    section, *rest = path = tuple(selector.split("."))
    reader = _reader(path)
    names = matching(rest[0], getattr(scenario, section)) if reader else ()
    return reader is None or any(reader.is_read(scenario, name, path[-1]) for name in names)


def _unread(states: Iterable[State]) -> Unread:
    """The lines of the file that write only keys that nothing reads."""
    is_read: dict[Path, bool] = {}
    words: Unread = {}
    for _, scenario, writers in states:
        for path, writer in writers.items():
            if is_read.get(writer):
                continue
            if reader := _reader(path):
                is_read[writer] = reader.is_read(scenario, str(path[1]), str(path[-1]))
                words[writer] = reader.words
    return {writer: words[writer] for writer, read in is_read.items() if not read}


def _reader(path: Path) -> Reader | None:
    """What reads the key at *path*; None: it always counts, or its parts are looked at."""
    section, _, key, *parts = (*map(str, path), "", "")[: max(3, len(path))]
    return READERS.get(f"{section}.{key}" + ".*" * len(parts))
