"""Names in the code are nouns of the field: participles and private words hide what a thing is."""

import ast
from pathlib import Path

import pytest

SIM = Path(__file__).parents[1] / "sim"
WORDS = (
    "asked came found gave given got happened heard held kept lasted made meant met noticed",
    "picked placed said shown stated taken told torn tried wanted wish wished",
    "anyhow everybody here mine onward ours piece pieces somebody stretch stretches theirs there",
    "unasked unforeseen unhelped unmet unsaid unsure whatever what whose whom how why",
    "circumstances presence surroundings",
)
PRIVATE = frozenset(word for line in WORDS for word in line.split())
"""Words that may not stand alone as a name of a value, a parameter, a field or a function."""


def names(tree):
    """Every name that *tree* defines, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr, node.lineno


def private(source):
    """The private words that stand as names in *source*, with their lines."""
    found = names(ast.parse(source))
    return [(line, name) for name, line in found if name.strip("_").lower() in PRIVATE]


@pytest.mark.parametrize("path", sorted(SIM.rglob("*.py")), ids=lambda p: str(p.relative_to(SIM)))
def test_no_private_word_is_a_name(path):
    assert private(path.read_text()) == []


@pytest.mark.parametrize(
    "line",
    ["told = 1", "def f(asked): ...", "self._kept = 1", "class Found: ...", "[x for mine in y]"],
)
def test_the_test_sees_one(line):
    assert private(line)
