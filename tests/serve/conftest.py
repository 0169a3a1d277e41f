"""Make `visiting`, and `browser` of the tests of reports, importable."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "results" / "report")]
