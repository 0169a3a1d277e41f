"""One writer in a folder at a time: who comes second is told who is there.

The system itself takes the lock away from a process that ends, however it ends. Where it has no
locks (a browser), there is one process anyway.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sim.experiment import storage
from sim.experiment.storage import InUseError, OtherResultsError

if sys.platform == "win32":
    import msvcrt

    AWAY = 2**30
    """Where the lock lies: what is locked cannot be read there, and the start says who holds it."""

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, AWAY, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)

else:
    try:
        import fcntl
    except ImportError:  # a browser

        def _lock(descriptor: int) -> None: ...

    else:

        def _lock(descriptor: int) -> None:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


NAME = ".mailsim.lock"
LONGEST = 500
"""Characters that say who holds a lock."""
STALE = re.compile(r"\..+\.\d+\.tmp")
"""Names under which files are written before they get their own."""


@contextmanager
def exclusive(root: Path) -> Iterator[None]:
    """Be the only one that writes into *root*, which is made if need be.

    What writers that were killed left half written is removed. Raises InUseError if somebody
    else writes there.
    """
    with storage.explained(root):
        if root.exists() and not root.is_dir():
            raise OtherResultsError(f"{root} is a file; choose another --out")
        root.mkdir(parents=True, exist_ok=True)
        descriptor = _acquired(root)
    try:
        with storage.explained(root):
            _remove_stale(root)
        yield
    finally:
        _release(root / NAME, descriptor)


def _acquired(root: Path) -> int:
    """The open lock of *root*, with who holds it."""
    path = root / NAME
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(descriptor)
        except (BlockingIOError, PermissionError):
            who = os.read(descriptor, LONGEST).decode("utf-8", "replace")
            os.close(descriptor)
            raise InUseError(
                f"{root} is in use by {who or 'another process'}; wait until that has ended, or "
                "choose another --out"
            ) from None
        except OSError:  # a file system without locks
            return descriptor
        if _is(path, descriptor):  # who held it before may have removed it in between
            os.ftruncate(descriptor, 0)
            os.write(descriptor, _holder().encode())
            return descriptor
        os.close(descriptor)


def _is(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except OSError:
        return False


def _holder() -> str:
    command = shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]) if sys.argv else ""
    since = datetime.now().isoformat(" ", "minutes")
    return f"process {os.getpid()} on {platform.node()} since {since} ({command})"[:LONGEST]


def _release(path: Path, descriptor: int) -> None:
    """Remove the lock while it is held, so that nobody gets it who then sees it removed."""
    if _is(path, descriptor):
        with contextlib.suppress(OSError):  # Windows removes no file that is open
            path.unlink()
    os.close(descriptor)


def _remove_stale(root: Path) -> None:
    """Remove files that were never finished; a folder of results within has its own lock."""
    for folder in (root, *(root / name for name in storage.FOLDERS)):
        for path in folder.glob("*" if folder == root else "**/*"):
            if STALE.fullmatch(path.name):
                path.unlink(missing_ok=True)
