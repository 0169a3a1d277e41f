"""Patterns of regexp: and pcre: tables as patterns of Python that end in bounded time."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from re import _constants as constants  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

KINDS = ("regexp", "pcre")
"""Kinds of tables whose keys are patterns."""
RULE = re.compile(r"(!?)\s*([^\w\s\\])(.*)", re.DOTALL)
MAX_PATTERN = 4000
MAX_REPEATS = 4
CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": r"\x21-\x7e",
    "lower": "a-z",
    "print": r"\x20-\x7e",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\s",
    "upper": "A-Z",
    "word": r"\w",
    "xdigit": "0-9a-fA-F",
}
FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "x": re.VERBOSE}
OPTION_LETTERS = {"pcre": "imsx", "regexp": "im"}
DEFAULTS = {"pcre": "is", "regexp": "i"}
REPEATS = {constants.MAX_REPEAT, constants.MIN_REPEAT}
UNBOUNDED = 50
"""A repeat of more than this is taken as one without end."""
ASCII = range(128)
IN_CATEGORY: Mapping[Any, Callable[[str], bool]] = {
    constants.CATEGORY_DIGIT: str.isdigit,
    constants.CATEGORY_SPACE: str.isspace,
    constants.CATEGORY_WORD: lambda c: c.isalnum() or c == "_",
}
"""Which characters a class like ``\\d`` has; those of ``\\D`` are the rest."""


class PatternError(ValueError):
    """A text that is no pattern, or one that may be searched for without end."""


class Condition(NamedTuple):
    """What a key is held against, whether it is to match, and what follows in the text."""

    pattern: re.Pattern[str]
    positive: bool
    rest: str


def condition(text: str, kind: str) -> Condition:
    """The condition at the start of *text*: ``/pattern/flags``, or ``!`` and that."""
    match = RULE.fullmatch(text)
    if not match:
        raise PatternError("/pattern/flags expected")
    end = _end(match[3], match[2])
    flags, _, rest = match[3][end + 1 :].replace("\t", " ").partition(" ")
    return Condition(compiled(match[3][:end], flags, kind), not match[1], rest.strip())


def text_of(pattern: re.Pattern[str], kind: str) -> str:
    """*pattern* as a table of *kind* has it, in slashes."""
    set_here = (name for name in OPTION_LETTERS[kind] if bool(pattern.flags & FLAGS[name]))
    flags = "".join(sorted({*set_here} ^ {*DEFAULTS[kind]}))
    return f"/{SLASH.sub(_escaped, pattern.pattern)}/{flags}"


SLASH = re.compile(r"\\.|/", re.DOTALL)


def _escaped(match: re.Match[str]) -> str:
    return r"\/" if match[0] == "/" else match[0]


def _end(text: str, delimiter: str) -> int:
    """Where the pattern ends: at a delimiter that no backslash stands before."""
    escaped = False
    for place, character in enumerate(text):
        if character == delimiter and not escaped:
            return place
        escaped = character == "\\" and not escaped
    raise PatternError(f"no closing {delimiter}")


def compiled(pattern: str, options: str, kind: str) -> re.Pattern[str]:
    """*pattern* of a table of *kind* with the flags *options*, each of which toggles one."""
    if len(pattern) > MAX_PATTERN:
        raise PatternError(f"/{pattern[:40]}.../: longer than {MAX_PATTERN} characters")
    flags = 0
    for option, flag in FLAGS.items():
        toggled = options.count(option) % 2 == 1
        if option in OPTION_LETTERS[kind] and (option in DEFAULTS[kind]) != toggled:
            flags |= flag
    text = re.sub(r"\[:(\w+):\]", lambda m: CLASSES.get(m[1], m[0]), pattern)
    text = text.replace(r"\<", r"\b").replace(r"\>", r"\b")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = parser.parse(text, flags)
            reason = slow(tree)
            if reason:
                raise PatternError(f"/{pattern[:80]}/: may search without end ({reason})")
            return re.compile(text, flags)
        except (re.error, OverflowError, RecursionError) as error:
            raise PatternError(f"/{pattern[:80]}/: no pattern: {error}") from None


def slow(tree: Any) -> str:
    """Why a search for *tree* may take time without bound; empty if it cannot.

    Two ways to match the same text under one repeat double the time with each character; a
    repeat within a repeat has them unless something outside the inner one's characters stands
    between. Several repeats in a row that share characters multiply.
    """
    return _nested(tree) or _row(tree)


def _nested(tree: Any) -> str:
    for code, value in tree:
        if code in REPEATS and value[1] > MAX_REPEATS:
            body = value[2]
            if any(_ambiguous(branch) for branch in _branches(body)):
                return "a repeat within a repeat"
            if _overlapping(_branches(body)):
                return "a repeat of alternatives that begin alike"
        for part in _parts(code, value):
            if reason := _nested(part):
                return reason
    return ""


def _ambiguous(items: list[Any]) -> bool:
    """Whether one round of a repeat could end at several places.

    It could if a part of it is of no fixed length and has characters that each other part has.
    """
    inner = [i for i, item in enumerate(items) if _variable(item)]
    for place in inner:
        own = characters([items[place]])
        rest = [item for i, item in enumerate(items) if i != place]
        fixed = [item for item in rest if not _optional(item)]
        if not any(not (characters([item]) & own) for item in fixed):
            return True
    return False


def _overlapping(branches: list[list[Any]]) -> bool:
    states: set[int] = set()
    for branch in branches:
        first = characters(branch[:1]) if branch else set(ASCII)
        if len(branches) > 1 and states & first:
            return True
        states |= first
    return False


def _branches(body: Any) -> list[list[Any]]:
    """The alternatives of the body of a repeat, groups opened."""
    items = list(body)
    if len(items) == 1 and items[0][0] is constants.SUBPATTERN:
        return _branches(items[0][1][-1])
    if len(items) == 1 and items[0][0] is constants.BRANCH:
        return [branch for part in items[0][1][1] for branch in _branches(part)]
    return [items]


def _row(tree: Any) -> str:
    run = 0
    for item in _flat(tree):
        run = run + 1 if _unbounded(item) else run if _optional(item) else 0
        if run == MAX_REPEATS:
            return "repeats side by side"
    repeats = [characters([item]) for item in _flat(tree) if _unbounded(item)]
    wide = sum(1 for own in repeats if any(own & other for other in repeats if other is not own))
    return "repeats that share their characters" if wide > MAX_REPEATS else ""


def _flat(tree: Any) -> list[Any]:
    items = []
    for code, value in tree:
        items.append((code, value))
        if code in REPEATS:
            continue
        for part in _parts(code, value):
            items += _flat(part)
    return items


def _parts(code: Any, value: Any) -> list[Any]:
    if code in REPEATS or code is constants.POSSESSIVE_REPEAT:
        return [value[2]]
    if code is constants.BRANCH:
        return list(value[1])
    if code is constants.SUBPATTERN:
        return [value[-1]]
    if code in (constants.ASSERT, constants.ASSERT_NOT):
        return [value[1]]
    return [value] if code is constants.ATOMIC_GROUP else []


def _unbounded(item: Any) -> bool:
    return item[0] in REPEATS and item[1][1] >= UNBOUNDED


def _variable(item: Any) -> bool:
    pattern: Any = parser.SubPattern(parser.State(), [item])
    low, high = pattern.getwidth()
    return bool(low != high)


def _optional(item: Any) -> bool:
    return item[0] in (constants.AT, constants.SUBPATTERN) or (
        item[0] in REPEATS and item[1][0] == 0
    )


def characters(items: Any) -> set[int]:
    """The ASCII characters that *items* can match anywhere; a superset."""
    result: set[int] = set()
    for code, value in items:
        if code is constants.LITERAL:
            result |= {ord(chr(value).lower()), ord(chr(value).upper()[0])}
        elif code is constants.IN:
            result |= _members(value)
        elif code is constants.NOT_LITERAL:
            result |= set(ASCII) - {value}
        elif code in (constants.ANY, constants.GROUPREF, constants.GROUPREF_EXISTS):
            result |= set(ASCII)
        for part in _parts(code, value):
            result |= characters(part)
    return result


def _members(items: Any) -> set[int]:
    result: set[int] = set()
    for code, value in items:
        if code is constants.LITERAL:
            result |= {ord(chr(value).lower()), ord(chr(value).upper()[0])}
        elif code is constants.RANGE:
            result |= {c for c in ASCII if value[0] <= c <= value[1]}
        elif code is constants.CATEGORY:
            result |= _category(value)
    negated = any(code is constants.NEGATE for code, _ in items)
    return set(ASCII) - result if negated else result


def _category(code: Any) -> set[int]:
    for category, member in IN_CATEGORY.items():
        if code is category:
            return {c for c in ASCII if member(chr(c))}
    return set(ASCII)
