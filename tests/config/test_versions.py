"""The page about Postfix says which versions were recorded and asked, and what differs."""

from __future__ import annotations

import gzip
import os
import re
from pathlib import Path

import postfix_replay
import pytest

import sim.config
from sim.config import import_postfix
from sim.smtp.flavours import MEASURED

PAGE = (Path(__file__).parents[2] / "notebooks" / "docs" / "postfix.md").read_text("utf-8")
SECTION = PAGE.partition("## Differences between server versions\n")[2].partition("\n## ")[0]
ROWS = [
    [cell.strip().strip("`") for cell in line.strip("| ").split(" | ")]
    for line in SECTION.splitlines()
    if line.startswith("| ")
]
SERVERS = {row[0].lower(): row[1:] for row in ROWS if row[0].lower() in MEASURED}
LEVELS = [row for row in ROWS if re.fullmatch(r"[\d.]+", row[1]) and row[0].lower() not in MEASURED]
CHANGELOGS = {
    "postfix": "postfix/usr/share/doc/postfix",
    "exim": "exim/usr/share/doc/exim4-base",
    "sendmail": "sendmail/usr/share/doc/sendmail-bin",
    "opensmtpd": "opensmtpd/usr/share/doc/opensmtpd",
}
FOLDER = os.environ.get("MAILSIM_SERVERS", "")


def test_the_page_names_the_versions_whose_answers_were_recorded():
    assert {*SERVERS} == {*MEASURED}
    for make, (version, *_) in SERVERS.items():
        assert re.search(r"\d[\d.]*\d", MEASURED[make])[0] == version
    assert postfix_replay.recorded()["version"].split()[1] == SERVERS["postfix"][0]


@pytest.mark.skipif(not FOLDER, reason="MAILSIM_SERVERS names no folder made by .ci/servers")
@pytest.mark.parametrize("make", CHANGELOGS)
def test_the_page_names_the_versions_that_the_tests_ask(make):
    newest = next(Path(FOLDER, CHANGELOGS[make]).glob("changelog.Debian*.gz"))
    first = gzip.decompress(newest.read_bytes()).decode().partition("\n")[0]
    assert re.search(r"\(([\w.]+)-", first)[1] == SERVERS[make][1]


def test_the_page_names_the_recorded_levels():
    texts = [policy["main_cf"] for policy in postfix_replay.recorded()["policies"].values()]
    found = [re.search(r"^compatibility_level\s*=\s*(\S+)", text, re.M) for text in texts]
    levels = sorted({match[1] for match in found if match})
    assert f"unset, and {', '.join(levels[:-1])} and {levels[-1]}." in SECTION
    assert None in found


@pytest.mark.parametrize(("name", "level", "below", "after"), LEVELS, ids=[r[0] for r in LEVELS])
def test_what_a_level_changes_is_changed_by_the_import(name, level, below, after):
    before = {"1": "0", "2": "1", "3.6": "3.5"}[level]
    for stated, value in ((before, below), (level, after)):
        text = f"compatibility_level = {stated}\nmydestination = proseware.com\n"
        values = import_postfix(text).configuration.ports[0].values
        wanted = {"empty": "", "$mydestination": "proseware.com"}.get(value, value)
        assert values[name] == wanted, stated


def test_the_page_names_all_that_a_level_changes():
    defaults = (Path(sim.config.__file__).parent / "defaults.cf").read_text("utf-8")
    asked = re.findall(r"^(\w+) = \$\{\{\$compatibility_level\}", defaults, re.M)
    others = {name for name in asked if name.endswith("_digest") or name == "respectful_logging"}
    assert {row[0] for row in LEVELS} == {*asked} - others
