"""Command lines: options of all commands with odd values; each ends with a status and clear words.

Commands and options are those of the application: a new one is drawn as soon as it exists.
"""

import contextlib
import io
import os
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path
from unittest import mock

import typer
from hypothesis import strategies as st

import sim
from sim.cli import app as cli
from sim.records.outgoing import visible

ROOT = Path(__file__).parents[2]
SMALL = ROOT / "tests" / "experiment" / "small.toml"
SKIPPED = {"serve"}
"""Commands that wait for others, and so do not end by themselves."""
STUDIES = ("sim.sensitivity", "sim.calibrate", "sim.hindcast.forecast.Forecast")
"""What takes long once its arguments hold: it is not gone into."""
FILES = (
    "small.toml",
    "results",
    "swept",
    "empty",
    "nothing.toml",
    "-",
    "odd.toml",
    ".",
    "",
    "main.cf",
    "mail.log",
)
ODD = (
    "", "x", "-", "--", "-1", "0", "1", "2", "1e999", "nan", "inf", "99999999999999999999",
    "é\u202e", "\x1b[31m", "a,b", ",", "=",
    "*", "x=1", "x" * 5000, "open trust", "on network", "open trust,on network", "rates",
    "rates,topology,x", "column", "slide",
    "rows", "counts", "grid", "paired", "ranges", "measures", "recipients", "bob@adatum.com",
    "postfix", "exim", "1999-05",
    "proseware-smtp", "travellers", "home", "hotel", "bulk", "honest:lost_per_day", "honest:x",
    "spam:delivery_rate",
    "users.travellers.count=3", "users.travellers.count=2,4", "users.*.count=-1",
    "servers.*.relay=auth", "seed=1",
    "arms.on network.servers.*.relay=\"open\"", "a.b.c=[", "run_length=\"6 h\"",
    "spammers.bulk.capacity.direct=1 / day,x",
)  # fmt: skip
GOOD = {
    "user": "travellers", "place": "hotel", "to": "bob@adatum.com", "arm": "on network",
    "server": "proseware-smtp",
    "set_": "seed=5", "over": "users.travellers.count=2,3", "replications": "1",
    "measure": "honest:lost_per_day",
    "make": "postfix", "arms": "open trust", "out": "out", "figures": "rates",
    "other": "open trust", "table": "measures",
}  # fmt: skip
PLACES = {"scenario", "folder", "file", "source", "logs", "diff", "main_cf"}
"""Parameters that are files."""
OUTSIDE = {"out"}
"""Parameters that are written to: only within the folder of the case."""


@cache
def commands():
    """Each command with its parameters."""
    group = typer.main.get_command(cli.app)
    return {
        name: tuple(one.params)
        for name, one in sorted(group.commands.items())
        if name not in SKIPPED
    }


@cache
def folder():
    """A folder with a scenario, results and a sweep, from which each case starts."""
    root = Path(tempfile.mkdtemp(prefix="fuzz-"))
    text = SMALL.read_text("utf-8").replace('"3 days"', '"12 h"').replace('"1 day"', '"3 h"')
    (root / "small.toml").write_text(text, "utf-8")
    (root / "odd.toml").write_text('title = "\\u001b[31m"\n[users.x]\ncount = -1\n', "utf-8")
    (root / "main.cf").write_text("myhostname = a.example\nmynetworks = 0.0.0.0/0 \x1b\n", "utf-8")
    (root / "mail.log").write_text(
        "Jan  1 00:00:00 a postfix/smtpd[1]: connect from \x1b\n" * 3, "utf-8"
    )
    (root / "empty").mkdir()
    sim.run(root / "small.toml", out=root / "results", replications=1, progress=False)
    points = [{"users.travellers.count": count} for count in (2, 3)]
    sim.sweep(
        sim.load(root / "small.toml"), points, out=root / "swept", replications=1, progress=False
    )
    return root


@st.composite
def cases(draw):
    """The arguments of one call."""
    name = draw(st.sampled_from(sorted(commands())))
    arguments = [name]
    for parameter in commands()[name]:
        if isinstance(parameter, typer.core.TyperArgument):
            if draw(st.integers(0, 19)):
                arguments.append(value(draw, parameter))
        elif draw(st.integers(0, 5)) == 0 or (parameter.required and draw(st.integers(0, 9))):
            flag = parameter.opts[0]
            arguments += [flag] if parameter.is_flag else [flag, value(draw, parameter)]
    return arguments + ([draw(st.sampled_from(ODD))] if not draw(st.integers(0, 19)) else [])


def value(draw, parameter):
    """Text for a parameter: mostly what holds, else what does not."""
    name = parameter.name
    if name == "workers":
        return draw(st.sampled_from(("1", "1", "1", "0", "x", "99999999999")))
    if name in PLACES:
        return draw(st.sampled_from((*FILES[:3], *FILES)))
    good = GOOD.get(name)
    if name in OUTSIDE:
        return draw(
            st.sampled_from(
                (good, good, "results", "small.toml", "empty", "", "a/b", "small.toml/x")
            )
        )
    return good if good and draw(st.booleans()) else draw(st.sampled_from(ODD))


def check(arguments):
    """Raise AssertionError, or what is raised, unless the command ends as it must."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="fuzz-case-") as place:
        shutil.copytree(folder(), place, dirs_exist_ok=True)
        os.chdir(place)
        try:
            status, out, err = call(arguments)
        finally:
            os.chdir(before)
    text = out + err
    assert status in (0, 1, 2), text
    assert visible(text) == text
    assert "Traceback" not in text
    assert text.strip() or status == 0, "it failed without a word"


class EnteredError(ValueError):
    """A study whose arguments hold."""


def call(arguments):
    """Call the command in this process: its status, what it printed and what it said."""
    out, err = io.StringIO(), io.StringIO()
    stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(b'title = "piped"\n')))
    with contextlib.ExitStack() as stack:
        for study in STUDIES:
            stack.enter_context(mock.patch(study, side_effect=EnteredError))
        stack.enter_context(
            mock.patch("sim.results.results.Results.save", return_value=Path("out"))
        )
        stack.enter_context(mock.patch("sim.cli.experiments.cores", return_value=1))
        stack.enter_context(mock.patch.object(sys, "argv", ["mailsim", *arguments]))
        stack.enter_context(mock.patch.object(sys, "stdin", stdin))
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(contextlib.redirect_stderr(err))
        try:
            cli.main()
            status = 0
        except EnteredError:
            status = 0
        except SystemExit as end:
            status = end.code or 0
    return status, out.getvalue(), err.getvalue()
