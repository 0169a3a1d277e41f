"""The command: what it prints, what it writes, how it ends."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import sim
from sim.cli import app as cli
from sim.cli.stored import WARM_UP_REPLICATIONS
from sim.experiment.storage import StorageError

ROOT = Path(sim.__file__).resolve().parent.parent
SMALL = ROOT / "tests" / "experiment" / "small.toml"


class Ended:
    """How one call of the command ended."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err

    @property
    def data(self):
        return json.loads(self.out)


@pytest.fixture
def mailsim(monkeypatch, capsys, tmp_path):
    """Call the command in this process, from an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(
        "sim.cli.experiments.cores", lambda: 1
    )  # other processes take long to start

    def call(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["mailsim", *map(str, arguments)])
        try:
            cli.main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        said = capsys.readouterr()
        return Ended(status, said.out, said.err)

    return call


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Results of the small scenario."""
    out = tmp_path_factory.mktemp("stored")
    sim.run(SMALL, out=out, progress=False)
    return out


@pytest.fixture
def out(stored, tmp_path):
    """A copy of those results, with everything still to draw."""
    return shutil.copytree(stored, tmp_path / "out")


# ---- run


def test_run_prints_the_comparison_and_says_where_the_files_are(mailsim, out):
    ended = mailsim("run", SMALL, "--out", out)
    assert ended.status == 0, ended.err
    assert "2 on network" in ended.out
    assert "as with 'open trust'" in " ".join(ended.out.split())
    assert max(map(len, ended.out.splitlines())) <= 100
    assert len(ended.out.splitlines()) < 24
    again = mailsim("decide", out)  # from decision.json
    assert again.out == ended.out
    full = mailsim("run", SMALL, "--out", out, "--full").out
    assert full.startswith(ended.out)
    assert "95 % interval over 3 replications" in full.replace("\n", " ")
    for name in ("summary.csv", "manifest.json", "scenario.toml"):
        assert (out / name).is_file()
    for name in ("rates", "places", "topology", "matrix"):
        assert {p.suffix for p in (out / "figures").glob(f"{name}.*")} >= {".png", ".svg"}


def test_run_as_json_gives_summary_and_paired_differences(mailsim, out):
    ended = mailsim("run", SMALL, "--out", out, "--json")
    summary = {(r["arm"], r["class"], r["measure"]): r for r in ended.data["summary"]}
    assert summary["open trust", "honest", "delivery_rate"]["mean"] > 0.9
    assert summary["open trust", "notice", "delay_median"]["analytic"] is None  # NaN is no JSON
    differences = {(r["class"], r["measure"]): r for r in ended.data["comparison"]["on network"]}
    assert differences["spam", "spam_per_mailbox_day"]["difference"] < 0
    decided = {(r["arm"], r["quantity"]): r for r in ended.data["table"]}
    calls = decided["on network", "calls to the help desk"]
    assert (calls["mean"], calls["settled"]) == (None, False)  # the run is too short
    assert {"low", "analytic", "difference_low", "correlation", "gain"} <= set(
        decided["on network", "spam per mailbox and day"]
    )


def test_the_decision_is_printed_before_anything_is_drawn(mailsim, out, monkeypatch):
    def fails(*_, **__):
        raise StorageError("the disk is full")

    monkeypatch.setattr("sim.results.publish.publish", fails)
    ended = mailsim("run", SMALL, "--out", out)
    assert (ended.status, ended.err) == (1, "the disk is full\n")
    assert "2 on network" in ended.out


def test_a_quick_run_is_marked_and_has_a_folder_of_its_own(mailsim, tmp_path):
    ended = mailsim("run", SMALL, "--quick", "--replications", "1", "--workers", "1")
    assert ended.status == 0, ended.err
    assert "QUICK RUN" in ended.out
    assert (
        "One replication: neither an interval nor a band, and no difference is sure." in ended.out
    )
    assert sim.open_results(tmp_path / "out" / "small-quick").quick


def test_a_key_can_be_set_and_results_of_another_scenario_are_not_mixed(mailsim, out):
    ended = mailsim("run", SMALL, "--out", out, "--set", "users.travellers.count=5")
    assert ended.status == 2
    assert "another scenario hash" in ended.err
    assert "--force" in ended.err


def test_ctrl_c_keeps_what_is_finished(tmp_path):
    command = [sys.executable, "-m", "sim", "run", str(SMALL), "--out", str(tmp_path / "out")]
    long = ["--workers", "2", "--set", "run_length=60 days", "--replications", "50"]
    running = subprocess.Popen(
        command + long, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    waited = time.monotonic() + 60
    while not list(tmp_path.glob("out/measures/*/*.parquet")):
        assert time.monotonic() < waited, "nothing was finished"
        assert running.poll() is None, running.stderr.read()
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Interrupted. What is finished is kept" in err
    assert "Traceback" not in err
    assert len(sim.open_results(tmp_path / "out").summary())


# ---- warmup


def test_warmup_says_what_the_scenario_has_and_draws_each_measure(mailsim, out):
    ended = mailsim("warmup", out)
    assert ended.status == 0, ended.err
    said = " ".join(ended.out.split())
    assert 'Warm-up: none as far as can be seen; the scenario has policy_starts = "1 day"' in said
    assert 'Transient: none as far as can be seen; the scenario has transient = "1 day"' in said
    assert max(map(len, ended.out.splitlines())) <= 100
    for name in ("honest-delivery_rate", "honest-first_refusal_rate", "spam-spam_per_mailbox_day"):
        found = {path.suffix for path in (out / "figures").glob(f"welch-{name}.*")}
        assert found == {".png", ".svg", ".csv"}


def test_warmup_as_json_gives_the_days_and_the_files(mailsim, out):
    ended = mailsim("warmup", out, "--json", "--measure", "honest:lost_per_day", "--window", "0")
    assert (ended.data["policy_starts"], ended.data["transient"]) == (86400.0, 86400.0)
    rows = {row["arm"]: row for row in ended.data["levels"]}
    assert (rows["open trust"]["since"], rows["on network"]["since"]) == (0, 1)
    assert rows["on network"]["measure"] == "lost_per_day"
    assert all(Path(name).is_file() for name in ended.data["figures"])


def test_warmup_of_a_scenario_runs_a_few_replications_with_all_of_its_days(mailsim, tmp_path):
    ended = mailsim("warmup", SMALL, "--quick", "--workers", "1", "--set", "run_length=9 days")
    assert ended.status == 0, ended.err
    assert "QUICK RUN: a short run" in ended.out
    assert 'Warm-up: none as far as can be seen; the scenario has policy_starts = "1 day"' in (
        " ".join(ended.out.split())
    )
    folder = tmp_path / "out" / "small-quick-warmup"
    results = sim.open_results(folder)
    assert results.replications == WARM_UP_REPLICATIONS
    assert results.scenario.run_length == 9 * 86400.0
    assert not (folder / "recipients").exists()  # measures are enough
    assert (folder / "figures" / "welch-honest-delivery_rate.png").exists()
    other = mailsim("warmup", SMALL, "--quick", "--workers", "1", "--set", "run_length=8 days")
    assert (other.status, "never mixed" in other.err) == (2, True)


NO_WARM_UP = {
    "a measure without its class": (["--measure", "lost_per_day"], "expected CLASS:MEASURE"),
    "a mistyped measure": (["--measure", "honest:lost_per_dai"], "did you mean 'lost_per_day'?"),
    "a measure that is not counted by day": (
        ["--measure", "honest:delay_median"], "unknown measure by day 'delay_median'",
    ),
    "a class that the measure is not of": (
        ["--measure", "spam:lost_per_day"], "unknown class 'spam'",
    ),
    "what only a run needs": (
        ["--arms", "on network", "--replications", "3"], "--arms, --replications: for a SCENARIO",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("words", "message"), NO_WARM_UP.values(), ids=NO_WARM_UP)
def test_warmup_of_what_cannot_be_judged(mailsim, stored, words, message):
    ended = mailsim("warmup", stored, *words)
    assert (ended.status, ended.out) == (2, "")
    assert message in ended.err


def test_a_file_is_no_folder_of_results(mailsim):
    for command in ("decide", "report"):
        ended = mailsim(command, SMALL)
        assert ended.status == 2
        assert "is a file; expected a folder of results, as mailsim run writes" in ended.err


@pytest.mark.parametrize(("words", "batch"), [([], True), (["--no-batch"], False)])
def test_a_run_may_do_without_batches(mailsim, monkeypatch, words, batch):
    def run(*_, **options):
        raise MemoryError(f"batch is {options['batch']}")

    monkeypatch.setattr(sim, "run", run)
    assert f"batch is {batch}" in mailsim("run", SMALL, *words).err


def test_a_run_too_large_for_the_memory_is_one_message(mailsim, monkeypatch):
    def too_large(*_, **__):
        raise MemoryError("Unable to allocate 40.2 GiB")

    monkeypatch.setattr(sim, "run", too_large)
    ended = mailsim("run", SMALL)
    assert ended.status == 1
    assert "not enough memory: Unable to allocate 40.2 GiB. Fewer people" in ended.err
    assert "Traceback" not in ended.err


# ---- wrong use


WRONG = {
    "no such file": (["check", "none.toml"], "none.toml"),
    "a folder": (["check", "."], "."),
    "an unknown arm": (["run", SMALL, "--arms", "on netwrok"], "did you mean 'on network'"),
    "an arm for the matrix": (["matrix", SMALL, "--arms", "on netwrok"], "on network"),
    "an unknown server": (["matrix", SMALL, "--server", "prosware"], "proseware"),
    "an unknown user": (
        ["explain", SMALL, "--user", "travelers", "--place", "hotel", "--to", "a@adatum.com"],
        "travellers",
    ),
    "an unknown place": (
        ["explain", SMALL, "--user", "travellers", "--place", "hotle", "--to", "a@adatum.com"],
        "hotel",
    ),
    "no address": (
        ["explain", SMALL, "--user", "travellers", "--place", "hotel", "--to", "nobody"],
        "nobody",
    ),
    "arms to compare": (["diff", SMALL, "open trust", "on netwrok"], "on network"),
    "an unknown key": (["check", SMALL, "--set", "users.travelers.count=1"], "travelers"),
    "a value out of bounds": (["check", SMALL, "--set", "users.travellers.auth=2"], "auth"),
    "no value": (["run", SMALL, "--set", "seed"], "expected KEY=VALUE"),
    "what is not kept": (["run", SMALL, "--keep", "row"], "did you mean 'rows'"),
    "an unknown option": (["run", SMALL, "--worker", "2"], "--worker"),
    "no number": (["run", SMALL, "--replications", "x"], "valid integer"),
    "none": (["run", SMALL, "--replications", "0"], "equal to 1"),
    "nothing swept": (["sweep", SMALL], "no [sweep]"),
    "an unknown key swept": (["sweep", SMALL, "--over", "users.travelers.count=1"], "travellers"),
    "an unknown mode": (
        ["sweep", SMALL, "--over", "seed=1,2", "--mode", "pared"],
        "did you mean 'paired'",
    ),
    "what no sweep is over": (
        ["sweep", SMALL, "--over", "replications=1,2"],
        "--over: cannot be swept: replications",
    ),
    "values for nothing": (["sweep", SMALL, "--over", "5,6"], "expected KEY=V1,V2"),
    "an unknown measure": (
        ["sweep", SMALL, "--over", "seed=1", "--measure", "honest:lost"],
        "expected one of",
    ),
    "one arm to break even": (
        ["sweep", SMALL, "--over", "seed=1", "--break-even", "open trust"],
        "expected two arms",
    ),
    "two keys to break even": (
        [
            "sweep",
            SMALL,
            "--over",
            "seed=1,2",
            "--over",
            "users.travellers.count=5,6",
            "--break-even",
            "open trust,on network",
        ],
        "expected one key, or --mode ranges; got seed, users.travellers.count",
    ),
    "an unknown arm to break even": (
        ["sweep", SMALL, "--over", "seed=1", "--break-even", "open trust,on netwrok"],
        "did you mean 'on network'",
    ),
    "an arm to break even that is not run": (
        [
            "sweep",
            SMALL,
            "--over",
            "seed=1",
            "--arms",
            "on network",
            "--break-even",
            "open trust,on network",
        ],
        "unknown arm 'open trust'",
    ),
    "no cluster": (["run", SMALL, "--dask", "nonsense"], "--dask"),
    "an unknown command": (["rum"], "rum"),
}


@pytest.mark.parametrize(("arguments", "message"), WRONG.values(), ids=WRONG)
def test_wrong_use_is_told_in_a_message(mailsim, tmp_path, arguments, message):
    ended = mailsim(*arguments)
    assert ended.status == 2
    assert message in ended.err
    assert "Traceback" not in ended.err
    assert ended.out == ""
    assert list(tmp_path.iterdir()) == []


def test_the_name_of_an_arm_may_hold_commas(mailsim):
    path = ROOT / "scenarios" / "one-closes-alone.toml"
    chosen = "all, the first alone,all, spammers do not adapt"
    planned = mailsim("plan", path, "--arms", chosen, "--json").data
    assert planned["arms"] == ["all", "the first alone", "all, spammers do not adapt"]
    assert "all, 'all, spammers do not adapt'; did" in mailsim("matrix", path, "--arms", "al").err


def test_an_exact_expectation_that_does_not_hold_is_a_fault(mailsim, tmp_path):
    wrong = tmp_path / "wrong.toml"
    expected = '[[expect]]\nplace = "hotel"\nto = "bob@adatum.com"\narm = "on network"\n'
    wrong.write_text(f'{SMALL.read_text()}\n{expected}verdict = "accept_relay"\n')
    ended = mailsim("check", wrong)
    assert ended.status == 2
    assert "hotel to bob@adatum.com: verdict 'reject_relay', expected 'accept_rel" in ended.err


def test_every_fault_of_a_file_is_told(mailsim, tmp_path):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(SMALL.read_text().replace("seed          = 3", 'seed = "x"\nsede = 3'))
    ended = mailsim("run", wrong)
    assert ended.status == 2
    assert len(ended.err.splitlines()) == 2
    assert "did you mean 'seed'" in ended.err
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_one_clear_error(mailsim, tmp_path):
    (tmp_path / "file").write_text("")
    ended = mailsim("run", SMALL, "--out", tmp_path / "file" / "out")
    assert ended.status == 1
    assert len(ended.err.splitlines()) == 1
    assert "cannot write results" in ended.err


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of file sizes")
def test_a_full_disk_is_one_clear_error(tmp_path):
    # a limit of the size of files stands for the disk: the third part does not fit
    code = (
        "import resource, sys; from sim.cli import app as cli\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, 12_000))\n"
        f"sys.argv = ['mailsim', 'run', {str(SMALL)!r}, '--out', {str(tmp_path / 'out')!r}, "
        "'--workers', '2']\ncli.main()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1, ended.stderr
    assert ended.stderr.startswith("cannot write results to")
    assert len(ended.stderr.splitlines()) == 1
    assert not list(tmp_path.rglob("*.tmp"))


def test_every_error_with_a_status_is_a_class_of_ours():
    from sim.config import errors
    from sim.experiment import storage, workers
    from sim.figures import gallery
    from sim.hindcast import fit
    from sim.measure import conservation, sensitivity
    from sim.records import usage

    homes = (sim, errors, storage, usage, workers, gallery, conservation, fit, sensitivity)
    kinds = [next(getattr(h, name) for h in homes if hasattr(h, name)) for name in cli.STATUS]
    assert [cli.status_of(kind) for kind in kinds] == list(cli.STATUS.values())
    assert cli.status_of(ZeroDivisionError) is None


def test_a_fault_of_the_simulator_is_not_hidden(mailsim, monkeypatch):
    def breaks(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("sim.cli.inputs.load", breaks)
    with pytest.raises(ZeroDivisionError):
        mailsim("check", SMALL)


# ---- the other commands


def test_check(mailsim):
    ended = mailsim("check", SMALL)
    assert (ended.status, ended.out.count("no faults")) == (0, 1)
    assert mailsim("check", SMALL, "--json").data["arms"] == ["open trust", "on network"]


def test_check_resolved_prints_a_scenario_with_every_default(mailsim):
    text = mailsim("check", SMALL, "--resolved").out
    assert "pop_poll" in text
    assert sim.loads(text).hash() == sim.load(SMALL).hash()


def test_standard_input(mailsim, monkeypatch):
    with SMALL.open() as text:
        monkeypatch.setattr(sys, "stdin", text)
        assert mailsim("check", "-").status == 0


def test_matrix_explain_and_diff_print_text_and_json(mailsim):
    told = mailsim("matrix", SMALL, "--arms", "on network")
    assert "reject_relay" in told.out
    assert mailsim("matrix", SMALL, "--json").data
    asked = ["explain", SMALL, "--user", "travellers", "--place", "hotel", "--to", "a@adatum.com"]
    told = mailsim(*asked, "--arm", "on network")
    assert "550" in told.out
    assert mailsim(*asked, "--json").data
    assert "reject_relay" in mailsim("diff", SMALL, "open trust", "on network").out
    assert mailsim("diff", SMALL, "open trust", "on network", "--json").data


def test_plan_tells_the_runs_and_writes_nothing(mailsim, tmp_path):
    ended = mailsim("plan", SMALL, "--workers", "2")
    assert re.search(r"6 runs to do, 2 at a time, about \d+ s \(\d+ to \d+ s\)", ended.out)
    assert list(tmp_path.iterdir()) == []


def test_plan_tells_of_the_sweep(mailsim, tmp_path):
    file = tmp_path / "mine.toml"
    over = '[ranges]\n"users.travellers.count" = [5, 4000]\n'
    file.write_text(SMALL.read_text() + over)
    planned = mailsim("plan", file, "--json", "--workers", "1").data
    assert planned["sweep_runs"] == 3 * 2 * 3  # points, arms, replications
    assert planned["sweep_seconds"] > 2 * planned["seconds"]  # one point is 200 times as large
    assert "mailsim sweep: 18 runs" in mailsim("plan", file).out
    assert mailsim("plan", SMALL, "--json").data["sweep_runs"] == 0


def test_structures_are_planned_tried_shown_and_left_out(mailsim, tmp_path):
    file = tmp_path / "mine.toml"
    declared = '[structures]\n"users.*.learning" = ["person", "message"]\n'
    file.write_text(SMALL.read_text() + declared)
    assert "then structures: 2 runs" in mailsim("plan", file, "--replications", "1").out
    run = ("run", file, "--replications", "1", "--out", "mine", "--workers", "1")
    without = mailsim(*run, "--no-structures")
    assert "Structure was not tried" in without.out
    assert not Path("mine/structures").exists()
    ended = mailsim(*run)
    first, _, last = ended.out.partition("All quantities")
    assert "Structure was not tried" in first  # what there is by then is shown first
    assert "The order, under 1 alternative: by loss it holds" in " ".join(last.split())
    assert max(map(len, ended.out.splitlines())) <= 100
    page = Path("mine/report.html").read_text("utf-8")
    assert "least to the greatest mean over the declared" in page
    again = mailsim("decide", "mine", "--json").data["structures"]
    assert again["points"] == [{"users.*.learning": "message"}]
    assert {row["arm"] for row in again["band"]} == {"open trust", "on network"}


def test_check_names_an_alternative_that_cannot_be(mailsim, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(SMALL.read_text() + '[structures]\n"users.*.learnin" = ["person"]\n')
    for command in ("check", "run"):  # before anything runs
        ended = mailsim(command, file)
        assert ended.status == 2
        assert "learnin" in ended.err
        assert "'learning'" in ended.err


def test_plan_knows_what_is_finished(mailsim, out):
    planned = mailsim("plan", SMALL, "--out", out, "--replications", "5", "--json").data
    assert (planned["finished"], len(planned["to_do"])) == (6, 4)
    assert planned["from_measured_runs"]


def test_sweep_prints_a_measure_at_every_point_and_where_the_order_flips(mailsim, tmp_path):
    over = ["--over", "users.travellers.count=5,10", "--replications", "2", "--workers", "1"]
    ended = mailsim("sweep", SMALL, *over, "--break-even", "open trust,on network")
    assert ended.status == 0, ended.err
    assert "honest: lost per day (recipients / day)" in ended.out
    assert re.search(r"'on network' stays\s+above 'open trust'", ended.out)
    assert (tmp_path / "out" / "small" / "sweep" / "summary.csv").is_file()
    again = mailsim("sweep", SMALL, *over, "--json").data
    assert again["points"] == [{"users.travellers.count": 5}, {"users.travellers.count": 10}]


def test_a_quick_sweep_says_so_in_words_and_figure(mailsim, tmp_path):
    folder = tmp_path / "swept"
    key = "users.travellers.count=10,20"
    ended = mailsim("sweep", SMALL, "--over", key, "--quick", "--out", folder)
    assert ended.status == 0, ended.err
    assert "QUICK RUN: a short run" in ended.out
    assert json.loads((folder / "manifest.json").read_text())["quick"]
    assert 'id="quick"' in (folder / "figures" / "lost_per_day.svg").read_text()


def test_a_sweep_says_that_precision_is_not_for_it(mailsim, tmp_path):
    file = tmp_path / "mine.toml"
    head = 'precision = { measure = "delivery_rate", half_width = 0.005, most = 9 }\n'
    file.write_text(head + SMALL.read_text())
    over = ["--over", "users.travellers.count=5", "--workers", "1"]
    assert "here 3 replications at each point" in mailsim("sweep", file, *over).err
    assert mailsim("sweep", file, *over, "--replications", "3").err == ""


def test_a_sweep_over_ranges_gives_the_band_and_says_which_matters(mailsim, tmp_path):
    file = tmp_path / "mine.toml"
    over = '[ranges]\n"users.travellers.count" = [5, 40]\n'
    file.write_text(SMALL.read_text() + over)
    run = ("run", file, "--replications", "2", "--workers", "1")
    pair = ["--break-even", "open trust,on network"]
    swept = mailsim("sweep", *run[1:], *pair)
    assert swept.status == 0, swept.err
    assert "What each unknown alone changes" in swept.out
    said = " ".join(swept.out.split())
    assert "By honest: lost per day, each key alone: 'on network' stays above 'open trust'" in said
    ended = mailsim(*run, "--full")
    assert ended.status == 0, ended.err
    for words in ("from the least to the greatest mean over the unknowns", "  and chance  "):
        assert words in ended.out
    assert "users.travellers.count" in ended.out
    page = (tmp_path / "out" / "mine" / "report.html").read_text("utf-8")
    assert "The band of each policy over all unknowns" in page
    assert "figures/tornado.svg" in page
    assert "tables/band.csv" in page
    again = mailsim(*run, "--json").data
    lost = [
        r for r in again["unknowns"] if (r["arm"], r["measure"]) == ("on network", "lost_per_day")
    ]
    assert lost[0]["at_least"] < lost[0]["own"] < lost[0]["at_most"]
    bands = {(r["arm"], r["measure"]): r for r in again["band"] if r["class"] == "honest"}
    apart = bands["on network", "lost_per_day"]
    assert apart["reach_low"] < apart["band_low"] < apart["band_high"] < apart["reach_high"]
    assert apart["difference_band_low"] == apart["band_low"]  # nothing is lost under open trust
    told = mailsim("sweep", file, "--replications", "2", "--workers", "1", *pair, "--json").data
    assert list(told["break_even"]) == ["users.travellers.count"]


def test_decide_shows_the_screen_and_in_full_every_quantity(mailsim, out):
    ended = mailsim("decide", out, "--full")
    assert ended.status == 0, ended.err
    assert "spam removed" in " ".join(ended.out.split())
    assert "correlations" in ended.out
    assert "customers" in ended.out  # by whose trust spam left
    told = mailsim("decide", out, "--json").data
    assert {row["arm"] for row in told["table"]} == {"open trust", "on network"}
    assert [choice["arm"] for choice in told["decision"]["choices"]] == ["open trust", "on network"]


def test_a_decision_is_kept_only_for_the_results_that_it_is_of(mailsim, out):
    first = mailsim("decide", out).out
    text = (out / "decision.json").read_text().replace("Small", "Kept")
    (out / "decision.json").write_text(text)
    assert mailsim("decide", out).out == first  # nobody's but what was written
    part = next(out.glob("measures/*/*.parquet"))
    part.unlink()
    assert mailsim("decide", out).status == 1  # what is missing is noticed, kept or not


def test_decide_compares_with_any_arm(mailsim, out):
    ended = mailsim("decide", out, "--baseline", "on network")
    assert "as with 'on network'" in " ".join(ended.out.split()) or "than with" in ended.out
    assert "…" not in ended.out  # no digit is left out
    told, usual = (
        mailsim("decide", out, *baseline, "--json").data
        for baseline in (["--baseline", "on network"], [])
    )
    assert (told["baseline"], usual["baseline"]) == ("on network", "open trust")

    def refused(rows, arm: str) -> dict[str, float]:
        (row,) = (r for r in rows["table"]
                  if (r["arm"], r["quantity"]) == (arm, "refused at first"))  # fmt: skip
        return row

    there, back = refused(usual, "on network"), refused(told, "open trust")
    assert back["difference"] == -there["difference"]
    assert back["difference_low"] == pytest.approx(-there["difference_high"])
    wrong = mailsim("decide", out, "--baseline", "on netwrok")
    assert (wrong.status, "did you mean 'on network'" in wrong.err) == (2, True)


def test_decide_judges_by_other_values_and_runs_nothing(mailsim, out):
    plain = mailsim("decide", out).out
    ended = mailsim(
        "decide", out, "--set", "values.lost_message=[5, 50]", "--set", "values.unit=EUR"
    )
    weighed = [text.count("For these weights") for text in (ended.out, plain)]
    assert (ended.status, weighed) == (0, [1, 0])
    assert mailsim("decide", out).out == plain  # what the results are of is as before
    wrong = mailsim("decide", out, "--set", "users.travellers.count=2")
    assert (wrong.status, "values or interest" in wrong.err) == (2, True)
    wrong = mailsim("decide", out, "--set", "values.lost_mesage=2")
    assert (wrong.status, "did you mean 'lost_message'" in wrong.err) == (2, True)


def test_results_without_their_scenario_are_none(mailsim, out):
    (out / "scenario.toml").unlink()
    for arguments in ([], ["--full"], ["--json"]):
        ended = mailsim("decide", out, *arguments)
        assert (ended.status, ended.out) == (2, "")
        assert f"{out}: no scenario.toml" in ended.err


def test_report_draws_again_without_running(mailsim, out):
    before = {p: p.stat().st_mtime_ns for p in out.rglob("*.parquet")}
    ended = mailsim("report", out, "--figures", "rates")
    assert ended.status == 0, ended.err
    assert {p: p.stat().st_mtime_ns for p in out.rglob("*.parquet")} == before
    drawn = sorted(p.name for p in (out / "figures").iterdir())
    assert drawn == ["rates.csv", "rates.pdf", "rates.png", "rates.svg"]
    assert "rates" in (out / "report.html").read_text("utf-8")
    ended = mailsim("report", out, "--figures", "ratse")
    assert (ended.status, "did you mean 'rates'" in ended.err) == (2, True)


def test_report_of_no_results(mailsim, tmp_path):
    ended = mailsim("report", tmp_path)
    assert ended.status == 2
    assert "no results there" in ended.err


def test_export_writes_the_measures_as_csv_and_says_where(mailsim, out):
    ended = mailsim("export", out)
    assert (ended.status, ended.out) == (0, f"{out / 'tables' / 'measures.csv'}\n")
    both = mailsim("export", out, "--table", "servers", "--table", "calendar", "--out", out / "csv")
    assert [Path(line).name for line in both.out.splitlines()] == ["servers.csv", "calendar.csv"]
    assert all(Path(line).is_file() for line in both.out.splitlines())
    assert mailsim("export", out, "--table", "mail").status == 2


def test_an_unknown_style_is_wrong_use(mailsim, stored):
    ended = mailsim("report", stored, "--style", "big")
    assert (ended.status, "unknown figure style 'big'" in ended.err) == (2, True)


def test_remarks_are_faults_where_check_is_strict(mailsim, tmp_path):
    text = Path(SMALL).read_text() + "[blocklists.list]\n"
    (tmp_path / "mine.toml").write_text(text)
    plain, strict = mailsim("check", "mine.toml"), mailsim("check", "mine.toml", "--strict")
    assert (plain.status, strict.status) == (0, 2)
    line = len(text.splitlines())
    assert f"warning: mine.toml: line {line}: blocklists.list: no server" in plain.out
    (remark,) = mailsim("check", "mine.toml", "--json").data["remarks"]
    assert (remark["rule"], remark["line"]) == ("unasked-blocklist", line)


def test_schema_is_json_or_a_reference(mailsim):
    assert "networks" in json.dumps(mailsim("schema").data)
    assert "networks" in mailsim("schema", "--reference").out


def test_new_writes_a_scenario_that_holds_and_overwrites_nothing(mailsim, tmp_path):
    assert mailsim("new", "mine.toml").status == 0
    assert mailsim("check", "mine.toml", "--strict").status == 0
    before = (tmp_path / "mine.toml").read_text()
    assert "#" in before
    ended = mailsim("new", "mine.toml")
    assert (ended.status, "exists" in ended.err) == (2, True)
    assert (tmp_path / "mine.toml").read_text() == before


def test_help_names_every_command_and_is_quick():
    best = 9.9
    for _ in range(3):
        began = time.perf_counter()
        said = subprocess.run(
            [sys.executable, "-m", "sim", "--help"],
            cwd=ROOT, env=os.environ | {"COLUMNS": "99"},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        best = min(best, time.perf_counter() - began)
    for command in [
        "run",
        "check",
        "matrix",
        "explain",
        "diff",
        "plan",
        "decide",
        "report",
        "schema",
        "new",
    ]:
        assert re.search(rf"^\W*{command}\b", said.stdout, re.MULTILINE)
    assert best < 1.0  # 0.5 s is the aim; other work on the machine gets its share
