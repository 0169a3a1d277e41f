"""The reference page of remarks, generated from the tables of rules and of what reads a key."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from sim.exact.lint.rules import RULES
from sim.exact.lint.unread import READERS

INTRODUCTION = """\
`mailsim check` remarks what of a scenario has no effect, or hardly the effect that was meant. A
remark is no fault: the exit status stays 0, but with `--strict` it is 2. Each is told once, with
its line in the file, the arms in which it holds (none: in all), and its rule in brackets. What is
meant is said in the file, and not remarked again: `ignore_remarks = ["small-pool"]`.
"""
READ = """\
A key, or a value declared in `structures`, `ranges` or `sweep`, is remarked if in no arm, and at
none of the values that are declared, anything reads it. All others always count.
"""


def page() -> Iterator[str]:
    """Return the parts of the page."""
    yield f"# Remarks of `check`\n\n{INTRODUCTION}"
    yield "| rule | what it finds |\n|---|---|"
    for name, rule in RULES.items():
        yield f"| `{name}` | {' '.join((inspect.getdoc(rule) or '').split())} |"
    yield f"\n## Keys that only count beside something else\n\n{READ}"
    yield "| key | counts only |\n|---|---|"
    yield from (f"| `{key}` | {reader.words} |" for key, reader in READERS.items())
