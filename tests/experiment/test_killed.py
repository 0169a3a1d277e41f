"""Killed at any moment, an experiment goes on and ends with the rows of one never killed."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd

import sim

ROOT = Path(sim.__file__).resolve().parent.parent
SMALL = Path(__file__).with_name("small.toml")
ONCE_MORE = 3


def started(out: Path) -> subprocess.Popen:
    code = (
        f"import sim; sim.run({str(SMALL)!r}, out={str(out)!r}, replications=12, workers=2, "
        "progress=False)"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"STARTED_BY": str(out)},
    )


def left_over(out: Path) -> list[str]:
    """Processes that a killed one had started and that still run, where /proc tells."""
    mark = f"STARTED_BY={out}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if mark in path.read_bytes().split(b"\0"):
                found.append(path.parent.name)
    return found


def test_killed_at_random_moments_the_rows_are_those_of_an_uninterrupted_run(tmp_path):
    out, moments = tmp_path / "out", random.Random(6)
    kills = 0
    for _ in range(ONCE_MORE):
        parts = len(list(out.glob("measures/*/*.parquet")))
        running = started(out)
        waited = time.monotonic() + 60
        while running.poll() is None and time.monotonic() < waited:  # until one more is stored
            if len(list(out.glob("measures/*/*.parquet"))) > parts:
                break
            time.sleep(0.01)
        time.sleep(moments.random() * 0.2)
        if running.poll() is None:
            running.send_signal(signal.SIGKILL)
            kills += 1
        running.wait()
    assert kills >= 2, "it was never killed at work"
    waited = time.monotonic() + 20
    while left_over(out) and time.monotonic() < waited:
        time.sleep(0.05)
    assert left_over(out) == [], "a killed run leaves no workers behind"
    assert len(list(out.glob("measures/*/*.parquet"))) > 2  # something was kept
    found = sim.run(SMALL, out=out, replications=12, progress=False)
    assert not list(out.rglob("*.tmp"))
    alone = sim.run(SMALL, out=tmp_path / "alone", replications=12, progress=False)
    for table in ("recipients", "attempts", "servers", "calendar", "measures"):
        pd.testing.assert_frame_equal(getattr(found, table), getattr(alone, table))
