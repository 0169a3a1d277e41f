"""What is served is the simulation: the same commands at the same moments give the same rows."""

import pytest
from visiting import Origin, check_mail, living, send

from sim.scenario import load
from sim.world.run import World

DAYS = 3
STEADY = {
    "run_length": f"{DAYS} days",
    "transient": "0 s",
    "users.travellers.count": 12,
    "users.travellers.size": "100 octets",
    "users.travellers.when_refused": {"give_up": 1.0},
    "users.travellers.patience": "0 s",
    "servers.*.service_time": "1 s",
    "servers.*.per_recipient": "250 ms",
    "servers.*.temporary_failure": 0.0,
}
"""Every session lasts as long, and nobody writes twice."""
ATTEMPT = ["server", "client", "recipients", "accepted", "code", "enhanced", "cause", "rule"]
ATTEMPT += ["stage", "relayed", "hop", "attempt", "permission", "waited"]
RECIPIENT = ["recipient", "domain", "fate", "cause", "server", "rule"]


def rows(frames, messages):
    """For each of *messages*, its attempts and what became of its recipients."""
    attempts, recipients = (
        frames[name].set_index("message") for name in ("attempts", "recipients")
    )
    return [
        (
            attempts.loc[[m]].sort_values(["hop", "server"])[ATTEMPT].astype(str).values.tolist(),
            recipients.loc[[m]].sort_values("recipient")[RECIPIENT].astype(str).values.tolist(),
        )
        for m in messages
    ]


def log_ins(world, attempt):
    """Moments and accounts of the last POP logins before an *attempt*, of every person."""
    network = world.scenario.servers[attempt.server].network
    for person in world.workload.population.people:
        for account in (a for a in person.accounts if a.network == network):
            at = world.pop.last_of(person.number, network, attempt.client, attempt.at)
            if at is not None:
                yield at, account


@pytest.mark.parametrize("arm", ["on network + POP first", "on network + identity check"])
def test_the_same_commands_at_the_same_moments_give_the_same_rows(arm):
    scenario = load("six-cases").with_overrides(STEADY)
    world = World(scenario, arm, 0, batch=False, spammers=False)
    simulated = world.run().frames()
    attempts = simulated["attempts"]
    late = attempts["at"].between(1.001 * 86400.0, (DAYS - 0.01) * 86400.0)
    first = attempts[late & (attempts["hop"] == "submission")].sort_values("at")
    assert len(first) > 20

    served = living(arm, changes=STEADY)
    events = [(row.at, "send", row) for row in first.itertuples()]
    events += [(at, "check", (account, row)) for row in first.itertuples()
               for at, account in log_ins(world, row) if at > served.clock.now()]  # fmt: skip
    for at, kind, event in sorted(events, key=lambda event: event[:2]):
        served.step(at - served.clock.now())
        if kind == "check":
            account, row = event
            origin = Origin(row.client, row.place)
            check_mail(served, account.network, user=account.address, origin=origin)
        else:
            play(served, world, simulated["recipients"], event)
    served.step(DAYS * 86400.0 - served.clock.now())

    told = served.world.rows().frames()
    honest = told["recipients"]["class"] == "honest"
    visits = told["recipients"][honest & (told["recipients"]["group"] == "visitors")]
    assert rows(told, visits["message"].unique()) == rows(simulated, first["message"])


def play(served, world, recipients, row):
    """Send what *row* of the simulation sent."""
    mine = recipients[recipients["message"] == row.message]
    boxes, people = world.mailboxes, world.workload.population.people
    person = people[mine["sender"].iloc[0]]
    account = next(a for a in person.accounts if a.network == mine["account"].iloc[0])
    to = [boxes.addresses[box] for box in mine["recipient"]]
    origin = Origin(row.client, row.place)
    send(served, account.sender, to, server=row.server, origin=origin)
