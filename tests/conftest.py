"""What is missing is passed over with a reason; in CI nothing is, and a skip is a failure."""

import os
import signal

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """With MAILSIM_SKIPS_NOTHING a test may skip only by a mark: for a system, never for a part."""
    report = yield
    if report.skipped and os.environ.get("MAILSIM_SKIPS_NOTHING"):
        expected = hasattr(report, "wasxfail")  # it ran, and failed as its mark says
        by_mark = expected or any(item.iter_markers("skipif"))
        if not by_mark:
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid} was skipped where nothing may be: {report.longrepr}"
    return report


@pytest.fixture
def decided():
    """Makes a decision table: of arms with (spam, honest recipients lost), the baseline first."""
    import numpy as np
    import pandas as pd

    from sim.measure.decisions import COLUMNS, EXCHANGE, QUANTITIES

    def make(
        arms: dict[str, tuple[float, float]], *, half: float = 0.1, gains=(np.nan,), unsettled=()
    ):
        names = ("spam per mailbox and day", "honest recipients lost")
        baseline = next(iter(arms))
        rows = []
        for arm, values in arms.items():
            for name in (*QUANTITIES, *([EXCHANGE] if arm != baseline else [])):
                value = dict(zip(names, values, strict=True)).get(name, 0.5)
                first = dict(zip(names, arms[baseline], strict=True)).get(name, 0.5)
                change = value - first if arm != baseline and name != EXCHANGE else np.nan
                gain = gains[len(rows) % len(gains)] if arm != baseline else np.nan
                mean = (value, value - half, value + half, np.nan)
                bounds = (change - half, change + half)
                least = 1.0 if name in names else np.nan
                matters = abs(change) - half > least
                last = (0.5, gain, 10, "t", "t", *bounds, least, matters, arm not in unsettled)
                rows.append((arm, name, "", *mean, change, *bounds, *last))
        return pd.DataFrame(rows, columns=list(COLUMNS))

    return make


def pytest_configure():
    """Let Ctrl-C reach programs that tests start, also where a shell keeps it from its jobs."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
