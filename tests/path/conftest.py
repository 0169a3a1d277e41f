"""One small scenario that the tests of the path ask about."""

from pathlib import Path

import pytest

from sim.scenario import Scenario, load

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def scenario() -> Scenario:
    return load(HERE.parent / "lab" / "lab.toml")


@pytest.fixture(scope="session")
def scenarios() -> Path:
    """The folder of the scenarios that come with the project."""
    return HERE.parents[1] / "scenarios"
