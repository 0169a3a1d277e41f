"""Make `visiting` importable, what tests of reports and of configurations have, and the record."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
TESTS = HERE.parent
sys.path[:0] = [
    str(HERE),
    str(TESTS),
    *(str(TESTS / f) for f in ("results/report", "config", "smtp")),
]
