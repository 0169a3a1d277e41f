"""Command lines cut into words, as leniently as Postfix does."""

from __future__ import annotations

from typing import NamedTuple


class Word(NamedTuple):
    """A word of a command line; *broken*: a quote or bracket was not closed."""

    text: str
    broken: bool = False


def words(line: str) -> list[Word]:
    """Cut a command line at spaces outside quotes and brackets, and after ``TO:`` and ``FROM:``."""
    line_words: list[Word] = []
    text, broken, at = "", False, 0
    while at < len(line):
        character = line[at]
        at += 1
        if character.isspace():
            if text:
                line_words.append(Word(text, broken))
                text, broken = "", False
        elif character in '<"':
            end, whole = _closing(line, at, character)
            text += line[at - 1 : end]
            broken |= not whole
            at = end
        elif character == ":":
            text += character
            if text.lower() in ("to:", "from:"):
                line_words.append(Word(text))
                text = ""
        else:
            if character == "\\" and at < len(line):
                character += line[at]
                at += 1
            text += character
    return [*line_words, Word(text, broken)] if text else line_words


def _closing(line: str, at: int, opening: str) -> tuple[int, bool]:
    """Where what *opening* began ends, and whether it does."""
    openings = [">" if opening == "<" else opening]
    while at < len(line):
        character = line[at]
        at += 1
        if character == "\\":
            at += 1
        elif character == openings[-1]:
            openings.pop()
            if not openings:
                return at, True
        elif character == '"':
            openings.append('"')
        elif character == "<" and openings[-1] == ">":
            openings.append(">")
    return len(line), False
