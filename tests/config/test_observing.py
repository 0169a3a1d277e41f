"""Logs of Postfix as inputs and targets: counts and classes, in bounded memory, no address."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import re
import sys
import tomllib
import tracemalloc
from datetime import date
from itertools import pairwise
from types import SimpleNamespace

import mail_log
import pyarrow
import pytest
from typer.testing import CliRunner

from sim.cli.app import app
from sim.config import ConfigError, observe, observing, postfix_log
from sim.scenario.sections import MODELS
from sim.scenario.targets import Target

TODAY = date(2026, 11, 28)


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """A log of 280 messages, of the years that classic dates do not say."""
    path = tmp_path_factory.mktemp("log") / "mail.log"
    path.write_text("\n".join(mail_log.lines(280)) + "\n")
    return path


def told(path, text, **options):
    """What a log with *text* says."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return observe(path, today=TODAY, **options)


def test_what_people_do_becomes_a_group_of_users(log):
    seen = observe(log, today=TODAY)
    inputs = seen.inputs
    assert (seen.first, seen.last) == (date(2026, 11, 2), date(2026, 11, 8))
    assert (inputs["count"], inputs["auth"], inputs["port_587"]) == (40, 1.0, 1.0)
    assert inputs["recipients"] == 1.5
    assert inputs["to_same_isp"] == pytest.approx(70 / 420, rel=1e-3)
    assert inputs["messages"].endswith(" / day")
    per_day = float(inputs["messages"].split()[0])
    assert per_day == pytest.approx(280 / 40 / seen.days, rel=1e-3)
    MODELS["users"].model_validate(inputs | {"accounts": {"isp": 1.0}})


def test_refusals_are_told_apart_by_cause(log):
    assert observe(log, today=TODAY).refusals == {
        "blocklist": 56,
        "client": 56,
        **dict.fromkeys(
            ("relaying", "unknown_recipient", "greylisted", "sender", "rate", "temporary"), 28
        ),
        "content": 28,
    }


def test_targets_are_bands_about_what_days_show(log):
    targets = observe(log, today=TODAY).targets
    median = targets["delay, median"]
    assert median.low < 3.5 < median.high
    assert targets["bounced"].high == pytest.approx(3 / 420, rel=1e-3)
    assert targets["refused for relaying"].low == 0.0


def test_the_file_is_a_part_of_a_scenario(log):
    part = tomllib.loads(observe(log, today=TODAY, group="staff", network="uni").toml())
    assert part["users"]["staff"]["accounts"] == {"uni": 1.0}
    assert (len(part["hourly"]), part["hourly"][3], part["weekend_activity"]) == (24, 0.0, 1.0)
    assert set(part["targets"]) == {
        "delay, median", "delay, 90th percentile", "bounced", "refused for relaying"
    }  # fmt: skip
    for target in part["targets"].values():
        Target.model_validate(target)


def test_files_are_read_packed_or_not_in_the_order_of_time(log, tmp_path):
    text = log.read_bytes()
    lines = text.splitlines(keepends=True)
    ends = (0, 1000, 2000, 2200, len(lines))
    oldest, old, new, newest = (b"".join(lines[a:b]) for a, b in pairwise(ends))
    (tmp_path / "mail.log.2.gz").write_bytes(gzip.compress(oldest))
    (tmp_path / "mail.log.1.bz2").write_bytes(bz2.compress(old))
    (tmp_path / "mail.log.0.xz").write_bytes(lzma.compress(new))
    (tmp_path / "mail.log.zst").write_bytes(pyarrow.compress(newest, "zstd", asbytes=True))
    names = [tmp_path / f"mail.log.{end}" for end in ("zst", "0.xz", "1.bz2", "2.gz")]
    whole = observe(log, today=TODAY).as_dict()
    assert observe(*names, today=TODAY).as_dict() == whole


def test_both_kinds_of_date_say_the_same(log, tmp_path):
    iso = told(tmp_path / "iso.log", "\n".join(mail_log.lines(280, iso=True)))
    assert iso.as_dict() == observe(log, today=TODAY).as_dict()


def test_a_date_without_a_year_is_the_last_such_day(tmp_path):
    text = next(mail_log.refusals("Dec 31 10:00:00"))
    assert told(tmp_path / "old.log", text).first == date(2025, 12, 31)


def test_what_a_filter_hands_back_is_one_message(tmp_path):
    head = "Nov 28 10:00:00 mx postfix"
    text = "\n".join((
        f"{head}/smtpd[1]: 4AAA: client=home.example[192.0.2.9], sasl_username=amy",
        f"{head}/qmgr[2]: 4AAA: from=<amy@proseware.com>, size=900, nrcpt=1 (queue active)",
        f"{head}/smtpd[1]: 4BBB: client=localhost[127.0.0.1]",
        f"{head}/qmgr[2]: 4BBB: from=<amy@proseware.com>, size=950, nrcpt=1 (queue active)",
        f"{head}/smtp[3]: 4AAA: to=<joe@adatum.com>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, "
        "delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4BBB)",
        f"{head}/qmgr[2]: 4AAA: removed",
        f"{head}/smtp[3]: 4BBB: to=<joe@adatum.com>, relay=mx.adatum.com[192.0.2.1]:25, delay=1, "
        "delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4CCC)",
        f"{head}/qmgr[2]: 4BBB: removed",
    ))  # fmt: skip
    seen = told(tmp_path / "filter.log", text)
    assert seen.messages == {"submitted": 1}
    assert seen.inputs["auth"] == 1.0


@pytest.mark.parametrize(
    ("networks", "kind"),
    [((), "submitted"), (["192.0.2.0/24"], "submitted"), (["10.0.0.0/8"], "received")],
)
def test_own_networks_tell_people_from_strangers(tmp_path, networks, kind):
    head = "Nov 28 10:00:00 mx postfix"
    text = "\n".join((
        f"{head}/smtpd[1]: 4AAA: client=a.example[192.0.2.9]",
        f"{head}/qmgr[2]: 4AAA: from=<amy@proseware.com>, size=900, nrcpt=1 (queue active)",
        f"{head}/smtp[3]: 4AAA: to=<joe@adatum.com>, relay=mx.adatum.com[192.0.2.1]:25, delay=1, "
        "delays=0/0/0/1, dsn=2.0.0, status=sent (250 Ok)",
        f"{head}/qmgr[2]: 4AAA: removed",
    ))  # fmt: skip
    assert told(tmp_path / "mail.log", text, networks=networks).messages == {kind: 1}


# ---- no address leaves it


def names_in(text: str) -> set[str]:
    """Local parts, domains, host names, logins and addresses of a log."""
    found = {part for pair in re.findall(r"([\w.+-]+)@([\w.-]+)", text) for part in pair}
    found |= set(re.findall(r"[\w-]+(?:\.[\w-]+)*\.(?:com|invalid|example)\b", text))
    found |= set(re.findall(r"\d+\.\d+\.\d+\.\d+", text))
    return found | set(re.findall(r"sasl_username=(\w+)", text))


def test_no_address_leaves_it(log, tmp_path):
    arguments = ["observe", str(log)]
    texts = [
        CliRunner().invoke(app, [*arguments, *more]).output
        for more in ((), ("--json",), ("--out", str(tmp_path / "part.toml")))
    ]
    said = "\n".join([*texts, (tmp_path / "part.toml").read_text()])
    words = set(re.findall(r"[\w.+-]+", said))
    forbidden = names_in(log.read_text())
    assert len(forbidden) > 80
    assert not forbidden & words
    assert not [name for name in forbidden if "." in name and name in said]


# ---- the command


def test_the_command_reports_within_80_columns(log, tmp_path):
    done = CliRunner().invoke(app, ["observe", str(log), "--out", str(tmp_path / "part.toml")])
    assert done.exit_code == 0, done.output
    lines = done.stdout.replace(str(tmp_path), "").splitlines()
    assert max(map(len, lines)) <= 80
    assert "unknown_recipient" in done.stdout
    assert tomllib.loads((tmp_path / "part.toml").read_text())["users"]["customers"]["count"] == 40


def test_json_has_all_of_it(log):
    data = json.loads(CliRunner().invoke(app, ["observe", "--json", str(log)]).stdout)
    assert data["share_authenticated"] == 1.0
    assert sum(data["hourly"]) == pytest.approx(1.0, abs=0.01)
    assert data["weekend"] == 1.0


def test_standard_input_may_be_packed(log, monkeypatch):
    packed = io.BufferedReader(io.BytesIO(gzip.compress(log.read_bytes())))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=packed))
    assert observe("-", today=TODAY).messages == {"submitted": 280}


# ---- bounds


def test_memory_does_not_grow_with_the_log(tmp_path, monkeypatch):
    monkeypatch.setattr(postfix_log, "MOST_LIVE", 20)
    text = [line for line in mail_log.lines(600, 1, people=10) if ": removed" not in line]

    def peak(lines):
        path = tmp_path / "mail.log"
        path.write_text("\n".join(lines))
        tracemalloc.start()
        seen = observe(path, today=TODAY)
        _, octets = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert seen.log.evicted > 50
        return octets

    peak(text[:2000])
    assert peak(text) < 1.1 * peak(text[:2000])


@pytest.mark.parametrize(
    ("content", "expected"),
    {
        "an endless line": (b"Nov 28 10:00:00 " + b"x" * 70_000, "more than 65536 octets"),
        "binary": (bytes(range(256)) * 900, "none of Postfix"),
        "nothing": (b"", "no line of Postfix"),
        "another log": (b"Nov 28 10:00:00 host sshd[1]: hello\n" * 500, "none of Postfix"),
        "gzip cut off": (gzip.compress(b"Nov 28 10:00:00 mx x\n" * 900)[:60], "unpacked"),
        "xz cut off": (lzma.compress(b"Nov 28 10:00:00 mx x\n" * 900)[:60], "unpacked"),
        "xz broken": (b"\xfd7zXZ\0" + b"\xff" * 90, "unpacked"),
        "zstd broken": (b"\x28\xb5\x2f\xfd" + b"\xff" * 90, "unpacked"),
        "gzip broken": (b"\x1f\x8b" + b"\x08" + b"\x00" * 7 + b"\xff" * 90, "unpacked"),
        "no dates": (b"postfix/smtpd[1]: connect from a[192.0.2.1]\n" * 9, "no line of Postfix"),
    }.values(),
    ids=range(10),
)  # fmt: skip
def test_what_is_no_log_is_one_clear_error(tmp_path, monkeypatch, content, expected):
    monkeypatch.setattr(observing, "NO_LOG", 400)
    path = tmp_path / "mail.log"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=expected) as error:
        observe(path, today=TODAY)
    assert "mail.log" in str(error.value)
    assert len(str(error.value).replace(str(tmp_path), "").splitlines()) == 1


def test_a_missing_file_or_network_ends_with_2(tmp_path, log):
    for arguments in ((tmp_path / "none.log",), (log, "--networks", "home")):
        done = CliRunner().invoke(app, ["observe", *map(str, arguments)])
        assert isinstance(done.exception, ConfigError) or done.exit_code == 2
