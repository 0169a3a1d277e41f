"""Arguments and options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Scenario = Annotated[str, typer.Argument(metavar="SCENARIO", show_default=False)]
Folder = Annotated[Path, typer.Argument(metavar="DIR", show_default=False)]
Partial = Annotated[
    bool, typer.Option("--partial", help="Go on without what is missing or was changed.")
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a key, as an arm does; or FILE.toml of such lines; repeatable.",
    ),
]
Full = Annotated[
    bool, typer.Option("--full", help="Every quantity, with intervals, after the first screen.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
At = Annotated[
    str | None,
    typer.Option(
        "--at", metavar="TIME", help="Arms as at this time of a run ('4 days'). Default: its end."
    ),
]
Arms = Annotated[
    str | None, typer.Option("--arms", metavar="A,B", help="Only these arms.", show_default=False)
]
Replications = Annotated[
    int | None, typer.Option("--replications", metavar="N", min=1, help="Instead of the file's.")
]
Seed = Annotated[
    int | None, typer.Option("--seed", metavar="N", min=0, help="Instead of the file's.")
]
Workers = Annotated[
    int | None, typer.Option("--workers", metavar="N", min=1, help="Processes; default: all cores.")
]
Quick = Annotated[
    bool, typer.Option("--quick", help="A short run of few replications, marked as quick.")
]
Dask = Annotated[
    str | None,
    typer.Option("--dask", metavar="ADDRESS", help="Run on a Dask cluster that sees DIR."),
]
Keep = Annotated[str, typer.Option("--keep", metavar="WHAT", help="rows; or counts: no rows.")]
Force = Annotated[bool, typer.Option("--force", help="Replace other results in DIR.")]
NoBatch = Annotated[
    bool, typer.Option("--no-batch", help="Every message as an event: the same rows, later.")
]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Default: out/NAME-OF-SCENARIO.")
]
