"""How many people a change affects: those some of whose mail is refused where it was not before."""

import pytest

import sim
from sim.measure.affected import affected

TEXT = """
title = "affected"
[networks.core]
kind = "transit"
[networks.proseware]
kind = "isp"
domain = "proseware.com"
prefixes = ["198.51.100.0/26"]
links = { core = "1 ms" }
[networks.adatum]
kind = "isp"
domain = "adatum.com"
prefixes = ["198.51.100.64/26"]
links = { core = "1 ms" }
[networks.hotel]
kind = "venue"
prefixes = ["192.0.2.128/28"]
links = { core = "1 ms" }
[users.travellers]
count = 40
accounts = { proseware = 0.75, adatum = 0.25 }
places = { home = 0.6, hotel = 0.4 }
[users.at-home]
count = 10
accounts = { adatum = 1.0 }
places = { home = 1.0, hotel = 0.0 }
[defaults.submission]
relay = "open"
[arms.open]
[arms.closed]
"servers.*-smtp.relay" = "on_network"
[arms.one]
"servers.proseware-smtp.relay" = "on_network"
[arms.auth]
"servers.*-smtp.relay" = "on_network+auth"
"""

CASES = {
    # what changes of the scenario: arm, baseline, how many people
    "nothing": ({}, "open", "open", 0),
    "who is away sometimes": ({}, "closed", "open", 40),
    "customers of the one that closes": ({}, "one", "open", 30),
    "those of the other, where one had closed": ({}, "closed", "one", 10),
    "nobody by opening": ({}, "open", "closed", 0),
    "who has AUTH off": ({"users.travellers.auth": 0.6}, "auth", "open", 16),
    "nobody who writes by web mail": ({"users.travellers.program": "web"}, "closed", "open", 0),
}


@pytest.mark.parametrize(("changes", "arm", "baseline", "people"), CASES.values(), ids=CASES)
def test_people_affected(changes, arm, baseline, people):
    scenario = sim.loads(TEXT).model.with_overrides(changes)
    assert affected(scenario, arm, baseline) == pytest.approx(people)
