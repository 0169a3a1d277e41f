"""How parts are coded: as Parquet where PyArrow is at hand, else as numpy packs arrays."""

from __future__ import annotations

from typing import Any

from sim.experiment import storage

coding: Any
if storage.PARQUET:
    from sim.experiment import parquet

    coding = parquet
else:
    from sim.experiment import packed

    coding = packed
