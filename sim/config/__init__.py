"""Real configurations of mail servers, in and out: import, audit, export.

Only what is handed in is read; nothing is looked up, connected to or executed.
"""

from sim.config.errors import ConfigError
from sim.config.imported import Imported, import_postfix
from sim.config.reporting import Entry, Status

__all__ = ["ConfigError", "Entry", "Imported", "Status", "import_postfix"]
