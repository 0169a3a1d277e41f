"""What the notebook on today's mail does with live servers, in a kernel of its own."""

import json
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "11-today.ipynb"
AFTER = "import threading\n[live, threading.active_count(), live._thread.is_alive()]"


def test_the_live_section_of_a_notebook_runs_and_stops_its_servers(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    (source,) = ("".join(c["source"]) for c in cells if "sim.live(" in "".join(c["source"]))
    assert "LIVE = False" in source  # a browser that runs it has no sockets
    sources = ["import sim", source.replace("LIVE = False", "LIVE = True"), AFTER, "live"]
    notebook = nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, sources)])
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    texts = [
        output.get("text") or output["data"]["text/plain"]
        for cell in notebook.cells
        for output in cell.outputs
    ]
    said, after, _ = texts
    assert "bob has 0 message" in said
    assert "S: 550 5.7.1" in said
    assert after.endswith("False]")
    (shown,) = (output["data"]["text/html"] for output in notebook.cells[-1].outputs)
    assert "Where a client is" in shown
