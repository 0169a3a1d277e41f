"""IPv6 in a scenario: said, resolved, explained, and acting in a run as IPv4 does."""

import re
from ipaddress import ip_address
from pathlib import Path

import pytest
from matplotlib.text import Text

import sim
from sim.exact.explanation import explain
from sim.exact.matrix import matrix
from sim.experiment.quick import shortened
from sim.scenario import loads
from sim.smtp import clients
from sim.world import simulate

SCENARIOS = Path(__file__).parents[2] / "scenarios"
BASE = int(ip_address("2001:db8::"))
ADDRESS = re.compile(r"(?<![\d.])\d+\.\d+\.\d+\.\d+(/\d+)?")
ARMS = [("six-cases", "on network + address range"), ("dynamic-ranges", "corrected after 3 h")]
ARMS += [("blocklist-collateral", "everybody asks"), ("pop-window", "30 min")]


def text(name):
    return (SCENARIOS / f"{name}.toml").read_text("utf-8")


def in_ipv6(name):
    """A scenario in which every IPv4 address is one below 2001:db8::/96."""

    def written(found):
        address, _, bits = found[0].partition("/")
        mapped = str(ip_address(BASE + int(ip_address(address))))
        return f"{mapped}/{int(bits) + 96}" if bits else mapped

    return ADDRESS.sub(written, text(name))


@pytest.mark.parametrize(("name", "arm"), ARMS, ids=[name for name, _ in ARMS])
def test_a_run_in_ipv6_has_the_rows_of_the_run_in_ipv4(name, arm):
    plain, mapped = (shortened(loads(t)).scenario for t in (text(name), in_ipv6(name)))
    frames = simulate(plain, arm, 0).frames()
    for table, frame in simulate(mapped, arm, 0).frames().items():
        for column in frame.columns:
            values, theirs = list(frame[column]), list(frames[table][column])
            if column in ("client", "address"):
                assert all(value >= 0xF0000000 for value in values if value)
                full = [mapped.numbering.address(value) for value in values]
                values = [a - clients.IPV6 - BASE if a else 0 for a in full]
            rows = enumerate(zip(map(str, values), map(str, theirs), strict=True))
            other = [(row, *pair) for row, pair in rows if pair[0] != pair[1]]
            assert other[:5] == [], (table, column)


def test_a_network_of_both_kinds_hands_out_its_prefixes_in_turn():
    both = text("six-cases").replace(
        'prefixes = ["192.0.2.128/26"]', 'prefixes = ["2001:db8:7::/64", "192.0.2.128/26"]'
    )
    scenario = loads(both)
    assert clients.text(scenario.guest("hotel")) == "2001:db8:7::1"
    attempts = simulate(shortened(scenario).scenario, "on network", 0).frames()["attempts"]
    first = attempts[(attempts["place"] == "hotel") & (attempts["attempt"] == 1)]
    shown = {scenario.numbering.text(n) for n in first[first["hop"] == "submission"]["client"]}
    assert "2001:db8:7::1" in shown
    assert not {text for text in shown if text.startswith("192.0.2.")}


def test_exact_answers_say_ipv6_addresses():
    scenario = loads(in_ipv6("six-cases"))
    told = explain(scenario, "travellers", "hotel", "bob@adatum.com", "on network")
    assert "2001:db8::c000:281" in str(told)
    assert told.hops[0].verdict.rule == "reject_unauth_destination"
    here, there = (
        {(c.place, c.to, c.credentials): c.verdict.code for c in matrix(s, "proseware", arm).cells}
        for s, arm in ((loads(text("six-cases")), "on network"), (scenario, "on network"))
    )
    assert here == there


def test_the_trace_of_a_message_names_ipv6_addresses():
    scenario = sim.loads(in_ipv6("six-cases")).with_overrides({"users.travellers.count": 15})
    results = sim.run(scenario, arms=["on network"], replications=1, progress=False)
    trace = results.trace(arm="on network", place="hotel", fate="delivered")
    assert "2001:db8::c000:281" in str(trace)
    texts = [text.get_text() for text in trace.figure().findobj(Text)]
    assert any("2001:db8::c000:281" in "".join(text.split()) for text in texts)
