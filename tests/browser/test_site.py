"""A site without installation: what it is built of, and Pyodide itself, which answers the same.

MAILSIM_BROWSER names a folder made by `.ci/browser`: Pyodide, wheels, a Python with JupyterLite.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest

from sim.lab import site, wheels
from sim.records.usage import UsageError

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "results" / "report"))

from browser import Browser  # noqa: E402

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


def in_both(file, folder):
    """What a file of Python prints in Pyodide and here, read as JSON."""
    site.runtime(folder, pyodide=FOLDER / "pyodide", wheels=FOLDER / "wheels")
    commands = ["node", HERE / "pyodide.mjs", folder, HERE / file], [sys.executable, HERE / file]
    runs = [subprocess.run(c, capture_output=True, text=True, check=False) for c in commands]
    assert [run.returncode for run in runs] == [0, 0], "".join(run.stderr for run in runs)
    return [json.loads(run.stdout) for run in runs]


@fetched
def test_pyodide_gives_the_same_answers_and_marks(tmp_path):
    browser, here = in_both("answers.py", tmp_path)
    assert browser == here
    assert len(browser["marks"]) >= 27


@pytest.mark.skipif(
    not [*FOLDER.glob("pyodide/numpy-*.whl")], reason="no whole release of Pyodide is at hand"
)
@pytest.mark.slow
def test_pyodide_simulates_the_same(tmp_path):
    """With numpy, pandas, scipy and matplotlib of a whole release; `workers` is one there."""
    browser, here = in_both("runs.py", tmp_path)
    assert browser == here


SAID = (
    """[...document.querySelectorAll('.jp-OutputArea-output')].map(e => e.innerText).join('\\n')"""
)
SHOWN = (
    "typeof jupyterapp !== 'undefined' && !!document.querySelector('.jp-Notebook .jp-Cell') && "
    "/[|] Idle/.test(document.querySelector('#jp-bottom-panel')?.innerText)"
)
CELLS = [
    "import sim\nfrom sim.lab import check, exercise\nscenario = sim.load('six-cases')",
    "scenario.matrix(arm='on network')",
    "print(check('06.1', 250), check('02.3', 552))",
    "try:\n    sim.run(scenario)\nexcept ImportError as error:\n    print(error)",
    "print(6 * 7, 'is the end')",
]
PATIENCE = 240.0
COURSE = HERE.parents[1] / "notebooks" / "11-today.ipynb"
"""A notebook of the course, which says which kernel it is for."""


@fetched
@pytest.mark.slow
def test_a_site_on_a_server_of_its_own_asks_no_other(tmp_path):
    """Built by the command, served from loopback: cells run, and nothing else is asked for."""
    notebooks, out = tmp_path / "notebooks", tmp_path / "site"
    notebooks.mkdir()
    notebook = nbformat.read(COURSE, as_version=4)  # nobody is asked for its kernel
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    nbformat.write(notebook, notebooks / "first.ipynb")
    folders = {"pyodide": FOLDER / "pyodide", "wheels": FOLDER / "wheels", "notebooks": notebooks}
    options = [word for name, path in folders.items() for word in (f"--{name}", path)]
    command = [FOLDER / "venv" / "bin" / "mailsim", "class", "site", out, *options]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    assert "no simulations there" in built.stderr
    settings = json.loads((out / "jupyter-lite.json").read_text())
    settings["jupyter-config-data"]["exposeAppInBrowser"] = True
    (out / "jupyter-lite.json").write_text(json.dumps(settings))
    with served(out) as address, Browser(tmp_path / "profile") as browser:

        def said(expression):
            told = browser.ask("Runtime.evaluate", expression=expression, returnByValue=True)
            return told["result"].get("value")

        browser.ask("Page.navigate", url=f"{address}/lab/index.html?path=first.ipynb")
        until(lambda: said(SHOWN), "the notebook")
        said("jupyterapp.commands.execute('notebook:run-all-cells'); true")
        until(lambda: "42 is the end" in (said(SAID) or ""), "the last cell")
        text = said(SAID)
        asked = {urlsplit(url).netloc for url in browser.requests() if url.startswith("http")}
    assert asked == {urlsplit(address).netloc}
    assert "reject_unauth_destination" in text
    assert "06.1  ✓ right" in text
    assert "02.3  ✗" in text
    assert "sim.run needs numpy, which is not installed here" in text


@contextlib.contextmanager
def served(folder):
    """The address of a server of *folder* on loopback."""
    handler = partial(Quiet, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def until(so, what):
    end = time.monotonic() + PATIENCE
    while not so():
        assert time.monotonic() < end, f"{what} did not come"
        time.sleep(0.5)
