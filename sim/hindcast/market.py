"""The market of spam: how much is sent by which route, followed in half months from 1998.

An ensemble is followed at once: each quantity is an array with a value a member. Spam grows while
it pays (entry), and pays less as mailboxes fill (dilution) and filters spread. Spammers move
towards the route that leaves most profit: a logit choice, whose spread is what they do not know
about profits (McFadden 1974). What a route leaves depends on its cost, on how many receivers ask
a list and how many of its hosts are listed when they send. A route carries no more than its hosts
can send; what does not fit goes by the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.hindcast.inputs import END, OPEN_SHARE, PRIORS, SERVERS, START

Array = NDArray[np.float64]
Members = Mapping[str, Array]
"""Values of each parameter of `PRIORS`, one a member."""

ROUTES = ("account", "relay", "proxy", "infected direct", "infected by server")
ACCOUNT, RELAY, PROXY, DIRECT, BY_SERVER = range(len(ROUTES))
CLASSES = ("consumer", "company", "webmail")
STEPS = 24
"""Steps a year: half a month each."""
YEAR_0 = 2001.5
"""The year for which levels of the priors are stated."""


class Intervention(NamedTuple):
    """What happens at a date: a network blocks port 25, or most controllers are lost."""

    block_port_25: float = np.inf
    """The year from which the observed network lets no home machine out on port 25."""
    lose_controllers: float = np.inf
    """The year in which most controllers of infected machines go off the net."""


class Moment(NamedTuple):
    """The market in one half month."""

    year: float
    spam: Array
    """Spam sent a day, by all to all."""
    routes: Array
    """(route, member): share of spam sent by each route."""
    listed: Array
    """(route, member): share of what a route sends whose source is on a list."""
    asking: Array
    """Share of receivers that ask a list."""
    mailboxes: Array
    campaigns: Array
    """Campaigns started a day, in units of that of `START`."""
    demand: dict[str, Array]
    """By class, and ``all``: wanted messages a mailbox and day."""
    per_mailbox: dict[str, Array]
    """By class, and ``all``: spam accepted a mailbox and day."""
    left_network: Array
    """Spam a day that leaves the observed network: a hundredth of all home machines."""

    def spam_share(self, class_: str = "all") -> Array:
        """Spam, of all mail accepted from other networks."""
        spam = self.per_mailbox[class_]
        return np.asarray(spam / (spam + self.demand[class_]))

    def sources_listed(self) -> Array:
        """Share of spam whose source is on a list when it is delivered."""
        return np.asarray((self.routes * self.listed).sum(axis=0))


@dataclass
class _State:
    """What one step hands to the next: arrays with a value a member."""

    spam: Array
    campaigns: Array
    routes: Array
    """(route, member): share of spam that spammers want to send by each route."""
    relays_listed: Array
    asking: Array
    filtered: Array
    """Share of responses that filters take."""
    infected: Array
    """Machines."""
    blocked: Array
    """Share of networks that block port 25."""
    without_controller: Array
    """Share of infected machines."""


def draw(size: int, seed: int) -> dict[str, Array]:
    """Draw members from the priors, each parameter by a stream of its own."""
    return {name: _draw(name, size, seed) for name in PRIORS}


def _draw(name: str, size: int, seed: int) -> Array:
    prior = PRIORS[name]
    place = np.random.default_rng([seed, *name.encode()]).random(size)
    if prior.scale == "linear":
        return prior.low + place * (prior.high - prior.low)
    return np.asarray(np.exp(np.log(prior.low) + place * np.log(prior.high / prior.low)))


def follow(
    members: Members, until: float = END, intervention: Intervention | None = None
) -> Iterator[Moment]:
    """Follow the market of each member, a moment each half month from `START`."""
    change = intervention or Intervention()
    state = _first(members)
    for step in range(round((until - START) * STEPS)):
        year = START + step / STEPS
        if year <= change.lose_controllers < year + 1 / STEPS:
            state.without_controller = members["controlled"].copy()
        listed = _listed(members, state, year)
        sent, routes = _sent(members, state, year)
        moment = _moment(members, state, year, sent, routes, listed, change)
        yield moment
        _advance(members, state, moment)


def _first(members: Members) -> _State:
    zero = np.zeros_like(members["income"])
    routes = np.zeros((len(ROUTES), zero.size))
    routes[RELAY] = members["relay_1998"]
    routes[ACCOUNT] = 1 - routes[RELAY]
    spam = members["spam_1998"] / _exposure(members)["consumer"] * _mailboxes(members, START)
    return _State(spam, zero + 1, routes, zero, members["asking_1998"], zero, zero, zero, zero)


# ---- what surrounds the market


def _logistic(start: Array, growth: Array, most: Array, year: float) -> Array:
    """Growth that starts by a factor a year at `YEAR_0` and ends at a most."""
    room = most / start - 1
    rate = np.log(growth) * (1 + room) / room
    return most / (1 + room * np.exp(-rate * (year - YEAR_0)))


def _mailboxes(members: Members, year: float) -> Array:
    start, growth = members["mailboxes_2001"], members["mailboxes_growth"]
    return _logistic(start, growth, members["mailboxes_most"], year)


def _home_machines(members: Members, year: float) -> Array:
    start, growth = members["always_on_2001"], members["always_on_growth"]
    return _logistic(start, growth, members["always_on_most"], year)


def _relays(members: Members, year: float) -> Array:
    """Open relays: as surveyed until July 1999, then closing at the rate of the member."""
    years, shares = zip(*OPEN_SHARE, strict=True)
    logarithm = np.interp(year, years, np.log(shares)) - members["closing"] * max(
        year - years[-1], 0
    )
    servers = SERVERS[1] * members["servers_growth"] ** (year - SERVERS[0])
    return np.asarray(servers * np.exp(logarithm))


def _shares(members: Members) -> dict[str, Array]:
    """By class: share of all mailboxes."""
    company, webmail = members["mailboxes_company"], members["mailboxes_webmail"]
    return {"consumer": 1 - company - webmail, "company": company, "webmail": webmail}


def _exposure(members: Members) -> dict[str, Array]:
    """By class: spam a mailbox, against the mean of all mailboxes."""
    one = np.ones_like(members["income"])
    against = {
        "consumer": one,
        "company": members["exposure_company"],
        "webmail": members["exposure_webmail"],
    }
    mean = sum((against[name] * share for name, share in _shares(members).items()), 0 * one)
    return {name: value / mean for name, value in against.items()}


# ---- what the routes carry


def _available(members: Members, year: float) -> Array:
    """(route, member): whether the tools for a route exist."""
    always = np.ones_like(members["income"], dtype=bool)
    infected = members["infected_from"] <= year
    by_server = members["infected_from"] + members["server_lag"] <= year
    return np.stack([always, always, members["proxy_from"] <= year, infected, by_server])


def _capacity(members: Members, state: _State, year: float) -> Array:
    """(route, member): the most recipients a day that each route's hosts can send to."""
    rate = members["host_rate"]
    infected = state.infected * rate
    hosts = [
        np.full_like(rate, np.inf),
        _relays(members, year) * members["relays_found"] * members["relay_rate"],
        _home_machines(members, year) * members["proxy_share"] * rate,
        infected * (1 - state.blocked),
        infected,
    ]
    return np.where(_available(members, year), np.stack(hosts), 0.0)


def _sent(members: Members, state: _State, year: float) -> tuple[Array, Array]:
    """Spam sent a day, and the share of it by each route, within what the routes carry.

    What one route cannot carry goes by the others, as spammers prefer them; what controllers
    cannot reach on the day is not sent.
    """
    demand = state.spam * state.routes
    reachable = np.ones_like(demand)
    reachable[[DIRECT, BY_SERVER]] = 1 - state.without_controller
    most = _capacity(members, state, year)
    carried = np.minimum(demand, most)
    left = (demand - carried).sum(axis=0)
    room = np.where(carried < most, state.routes, 0.0)
    room[ACCOUNT] += 1e-9
    carried = carried + left * room / room.sum(axis=0)
    carried *= reachable
    total = carried.sum(axis=0)
    return total, carried / total


def _listed(members: Members, state: _State, year: float) -> Array:
    """(route, member): share of what a route sends whose source is on a list when it does."""
    delay = members["listing_delay"] * members["listing_faster"] ** (year - YEAR_0)
    infected = _visible_share(members["infected_life"], delay)
    return np.stack(
        [
            _visible_share(members["account_life"], delay),
            state.relays_listed,
            _visible_share(members["proxy_life"], delay),
            infected,
            members["server_listed"],
        ]
    )


def _visible_share(life: Array, delay: Array) -> Array:
    """Share of the time of a source of exponential life that lies after an exponential delay."""
    return life / (life + delay)


def _moment(
    members: Members,
    state: _State,
    year: float,
    sent: Array,
    routes: Array,
    listed: Array,
    change: Intervention,
) -> Moment:
    growth = members["wanted_growth"] ** (year - YEAR_0)
    demand = {name: members[f"wanted_{name}"] * growth for name in CLASSES}
    accepted = 1 - state.asking * (routes * listed).sum(axis=0)
    mean = sent * accepted / _mailboxes(members, year)
    per_mailbox = {name: mean * share for name, share in _exposure(members).items()}
    shares = _shares(members)
    everyone = sum((demand[name] * shares[name] for name in CLASSES), np.zeros_like(mean))
    by_home_machines = routes[PROXY] + routes[DIRECT]
    blocked = year >= change.block_port_25
    return Moment(
        year,
        sent,
        routes,
        listed,
        state.asking,
        _mailboxes(members, year),
        state.campaigns,
        {**demand, "all": everyone},
        {**per_mailbox, "all": mean},
        sent * (routes[BY_SERVER] + (0 if blocked else by_home_machines)) / 100,
    )


# ---- from step to step


def _returns(members: Members, state: _State, moment: Moment) -> tuple[Array, Array]:
    """(route, member): income and cost, USD a million sent."""
    volume = moment.per_mailbox["consumer"] / members["spam_1998"]
    dilution = volume ** -members["dilution"]
    income = members["income"] * dilution * (1 - state.filtered)
    fall = members["cost_fall"] ** (moment.year - YEAR_0)
    infected = members["cost_infected"]
    cost = np.stack(
        [
            members["cost_account"],
            members["cost_relay"],
            members["cost_proxy"],
            infected,
            infected * members["server_cost"],
        ]
    )
    return income * (1 - moment.asking * moment.listed), cost * fall


def _choices(members: Members, income: Array, profit: Array, year: float) -> Array:
    """(route, member): share of spammers that would choose each route anew: a logit."""
    spread = members["judgement"] * income.mean(axis=0)
    score = np.where(_available(members, year), profit / spread, -np.inf)
    weight = np.exp(score - score.max(axis=0))
    return np.asarray(weight / weight.sum(axis=0))


def _towards(now: Array, most: Array | float, rate: Array) -> Array:
    """A share after a step in which what is missing to a most falls at a rate a year."""
    return np.asarray(most + (now - most) * np.exp(-rate / STEPS))


def _advance(members: Members, state: _State, moment: Moment) -> None:
    """Carry the state over to the next step."""
    income, cost = _returns(members, state, moment)
    profit = income - cost
    share = moment.spam_share()
    a_return = (moment.routes * profit).sum(axis=0) / (moment.routes * cost).sum(axis=0)
    fastest = np.log(members["growth_most"])
    growth = np.clip(members["entry"] * a_return, -2 * fastest, fastest)
    state.spam = state.spam * np.exp(growth / STEPS)
    smaller = -np.log(members["campaign_shrinks"])
    state.campaigns = state.campaigns * np.exp((growth + smaller) / STEPS)
    state.relays_listed = _relays_listed(members, state, moment)
    state.infected = _infected(members, state, profit, moment.year)
    chosen = _choices(members, income, profit, moment.year)
    state.routes = _towards(state.routes, chosen, members["switching"])
    state.asking = _towards(state.asking, 1, members["asking_speed"] * share)
    filters = members["filter_speed"] * share
    state.filtered = _towards(state.filtered, members["filter_most"], filters)
    state.blocked = _towards(state.blocked, 1, members["blocking_speed"] * share)
    state.without_controller = _towards(state.without_controller, 0, members["recovery"])


def _relays_listed(members: Members, state: _State, moment: Moment) -> Array:
    """Share of the relays that spammers know which is on a list: used, tested, later mended."""
    relays = _relays(members, moment.year) * members["relays_found"]
    load = moment.spam * moment.routes[RELAY] / (relays * members["relay_rate"])
    discoveries = 365 * members["relay_tests"] * np.minimum(load, 1)
    mended = members["relay_replaced"]
    return _towards(state.relays_listed, discoveries / (discoveries + mended), discoveries + mended)


def _infected(members: Members, state: _State, profit: Array, year: float) -> Array:
    """Infected machines: new ones while they pay, and cleaned at a rate."""
    pays = (members["infected_from"] <= year) & (profit[[DIRECT, BY_SERVER]].max(axis=0) > 0)
    new = members["infection"] * _home_machines(members, year) * pays
    return _towards(state.infected, new / members["cleaning"], members["cleaning"])
