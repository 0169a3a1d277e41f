"""Nothing that was stored is read as something else: gaps and changes are told, and mended."""

import json
import os
import random
import shutil
import time
from dataclasses import replace
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import sim
from sim.experiment import frames, journal, parquet, parts, storage
from sim.experiment.manifest import SEAL, _seal, read_manifest
from sim.experiment.parts import check_of
from sim.experiment.repairing import repair
from sim.experiment.storage import DamagedError, OtherResultsError, StorageError, Task
from sim.results import kept, publish
from sim.results.export import export
from sim.results.verification import verify

SMALL = Path(__file__).with_name("small.toml")
FLIPS = 300
LOST = Task("open trust", 1)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return sim.run(SMALL, out=tmp_path_factory.mktemp("whole") / "out", progress=False).path


@pytest.fixture
def folder(whole, tmp_path):
    return Path(shutil.copytree(whole, tmp_path / "out"))


def flipped(path: Path, bit: int) -> None:
    octets = bytearray(path.read_bytes())
    octets[bit // 8] ^= 1 << bit % 8
    path.write_bytes(octets)


def large(whole: Path, folder: Path) -> journal.Done:
    """A part of more than `parquet.SMALL` octets, of which columns are read one by one."""
    run = journal.read(whole).runs[LOST]
    table = pd.concat([frames.read(whole, "recipients", [run])] * 160, ignore_index=True)
    table["at"] = np.arange(len(table)) / 7
    checks = parts.store(folder, LOST, {"recipients": table})
    assert checks["recipients"].octets > parquet.SMALL
    return replace(run, parts=checks)


@pytest.mark.parametrize("table", ["measures", "recipients", "a large part"])
def test_a_flipped_bit_is_never_read_as_another_value(whole, folder, table):
    run = large(whole, folder) if table == "a large part" else journal.read(folder).runs[LOST]
    name = "recipients" if table == "a large part" else table
    path = storage.part(folder, name, LOST)
    octets, expected = path.read_bytes(), frames.read(folder, name, [run])
    bits = random.Random(11)
    seen = 0
    number = FLIPS // 5 if table == "a large part" else FLIPS
    for _ in range(number):
        flipped(path, bits.randrange(8 * len(octets)))
        try:
            pd.testing.assert_frame_equal(frames.read(folder, name, [run]), expected)
        except DamagedError as error:
            seen += path.name in str(error)
        path.write_bytes(octets)
    assert seen == number


def test_a_flipped_bit_in_the_head_of_any_page_is_seen(whole, folder):
    run = large(whole, folder)
    path, bits = storage.part(folder, "recipients", LOST), random.Random(13)
    octets = path.read_bytes()
    starts = [start for start, _ in parquet._frame(pq.read_metadata(path), len(octets))]
    assert len(starts) > len(pq.read_metadata(path).schema)
    for start in starts:
        flipped(path, 8 * start + bits.randrange(8 * 20))
        with pytest.raises(DamagedError):
            frames.read(folder, "recipients", [run], columns=["message"])
        path.write_bytes(octets)


@pytest.mark.parametrize("name", ["manifest.json", "parts.log", "scenario.toml"])
def test_a_flipped_bit_of_what_says_what_there_is_is_seen(folder, name):
    path, bits = folder / name, random.Random(12)
    octets = path.read_bytes()
    for _ in range(40):
        flipped(path, bits.randrange(8 * len(octets)))
        with pytest.raises(StorageError, match=str(folder)):
            sim.open_results(folder).scenario  # noqa: B018
        path.write_bytes(octets)


def test_a_part_that_is_missing_is_named_with_what_makes_it_again(folder):
    path = storage.part(folder, "attempts", LOST)
    path.unlink()
    message = rf"attempts/arm=open%20trust/{path.name} is missing; 'mailsim verify .* --repair'"
    with pytest.raises(DamagedError, match=message):
        sim.open_results(folder)


def test_what_is_left_says_of_what_it_is(folder):
    storage.part(folder, "measures", LOST).unlink()
    flipped(storage.part(folder, "servers", Task("on network", 0)), 999)
    left = sim.open_results(folder, partial=True)
    assert left.shortfall == "2 of 3 replications of 'open trust', 'on network'"
    assert left.finished == 4
    assert left.shortfall in repr(left)
    assert escape(left.shortfall) in left._repr_html_()
    left.save(figures=["rates"], formats=["svg"])
    page = (folder / "report.html").read_text("utf-8")
    words = "2 of 3 replications of &#x27;open trust&#x27;, &#x27;on network&#x27;"
    assert words in page.replace("&#39;", "&#x27;")
    captions = page.replace("&#39;", "&#x27;").split("</caption>")[:-1]
    assert all(caption.endswith(f"[Partial: {words}.]") for caption in captions)
    assert captions
    assert "PARTIAL" in (folder / "figures" / "rates.svg").read_text("utf-8")


def test_a_decision_that_was_kept_is_of_whole_results_and_as_it_was_written(folder):
    publish.keep_decision(sim.open_results(folder))
    assert kept.fresh(folder)
    path = folder / "decision.json"
    text = path.read_text()
    path.write_text(text.replace('"mean": ', '"mean": 7', 1))
    assert path.read_text() != text
    assert kept.fresh(folder) is None
    path.write_text(text)
    storage.part(folder, "recipients", LOST).unlink()
    assert kept.fresh(folder) is None
    path.unlink()
    sim.open_results(folder, partial=True).save(figures=[])
    assert not path.exists()


def test_every_row_of_a_file_from_what_is_left_says_what_is_missing(whole, folder, tmp_path):
    storage.part(folder, "measures", LOST).unlink()
    sim.open_results(folder, partial=True).save(figures=[])
    path, shortfall = export(folder, "recipients", tmp_path / "csv", partial=True)
    for file in (path, folder / "summary.csv", folder / "tables" / "decision.csv"):
        assert pd.read_csv(file)["partial"].unique().tolist() == [f"Partial: {shortfall}."]
    entire, _ = export(whole, "recipients", tmp_path / "entire")
    assert "partial" not in pd.read_csv(entire, nrows=1)


def test_of_an_arm_without_a_run_only_the_shortfall_speaks(folder):
    for replication in range(3):
        storage.part(folder, "measures", Task("on network", replication)).unlink()
    left = sim.open_results(folder, partial=True)
    assert left.arms == ["open trust"]
    assert left.shortfall == "0 of 3 replications of 'on network'"
    assert [choice.arm for choice in left.decision().choices] == ["open trust"]


def test_what_no_longer_follows_from_what_is_stored_is_not_repaired(tmp_path):
    for key, values in {"seed": [1, 2], "users.travellers.count": [3, 4]}.items():
        folder = tmp_path / key
        how = {"replications": 1, "arms": "open trust", "progress": False}
        sim.sweep(SMALL, {key: values}, out=folder, **how)
        assert repair(folder) == 0
        storage.part(folder, "measures", Task("open trust", 0, 1)).unlink()
        if key == "seed":
            with pytest.raises(OtherResultsError, match="points change seed, from which other"):
                repair(folder)
        else:
            assert repair(folder) == 1


def test_verify_names_all_that_is_wrong_and_repair_makes_it_as_it_was(whole, folder):
    assert [one.faults for one in verify(folder)] == [[]]
    storage.part(folder, "attempts", LOST).unlink()
    flipped(storage.part(folder, "recipients", Task("on network", 2)), 4_711)
    (one,) = verify(folder)
    assert [fault.partition(" ")[0] for fault in one.faults] == [
        "attempts/arm=open%20trust/replication-1.parquet",
        "recipients/arm=on%20network/replication-2.parquet",
    ]
    assert repair(folder) == 2
    (one,) = verify(folder)
    assert one.faults == []
    assert "6 runs, 30 parts, all as they were written; the measures are those" in str(one)
    for path in whole.rglob("*.parquet"):
        assert path.read_bytes() == (folder / path.relative_to(whole)).read_bytes()


def test_measures_that_are_not_those_of_their_rows_are_told(folder):
    log = journal.read(folder)
    first, other = log.runs[LOST], log.runs[Task("open trust", 2)]
    path = storage.part(folder, "measures", LOST)
    shutil.copy(storage.part(folder, "measures", other.task), path)
    swapped = first.parts | {"measures": other.parts["measures"]}
    journal.rewrite(folder, [*log.runs.values(), replace(first, parts=swapped)])
    (one,) = verify(folder)
    assert [fault.partition(";")[0] for fault in one.faults] == [
        "measures/arm=open%20trust/replication-1.parquet is not what its rows give"
    ]


def test_of_another_version_nothing_is_made_again(folder):
    manifest = read_manifest(folder)
    manifest.code = "other"
    manifest.write(folder)
    storage.part(folder, "measures", LOST).unlink()
    with pytest.raises(OtherResultsError, match="another code: what is missing cannot be made"):
        repair(folder)


# ---- files of strangers


def sealed(folder: Path, **changes) -> None:
    """Write a manifest of which all but its sense is right."""
    data = read_manifest(folder).data() | changes
    (folder / "manifest.json").write_text(json.dumps(data | {SEAL: _seal(data)}))


HOSTILE = {
    "no arms": lambda f: sealed(f, arms=5),
    "replications in words": lambda f: sealed(f, replications="x"),
    "too many replications": lambda f: sealed(f, planned={"a": 10**9}, arms=["a"]),
    "many arms of many": lambda f: sealed(
        f, planned={str(i): 32_767 for i in range(9_000)}, replications=32_767,
        arms=[str(i) for i in range(9_000)],
    ),
    "another key": lambda f: sealed(f, more=1),
    "a future format": lambda f: (f / "manifest.json").write_text('{"format": 99}'),
    "no JSON": lambda f: (f / "manifest.json").write_text("{"),
    "deep JSON": lambda f: (f / "manifest.json").write_text("[" * 100_000),
    "a list": lambda f: (f / "manifest.json").write_text("[3]"),
    "no text": lambda f: (f / "manifest.json").write_bytes(b"\xff\xfe" * 9),
    "an empty manifest": lambda f: (f / "manifest.json").write_text(""),
    "a huge manifest": lambda f: (f / "manifest.json").write_text(" " * 2**23),
    "a log of zeros": lambda f: (f / "parts.log").write_bytes(b"\0" * 9_999 + b"\n"),
    "a log of another": lambda f: (f / "parts.log").write_text("00000000 {}\n" * 99),
    "no log": lambda f: (f / "parts.log").unlink(),
    "an empty part": lambda f: storage.part(f, "measures", LOST).write_bytes(b""),
    "half a part": lambda f: os.truncate(storage.part(f, "measures", LOST), 4_000),
    "a foreign part": lambda f: storage.part(f, "measures", LOST).write_bytes(b"PAR1" * 2_606),
    "a part that is a folder": lambda f: replaced(f, lambda path: path.mkdir()),
    "a part that is a pipe": lambda f: replaced(f, os.mkfifo),
    "no scenario": lambda f: (f / "scenario.toml").unlink(),
    "another scenario": lambda f: (f / "scenario.toml").write_text("seed = 1"),
}  # fmt: skip


def replaced(folder: Path, make) -> None:
    path = storage.part(folder, "measures", LOST)
    path.unlink()
    make(path)


@pytest.mark.parametrize("kind", HOSTILE)
def test_files_of_strangers_are_one_clear_line_soon(folder, kind):
    HOSTILE[kind](folder)
    start = time.monotonic()
    with pytest.raises(StorageError) as caught:
        sim.open_results(folder).summary()
    assert "\n" not in str(caught.value)
    assert str(folder) in str(caught.value)
    assert time.monotonic() - start < 10


def test_a_last_line_that_was_cut_off_is_a_run_that_did_not_finish(folder):
    log = folder / "parts.log"
    log.write_bytes(log.read_bytes()[:-7])
    manifest = read_manifest(folder)
    manifest.complete = False
    manifest.write(folder)
    assert sim.open_results(folder).shortfall == "2 of 3 replications of 'on network'"
    assert not sim.run(SMALL, out=folder, progress=False).shortfall
    assert json.loads((folder / "manifest.json").read_text())["complete"]


def test_a_part_that_was_changed_is_run_again(folder, whole):
    path = storage.part(folder, "recipients", LOST)
    octets = path.read_bytes()
    flipped(path, 4_711)
    sim.run(SMALL, out=folder, progress=False)
    assert path.read_bytes() == octets


def test_a_check_holds_the_size_and_two_checksums():
    check = check_of(b"abc", 1)
    assert check == (1, 3, 891568578, check.sha256)
    assert check.sha256.startswith("ba7816bf")
