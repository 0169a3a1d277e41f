"""From a file, and all that it extends, to a tree of plain values, in bounded time and memory."""

from __future__ import annotations

import json
import os
import re
import stat
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sim.scenario import faults, ready
from sim.scenario.errors import Fault, ScenarioError, nearest, value_text
from sim.scenario.positions import Places
from sim.scenario.problems import Problem
from sim.scenario.sections import MODELS
from sim.scenario.trees import Tree, merge

MOST_OCTETS = 1_000_000
DEEPEST = 8
LONGEST_LINE = 4_000
LONGEST_KEY = 32
"""Parts of a dotted key of TOML: the time to read one grows with the square of them."""

LONGEST_CHAIN = 8
DEPTHS = dict.fromkeys((*MODELS, "defaults", "topology"), 2) | {"arms": 1}
"""How deep tables are merged key by key; anything else replaces what it extends."""

STDIN = "-"
SUFFIXES = (".toml", ".json")
NEWLINE = "\n"
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'')
_PLACE = re.compile(r" \(at (line \d+, column \d+|end of document)\)$")


class Layer(NamedTuple):
    """One file of a chain: what messages call it, its text, and what it says."""

    file: str
    text: str
    tree: Tree


def read(path: str | os.PathLike[str], name: str = "") -> Layer:
    """Return what a file says ("-" is standard input)."""
    piped = os.fspath(path) == STDIN
    name = name or ("standard input" if piped else os.fspath(path))
    data = sys.stdin.buffer.read(MOST_OCTETS + 1) if piped else _octets(path, name)
    return parse(_text(data, name), name)


def parse(text: str, name: str) -> Layer:
    """Return what a TOML or JSON text says; JSON is what begins with a brace."""
    if len(text) > MOST_OCTETS:
        raise _fault(name, "", "is too large", f"at most {MOST_OCTETS} octets")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise _fault(name, f"line {line}", "holds a NUL octet", "text in UTF-8")
    as_json = text.lstrip()[:1] == "{" or name.endswith(".json")
    try:
        tree = _json(text) if as_json else _toml(text, name)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _fault(name, place, error.msg[:200], "JSON") from None
    except tomllib.TOMLDecodeError as error:
        raise _toml_fault(name, text, str(error)) from None
    except RecursionError:
        raise _too_deep(name, "") from None
    except ScenarioError:
        raise
    except ValueError as error:
        raise _fault(name, "", str(error)[:200], "TOML or JSON") from None
    if not isinstance(tree, dict):
        raise _fault(name, "", value_text(tree), "a table of keys")
    deep = _deeper(tree)
    if deep is not None:
        raise _too_deep(name, deep)
    return Layer(name, text, tree)


def plain(tree: Mapping[str, Any], name: str) -> Layer:
    """Return what a *tree* of plain values says, which stands on no line; paths and numbers of
    other libraries are written as plain ones."""
    try:
        text = json.dumps(tree, default=_written, allow_nan=True)
    except RecursionError:
        raise _too_deep(name, "") from None
    except (TypeError, ValueError) as error:
        raise _fault(name, "", str(error), "what a file may hold: text, numbers, lists") from None
    return parse(text, name)._replace(text="")


def _written(value: Any) -> Any:
    """What stands for a *value* that JSON has no form of."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist"):  # of numpy
        return value.tolist()
    raise TypeError(value_text(value))


def new() -> str:
    """Return the text of a commented starting scenario."""
    return Path(__file__).with_name("new.toml").read_text("utf-8")


def text_of(source: str) -> str:
    """Return the text of a scenario file, or of a ready scenario."""
    return _text(_octets(ready.file_of(source), source), source)


def _octets(path: str | os.PathLike[str], name: str) -> bytes:
    """The file's octets; only a regular file is read, and no more of it than allowed."""
    expected = "a scenario file (TOML or JSON)"
    try:
        if Path(path).is_dir():
            raise _fault(name, "", "is a folder", expected)
        # a device or a pipe with no writer would block: it is opened without waiting
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise _fault(name, "", "is not a regular file", expected)
            data = file.read(MOST_OCTETS + 1)
    except ScenarioError:
        raise
    except FileNotFoundError:
        expected += ", or the name of a ready one (mailsim gallery)"
        raise _fault(name, "", "no such file", expected, _near(Path(path))) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _fault(name, "", f"cannot be read ({reason})", expected) from None
    return data


def _near(path: Path) -> str:
    """The file in the same folder, or ready scenario, whose name is nearest to *path*, or ""."""
    try:
        files = [file for file in path.parent.iterdir() if file.suffix in SUFFIXES]
    except OSError:
        files = []
    names = {name: name for name in ready.names() if path.name == os.fspath(path)}
    names |= {file.stem: file.name for file in sorted(files)}
    return names.get(nearest(path.stem, names), "")


def _text(data: bytes, name: str) -> str:
    if len(data) > MOST_OCTETS:
        raise _fault(name, "", "is too large", f"at most {MOST_OCTETS} octets")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _fault(name, f"line {line}", "is not UTF-8", "text in UTF-8") from None


def _toml(text: str, name: str) -> Tree:
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LONGEST_LINE:
            expected = f"at most {LONGEST_LINE} characters in a line of TOML"
            raise _fault(name, f"line {number}", "is too long", expected)
        if line.count(".") > LONGEST_KEY and _key_parts(line) > LONGEST_KEY:
            raise _too_deep(name, f"line {number}")
    return tomllib.loads(text.replace("\r\n", "\n"))


def _key_parts(line: str) -> int:
    """Most parts of a dotted key in a line of TOML; what stands in quotes is one part."""
    bare = _STRING.sub("s", line).partition("#")[0]
    return max(part.count(".") for part in re.split(r"[=,{}\[\]]", bare)) + 1


def _toml_fault(name: str, text: str, message: str) -> ScenarioError:
    place = _PLACE.search(message)
    problem = message[: place.start()] if place else message
    line_column = place[1] if place else ""
    if line_column == "end of document":
        line_column = f"line {text.rstrip().count(NEWLINE) + 1}"
    numbered = re.match(r"line (\d+)", line_column)
    line = text.split(NEWLINE)[int(numbered[1]) - 1].strip() if numbered else ""
    if problem.startswith(("Cannot overwrite", "Cannot declare", "Duplicate", "Cannot mutate")):
        twice = re.match(r"(\[[^\]]*\]|[^=\s]+)", line)
        problem = f"duplicate key {value_text(twice[1]) if twice else ''} ({problem[:150]})"
    elif line:
        problem = f"{value_text(line)}: {problem[:200]}"
    return _fault(name, line_column, problem, "TOML")


def _json(text: str) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        table: dict[str, Any] = {}
        for key, value in pairs:
            if key in table:
                raise ValueError(f"duplicate key {value_text(key)}")
            table[key] = value
        return table

    def finite(name: str) -> Any:
        raise ValueError(f"{name} is not a number of JSON")

    return json.loads(text, object_pairs_hook=unique, parse_constant=finite)


def _deeper(tree: Tree) -> str | None:
    """The first key whose value is nested deeper than allowed, without recursion."""
    level: list[tuple[str, Any]] = list(tree.items())
    for _ in range(DEEPEST):
        level = [
            (key, inner)
            for key, value in level
            if isinstance(value, (dict, list))
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return None
    return level[0][0]


def _too_deep(name: str, key: str) -> ScenarioError:
    return _fault(name, key, "is nested too deep", f"at most {DEEPEST} levels")


def _fault(name: str, key: str, value: str, expected: str, near: str = "") -> ScenarioError:
    return ScenarioError([Fault(name, key, value, expected, near)])


# ---- a scenario that starts from another


def layers(path: Path | None, layer: Layer) -> list[Layer]:
    """Return a file and all that it extends, what counts first first; without *path*, nothing."""
    root = path and path.resolve()
    waiting, chain, files = [(root, layer)], list[Layer](), {root}
    while waiting:
        current, last = waiting.pop()
        chain.append(last)
        for target in _targets(last):
            if current is None or root is None:
                raise _wrong_target(last, target, "a scenario in a file, to extend")
            file = _target(current, last, target, root.parent)
            if file in files:
                expected = "a file that does not extend this one (a cycle), nor is extended already"
                raise _wrong_target(last, target, expected)
            if len(files) == LONGEST_CHAIN:
                raise _wrong_target(last, target, f"at most {LONGEST_CHAIN} files in a chain")
            files.add(file)
            name = file if target in ready.names() else Path(last.file).parent / target
            waiting.append((file, read(file, str(name))))
    return chain


def merged(chain: list[Layer]) -> Tree:
    """Return one tree: what a file says replaces what it extends, key by key."""
    tree: Tree = {}
    for layer in reversed(chain):
        tree |= {k: merge(tree.get(k), v, DEPTHS.get(k, 0)) for k, v in layer.tree.items()}
    tree.pop("extends", None)
    return tree


def places(chain: list[Layer]) -> Places:
    """Where what the files of a chain say is written."""
    return Places(tuple((layer.file, layer.text) for layer in chain))


def _targets(layer: Layer) -> list[Any]:
    """The names of files that a file extends; of two that say the same, the later counts."""
    target = layer.tree.get("extends", [])
    return target if isinstance(target, list) else [target]


def _target(base: Path, layer: Layer, name: Any, root: Path) -> Path:
    if not isinstance(name, str) or not name or "\0" in name or len(name) > 500:
        raise _wrong_target(layer, name, "the name of a scenario file, or of a ready one")
    if Path(name).is_absolute():
        raise _wrong_target(layer, name, "a file relative to this one")
    try:
        target = (base.parent / name).resolve()
    except (OSError, RuntimeError):
        raise _wrong_target(layer, name, "a file that can be read") from None
    if name in ready.names() and not target.exists():
        return ready.path_of(name)
    if not any(target.is_relative_to(folder) for folder in (root, ready.FOLDER)):
        raise _wrong_target(layer, name, "a file in the folder of the scenario, or below")
    return target


def _wrong_target(layer: Layer, target: Any, expected: str) -> ScenarioError:
    problem = Problem(("extends",), value_text(target), expected)
    return ScenarioError(faults.of([problem], places([layer])))
