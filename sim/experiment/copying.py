"""Results copied to another folder, so that a kill at any step leaves what can be copied again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from sim.experiment import locking, storage
from sim.experiment.claiming import claim, clear
from sim.experiment.manifest import read_manifest


def copy(root: Path, out: Path) -> None:
    """Copy the results in *root* to *out*, which must be free or hold results of the same."""
    storage.need_parquet()
    manifest = read_manifest(root)
    complete, manifest.complete = manifest.complete, False
    with locking.exclusive(out), storage.explained(out):
        claim(out, manifest)
        manifest.write(out)
        clear(out)
        for path in _files(root):
            storage.atomically(out / path.relative_to(root), partial(shutil.copyfile, path))
        manifest.complete = complete
        manifest.write(out)


def _files(root: Path) -> Iterator[Path]:
    """All files to copy, the log after what it tells of; the manifest is written anew."""
    last = [root / storage.MANIFEST, root / storage.LOG]
    for path in sorted(root.rglob("*")):
        left = path in last or path.name == locking.NAME or locking.STALE.fullmatch(path.name)
        if path.is_file() and not left:
            yield path
    yield last[1]
