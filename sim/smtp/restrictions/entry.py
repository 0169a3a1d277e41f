"""The table of restrictions: each word of a policy is a row, made by a decorator."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sim.smtp.arguments import KINDS, RESTRICTION, Parameter, PolicyError
from sim.smtp.opinions import PERMIT, Deferral, Opinion, Refusal
from sim.smtp.suggestions import nearest
from sim.smtp.transaction import Transaction

STAGES = ("client", "helo", "sender", "relay", "recipient", "data", "end_of_data", "content")
"""The lists of a policy, in the order in which they are walked."""


def _no_breakpoints(*_: object) -> Mapping[str, tuple[Any, ...]]:
    return {}


def _says_nothing(_t: Transaction, *_: object) -> str:
    return "whoever asks"


class Entry(NamedTuple):
    """One row of `TABLE`.

    *judge* gives the opinion, *compared* the words of the trace. *reads* names the facts
    that decide it as they stand; *state_key* is the part of the facts it depends on where
    those are a clock, a count or a draw, and *judge* uses that same function, so that a
    memoised answer cannot differ.
    """

    name: str
    doc: str
    judge: Callable[..., Opinion]
    compared: Callable[..., str] = _says_nothing
    reads: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    state_key: Callable[..., Hashable] | None = None
    state_facts: tuple[str, ...] = ()
    """Names of the facts that *state_key* looks at."""
    breakpoints: Callable[..., Mapping[str, tuple[Any, ...]]] = _no_breakpoints
    """By fact, the values from which on *state_key* may be another: between two of them it
    is that of the lower one. None comes below all numbers."""
    own: bool = False
    """The name is ours: Postfix has none for it."""
    grants: bool = False
    """A permit means that this client may relay, wherever the mail goes."""
    final: bool = False
    """It always has an opinion, so nothing after it is reached."""
    splits: str = ""
    """``ours`` or ``theirs``: it always has an opinion on destinations that are, or are not,
    this server's; after one of each nothing is reached."""
    at: str = ""
    """The command at which some servers judge it, wherever it stands: CONNECT, AUTH, MAIL."""
    about: str = ""
    """``login`` for a rule on who may use a sender; some servers judge those earlier."""
    asks_all: bool = False
    """A rule about logins that also asks clients without one who owns their sender."""
    modelled: bool = True
    """False: it never has an opinion, because what it asks is not simulated."""


TABLE: dict[str, Entry] = {}
"""Every restriction by its name."""
ALIASES: dict[str, str] = {}
"""Old names of restrictions."""


def restriction(
    *, aliases: tuple[str, ...] = (), **properties: Any
) -> Callable[[Callable[..., Opinion]], Callable[..., Opinion]]:
    """Make the decorated function a row of `TABLE`, under its own name and with its docstring."""

    def register(judge: Callable[..., Opinion]) -> Callable[..., Opinion]:
        row(judge.__name__, " ".join((judge.__doc__ or "").split()), judge, **properties)
        ALIASES.update(dict.fromkeys(aliases, judge.__name__))
        return judge

    return register


def row(name: str, doc: str, judge: Callable[..., Opinion], **properties: Any) -> None:
    """Add a row to `TABLE`."""
    TABLE[name] = Entry(name, doc, judge, **properties)


@dataclass(frozen=True, slots=True)
class Restriction:
    """A restriction with its arguments, as it stands in a list."""

    name: str
    args: tuple[Any, ...] = ()
    entry: Entry = field(init=False, repr=False, compare=False)
    judge: Callable[[Transaction], Opinion] = field(init=False, repr=False, compare=False)
    """The opinion on a transaction."""

    def __post_init__(self) -> None:
        """Find the row; raises PolicyError for an unknown name or a wrong number of arguments."""
        entry = TABLE.get(self.name)
        if entry is None:
            raise unknown(self.name)
        least = sum(not p.optional for p in entry.parameters)
        most = len(self.args) if any(p.many for p in entry.parameters) else len(entry.parameters)
        if not least <= len(self.args) <= most:
            raise PolicyError(
                f"{self.name} takes {signature(entry)}",
                value=str(len(self.args)) + " arguments",
                expected=signature(entry),
            )
        object.__setattr__(self, "entry", entry)
        judge = entry.judge if not self.args else _with_arguments(entry.judge, self.args)
        object.__setattr__(self, "judge", judge)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by name, so that the row is found again in the table."""
        return Restriction, (self.name, self.args)

    def compared(self, transaction: Transaction) -> str:
        """What was compared with what, for the trace."""
        return self.entry.compared(transaction, *self.args)

    def parts(self) -> Iterator[Restriction]:
        """This restriction and those inside its arguments."""
        yield self
        for arg in self.args:
            if isinstance(arg, Restriction):
                yield from arg.parts()

    def __str__(self) -> str:
        """The text that `parse` reads back."""
        if not self.args:
            return self.name
        return f"{self.name}({', '.join(_argument_texts(self.entry, self.args))})"


def _with_arguments(
    judge: Callable[..., Opinion], args: tuple[Any, ...]
) -> Callable[[Transaction], Opinion]:
    return lambda transaction: judge(transaction, *args)


def _argument_texts(entry: Entry, args: tuple[Any, ...]) -> Iterator[str]:
    for index, value in enumerate(args):
        kind = entry.parameters[min(index, len(entry.parameters) - 1)].kind
        yield KINDS[kind].text(value) if kind in KINDS else str(value)


def signature(entry: Entry) -> str:
    """How *entry* is written, with the names of its arguments."""
    if not entry.parameters:
        return f"{entry.name} without arguments"
    names = (p.name + ("..." if p.many else "") for p in entry.parameters)
    return f"{entry.name}({', '.join(names)})"


def unknown(name: str) -> PolicyError:
    """The error for a name that is not in the table."""
    return PolicyError(
        "unknown restriction",
        value=name,
        expected="a name of restrictions.TABLE",
        nearest=nearest(name, TABLE),
    )


# ---- parameters and questions that several rows have

TABLE_NAME = (Parameter("table", "table"),)
BLOCKLIST = (Parameter("blocklist", "blocklist"),)
INNER = (Parameter("restrictions", RESTRICTION, many=True),)
SENDER = ("reverse_path",)
RECIPIENT = ("forward_path",)


def settle(t: Transaction, opinion: Opinion) -> Opinion:
    """What is left of *opinion* once deferrals are noted and warnings are only written down."""
    if isinstance(opinion, Deferral):
        if t.warning:
            return None
        if opinion.condition == "permit":
            t.deferral = t.deferral or opinion.refusal
        else:
            t.on_reject = t.on_reject or opinion.refusal
        return None
    if t.warning and isinstance(opinion, Refusal) and opinion.situation not in BROKEN:
        return None
    return opinion


BROKEN = frozenset({"configuration_error", "lookup_failure"})
"""Situations of a server whose configuration fails; a warning does not soften them."""


def walk(t: Transaction, restrictions: tuple[Restriction, ...]) -> Opinion:
    """The opinion of a list within a list."""
    for each in restrictions:
        opinion = settle(t, each.judge(t))
        if opinion is not None:
            return opinion
        if t.deferral is not None and t.on_reject is not None:
            return None
    return None


def permit_if(condition: bool) -> Opinion:
    """PERMIT where *condition* holds."""
    return PERMIT if condition else None
