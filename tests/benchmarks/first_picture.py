"""From wheels to a first picture: ``python tests/benchmarks/first_picture.py WHEELS``.

*WHEELS* is a folder with a wheel of mailsim and of all that it needs (``pip wheel . -w WHEELS``).
Installs them by ``uv pip install`` in a new environment without a network, and runs
``mailsim run open-vs-restricted --quick``: seconds by the clock, least of three.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 3
ASKED = 15.0
"""Seconds from the first step to the first picture, at most."""


def seconds(wheels: Path, folder: Path) -> tuple[float, float]:
    """Until all is installed, and until there is a picture."""
    began = time.perf_counter()
    subprocess.run(
        ["uv", "venv", "--quiet", "--python", sys.executable, "venv"], cwd=folder, check=True
    )
    install = ["uv", "pip", "install", "--quiet", "--python", "venv", "--offline", "--no-cache"]
    subprocess.run(
        [*install, "--no-index", "--find-links", wheels, "mailsim"], cwd=folder, check=True
    )
    installed = time.perf_counter() - began
    command = [folder / "venv" / "bin" / "mailsim", "run", "open-vs-restricted", "--quick"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    compiling = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with subprocess.Popen([*command, "--out", "out"], cwd=folder, env=compiling, **quiet) as run:
        while not [*folder.glob("out/figures/*.png")]:
            if run.poll() is not None:
                raise SystemExit("mailsim run drew no picture")
            time.sleep(0.05)
        drawn = time.perf_counter() - began
        run.terminate()  # what is only assumed is tried after the first pictures
        return installed, drawn


def main() -> None:
    """Measure, and say whether it is soon enough."""
    wheels, rounds = Path(sys.argv[1]).resolve(), []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            rounds.append(seconds(wheels, Path(folder)))
    installed, drawn = min(rounds, key=lambda times: times[1])
    print(f"installed in {installed:.1f} s, first picture after {drawn:.1f} s (asked: {ASKED:g} s)")


if __name__ == "__main__":
    main()
