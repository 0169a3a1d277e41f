"""The documentation is true: reference pages equal the code, every snippet runs, links lead."""

from __future__ import annotations

import os
import pkgutil
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from sim.cli import reference as docs
from sim.cli.app import app

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(docs.FOLDER.glob("*.md"))
ALL = [ROOT / "README.md", *PAGES]
SNIPPET = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.M | re.S)


def snippets(page: Path) -> list[tuple[str, str, str]]:
    """Language, file name and text of every snippet that names its language."""
    return SNIPPET.findall(page.read_text("utf-8"))


@pytest.mark.parametrize("name", docs.PAGES)
def test_the_reference_is_what_the_code_says(name):
    stored = (docs.FOLDER / name).read_text("utf-8")
    assert stored == docs.page(name), "run: python -m sim.cli.reference"


def test_the_first_page_names_every_command():
    named = re.findall(r"^    mailsim ([\w-]+)", (ROOT / "README.md").read_text("utf-8"), re.M)
    commands = [command.name or command.callback.__name__ for command in app.registered_commands]
    groups = [group.typer_instance.info.name for group in app.registered_groups]
    assert sorted({*named}) == sorted([*commands, *groups])


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_reading_the_source_names_what_is_there():
    text = (docs.FOLDER / "reading-the-source.md").read_text("utf-8")
    names = re.findall(r"`(sim[./][\w./]*\w)`", text)
    assert len(names) > 30
    for name in names:
        if "/" in name:
            assert (ROOT / name).exists(), name
        else:
            assert pkgutil.resolve_name(name).__doc__, name


def test_every_page_is_linked_from_the_first():
    first = (docs.FOLDER / "README.md").read_text("utf-8")
    for page in PAGES:
        assert page.name == "README.md" or f"({page.name})" in first


@pytest.mark.parametrize(
    "page",
    [p for p in ALL if snippets(p) and p.stem != "job"],  # which needs files: tests/job
    ids=lambda page: page.stem,
)
def test_snippets_run_in_order(page, tmp_path):
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    done = subprocess.run(
        [sys.executable, __file__, str(page)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert f"{len(snippets(page))} snippets" in done.stdout


def test_a_wrong_snippet_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```sh\nmailsim check nowhere.toml\n```\n")
    done = subprocess.run(
        [sys.executable, __file__, str(page)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "nowhere.toml" in done.stderr


# ---- run as a program: the snippets of one page, in order


def perform(page: Path) -> None:
    """Run the snippets in this folder: Python in one namespace, commands, files to write."""
    import sim

    run = sim.run

    def shorter(scenario, **asked):  # the README shows a run of full length
        if page.name == "README.md":
            days = {"policy_starts": "2 days", "transient": "1 day", "run_length": "6 days"}
            scenario = scenario.with_overrides(days)
        return run(scenario, **asked)

    sim.run = shorter
    held: dict[str, object] = {"__name__": "__main__"}
    found = snippets(page)
    for language, name, text in found:
        if name:
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_text(text, "utf-8")
        if language == "python":
            exec(compile(text, f"{page.name}", "exec"), held)
        elif language == "text":
            assert name or page.name == "hindcast.md", "text is a file that commands read"
        elif language == "toml":
            tomllib.loads(text)
        elif language == "sh":
            for line in text.splitlines():
                command(shlex.split(line))
        elif language == "diff":
            assert page.name == "how-to.md", "diffs are followed by tests/test_how_to_add.py"
        else:
            raise SystemExit(f"{page.name}: nobody runs {language}")
    print(f"{len(found)} snippets")


def command(words: list[str]) -> None:
    """One command of ours."""
    from sim.cli import app as cli

    assert words[0] == "mailsim", words
    status = cli.app(words[1:], standalone_mode=False)
    assert status in (None, 0), words


if __name__ == "__main__":
    perform(Path(sys.argv[1]))
