"""Memory and speed of `mailsim observe`: ``python tests/benchmarks/observing.py [LINES...]``.

For each number of lines, a child process reads a log of so many; memory must not grow with it.
"""

from __future__ import annotations

import gzip
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "config"))
import mail_log

CHILD = """
import resource, sys, time
from sim.config import observe
began = time.process_time()
seen = observe(sys.argv[1])
megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"{seen.lines:,} lines: {time.process_time() - began:.1f} s, {megabytes:.0f} MB at most")
"""


def main(counts: list[int]) -> None:
    """Print a line for each number of lines."""
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "mail.log.gz"
            with gzip.open(path, "wt", compresslevel=1) as log:
                for line in islice(mail_log.lines(count // 7, people=5000), count):
                    log.write(f"{line}\n")
            subprocess.run([sys.executable, "-c", CHILD, str(path)], check=True)


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or [100_000, 1_000_000])
