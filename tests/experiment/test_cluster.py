"""A real cluster on this machine: a worker is killed, and nothing is lost or counted twice."""

import os
import signal
import threading
import time
import warnings
from pathlib import Path

import pandas as pd
import pytest

import sim
from sim.experiment import journal

distributed = pytest.importorskip("distributed")
SMALL = Path(__file__).with_name("small.toml")

# the cluster's own pipes and sockets, when a worker of it is killed
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
]


def test_a_killed_worker_loses_nothing(tmp_path):
    scenario = sim.load(SMALL).with_overrides({"run_length": "10 days"})
    alone = sim.run(scenario, out=tmp_path / "alone", replications=6, progress=False)
    out = tmp_path / "cluster"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cluster = distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
        )
    with cluster, distributed.Client(cluster) as client:
        pids = list(client.run(os.getpid).values())

        def kill_one():
            waited = time.monotonic() + 60
            while len(journal.read(out).runs) < 2 and time.monotonic() < waited:
                time.sleep(0.01)
            os.kill(pids[0], signal.SIGKILL)

        killer = threading.Thread(target=kill_one)
        killer.start()
        executor = client.get_executor(pure=False)
        found = sim.run(scenario, out=out, replications=6, executor=executor, progress=False)
        killer.join()
    assert found.manifest["complete"]
    assert len(journal.read(out).runs) == 12
    for table in ("recipients", "attempts", "measures"):
        pd.testing.assert_frame_equal(getattr(found, table), getattr(alone, table))
