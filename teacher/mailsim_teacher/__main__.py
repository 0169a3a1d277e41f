"""``python -m mailsim_teacher 04``: the right answers of a notebook, for the lecturer."""

from __future__ import annotations

import sys

from mailsim_teacher.solving import solutions


def main(begins: str = "", student: str | None = None) -> int:
    """Print questions and answers; 2 if no exercise begins so."""
    printed = False
    for task, answer in solutions(begins, student):
        printed = True
        sys.stdout.write(f"{task}\n  → {answer}\n\n")
    if not printed:
        sys.stderr.write(f"no exercise begins with {begins!r}\n")
    return 0 if printed else 2


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
