"""Real configurations and logs of mail servers, in and out: import, observe, audit, export.

Only what is handed in is read; nothing is looked up, connected to or executed.
"""

from sim.config.errors import ConfigError
from sim.config.imported import Imported, import_postfix
from sim.config.observing import Observed, observe
from sim.config.reporting import Entry, Status

__all__ = ["ConfigError", "Entry", "Imported", "Observed", "Status", "import_postfix", "observe"]
