"""A decision that stands beside the results it is of, read without loading what computed it.

It is as good as new as long as the manifests, the scenario and the parts there are the same.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from sim._version import __version__
from sim.records.files import DECISION, LOG, MANIFEST, MEASURES, SCENARIO, STRUCTURES

OF_RESULTS = MANIFEST, LOG, SCENARIO


def fresh(root: Path, baseline: str | None = None) -> dict[str, Any] | None:
    """The decision that is kept in *root*, against that *baseline*; None: it is to be made."""
    try:
        entry = json.loads((root / DECISION).read_text("utf-8"))
        if entry["of"] != fingerprint(root):
            return None
        decision: dict[str, Any] = entry["decision"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if baseline not in (None, decision["baseline"]):
        return None
    return decision | {"folder": str(root)}


def text(root: Path, decision: dict[str, Any]) -> str:
    """What `fresh` reads, of a *decision* as data."""
    return json.dumps({"of": fingerprint(root), "decision": decision}, indent=1) + "\n"


def fingerprint(root: Path) -> str:
    """A digest that changes with whatever a decision is made of."""
    digest = hashlib.sha256(__version__.encode())
    for name in (*OF_RESULTS, *(f"{STRUCTURES}/{name}" for name in OF_RESULTS)):
        path = root / name
        digest.update(path.read_bytes() if path.exists() else b"none")
    for path in sorted(root.glob(f"{MEASURES}/arm=*/*.parquet")):
        digest.update(f"{path.parent.name}/{path.name} {path.stat().st_size}".encode())
    return digest.hexdigest()
