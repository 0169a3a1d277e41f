"""How long a decision takes: ``python tests/benchmarks/decide.py`` prints microseconds.

Targets: a memoised decision under 1 µs, a full one with its trace under 20 µs. The best of
many short rounds counts, because other work on the machine only ever adds.
"""

from __future__ import annotations

import timeit
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network

from sim.smtp import Facts, Memo, Policy, decide, presets, restrictions

MEMOISED_TARGET = 1.0  # µs
TRACED_TARGET = 20.0  # µs
ROUNDS = 500  # short ones, so that some fall into a quiet moment

POLICY = Policy(
    hostname="smtp.proseware.com",
    address=int(IPv4Address("198.51.100.1")),
    domains=frozenset({"proseware.com"}),
    mailboxes=frozenset({"terri@proseware.com", "bob@proseware.com"}),
    networks=(IPv4Network("198.51.100.0/26"),),
    auth_offered=True,
    sender=(restrictions.parse("reject_sender_not_local"),),
    relay=presets.relay("on_network+auth+pop_first"),
    recipient=(restrictions.parse("reject_unlisted_recipient"),),
)
HOME = Facts(int(IPv4Address("198.51.100.7")), "terri@proseware.com", "kim@adatum.com")
HOTEL = HOME._replace(client=int(IPv4Address("203.0.113.140")))


def microseconds(call: Callable[[], object], number: int) -> float:
    """The best time of one *call*, in microseconds."""
    return min(timeit.repeat(call, number=number, repeat=ROUNDS)) / number * 1e6


def figures() -> dict[str, float]:
    """Microseconds by what was measured."""
    memo = Memo(POLICY)
    memo(HOME)
    return {
        "nothing (the cost of measuring)": microseconds(lambda: None, 1000),
        "memoised": microseconds(lambda: memo(HOME), 1000),
        "full, accepted": microseconds(lambda: decide(POLICY, HOME), 100),
        "full, refused": microseconds(lambda: decide(POLICY, HOTEL), 100),
        "full, accepted, with trace": microseconds(lambda: decide(POLICY, HOME, trace=True), 100),
        "full, refused, with trace": microseconds(lambda: decide(POLICY, HOTEL, trace=True), 100),
        "trace written out": microseconds(
            lambda: [step.compared for step in decide(POLICY, HOTEL, trace=True).trace], 100
        ),
        "reply in words": microseconds(lambda: decide(POLICY, HOTEL).reply, 100),
    }


if __name__ == "__main__":
    for name, value in figures().items():
        print(f"{name:35s} {value:7.2f} µs")
