"""The command that lists the ready scenarios."""

from __future__ import annotations

import shutil
import textwrap

from sim import cli
from sim.cli import options
from sim.cli.console import print_json

HEAD = ("scenario", "year", "time", "question")
TIME = (
    "Time: a whole run on one core, as recorded from mailsim plan; how long it takes here says "
    "mailsim plan NAME. Next: mailsim run NAME, or mailsim new mine.toml --like NAME."
)


def gallery(as_json: options.Json = False) -> None:
    """List the ready scenarios, which commands take by name: question, year, time of a run."""
    ready = list(cli.ready.gallery())
    if as_json:
        print_json([scenario._asdict() for scenario in ready])
        return
    width = shutil.get_terminal_size().columns
    rows = [HEAD, *((s.name, str(s.year or ""), s.time, s.question or s.title) for s in ready)]
    first = max(len(name) for name, *_ in rows)
    for name, year, time, question in rows:
        head = f"{name:{first}}  {year:>4}  {time:>6}  "
        print(textwrap.fill(head + question, width, subsequent_indent=" " * len(head)))
    print("\n" + textwrap.fill(TIME, width))
