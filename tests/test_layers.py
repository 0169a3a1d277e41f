"""The arrows of the layers: each module imports only what lies to its left."""

import ast
from pathlib import Path

import pytest

import sim

PACKAGE = Path(sim.__file__).resolve().parent

LAYERS = {
    # room: what of sim it may import (all that stands left of it in its own chain)
    "records": set(),
    "smtp": {"records"},
    "topology": {"smtp", "records"},
    "scenario": {"topology", "smtp", "records"},
    "path": {"scenario", "topology", "smtp", "records"},
    "exact": {"path", "scenario", "topology", "smtp", "records"},
    "config": {"exact", "path", "scenario", "topology", "smtp", "records"},
    "workload": {"scenario", "topology", "smtp", "records"},
    "world": {"path", "workload", "scenario", "topology", "smtp", "records"},
    "measure": {"path", "scenario", "topology", "smtp", "records"},
    "figures": {"measure", "exact", "path", "scenario", "topology", "smtp", "records"},
    "experiment": {
        "world",
        "measure",
        "path",
        "workload",
        "scenario",
        "topology",
        "smtp",
        "records",
    },
    "results": {
        "experiment",
        "figures",
        "exact",
        "config",
        "world",
        "measure",
        "path",
        "workload",
        "scenario",
        "topology",
        "smtp",
        "records",
    },
    "lab": {"results", "exact", "path", "scenario", "topology", "smtp", "records"},
}
LAYERS["cli"] = {*LAYERS}
TOP = {"__init__", "__main__"}

LIBRARIES = {
    # library: the layers that may name it
    "simpy": {"world"},
    "pydantic": {"scenario"},
    "pydantic_core": {"scenario", "report"},
    "matplotlib": {"figures", "report"},
    "scipy": {"measure"},
    "pyarrow": {"experiment"},
    "networkx": {"network", "scenario", "world", "figures"},
    "pandas": {"world", "measure", "experiment", "figures", "lab", "report", *TOP},
    "typer": {"cli", "docs"},
    "jinja2": {"report"},
}
"""rich and numpy are at home everywhere but in the core."""

EAGER = {"sim", "sim.cli.commands", "sim.results.results", "sim.cli.render"}
"""Modules that ``import sim`` and ``mailsim --help`` reach: no heavy library at their top."""
HEAVY = {"numpy", "pandas", "scipy", "matplotlib", "pyarrow", "networkx", "simpy", "pydantic"}

LIGHT = {"records", "definitions"}
"""Layers that import nothing."""

MODULES = sorted(PACKAGE.rglob("*.py"))


def name(path: Path) -> str:
    parts = ("sim", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts).removesuffix(".__init__")


def layer(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(path: Path, *, typing: bool, inside: bool = True):
    """Modules that a file imports; for types alone, and inside functions, if asked for."""
    tree = ast.parse(path.read_text("utf-8"))
    todo = list(tree.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            todo += node.body if typing else []
            continue
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not inside:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            if node.module == "sim":
                yield from (f"sim.{alias.name}" for alias in node.names)
            else:
                yield node.module
        todo += list(ast.iter_child_nodes(node))


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_the_arrows_point_left(path):
    here = layer(path)
    if here in TOP:
        return
    allowed = LAYERS[here] | {here}
    # a type of a scenario may be named where one is handed in; nothing is imported then
    for_types = allowed | {"scenario"}
    for module in imports(path, typing=False):
        parts = module.split(".")
        if parts[0] == "sim" and len(parts) > 1 and not parts[1].startswith("__"):
            assert parts[1] in allowed, f"{name(path)} imports {module}"
    for module in imports(path, typing=True):
        parts = module.split(".")
        if parts[0] == "sim" and len(parts) > 1 and not parts[1].startswith("__"):
            assert parts[1] in for_types, f"{name(path)} names {module}"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_libraries_stay_in_their_layers(path):
    for module in imports(path, typing=False):
        library = module.split(".")[0]
        if library in LIBRARIES:
            assert layer(path) in LIBRARIES[library], f"{name(path)} imports {library}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "smtp").rglob("*.py")), ids=name)
def test_the_core_is_the_standard_library_alone(path):
    import sys

    for module in imports(path, typing=True):
        assert module.split(".")[0] in {"sim", *sys.stdlib_module_names}, f"{name(path)}: {module}"


@pytest.mark.parametrize("path", [p for p in MODULES if name(p) in EAGER], ids=name)
def test_what_starts_is_light(path):
    for module in imports(path, typing=False, inside=False):
        assert module.split(".")[0] not in HEAVY, f"{name(path)} imports {module} at its top"
        assert module.split(".")[:2] not in [
            ["sim", layer] for layer in LAYERS if layer not in LIGHT
        ]


def test_every_layer_is_known():
    assert {layer(path) for path in MODULES} <= {*LAYERS, *TOP}
