"""Text that leaves: names and titles come from strangers, and nothing in them may act.

A function for each way out: a terminal, HTML, JSON, a spreadsheet. What would act is spelled out
(``\\u001b``) as Python, TOML and JSON spell it, so that nothing is lost.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from typing import Any

_DOUBTFUL = re.compile(r"[^\n\t -~]")
"""All but lines of ASCII: what is looked at."""
_SHORT = {"\n": r"\n", "\t": r"\t"}
_ASTRAL = 0x10000
_FORMULA = re.compile(r"[\t\r]|\s*[=+@\uff1d\uff0b\uff20-]|\s*\uff0d")
"""How a field begins that spreadsheets compute (OWASP, CSV Injection), full-width forms too."""
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?")


def printable(text: str) -> str:
    """Return *text* on one line with control characters spelled out, for names and messages."""
    return "".join(_SHORT.get(c, c) for c in visible(text))


def visible(text: str) -> str:
    """Return *text* for a terminal: lines and tabs stay, other control characters are spelled out.

    Also those that turn the direction of writing, or that no encoding has (lone surrogates).
    """
    return _DOUBTFUL.sub(lambda match: _spelled(match[0]), text)


def _spelled(character: str) -> str:
    if character.isprintable() or unicodedata.category(character) == "Zs":  # spaces of all kinds
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < _ASTRAL else f"\\U{code:08x}"


def markup(text: str) -> str:
    """Return *text* as HTML shows it: no tag, no attribute's end, no control character."""
    return html.escape(visible(text))


def json_text(value: Any) -> str:
    """Return *value* as JSON that a terminal may show; it reads back as the same value."""

    def spelled(match: re.Match[str]) -> str:
        return match[0] if visible(match[0]) == match[0] else json.dumps(match[0])[1:-1]

    return _DOUBTFUL.sub(spelled, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def field(text: str) -> str:
    """Return *text* as a field of CSV that no spreadsheet computes: a quote goes before it."""
    computed = _FORMULA.match(text) and not _NUMBER.fullmatch(text)
    return f"'{visible(text)}" if computed else visible(text)
