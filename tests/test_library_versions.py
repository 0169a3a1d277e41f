"""The bounds of what is needed are versions that were tried: those of the locks in .ci/locks."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
STATED = [*map(Requirement, (*PROJECT["dependencies"], *EXTRAS["dask"], *EXTRAS["sensitivity"]))]


def lock(name):
    """The version of each package in a lock."""
    lines = (ROOT / ".ci" / "locks" / f"{name}.txt").read_text("utf-8").splitlines()
    pairs = (line.partition(" ;")[0].partition("==") for line in lines if not line.startswith("#"))
    return {package.lower(): Version(version) for package, _, version in pairs}


@pytest.mark.parametrize("needed", STATED, ids=lambda needed: needed.name)
def test_lower_bounds_are_those_that_were_tried(needed):
    (least,) = (one.version for one in needed.specifier if one.operator == ">=")
    assert lock("lowest")[needed.name.lower()] == Version(least)


@pytest.mark.parametrize("needed", STATED, ids=lambda needed: needed.name)
def test_the_newest_that_were_tried_are_within_the_bounds(needed):
    assert lock("newest")[needed.name.lower()] in needed.specifier


def test_locks_name_no_place_where_packages_come_from():
    for path in (ROOT / ".ci" / "locks").iterdir():
        assert "http" not in path.read_text("utf-8")
