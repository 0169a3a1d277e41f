"""Predictions: recorded with a time before results are shown, and compared with them at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

from sim.exact.blocks import Block, Grid, Lines
from sim.exact.page import Page
from sim.lab.recording import Record, as_data, bundle, now, saved

MISSING = (
    "No prediction was recorded before the results: fill in the cell of section 1, run it, then "
    "run what follows. A prediction made after seeing the results teaches nothing."
)
CLOSE = 0.1
"""Relative distance within which a predicted number counts as close (chosen)."""

_COMPARED: dict[str, str] = {}
"""When the results of each notebook were first compared in this kernel."""
_RECORDS: dict[str, Record] = {}
"""The prediction of each notebook in this kernel."""


class Prediction(Page):
    """What a student expects, by name; made by `predict`, and compared by `compared`."""

    def __init__(self, notebook: str, values: Mapping[Any, Any], record: Record) -> None:
        self.notebook, self.values, self.record = notebook, dict(values), record

    @property
    def complete(self) -> bool:
        """Whether every value is filled in."""
        return all(value is not None for value in flat(self.values).values())

    def __getitem__(self, name: Any) -> Any:
        return self.values[name]

    def blocks(self) -> Sequence[Block]:
        """Whether and when it was recorded."""
        late = ", after the results were shown" if self.record["late"] else ""
        text = f"prediction recorded at {self.record['time']}{late}" if self.complete else MISSING
        return [Lines("", (text,))]

    def as_dict(self) -> dict[str, Any]:
        """The record that the notebook keeps."""
        return dict(self.record)

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, str], dict[str, Record]]:
        return bundle(self, self.record if self.complete else {})

    def compared(self, results: Mapping[Any, Any], *columns: str) -> Comparison:
        """Compare with *results* of the same names; *columns* name the parts of a pair."""
        _COMPARED.setdefault(self.notebook, now())
        return Comparison(self, flat(self.values, columns), flat(results, columns))


def predict(notebook: str, values: Mapping[Any, Any]) -> Prediction:
    """Record what you expect in a *notebook* (``02``): *values* by name, None where nothing yet.

    A prediction that is not changed keeps its time. One that is changed after the results were
    compared is marked so.
    """
    data = as_data(values)
    before = [*saved(), *([_RECORDS[notebook]] if notebook in _RECORDS else [])]
    known = [r for r in before if r.get("prediction") == notebook]
    same = next((r for r in known if r.get("values") == data), None)
    record = {
        "prediction": notebook,
        "values": data,
        "time": str(same.get("time", "")) if same else now(),
        "late": bool(same.get("late")) if same else notebook in _COMPARED or _was_shown(notebook),
    }
    prediction = Prediction(notebook, values, record)
    if prediction.complete:
        _RECORDS[notebook] = record
    return prediction


def _was_shown(notebook: str) -> bool:
    return any(record.get("compared") == notebook for record in saved())


@dataclass(frozen=True, repr=False)
class Comparison(Page):
    """Predicted beside simulated, row by row."""

    prediction: Prediction
    predicted: Mapping[str, Any]
    results: Mapping[str, Any]

    def rows(self) -> Iterator[tuple[str, str, str, str]]:
        """Name, predicted, result, and how close."""
        for name, result in self.results.items():
            value = self.predicted.get(name)
            yield name, _text(value), _text(result), _verdict(value, result)

    def blocks(self) -> Sequence[Block]:
        """The table, or that nothing was predicted."""
        header = ("", "predicted", "result", "")
        note = self.prediction.blocks() if self.prediction.complete else [Lines("", (MISSING,))]
        return [Grid("Prediction and result", header, tuple(self.rows())), *note]

    def as_dict(self) -> dict[str, Any]:
        """The rows, and the record of the prediction."""
        return {"rows": list(self.rows()), **self.prediction.as_dict()}

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, str], dict[str, Record]]:
        compared = {"compared": self.prediction.notebook, "time": now()}
        return bundle(self, compared | {"results": as_data(dict(self.results))})


def flat(values: Mapping[Any, Any], columns: Sequence[str] = ()) -> dict[str, Any]:
    """Return values by name, each part of a pair under a name of its own."""
    names: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, (tuple, list)):
            parts = columns or [str(n) for n in range(1, len(value) + 1)]
            names |= {f"{name}, {p}": v for p, v in zip(parts, value, strict=False)}
        else:
            names[str(name)] = value
    return names


def _text(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{float(value):.3g}" if isinstance(value, Real) else str(value)


def _verdict(value: object, result: object) -> str:
    if value is None:
        return ""
    if _is_number(value) and _is_number(result):
        a, b = float(value), float(result)  # type: ignore[arg-type]
        return "close" if abs(a - b) <= CLOSE * max(abs(b), 1e-9) else f"off by {b - a:+.3g}"
    return "as predicted" if value == result else "surprise"


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
