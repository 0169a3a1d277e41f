"""Marks as files: a table of the class, a table of answers, copies, and one page a student."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from sim.lab.classes.collecting import NOT_TRIED, RIGHT, UNREAD, WRONG, Collection, Result, Sheet
from sim.lab.exercises import TABLE
from sim.records.outgoing import field, markup

STATES = (RIGHT, WRONG, UNREAD, NOT_TRIED)
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font-family: sans-serif; max-width: 60rem; margin: 2rem auto; line-height: 1.4 }}
table {{ border-collapse: collapse }}
th, td {{ text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0 }}
td {{ border-top: 1px solid #ccc }} pre {{ white-space: pre-wrap; margin: 0 }}
</style></head><body>
<h1>{title}</h1>
<p>{summary}</p>
{remarks}<table><thead><tr><th>exercise</th><th>mark</th><th>attempts</th><th>time (UTC)</th>
<th>answer</th><th>what the mark said</th></tr></thead>
<tbody>
{rows}
</tbody></table>
<h2>Predictions</h2>
{predictions}
</body></html>
"""


def write(collection: Collection, out: Path) -> list[Path]:
    """Write ``marks.csv``, ``answers.csv``, ``copies.csv`` and a page for each student."""
    out.mkdir(parents=True, exist_ok=True)
    tables = {"marks": marks, "answers": answers, "copies": copies}
    paths = []
    for name, rows in tables.items():
        paths.append(out / f"{name}.csv")
        with paths[-1].open("w", encoding="utf-8", newline="") as file:
            lines = csv.writer(file, lineterminator="\n")
            lines.writerows([field(str(cell)) for cell in row] for row in rows(collection))
    for sheet in collection.sheets:
        paths.append(out / f"{sheet.student.folder}.html")
        paths[-1].write_text(page(sheet), "utf-8", newline="\n")
    return paths


def marks(collection: Collection) -> Iterator[Iterable[object]]:
    """A row a student: counts, attempts, and the mark of each exercise."""
    yield ["id", "name", *STATES, "attempts", *sorted(TABLE), "remarks"]
    for sheet in collection.sheets:
        attempts = sum(r.answer.attempts for r in sheet.results if r.answer)
        states = {result.exercise: result.state for result in sheet.results}
        yield [
            sheet.student.number,
            sheet.student.name,
            *map(sheet.count, STATES),
            attempts,
            *(states[number] for number in sorted(TABLE)),
            "; ".join(sheet.remarks),
        ]


def answers(collection: Collection) -> Iterator[Iterable[object]]:
    """A row an answer."""
    yield ["id", "exercise", "mark", "attempts", "time", "answer"]
    for sheet in collection.sheets:
        for result in sheet.results:
            if result.answer:
                yield [sheet.student.number, *_cells(result)]


def copies(collection: Collection) -> Iterator[Iterable[object]]:
    """A row for each reason to ask two students."""
    yield ["id", "other", "why"]
    for copy in collection.copies:
        yield [copy.student, copy.other, copy.reason]


def _cells(result: Result) -> list[str]:
    answer = result.answer
    if answer is None:
        return [result.exercise, result.state, "", "", ""]
    attempts = str(answer.attempts) if answer.recorded else "not run"
    text = json.dumps(answer.value, ensure_ascii=False)[:500]
    return [result.exercise, result.state, attempts, answer.time, text]


def page(sheet: Sheet) -> str:
    """One student's marks as a page."""
    name = sheet.student.name
    owner = f"{name} ({sheet.student.number})" if name else sheet.student.number
    rows = "\n".join(_row([*_cells(r), r.words]) for r in sheet.results)
    remarks = "".join(f"<p><strong>{markup(remark)}</strong></p>\n" for remark in sheet.remarks)
    return PAGE.format(
        title=markup(f"Marks of {owner}"),
        summary=", ".join(f"{sheet.count(state)} {state}" for state in STATES),
        remarks=remarks,
        rows=rows,
        predictions=_predictions(sheet),
    )


def _predictions(sheet: Sheet) -> str:
    lines = [
        _row(
            [
                number,
                str(record.get("time", ""))[:25],
                "after the results" if record.get("late") else "",
                json.dumps(record.get("values"), ensure_ascii=False)[:500],
            ]
        )
        for number, record in sorted(sheet.work.predictions.items())
    ]
    if not lines:
        return "<p>None was recorded.</p>"
    head = "<tr><th>notebook</th><th>time (UTC)</th><th></th><th>predicted</th></tr>"
    return f"<table><thead>{head}</thead><tbody>{''.join(lines)}</tbody></table>"


def _row(cells: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<td><pre>{markup(cell)}</pre></td>' for cell in cells)}</tr>"


def summary(collection: Collection) -> Iterator[str]:
    """Lines for the teacher: how many sheets, copies to ask about, files of nobody."""
    right = sum(sheet.count(RIGHT) for sheet in collection.sheets)
    attempted = sum(len(TABLE) - sheet.count(NOT_TRIED) for sheet in collection.sheets)
    yield f"{len(collection.sheets)} students, {attempted} answers, {right} right"
    yield from (f"ask {c.student} and {c.other}: {c.reason}" for c in collection.copies)
    yield from (
        f"whose is {path}? Its folder and its id are nobody's" for path in collection.nobodys
    )
