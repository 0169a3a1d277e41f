"""What a refused user can do: the remedies that the source names.

Wait until home, send through the server of the present connection, dial in, ask the ISP
and switch on what it offers, or change the sender address. Each returns the moment (s)
at which the message is tried again, infinity if that is after the run, or None where it
does not help.
"""

from __future__ import annotations

import math

from sim.records.words import Reaction, complete
from sim.workload.people import anyone_at
from sim.world.mail_programs import MailProgram, RemedyFunction
from sim.world.outbox import LearnedSettings, Refusal

SOON = 7200.0
"""Within so many seconds of coming home a kept message is sent: evenly (chosen)."""
THEN = 1e-3
"""Seconds after the help desk's advice is followed until other messages that waited for it are
sent: enough to come after it, however moments are rounded (chosen)."""


def wait(p: MailProgram, r: Refusal) -> float | None:
    """Keep the message until its account's own network, or another of the same organisation, is
    reached again."""
    network = r.entry.account.network
    own, mobility = p.context.scenario.together(network), p.context.mobility
    if p.person.network_at(mobility.place(p.person, r.now)) in own:
        return None  # there already, and refused: waiting does not help
    if not any(p.person.network_at(place) in own for place in p.users.visited):
        return None  # who never gets there would wait for ever
    visit = mobility.next_on(p.person, own, r.now)
    p.note(r.entry, "wait")
    r.entry.learned = LearnedSettings(p.context.submission[network])
    return math.inf if visit is None else visit + SOON * r.draw


def switch_server(p: MailProgram, r: Refusal) -> float | None:
    """Name the submission server of the network that one is connected to."""
    place = p.context.mobility.place(p.person, r.now)
    local = p.context.submission.get(p.person.network_at(place))
    if local is None or local is r.server:
        return None
    p.note(r.entry, "switch_server", changes=1)
    r.entry.learned = LearnedSettings(local)
    return r.now + p.users.delays.switch_server.quantile()(r.draw)


def dial_in(p: MailProgram, r: Refusal) -> float | None:
    """Dial in to the account's network from wherever one is."""
    network = r.entry.account.network
    if p.context.mobility.place(p.person, r.now) == "home" and network == p.person.home:
        return None
    if p.context.mobility.client(p.person, network, r.now) == 0:
        return None
    p.note(r.entry, "dial_in")
    line = "dial-up" if p.users.dial_in_by == "telephone" else None
    r.entry.learned = LearnedSettings(p.context.submission[network], network, line=line)
    return r.now + p.users.delays.dial_in.quantile()(r.draw)


def ask_isp(p: MailProgram, r: Refusal) -> float | None:
    """Call the help desk, and switch on what it offers, from then on."""
    own = p.context.submission[r.entry.account.network]
    with_auth = p.auth and (p.by_587 or not own.settings.port_587)
    on_already = {"auth": with_auth, "pop_first": p.polls_first}.get(own.offers)
    advice = own.offers
    if r.answer.verdict.cause == "authentication" and p.mistypes(own, r.entry):
        on_already, advice = False, "password"
        r.entry.passed_over.append(advice)
    r.entry.learned = LearnedSettings(own)
    if p.help_at is not None and r.now < p.help_at:  # the call has been made for another message
        p.note(r.entry, advice)
        return p.help_at + THEN
    if on_already is not False:  # nothing on offer, or it is on and did not help
        p.call_in_vain(r.entry, own)
        return None
    p.note(r.entry, advice, calls=1, changes=1)
    followed = r.now + p.users.delays.ask_isp.quantile()(r.draw)
    p.context.env.call_at(followed, p.follow(advice, own, r.entry))
    if p.users.learning != "none":  # then each message takes a call of its own
        p.help_at = followed
    return followed


def change_sender(p: MailProgram, r: Refusal) -> float | None:
    """Show a sender address in a domain that the server takes."""
    domains = r.server.settings.domains
    if r.answer.verdict.cause != "sender" or not domains:
        return None
    p.note(r.entry, "change_sender", changes=1)
    r.entry.message.reverse_path = f"{p.person.name}@{domains[0]}"
    r.entry.message.representative = anyone_at(r.entry.message.reverse_path)
    r.entry.learned = (r.entry.learned or LearnedSettings(r.server))._replace(
        server=r.server, sender=None
    )
    return r.now + p.users.delays.change_sender.quantile()(r.draw)


REMEDIES: dict[str, RemedyFunction] = {
    "wait": wait,
    "switch_server": switch_server,
    "dial_in": dial_in,
    "ask_isp": ask_isp,
    "change_sender": change_sender,
}
complete(REMEDIES, set(Reaction) - {Reaction.GIVE_UP}, "remedies")
