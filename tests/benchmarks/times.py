"""How long a run of each ready scenario takes: ``python tests/benchmarks/times.py [NAME...]``.

Records what `mailsim plan` forecasts for a whole run on one core, structures included, in
sim/scenario/times.json, which `mailsim gallery` shows. Processor time is taken for time, so that it
does not matter what else keeps the machine busy.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from datetime import date
from unittest import mock

import sim
from sim.experiment.plan import plan
from sim.scenario import ready

UNIT = "seconds of one core, as mailsim plan forecast for a whole run with structures"


def seconds(name: str) -> float:
    """Two digits of the forecast of one scenario (s)."""
    with mock.patch("time.perf_counter", time.process_time):
        planned = plan(sim.load(ready.path_of(name)).model).as_dict()
    return float(f"{planned['seconds'] + planned['structure_seconds']:.2g}")


def main(names: list[str]) -> None:
    """Record the scenarios that are named, or all, and forget those that are gone."""
    stored = json.loads(ready.TIMES.read_text("utf-8")) if ready.TIMES.exists() else {}
    times = stored.get("seconds", {})
    for name in names or ready.names():
        times[name] = seconds(name)
        print(f"{name:24} {times[name]:8g} s")
    record = {
        "unit": UNIT,
        "recorded": f"{date.today()}, {platform.machine()}, one of {os.cpu_count()} cores",
        "seconds": {name: times[name] for name in ready.names() if name in times},
    }
    ready.TIMES.write_text(json.dumps(record, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
