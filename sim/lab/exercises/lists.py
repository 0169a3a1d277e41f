"""07: who pays for a blocklist."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from sim.lab.exercises.answers import RUNS, Measured, Names, Word
from sim.lab.exercises.asking import Draw, Exercise, numbered
from sim.lab.exercises.worlds import LISTS, Frames, intended, simulated, world
from sim.path.facts import facts
from sim.smtp import decide


@numbered("07.1", "What a listing covers")
def covered(draw: Draw) -> Exercise:
    """Whose servers a listing of some width covers."""
    width = draw.pick("width", (24, 32, 25, 26))
    scenario = world(LISTS)
    servers = ("proseware-smtp", "proseware-mx", "adatum-smtp", "phone-smtp")

    def right() -> list[str]:
        listed = IPv4Network((int(scenario.servers["proseware-smtp"].address), width), strict=False)
        return [n for n in servers if IPv4Address(int(scenario.servers[n].address)) in listed]

    addresses = ", ".join(f"{n} {IPv4Address(int(scenario.servers[n].address))}" for n in servers)
    return Exercise(
        f"The list holds prefixes of {width} bits. The open relay proseware-smtp gets on it. Which "
        f"of these servers are then listed? {addresses}. A set of names.",
        Names(right, servers),
        "write the two addresses in binary, or ask ipaddress.ip_network(..., strict=False)",
        scenario,
    )


@numbered("07.2", "Who is refused?")
def stage(draw: Draw) -> Exercise:
    """The stage at which a listed client is refused, and what a login helps."""
    to = draw.pick("to", ("bob@adatum.com", "postmaster@adatum.com"))
    scenario = world(LISTS, {"servers.adatum-mx.client": ["reject_rbl_client(trap-list)"]})

    def right() -> str:
        policy = scenario.policy("adatum-mx")
        relay = int(scenario.servers["proseware-smtp"].address)
        spam = facts(relay, "ann@proseware.com", to, listed=("trap-list",))
        return decide(policy, spam).kind

    kinds = ("accept_local", "reject_blocklist", "reject_relay", "discard", "greylisted")
    return Exercise(
        f"adatum-mx asks the list, and proseware-smtp is on it. An honest customer of proseware "
        f"writes to {to}. What is adatum's verdict on proseware-smtp? One of {', '.join(kinds)}.",
        Word(right, kinds),
        "reject_rbl_client stands in the client list: is the sender looked at before, or after?",
        scenario,
    )


def collateral(frames: Frames) -> float:
    """Honest recipients lost to a listing, of those intended by customers of the listed ISP."""
    rows = intended(frames)
    own = rows[rows["account"] == "proseware"]
    lost = (own["cause"] == "blocklist") & ~own["fate"].isin(["delivered", "in_transit"])
    return float(lost.mean())


@numbered("07.3", "What the customers of the relay pay")
def paid(draw: Draw) -> Exercise:
    """The simulated share of honest mail that a listing costs."""
    share = draw.pick("share", ("0.25", "0.5", "0.1"))
    scenario = world(LISTS, {"users.customers.to_same_isp": float(share)})
    return Exercise(
        f"Customers write a share of {share} of their mail to their own ISP. Run "
        f"{draw.scenario}, arm 'everybody asks', with {RUNS} replications. Of the "
        f"honest recipients that customers of proseware (column account) wrote to once the "
        f"policy held (phase is not warm-up), which share was lost to the list (cause is blocklist "
        f"and the fate neither delivered nor in_transit)?",
        Measured(lambda: simulated(scenario, "everybody asks", collateral), "share"),
        "results.recipients, class honest; mail within proseware never leaves the server that is "
        "listed",
        scenario,
    )
