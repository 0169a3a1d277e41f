"""How many people a change of policy affects, by the inputs alone.

Those some of whose mail is refused at first, from somewhere where they sometimes are, while the
baseline takes it. Settings × places × addresses × recipients are each asked of `sim.path`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import TYPE_CHECKING

from sim.path.alike import address_parts
from sim.path.journey import Servers
from sim.path.submission import Attempt, MailProgram, submit

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.scenario.people import Users

NOWHERE = "elsewhere.example"


def affected(scenario: Scenario, arm: str, baseline: str) -> float:
    """How many people *arm* affects, against *baseline*."""
    servers, before = Servers(scenario, arm), Servers(scenario, baseline)
    total = 0.0
    for users in servers.scenario.users.values():
        for home, of_isp in users.accounts.items():
            networks = dict.fromkeys(n for _, own, n in users.accounts_in_use() if own == home)
            settings = [programs(servers.scenario, users, network) for network in networks]
            for same in zip(*settings, strict=True):  # the same switches in each account
                if same[0][0] == 0.0:
                    continue
                attempts = (
                    a for _, program in same for a in _attempts(servers, users, home, program)
                )
                if any(_refused(servers, a) > _refused(before, a) for a in attempts):
                    total += users.count * of_isp * same[0][0]
    return total


def programs(scenario: Scenario, users: Users, network: str) -> Iterator[tuple[float, MailProgram]]:
    """The mail programs of a group for an account on *network*: all settings, with shares."""
    server = scenario.submission_servers()[network]
    login = f"user@{scenario.account_domain(server)}"
    sender = f"user@{users.sender_domain}" if users.sender_domain else login
    separate = scenario.servers[server].auth_password == "separate"
    wrong = users.wrong_separate_password if separate else users.wrong_password
    switches = users.auth, users.port_587, users.pop_before_sending, wrong
    for positions in product((True, False), repeat=len(switches)):
        share = prod(s if on else 1.0 - s for s, on in zip(switches, positions, strict=True))
        auth, by_587, polls_first, wrong_password = positions
        settings = auth or by_587, by_587, wrong_password, polls_first, users.program == "web"
        helo = users.helo or "user-pc"
        yield share, MailProgram(server, login, sender, *settings, helo)


def _attempts(servers: Servers, users: Users, home: str, program: MailProgram) -> Iterator[Attempt]:
    """First attempts of one mail program, from every place and address, to both kinds of domain."""
    scenario = servers.scenario
    own = scenario.servers[program.server].domains
    elsewhere = next((d for s in scenario.servers.values() for d in s.domains if d not in own), "")
    ranges = (*servers.policy(program.server).ranges, servers.listings.ranges)
    for place in sorted(users.visited):
        network = users.network_at(place, home)
        for _, client in address_parts(scenario.networks[network], ranges):
            for domain in (own[0], elsewhere or NOWHERE):
                yield submit(scenario, program, network, client, f"user@{domain}")


def _refused(servers: Servers, attempt: Attempt) -> float:
    """Share of content draws for which an attempt is refused, for good or for a while."""
    return sum(share for share, verdict in servers.shares(attempt) if not verdict.accepted)
