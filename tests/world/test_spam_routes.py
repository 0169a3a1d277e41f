"""When spammers find, use and lose what each route needs: exact logs, worked out from their
streams; and that nothing exceeds its capacity."""

from itertools import count

import numpy as np
import pytest
from staged import ADATUM, NETWORKS

from sim.measure import conservation
from sim.scenario import loads
from sim.workload.streams import stream
from sim.world import simulate
from sim.world.run import World
from sim.world.spam_routes import OpenRelay

HOUR, DAY = 3600.0, 86400.0
SETTINGS = """
[users.nobody]
count = 1
accounts = { proseware = 1.0 }
messages = "0 / day"
mail_checks = "0 / day"
[spammers.bulk]
network = "hotel"
routes = ["ROUTE", "direct"]
capacity = { ROUTE = "2400 / day", direct = "240 / day" }
recipients = 1
[arms.only]
[arms.changed]
"""


def world(route, arm="only", **changes):
    at = "adatum" if route == "own_account" else "hotel"
    text = NETWORKS + SETTINGS.replace("ROUTE", route).replace("hotel", at)
    told = loads(text).with_overrides(
        {"run_length": "4 days", "networks.adatum.mailboxes": 40} | changes
    )
    return told if arm is None else World(told, arm, 0)


def draws(purpose):
    return stream(1, replication=0, entity="spammers.bulk.0", purpose=purpose)


def watched(made, state, until, every=60.0):
    """(moment, state) whenever *state* of the first spammer has changed, looked at each minute."""
    spammer, log = made.spammers[0], []
    for step in count():
        at = step * every
        if at >= until:
            return log
        made.env.run(until=at + 1e-9)
        seen = state(spammer)
        if not log or log[-1][1] != seen:
            log.append((at, seen))


def names(spammer):
    return tuple(server.name for server in spammer.routes["open_relay"].known)


# ---- open relays


def test_relays_are_found_by_asking_one_server_after_the_other():
    """At the rate stated: which server is asked when is drawn, who relays is known then."""
    made = world("open_relay", **{"spammers.bulk.known_relays": 0.0})
    scans, at, found = draws("scans"), 0.0, []
    servers = [server.name for server in made.servers]  # all are strangers to the hotel
    while at < 2 * DAY:
        at += scans.exponential(DAY / 20)
        name = servers[int(scans.integers(len(servers)))]
        if name.endswith("-smtp") and name not in [n for _, n in found]:
            found.append((at, name))
    assert len(found) == 2
    log = watched(made, names, 2 * DAY)
    assert [known for _, known in log] == [(), (found[0][1],), (found[0][1], found[1][1])]
    assert [at for at, _ in log[1:]] == pytest.approx([at for at, _ in found], abs=60.0)


def test_who_has_found_none_goes_direct_until_then():
    scenario = world("open_relay", None, **{"spammers.bulk.known_relays": 0.0})
    r = simulate(scenario, "only", 0).frames()["recipients"]
    first = r.loc[r["route"] == "open_relay", "written_at"].min()
    log = watched(world("open_relay", **{"spammers.bulk.known_relays": 0.0}), names, 2 * DAY)
    found = log[1][0]
    direct = r.loc[r["route"] == "direct", "written_at"]
    assert direct.max() < first
    assert found - 60 < first < found + 2 * HOUR  # a gap of his own line at most


CLOSED = '"servers.proseware-smtp.relay" = "on_network"\n'


def test_a_relay_that_closes_is_kept_until_it_refuses():
    told = NETWORKS + SETTINGS.replace("ROUTE", "open_relay") + CLOSED
    changes = {"run_length": "4 days", "policy_starts": "2 days", "spammers.bulk.scan_rate": 0}
    changes["spammers.bulk.scan_rate"] = "0 / day"
    scenario = loads(told).with_overrides(changes | {"networks.adatum.mailboxes": 40})
    run = simulate(scenario, "changed", 0).frames()
    a = run["attempts"]
    refused = a[(a["server"] == "proseware-smtp") & (a["cause"] == "relaying")]
    assert len(refused) == 1  # once, then it is dropped; and nobody scans
    assert refused["at"].iloc[0] > 2 * DAY
    again = a[a["message"] == refused["message"].iloc[0]]
    assert again["server"].tolist()[:2] == ["proseware-smtp", "adatum-smtp"]
    r = run["recipients"]
    assert set(r["route"]) == {"open_relay"}
    assert set(r["fate"]) <= {"delivered", "in_transit"}


# ---- the own account


def test_an_account_lasts_as_drawn_and_is_renewed_as_stated():
    """From its first use until it is closed; then direct, until there is a new one."""
    changes = {"spammers.bulk.account_lasts": "6 h", "spammers.bulk.account_renewed": "5 h"}
    scenario = world("own_account", None, **changes)
    r = simulate(scenario, "only", 0).frames()["recipients"]
    lasts = draws("account")
    at, route = r["written_at"].to_numpy(), r["route"].astype(str).to_numpy()
    now, log = 0.0, []
    while True:
        used = at[at >= now]
        if not len(used):
            break
        closes = used[0] + lasts.exponential(6 * HOUR)
        log += [(t, "own_account") for t in used[used < closes]]
        now = closes + 5 * HOUR
        log += [(t, "direct") for t in used[(used >= closes) & (used < now)]]
    assert {name for _, name in log} == {"own_account", "direct"}
    assert list(zip(at, route, strict=True)) == log


# ---- hosts


def test_hosts_are_recruited_at_the_rate_stated():
    changes = {"spammers.bulk.hosts": 2, "spammers.bulk.recruits": "6 / day"}
    made = world("hijacked_host", **changes)
    gains, moments = draws("hosts: gains"), []
    while not moments or moments[-1] < 2 * DAY:
        moments.append((moments or [0.0])[-1] + gains.exponential(DAY / 6))
    log = watched(made, lambda s: len(s.routes["hijacked_host"].hosts), 2 * DAY)
    for at, held in log:
        assert held == 2 + sum(moment <= at for moment in moments)
    assert log[-1][1] > 8


HEEDED = """
[blocklists.dul]
reports = 1.0
report_delay = "1 min"
reports_needed = 3
delay = "1 s"
expiry = "1000 days"
"""


@pytest.mark.parametrize("heeds", [False, True])
def test_a_list_of_addresses_takes_one_host_after_the_other(heeds):
    """Each MX asks: a host is dropped at the first refusal, and its mail goes by another; who
    looks at the list himself never asks with a listed one."""
    told = NETWORKS + SETTINGS.replace("ROUTE", "hijacked_host") + HEEDED
    scenario = loads(told).with_overrides({
        "run_length": "4 days", "networks.adatum.mailboxes": 40, "spammers.bulk.hosts": 6,
        "spammers.bulk.recruits": "0 / day", "servers.*-mx.client": ["reject_rbl_client(dul)"],
        "spammers.bulk.heeds": ["dul"] if heeds else [],
    })  # fmt: skip
    run = simulate(scenario, "only", 0)
    frames = run.frames()
    conservation.check(frames, run.intended)
    a, c = frames["attempts"], frames["calendar"]
    made = World(scenario, "only", 0)
    hosts = dict.fromkeys(host.address for host in made.spammers[0].routes["hijacked_host"].hosts)
    assert [address in hosts for address in c["address"]][: len(hosts)] == [True] * len(hosts)
    for address in hosts:
        mine = a[a["client"] == address]
        taken = mine[mine["code"] == 250]
        listed = c.loc[c["address"] == address, "at"].iloc[0]
        assert (taken["at"] < listed).all()
        late = mine.loc[mine["at"] >= listed, "code"].tolist()
        assert late == ([] if heeds else [554])
    last = a.loc[a["client"].isin(hosts), "at"].max()
    r = frames["recipients"]
    assert set(r.loc[r["written_at"] > last, "route"]) == {"direct"}


@pytest.mark.parametrize(
    ("client", "code"), [("limit_client_rate(5 / hour)", 450), ("limit_connections(0)", 421)]
)
def test_a_host_that_is_limited_is_dropped_and_one_that_finds_no_session_is_not(client, code):
    scenario = world(
        "hijacked_host", None,
        **{
            "spammers.bulk.hosts": 4, "spammers.bulk.recruits": "0 / day",
            "servers.*-mx.client": [client],
        },
    )  # fmt: skip
    a = simulate(scenario, "only", 0).frames()["attempts"]
    hosts = World(scenario, "only", 0).spammers[0].routes["hijacked_host"].hosts
    for _, _, address in hosts:
        codes = a.loc[a["client"] == address, "code"].tolist()
        assert codes.count(code) == (1 if code == 450 else len(codes))
        assert codes[-1] == code
        assert len(codes) >= (6 if code == 450 else 100)


def test_who_does_not_adapt_looks_at_no_list_and_drops_no_host():
    told = NETWORKS + SETTINGS.replace("ROUTE", "hijacked_host") + HEEDED
    scenario = loads(told).with_overrides({
        "run_length": "4 days", "networks.adatum.mailboxes": 40, "spammers.bulk.hosts": 6,
        "spammers.bulk.recruits": "0 / day", "servers.*-mx.client": ["reject_rbl_client(dul)"],
        "spammers.bulk.heeds": ["dul"], "spammers.bulk.adaptive": False,
    })  # fmt: skip
    frames = simulate(scenario, "only", 0).frames()
    assert set(frames["recipients"]["route"]) == {"hijacked_host"}
    a, c = frames["attempts"], frames["calendar"]
    first, last = c.iloc[0], c.iloc[len(c) - 1]
    between = a[(a["at"] > first["at"]) & (a["at"] < last["at"])]
    assert set(between.loc[between["client"] == first["address"], "code"]) == {554}
    assert set(a.loc[a["at"] > last["at"], "code"]) == {554}


# ---- capacity


@pytest.mark.parametrize("route", ["open_relay", "direct"])
def test_a_route_carries_its_capacity_and_no_more(route):
    """Recipients a day: what the key says, but for a transaction at either end of the run."""
    routes = {"spammers.bulk.routes": [route], "spammers.bulk.recipients": 4}
    scenario = world("open_relay", None, **routes)
    daily = [len(simulate(scenario, "only", i).frames()["recipients"]) / 4 for i in range(8)]
    stated = {"open_relay": 2400, "direct": 240}[route]
    assert daily == pytest.approx([stated] * 8, abs=2)


def test_a_campaign_is_sent_at_its_pace():
    changes = {"spammers.bulk.campaign": 20, "spammers.bulk.recipients": 5,
               "spammers.bulk.pace": "10 s"}  # fmt: skip
    r = simulate(world("open_relay", None, **changes), "only", 0).frames()["recipients"]
    at = r.drop_duplicates("message")["written_at"].to_numpy()
    whole = at[: len(at) // 4 * 4].reshape(-1, 4)
    assert np.diff(whole, axis=1) == pytest.approx(10.0)
    assert (whole[1:, 0] - whole[:-1, 3] > 0).all()


def test_everybody_on_the_list_is_written_to():
    r = simulate(world("open_relay", None), "only", 0).frames()["recipients"]
    assert r["recipient"].nunique() == 41  # 40 mailboxes and one person
    assert ADATUM.endswith(str(r["domain"].iloc[0])) or r["domain"].iloc[0] == "proseware.com"


def test_a_campaign_beside_others_ends_when_its_route_carries_nothing(monkeypatch):
    monkeypatch.setattr(OpenRelay, "works", lambda relay: relay.context.env.now < DAY)
    changes = {"spammers.bulk.choice": "parallel", "spammers.bulk.campaign": 400,
               "spammers.bulk.pace": "1 min", "spammers.bulk.known_relays": 1.0}  # fmt: skip
    rows = simulate(world("open_relay", None, **changes), "only", 0).frames()["recipients"]
    written = rows.loc[rows["route"] == "open_relay", "written_at"]
    assert len(written) > 500
    assert written.max() < DAY
