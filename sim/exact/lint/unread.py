"""Keys that only count beside something else: a row says beside what."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from sim.exact.lint import servers
from sim.records.words import Route
from sim.scenario.organisations import NAMING
from sim.scenario.people import HOME, WORK
from sim.scenario.spammers import HOSTED, TO_MX
from sim.scenario.trees import table

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.scenario.spammers import Spammers

IsRead = Callable[["Scenario", str, str], bool]
"""Whether a key of the table of a name, or the part of it that is last, makes a difference."""


class Reader(NamedTuple):
    """What reads a key."""

    words: str
    """What it takes, after "counts only"."""
    is_read: IsRead


def _of_server(test: Callable[[Scenario, str], bool]) -> IsRead:
    return lambda scenario, name, _: test(scenario, name)


def _lists_clients(scenario: Scenario, server: str) -> bool:
    return any(
        restriction.name == "permit_client_ranges" and not restriction.args
        for restriction in servers.restrictions(scenario, server)
    )


def _takes_by_587(scenario: Scenario, server: str) -> bool:
    """Whether somebody sends by its submission port, or may be told to."""
    groups = servers.customers(scenario, server)
    by_people = any(users.port_587 or users.when_refused.ask_isp for users in groups)
    by_servers = any(
        keys.relayhost_login
        and server in (keys.relayhost, *keys.sender_dependent_relayhosts.values())
        for keys in scenario.servers.values()
    )
    return by_people or by_servers


def _names_it(scenario: Scenario, server: str, name: str) -> bool:
    """Whether a list, a setting or another table of a server names a table or class."""
    keys = scenario.servers[server]
    lists = (str(restriction) for restriction in servers.restrictions(scenario, server))
    ports = (str(port.settings) for port in keys.ports.values())
    others = [text for table, text in keys.tables.items() if table != name]
    tables = map(str, (*others, *keys.restriction_classes.values(), keys.settings))
    return any(name in text for text in (*lists, *ports, *tables))


def _names_range(scenario: Scenario, _: str, name: str) -> bool:
    """Whether a server, or the default of a role, names a range."""
    sections = (table(scenario.document, section) for section in ("servers", "defaults"))
    servers_keys = (keys for section in sections for keys in section.values())
    return any(name in keys.get(key, ()) for keys in servers_keys for key in NAMING)


def _of_people(test: Callable[[Scenario, str], bool]) -> IsRead:
    """Whether a mail program speaks SMTP, and a server of its accounts passes *test*."""

    def is_read(scenario: Scenario, group: str, _: str) -> bool:
        users = scenario.users[group]
        return users.program == "mail" and any(
            test(scenario, server) for server in servers.accounts(scenario, users)
        )

    return is_read


def _password(kind: str) -> Callable[[Scenario, str], bool]:
    def test(scenario: Scenario, server: str) -> bool:
        is_kind = scenario.servers[server].auth_password == kind
        return is_kind and servers.offers_auth(scenario, server)

    return test


def _asks_pop(scenario: Scenario, server: str) -> bool:
    return servers.reads(scenario, server, "pop_age")


def _of_spammers(test: Callable[[Spammers], object]) -> IsRead:
    return lambda scenario, name, _: bool(test(scenario.spammers[name]))


def _routes(*routes: Route) -> IsRead:
    return _of_spammers(lambda spammers: {*routes} & {*spammers.routes})


def _in_routes(scenario: Scenario, name: str, route: str) -> bool:
    return route in scenario.spammers[name].routes


INFECTED = (Route.HIJACKED_HOST, Route.HIJACKED_SMARTHOST)
LISTED = Reader("beside the preset address_range", _of_server(_lists_clients))
POP = Reader("where a server of their accounts asks for POP before SMTP", _of_people(_asks_pop))
NAMED = Reader("where a list, a setting or a table of the server names it", _names_it)
HOSTS = Reader("with a route by open proxies or hijacked machines", _routes(*HOSTED))
LOGINS = Reader("with the route stolen_credentials", _routes(Route.STOLEN_CREDENTIALS))
ROUTES = Reader("for one of their routes", _in_routes)
GREYLIST = Reader(
    "beside the restriction greylist",
    _of_server(lambda scenario, server: servers.asks(scenario, server, "greylist")),
)

READERS: dict[str, Reader] = {
    "servers.pop_window": Reader(
        "beside the preset pop_first",
        _of_server(lambda scenario, server: servers.has_preset(scenario, server, "pop_first")),
    ),
    "servers.client_ranges": LISTED,
    "servers.listed_users": LISTED,
    "servers.listing_update": Reader(
        "beside listed_users", _of_server(lambda s, server: bool(s.servers[server].listed_users))
    ),
    "servers.relay_recipients": Reader(
        "beside relay_domains", _of_server(lambda s, server: bool(s.servers[server].relay_domains))
    ),
    "servers.sender_rewriting": Reader(
        "beside aliases",
        _of_server(lambda s, server: bool(s.servers[server].aliases or s.servers[server].tables)),
    ),
    "servers.auth_password": Reader(
        "where the server offers SMTP AUTH", _of_server(servers.offers_auth)
    ),
    "servers.relayhost_login": Reader(
        "beside a relayhost",
        _of_server(
            lambda s, server: bool(
                s.servers[server].relayhost or s.servers[server].sender_dependent_relayhosts
            )
        ),
    ),
    "servers.port_587": Reader(
        "where somebody sends by it: port_587 of users, when_refused.ask_isp, or a relayhost_login",
        _of_server(_takes_by_587),
    ),
    "servers.greylist_window": GREYLIST,
    "servers.greylist_memory": GREYLIST,
    "organisations.trusted_ranges.*": Reader(
        "where trusted_networks or client_ranges of a server name it", _names_range
    ),
    "servers.tables.*": NAMED,
    "servers.restriction_classes.*": NAMED,
    "servers.policy_services.*": NAMED,
    "users.port_587": Reader(
        "where a server of their accounts offers port 587",
        _of_people(lambda s, server: bool(s.servers[server].submission_port)),
    ),
    "users.auth": Reader(
        "where a server of their accounts offers SMTP AUTH", _of_people(servers.offers_auth)
    ),
    "users.wrong_password": Reader(
        "where a server of their accounts offers SMTP AUTH with the POP password",
        _of_people(_password("pop")),
    ),
    "users.wrong_separate_password": Reader(
        "where a server of their accounts offers SMTP AUTH with a password of its own",
        _of_people(_password("separate")),
    ),
    "users.pop_before_sending": POP,
    "users.pop_after_sending": POP,
    "users.helo": Reader("with program = 'mail'", _of_people(lambda _, __: True)),
    "users.work": Reader(
        "where they write from work or in a work account",
        lambda s, group, _: WORK in s.users[group].visited or s.users[group].work_account > 0.0,
    ),
    "users.stay": Reader(
        "where they leave home", lambda s, group, _: bool(s.users[group].visited - {HOME})
    ),
    "users.delays.*": Reader(
        "for what refused users do",
        lambda s, group, remedy: getattr(s.users[group].when_refused, remedy, 1.0) > 0.0,
    ),
    "spammers.capacity.*": ROUTES,
    "spammers.cost.*": ROUTES,
    "spammers.capacity_per": Reader(
        "beside a capacity", _of_spammers(lambda spammers: spammers.capacity)
    ),
    "spammers.hosts": HOSTS,
    "spammers.recruits": HOSTS,
    "spammers.cleaned": HOSTS,
    "spammers.host_line": HOSTS,
    "spammers.infects": Reader("with a route by hijacked machines", _routes(*INFECTED)),
    "spammers.recipients_at_mx": Reader("with a route to the MX", _routes(*TO_MX)),
    "spammers.stolen": LOGINS,
    "spammers.stolen_from": LOGINS,
    "spammers.steals": LOGINS,
    "spammers.reset": LOGINS,
    "spammers.scan_rate": Reader("with the route open_relay", _routes(Route.OPEN_RELAY)),
    "spammers.known_relays": Reader("with the route open_relay", _routes(Route.OPEN_RELAY)),
    "spammers.calls": Reader("with the route inherited_window", _routes(Route.INHERITED_WINDOW)),
    "spammers.account_lasts": Reader("with the route own_account", _routes(Route.OWN_ACCOUNT)),
    "spammers.account_renewed": Reader(
        "beside account_lasts", _of_spammers(lambda spammers: spammers.account_lasts is not None)
    ),
    "spammers.heeds": Reader("with adaptive", _of_spammers(lambda spammers: spammers.adaptive)),
    "spammers.overhead": Reader(
        "with entry = 'profit'", _of_spammers(lambda spammers: spammers.entry == "profit")
    ),
    "spammers.pace": Reader(
        "with campaigns of several transactions",
        _of_spammers(lambda spammers: spammers.campaign >= spammers.recipients),
    ),
    "spammers.washes": Reader(
        "where some of the list are unknown", _of_spammers(lambda spammers: spammers.unknown > 0.0)
    ),
    "spammers.retry_after": Reader(
        "beside a retry_share", _of_spammers(lambda spammers: spammers.retry_share > 0.0)
    ),
    "networks.lease_lengths": Reader(
        "beside a lease", lambda s, network, _: s.networks[network].lease is not None
    ),
    "networks.mailboxes": Reader(
        "in a network with a domain", lambda s, network, _: s.networks[network].domain is not None
    ),
    "networks.blocks_port_25_of_servers": Reader(
        "where servers stand",
        lambda s, network, _: any(server.network == network for server in s.servers.values()),
    ),
    "operators.reaction": Reader(
        "beside after_reports, after_listings or after_relayed",
        lambda s, name, _: any(
            getattr(s.operators[name], key) is not None
            for key in ("after_reports", "after_listings", "after_relayed")
        ),
    ),
}
"""What reads a key, by section and key (``*``: each key of a table). Others always count."""
