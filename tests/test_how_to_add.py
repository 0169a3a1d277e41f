"""What the how-to adds is added where it says, in a copy, and nowhere else: the rest follows."""

import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HOW_TO = (ROOT / "notebooks" / "docs" / "how-to.md").read_text("utf-8")


@pytest.fixture
def copy(tmp_path):
    """The package and its scenarios in another folder, to be changed."""
    for folder in ("sim", "scenarios", "notebooks"):
        ignored = shutil.ignore_patterns("*.ipynb")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    return tmp_path


def run(folder, *command):
    """The output of a Python command in the copy, which must succeed."""
    env = {"PYTHONPATH": str(folder), "MPLBACKEND": "agg"}
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def mailsim(folder, *command):
    return run(folder, "-m", "sim", *map(str, command))


def simulated(folder, path, *arms):
    """Results in ``out``, without a page and figures."""
    run(folder, "-c", f"""
import sim
scenario = sim.load({str(path)!r})
sim.run(scenario, out="out", arms={list(arms)!r}, replications=2, progress=False)
""")  # fmt: skip


def section(title):
    """The text of one section of the how-to."""
    return re.search(rf"^## {title}\n(.*?)(?=^## )", HOW_TO, re.M | re.S)[1]


def followed(folder, text):
    """Apply the diffs in *text*: lines of ``+`` between the lines that stand there; the files."""
    files = set()
    for diff in re.findall(r"^```diff\n(.*?)^```", text, re.M | re.S):
        starts = [m.start() for m in re.finditer(r"^--- ", diff, re.M)] + [len(diff)]
        for start, end in pairwise(starts):
            name, *lines = diff[start:end].splitlines()
            path = folder / name.removeprefix("--- ")
            changed(
                path,
                "".join(f"{line[1:]}\n" for line in lines if line[:1] != "+"),
                "".join(f"{line[1:]}\n" for line in lines if line[:1] != "-"),
            )
            files.add(path)
    return files


def changed(path, old, new):
    text = path.read_text("utf-8")
    assert text.count(old) == 1, (path, old)
    path.write_text(text.replace(old, new), "utf-8")


def scenario(folder, *lines):
    """A scenario of six cases with further lines."""
    path = folder / "scenarios" / "changed.toml"
    head = ['extends = "six-cases.toml"', 'title = "Changed"']
    path.write_text("\n".join([*head, *lines, ""]), "utf-8")
    mailsim(folder, "check", path)
    return path


def test_a_restriction_is_one_function(copy):
    function = re.search(r"^@restriction\(.*?\n\n\n", section("Add a restriction"), re.M | re.S)
    senders = copy / "sim" / "smtp" / "restrictions" / "senders.py"
    senders.write_text(
        senders.read_text("utf-8") + "\n\n" + function[0].rstrip() + "\n", encoding="utf-8"
    )
    path = scenario(copy, "[arms.fussy]", '"servers.adatum-mx.sender" = ["reject_null_sender"]')
    diff = mailsim(copy, "diff", path, "open trust", "fussy")
    assert "reject_null_sender" in diff
    assert "a notice" in diff
    simulated(copy, path, "fussy")
    run(copy, "-m", "sim.cli.reference")
    written = (copy / "notebooks" / "docs" / "reference-scenario.md").read_text("utf-8")
    assert "Refuse notices: wrong by RFC 2505" in written


def test_a_restriction_with_a_new_fact_is_three_files(copy):
    assert len(followed(copy, section("Add a restriction"))) == 3
    rule = "reject_own_on_port_25"
    path = scenario(
        copy, "[users.travellers]", "port_587 = 0.5",
        "[arms.strict]", f'"servers.*-smtp.client" = ["{rule}"]',
        '"servers.*-smtp.port_587" = true',
    )  # fmt: skip
    assert rule in mailsim(copy, "diff", path, "open trust", "strict")
    simulated(copy, path, "strict")
    rows = "import sim; a = sim.open_results('out').attempts; print(set(a['rule']))"
    assert rule in run(copy, "-c", rows)


def test_a_remedy_is_a_word_a_share_and_a_function(copy):
    assert len(followed(copy, section("Add a remedy"))) == 4
    path = scenario(copy, "[users.travellers.when_refused]", "tunnel = 1.0",
                    *(f"{name} = 0.0" for name in ("wait", "switch_server", "dial_in", "ask_isp",
                                                   "change_sender", "give_up")))  # fmt: skip
    simulated(copy, path, "on network")
    counted = (
        "import sim; r = sim.open_results('out').recipients; print((r.remedy == 'tunnel').sum())"
    )
    assert int(run(copy, "-c", counted)) > 0
    question = ["--user", "travellers", "--place", "hotel", "--to", "bob@adatum.com", "--arm"]
    explained = mailsim(copy, "explain", path, *question, "on network")
    assert "tunnel" in explained


def test_a_spam_route_is_a_word_and_a_class(copy):
    assert len(followed(copy, section("Add a spam route"))) == 2
    path = scenario(copy, "[spammers.stranger]", 'routes = ["throwaway_account"]')
    simulated(copy, path, "open trust")
    counted = "import sim; r = sim.open_results('out').recipients; print(set(r['route']))"
    assert "throwaway_account" in run(copy, "-c", counted)
    mailsim(copy, "report", "out", "--figures", "routes")


def test_a_key_of_users_is_seen_by_workload_and_expectation(copy):
    assert len(followed(copy, section("Add a key of users"))) == 1
    path = scenario(copy)
    values = run(copy, "-c", f"""
import sim
from sim.experiment.expected import analytic
from sim.workload.workload import workload
for idle in (0.0, 0.5):
    scenario = sim.load({str(path)!r}).with_overrides({{"users.travellers.idle": idle}}).model
    table = analytic(scenario, ["on network"])
    lost = table[(table["measure"] == "lost_per_day")]
    print(len(workload(scenario, 0).arrivals), lost["analytic"].iloc[0])
""")  # fmt: skip
    (written, lost), (half, less) = (map(float, line.split()) for line in values.splitlines())
    assert half == pytest.approx(written / 2, rel=0.1)
    assert less == pytest.approx(lost / 2)


def test_a_measure_and_its_figure_are_three_files(copy):
    assert len(followed(copy, section("Add a measure, and its figure"))) == 3
    path = scenario(copy)
    arms = ("open trust", "on network")
    simulated(copy, path, *arms)
    mailsim(copy, "report", "out", "--figures", "repaired")
    assert (copy / "out" / "figures" / "repaired.png").stat().st_size > 5000
    page = (copy / "out" / "report.html").read_text("utf-8")
    assert "Honest recipients reached after a refusal" in page
    summary = run(copy, "-c", """
import sim
table = sim.open_results("out").summary()
table = table[table["measure"] == "repaired_rate"].set_index("arm")
print(table["mean"]["open trust"], table["mean"]["on network"])
""")  # fmt: skip
    before, after = map(float, summary.split())
    assert before == 0.0
    assert after > 0.05


def test_a_figure_is_a_module_and_a_line(copy):
    module = re.search(r"^```python sim/figures/by_hour.py\n(.*?)^```", HOW_TO, re.M | re.S)[1]
    line = re.search(r"`(by_hour\.by_hour,)`", HOW_TO)[1]
    (copy / "sim" / "figures" / "by_hour.py").write_text(module, "utf-8")
    table = copy / "sim" / "figures" / "table.py"
    changed(table, "    by_day,\n", "    by_day,\n    by_hour,\n")
    changed(table, "    life.life,\n", f"    {line}\n    life.life,\n")
    path = copy / "scenarios" / "six-cases.toml"
    simulated(copy, path, "on network")
    mailsim(copy, "report", "out", "--figures", "by_hour")
    assert (copy / "out" / "figures" / "by_hour.png").stat().st_size > 5000
    page = (copy / "out" / "report.html").read_text("utf-8")
    assert "Refused transactions by hour" in page
