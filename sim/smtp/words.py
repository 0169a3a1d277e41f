"""Command lines cut into words, as leniently as Postfix does."""

from __future__ import annotations

from typing import NamedTuple


class Word(NamedTuple):
    """A word of a command line; *broken*: a quote or bracket was not closed."""

    text: str
    broken: bool = False


def words(line: str) -> list[Word]:
    """Cut a command line at spaces outside quotes and brackets, and after ``TO:`` and ``FROM:``."""
    found: list[Word] = []
    text, broken, at = "", False, 0
    while at < len(line):
        letter = line[at]
        at += 1
        if letter.isspace():
            if text:
                found.append(Word(text, broken))
                text, broken = "", False
        elif letter in '<"':
            end, whole = _closing(line, at, letter)
            text += line[at - 1 : end]
            broken |= not whole
            at = end
        elif letter == ":":
            text += letter
            if text.lower() in ("to:", "from:"):
                found.append(Word(text))
                text = ""
        else:
            if letter == "\\" and at < len(line):
                letter += line[at]
                at += 1
            text += letter
    return [*found, Word(text, broken)] if text else found


def _closing(line: str, at: int, opening: str) -> tuple[int, bool]:
    """Where what *opening* began ends, and whether it does."""
    wanted = [">" if opening == "<" else opening]
    while at < len(line):
        letter = line[at]
        at += 1
        if letter == "\\":
            at += 1
        elif letter == wanted[-1]:
            wanted.pop()
            if not wanted:
                return at, True
        elif letter == '"':
            wanted.append('"')
        elif letter == "<" and wanted[-1] == ">":
            wanted.append(">")
    return len(line), False
