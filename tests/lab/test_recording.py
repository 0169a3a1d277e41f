"""A notebook keeps answers and predictions, with times and attempts, as data."""

import json

import nbformat
import numpy as np
import pandas as pd
import pytest
from nbclient import NotebookClient

from sim.lab import check, predict, predicting, recording
from sim.lab.predicting import MISSING
from sim.lab.recording import KEY, records


@pytest.fixture(autouse=True)
def a_new_kernel(monkeypatch):
    """Nothing is known from before, as in a kernel that has just started."""
    monkeypatch.setattr(recording, "ATTEMPTS", recording.Attempts({}))
    monkeypatch.setattr(predicting, "_COMPARED", {})
    monkeypatch.setattr(predicting, "_RECORDS", {})
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)


def metadata(shown):
    return shown._repr_mimebundle_()[1].get(KEY, {})


def test_a_mark_carries_answer_time_and_attempt():
    first, second = check("10.1", 19, "S123"), check("10.1", "20", "s123")
    record = metadata(second)
    assert record["exercise"] == "10.1"
    assert record["student"] == "s123"
    assert record["answer"] == "20"
    assert (metadata(first)["attempt"], record["attempt"]) == (1, 2)
    assert record["time"].endswith("Z")
    assert check("10.1", "twenty", "s123").record["attempt"] == 0  # no mark, no attempt
    assert check("10.1", 20, "s124").record["attempt"] == 1
    assert not metadata(check("10.1", None, "s123"))


@pytest.mark.parametrize(
    ("answer", "as_data"),
    [
        ({4, 2}, [2, 4]),
        (np.arange(3), [0, 1, 2]),
        (pd.Series([1.5]), [1.5]),
        (np.float64(0.5), 0.5),
        ({"relay": ["permit"]}, {"relay": ["permit"]}),
        (float("nan"), "an object of type float"),
        (object(), "an object of type object"),
        ([[[[[[1]]]]]], "an object of type list"),
        ("\ud800", "an object of type str"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_answers_are_kept_as_data(answer, as_data):
    value = recording.as_data(answer)
    assert value == as_data
    json.dumps(value)


def saved(path, *found, monkeypatch):
    """The open notebook as it was saved, with these records."""
    outputs = [{"output_type": "display_data", "metadata": {KEY: record}} for record in found]
    path.write_text(json.dumps({"cells": [{"outputs": outputs}]}))
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))


def test_attempts_go_on_after_a_restart(tmp_path, monkeypatch):
    before = {"exercise": "10.1", "student": "s1", "attempt": 4}
    saved(tmp_path / "10.ipynb", before, monkeypatch=monkeypatch)
    assert check("10.1", 3, "s1").record["attempt"] == 5
    assert check("10.1", 3, "s2").record["attempt"] == 1


def test_a_prediction_is_compared_and_keeps_its_time():
    prediction = predict("06", {"filter": (90, 95), "none": (100, 100)})
    assert metadata(prediction)["values"] == {"filter": [90, 95], "none": [100, 100]}
    compared = prediction.compared({"filter": (91.0, 60.0)}, "delivered", "believed")
    text = str(compared)
    assert "filter, delivered" in text
    assert "close" in text
    assert "off by -35" in text
    assert prediction.record["time"] in text
    assert MISSING not in text


def test_without_a_prediction_the_comparison_says_so():
    prediction = predict("06", {"filter": None})
    assert not metadata(prediction)
    assert MISSING.split(":")[0] in " ".join(str(prediction).split())
    shown = str(prediction.compared({"filter": 1}))
    assert MISSING.split(":")[0] in " ".join(shown.split())


def test_a_prediction_after_the_results_is_late():
    predict("06", {"filter": 1}).compared({"filter": 1})
    assert predict("06", {"filter": 1}).record["late"] is False
    late = predict("06", {"filter": 2})
    assert late.record["late"] is True
    assert "after the results were shown" in str(late)


def test_it_is_late_in_another_kernel_too(tmp_path, monkeypatch):
    before = {"prediction": "06", "values": {"filter": 1}, "time": "2026-01-01T10:00:00Z"}
    after = {"compared": "06", "time": "2026-01-01T11:00:00Z"}
    saved(tmp_path / "06.ipynb", before, after, monkeypatch=monkeypatch)
    assert predict("06", {"filter": 1}).record["time"] == before["time"]
    assert predict("06", {"filter": 1}).record["late"] is False
    assert predict("06", {"filter": 3}).record["late"] is True


def test_records_outlive_a_kernel_in_the_notebook_that_was_run(tmp_path):
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("from sim.lab import check, predict"),
            nbformat.v4.new_code_cell('predict("10", {"factor": 2})'),
            nbformat.v4.new_code_cell('check("10.1", 20, student="s1")'),
        ]
    )
    NotebookClient(notebook, kernel_name="python3").execute()
    nbformat.validate(notebook)
    nbformat.write(notebook, tmp_path / "10.ipynb")
    prediction, answer = records(recording.read(tmp_path / "10.ipynb"))
    assert prediction["values"] == {"factor": 2}
    assert answer["answer"] == 20


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"cells": 3}', '{"cells": [{"outputs": [7, {"metadata": []}]}]}', "[" * 9999],
)
def test_what_is_no_notebook_has_no_records(text, tmp_path):
    (tmp_path / "x.ipynb").write_text(text)
    assert list(records(recording.read(tmp_path / "x.ipynb"))) == []
