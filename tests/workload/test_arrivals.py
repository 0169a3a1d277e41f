"""Who writes to whom, when and from where: against the shares that the scenario states."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from handmade import visit_at
from scipy import stats

from sim.scenario import loads
from sim.workload.arrivals import runs
from sim.workload.columns import view
from sim.workload.correspondents import Correspondents, _set_apart
from sim.workload.people import Mailboxes, Population, apportion, populate
from sim.workload.workload import draw

SCENARIO = """
title = "plan"
run_length = "14 days"
policy_starts = "1 day"
transient = "1 day"

[networks]
core = { kind = "transit" }
proseware = { kind = "isp", domain = "proseware.com", prefixes = ["198.51.100.0/25"], links = { core = "10 ms" } }
adatum = { kind = "isp", domain = "adatum.com", prefixes = ["198.51.100.128/25"], links = { core = "10 ms" }, mailboxes = 7 }
hotel = { kind = "venue", prefixes = ["192.0.2.128/28"], links = { core = "10 ms" }, shared_address = true }

[users.travellers]
count = 40
accounts = { proseware = 0.75, adatum = 0.25 }
places = { home = 0.7, hotel = 0.3 }
messages = "3 / day"
recipients = 1.5
to_same_isp = 0.4
stay = "2 days"

[arms.open]
"""  # noqa: E501


@pytest.fixture(scope="module")
def scenario():
    return loads(SCENARIO)


@pytest.fixture(scope="module")
def plans(scenario):
    population = populate(scenario)
    return population, [draw(scenario, population, r) for r in range(10)]


def test_shares_are_apportioned_without_chance():
    names = apportion({"a": 0.5, "b": 0.3, "c": 0.2}, 10)
    assert {n: names.count(n) for n in "abc"} == {"a": 5, "b": 3, "c": 2}
    for i in range(1, 11):  # never a whole name behind or ahead of its share
        for name, share in {"a": 0.5, "b": 0.3, "c": 0.2}.items():
            assert abs(names[:i].count(name) - share * i) < 1


@pytest.mark.parametrize(
    ("domains", "expected"),
    [([], []), ([3], [(0, 1, 3)]), ([1, 1, 2, 5, 5], [(0, 2, 1), (2, 3, 2), (3, 5, 5)])],
)
def test_runs_of_equal_domains(domains, expected):
    assert runs(domains) == expected


def picked(known, server, same_isp, uniform, message=None):
    """Messages and mailboxes of draws by customers of *server* (number)."""
    n = len(uniform)
    message = np.arange(n) if message is None else message
    return known.pick(message, np.full(n, server), np.full(n, same_isp), uniform)


def test_every_mailbox_is_picked_alike_inside_and_outside(scenario):
    known = Correspondents(scenario, populate(scenario))
    boxes = populate(scenario).mailboxes
    draws = (np.arange(4000) + 0.5) / 4000
    for server in ("proseware-smtp", "adatum-smtp"):
        own = scenario.servers[server].domains[0]
        for same in (True, False):
            _, found = picked(known, list(scenario.servers).index(server), same, draws)
            domains = {boxes.domains[boxes.domain_of[m]] for m in found}
            assert (domains == {own}) == same
            numbers = np.unique(found, return_counts=True)[1]
            assert max(numbers) - min(numbers) <= 1


def test_a_server_with_several_domains_holds_them_all_and_nothing_between():
    boxes = Mailboxes()
    for local in ("one", "two", "three"):
        for domain in ("a.example", "b.example", "c.example", "d.example"):
            boxes.add(local, domain)
    servers = {"bd": SimpleNamespace(domains=["d.example", "b.example"])}
    known = Correspondents(SimpleNamespace(servers=servers), Population([], {}, boxes))
    draws = (np.arange(60) + 0.5) / 60
    for same, domains in ((True, "bd"), (False, "ac")):
        _, found = picked(known, 0, same, draws)
        names = [boxes.domains[boxes.domain_of[m]][0] for m in found]
        assert names == sorted(names)
        assert set(names) == set(domains)
        assert set(np.bincount(found)) == {0, 10}


def test_the_recipients_of_a_message_differ_and_are_as_many_as_drawn(scenario):
    known = Correspondents(scenario, populate(scenario))
    adatum = list(scenario.servers).index("adatum-smtp")
    inside = known.inside[adatum]  # 17 mailboxes
    same = np.tile([True, False, True, True], 3000)
    draws = np.random.default_rng(3).random(len(same))
    message, found = picked(known, adatum, same, draws, np.repeat(np.arange(3000), 4))
    assert (message == np.repeat(np.arange(3000), 4)).all()
    assert all(len(set(found[i : i + 4])) == 4 for i in range(0, len(found), 4))
    boxes = populate(scenario).mailboxes
    here = np.array(boxes.domain_of) == boxes.number_of["adatum.com"]
    times = np.bincount(found, minlength=len(here))[here]
    assert len(times) == inside == 17
    assert times.sum() == 9000
    assert stats.chisquare(times).pvalue > 1e-4
    _, everybody = picked(known, adatum, True, np.tile(draws[:4], 8)[:30], np.zeros(30, dtype=int))
    assert len(everybody) == len(set(everybody)) == inside  # no more than there are


@pytest.mark.parametrize(("drawn", "places"), [
    ([0, 0, 0], [0, 1, 2]),
    ([2, 2, 0, 1], [0, 2, 3, 4]),  # the last: the second of what 0, 2, 3 leave is 4
    ([3, 0, 2], [0, 3, 4]),
])  # fmt: skip
def test_what_is_picked_is_counted_among_what_is_left(drawn, places):
    numbers = np.array([*drawn, 7])
    _set_apart(numbers, np.array([*range(len(drawn)), 0]))
    assert numbers.tolist() == [*places, 7]


def between(mean, values):
    """Whether *mean* lies in the 99.9 % interval of independent *values*."""
    low, high = stats.t.interval(0.999, len(values) - 1, np.mean(values), stats.sem(values))
    return low <= mean <= high


def recipients(workload):
    """How many recipients each message has."""
    return np.diff(view(workload.arrivals.first))


def test_number_of_messages_is_poisson(plans):
    counts = [len(drawn.arrivals) for drawn in plans[1]]
    assert between(40 * 3 * 14, counts)
    # thinned by place, it is still Poisson: variance over mean is 1 (chi-square, 99.9 %)
    per_person = np.array(
        [np.bincount(drawn.arrivals.person, minlength=40) for drawn in plans[1]]
    ).ravel()
    index = (len(per_person) - 1) * per_person.var(ddof=1) / per_person.mean()
    assert stats.chi2.ppf(0.0005, 399) < index < stats.chi2.ppf(0.9995, 399)


def test_places_have_the_shares_stated(plans):
    arrivals = [drawn.arrivals for drawn in plans[1]]
    away = [np.mean(view(a.place) == a.names["hotel"]) for a in arrivals]
    assert between(0.3, away)


def test_recipients_and_same_isp_have_the_means_stated(plans):
    population, drawn = plans
    domain_of = population.mailboxes.domain_of
    per_message, same = [], []
    home = np.array([domain_of[p.accounts[0].mailbox] for p in population.people])
    for workload in drawn:
        counts = recipients(workload)
        per_message.append(counts.mean())
        writer = np.repeat(view(workload.arrivals.person), counts)
        to = np.array(domain_of)[view(workload.arrivals.recipients)]
        same.append(np.mean(to == home[writer]))
    assert between(1.5, per_message)
    assert between(0.4, same)


def test_the_number_of_recipients_is_geometric(plans):
    counts = [recipients(drawn) for drawn in plans[1]]
    for k in range(1, 5):
        assert between((2 / 3) * (1 / 3) ** (k - 1), [(found == k).mean() for found in counts])


def test_sizes_are_lognormal_as_the_facts_have_it(plans):
    """mail.size.lognormal: its median, and the share up to 32 KiB."""
    sizes = [view(drawn.arrivals.size) for drawn in plans[1]]
    for octets in (5541, 32 * 1024):
        share = stats.norm.cdf(np.log(octets / 5541) / 2.01)
        assert between(share, [(found <= octets).mean() for found in sizes])


def test_where_all_mailboxes_are_one_isps_nobody_writes_elsewhere(scenario):
    alone = scenario.with_overrides({
        "users.travellers.accounts": {"proseware": 1.0}, "networks.adatum.mailboxes": 0,
        "users.travellers.recipients": 1.0,
    })  # fmt: skip
    population = populate(alone)
    assert set(recipients(draw(alone, population, 0))) == {1}


def test_a_share_of_the_mail_is_written_in_the_work_account(scenario):
    works = scenario.with_overrides(
        {"users.travellers.work": "adatum", "users.travellers.work_account": 0.3}
    )
    population = populate(works)
    drawn = [draw(works, population, r).arrivals for r in range(10)]
    assert between(0.3, [view(arrivals.account).mean() for arrivals in drawn])
    assert {p.accounts[1].sender.partition("@")[2] for p in population.people} == {"adatum.com"}


def test_a_trip_hangs_together(plans):
    # the chance to be where one was a block ago, given a mean stay of 2 days and blocks of
    # 10 and 14 hours: exp(-h / 48) + (1 - exp(-h / 48)) * (0.7**2 + 0.3**2)
    stay = np.mean([np.exp(-h / 48) for h in (10, 14)])
    expected = stay + (1 - stay) * (0.7**2 + 0.3**2)
    same = [
        np.mean([a == b for mine in drawn.mobility.places for a, b in pairwise(mine)])
        for drawn in plans[1]
    ]
    assert np.mean(same) == pytest.approx(expected, abs=0.01)


def test_every_message_is_written_during_a_visit_at_its_place(plans):
    arrivals, mobility = plans[1][0].arrivals, plans[1][0].mobility
    for i, at in enumerate(arrivals.at):
        visit = visit_at(mobility, mobility.people[arrivals.person[i]], at)
        assert (visit.place, visit.client) == (arrivals.place_name(i), arrivals.client[i])
        assert visit.start <= at <= visit.end
