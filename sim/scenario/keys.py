"""One line declares a key: its default, bounds and where the default comes from; its meaning is the
docstring below."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from itertools import pairwise
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

REQUIRED: Any = ...

USED_UP = ("extends", "defaults", "topology")
"""Keys that have become others once a scenario is loaded."""

OF_NO_ROW = (
    "title",
    "source",
    "year",
    "question",
    "baseline",
    "replications",
    "quick",
    "sweep",
    "structures",
    "ranges",
    "targets",
    "precision",
    "interest",
    "ignore_remarks",
    "values",
)
"""Keys that change no row of a run: what the scenario is called, and how much of it is run."""


def _describe(schema: dict[str, Any], model: type[Table]) -> None:
    """Put the meaning of each key into the JSON Schema of its table."""
    for name, text in meanings(model).items():
        schema["properties"][name]["description"] = text


class Table(BaseModel):
    """A table of a scenario file: frozen, strict in types, without unknown keys."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        arbitrary_types_allowed=True,
        json_schema_extra=_describe,
    )


def key(
    default: Any = REQUIRED,
    *,
    source: str = "",
    meaning: str | None = None,
    policy: bool = False,
    dated: bool = False,
    **bounds: Any,
) -> Any:
    """Declare a key. The default is written as in a file, and checked like any other value.

    *source* is the key of the default in the published facts, or "chosen"; "" where a
    default is no claim about the world. *meaning* stands for a docstring that lists names.
    A key of *policy* takes effect at ``policy_starts`` where an arm changes it; that, and a *dated*
    one, may change again at stated moments.
    """
    marks = {"source": source, "policy": policy, "dated": dated}
    if any(marks.values()):
        bounds["json_schema_extra"] = {name: mark for name, mark in marks.items() if mark}
    return Field(default, description=meaning, validate_default=True, **bounds)


def extra(field: FieldInfo, name: str) -> Any:
    """A mark of a key: the *source* of its default, or that it is of the *policy*, or *dated*."""
    marks = field.json_schema_extra
    return marks.get(name) if isinstance(marks, dict) else None


def source(field: FieldInfo) -> str:
    """Where the default of a key comes from: a fact, "chosen", or ""."""
    return extra(field, "source") or ""


@cache
def meanings(model: type[Table]) -> dict[str, str]:
    """What each key of a table means.

    Docstrings are read when a schema or page needs them: to parse all tables takes a tenth of a
    second, which no run should wait for (hence not pydantic's ``use_attribute_docstrings``).
    """
    texts = {name: field.description or "" for name, field in model.model_fields.items()}
    for table in model.__mro__[:-2]:  # but BaseModel and object
        (declared,) = ast.parse(inspect.getsource(table)).body
        for field, doc in pairwise(declared.body if isinstance(declared, ast.ClassDef) else ()):
            match field, doc:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ) if name in texts:
                    texts[name] = " ".join(text.split())
    return texts
