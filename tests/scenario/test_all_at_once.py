"""One wrong key hides nothing else that is wrong, in its own table or in others."""

import pytest

from sim.scenario import ScenarioError, loads

WRONG = """
title = "wrong in many ways"
[networks.proseware]
kind = "isp"
domain = "proseware.com"
prefixes = ["198.51.100.0/25"]
lease = "soon"
[networks.adatum]
kind = "isp"
domain = "adatum.com"
prefixes = ["198.51.100.64/26"]
links = { proseware = "10 ms" }
[users.x]
count = "ten"
accounts = { prosware = 1.0 }
plces = { home = 1 }
[arms.a]
"servers.*.relya" = "open"
"""


def test_what_is_wrong_beside_a_wrong_key_is_told_too():
    with pytest.raises(ScenarioError) as error:
        loads(WRONG)
    told = {fault.key for fault in error.value.faults}
    assert told == {
        "networks.proseware.lease",  # of the same table as
        "networks.adatum.prefixes[0]",  # the overlap with this one
        "users.x.count",
        "users.x.plces",
        "users.x.accounts.prosware",  # dangling, in a table with two other faults
        'arms.a."servers.*.relya"',
    }
