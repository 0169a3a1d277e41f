"""A student's notebook runs where it can do no harm, or not at all."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from sim.lab.classes import sandbox
from sim.records.usage import UsageError

SECRET = "a secret of the teacher's"


def working():
    """The kinds of sandbox that work here."""
    return [b for b in (sandbox.bubblewrap, sandbox.unshared) if sandbox.works(b)]


BUILDERS = working()
needed = pytest.mark.skipif(not BUILDERS, reason="no sandbox works here")
FURTHER = [pytest.param(b, marks=pytest.mark.slow) for b in BUILDERS[1:]]
each = pytest.mark.parametrize("builder", [*BUILDERS[:1], *FURTHER], ids=lambda b: b.__name__)


def executed(tmp_path, builder, *sources, seconds=200):
    """What each cell gave when the notebook was run in the sandbox; and what went wrong."""
    (tmp_path / "s1").mkdir(exist_ok=True)
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    source, target = tmp_path / "s1" / "in.ipynb", tmp_path / "out.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), source)
    fault = sandbox.run(source, target, builder, seconds)
    if fault:
        return fault, []
    outputs = [c.outputs for c in nbformat.read(target, 4).cells]
    return "", ["".join(o.get("evalue", "") or o.get("text", "") for o in some) for some in outputs]


@needed
@each
def test_it_reads_writes_connects_nowhere_and_forks_to_no_end(builder, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    mark = f"mailsim-{time.time_ns()}"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        fault, texts = executed(
            tmp_path,
            builder,
            f"print(open({str(secret)!r}).read())",
            f"open({str(secret)!r}, 'w').write('changed')",
            f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)",
            "import os; print(open(os.path.realpath('/proc/1/root') + '/etc/passwd').read())",
            f"import subprocess; subprocess.Popen(['sh', '-c', 'sleep 600; : {mark}'])",
            "print('seen', sorted(os.listdir('.')))",
            "bytearray(6 * 2**30)",
            "import sim; print(len(sim.load('six-cases').arms), 'arms')",
        )
    assert fault == ""
    assert SECRET not in "".join(texts)
    assert secret.read_text() == SECRET
    assert "No such file" in texts[0]
    assert "unreachable" in texts[2] or "refused" in texts[2]
    assert "No such file" in texts[3]
    assert "seen ['in.ipynb']" in texts[5]
    assert "arms" in texts[7]
    assert mark not in _processes()


def _processes():
    return b"\n".join(_words(path) for path in Path("/proc").glob("[0-9]*/cmdline")).decode()


def _words(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


@needed
@each
def test_it_ends(builder, tmp_path):
    began = time.monotonic()
    fault, _ = executed(tmp_path, builder, "while True: pass", seconds=8)
    assert fault == "did not end in 8 s" or fault == ""
    assert time.monotonic() - began < 40


@needed
@each
def test_it_has_no_rights_to_undo_that(builder, tmp_path):
    (tmp_path / "work").mkdir()
    command = builder(tmp_path / "work", ["cat", "/proc/self/status"])
    status = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = dict(line.split(":\t") for line in status.splitlines() if ":\t" in line)
    assert int(lines["CapEff"], 16) == int(lines["CapBnd"], 16) == 0
    assert lines["NoNewPrivs"] == "1"


def test_without_a_sandbox_it_refuses(monkeypatch, tmp_path):
    monkeypatch.setattr(sandbox.subprocess, "run", _absent)
    (tmp_path / "s1").mkdir()
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "s1" / "a.ipynb")
    with pytest.raises(UsageError, match="--run needs a sandbox"):
        sandbox.run_all(tmp_path, tmp_path / "out", print)
    assert not (tmp_path / "out").exists()


def _absent(*_, **__):
    raise FileNotFoundError("bwrap")


@needed
def test_all_of_a_class(tmp_path):
    said = []
    for number in ("s1", "s2"):
        (tmp_path / "in" / number).mkdir(parents=True)
        cell = nbformat.v4.new_code_cell(
            f"from sim.lab import check; check('10.1', 20, '{number}')"
        )
        path = tmp_path / "in" / number / "10.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    (tmp_path / "in" / "s2" / "10.ipynb").write_text("no notebook")
    out = sandbox.run_all(tmp_path / "in", tmp_path / "out", said.append)
    assert "check" in (out / "s1" / "10.ipynb").read_text()
    assert '"attempt": 1' in (out / "s1" / "10.ipynb").read_text()
    assert (out / "s2" / "10.ipynb").read_text() == "no notebook"
    assert ["s2" in line for line in said] == [True]


def test_python_is_that_of_the_teacher():
    places = sandbox._readable()
    assert sys.prefix in places
    assert not any(str(Path.home()) == place for place in places)
