"""One job from end to end: the commands of the page, on the files of a server."""

import gzip
import os
import re
import subprocess
import sys
import time
import tomllib
from datetime import date
from pathlib import Path

import pytest
import server
from typer.testing import CliRunner

import sim
from sim.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "notebooks" / "docs" / "job.md"
COMMANDS = re.findall(r"^mailsim .*", PAGE.read_text("utf-8"), re.M)
LOGS = ("mail.log", "mail.log.1", "mail.log.2.gz")
NETWORKS = ("--networks", "198.51.100.0/25")
MINUTES = 10


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The files of a server."""
    path = tmp_path_factory.mktemp("job")
    server.write(path)
    return path


@pytest.fixture(scope="module")
def done(folder):
    """The job, done as the page says, and what was printed."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "MPLBACKEND": "agg"}
    command = [sys.executable, str(ROOT / "tests" / "test_docs.py"), str(PAGE)]
    began = time.monotonic()
    job = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert job.returncode == 0, job.stdout[-2000:] + job.stderr[-4000:]
    assert time.monotonic() - began < 60 * MINUTES
    return job.stdout + job.stderr


def marks(octets: bytes) -> list[bytes]:
    """Names that only the log knows, and addresses of those who are in it."""
    name = re.escape(server.MARK.encode())
    return re.findall(rb"%s\w*|203\.0\.113\.\d+\b(?!/)" % name, octets)


def test_it_is_at_most_ten_commands():
    assert 5 < len(COMMANDS) <= 10


def test_the_first_command_and_the_second_fit_together(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(folder)
    for command in COMMANDS[:2]:
        result = CliRunner().invoke(app, command.split()[1:])
        assert result.exit_code == 0, result.output
    (folder / "both.toml").write_text(
        'extends = ["server.toml", "observed.toml"]\ntitle = "Both"\n'
    )
    scenario = sim.load("both.toml")
    users, network = scenario.users["customers"], scenario.networks["own"]
    assert network.domain == "proseware.com"
    assert set(users.accounts) == {"own"}
    assert (
        users.count
        == tomllib.loads((folder / "observed.toml").read_text())["users"]["customers"]["count"]
    )
    assert {target.measure for target in scenario.targets.values()} >= {"delay_median"}
    assert scenario.networks["neighbour"].mailboxes  # somebody to write to elsewhere


def test_rotated_and_packed_logs_are_one_in_any_order(folder):
    seen = sim.observe(*(folder / log for log in LOGS), today=date(2026, 11, 30)).as_dict()
    again = sim.observe(*(folder / log for log in LOGS[::-1]), today=date(2026, 11, 30)).as_dict()
    assert seen == again
    assert (seen["first"], seen["last"]) == ("2026-11-02", "2026-11-16")


@pytest.mark.slow
def test_the_job_ends_in_a_decision_and_a_report(folder, done):
    results = sim.open_results(folder / "out" / "job")
    assert next(iter(results.arms)) == "as configured"
    assert len(results.arms) == 6
    assert "as configured" in done
    assert (folder / "out" / "job" / "report.html").stat().st_size > 20_000
    overrides = tomllib.loads((folder / "out/job/calibration/overrides.toml").read_text("utf-8"))
    places = results.scenario.users["customers"].places
    assert dict(places) == pytest.approx(overrides["users.customers.places"])


@pytest.mark.slow
def test_nothing_of_the_log_is_in_any_file_of_the_job(folder, done):
    assert marks(done.encode()) == []
    inputs = {*LOGS, "main.cf", "master.cf"}
    outputs = [p for p in folder.rglob("*") if p.is_file() and p.name not in inputs]
    assert len(outputs) > 50
    assert {p.name: marks(p.read_bytes()) for p in outputs if b"zq7" in p.read_bytes()} == {}


def test_no_hostile_name_of_the_log_leaves_observe(folder, tmp_path):
    raw = b"".join(
        gzip.decompress((folder / log).read_bytes())
        if log.endswith(".gz")
        else (folder / log).read_bytes()
        for log in LOGS
    )
    assert len(set(marks(raw))) > 1000
    part = tmp_path / "part.toml"
    for more in ((), ("--json",), ("--out", str(part))):
        arguments = ["observe", *(str(folder / log) for log in LOGS), *NETWORKS, *more]
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, result.output
        assert marks(result.output.encode()) == []
    assert marks(part.read_bytes()) == []
    assert not [
        w for w in ("far.invalid", "203.0.113", "grüße", "tag") if w in part.read_text("utf-8")
    ]


def test_an_error_tells_no_line_of_the_log(folder, tmp_path):
    broken = tmp_path / "mail.log"
    broken.write_bytes((folder / "mail.log").read_bytes()[:5000] + b"zq7" * 30_000)
    result = CliRunner().invoke(app, ["observe", str(broken)])
    assert "a line of more than" in str(result.exception)
    assert server.MARK not in str(result.exception)
