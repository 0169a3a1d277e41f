"""One line declares a key: its meaning, default, bounds and where the default comes from."""

from __future__ import annotations

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
    "precision",
)
"""Keys that change no row of a run: what the scenario is called, and how much of it is run."""


class Table(BaseModel):
    """A table of a scenario file: frozen, strict in types, without unknown keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, arbitrary_types_allowed=True
    )


def key(meaning: str, default: Any = REQUIRED, *, source: str = "", **bounds: Any) -> Any:
    """Declare a key. The default is written as in a file, and checked like any other value.

    *source* is the key of the default in the published facts, or "chosen"; "" where a
    default is no claim about the world.
    """
    if source:
        bounds["json_schema_extra"] = {"source": source}
    return Field(default, description=meaning, validate_default=True, **bounds)


def source(field: FieldInfo) -> str:
    """Where the default of a key comes from: a fact, "chosen", or ""."""
    extra = field.json_schema_extra
    return str(extra.get("source", "")) if isinstance(extra, dict) else ""
