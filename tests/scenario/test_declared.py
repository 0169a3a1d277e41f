"""Values that no scenario can have are faults of structures, ranges and sweeps, at their lines."""

import pytest
from small import SMALL

from sim.scenario import declared, loads

COUNT, DAYS = "users.travellers.count", "run_length"
WRONG = {
    # what is declared, what is told of it
    f'[sweep]\nover = {{ "{COUNT}" = [1, -2], {DAYS} = ["8 days", "9"] }}': [
        (f'sweep.over."{COUNT}"', "-2"),
        ("sweep.over.run_length", "'9'"),
    ],
    f'[sweep]\nmode = "list"\npoints = [{{ {DAYS} = "9 days" }}, {{ "{COUNT}" = 0 }}]': [
        ("sweep.points[1]", "0")
    ],
    f'[ranges]\n"{COUNT}" = [-1, 2]': [(f'ranges."{COUNT}"[0]', "-1")],
    f'[structures]\n{DAYS} = ["9 days", "1 h"]': [
        ("structures.run_length[1]", "policy_starts: 1 day")
    ],
    '[structures]\n"servers.*.relay" = ["opne"]': [
        ('structures."servers.*.relay"[0]', "'opne' (unknown preset)")
    ],
}


@pytest.mark.parametrize(("text", "expected"), WRONG.items())
def test_a_wrong_value_is_told_where_it_is_declared(text, expected):
    found = declared.wrong(loads(SMALL + text))
    assert [(fault.key, fault.value) for fault in found] == expected
    assert {fault.line for fault in found} <= {len(SMALL.splitlines()) + n for n in (1, 2, 3)}


def test_keys_that_are_right_together_are_no_fault():
    points = '[sweep]\nmode = "paired"\n[sweep.over]\n'
    points += 'run_length = ["36 h"]\npolicy_starts = ["12 h"]\ntransient = ["12 h"]'
    assert declared.wrong(loads(SMALL + points)) == []
