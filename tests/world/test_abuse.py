"""How spam came to be relayed: by whose trust, in rows and in the measures made of them."""

import pytest

from sim.measure.counters import count_measures
from sim.scenario import loads
from sim.world import simulate

SCENARIO = """
title = "abuse"
run_length = "2 days"
policy_starts = "1 min"
transient = "1 min"

[networks]
core = { kind = "transit" }
proseware = { kind = "isp", domain = "proseware.com", prefixes = ["198.51.100.0/26"], links = { core = "10 ms" } }
adatum = { kind = "isp", domain = "adatum.com", prefixes = ["198.51.100.64/26"], links = { core = "10 ms" }, mailboxes = 50 }
hotel = { kind = "venue", prefixes = ["192.0.2.128/28"], links = { core = "10 ms" }, shared_address = true }

[servers.proseware-smtp]
role = "submission"
network = "proseware"
domains = ["proseware.com"]

[defaults.mx]
relay = "closed"
[defaults.submission]
relay = "on_network"

[users.people]
count = 30
accounts = { proseware = 1.0 }
places = { home = 0.5, hotel = 0.5 }
messages = "0.5 / day"
auth = 1.0
wrong_password = 0.0

[spammers.bulk]
network = "hotel"
routes = ["open_relay"]
stolen = 5
adaptive = false

[arms.today]
[arms.other]
"servers.proseware-smtp.relay" = "open"
"""  # noqa: E501

ARMS = {
    "strangers": {
        "servers.proseware-smtp.relay": "open",
        "spammers.bulk.routes": ["open_relay"],
    },
    "customers_machines": {
        "spammers.bulk.network": "proseware",
        "spammers.bulk.routes": ["own_account"],
    },
    "stolen_logins": {
        "servers.proseware-smtp.relay": "on_network+auth",
        "spammers.bulk.routes": ["stolen_credentials"],
    },
    "inherited_windows": {
        "servers.proseware-smtp.relay": "on_network+pop_first",
        "spammers.bulk.routes": ["inherited_window"],
        "spammers.bulk.recipients": 1,
    },
    "trusted_ranges": {
        "servers.proseware-smtp.trusted_networks": ["198.51.100.0/26", "192.0.2.128/28"],
        "spammers.bulk.routes": ["open_relay"],
    },
}


def scenario(abuse):
    return loads(SCENARIO.replace("target_unknown = 0.0\n", "")).with_overrides(ARMS[abuse])


@pytest.mark.parametrize("abuse", ARMS)
def test_spam_is_relayed_by_somebodys_trust(abuse):
    model = scenario(abuse)
    frames = simulate(model, "today", 0).frames()
    sent = frames["attempts"][frames["attempts"]["server"] == "proseware-smtp"]
    assert set(sent["abuse"].astype(str)) - {""} == {abuse}
    servers = frames["servers"][["relayed", "relayed_spam"]].sum()
    assert servers["relayed_spam"] == sent[sent["abuse"] != ""]["relayed"].sum() > 20
    table = count_measures(frames, model).set_index(["measure", "phase", "by", "key"])["numerator"]
    days = frames["servers"].groupby("phase", observed=True)["relayed_spam"].sum()
    assert table["spam_left_per_day", "after", "abuse", abuse] == days.drop("warm-up").sum()
    assert (
        table["spam_abuse_rate", "after", "server", "proseware-smtp"] == days.drop("warm-up").sum()
    )
