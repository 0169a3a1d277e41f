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
NOT_YET: dict[str, str] = {
    "exim-accept-at-end": "Exim's ACL verifies the domain of every recipient",
    "opensmtpd-login-hides-address": "a property of OpenSMTPD 6.0 only",
}
"""Cases that come out otherwise, and why."""


def cases(key):
    """The cases with *key*; one that is not yet right has to fail."""
    return [
        pytest.param(
            name,
            marks=[pytest.mark.xfail(reason=NOT_YET[name], strict=True)] if name in NOT_YET else [],
        )
        for name, case in CASES.items()
        if key in case
    ]


def test_all_cases_are_here():
    assert len(CASES) == 52
    assert set(NOT_YET) <= set(CASES)


@pytest.mark.parametrize("name", cases("policy"))
def test_a_server_answers_as_the_real_one(name):
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


@pytest.mark.parametrize("name", cases("scenario"))
def test_a_scenario_answers_as_the_real_server(name):
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
