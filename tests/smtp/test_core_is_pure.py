"""The policy core imports the standard library alone, and reads no clock and no network."""

import ast
import sys
from pathlib import Path

import pytest

import sim.smtp

MODULES = sorted(Path(sim.smtp.__file__).parent.glob("*.py"))
IMPURE = {"time", "random", "socket", "asyncio", "os", "threading", "logging"}


def imported(module):
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_imports(module):
    for name in imported(module):
        root = name.partition(".")[0]
        assert name.startswith("sim.smtp") or root in sys.stdlib_module_names - IMPURE, name
