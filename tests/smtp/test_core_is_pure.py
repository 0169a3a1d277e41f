"""The policy core imports the standard library alone, and reads no clock and no network."""

import ast
import sys
from pathlib import Path

import pytest

import sim.smtp

ROOT = Path(sim.smtp.__file__).parent
MODULES = sorted(ROOT.glob("**/*.py"))
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


def name_of(module):
    parts = module.relative_to(ROOT.parents[1]).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def needs(module, known):
    """The modules of the core that one names in its imports, wherever they stand."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield from {whole} & known or {node.module} & known


def test_no_module_needs_itself():
    known = {name_of(module) for module in MODULES}
    graph = {name_of(module): set(needs(module, known)) for module in MODULES}
    while free := {name for name, needed in graph.items() if not needed & graph.keys()}:
        graph = {name: needed for name, needed in graph.items() if name not in free}
    assert not graph


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_imports_stand_at_the_top(module):
    tree = ast.parse(module.read_text(encoding="utf-8"))
    anywhere = [n for n in ast.walk(tree) if isinstance(n, (ast.Import, ast.ImportFrom))]
    assert anywhere == [n for n in tree.body if isinstance(n, (ast.Import, ast.ImportFrom))]
    assert len(module.read_text(encoding="utf-8").splitlines()) <= 400
