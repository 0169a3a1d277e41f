"""Short numbers for the addresses of a run."""

from ipaddress import ip_network

import pytest

from sim.smtp import clients
from sim.topology.addresses import MOST_OF_IPV6, hosts, usable
from sim.topology.numbering import ALIGNED, FIRST, IPV4_ONLY, Numbering

NETWORKS = [ip_network(n) for n in ("192.0.2.0/24", "2001:db8:1::/64", "2001:db8:2::/121")]
GATEWAY = clients.number("fd00::1")
NUMBERING = Numbering(NETWORKS, [GATEWAY, clients.number("2001:db8:1::25"), 7])


@pytest.mark.parametrize("text", ["192.0.2.7", "2001:db8:1::25", "2001:db8:2::7f", "fd00::1"])
def test_an_address_has_a_number_of_32_bits_and_back(text):
    address = clients.number(text)
    number = NUMBERING.number(address)
    assert (number < FIRST) == ("." in text)
    assert number < 1 << 32
    assert (NUMBERING.address(number), NUMBERING.text(number)) == (address, text)


def test_blocks_ascend_with_their_addresses_and_share_no_24():
    own = [NUMBERING.range(network) for network in NETWORKS]
    assert [r.last - r.first + 1 for r in own] == [256, MOST_OF_IPV6, 128]
    assert own == sorted(own)
    assert all(r.first % ALIGNED == 0 for r in own)
    assert own[2].first > own[1].last


def test_an_address_that_no_host_has_has_no_number():
    with pytest.raises(ValueError, match="no address of this run"):
        NUMBERING.number(clients.number("2001:db8:3::1"))
    with pytest.raises(ValueError, match="no address of this run"):
        NUMBERING.number(clients.number("2001:db8:1::1:0:1"))


def test_intervals_of_addresses_are_intervals_of_numbers():
    inside = clients.number("2001:db8:1::80")
    found = NUMBERING.bounds([0, inside, clients.number("2001:db8:9::")])
    assert found == sorted({0, NUMBERING.number(inside), *NUMBERING._starts})
    assert IPV4_ONLY.bounds([0, 5]) == [0, 5]


def test_a_network_hands_out_the_first_addresses_of_an_ipv6_prefix():
    large = hosts(NETWORKS[1])
    assert (len(large), clients.text(large[0])) == (MOST_OF_IPV6 - 2, "2001:db8:1::1")
    both = list(usable([ip_network("192.0.2.0/30"), ip_network("2001:db8::/126")]))
    texts = ["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"]
    assert list(map(clients.text, both)) == texts
