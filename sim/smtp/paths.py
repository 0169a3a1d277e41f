"""How MAIL and RCPT are read as far as the path: strictly, or as leniently as a make does."""

from __future__ import annotations

import re
from typing import NamedTuple

_INSIDE = r'((?:[^<>"]|"(?:[^"\\]|\\.)*")*)'
_BARE = r"([^\s<>]+)"

FORMS = {
    # RFC 5321 section 4.1.1.2, with a space after the colon, which many clients send
    "strict": rf"(?P<verb>FROM|TO):[ ]?<{_INSIDE}>(?: +(?P<more>.*))?",
    "bracketed": rf"(?P<verb>FROM|TO): *<{_INSIDE}> *(?P<more>.*)",
    "bare": rf"(?P<verb>FROM|TO): *(?:<{_INSIDE}>|<<{_INSIDE}>>|{_BARE})(?: +(?P<more>.*))?",
    "named": rf'(?P<verb>FROM|TO): *(?:[^<>"@:]*<{_INSIDE}>|{_BARE})(?: +(?P<more>.*))?',
}
"""By what a `Flavour` calls it: the argument of MAIL and of RCPT, as a regular expression."""

WITH_COLON = ("bracketed", "named")
"""Of these, for makes to which ``MAIL FROM:`` as a whole is the command."""


class Argument(NamedTuple):
    """A path, and the parameters after it."""

    path: str
    parameters: tuple[str, ...]


def argument(form: str, keyword: str, text: str) -> Argument | None:
    """The path and the parameters in *text*, which begins with *keyword*; None: it is none."""
    match = re.fullmatch(FORMS[form], text, re.IGNORECASE)
    if match is None or match["verb"].upper() != keyword:
        return None
    path = next(group for group in match.groups()[1:-1] if group is not None)
    return Argument(path, tuple((match["more"] or "").split()))


def is_command(form: str, line: str) -> bool:
    """Whether a line that begins with MAIL or RCPT is one of these commands at all."""
    if form not in WITH_COLON or line[:4].upper() not in ("MAIL", "RCPT"):
        return True
    return re.match(r"MAIL FROM:|RCPT TO:", line, re.IGNORECASE) is not None
