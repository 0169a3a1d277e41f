"""Wheels at hand as a lock file of Pyodide: what a browser loads, from the folder it stands in."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from email.parser import HeaderParser
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from sim.records.usage import UsageError

PURE = "-none-any.whl"
LOCK = "pyodide-lock.json"
_NAME = re.compile(r"[\w.-]+")
_OPTIONAL = re.compile(r";.*\bextra\b")

Packages = dict[str, dict[str, Any]]
"""The packages of a lock file by normalised name."""


def fitting(folder: Path, abi: str) -> list[Path]:
    """The wheels of *folder* that a Pyodide of that *abi* can load, by name."""
    ends = (PURE, f"_{abi}_wasm32.whl")
    return sorted(path for path in folder.glob("*.whl") if path.name.endswith(ends))


def packages(wheels: Iterable[Path], others: Mapping[str, Any]) -> Packages:
    """What the lock file says of each of *wheels*; *others* are packages that are there besides.

    A package depends on those that it requires and that are at hand. Raises UsageError for a file
    that is no wheel.
    """
    entries = {name_of(path): _entry(path) for path in wheels}
    known = {*entries, *others}
    for entry in entries.values():
        entry["depends"] = [name for name in entry["depends"] if name in known]
    return entries


def name_of(path: Path) -> str:
    """The normalised name of the package that a wheel holds."""
    return normalised(path.name.partition("-")[0])


def normalised(name: str) -> str:
    """A package's name as registries compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _entry(path: Path) -> dict[str, Any]:
    try:
        with ZipFile(path) as wheel:
            names = wheel.namelist()
            metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
            head = HeaderParser().parsestr(wheel.read(metadata).decode("utf-8"))
    except (BadZipFile, StopIteration, OSError):
        raise UsageError(f"{path}: expected a wheel") from None
    return {
        "name": head["Name"],
        "version": head["Version"],
        "file_name": path.name,
        "install_dir": "site",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "package_type": "package",
        "imports": sorted({*_imports(names)}),
        "depends": [*_requirements(head.get_all("Requires-Dist", []))],
        "unvendored_tests": False,
    }


def _requirements(lines: Iterable[str]) -> Iterator[str]:
    """The packages that are required whatever extras are asked for."""
    for line in lines:
        if not _OPTIONAL.search(line) and (name := _NAME.match(line)):
            yield normalised(name[0])


def _imports(names: Iterable[str]) -> Iterator[str]:
    """The modules and packages that stand at the top of a wheel."""
    for name in names:
        top, _, rest = name.partition("/")
        if rest == "__init__.py" or (not rest and top.endswith(".py")):
            yield top.removesuffix(".py")
