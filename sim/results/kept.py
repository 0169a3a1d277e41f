"""A decision that stands beside the results it is of, read without loading what computed it.

It is as good as new as long as it, the manifests, the scenario and the parts there are the same.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from sim._version import __version__
from sim.records.files import DECISION, LOG, MANIFEST, SCENARIO, STRUCTURES, TABLES

FORMAT = 2
"""Of what is kept; raised where a decision says more than before."""
OF_RESULTS = MANIFEST, LOG, SCENARIO


def fresh(root: Path, baseline: str | None = None) -> dict[str, Any] | None:
    """The decision that is kept in *root*, against that *baseline*; None: it is to be made."""
    try:
        entry = json.loads((root / DECISION).read_text("utf-8"))
        decision: dict[str, Any] = entry["decision"]
        if entry["of"] != fingerprint(root, decision):
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if baseline not in (None, decision["baseline"]):
        return None
    return decision | {"folder": str(root)}


def text(root: Path, decision: dict[str, Any]) -> str:
    """What `fresh` reads, of a *decision* as data."""
    plain = json.loads(json.dumps(decision))  # as it will be read
    return json.dumps({"of": fingerprint(root, plain), "decision": plain}, indent=1) + "\n"


def fingerprint(root: Path, decision: dict[str, Any]) -> str:
    """A digest that changes with a decision, and with whatever it is made of."""
    digest = hashlib.sha256(f"{__version__} {FORMAT}".encode())
    digest.update(json.dumps(decision, sort_keys=True).encode())
    for folder in (root, root / STRUCTURES):
        for name in OF_RESULTS:
            path = folder / name
            digest.update(path.read_bytes() if path.exists() else b"none")
        for path in sorted(p for name in TABLES for p in folder.glob(f"{name}/arm=*/*.parquet")):
            digest.update(f"{path.relative_to(root)} {path.stat().st_size}".encode())
    return digest.hexdigest()
