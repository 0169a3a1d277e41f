"""Commands about real configurations: import, audit, export-config."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.console import print_json, wrong

if TYPE_CHECKING:
    from sim.config import Imported
    from sim.config.audit import Audit

MOST = 10_000_001
"""Octets that are read of one file: one more than a configuration may have."""
MOST_FILES = 2000

FileArgument = Annotated[
    str, typer.Argument(metavar="MAIN.CF", help="main.cf or what postconf -n prints; - for stdin.")
]
MasterOption = Annotated[
    str | None, typer.Option("--master", metavar="MASTER.CF", help="Services, for their ports.")
]
TablesOption = Annotated[
    str | None,
    typer.Option("--tables", metavar="DIR", help="Folder with the tables that main.cf names."),
]
AddressesOption = Annotated[
    str | None,
    typer.Option("--addresses", metavar="A,B", help="Of the machine, such as 198.51.100.25/24."),
]
UsersOption = Annotated[
    str | None, typer.Option("--users", metavar="U,V", help="Accounts of the system.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON on standard output.")]


def import_(
    file: FileArgument,
    master: MasterOption = None,
    tables: TablesOption = None,
    addresses: AddressesOption = None,
    users: UsersOption = None,
    as_json: JsonOption = False,
) -> None:
    """A server section for a scenario from main.cf; a report of each line on standard error."""
    imported = _imported(file, master, tables, addresses, users)
    if as_json:
        report = [{**entry._asdict(), "status": str(entry.status)} for entry in imported.report]
        print_json({"section": imported.section, "report": report})
        return
    print(imported.section, end="")
    for entry in imported.report:
        place = f"{entry.file}:{entry.line}"
        print(f"{place:14} {entry.status:13} {entry.text}  # {entry.meaning}", file=sys.stderr)
    for assumed in imported.assumed:
        print(f"assumed: {assumed}", file=sys.stderr)


def audit(
    file: Annotated[str | None, typer.Argument(metavar="MAIN.CF", help="- for stdin.")] = None,
    master: MasterOption = None,
    tables: TablesOption = None,
    addresses: AddressesOption = None,
    users: UsersOption = None,
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
    as_json: JsonOption = False,
) -> None:
    """Who may relay by a main.cf, what is wrong with it, and what would mend it.

    Exit status: 0 restricted, 1 open relay, serves nobody or refuses its own mail, 2 unreadable.
    """
    from sim.config.audit import Audit, difference, summary

    known = _names(names)

    def audited(source: str) -> Audit:
        return Audit(_imported(source, master, tables, addresses, users, audits=True), known)

    if diff is not None:
        changes = difference(*map(audited, diff))
        if as_json:
            rows = [{**c._asdict(), "old": str(o), "new": str(n)} for c, o, n in changes]
            print_json(rows)
        else:
            for cell, old, new in changes:
                login = f", logged in as {cell.login}" if cell.login else ""
                who = f"port {cell.port}: {cell.client}{login}, {cell.sender}"
                print(f"{who} -> {cell.recipient}: {old}, then {new}")
            for (old_, new_), count in summary(changes).most_common():
                print(f"{count} answers: {old_}, then {new_}")
        return
    if file is None:
        wrong("a main.cf expected, or --diff OLD NEW")
    found = audited(file)
    if as_json:
        print_json(found.as_data())
    else:
        _show(found)
    raise typer.Exit(found.status)


def _show(found: Audit) -> None:
    """The verdict, the findings, and who may relay."""
    print(found.verdict)
    for finding in found.findings:
        print(f"\n{finding.kind}: {finding.text}")
        for label, text in (("such as", finding.example), ("decided by", finding.line)):
            if text:
                print(f"  {label}: {text}")
        if finding.change is not None:
            print(f"  would help: {finding.change}")
    print("\nMail for elsewhere:")
    for port, client, login, outcome in found.relayers():
        who = f"{client}, logged in" if login else client
        print(f"  {port:3}  {who:50} {outcome}")
    for warning in found.warnings:
        print(f"warning: {warning}")
    for assumed in found.assumed:
        print(f"assumed: {assumed}")


def export_config(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO")],
    server: Annotated[str, typer.Option("--server", metavar="S", help="Whose policy.")],
    make: Annotated[
        str, typer.Option("--for", metavar="MAKE", help="postfix, exim, sendmail or opensmtpd.")
    ],
    arm: Annotated[
        str | None, typer.Option("--arm", metavar="A", help="Default: the baseline.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write files there.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """The native configuration of a policy; what that server cannot express on standard error."""
    import sim
    from sim.config import ConfigError
    from sim.config.exporting import export_config as export

    try:
        loaded = sim.load(scenario)
        policy = loaded.arm(arm or loaded.baseline).policy(server)
        exported = export(policy, make)
    except ConfigError as error:
        wrong(str(error))
    if as_json:
        print_json({"files": exported.files, "unsaid": exported.unsaid})
    elif out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in exported.files.items():
            (out / Path(name).name).write_text(text)
    else:
        for name, text in exported.files.items():
            print(f"# {name}\n{text}")
    for unsaid in exported.unsaid:
        print(f"not expressed: {unsaid}", file=sys.stderr)


# ---- what is handed in


def _imported(
    file: str,
    master: str | None,
    tables: str | None,
    addresses: str | None,
    users: str | None,
    *,
    audits: bool = False,
) -> Imported:
    from sim.config import ConfigError, import_postfix
    from sim.config.reading import Absent

    handed_in = _tables(Path(tables)) if tables else {}
    if users is not None:
        accounts = filter(None, users.split(","))
        handed_in["unix:passwd.byname"] = "".join(f"{user.strip()} x\n" for user in accounts)
    try:
        return import_postfix(
            _text(file),
            master=_text(master) if master else "",
            tables=handed_in,
            addresses=[one for one in (addresses or "").split(",") if one],
            absent=Absent.EMPTY if audits and not tables else Absent.ERROR,
        )
    except ConfigError as error:
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


def _tables(folder: Path) -> dict[str, str]:
    """The texts of a folder by the paths that they have below it."""
    if not folder.is_dir():
        wrong(f"{folder}: not a folder")
    files = [path for path in sorted(folder.rglob("*"))[:MOST_FILES] if _is_text(path, folder)]
    return {f"/{path.relative_to(folder)}": _text(str(path)) for path in files}


def _is_text(path: Path, folder: Path) -> bool:
    inside = folder.resolve() in path.resolve().parents
    return inside and path.is_file() and path.suffix not in (".db", ".lmdb", ".cdb")


def _names(path: Path | None) -> Any:
    from sim.smtp.names import Names

    if path is None:
        return None
    try:
        return Names.of(json.loads(_text(str(path))))
    except (ValueError, TypeError, AttributeError):
        wrong(f"{path}: JSON with a, aaaa, mx, ptr, servfail, blocklists expected")
