"""Reading restrictions: ``permit_pop_before_smtp(30 min)``, and lists as main.cf has them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any

from sim.smtp import arguments
from sim.smtp.arguments import KINDS, RESTRICTION, PolicyError
from sim.smtp.matching import words as split
from sim.smtp.restrictions.entry import ALIASES, TABLE, Entry, Restriction, signature, unknown

MAX_TEXT = 4000
"""Characters that `parse` looks at."""
MAX_DEPTH = 40
"""Opening brackets in one restriction."""
ACCESS_OF = {
    "client": "check_client_access",
    "helo": "check_helo_access",
    "sender": "check_sender_access",
    "relay": "check_recipient_access",
    "recipient": "check_recipient_access",
}
"""What a table without a word before it means, by the list that it stands in."""


def names() -> tuple[str, ...]:
    """Names of all restrictions; each may stand in any list."""
    return tuple(TABLE)


def parse(text: str) -> Restriction:
    """Read one restriction: a name, ``name(argument, ...)`` or ``name argument``.

    Raises PolicyError with the nearest valid name.
    """
    if not isinstance(text, str) or len(text) > MAX_TEXT:
        raise PolicyError(
            "not a restriction", value=str(text)[:60], expected=f"at most {MAX_TEXT} characters"
        )
    match = re.fullmatch(r"\s*([A-Za-z0-9_]+)\s*(?:\((.*)\)|\s(.*))?\s*", text, re.DOTALL)
    if match is None or text.count("(") > MAX_DEPTH:
        raise PolicyError(
            "not a restriction", value=text, expected="a name, or a name(argument, ...)"
        )
    entry = TABLE.get(ALIASES.get(match[1], match[1]))
    if entry is None:
        raise unknown(match[1])
    texts = arguments.split((match[2] if match[2] is not None else match[3]) or "")
    return Restriction(
        entry.name, tuple(_argument(entry, index, part) for index, part in enumerate(texts))
    )


def _argument(entry: Entry, index: int, text: str) -> Any:
    parameters = entry.parameters
    if index >= len(parameters) and not (parameters and parameters[-1].many):
        raise PolicyError(
            f"{entry.name}: too many arguments", value=text, expected=signature(entry)
        )
    parameter = parameters[min(index, len(parameters) - 1)]
    if parameter.kind == RESTRICTION:
        return _inner(entry, text)
    kind = KINDS[parameter.kind]
    try:
        return kind.read(text)
    except ValueError as error:
        raise PolicyError(
            f"{entry.name}: {parameter.name}: {error}", value=text, expected=kind.expected
        ) from error


def _inner(entry: Entry, text: str) -> Restriction:
    inner = parse(text)
    if entry.name == "permit_all_of" and not inner.name.startswith("permit_"):
        raise PolicyError(
            f"{inner.name} does not permit", value=text, expected="a restriction that permits"
        )
    return inner


def check_order(restrictions: tuple[Restriction, ...]) -> None:
    """Raise PolicyError if one of the list can never be reached."""
    splits: set[str] = set()
    for restriction, following in itertools.pairwise(restrictions):
        splits.add(restriction.entry.splits)
        if restriction.entry.final or {"ours", "theirs"} <= splits:
            raise PolicyError(
                f"unreachable after {restriction}",
                value=str(following),
                expected=f"{restriction} to be the last of its list",
            )


@lru_cache(maxsize=4096)
def listed(
    text: str, stage: str, classes: Collection[str] = frozenset()
) -> tuple[Restriction, ...]:
    """The list that *text* states as main.cf has it; *classes* are names of restriction classes.

    Never raises: a word that is not known is `misconfigured`, for whoever gets there.
    """
    words = split(text)
    restrictions: list[Restriction] = []
    warn = False
    while words:
        word = words.pop(0)
        name = word.lower()
        if name == "warn_if_reject":
            warn = True
            continue
        if ":" in word:
            words.insert(0, word)
            name = ACCESS_OF.get(stage, "")
        each = _listed(name, word, words, classes)
        if each is not None:
            restrictions.append(Restriction("warn_if_reject", (each,)) if warn else each)
        warn = False
    return tuple(restrictions)


def _listed(name: str, word: str, words: list[str], classes: Collection[str]) -> Restriction | None:
    """One restriction of a list, with its argument taken from *words*."""
    entry = TABLE.get(ALIASES.get(name, name))
    if entry is None or entry.own or entry.name == "misconfigured":
        if word in classes:
            return Restriction("restriction_class", (word,))
        if ":" in word:
            words.pop(0)
        return Restriction("misconfigured", (word,))
    if entry.name == "warn_if_reject" or not entry.parameters:
        return Restriction(entry.name)
    kind = entry.parameters[0].kind
    if not words:
        return None if kind == "blocklist" else Restriction("misconfigured", (word,))
    argument = words.pop(0)
    try:
        return Restriction(entry.name, (KINDS[kind].read(argument),))
    except ValueError:
        return Restriction("misconfigured", (f"{word} {argument}",))
