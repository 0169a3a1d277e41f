"""A site with the notebooks and Python in the browser: a school serves it from its own server.

It is JupyterLite with Pyodide and wheels that are at hand. Whoever opens it asks no other server.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sim.lab.wheels import LOCK, Packages, fitting, name_of, packages
from sim.records.usage import UsageError

RUNTIME = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", LOCK)
"""The files of Pyodide itself."""
CORE = ("mailsim", "pydantic", "pydantic-core", "networkx")
"""What exact answers and exercises without simulation need."""
KERNEL = ("micropip", "ipython", "comm", "jedi", "ipywidgets")
"""What a notebook needs besides."""
RUNS = ("simpy", "numpy", "pandas", "scipy", "matplotlib")
"""What simulations and figures need besides."""
SETTINGS = "@jupyterlite/pyodide-kernel-extension:kernel"


def build(out: Path, *, pyodide: Path, wheels: Path, notebooks: Path) -> list[str]:
    """Write the site into the folder *out*; the packages of `RUNS` that were not at hand.

    *pyodide*: its folder, as npm or a whole distribution has it; *wheels*: a folder of wheels;
    *notebooks*: a folder of which every notebook is offered. Raises UsageError, with all that is
    missing.
    """
    if find_spec("jupyterlite_core") is None:
        raise UsageError("a site needs JupyterLite: pip install 'mailsim[site]'")
    if out.exists() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty; choose another folder")
    offered = sorted(notebooks.glob("*.ipynb"))
    if not offered:
        raise UsageError(f"{notebooks}: no notebook there")
    with tempfile.TemporaryDirectory(prefix="mailsim-site-") as folder:
        lite = Path(folder)
        at_hand = runtime(lite / "static" / "pyodide", pyodide=pyodide, wheels=wheels)
        _copy(offered, lite / "contents")
        (lite / "jupyter-lite.json").write_text(json.dumps(settings(at_hand)), "utf-8")
        _jupyter_lite(lite, out)
    return [name for name in RUNS if name not in at_hand]


def runtime(folder: Path, *, pyodide: Path, wheels: Path) -> Packages:
    """Write Pyodide and the wheels that it can load into *folder*; its packages by name."""
    missing = [str(pyodide / name) for name in RUNTIME if not (pyodide / name).is_file()]
    if missing:
        raise UsageError(f"not there: {', '.join(missing)}; expected the folder of Pyodide")
    lock = json.loads((pyodide / LOCK).read_text("utf-8"))
    every = {name_of(path): path for path in fitting(wheels, lock["info"]["abi_version"])}
    own = {name: p for name, p in lock["packages"].items() if (pyodide / p["file_name"]).is_file()}
    lock["packages"] = at_hand = {**own, **packages(every.values(), own)}
    for package in at_hand.values():
        package["depends"] = [name for name in package["depends"] if name in at_hand]
    missing = [name for name in (*CORE, *KERNEL) if name not in at_hand]
    if missing:
        raise UsageError(f"{wheels}: no wheel for a browser of {', '.join(missing)}")
    _copy((pyodide / name for name in RUNTIME), folder)
    _copy((pyodide / own[name]["file_name"] for name in own if name not in every), folder)
    _copy(every.values(), folder)
    (folder / LOCK).write_text(json.dumps(lock), "utf-8")
    return dict(at_hand)


def settings(at_hand: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of JupyterLite: Python and all packages from this site alone."""
    load = {"packages": [name for name in (*CORE, *KERNEL) if name in at_hand]}
    kernel = {
        "pyodideUrl": "./static/pyodide/pyodide.mjs",
        "disablePyPIFallback": True,
        "loadPyodideOptions": load,
    }
    data = {"appName": "mailsim", "litePluginSettings": {SETTINGS: kernel}}
    return {"jupyter-lite-schema-version": 0, "jupyter-config-data": data}


def _copy(paths: Iterable[Path], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        shutil.copy2(path, folder)


def _jupyter_lite(lite: Path, out: Path) -> None:
    """Build *lite* into *out*; raises UsageError with what JupyterLite said."""
    command = [sys.executable, "-m", "jupyterlite_core", "build", "--no-sourcemaps"]
    command += ["--contents", "contents", "--output-dir", str(out.resolve())]
    done = subprocess.run(command, cwd=lite, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UsageError(f"JupyterLite could not build the site: {done.stderr.strip()[-2000:]}")
