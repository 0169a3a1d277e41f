"""The main job with whatever versions are installed: ``python tests/smoke.py``; no pytest needed.

On the command line: exact answers, a run with every figure, decision, page, tables, a sweep; then
the same from Python. It takes about half a minute of processor time.
"""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
SMALL = str(ROOT / "tests" / "experiment" / "small.toml")
MAIN = str(ROOT / "scenarios" / "open-vs-restricted.toml")
COMMANDS = (
    ("--help",),
    ("check", MAIN),
    ("check", MAIN, "--resolved"),
    ("matrix", MAIN, "--arms", "on network"),
    ("explain", MAIN, "--user", "travellers", "--place", "hotel", "--to", "bob@adatum.com"),
    ("diff", MAIN, "open trust", "on network"),
    ("run", SMALL, "--out", "run", "--replications", "2", "--workers", "2"),
    ("decide", "run", "--json"),
    ("report", "run", "--figures", "rates,matrix,delay", "--style", "column"),
    ("export", "run", "--table", "measures", "--table", "recipients"),
    ("sweep", SMALL, "--out", "sweep", "--over", "users.travellers.count=5,10",
     "--replications", "1", "--workers", "1"),
    ("schema",),
)  # fmt: skip
WRITTEN = (
    "run/manifest.json", "run/summary.csv", "run/report.html", "run/figures/rates.pdf",
    "run/tables/recipients.csv", "sweep/summary.csv",
)  # fmt: skip


def command(folder: Path, *arguments: str) -> None:
    """Run the command; its flags must be read as given, so it must not fail."""
    line = [sys.executable, "-m", "sim", *arguments]
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=900)
    if done.returncode or not done.stdout.strip():
        raise SystemExit(f"mailsim {' '.join(arguments)}: {done.returncode}\n{done.stderr}")


def library(folder: Path) -> None:
    """The same in Python: run, tables, figures, the page, and stored results opened again."""
    import sim

    scenario = sim.load(SMALL)
    assert "550" in str(sim.load(MAIN).matrix(arm="on network"))
    results = sim.run(scenario, replications=2, out=folder / "library", progress=False)
    assert not results.compare("open trust", "on network").empty
    assert len(results.recipients)
    assert len(results.attempts)
    results.figures.rates().savefig(folder / "rates.png")
    again = sim.open_results(folder / "library")
    assert again.summary().equals(results.summary())


def main() -> None:
    """Do all of it in a temporary folder, and say with which versions."""
    with tempfile.TemporaryDirectory() as folder:
        for arguments in COMMANDS:
            command(Path(folder), *arguments)
        missing = [name for name in WRITTEN if not Path(folder, name).is_file()]
        if missing:
            raise SystemExit(f"not written: {', '.join(missing)}")
        library(Path(folder))
    names = ("numpy", "pandas", "pyarrow", "scipy", "matplotlib", "pydantic", "typer", "networkx")
    versions = (f"{name} {importlib.metadata.version(name)}" for name in names)
    print(f"smoke: passed with Python {sys.version.split()[0]}, {', '.join(versions)}")


if __name__ == "__main__":
    main()
