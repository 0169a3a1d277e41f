"""Without PyArrow results in memory are the same; what would be stored says what is missing."""

import json
import subprocess
import sys

import pandas as pd

from sim.experiment import packed
from sim.measure.columnar import of

RUN = """
import hashlib, json, sys
if "without" in sys.argv:
    sys.modules["pyarrow"] = None
import sim

def digest(frame):
    words = {name: object for name in frame.select_dtypes("category")}
    return [frame.astype(words).to_csv(), str(frame.dtypes.astype(str).to_dict())]

scenario = sim.load("tests/lab/lab.toml").with_overrides({"run_length": "30 h"})
results = sim.run(scenario, arms=["open", "network"], replications=2, progress=False)
tables = [results.recipients, results.attempts, results.measures, results.summary()]
said = []
for stored in () if "without" not in sys.argv else (
    lambda: sim.run(scenario, out="never", progress=False),
    lambda: sim.open_results("never"),
    lambda: results.save("never"),
    lambda: results.scan("recipients"),
):
    try:
        stored()
    except ImportError as error:
        said.append(str(error))
counts = sim.run(scenario, arms="open", keep="counts", progress=False)
print(json.dumps([[*map(digest, tables), len(counts.summary())], said]))
"""


def ask(*words):
    run = subprocess.run([sys.executable, "-c", RUN, *words], capture_output=True, text=True,
                         check=False)  # fmt: skip
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_results_in_memory_are_the_same():
    tables, said = ask("without")
    assert len(said) == 4
    assert all("needs pyarrow: pip install pyarrow" in words for words in said)
    assert ask()[0] == tables


def test_words_of_several_parts_are_one_column():
    parts = []
    for words in (["a", "b"], ["b", "c", None]):
        frame = pd.DataFrame({"word": pd.Categorical(words), "n": range(len(words))})
        octets = packed.part(of(frame), 3)
        with packed.file(packed.in_memory(octets), len(octets)) as file:
            parts.append(packed.rows(file, None, {}))
    whole = packed.frame(parts)
    assert whole["word"].astype(object).where(whole["word"].notna(), "").tolist() == [
        "a", "b", "b", "c", ""
    ]  # fmt: skip
    assert list(whole) == ["point", "word", "n"]
    assert set(whole["point"]) == {3}
    with packed.file(packed.in_memory(octets), len(octets)) as file:
        assert packed.rows(file, ["n"], {"word": "c"})["n"].tolist() == [1]
