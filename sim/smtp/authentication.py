"""The exchange of SMTP AUTH (RFC 4954): PLAIN (RFC 4616) and LOGIN, step by step."""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple

MECHANISMS = ("PLAIN", "LOGIN")


class Step(NamedTuple):
    """What one response of the client came to: a further *challenge*, a *fault* (a situation),
    or the *name* and *password* to try."""

    challenge: str | None = None
    fault: str = ""
    name: str = ""
    password: str = ""


class Exchange:
    """One AUTH command, from its mechanism to a name and a password."""

    def __init__(self, mechanism: str) -> None:
        self.mechanism = mechanism.upper()
        self._name: str | None = None

    @property
    def supported(self) -> bool:
        """Whether the mechanism is supported."""
        return self.mechanism in MECHANISMS

    def begin(self, initial: str) -> Step:
        """The first step; *initial* is the response that the client sent at once."""
        if initial:
            return self.respond(initial)
        return Step(_encoded("" if self.mechanism == "PLAIN" else "Username:"))

    def respond(self, line: str) -> Step:
        """The step after the response *line*."""
        if line == "*":
            return Step(fault="auth_cancelled")
        try:
            # "=" alone is an empty response (RFC 4954 section 4)
            text = "" if line == "=" else base64.b64decode(line, validate=True).decode("utf-8")
        except (binascii.Error, ValueError):
            return Step(fault="auth_malformed")
        return self._plain(text) if self.mechanism == "PLAIN" else self._login(text)

    def _plain(self, text: str) -> Step:
        parts = text.split("\0")
        if len(parts) != 3:
            return Step(fault="auth_malformed")
        acts_for, name, password = parts
        return Step(name=name if acts_for in ("", name) else "", password=password)

    def _login(self, text: str) -> Step:
        if self._name is None:
            self._name = text
            return Step(_encoded("Password:"))
        return Step(name=self._name, password=text)


def _encoded(challenge: str) -> str:
    return base64.b64encode(challenge.encode()).decode()
