"""Commands about scenario files: whether they hold, a new one, and the format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim import cli
from sim.cli import options
from sim.cli.console import FAILED, WRONG, print_json, say, tell, wrong

if TYPE_CHECKING:
    from sim.exact.lint.remarks import Remark
    from sim.results.scenario import Scenario


def check(
    scenario: options.Scenario,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Print the scenario with every default filled in.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Remarks are faults too: exit status 2.")
    ] = False,
    set_: options.Set = None,
    as_json: options.Json = False,
) -> None:
    """Report every fault at once, with file, line, key and nearest valid name.

    Exact expectations that do not hold, and values that no sweep could take, are faults too.
    Remarks are not: arms that are equal, keys that nothing reads, pools that are too small,
    policies that relay for everybody or refuse their own mail.
    """
    loaded = cli.inputs.scenario(scenario, set_)
    if wrong_values := cli.declared.wrong(loaded.model):
        wrong("\n".join(map(str, wrong_values)))
    if faults := list(cli.expectations.faults(loaded.model)):
        wrong("\n".join(f"{scenario}: {fault}" for fault in faults))
    remarks = cli.remarks.lint(loaded.model)
    if resolved:
        tell(loaded.resolved())
    elif as_json:
        summary = {"title": loaded.title, "hash": loaded.hash(), "arms": list(loaded.arms)}
        print_json(summary | {"remarks": [remark.as_dict() for remark in remarks]})
    else:
        _show(scenario, loaded, remarks)
    if remarks and strict:
        raise typer.Exit(WRONG)


def _show(scenario: str, loaded: Scenario, remarks: list[Remark]) -> None:
    """Print what is doubtful, and which arms are meant to be open."""
    for remark in remarks:
        tell(f"warning: {remark}")
    if arms := cli.findings.open_arms(loaded.model):
        tell(f"Open to everybody, as their servers say: {'; '.join(arms)}.")
    tell(f"{scenario}: no faults. {loaded.title}: {len(loaded.arms)} arms.")


def schema(
    reference: Annotated[
        bool, typer.Option("--reference", help="The same for people, in Markdown.")
    ] = False,
) -> None:
    """JSON Schema of the scenario format, for editors."""
    tell(cli.scenario.reference()) if reference else print_json(cli.scenario.schema())


def new(
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False)],
    like: Annotated[
        str | None,
        typer.Option("--like", metavar="SCENARIO", help="A copy of it: a ready one, or a file."),
    ] = None,
) -> None:
    """Write a commented starting scenario to a new file."""
    text = cli.scenario.new() if like is None else cli.scenario.text_of(like)
    try:
        with file.open("x", encoding="utf-8") as target:
            target.write(text)
    except FileExistsError:
        wrong(f"{file} exists; choose another name")
    except OSError as error:
        say(f"cannot write {file}: {error.strerror}")
        raise typer.Exit(FAILED) from None
    tell(f"{file} is written. Next: mailsim check {file}, then mailsim run {file} --quick")
