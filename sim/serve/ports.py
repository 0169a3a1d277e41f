"""Where live servers listen."""

from __future__ import annotations

from typing import NamedTuple


class Port(NamedTuple):
    """A row of the table: what listens where."""

    kind: str
    name: str
    """Of the server, or of the ISP's network."""
    port: int
