"""The rooms of the house: who may import whom, without a circle and without an exemption.

Imports inside functions, for types alone and through a package's ``__init__`` count.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import grimp
import networkx as nx
import pytest

import sim

PACKAGE = Path(sim.__file__).resolve().parent

ARROWS = {
    # room: the rooms that it may import, besides all that these may import
    "records": (),
    "smtp": (),
    "_version": (),
    "topology": ("smtp", "records"),
    "scenario": ("topology",),
    "path": ("scenario",),
    "exact": ("path",),
    "config": ("exact",),
    "workload": ("scenario",),
    "world": ("path", "workload"),
    "measure": ("path",),
    "figures": ("measure", "exact"),
    "experiment": ("world", "measure", "_version"),
    "results": ("experiment", "figures", "exact", "config"),
    "hindcast": (),
    "serve": ("world", "exact"),
    "lab": ("exact",),
    "sim": ("results", "serve", "_version"),
    "cli": ("sim", "serve", "lab", "hindcast"),
    "__main__": ("cli",),
}
SIMULATED = {"sim.lab.panel", "sim.lab.exercises.worlds"}
"""The modules of the lab that run simulations: they may use results."""

LIBRARIES = {
    # library: the rooms that may name it; rich and numpy are at home everywhere but in the core
    "simpy": {"world"},
    "pydantic": {"scenario", "experiment"},  # both read files of strangers
    "pydantic_core": {"scenario"},
    "matplotlib": {"figures", "results", "lab"},
    "scipy": {"measure", "hindcast"},
    "SALib": {"measure"},
    "sklearn": {"measure"},
    "pyarrow": {"experiment", "config"},  # logs packed with zstd
    "networkx": {"topology", "scenario", "world", "figures"},
    "pandas": {"world", "measure", "exact", "experiment", "figures", "lab", "results", "cli"}
    | {"hindcast"},
    "typer": {"cli"},
    "jinja2": {"results"},
    "scapy": {"exact"},
    "trustme": {"serve"},
}
LIGHT = ("sim", "sim.cli", "sim.cli.app", "sim.cli.stored")
"""Modules that ``import sim`` and ``mailsim --help`` reach: no heavy library at their top."""
HEAVY = {"numpy", "pandas", "scipy", "matplotlib", "pyarrow", "networkx", "simpy", "pydantic"}


def room(module: str) -> str:
    """The room of a module: ``scenario`` of ``sim.scenario.model``, ``sim`` of the package."""
    return [*module.split("."), "sim"][1] if "." in module else "sim"


def reach(name: str) -> set[str]:
    """Every room that a room may import."""
    return {name}.union(*map(reach, ARROWS[name]))


def packages(module: str) -> Iterator[str]:
    """The packages whose ``__init__`` runs when a module is imported, but ``sim`` itself."""
    parts = module.split(".")
    return (".".join(parts[:end]) for end in range(2, len(parts)))


@pytest.fixture(scope="session")
def imports() -> nx.DiGraph:
    """A graph of all modules: an edge for each import, and for each package that it runs."""
    found = grimp.build_graph(
        "sim", include_external_packages=True, exclude_type_checking_imports=False, cache_dir=None
    )
    graph = nx.DiGraph()
    for module in found.modules:
        for imported in found.find_modules_directly_imported_by(module):
            graph.add_edge(module, imported)
            for package in packages(imported):
                if imported.startswith("sim.") and not f"{module}.".startswith(f"{package}."):
                    graph.add_edge(module, package)
    return graph


def ours(graph: nx.DiGraph) -> nx.DiGraph:
    """The modules of the house alone."""
    return graph.subgraph(node for node in graph if f"{node}.".startswith("sim."))


def circles(graph: nx.DiGraph) -> Iterator[list[str]]:
    """The groups of modules that import each other."""
    return (sorted(c) for c in nx.strongly_connected_components(ours(graph)) if len(c) > 1)


def against_the_arrows(graph: nx.DiGraph) -> Iterator[str]:
    """Imports that the table does not allow."""
    for module, imported in sorted(ours(graph).edges):
        allowed = reach(room(module)) | (reach("sim") if module in SIMULATED else set())
        if room(imported) not in allowed:
            yield f"{module} imports {imported}"


def out_of_room(graph: nx.DiGraph) -> Iterator[str]:
    """Libraries named in rooms that do not own them."""
    for module, library in sorted(graph.edges):
        if room(module) not in LIBRARIES.get(library, {room(module)}):
            yield f"{module} imports {library}"


def test_the_arrows_point_one_way(imports):
    assert list(against_the_arrows(imports)) == []


def test_no_circle(imports):
    assert list(circles(imports)) == []


def test_libraries_stay_in_their_rooms(imports):
    assert list(out_of_room(imports)) == []


def test_the_core_is_the_standard_library_alone(imports):
    for module in (m for m in imports if room(m) in ("smtp", "records") and m.startswith("sim.")):
        outside = {m for m in imports[module] if not m.startswith("sim.")}
        assert outside <= sys.stdlib_module_names, module


def test_the_readme_maps_every_room():
    text = (PACKAGE.parent / "README.md").read_text("utf-8")
    named = re.findall(r"^\| `(\w+)/` \|", text, re.M)
    assert sorted(named) == sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
    assert all(named.index(above) < named.index(name)
               for name in named for above in reach(name) & {*named} - {name})  # fmt: skip


def test_every_room_has_its_arrows():
    rooms = {path.stem for path in PACKAGE.iterdir()}
    assert rooms - {"__pycache__", "__init__"} <= {*ARROWS}


@pytest.mark.parametrize("module", LIGHT)
def test_what_starts_is_light(module):
    path = PACKAGE.parent.joinpath(*module.split("."))
    text = (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text("utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            assert not HEAVY & set(ast.unparse(node).replace(".", " ").split()), ast.unparse(node)
