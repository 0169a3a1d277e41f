"""Names and titles of strangers are text and nothing else, by whichever way they leave."""

import contextlib
import csv
import io
import json
import re
import sys
import tomllib
import unicodedata
import xml.etree.ElementTree as ET
from pathlib import Path

import pandas as pd
import pytest

import sim
from sim.cli import app as cli
from sim.figures import save
from sim.figures.stepper import Step, Stepper
from sim.lab.exercises.marking import Mark
from sim.measure.spreadsheet import csv as table_as_csv
from sim.records import outgoing

HOSTILE = Path(__file__).parent / "results" / "report" / "hostile.toml"
ESCAPES = "\x1b]0;owned\x07\x1b[31mred\x9b2J\x7f\u202eevil\u2028"
"""Window title, colour, C1 control, delete, right-to-left override, line separator."""
FORMULA = "=1+1|cmd"
CHANGES = {"title": ESCAPES, "question": ESCAPES, "source": ESCAPES, "run_length": "1 day"}


def acting(text):
    """The characters of a text that would act on a terminal."""
    bad = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    return {c for c in text if unicodedata.category(c) in bad and c not in "\n\t"}


@pytest.fixture(scope="module")
def scenario():
    model = sim.load(HOSTILE).with_overrides(CHANGES)
    text = model.resolved().replace('[arms."\\"><img', f'[arms."{FORMULA}"]\n[arms."\\"><img')
    return sim.loads(text)


@pytest.fixture(scope="module")
def file(scenario, tmp_path_factory):
    """A scenario file whose own bytes hold none of it raw, but all of it as TOML spells it."""
    path = tmp_path_factory.mktemp("hostile") / "hostile.toml"
    path.write_text(scenario.resolved(), "utf-8")
    return path


@pytest.fixture(scope="module")
def results(scenario, tmp_path_factory):
    out = tmp_path_factory.mktemp("results")
    stored = sim.run(scenario, out=out, replications=2, progress=False, quick=1.0)
    stored.save(figures=("rates", "funnel"), formats=("svg",))
    return stored


@pytest.fixture(scope="module")
def swept(scenario, tmp_path_factory):
    out = tmp_path_factory.mktemp("swept")
    points = [{"users.travellers.count": n} for n in (10, 30)]
    found = sim.sweep(scenario, points, out=out, replications=1, progress=False)
    found.save()
    return found


@pytest.fixture
def mailsim(monkeypatch, capsys, tmp_path):
    """Call the command in this process: what it printed, and what it said."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["mailsim", *map(str, arguments)])
        with contextlib.suppress(SystemExit):
            cli.main()
        return capsys.readouterr()

    return call


# ---- terminals

COMMANDS = {
    "check": ("check", "FILE"),
    "resolved": ("check", "FILE", "--resolved"),
    "check as JSON": ("check", "FILE", "--json"),
    "matrix": ("matrix", "FILE"),
    "explain": ("explain", "FILE", "--user", "travellers", "--place", "hotel", "--to", ESCAPES),
    "explain JSON": ("explain", "FILE", "--user", "travellers", "--place", "hotel",
                     "--to", "bob@adatum.com", "--from", f"{ESCAPES}@x.example", "--json"),
    "diff": ("diff", "FILE", "open", FORMULA),
    "decide": ("decide", "RESULTS"),
    "decide as JSON": ("decide", "RESULTS", "--json"),
    "report": ("report", "RESULTS", "--figures", "rates"),
    "export": ("export", "RESULTS"),
    "faults": ("check", "FILE", "--set", f"seed='{ESCAPES}'"),
    "no such file": ("check", ESCAPES),
    "no such arm": ("matrix", "FILE", "--arm", ESCAPES),
}  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_prints_no_control_character(mailsim, file, results, name):
    places = {"FILE": str(file), "RESULTS": str(results.path)}
    said = mailsim(*(places.get(part, part) for part in COMMANDS[name]))
    assert said.out + said.err
    assert acting(said.out + said.err) == set()


def test_a_run_and_a_sweep_print_no_control_character(mailsim, file, monkeypatch):
    monkeypatch.setattr("sim.results.results.Results.save", lambda _, **__: None)  # drawn elsewhere
    said = mailsim("run", file, "--quick", "--replications", 1, "--workers", 1, "--no-structures")
    assert r"\u001b]0;owned\u0007" in said.out
    swept = mailsim(
        "sweep", file, "--over", "users.travellers.count=10,20", "--quick", "--workers", 1,
        "--replications", 1,
    )  # fmt: skip
    assert acting(said.out + said.err + swept.out + swept.err) == set()


def test_json_and_the_resolved_form_still_say_the_same(mailsim, file):
    assert json.loads(mailsim("check", file, "--json").out)["title"] == ESCAPES
    assert tomllib.loads(mailsim("check", file, "--resolved").out)["title"] == ESCAPES


def test_spaces_of_all_kinds_and_letters_of_all_scripts_stay():
    text = "naïve 95\u00a0%\u2009日本 Δ\n\tmail"
    assert outgoing.visible(text) == text
    assert json.loads(outgoing.json_text("\U000e0001")) == "\U000e0001"
    assert outgoing.json_text("\U000e0001") == r'"\udb40\udc01"'
    assert outgoing.printable("a\nb\ud800") == r"a\nb\ud800"


# ---- spreadsheets


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"])
def test_a_field_that_a_spreadsheet_computes_begins_with_a_quote(text):
    assert outgoing.field(text).startswith("'")


@pytest.mark.parametrize("text", ["-5", "+1.5e-3", "open trust", "a=b"])
def test_numbers_and_other_text_stay(text):
    assert outgoing.field(text) == text


def test_text_of_a_table_is_neutral_and_its_numbers_are_numbers():
    table = pd.DataFrame({"=a": ["=1", None, -1.5], "b": [-1.0, 2.0, float("nan")]})
    table["c"] = pd.Categorical(["+x", "y", None])
    assert table_as_csv(table) == "'=a,b,c\n'=1,-1,'+x\n,2,y\n-1.5,,\n"
    assert table_as_csv(table, header=False) == "'=1,-1,'+x\n,2,y\n-1.5,,\n"


def fields_of(root):
    """Every field of every CSV file in a folder."""
    files = list(root.rglob("*.csv"))
    assert files
    for path in files:
        for row in csv.reader(io.StringIO(path.read_text("utf-8"))):
            yield from ((path.name, field) for field in row)


def is_number(field):
    return re.fullmatch(r"[+-]?(\d+(\.\d*)?([eE][+-]?\d+)?|inf)", field) is not None


def test_no_file_of_a_run_or_sweep_holds_a_formula(mailsim, results, swept):
    mailsim("export", results.path, "--table", "measures", "--table", "recipients")
    mailsim("export", swept.path)
    names = set()
    for root in (results.path, swept.path):
        for name, field in fields_of(root):
            names.add(name)
            assert not re.match(r"[=+\-@\t\r]", field) or is_number(field), (name, field)
            assert acting(field) == set(), name
    wanted = {"summary.csv", "differences.csv", "decision.csv", "assumptions.csv", "rates.csv"}
    assert wanted | {"measures.csv", "recipients.csv"} <= names


# ---- pages, figures, notebooks


def test_the_page_is_markup_of_ours_alone(results):
    text = (results.path / "report.html").read_text("utf-8")
    assert acting(text) == set()
    assert r"\u001b]0;owned" in text
    assert "<img" not in text
    assert "<script" not in text


def test_figures_are_well_formed(results):
    for path in (results.path / "figures").glob("*.svg"):
        data = path.read_bytes()
        ET.fromstring(data)
        assert acting(data.decode("utf-8")) == set()
        assert b"<img" not in data


@pytest.mark.filterwarnings("ignore:Glyph")
def test_whatever_a_figure_says_is_well_formed(results, tmp_path):
    figure = results.figures.rates()
    figure.suptitle(f"{ESCAPES} <script>")
    figure.axes[0].set_yticks([0.5], [ESCAPES])
    (path,) = save(figure, tmp_path / "x", ("svg",))
    assert acting(path.read_text("utf-8")) == set()
    ET.parse(path)


def shown_in_notebooks(scenario, results):
    yield scenario
    yield results
    yield scenario.matrix(arm=FORMULA)
    odd = '"<img src=x>"@x.example'
    yield scenario.explain(user="travellers", place="hotel", to=odd, arm="open")
    yield Mark("1", True, f"{ESCAPES}<script>")
    yield Stepper(f"{ESCAPES}<img>", [Step(ESCAPES, results.figures.rates(), [ESCAPES])])


def test_notebooks_show_text(scenario, results):
    for shown in shown_in_notebooks(scenario, results):
        html = shown._repr_html_()
        assert acting(html) == set(), shown
        assert "<img src" not in html, shown
        assert acting(repr(shown)) == set(), type(shown)
