"""The public API: every name of ``__all__`` is there; ``import sim`` brings nothing heavy."""

import subprocess
import sys
from pathlib import Path

import pytest

import sim

PUBLIC = (
    "load", "loads", "run", "open_results", "Scenario", "Results", "ScenarioError", "sweep",
    "open_sweep", "Sweep", "import_postfix", "Imported", "observe", "Observed",
    "sensitivity", "Sensitivity", "calibrate", "Calibration", "live", "__version__",
)  # fmt: skip
ROOT = Path(sim.__file__).resolve().parent.parent


def test_the_public_names_are_these():
    assert set(sim.__all__) == set(PUBLIC)


@pytest.mark.parametrize("name", PUBLIC)
def test_each_public_name_is_there_and_says_what_it_is(name):
    assert getattr(sim, name).__doc__
    assert name in dir(sim)


def test_there_is_no_other_name():
    with pytest.raises(AttributeError, match="no attribute 'runn'"):
        _ = sim.runn


HEAVY = {"numpy", "pandas", "scipy", "matplotlib", "pyarrow", "networkx", "simpy", "jinja2"}
COMMAND = "import sim.cli.app as cli; sys.argv[1:] = {}; cli.app(standalone_mode=False)"
EXPLAIN = "['explain', SMALL, '--user', 'travellers', '--place', 'hotel', '--to', 'a@contoso.com']"
STARTS = {
    # what is started: what of it may be loaded
    "import sim": set(),
    "import sim.results.scenario": {"pydantic"},
    "import sim.exact.matrix, sim.exact.explanation, sim.exact.diff": {"pydantic"},
    "import sim.cli.app": set(),
    COMMAND.format("['--help']"): set(),
    COMMAND.format("['check', SMALL]"): {"pydantic"},
    COMMAND.format("['matrix', SMALL]"): {"pydantic"},
    COMMAND.format(EXPLAIN): {"pydantic"},
}


@pytest.mark.parametrize(("start", "needed"), STARTS.items(), ids=STARTS)
def test_nothing_heavy_is_loaded_at_the_start(start, needed):
    # what makes a start slow; how slow, tests/test_cli.py looks at
    code = (
        f"import sys; SMALL = {str(ROOT / 'tests' / 'experiment' / 'small.toml')!r}\n{start}\n"
        f"print(sorted({HEAVY | {'pydantic'}!r} & set(sys.modules)))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout.splitlines()[-1] == str(sorted(needed))


def test_one_arm_may_be_named_by_itself():
    small = Path(__file__).parent / "experiment" / "small.toml"
    results = sim.run(small, arms="on network", replications=1, progress=False)
    assert results.arms == ["on network"]
