"""Commands about real configurations: import, audit, export-config."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim import cli
from sim.cli import options
from sim.cli.console import print_json, say, tell, wrong
from sim.cli.writing import write

if TYPE_CHECKING:
    from sim.config import Imported
    from sim.config.audit import Audit, CellChange
    from sim.smtp.names import Names

MOST = 10_000_001
"""Octets that are read of one file: one more than a configuration may have."""
MOST_FILES = 2000

Master = Annotated[
    str, typer.Option("--master", metavar="MASTER.CF", help="Services, for their ports.")
]
Tables = Annotated[
    Path | None,
    typer.Option("--tables", metavar="DIR", help="Folder with the tables that main.cf names."),
]
Addresses = Annotated[
    str, typer.Option("--addresses", metavar="A,B", help="Of the machine: 198.51.100.25/24.")
]
Users = Annotated[
    str | None, typer.Option("--users", metavar="U,V", help="Accounts of the system.")
]


def import_(
    file: Annotated[
        str,
        typer.Argument(metavar="MAIN.CF", help="main.cf or what postconf -n prints; - for stdin."),
    ],
    master: Master = "",
    tables: Tables = None,
    addresses: Addresses = "",
    users: Users = None,
    whole: Annotated[
        bool, typer.Option("--scenario", help="A whole scenario: a small world around the server.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it there.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """A server section for a scenario from main.cf; a report of each line on standard error."""
    imported = _imported(file, master, tables, addresses, users)
    if as_json:
        report = [{**entry._asdict(), "status": str(entry.status)} for entry in imported.report]
        section = {"scenario": imported.scenario} if whole else {"section": imported.section}
        print_json({**section, "report": report})
        return
    text = imported.scenario if whole else imported.section
    tell(text, end="") if out is None else write(out, text)
    for entry in imported.report:
        place = f"{entry.file}:{entry.line}"
        say(f"{place:14} {entry.status:13} {entry.text}  # {entry.meaning}")
    _say_each("assumed", imported.assumed)


def audit(
    file: Annotated[str | None, typer.Argument(metavar="MAIN.CF", help="- for stdin.")] = None,
    master: Master = "",
    tables: Tables = None,
    addresses: Addresses = "",
    users: Users = None,
    names: Annotated[
        Path | None,
        typer.Option(
            "--names", metavar="FILE", help="What the name server knows, as JSON: a, mx, ptr, ..."
        ),
    ] = None,
    diff: Annotated[
        tuple[str, str] | None,
        typer.Option("--diff", metavar="OLD NEW", help="Two main.cf: every answer that changes."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Who may relay by a main.cf, what is wrong with it, and what would mend it.

    Exit status: 0 restricted, 1 open relay, serves nobody or refuses its own mail, 2 unreadable.
    """
    dns = _names(names)

    def audited(source: str) -> Audit:
        imported = _imported(source, master, tables, addresses, users, audits=True)
        return cli.audit.Audit(imported, dns)

    if diff is not None:
        _show_changes(cli.audit.difference(*map(audited, diff)), as_json)
    elif file is None:
        wrong("a main.cf expected, or --diff OLD NEW")
    else:
        result = audited(file)
        print_json(result.as_data()) if as_json else _show(result)
        raise typer.Exit(result.status)


def _show(result: Audit) -> None:
    """The verdict, the findings, and who may relay."""
    tell(result.verdict)
    for finding in result.findings:
        tell(f"\n{finding.kind}: {finding.text}")
        for label, text in (
            ("such as", finding.example),
            ("decided by", finding.line),
            ("would help", finding.change),
        ):
            if text:
                tell(f"  {label}: {text}")
    tell("\nMail for elsewhere:")
    for port, client, login, outcome in result.relayers():
        client_text = f"{client}, logged in" if login else client
        tell(f"  {port:3}  {client_text:50} {outcome}")
    for warning in result.warnings:
        tell(f"warning: {warning}")
    for assumed in result.assumed:
        tell(f"assumed: {assumed}")


def _show_changes(changes: list[CellChange], as_json: bool) -> None:
    """Every answer that changes, and how many from what to what."""
    if as_json:
        print_json([{**c._asdict(), "old": str(old), "new": str(new)} for c, old, new in changes])
        return
    for cell, old, new in changes:
        login = f", logged in as {cell.login}" if cell.login else ""
        case_text = f"port {cell.port}: {cell.client}{login}, {cell.sender}"
        tell(f"{case_text} -> {cell.recipient}: {old}, then {new}")
    for (before, after), count in cli.audit.summary(changes).most_common():
        tell(f"{count} answers: {before}, then {after}")


def export_config(
    scenario: options.Scenario,
    server: Annotated[str, typer.Option("--server", metavar="S", help="Whose policy.")],
    make: Annotated[
        str, typer.Option("--for", metavar="MTA", help="postfix, exim, sendmail or opensmtpd.")
    ],
    arm: Annotated[
        str | None, typer.Option("--arm", metavar="A", help="Default: the baseline.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write files there.")
    ] = None,
    at: options.At = None,
    set_: options.Set = None,
    as_json: options.Json = False,
) -> None:
    """The native configuration of a policy; what that server cannot express on standard error."""
    loaded = cli.inputs.at(cli.inputs.scenario(scenario, set_), at)
    exported = cli.exporting.export_server(loaded.arm(arm or loaded.baseline), server, make)
    if as_json:
        print_json({"files": exported.files, "not_expressed": exported.not_expressed})
    elif out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in exported.files.items():
            (out / Path(name).name).write_text(text)
    else:
        for name, text in exported.files.items():
            tell(f"# {name}\n{text}")
    _say_each("not expressed", exported.not_expressed)


def _say_each(label: str, texts: Iterable[str]) -> None:
    for text in texts:
        say(f"{label}: {text}")


# ---- input files


def _imported(
    file: str,
    master: str,
    tables: Path | None,
    addresses: str,
    users: str | None,
    *,
    audits: bool = False,
) -> Imported:
    texts = {} if tables is None else _texts(tables)
    if users is not None:
        accounts = filter(None, users.split(","))
        texts["unix:passwd.byname"] = "".join(f"{user.strip()} x\n" for user in accounts)
    absent = cli.reading.Absent
    try:
        return cli.imported.import_postfix(
            _text(file),
            master=_text(master) if master else "",
            tables=texts,
            addresses=list(filter(None, addresses.split(","))),
            absent=absent.EMPTY if audits and tables is None else absent.ERROR,
        )
    except cli.errors.ConfigError as error:
        wrong(f"{file}: {error}")


def _text(file: str) -> str:
    """The text of a file, or of standard input; never more than a configuration may have."""
    try:
        if file == "-":
            octets = sys.stdin.buffer.read(MOST)
        else:
            with Path(file).open("rb") as stream:
                octets = stream.read(MOST)
    except OSError as error:
        wrong(f"{file}: {error.strerror}")
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _texts(folder: Path) -> dict[str, str]:
    """The texts of a folder by the paths that they have below it."""
    if not folder.is_dir():
        wrong(f"{folder}: not a folder")
    files = [path for path in sorted(folder.rglob("*"))[:MOST_FILES] if _is_text(path, folder)]
    return {f"/{path.relative_to(folder)}": _text(str(path)) for path in files}


def _is_text(path: Path, folder: Path) -> bool:
    inside = folder.resolve() in path.resolve().parents
    return inside and path.is_file() and path.suffix not in (".db", ".lmdb", ".cdb")


def _names(path: Path | None) -> Names | None:
    if path is None:
        return None
    try:
        return cli.names.Names.of(json.loads(_text(str(path))))
    except (ValueError, TypeError, AttributeError):
        wrong(f"{path}: JSON with a, aaaa, mx, ptr, servfail, blocklists expected")
