"""Look for new faults: ``python tests/fuzz KIND NUMBER`` keeps a case of each in the corpus."""

import hashlib
import json
import sys
import traceback
from collections import Counter

from hypothesis import given, settings
from test_fuzz import CORPUS, KINDS, LONG, within_bounds


def place(error):
    """What went wrong where: the error's type and the last line of ours that it went through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/sim/" in frame.filename] or frames
    return f"{type(error).__name__} at {ours[-1].filename.rpartition('/sim/')[2]}:{ours[-1].lineno}"


def look(kind, number):
    """Draw so many cases of a kind; keep the shortest of each fault, and say how often it was."""
    shortest, counts = {}, Counter()

    @settings(LONG, max_examples=number)
    @given(KINDS[kind][0].cases())
    def one(case):
        try:
            within_bounds(kind, case)
        except BaseException as error:
            fault, text = place(error), json.dumps(case, indent=1)
            counts[fault] += 1
            if fault not in shortest or len(text) < len(shortest[fault][0]):
                shortest[fault] = text, "".join(traceback.format_exception(error))

    one()
    for fault, (text, trace) in shortest.items():
        path = CORPUS / kind / f"{hashlib.sha256(fault.encode()).hexdigest()[:10]}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n", "utf-8")
        print(f"{counts[fault]} times {fault}: {path}\n{trace[-1500:]}\n")
    print(f"{number} {kind}, {len(shortest)} faults")


if __name__ == "__main__":
    look(sys.argv[1], int(sys.argv[2]))
