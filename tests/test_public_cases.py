"""The public cases: what real servers answered, and what is said here."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import public_cases
import pytest

from sim.smtp import decide

CASES = {
    path.stem: tomllib.loads(path.read_text())
    for path in sorted(Path(__file__).with_name("cases").glob("*.toml"))
}
NOT_YET: dict[str, str] = {}
"""Cases that come out otherwise, and why; at most four."""
POLICIES = [name for name, case in CASES.items() if "policy" in case]
SCENARIOS = [name for name, case in CASES.items() if "scenario" in case]


def test_all_cases_are_here_and_few_are_not_yet_right():
    assert len(CASES) == 52
    assert len(NOT_YET) <= 4
    assert set(NOT_YET) <= set(CASES)


@pytest.mark.parametrize("name", POLICIES)
def test_a_server_answers_as_the_real_one(name):
    if name in NOT_YET:
        pytest.xfail(NOT_YET[name])
    case = CASES[name]
    policies = public_cases.policies(case)
    for session in case["session"]:
        verdict = decide(policies[session.get("port", 25)], public_cases.facts(case, session))
        told = {
            "code": verdict.code,
            "kind": verdict.kind,
            "enhanced": verdict.reply.enhanced,
            "text": verdict.reply.text,
            "at": verdict.command,
        }
        expected = session["expect"]
        assert {key: told[key] for key in expected} == expected


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_answers_as_the_real_server(name):
    if name in NOT_YET:
        pytest.xfail(NOT_YET[name])
    for question in CASES[name]["ask"]:
        told = public_cases.ask(CASES[name]["scenario"], question)
        for key, expected in question.items():
            if key.startswith("expect_"):
                _check(key, told, expected)


def _check(key: str, told: dict[str, Any], expected: Any) -> None:
    if key == "expect_helps":
        assert set(expected) <= set(told[key])
    elif key == "expect_helps_not":
        assert not set(expected) & set(told["expect_helps"])
    else:
        assert told[key] == expected
