"""Make `visiting` importable, and what tests of reports and of configurations have."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), *(str(HERE.parent / f) for f in ("results/report", "config"))]
