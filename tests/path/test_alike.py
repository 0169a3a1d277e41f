"""One address stands for all that a policy cannot tell apart: it answers them alike."""

from ipaddress import IPv4Network

from hypothesis import given
from hypothesis import strategies as st

from sim.path.alike import ClientRanges, Representatives, address_parts
from sim.path.facts import facts
from sim.scenario.networks import Network
from sim.smtp import Policy, decide
from sim.smtp.restrictions import Range, parse
from sim.topology.names import Names

NAMES = Names({"adatum.com": ["mx"]})
POLICY = Policy(
    "mx.proseware.com",
    domains=frozenset({"proseware.com"}),
    networks=(IPv4Network("198.51.100.0/28"),),
    sender=(parse("reject_unknown_sender_domain"),),
    relay=(parse("permit_mynetworks"), parse("reject_unauth_destination")),
)
DOMAINS = ("proseware.com", "adatum.com", "contoso.com", "gone.invalid", "other.invalid")
NEAR = IPv4Network("198.51.100.0/27")
PAIRS = st.lists(st.integers(int(NEAR[0]), int(NEAR[-1])), min_size=2, max_size=2)


@given(st.sampled_from(DOMAINS), st.sampled_from(DOMAINS), PAIRS)
def test_members_of_a_class_get_the_same_verdict(sender, to, clients):
    alike, ranges = Representatives(POLICY, NAMES), ClientRanges(POLICY)
    for domain in DOMAINS:  # whoever comes first stands for the others
        alike[f"u@{domain}"]
    one, other = clients
    if ranges.within(one) != ranges.within(other):
        return
    paths = f"u@{sender}", f"u@{to}"
    plain = decide(POLICY, facts(one, *paths, names=NAMES.zone))
    member = decide(POLICY, facts(other, *(alike[path] for path in paths), names=NAMES.zone))
    assert (plain.kind, plain.rule) == (member.kind, member.rule)


def test_domains_that_resolve_and_others_are_two_classes():
    alike = Representatives(POLICY, NAMES)
    assert alike["a@contoso.com"] == alike["b@adatum.com"] == "a@contoso.com"
    assert alike["a@gone.invalid"] == alike["b@other.invalid"] == "a@gone.invalid"
    assert alike["a@proseware.com"] == "a@proseware.com"


def test_parts_of_a_network_that_ranges_tell_apart():
    network = Network(kind="isp", prefixes=["192.0.2.0/28"], reserved=["192.0.2.0/30"])
    listed = Range.of(IPv4Network("192.0.2.8/30"))
    parts = list(address_parts(network, [[listed]]))
    assert sum(share for share, _ in parts) == 1.0
    inside = [share for share, client in parts if listed.first <= client <= listed.last]
    assert inside == [4 / 12]
