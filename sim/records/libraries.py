"""What to say where a library is missing: in a browser there may be few."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class MissingLibraryError(ImportError):
    """A library that something needs is not installed here; the message says which."""


@contextmanager
def needing(purpose: str) -> Iterator[None]:
    """Say that *purpose* needs a library, where importing one fails."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingLibraryError(
            f"{purpose} needs {error.name}, which is not installed here; a scenario's matrix, "
            "explain and diff, and exercises about them, do without"
        ) from None
