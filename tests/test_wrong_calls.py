"""Whatever is handed to a public function: it works, or one message says what is expected."""

from __future__ import annotations

import inspect
import sys

import numpy as np
import pytest

import sim
from sim.config.errors import ConfigError
from sim.experiment import StorageError
from sim.figures import FigureError
from sim.records.usage import UsageError, checked

SMALL = """
title = "small"
run_length = "1 day"
policy_starts = "6 h"
transient = "6 h"
replications = 2
[networks.isp]
kind = "isp"
domain = "proseware.com"
prefixes = ["192.0.2.0/26"]
[users.people]
count = 3
accounts = { isp = 1.0 }
[structures]
"users.people.learning" = ["person", "none"]
[targets.lost]
measure = "lost_per_day"
low = 0.0
high = 1.0
source = "chosen"
[arms.open]
[arms.closed]
"servers.*.relay" = "closed"
"""
WRONG = {
    "None": None,
    "True": True,
    "a number": 5,
    "a negative number": -1,
    "a fraction": 1.5,
    "not a number": float("nan"),
    "text": "no such thing",
    "no text": "",
    "octets": b"a",
    "a list": [1],
    "lists": [["a"]],
    "an empty list": [],
    "a dict": {"a": 1},
    "a tuple": ("a", 1),
    "an object": object(),
    "a class": int,
}
SAID = (UsageError, sim.ScenarioError, StorageError, FigureError, ConfigError)
"""What a wrong call raises; all of it says in words what is wrong."""
SLOW = {"run", "sweep", "sensitivity", "calibrate"}
"""Functions that would run something where the argument fits."""


class WouldRunError(Exception):
    """Something would be run, or drawn."""


@pytest.fixture(scope="module")
def small():
    return sim.loads(SMALL)


@pytest.fixture(scope="module")
def results(small, tmp_path_factory):
    out = tmp_path_factory.mktemp("results") / "out"
    return sim.run(small, out=out, progress=False, structures=False)


@pytest.fixture(scope="module")
def swept(small, tmp_path_factory):
    out = tmp_path_factory.mktemp("swept") / "out"
    return sim.sweep(small, {"users.people.count": [3, 4]}, out=out, progress=False)


@pytest.fixture(scope="module")
def holders(small, results, swept, tmp_path_factory):
    """Something of each public class; that of functions is the package."""
    out = tmp_path_factory.mktemp("designs")
    of_points = {"points": 4, "replications": 2, "progress": False}
    log = out / "mail.log"
    log.write_text("Nov 29 09:00:00 mail postfix/smtpd[1]: connect from a.example[192.0.2.1]\n")
    return {
        "": sim,
        "Scenario": small,
        "Results": results,
        "Sweep": swept,
        "Sensitivity": sim.sensitivity(small, out=out / "sensitivity", **of_points),
        "Calibration": sim.calibrate(small, out=out / "calibration", **of_points),
        "Imported": sim.import_postfix("mydomain = proseware.com\nmynetworks = 192.0.2.0/26\n"),
        "Observed": sim.observe(log),
    }


def classes():
    every = ((name, getattr(sim, name)) for name in sim.__all__)
    return [n for n, c in every if inspect.isclass(c) and not issubclass(c, Exception)]


def functions():
    return [name for name in sim.__all__ if inspect.isfunction(getattr(sim, name))]


def methods(kind):
    return [
        name
        for name, member in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_") and len(inspect.signature(member).parameters) > 1
    ]


GOOD = {
    # arguments that are right, by function or method
    "load": {"path": SMALL},
    "loads": {"text": SMALL},
    "import_postfix": {"main_cf": "mydomain = proseware.com"},
    "matrix": {},
    "explain": {"user": "people", "to": "bob@proseware.com", "place": "home"},
    "diff": {"a": "open", "b": "closed"},
    "compare": {"a": "open", "b": "closed"},
    "Sensitivity.values": {"class_": "honest", "measure": "lost_per_day"},
    "Sensitivity.means": {"class_": "honest", "measure": "lost_per_day"},
    "Sensitivity.regions": {"arm": "open"},
    "Sensitivity.bound": {"key": "users.people.learning", "low": 0.0, "high": 1.0},
    "break_even": {"a": "open", "b": "closed", "class_": "honest", "measure": "lost_per_day"},
}


def tried(function, name, wrong, good):
    parameter = inspect.signature(function).parameters[name]
    if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
        function(wrong)
    elif parameter.kind is inspect.Parameter.VAR_KEYWORD:
        function(**good, nonsense=wrong)
    else:
        function(**good | {name: wrong})


def cases():
    for name in functions():
        for parameter in inspect.signature(getattr(sim, name)).parameters:
            yield "", name, parameter
    for kind in classes():
        for name in methods(getattr(sim, kind)):
            for parameter in [*inspect.signature(getattr(getattr(sim, kind), name)).parameters][1:]:
                yield kind, name, parameter


@pytest.mark.parametrize(("kind", "name", "parameter"), list(cases()))
def test_a_wrong_argument_is_told(kind, name, parameter, small, holders, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def refuse(*_, **__):
        raise WouldRunError

    for module in ("run", "sweeping"):
        monkeypatch.setattr(sys.modules[f"sim.experiment.{module}"], "perform_all", refuse)
    monkeypatch.setattr("sim.results.publish.publish", refuse)
    monkeypatch.setattr("sim.results.report.drawing.files_of", refuse)
    function = getattr(holders[kind], name)
    good = dict(GOOD.get(f"{kind}.{name}", GOOD.get(name, {})))
    if name in SLOW:
        good = {"scenario": small, "out": tmp_path / "out", "progress": False}
        good |= {"structures": False} if name == "run" else {}
    for wrong in WRONG.values():
        error = raised(function, parameter, wrong, good)
        if isinstance(error, SAID):
            assert 0 < len(str(error)) < 2_000
        else:
            assert error is None or _is_pythons_own(error, function), (wrong, error)


def raised(function, parameter, wrong, good):
    """What a call raises; None where it works, or begins to."""
    try:
        tried(function, parameter, wrong, good)
    except WouldRunError:
        return None
    except Exception as error:
        return error
    return None


def _is_pythons_own(error, function):
    """Whether Python says that a function lacks an argument, or has no such one."""
    own = f"{function.__name__}()", "unexpected keyword argument 'nonsense'"
    return isinstance(error, TypeError) and any(words in str(error) for words in own)


# ---- what works


def test_what_a_user_would_expect_to_work_does(small, tmp_path):
    whole = {
        "title": "a dict",
        "networks": {"isp": {"kind": "isp", "domain": "a.example", "prefixes": ("192.0.2.0/26",)}},
        "users": {"people": {"count": np.int64(3), "accounts": {"isp": 1.0}}},
        "arms": {"open": {}},
    }
    assert sim.load(whole).users["people"].count == 3
    counts = sim.sweep(small, {"users.people.count": np.array([3, 4])}, progress=False)
    assert [point["users.people.count"] for point in counts.points] == [3, 4]
    every = sim.run(small, arms=small.arms, replications=np.int64(2), progress=False)
    assert every.arms == ["open", "closed"]


TOLD = {
    # a call, and what is said of it
    "text for a number": (
        lambda s: sim.run(s, replications="2"),
        "replications: expected a whole number or None, got '2'",
    ),
    "a number for a file": (
        lambda _: sim.load(5),
        "path: expected text, a path or a dict, got 5",
    ),
    "a dict that is no scenario": (lambda _: sim.load({"title": 5}), "<dict>: title: 5: expected"),
    "a value that no file holds": (lambda _: sim.load({"title": {1j}}), "<dict>: .*1j"),
    "a value for a list": (
        lambda s: sim.sweep(s, {"users.people.count": 5}),
        "points: expected a dict",
    ),
    "no values": (lambda s: sim.sweep(s, {"users.people.count": []}), "points: users.people.count"),
    "an unknown option": (
        lambda s: sim.sweep(s, {"seed": [1]}, worker=2),
        "unknown option 'worker'; did you mean 'workers'",
    ),
    "a number for an arm": (lambda s: s.diff(1, "closed"), "a: expected text, got 1"),
    "an unknown question": (
        lambda s: s.explain(user="people", to="b@a.example", port=587),
        "unknown option 'port'",
    ),
    "a path for an executor": (lambda s: sim.run(s, executor="x"), "expected a Executor or None"),
}


@pytest.mark.parametrize(("call", "words"), TOLD.values(), ids=TOLD)
def test_what_is_said(call, words, small):
    with pytest.raises(SAID, match=words):
        call(small)


def test_a_temporary_sweep_goes_with_its_holder(small):
    swept = sim.sweep(small, [{"seed": 2}], progress=False)
    path = swept.path
    assert path.exists()
    del swept
    assert not path.exists()


@checked
def plain(
    number: float, *names: str, several: list[int] | None = None, pair: tuple[int, str] = (1, "a")
) -> tuple[object, ...]:
    return number, names, several, pair


def test_arguments_are_taken_as_they_are_annotated():
    assert plain(np.int64(2), "a", "b", several=iter([1, 2]), pair=[2, "b"]) == (
        2.0, ("a", "b"), [1, 2], (2, "b"))  # fmt: skip
    for arguments in (
        {"number": "2"},
        {"number": 2, "several": ["1"]},
        {"number": 2, "pair": (1,)},
    ):
        with pytest.raises(UsageError, match="expected"):
            plain(**arguments)
