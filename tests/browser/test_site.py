"""A site without installation: what it is built of, and Pyodide itself, which answers the same.

MAILSIM_BROWSER names a folder made by `.ci/browser`: Pyodide, wheels, a Python with JupyterLite.
"""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from sim.lab import site, wheels
from sim.records.usage import UsageError

HERE = Path(__file__).parent
FOLDER = Path(os.environ.get("MAILSIM_BROWSER", ""))
fetched = pytest.mark.skipif(
    "MAILSIM_BROWSER" not in os.environ, reason="MAILSIM_BROWSER names no folder of .ci/browser"
)
NEEDED = (*site.CORE, *site.KERNEL)


def wheel(folder, name, *requires, tag="py3-none-any"):
    """A wheel of one empty module."""
    path = folder / f"{name.replace('-', '_')}-1.0-{tag}.whl"
    lines = [f"Name: {name}", "Version: 1.0", *(f"Requires-Dist: {r}" for r in requires)]
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{name.replace('-', '_')}/__init__.py", "")
        file.writestr(f"{name}-1.0.dist-info/METADATA", "\n".join(lines))
    return path


@pytest.fixture
def stand_in(tmp_path):
    """Folders that look like Pyodide and the wheels that a site needs."""
    pyodide, folder = tmp_path / "pyodide", tmp_path / "wheels"
    pyodide.mkdir()
    folder.mkdir()
    for name in site.RUNTIME:
        (pyodide / name).write_text("")
    there = {"name": "numpy", "file_name": "numpy.whl", "depends": ["gone"]}
    gone = {"name": "gone", "file_name": "gone.whl", "depends": []}
    lock = {"info": {"abi_version": "2026_0"}, "packages": {"numpy": there, "gone": gone}}
    (pyodide / wheels.LOCK).write_text(json.dumps(lock))
    (pyodide / "numpy.whl").write_text("")
    for name in NEEDED:
        wheel(folder, name)
    return pyodide, folder


def test_the_lock_says_what_is_at_hand(stand_in, tmp_path):
    pyodide, folder = stand_in
    wheel(folder, "mailsim", "numpy>=1", "Pydantic.Core", "gone", 'dask; extra == "dask"')
    wheel(folder, "native", tag="cp314-cp314-manylinux_2_28_x86_64")
    wheel(folder, "older", tag="cp313-cp313-pyemscripten_2025_0_wasm32")
    wheel(folder, "fits", tag="cp314-cp314-pyemscripten_2026_0_wasm32")
    at_hand = site.runtime(tmp_path / "out", pyodide=pyodide, wheels=folder)
    assert sorted(at_hand) == sorted([*NEEDED, "numpy", "fits"])
    assert at_hand["mailsim"]["depends"] == ["numpy", "pydantic-core"]
    assert at_hand["mailsim"]["imports"] == ["mailsim"]
    assert at_hand["numpy"]["depends"] == []
    lock = json.loads((tmp_path / "out" / wheels.LOCK).read_text())
    assert lock["packages"] == at_hand
    assert {*site.RUNTIME} | {p["file_name"] for p in at_hand.values()} == {
        path.name for path in (tmp_path / "out").iterdir()
    }


def test_all_that_is_missing_is_named(stand_in, tmp_path):
    pyodide, folder = stand_in
    for name in ("jedi", "networkx"):
        (folder / f"{name}-1.0-py3-none-any.whl").unlink()
    with pytest.raises(UsageError, match="no wheel for a browser of networkx, jedi"):
        site.runtime(tmp_path / "out", pyodide=pyodide, wheels=folder)
    (folder / "jedi-1.0-py3-none-any.whl").write_text("no wheel")
    with pytest.raises(UsageError, match=r"jedi-1\.0-py3-none-any\.whl: expected a wheel"):
        site.runtime(tmp_path / "out", pyodide=pyodide, wheels=folder)
    (pyodide / "pyodide.mjs").unlink()
    with pytest.raises(UsageError, match=r"pyodide\.mjs; expected the folder of Pyodide"):
        site.runtime(tmp_path / "out", pyodide=pyodide, wheels=folder)


@fetched
def test_pyodide_gives_the_same_answers_and_marks(tmp_path):
    site.runtime(tmp_path, pyodide=FOLDER / "pyodide", wheels=FOLDER / "wheels")
    ask = [HERE / "answers.py"]
    run = ["node", HERE / "pyodide.mjs", tmp_path, *ask]
    browser, here = (
        subprocess.run(command, capture_output=True, text=True, check=False)
        for command in (run, [sys.executable, *ask])
    )
    assert browser.returncode == here.returncode == 0, browser.stderr + here.stderr
    assert json.loads(browser.stdout) == json.loads(here.stdout)
    assert len(json.loads(browser.stdout)["marks"]) >= 27
