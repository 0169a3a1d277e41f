"""The commands import, audit and export-config."""

from __future__ import annotations

import json
import tomllib

import pytest
from typer.testing import CliRunner

from sim.cli.app import app

GOOD = """compatibility_level = 3.6
myhostname = mail.proseware.com
mydestination = proseware.com
mynetworks = 198.51.100.0/25
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
"""
OPEN = GOOD + "smtpd_relay_restrictions = check_helo_access hash:/etc/postfix/helo, reject\n"


def run(*arguments, text=None):
    """The result of a command."""
    return CliRunner().invoke(app, list(map(str, arguments)), input=text)


@pytest.fixture
def folder(tmp_path):
    """A folder with two configurations and a table."""
    (tmp_path / "main.cf").write_text(GOOD)
    (tmp_path / "open.cf").write_text(OPEN)
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "helo").write_text("friendly.example OK\n")
    return tmp_path


def test_import_gives_a_section_and_a_report(folder):
    done = run("import", folder / "main.cf")
    assert done.exit_code == 0
    assert tomllib.loads(done.stdout)["servers"]["mail"]["domains"] == ["proseware.com"]
    assert "main.cf:5" in done.stderr
    again = run("import", "-", "--json", text=GOOD)
    data = json.loads(again.stdout)
    assert {entry["line"] for entry in data["report"]} == {1, 2, 3, 4, 5}
    assert data["section"] == done.stdout


def test_import_gives_a_whole_scenario_that_check_and_run_take(folder):
    (folder / "tables" / "users").write_text("amy@proseware.com x\n")
    text = GOOD + "local_recipient_maps = hash:/etc/postfix/users\n"
    (folder / "main.cf").write_text(text)
    done = run("import", folder / "main.cf", "--scenario", "--tables", folder / "tables")
    file = folder / "whole.toml"
    file.write_text(done.stdout)
    checked = run("check", file)
    assert (checked.exit_code, checked.stderr) == (0, "")
    changed = ["--set", "users.customers.count=10", "--arms", "as configured,on network + AUTH"]
    ran = run("run", file, "--quick", "--replications", "1", *changed, "--out", folder / "out")
    assert ran.exit_code == 0
    assert "on network + AUTH" in ran.stdout
    data = json.loads(run("import", "-", "--json", "--scenario", text=GOOD).stdout)
    assert set(data) == {"scenario", "report"}


def test_export_writes_the_ports_and_names_a_server_that_is_not_there(folder):
    file = folder / "whole.toml"
    master = "smtp inet n - y - - smtpd\nsubmission inet n - y - - smtpd\n"
    (folder / "master.cf").write_text(master)
    imported = run("import", folder / "main.cf", "--scenario", "--master", folder / "master.cf")
    file.write_text(imported.stdout)
    done = run("export-config", file, "--server", "mail", "--for", "postfix", "--json")
    files = json.loads(done.stdout)["files"]
    assert {"main.cf", "master.cf"} <= set(files)
    assert "submission" in files["master.cf"]
    wrong = run("export-config", file, "--server", "mial", "--for", "postfix")
    assert "did you mean 'mail'" in str(wrong.exception)


def test_export_config_gives_an_arm_as_at_a_moment():
    of_arm = (
        "university",
        "--server",
        "campus-a-smtp",
        "--for",
        "postfix",
        "--arm",
        "roll-out of 587",
    )
    networks = [
        next(line for line in run("export-config", *of_arm, *at).stdout.splitlines()
             if line.startswith("mynetworks"))
        for at in (["--at", "8 days"], ["--at", "15 days"], [])
    ]  # fmt: skip
    assert "198.51.100.128/25" in networks[0]
    assert "198.51.100.128/25" not in networks[1]
    assert networks[1] == networks[2]


def test_audit_says_by_its_exit_status_whether_a_server_is_open(folder):
    assert run("audit", folder / "main.cf").exit_code == 0
    done = run("audit", folder / "open.cf", "--tables", folder / "tables")
    assert done.exit_code == 1
    assert done.stdout.startswith("open relay\n")
    assert "would help" in done.stdout
    data = json.loads(run("audit", folder / "main.cf", "--json").stdout)
    assert (data["verdict"], data["findings"]) == ("restricted", [])


def test_audit_compares_two_files(folder):
    tables = ("--tables", folder / "tables")
    done = run("audit", "--diff", folder / "main.cf", folder / "open.cf", *tables)
    assert done.exit_code == 0
    assert "refuses (554), then relays (250)" in done.stdout


def test_names_and_users_are_taken(folder):
    (folder / "names.json").write_text(json.dumps({"mx": {}}))
    text = GOOD + "smtpd_sender_restrictions = reject_unknown_sender_domain\n"
    (folder / "main.cf").write_text(text)
    done = run("audit", folder / "main.cf", "--names", folder / "names.json", "--users", "amy,bob")
    assert done.stdout.startswith("refuses its own mail\n")
    assert "bob@proseware.com" in done.stdout
    (folder / "names.json").write_text("[")
    assert run("audit", folder / "main.cf", "--names", folder / "names.json").exit_code == 2


@pytest.mark.parametrize(
    "octets",
    [
        b"\x00\xff" * 1000,
        b"no parameter\n" * 100,
        b"a = " + b"b" * 10_500_000,
        b"mynetworks=$mynetworks",
    ],
    ids=["random", "words", "long", "circle"],
)
@pytest.mark.parametrize("command", ["import", "audit"])
def test_what_cannot_be_read_is_one_line_and_status_2(folder, command, octets):
    (folder / "main.cf").write_bytes(octets)
    done = run(command, folder / "main.cf")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1


def test_what_is_not_there_is_said(folder):
    for arguments in (["import", folder / "no.cf"], ["audit"]):
        assert run(*arguments).exit_code == 2
    assert run("import", folder / "main.cf", "--tables", folder / "no").exit_code == 2
