"""A scenario that starts from another: ``extends``, and which file each key came from."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from sim.scenario.errors import Fault, ScenarioError, shown
from sim.scenario.reading import read
from sim.scenario.sections import MODELS
from sim.scenario.trees import Tree, merge

LONGEST_CHAIN = 8
DEPTHS = dict.fromkeys((*MODELS, "defaults", "topology"), 2) | {"arms": 1}
"""How deep tables are merged key by key; anything else replaces what it extends."""


class Layer(NamedTuple):
    """One file of a chain."""

    file: str
    tree: Tree


def layers(path: Path | None, tree: Tree, name: str) -> list[Layer]:
    """Return the tree of a file and all that it extends, itself first; without *path*, nothing."""
    chain = [Layer(name, tree)]
    here = root = path and path.resolve()
    seen = {here}
    while "extends" in chain[-1].tree:
        file, wanted = chain[-1].file, chain[-1].tree["extends"]
        if here is None or root is None:
            raise _fault(file, wanted, "a scenario in a file, to extend")
        here = _target(here, wanted, root.parent, file)
        if here in seen:
            raise _fault(file, wanted, "a file that does not extend this one (a cycle)")
        if len(chain) == LONGEST_CHAIN:
            raise _fault(file, wanted, f"at most {LONGEST_CHAIN} files in a chain")
        seen.add(here)
        name = str(Path(file).parent / wanted)
        chain.append(Layer(name, read(here, name)[0]))
    return chain


def merged(chain: list[Layer]) -> Tree:
    """Return one tree: what a file says replaces what it extends, key by key."""
    tree: Tree = {}
    for layer in reversed(chain):
        tree |= {k: merge(tree.get(k), v, DEPTHS.get(k, 0)) for k, v in layer.tree.items()}
    tree.pop("extends", None)
    return tree


def file_of(chain: list[Layer], path: tuple[str | int, ...]) -> str:
    """The file whose value stands at *path*: the first of the chain that has it."""
    return max(reversed(chain), key=lambda layer: _known(layer.tree, path)).file


def _target(here: Path, wanted: Any, root: Path, file: str) -> Path:
    if not isinstance(wanted, str) or not wanted or "\0" in wanted or len(wanted) > 500:
        raise _fault(file, wanted, "the name of a scenario file")
    if Path(wanted).is_absolute():
        raise _fault(file, wanted, "a file relative to this one")
    try:
        target = (here.parent / wanted).resolve()
    except (OSError, RuntimeError):
        raise _fault(file, wanted, "a file that can be read") from None
    if not target.is_relative_to(root):
        raise _fault(file, wanted, "a file in the folder of the scenario, or below")
    return target


def _known(tree: Tree, path: tuple[str | int, ...]) -> int:
    """How many parts of *path* the tree has."""
    at: Any = tree
    for depth, part in enumerate(path):
        keys = at if isinstance(at, dict) else range(len(at)) if isinstance(at, list) else ()
        if part not in keys:
            return depth
        at = at[part]
    return len(path)


def _fault(file: str, value: Any, expected: str) -> ScenarioError:
    return ScenarioError([Fault(file, "extends", shown(value), expected)])
