"""What is missing is passed over with a reason; in CI nothing is, and a skip is a failure."""

import os

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """With MAILSIM_SKIPS_NOTHING a test may skip only by a mark: for a system, never for a part."""
    report = yield
    if report.skipped and os.environ.get("MAILSIM_SKIPS_NOTHING"):
        by_mark = any(item.iter_markers("skipif"))
        if not by_mark:
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid} was skipped where nothing may be: {report.longrepr}"
    return report
