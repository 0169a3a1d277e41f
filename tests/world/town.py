"""A town of one ISP, whose customers write from a hotel, with an arm that changes."""

from sim.scenario import loads
from sim.world.run import simulate

DAY = 86400.0
TOWN = """
title = "A change on a day"
run_length = "8 days"
policy_starts = "2 days"
transient = "1 day"

[networks]
core = { kind = "transit" }
proseware = { kind = "isp", domain = "proseware.com", prefixes = ["198.51.100.0/25"], links = { core = "10 ms" } }
adatum = { kind = "isp", domain = "adatum.com", prefixes = ["198.51.100.128/25"], links = { core = "20 ms" }, mailboxes = 20 }
hotel = { kind = "venue", prefixes = ["203.0.113.0/25"], links = { core = "20 ms" } }

[defaults.submission]
relay = "open"
temporary_failure = 0.0

[users.travellers]
count = 40
accounts = { proseware = 1.0 }
places = { hotel = 1.0 }
messages = "4 / day"
to_same_isp = 0.0
when_refused = { give_up = 1.0 }

[operators.owner]
servers = ["proseware-smtp"]

[arms.base]
"""  # noqa: E501


def town(*entries, **keys):
    """The town with an arm *phased* that has the *entries*, and these other keys."""
    scenario = loads(TOWN + '[arms.phased]\n"servers.proseware-smtp.relay" = "open"\n')
    return scenario.with_overrides({"arms.phased.at": list(entries), **keys})


def refused(scenario, arm="phased"):
    """When the messages were written that were not taken, and when those that were (days)."""
    frames = simulate(scenario, arm, 0).frames()
    mail = frames["recipients"]
    delivered = mail["fate"].astype(str) == "delivered"
    return mail.loc[~delivered, "written_at"] / DAY, mail.loc[delivered, "written_at"] / DAY
