"""What an audit finds: open relays, own mail refused, and traps, each with a change that helps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network
from typing import NamedTuple

from sim.config import edits
from sim.config.cells import Cell, Cells, Outcome, does
from sim.config.edits import Change
from sim.config.importing import LISTS, Port
from sim.config.lines import split
from sim.config.probes import FOREIGN_DOMAIN, GATEWAYS, GRANTS, Client, Party
from sim.smtp import decide
from sim.smtp.restrictions import listed

OPEN, REFUSES, NO_SERVICE, TRAP = "open relay", "refuses its own mail", "serves nobody", "trap"
PRIVATE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
LOGIN_CHECK = re.compile(r"reject_(known_|authenticated_)?sender_login_mismatch")
ZONES = re.compile(r"reject_rbl(?:_client)?[\s,]+([\w.-]+)")
PERMITS = ("permit_mynetworks", "permit_sasl_authenticated", "permit")


class Finding(NamedTuple):
    """What is wrong, a case that shows it, the line that decides, and what would mend it."""

    kind: str
    text: str
    example: str
    line: str
    change: Change | None = None
    """The smallest change found; it was checked by deciding again."""


def findings(cells: Cells) -> list[Finding]:
    """All findings of a configuration, the worst first."""
    result: list[Finding] = []
    for port in cells.configuration.ports:
        if port.policy.fatal:
            change = Change(port.number, "smtpd_relay_restrictions", edits.RELAY_LIST)
            result.append(Finding(NO_SERVICE, port.policy.fatal, "every client", "", change))
            continue
        for kind in KINDS:
            result += kind(cells, port)
    unlike = {(one.kind, one.text, one.line): one for one in reversed(result)}
    result = list(reversed(unlike.values()))
    return sorted(result, key=lambda one: (OPEN, NO_SERVICE, REFUSES, TRAP).index(one.kind))


def open_cells(cells: Cells, number: int) -> list[Cell]:
    """Cells in which a stranger without a login relays."""
    return [
        cell
        for cell, outcome in cells.outcomes.items()
        if cell.port == number and outcome.does == "relays" and _is_abuse(cells, cell)
    ]


def _is_abuse(cells: Cells, cell: Cell) -> bool:
    if cell.login:
        return False
    client, _, recipient = cells.parties(cell)
    return recipient.foreign and not client.trusted


def _open(cells: Cells, port: Port) -> Iterator[Finding]:
    """One finding for each line that lets strangers relay."""
    deciding: dict[tuple[str, str], Cell] = {}
    for cell in open_cells(cells, port.number):
        deciding.setdefault(_opener(cells, port, cell), cell)
    for (name, rule), cell in deciding.items():
        rules = edits.restrictions(port, name)
        index = next((i for i, one in enumerate(rules) if one.split()[0] == rule), len(rules))
        change = smallest(cells, port, edits.closing(port, name, index), [cell])
        text = f"anybody may relay: {cell.client}, {cell.sender}"
        yield Finding(OPEN, text, example(cells, cell), _line(cells, name, rule), change)


def _opener(cells: Cells, port: Port, cell: Cell) -> tuple[str, str]:
    """The list and restriction that lets a cell relay; an empty rule: nothing stops it."""
    verdict = decide(port.policy, cells.facts(*_question(cells, cell)), trace=True)
    permits = {step.stage: step.rule for step in verdict.trace if step.opinion == "permit"}
    for stage in ("relay", "recipient"):
        name = f"smtpd_{stage}_restrictions"
        stops = any(edits.STOPS_RELAYING.fullmatch(r) for r in edits.restrictions(port, name))
        if stops and stage in permits:
            return name, permits[stage].partition("(")[0]
    return "smtpd_relay_restrictions", ""


def _question(cells: Cells, cell: Cell) -> tuple[Client, str, Party, Party]:
    client, sender, recipient = cells.parties(cell)
    return client, cell.login, sender, recipient


def _refusing(cells: Cells, port: Port) -> Iterator[Finding]:
    """Mail from outside that is taken for no user."""
    outcomes = {
        cell: outcome
        for cell, outcome in cells.outcomes.items()
        if (cell.port, cell.client, cell.login) == (25, "a stranger", "")
        and cell.sender == "a foreign sender"
        and cells.parties(cell)[2].own
    }
    if port.number != 25 or any(outcome.does == "takes" for outcome in outcomes.values()):
        return
    cell, outcome = next(iter(outcomes.items()))
    name = f"smtpd_{outcome.stage}_restrictions"
    rules = [listed(one, outcome.stage) for one in edits.restrictions(port, name)]
    index = [i for i, one in enumerate(rules) if one and one[0].name == outcome.rule]
    tries = [change for i in index[:1] for change in _softer(port, name, i)]
    recipient = cells.parties(cell)[2].address
    yield Finding(
        REFUSES,
        f"mail from outside to {recipient} is not taken",
        example(cells, cell),
        _line(cells, name, outcome.rule),
        _that_takes(cells, port, tries, cell),
    )


def _softer(port: Port, name: str, index: int) -> Iterator[Change]:
    rules = edits.restrictions(port, name)
    if rules[index] in ("reject", "defer"):
        softer = [*rules[:index], "reject_unauth_destination", *rules[index + 1 :]]
        yield Change(port.number, name, ", ".join(softer))
    yield Change(port.number, name, ", ".join([*rules[:index], *rules[index + 1 :]]))


def _that_takes(cells: Cells, port: Port, tries: Iterable[Change], cell: Cell) -> Change | None:
    for change in tries:
        after = cells.of(change.apply(cells.configuration))
        if outcome(after, cell).does == "takes" and not open_cells(after, port.number):
            return change
    return None


def outcome(cells: Cells, cell: Cell) -> Outcome:
    """The answer to one cell."""
    port = next(p for p in cells.configuration.ports if p.number == cell.port)
    return cells.answer(port, *_question(cells, cell))


def smallest(
    cells: Cells, port: Port, tries: Iterable[Change], closed: Iterable[Cell]
) -> Change | None:
    """The first change after which none of *closed* relays, and nobody else loses anything."""
    legitimate = [
        cell
        for cell, before in cells.outcomes.items()
        if cell.port == port.number and _is_legitimate(cells, cell, before)
    ]
    for change in tries:
        after = cells.of(change.apply(cells.configuration))
        if any(outcome(after, cell).does == "relays" for cell in closed):
            continue
        if all(outcome(after, cell).does == cells.outcomes[cell].does for cell in legitimate):
            return change
    return None


def _is_legitimate(cells: Cells, cell: Cell, before: Outcome) -> bool:
    """Whether what is let through in a cell is meant to be."""
    if before.does not in ("takes", "relays"):
        return False
    client, sender, recipient = cells.parties(cell)
    plain = recipient.own or recipient.label == "elsewhere"
    permitted = recipient.own or cell.login or client.label == "this machine"
    return bool(plain and permitted and (sender.own or sender.label == "a foreign sender"))


def _gateway(cells: Cells, port: Port) -> Iterator[Finding]:
    """Private networks in `mynetworks`: behind a gateway every stranger has such an address."""
    words = split(port.values["mynetworks"])
    private = {word for word in words if _is_private(word)}
    for gateway in GATEWAYS:
        client = Client("a stranger whom a gateway shows as its own", gateway, "", helo="x")
        if not _relays(cells, port, client):
            continue
        change = edits.without_networks(port, private)
        after = cells.of(change.apply(cells.configuration))
        closed = not _relays(after, _same(after, port), client)
        yield Finding(
            TRAP,
            "a container network or proxy that shows every client as its gateway makes this an "
            "open relay: its address is trusted",
            f"{gateway} -> user@{FOREIGN_DOMAIN}: relays",
            _line(cells, "mynetworks", ", ".join(sorted(private))),
            change if closed else None,
        )
        return


def _is_private(word: str) -> bool:
    try:
        network = ip_network(word.strip("!"), strict=False)
    except ValueError:
        return False
    return any(network.version == 4 and network.overlaps(one) for one in PRIVATE)


def _relays(cells: Cells, port: Port, client: Client) -> bool:
    foreign = Party("", f"someone@{FOREIGN_DOMAIN}")
    facts = cells.facts(client, "", foreign, Party("", f"user@{FOREIGN_DOMAIN}"))
    return does(decide(port.policy, facts)) == "relays"


def _same(cells: Cells, port: Port) -> Port:
    return next(p for p in cells.configuration.ports if p.number == port.number)


def _early_permit(cells: Cells, port: Port) -> Iterator[Finding]:
    """A check of the sender that a permit before it makes idle for those who log in."""
    world = cells.worlds[port.number]
    if len(world.users) < 2:
        return
    for name, rules in edits.lists(port):
        permit = next((i for i, one in enumerate(rules) if one in PERMITS), len(rules))
        check = next((i for i, one in enumerate(rules) if LOGIN_CHECK.fullmatch(one)), -1)
        if check < permit or not port.policy.auth_offered:
            continue
        client = world.clients[0]
        sender = Party("", world.users[-1])
        question = (client, world.login, sender, Party("", f"user@{FOREIGN_DOMAIN}"))
        before = cells.answer(port, *question)
        change = edits.swap(port, name, permit, check)
        after = cells.of(change.apply(cells.configuration))
        then = after.answer(_same(after, port), *question)
        yield Finding(
            TRAP,
            f"{rules[check]} is never reached by those whom {rules[permit]} lets pass: "
            "a user may send under another's address",
            f"{world.login} as {world.users[-1]}: {before}",
            _line(cells, name, rules[permit]),
            change if then.does != before.does else None,
        )


def _opening_permit(cells: Cells, port: Port) -> Iterator[Finding]:
    """A table with a permit before the rule that stops relaying, in the only list that has one."""
    lists = dict(edits.lists(port))
    relay = lists["smtpd_relay_restrictions"]
    if any(edits.STOPS_RELAYING.fullmatch(one) for one in relay):
        return
    name = "smtpd_recipient_restrictions"
    for one in lists[name]:
        if edits.STOPS_RELAYING.fullmatch(one):
            return
        if one.startswith("check_") and not one.startswith("check_policy"):
            grants = _has_grant(cells, one)
            change = Change(port.number, "smtpd_relay_restrictions", edits.RELAY_LIST)
            opens = "an entry of it opens" if grants else "the first OK in it would open"
            text = f"{one} stands before the rule against relaying: {opens} relaying"
            yield Finding(
                TRAP, text, "", _line(cells, name, one), smallest(cells, port, [change], ())
            )
            return


def _has_grant(cells: Cells, restriction: str) -> bool:
    table = restriction.split()[-1].replace("proxy:", "")
    entry = cells.configuration.tables.read.get(table)
    return bool(entry and any(GRANTS.match(value) for value in entry.table.values()))


def _no_relay_list(cells: Cells, port: Port) -> Iterator[Finding]:
    """No relay list: every permit of the recipient list decides about relaying too."""
    if edits.restrictions(port, "smtpd_relay_restrictions"):
        return
    change = Change(port.number, "smtpd_relay_restrictions", edits.RELAY_LIST)
    text = "no relay list: each permit of the recipient list lets relay as well"
    line = _line(cells, "smtpd_relay_restrictions", "")
    yield Finding(TRAP, text, "", line, smallest(cells, port, [change], ()))


def _listed_login(cells: Cells, port: Port) -> Iterator[Finding]:
    """Blocklists that are asked before the login: whoever roams has a listed dynamic address."""
    others = [other for other in cells.configuration.ports if other.number != port.number]
    if port.number == 25 and any(_roams(cells, other).does == "relays" for other in others):
        return  # they submit at the other
    usual = {cell: answer for cell, answer in cells.outcomes.items() if cell.port == port.number}
    for _ in LISTS:
        refusal = _roams(cells, port)
        if refusal.does == "relays" or _roams(cells, port, listed=False).does != "relays":
            return
        name = f"smtpd_{refusal.stage}_restrictions"
        change = _sparing(cells, port, refusal.stage, usual)
        world = cells.worlds[port.number]
        yield Finding(
            TRAP,
            "a blocklist is asked before the login: users who roam with a listed dynamic address "
            "are refused although they log in",
            f"{world.clients[0].address}, listed, logged in as {world.login} -> "
            f"user@{FOREIGN_DOMAIN}: {refusal}",
            _line(cells, name, refusal.rule),
            change,
        )
        if change is None:
            return
        cells = cells.of(change.apply(cells.configuration))
        port = _same(cells, port)


def _roams(cells: Cells, port: Port, *, listed: bool = True) -> Outcome:
    """What a user who has logged in is answered, at an address that is listed or not."""
    world = cells.worlds[port.number]
    sender, recipient = Party("", world.users[0]), Party("", f"user@{FOREIGN_DOMAIN}")
    login = world.login if port.policy.auth_offered else ""
    zones = [zone for text in port.values.raw.values() for zone in ZONES.findall(text)]
    listed_zones = tuple(zones) if listed else ()
    return cells.answer(port, world.clients[0], login, sender, recipient, listed_zones)


def _sparing(cells: Cells, port: Port, stage: str, usual: Mapping[Cell, Outcome]) -> Change | None:
    """The smallest change after which the list of *stage* refuses no login, and all who are not
    listed are answered as *usual*; who does not log in meets a new permit of logins in vain."""
    for change in edits.sparing(port, f"smtpd_{stage}_restrictions"):
        after = cells.of(change.apply(cells.configuration))
        refusal = _roams(after, _same(after, port))
        spared = refusal.does == "relays" or refusal.stage != stage
        of_all = edits.LOGIN not in change.value
        concerned = (cell for cell in usual if cell.login or of_all)
        if spared and all(str(outcome(after, cell)) == str(usual[cell]) for cell in concerned):
            return change
    return None


KINDS = (
    *(_open, _refusing, _gateway, _early_permit, _opening_permit, _no_relay_list),
    _listed_login,
)


def _line(cells: Cells, name: str, rule: str) -> str:
    """The line of main.cf that decides, if there is one, and the restriction."""
    line = cells.configuration.main.lines.get(name)
    place = f"main.cf line {line.number}: " if line else ""
    return f"{place}{name}: {rule or 'nothing in it stops relaying'}"


def example(cells: Cells, cell: Cell) -> str:
    """A case in words: who, from whom, to whom, and what is answered."""
    client, sender, recipient = cells.parties(cell)
    login = f", logged in as {cell.login}" if cell.login else ""
    port = f", port {cell.port}" if cell.port != 25 else ""
    origin = f"{client.label} [{client.address}]{login}{port}"
    sender_text = f"<{sender.address or ''}>"
    return f"{origin}: {sender_text} -> <{recipient.address}>: {cells.outcomes[cell]}"
