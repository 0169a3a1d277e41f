"""A fault before it is known which file it stands in: where in the tree, and what is wrong."""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sim.scenario.errors import nearest, one_of, unknown_key, value_text
from sim.scenario.keys import Table
from sim.scenario.trees import Path


class Problem(NamedTuple):
    """One thing wrong at *path* of the tree; the rest as in ``errors.Fault``."""

    path: Path
    value: str
    expected: str
    nearest: str = ""

    def within(self, *path: str | int) -> Problem:
        """The same, where its path begins inside *path*."""
        return self._replace(path=(*path, *self.path))


KNOWN = 4096
"""Tables of which it is remembered that they are right; chosen: those of a large scenario."""
MOST_FAULTS = 100
"""Faults that are printed; beyond it, only that there are more."""
NAMES = "a name of at most 63 letters, digits, '-' and '_'"
EXPECTED = {
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
    "greater_than": "above {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "below {lt}",
    "less_than_equal": "at most {le}",
    "too_long": "at most {max_length} entries",
    "string_too_long": "at most {max_length} characters",
    "too_short": "at least one",
    "string_too_short": "at least one",
    "literal_error": "{expected}",
}
"""What pydantic expected, by the type of its error, in words for people."""


TAGS = ("<shares>", "<word>", "[key]")
"""What pydantic adds to a path: the tags of alternatives, and that a key itself is wrong."""


def unknown(name: str | None, valid: Iterable[str], *path: str | int) -> Iterator[Problem]:
    """A problem if *name* is none of the *valid* names."""
    names = list(valid)
    if name is not None and name not in names:
        near = nearest(name.replace("*", ""), names)
        yield Problem(path, value_text(name), one_of(names), near)


def unknowns(names: Iterable[str], valid: Iterable[str], *path: str | int) -> Iterator[Problem]:
    """A problem for each of a list of names that is none of the *valid* ones."""
    valid_names = list(valid)
    for index, name in enumerate(names):
        yield from unknown(name, valid_names, *path, index)


@lru_cache(maxsize=KNOWN)
def _valid(model: type[Table], octets: bytes) -> Table:
    return model.model_validate(marshal.loads(octets))


def validate(model: type[Table], raw: Any) -> tuple[Any, list[Problem]]:
    """Return *raw* as a *model*, or None and everything wrong with it.

    What was right once is not looked at again: arms and points of a sweep say the same of most
    tables, and tables do not change.
    """
    try:
        octets = marshal.dumps(raw, 2)  # without references: equal where the text was
    except ValueError:  # a date, or what a program has put there
        octets = b""
    try:
        return (_valid(model, octets) if octets else model.model_validate(raw)), []
    except ValidationError:
        return _wrong(model, raw)


def _wrong(model: type[Table], raw: Any) -> tuple[Any, list[Problem]]:
    """As *validate*, for what is likely wrong."""
    try:
        return model.model_validate(raw), []
    except ValidationError as error:
        details = error.errors(include_url=False)[: MOST_FAULTS + 1]
        own = [detail for detail in details if not _follows(detail, details)]
        return None, list(dict.fromkeys(_problem(model, detail) for detail in own))


def _follows(detail: ErrorDetails, details: list[ErrorDetails]) -> bool:
    """Whether a list is too short only because an entry of it is wrong."""
    loc = detail["loc"]
    inside = (other["loc"] for other in details if other is not detail)
    return detail["type"] == "too_short" and any(other[: len(loc)] == loc for other in inside)


def _problem(model: type[Table], detail: ErrorDetails) -> Problem:
    *above, last = detail["loc"] or ("",)
    kind, item = detail["type"], detail.get("input")
    path = tuple(part for part in above if part not in TAGS)
    if kind == "extra_forbidden":
        return Problem((*path, last), *unknown_key(last, _model_at(model, path).model_fields))
    if detail["loc"] and last not in TAGS:
        path = (*path, last)
    expected = _expected(detail)
    near = ""
    if kind == "literal_error":
        near = nearest(item, expected.replace("'", "").replace(" or ", ", ").split(", "))
    if kind in ("float_type", "int_type") and isinstance(item, str):
        expected += ", without quotes or unit"
    return Problem(path, "missing" if kind == "missing" else value_text(item), expected, near)


def _expected(detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    kind, message = detail["type"], detail["msg"]
    if kind in EXPECTED:
        numbers = {n: f"{v:g}" if isinstance(v, float) else v for n, v in context.items()}
        return EXPECTED[kind].format_map(numbers)
    if kind == "value_error":
        return message.removeprefix("Value error, ").removeprefix("expected ")
    if kind == "string_pattern_mismatch":
        return "a mail domain such as 'adatum.com'" if r"\." in context["pattern"] else NAMES
    return message[:1].lower() + message[1:200]


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
