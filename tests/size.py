"""How large the house is: lines of code by room, without blank lines, comments and docstrings."""

from __future__ import annotations

import ast
import io
import statistics
import sys
import tokenize
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "sim"
SILENT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


def docstring_lines(tree: ast.AST) -> set[int]:
    """The lines of all strings that stand alone as statements."""
    return {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }


def code_lines(text: str) -> int:
    """The number of lines that hold code."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in SILENT:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - docstring_lines(ast.parse(text)))


def functions(text: str) -> list[int]:
    """The length of each function, its docstring included."""
    return [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def main() -> None:
    """Print the size of each room, the longest functions' length and the number of skips."""
    rooms: dict[str, int] = {}
    lengths: list[int] = []
    skips = long = 0
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text("utf-8")
        room = path.relative_to(PACKAGE).parts[0]
        rooms[room] = rooms.get(room, 0) + code_lines(text)
        lengths += functions(text)
        skips += text.count("fmt: skip")
        long += text.count("\n") > 400
    for room, lines in rooms.items():
        print(f"{room:14} {lines:6}")
    print(f"{'all':14} {sum(rooms.values()):6}")
    print(f"functions: median {statistics.median(lengths):g}, longest {max(lengths)} lines")
    print(f"modules over 400 lines: {long}; fmt: skip: {skips}")


if __name__ == "__main__":
    sys.exit(main())
