"""Ready scenarios are called by name, from any folder; a file of that name goes before."""

import json
import textwrap
import tomllib

import pytest
from typer.testing import CliRunner

import sim
from sim.cli.app import app
from sim.scenario import ScenarioError, ready


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A folder without scenarios."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def mailsim(*arguments):
    return CliRunner().invoke(app, [*map(str, arguments)])


EXPLAINED = ("--user", "travellers", "--place", "hotel", "--to", "bob@adatum.com")
COMMANDS = {
    "check": (),
    "matrix": ("--arms", "on network"),
    "explain": EXPLAINED,
    "diff": ("open trust", "on network"),
    "plan": ("--quick", "--arms", "on network"),
    "export-config": ("--server", "proseware-smtp", "--for", "postfix"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_a_name(elsewhere, command):
    done = mailsim(command, "six-cases", *COMMANDS[command])
    assert done.exit_code == 0, done.output


def test_a_name_is_that_scenario_in_python_too(elsewhere):
    assert sim.load("six-cases") == sim.load(ready.path_of("six-cases"))


@pytest.mark.parametrize("own", ["six-cases", "six-cases.toml"])
def test_a_file_of_that_name_goes_before_the_ready_one(elsewhere, own):
    (elsewhere / own).write_text(ready.path_of("pop-window").read_text("utf-8"))
    assert sim.load("six-cases").title == sim.load(ready.path_of("pop-window")).title


def test_a_folder_of_that_name_does_not(elsewhere):
    (elsewhere / "six-cases").mkdir()
    assert sim.load("six-cases").arms


def test_an_unknown_name_is_told_the_nearest(elsewhere):
    with pytest.raises(ScenarioError, match="did you mean 'six-cases'") as error:
        sim.load("six-case")
    assert "mailsim gallery" in str(error.value)
    (elsewhere / "six-casts.toml").touch()
    with pytest.raises(ScenarioError, match=r"did you mean 'six-casts\.toml'"):
        sim.load("six-cast.toml")


def test_a_scenario_extends_a_ready_one_by_name(elsewhere):
    (elsewhere / "more.toml").write_text('extends = "six-cases"\ntitle = "More"\n')
    more = sim.load("more.toml")
    assert (more.title, list(more.arms)) == ("More", list(sim.load("six-cases").arms))


def test_a_copy_elsewhere_is_the_same_scenario(elsewhere):
    done = mailsim("new", "mine.toml", "--like", "six-cases")
    assert done.exit_code == 0, done.output
    assert "mailsim check mine.toml" in done.stdout
    assert sim.load("mine.toml").hash() == sim.load("six-cases").hash()


def test_what_a_ready_scenario_extends_is_found_from_a_copy():
    trees = {name: tomllib.loads(ready.path_of(name).read_text("utf-8")) for name in ready.names()}
    assert {tree["extends"] for tree in trees.values() if "extends" in tree} <= set(trees)


def test_new_is_like_a_file_too_and_needs_one_that_is_there(elsewhere):
    (elsewhere / "old.toml").write_text("# mine\n")
    assert mailsim("new", "mine.toml", "--like", "old.toml").exit_code == 0
    assert (elsewhere / "mine.toml").read_text() == "# mine\n"
    done = mailsim("new", "other.toml", "--like", "pop-windo")
    assert "did you mean 'pop-window'" in str(done.exception)
    assert not (elsewhere / "other.toml").exists()


# ---- the gallery


def test_the_gallery_lists_each_with_question_year_and_time(elsewhere):
    told = mailsim("gallery").stdout
    assert max(map(len, told.splitlines())) <= 80
    entries = json.loads(mailsim("gallery", "--json").stdout)
    assert [entry["name"] for entry in entries] == ready.names()
    words = " ".join(told.split())
    for entry in ready.gallery():
        assert entry.year
        first = textwrap.wrap(entry.question or entry.title, 40)[0]
        assert f"{entry.name} {entry.year} {entry.time} {first}" in words


def test_times_are_recorded_of_all_there_are():
    recorded = json.loads(ready.TIMES.read_text("utf-8"))["seconds"]
    assert sorted(recorded) == ready.names(), "run: python tests/benchmarks/times.py NAME"


def test_a_time_is_in_the_largest_unit_of_which_there_are_two():
    times = [
        ready.Ready("a", "", "", None, seconds).time for seconds in (None, 0.2, 119.0, 120.0, 8e3)
    ]
    assert times == ["-", "1 s", "119 s", "2 min", "2 h"]
