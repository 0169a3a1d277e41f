"""What the how-to adds is added where it says, in a copy, and nowhere else: the rest follows."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HOW_TO = (ROOT / "notebooks" / "docs" / "how-to.md").read_text("utf-8")


@pytest.fixture
def copy(tmp_path):
    """The package and its scenarios in another folder, to be changed."""
    for folder in ("sim", "scenarios", "notebooks"):
        ignored = shutil.ignore_patterns("__pycache__", "*.ipynb")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    return tmp_path


def run(folder, *command):
    """The output of a Python command in the copy, which must succeed."""
    env = {"PYTHONPATH": str(folder), "MPLBACKEND": "agg"}
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def changed(path, *replacements):
    text = path.read_text("utf-8")
    for old, new in replacements:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text, "utf-8")


def test_a_restriction_is_a_function(copy):
    function = re.search(r"^@restriction.*?\n\n\n", HOW_TO, re.M | re.S)[0]
    module = copy / "sim" / "smtp" / "restrictions" / "senders.py"
    module.write_text(f"{module.read_text('utf-8')}\n\n{function}", "utf-8")
    scenario = copy / "scenarios" / "fussy.toml"
    scenario.write_text(
        'extends = "six-cases.toml"\ntitle = "Fussy"\n'
        '[arms.fussy]\n"servers.adatum-mx.sender" = ["reject_null_sender"]\n',
        "utf-8",
    )
    run(copy, "-m", "sim", "check", str(scenario))
    diff = run(copy, "-m", "sim", "diff", str(scenario), "open trust", "fussy")
    assert "reject_null_sender" in diff
    assert "a notice" in diff
    run(
        copy,
        "-m",
        "sim",
        "run",
        str(scenario),
        "--quick",
        "--arms",
        "open trust,fussy",
        "--workers",
        "1",
    )
    run(copy, "-m", "sim.cli.reference")
    written = (copy / "notebooks" / "docs" / "reference-scenario.md").read_text("utf-8")
    assert "Refuse notices: wrong by RFC 2505" in written


def test_a_figure_is_a_module_and_a_line(copy):
    module = re.search(r"^```python sim/figures/by_hour.py\n(.*?)^```", HOW_TO, re.M | re.S)[1]
    line = re.search(r"`(by_hour\.by_hour,)`", HOW_TO)[1]
    (copy / "sim" / "figures" / "by_hour.py").write_text(module, "utf-8")
    changed(
        copy / "sim" / "figures" / "table.py",
        ("import by_arm, by_day, curves", "import by_arm, by_day, by_hour, curves"),
        ("    life.life,\n", f"    {line}\n    life.life,\n"),
    )
    scenario = str(copy / "scenarios" / "six-cases.toml")
    out = str(copy / "out")
    run(copy, "-m", "sim", "run", scenario, "--quick", "--arms", "on network", "--workers", "1",
        "--out", out)  # fmt: skip
    run(copy, "-m", "sim", "report", out, "--figures", "by_hour")
    assert (Path(out) / "figures" / "by_hour.png").stat().st_size > 5000
    assert "Refused transactions by hour" in (Path(out) / "report.html").read_text("utf-8")
