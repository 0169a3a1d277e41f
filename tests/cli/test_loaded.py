"""What commands load before they answer: no library that the answer does not need."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SMALL = str(ROOT / "tests" / "experiment" / "small.toml")
ONCE = ("--replications", "1", "--keep", "counts", "--no-structures", "--workers", "1")
MESSAGE = ("--user", "travellers", "--place", "hotel", "--to", "a@contoso.com")
NUMBERS = {"numpy", "pandas", "pyarrow", "simpy"}
DRAWING = {"matplotlib", "jinja2"}
RUNNING = {"networkx", "scipy"}

ANSWERS = {
    # what is typed: what answers, and what is not loaded before it has
    ("--help",): ("sim.cli.app.main", {*NUMBERS, *DRAWING, *RUNNING, "pydantic", "rich"}),
    ("check", SMALL): ("sim.cli.files._show", {*NUMBERS, *DRAWING, *RUNNING, "rich"}),
    ("matrix", SMALL): ("sim.cli.tables.show", {*NUMBERS, *DRAWING, *RUNNING}),
    ("explain", SMALL, *MESSAGE): ("sim.cli.tables.show", {*NUMBERS, *DRAWING, *RUNNING}),
    ("run", SMALL, *ONCE): ("sim.cli.screen.show", DRAWING),
}
LOADED = """
import atexit, importlib, json, sys
from sim.cli import app
def told(*_, **__):
    print(json.dumps([*sys.modules]))
    raise SystemExit
*name, last = {answer!r}.split(".")
if last == "main":
    atexit.register(lambda: print(json.dumps([*sys.modules])))
else:
    setattr(importlib.import_module(".".join(name)), last, told)
sys.argv = ["mailsim", *{words!r}]
app.main()
"""


@pytest.mark.parametrize("words", ANSWERS, ids=lambda words: words[0])
def test_an_answer_loads_what_it_needs(words, tmp_path):
    answer, unneeded = ANSWERS[words]
    code = LOADED.format(answer=answer, words=words)
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert unneeded & {*json.loads(ended.stdout.splitlines()[-1])} == set()
