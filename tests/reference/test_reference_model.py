"""mailsim against a second model that somebody wrote from the description alone.

Both read reference.toml. Every number of every arm must agree within chance, by Welch's t over
the replications; seeds are fixed, so that a test that passed fails only when a model changes.
"""

import numpy as np
import pytest
import reference_model
from scipy import stats

import sim

ALPHA = 1e-4  # for each of 68 comparisons: a false alarm in some 150 choices of seeds at most
HONEST = (
    "delivery_rate",
    "first_refusal_rate",
    "bounce_rate",
    "lost_per_day",
    "delay_median",
    "delay_p90",
)
SERVERS = ("proseware-smtp", "adatum-smtp", "adatum-mx", "phone-mx")
ARMS = ("open trust", "on network", "on network + AUTH", "on network + POP first")


def of_mailsim(replications):
    """The same numbers as the second model's, of each arm: a list over replications."""
    scenario = sim.load(reference_model.FILE)
    results = sim.run(scenario, arms=list(ARMS), replications=replications, progress=False)
    table = results.measures
    table = table[(table["phase"] == "after")]
    calendar = results.calendar
    keys = reference_model.config()
    starts, end = (reference_model.quantity(keys[k]) for k in ("policy_starts", "run_length"))
    found = {}
    for arm in ARMS:
        found[arm] = {}
        rows = table[table["arm"] == arm]

        def values(class_, measure, by="all", key=None, rows=rows):
            chosen = rows[
                (rows["class"] == class_) & (rows["measure"] == measure) & (rows["by"] == by)
            ]
            if key is not None:
                chosen = chosen[chosen["key"] == key]
            chosen = chosen.set_index("replication")["value"]
            return chosen.reindex(range(replications), fill_value=0.0).tolist()

        for measure in HONEST:
            found[arm][measure] = values("honest", measure)
        for route in ("open_relay", "direct"):
            spam = values("spam", "spam_per_mailbox_day", "route", route)
            found[arm][f"spam {route}"] = spam
        for server in SERVERS:
            for measure in ("utilisation", "session_wait"):
                found[arm][f"{measure} {server}"] = values("server", measure, "server", server)
        found[arm]["listed_days"] = [
            listed_days(calendar, arm, k, starts, end) for k in range(replications)
        ]
    return found


def listed_days(calendar, arm, replication, starts, end):
    """Days for which addresses were listed, from the calendar."""
    rows = calendar[(calendar["arm"] == arm) & (calendar["replication"] == replication)]
    days = 0.0
    since = {}
    for row in rows.sort_values("at").itertuples():
        if row.change == "listed":
            since[row.address] = row.at
        elif row.change == "delisted":
            days += max(0.0, row.at - max(since.pop(row.address), starts))
    return (days + sum(end - max(at, starts) for at in since.values())) / reference_model.DAY


def disagreements(replications, alpha=ALPHA):
    """A line for each number by which the two models differ beyond chance, and all of them."""
    theirs = of_mailsim(replications)
    lines, apart = [], []
    for arm in ARMS:
        ours = reference_model.simulate(arm, replications)
        for name in ours[0]:
            a = np.array(theirs[arm][name])
            b = np.array([one[name] for one in ours])
            same = a.std() == b.std() == 0 and a[0] == b[0]
            p = 1.0 if same else stats.ttest_ind(a, b, equal_var=False).pvalue
            line = f"{arm:24s}{name:32s}{a.mean():12.5g}{b.mean():12.5g}  p = {p:.2g}"
            lines.append(line)
            if p < alpha:
                apart.append(line)
    return apart, lines


@pytest.mark.parametrize(
    "replications", [5, pytest.param(24, marks=pytest.mark.slow)], ids=["short", "long"]
)
def test_agrees_with_mailsim_within_chance(replications):
    apart, lines = disagreements(replications)
    print("\n".join(["arm, number, mailsim, second model", *lines]))
    assert len(lines) >= 60
    assert not apart, "\n".join(apart)
