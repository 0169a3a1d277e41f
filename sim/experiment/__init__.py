"""Arms, replications, executors, storage: from a scenario to a folder of results."""

from sim.experiment.ensemble import ensemble_of, run_ensemble
from sim.experiment.execution import Execution
from sim.experiment.run import run, table_of_runs
from sim.experiment.storage import OtherResultsError, StorageError, Task
from sim.experiment.stored import Stored, open_stored
from sim.records.usage import UsageError

__all__ = [
    "Execution",
    "OtherResultsError",
    "StorageError",
    "Stored",
    "Task",
    "UsageError",
    "ensemble_of",
    "open_stored",
    "run",
    "run_ensemble",
    "table_of_runs",
]
