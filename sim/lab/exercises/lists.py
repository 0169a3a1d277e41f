"""07: who pays for a blocklist."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from sim.lab.exercises.answers import RUNS, Range, Set, Word
from sim.lab.exercises.asking import Draw, Exercise, numbered
from sim.lab.exercises.worlds import LISTS, Frames, intended, paired, world
from sim.path.facts import facts
from sim.smtp import decide


@numbered("07.1", "What a listing covers")
def covered(draw: Draw) -> Exercise:
    """Whose servers a listing of some width covers."""
    width = draw.pick("width", (26, 27, 28, 29))
    relay = draw.pick("relay", range(3, 254, 7))
    last = [relay ^ distance for distance in draw.sample("far", (1, 2, 5, 9, 13, 21, 34, 60), 6)]
    servers = tuple(f"203.0.113.{n}" for n in last)

    def right() -> list[str]:
        listed = IPv4Network((f"203.0.113.{relay}", width), strict=False)
        return [address for address in servers if IPv4Address(address) in listed]

    return Exercise(
        f"The list holds prefixes of {width} bits. An open relay with the address "
        f"203.0.113.{relay} gets on it. Which of these servers are then listed too: "
        f"{', '.join(servers)}?",
        Set(right, servers),
        "write the addresses in binary, or ask ipaddress.ip_network(..., strict=False)",
    )


KINDS = ("accept_local", "reject_blocklist", "reject_relay", "discard", "greylisted")
VERDICTS = (
    # keys of adatum-mx, recipient, whether proseware-smtp is listed, words
    ({"client": ["reject_rbl_client(trap-list)"]}, "bob@adatum.com", True, "asks the list"),
    ({"client": ["reject_rbl_client(trap-list)"]}, "bob@adatum.com", False, "asks the list"),
    (
        {"client": ["reject_rbl_client(trap-list)"], "relay": ["reject_unauth_destination"]},
        "joe@thephone-company.com",
        False,
        "asks the list",
    ),
    (
        {"recipient": ["greylist(5 min)"], "client": ["reject_rbl_client(trap-list)"]},
        "bob@adatum.com",
        False,
        "asks the list, and greylists servers that it has not seen before",
    ),
    (
        {"recipient": ["reject_rbl_client(trap-list)"], "relay": ["reject_unauth_destination"]},
        "joe@thephone-company.com",
        True,
        "asks the list in its recipient list, after the relay list",
    ),
)


@numbered("07.2", "Who is refused?")
def stage(draw: Draw) -> Exercise:
    """The verdict on a client that a list may hold."""
    keys, to, is_listed, words = draw.pick("case", VERDICTS)
    scenario = world(LISTS, {f"servers.adatum-mx.{key}": value for key, value in keys.items()})

    def right() -> str:
        relay = int(scenario.servers["proseware-smtp"].address)
        listed = ("trap-list",) if is_listed else ()
        mail = facts(relay, "ann@proseware.com", to, listed=listed)
        return decide(scenario.policy("adatum-mx"), mail).kind

    state = "is on it" if is_listed else "is not on it"
    return Exercise(
        f"adatum-mx {words}; proseware-smtp {state}. proseware-smtp hands adatum-mx an honest "
        f"message to {to}; adatum-mx has never seen a client before. What is its verdict?",
        Word(right, KINDS),
        "in which list does each restriction stand, and which list is asked first? Is the "
        "recipient one of adatum's?",
        scenario,
    )


def price(frames: Frames, free: Frames) -> float:
    """Honest recipients lost to a list, for each spam recipient that it spared."""
    rows = intended(frames)
    lost = (rows["cause"] == "blocklist") & ~rows["fate"].isin(["delivered", "in_transit"])
    arrived = [(intended(f, "spam")["fate"] == "delivered").sum() for f in (frames, free)]
    return float(lost.sum() / max(arrived[1] - arrived[0], 1))


@numbered("07.3", "What a listing costs")
def paid(draw: Draw) -> Exercise:
    """Honest mail lost for the spam that a list stops, as a simulated share of a volume."""
    share = draw.pick("share", (0.25, 0.6))
    scenario = world(LISTS, {"users.customers.to_same_isp": share})
    return Exercise(
        f"Customers write a share of {share:g} of their mail to their own ISP. Run "
        f"{draw.scenario}, arms 'nobody asks' and 'everybody asks', with {RUNS} replications. "
        f"After the policy took effect (phase is not warm-up): how many honest recipients are lost "
        f"to the list (cause is blocklist and the fate neither delivered nor in_transit) for each "
        f"spam recipient that it stops (delivered under the first arm less delivered under the "
        f"second)? At this price, how many honest recipients are lost where {draw.volume:g} spam "
        f"recipients are stopped?",
        Range(
            lambda: paired(scenario, "everybody asks", "nobody asks", price),
            "honest recipients",
            draw.volume,
        ),
        "results.recipients by arm, class, fate and cause: two counts, and their quotient",
        scenario,
    )
