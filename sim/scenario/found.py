"""A fault before it is known which file it stands in: where in the tree, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sim.scenario.errors import nearest, shown, unknown_key
from sim.scenario.keys import Table

Path = tuple[str | int, ...]


class Found(NamedTuple):
    """One thing wrong at *path* of the tree; the rest as in ``errors.Fault``."""

    path: Path
    value: str
    expected: str
    nearest: str = ""

    def within(self, *path: str | int) -> Found:
        """The same, where its path begins inside *path*."""
        return self._replace(path=(*path, *self.path))


TYPES = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "text in quotes",
    "bool_type": "true or false",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "list_type": "a list",
    "tuple_type": "a list",
    "finite_number": "a finite number",
    "missing": "a value: it has no default",
}
MOST_FAULTS = 100
"""Faults that are told; beyond it, only that there are more."""

BOUNDS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
NAMES = "a name of at most 63 letters, digits, '-' and '_'"


def validate(model: type[Table], raw: Any) -> tuple[Any, list[Found]]:
    """Return *raw* as a *model*, or None and everything wrong with it."""
    try:
        return model.model_validate(raw), []
    except ValidationError as error:
        details = error.errors(include_url=False)[: MOST_FAULTS + 1]
        return None, list(dict.fromkeys(_translated(model, detail) for detail in details))


def _translated(model: type[Table], detail: ErrorDetails) -> Found:
    path = tuple(
        part for part in detail["loc"] if not str(part).startswith("<") and part != "[key]"
    )
    kind, context, given = detail["type"], detail.get("ctx", {}), detail.get("input")
    if kind == "extra_forbidden":
        return Found(path, *unknown_key(path[-1], _model_at(model, path[:-1]).model_fields))
    if kind == "missing":
        return Found(path, "missing", TYPES[kind])
    if kind == "literal_error":
        valid = context["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        return Found(path, shown(given), context["expected"], nearest(given, valid))
    expected = _expected(kind, context, detail["msg"])
    if kind in ("float_type", "int_type") and isinstance(given, str):
        expected += ", without quotes or unit"
    return Found(path, shown(given), expected)


def _expected(kind: str, context: dict[str, Any], message: str) -> str:
    if kind in TYPES:
        return TYPES[kind]
    if kind == "value_error":
        return message.removeprefix("Value error, ").removeprefix("expected ")
    if kind.endswith(("_than", "_than_equal")):
        bound = next(b for b in BOUNDS if b in context)
        return f"{BOUNDS[bound]} {_number(context[bound])}"
    if kind in ("too_long", "string_too_long"):
        what = "characters" if kind.startswith("string") else "entries"
        return f"at most {context['max_length']} {what}"
    if kind in ("too_short", "string_too_short"):
        return "at least one"
    if kind == "string_pattern_mismatch":
        return "a mail domain such as 'adatum.com'" if r"\." in context["pattern"] else NAMES
    return message[:1].lower() + message[1:200]


def _number(bound: float) -> str:
    return str(bound) if isinstance(bound, int) else f"{bound:g}"


def _model_at(model: type[Table], path: Path) -> type[Table]:
    """The innermost model that *path* leads into."""
    for part in path:
        field = model.model_fields.get(str(part))
        inner = None if field is None else next(models(field.annotation), None)
        model = inner or model
    return model


def models(annotation: Any) -> Iterator[type[Table]]:
    """The tables that a key's type mentions."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        yield annotation
    for inner in get_args(annotation):
        yield from models(inner)
