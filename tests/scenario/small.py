"""A small valid scenario as text, and as a tree that a test may change."""

import tomllib
from typing import Any

SMALL = """
title = "A small scenario"
run_length = "7 days"
policy_starts = "1 day"
transient = "1 day"

[networks.core]
kind = "transit"

[networks.proseware]
kind = "isp"
domain = "proseware.com"
prefixes = ["198.51.100.0/25"]
links = { core = "12 ms" }
lease = "30 min"

[networks.adatum]
kind = "isp"
domain = "adatum.com"
prefixes = ["198.51.100.128/25"]
links = { core = "15 ms" }

[networks.phone]
kind = "work"
domain = "thephone-company.com"
prefixes = ["192.0.2.0/25"]
links = { core = "8 ms" }

[networks.hotel]
kind = "venue"
prefixes = ["192.0.2.128/26"]
links = { core = { latency = "30 ms", bandwidth = "64 kbit/s" } }
shared_address = true

[defaults.submission]
sessions = 3

[users.travellers]
count = 10
accounts = { proseware = 0.5, adatum = 0.5 }
work = "phone"
places = { home = 0.5, hotel = 0.5 }

[spammers.bulk]
network = "adatum"
routes = ["open_relay", "direct"]

[arms."open trust"]
[arms."on network"]
"servers.*.relay" = "on_network"
"""


def tree() -> dict[str, Any]:
    """The small scenario's tree, new each time."""
    return tomllib.loads(SMALL)
