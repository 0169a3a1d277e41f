"""Wrong calls: one exception, and one message that names what would have been right."""

from __future__ import annotations

import builtins
import difflib
import functools
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral, Real
from os import PathLike
from types import NoneType, UnionType
from typing import Any, Literal, ParamSpec, TypeVar, Union, Unpack, get_args, get_origin

P = ParamSpec("P")
T = TypeVar("T")
Class = TypeVar("Class", bound=type)
LONGEST = 80
"""Characters of a wrong argument that are shown; the rest is cut."""


class UsageError(ValueError):
    """An argument that cannot be meant; the message says what is expected."""


def quoted(name: str) -> str:
    """Return *name*, in quotes where it holds spaces or commas."""
    return f"'{name}'" if re.search(r"[\s,]", name) or not name else name


def one_of(name: str, value: str, valid: Iterable[str]) -> str:
    """Return *value* if it is one of *valid*, else raise with the nearest of them."""
    names = list(valid)
    if value in names:
        return value
    near = difflib.get_close_matches(str(value), names, 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    listed = ", ".join(map(quoted, names)) if names else "nothing here"
    raise UsageError(f"unknown {name} {value!r}{hint} (expected one of: {listed})")


def at_least(name: str, value: int, low: int, high: int) -> int:
    """Return *value* if it lies within *low* and *high*."""
    if low <= value <= high:
        return value
    raise UsageError(f"{name}: expected {low} to {high}, got {value}")


# ---- arguments against the annotations of a function


def checked(function: Callable[P, T]) -> Callable[P, T]:
    """Check the arguments of a public *function* against its annotations whenever it is called.

    Numbers of numpy become Python's own, and what is to be a list may be anything that can be
    gone through. Raises UsageError.
    """

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        signature, hints = _expected(function)
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:
            return function(*args, **kwargs)  # Python says what is wrong
        for name, value in bound.arguments.items():
            if name in hints:
                kind = signature.parameters[name].kind
                bound.arguments[name] = _argument(name, value, hints[name], kind)
        return function(*bound.args, **bound.kwargs)

    return call


def checked_methods(kind: Class) -> Class:
    """Check the arguments of every public method that a class states, as `checked` does."""
    for name, member in list(vars(kind).items()):
        if inspect.isfunction(member) and not name.startswith("_"):
            setattr(kind, name, checked(member))
    return kind


class _Names(dict[str, Any]):
    """What an annotation may name; what is imported for the sake of types alone is anything."""

    def __missing__(self, name: str) -> Any:
        return Any


@functools.cache
def _expected(function: Callable[..., Any]) -> tuple[inspect.Signature, dict[str, Any]]:
    return inspect.signature(function), _hints(function)


def _hints(annotated: Any) -> dict[str, Any]:
    """The annotations of a function or TypedDict, evaluated."""
    names = _Names(vars(builtins) | vars(sys.modules[annotated.__module__]))
    texts = {n: getattr(a, "__forward_arg__", a) for n, a in annotated.__annotations__.items()}
    return {name: eval(text, {}, names) for name, text in texts.items() if name != "return"}


def _argument(name: str, value: Any, hint: Any, kind: Any) -> Any:
    """An argument as a function takes it: one value, several, or options by name."""
    if kind is inspect.Parameter.VAR_POSITIONAL:
        return tuple(_value(name, item, hint) for item in value)
    if kind is not inspect.Parameter.VAR_KEYWORD:
        return _value(name, value, hint)
    options = get_args(hint)[0] if get_origin(hint) is Unpack else None
    if options is None:
        return value
    hints = _hints(options)
    return {
        key: _value(key, item, hints[one_of("option", key, hints)]) for key, item in value.items()
    }


def _value(name: str, value: Any, hint: Any) -> Any:
    fitting = _fitting(value, hint)
    if not fitting:
        text = repr(value)
        excerpt = text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
        raise UsageError(f"{name}: expected {_words(hint)}, got {excerpt}")
    return fitting[0]


def _fitting(value: Any, hint: Any) -> list[Any]:
    """*value* as *hint* has it, alone in a list; an empty list where it does not fit."""
    origin, args = get_origin(hint), get_args(hint)
    if hint is Any or isinstance(hint, TypeVar):
        return [value.item() if isinstance(value, Real) and hasattr(value, "item") else value]
    if origin in (Union, UnionType):
        return next((fits for each in args if (fits := _fitting(value, each))), [])
    if origin is Literal:
        return [value] if value in args else []
    if hint in _PLAIN:
        return _PLAIN[hint](value)
    if hint in (None, NoneType):
        return [None] if value is None else []
    kind = origin or hint
    if not isinstance(kind, type):
        return [value]
    if issubclass(kind, tuple):
        return _of_tuple(value, args)
    if issubclass(kind, Iterable) and args and not issubclass(kind, Mapping):
        return _of_list(value, args[0])
    if issubclass(kind, Mapping) and args and isinstance(value, Mapping):
        items = [(_fitting(k, args[0]), _fitting(v, args[1])) for k, v in value.items()]
        return [{k[0]: v[0] for k, v in items}] if all(k and v for k, v in items) else []
    return [value] if isinstance(value, kind) else []


def _number(kind: type, to: type) -> Callable[[Any], list[Any]]:
    def fitting(value: Any) -> list[Any]:
        return [to(value)] if isinstance(value, kind) and not isinstance(value, bool) else []

    return fitting


_PLAIN: dict[Any, Callable[[Any], list[Any]]] = {
    int: _number(Integral, int),
    float: _number(Real, float),
}


def _of_list(value: Any, hint: Any) -> list[Any]:
    if isinstance(value, (str, bytes, PathLike)) or not isinstance(value, Iterable):
        return []
    fitting = [_fitting(item, hint) for item in value]
    return [[fits[0] for fits in fitting]] if all(fitting) else []


def _of_tuple(value: Any, hints: tuple[Any, ...]) -> list[Any]:
    if not isinstance(value, (tuple, list)):
        return []
    several = hints[:1] * len(value) if Ellipsis in hints else hints
    if len(several) != len(value):
        return []
    fitting = [_fitting(item, hint) for item, hint in zip(value, several, strict=True)]
    return [tuple(fits[0] for fits in fitting)] if all(fitting) else []


_WORDS: dict[Any, str] = {
    int: "a whole number",
    float: "a number",
    bool: "True or False",
    str: "text",
    None: "None",
    NoneType: "None",
}


def _words(hint: Any) -> str:
    """What *hint* expects, for people."""
    origin, args = get_origin(hint), get_args(hint)
    if hint in _WORDS:
        return _WORDS[hint]
    if origin in (Union, UnionType):
        *most, last = dict.fromkeys(map(_words, args))
        return f"{', '.join(most)} or {last}" if most else last
    if origin is Literal:
        return f"one of {', '.join(map(repr, args))}"
    kind = origin or hint
    if kind is PathLike:
        return "a path"
    if isinstance(kind, type) and issubclass(kind, Mapping):
        return "a dict"
    if isinstance(kind, type) and issubclass(kind, tuple):
        return f"({', '.join(map(_words, args))})"
    if isinstance(kind, type) and issubclass(kind, Iterable) and args:
        return f"a list (of {_words(args[0])})"
    return f"a {getattr(kind, '__name__', str(kind))}"
