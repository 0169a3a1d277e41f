"""The analytic expectation of the arms of a scenario, with the week that the world writes by."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from sim.scenario import Scenario
    from sim.scenario.servers import Relay


def analytic(scenario: Scenario, arms: Iterable[str]) -> pd.DataFrame:
    """What follows from the inputs alone for each of *arms* (see sim.measure.analytic).

    NaN where the arm changes something, or operators close relays, in the course of the run: that
    is a matter of time.
    """
    import pandas as pd

    from sim.measure.analytic import Week, expectation
    from sim.workload import week as calendar

    starts, ends = scenario.policy_starts, scenario.run_length
    profile = calendar.Profile.of(scenario)
    intended = calendar.expected(1.0, ends, profile) - calendar.expected(1.0, starts, profile)
    week = Week(calendar.block_weights(ends, starts, profile), intended / (ends - starts))
    tables = []
    for arm in arms:
        of_arm = scenario.arm(arm)
        changes = any(stage.begins > starts for stage in of_arm.stages)
        closed = None if changes else closed_by_then(of_arm)
        table = expectation(scenario, arm, week, closed)
        tables.append(table if closed is not None else table.assign(analytic=float("nan")))
    return pd.concat(tables, ignore_index=True)


def closed_by_then(scenario: Scenario) -> dict[str, Relay] | None:
    """What operators make of the relay key of servers by the time the policies start.

    None where they may close some after it, or by chance.
    """
    from sim.path.route import is_open

    closed: dict[str, Relay] = {}
    dates = {name: inf if o.date is None else o.date for name, o in scenario.operators.items()}
    for name in sorted(dates, key=dates.__getitem__):
        operator, servers = scenario.operators[name], scenario.run_by(name)
        causes = operator.after_reports, operator.after_listings, operator.after_relayed
        waits = operator.open_share or any(causes)
        if not any(is_open(scenario.policy(server)) for server in servers):
            continue  # nothing to close
        if waits or scenario.policy_starts < dates[name] < scenario.run_length:
            return None
        if dates[name] <= scenario.policy_starts:
            for server in servers:
                if server not in closed and is_open(scenario.policy(server)):
                    closed[server] = operator.closes_to
    return closed
