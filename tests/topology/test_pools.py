"""Addresses that are handed out: static, leased and reused, shared, exhausted."""

from ipaddress import IPv4Address, IPv4Network
from random import Random

import pytest

from sim.topology.addresses import Pool, usable

A, B, C = 101, 102, 103


def addresses(*prefixes, reserved=()):
    numbers = usable(map(IPv4Network, prefixes), map(IPv4Network, reserved))
    return [str(IPv4Address(number)) for number in numbers]


def test_the_first_and_the_last_address_of_a_prefix_name_it():
    assert addresses("192.0.2.0/29") == [f"192.0.2.{n}" for n in range(1, 7)]


def test_a_prefix_of_two_or_one_has_no_such_addresses():
    assert addresses("192.0.2.0/31", "192.0.2.9/32") == ["192.0.2.0", "192.0.2.1", "192.0.2.9"]


def test_prefixes_that_overlap_have_each_address_once():
    both = addresses("192.0.2.0/30", "192.0.2.0/29", "192.0.2.0/30")
    assert both == [f"192.0.2.{n}" for n in range(1, 7)]


RESERVED = {
    "one in the middle": (["192.0.2.3/32"], [1, 2, 4, 5, 6]),
    "a block": (["192.0.2.2/31"], [1, 4, 5, 6]),
    "the end": (["192.0.2.4/30"], [1, 2, 3]),
    "all": (["192.0.2.0/24"], []),
    "overlapping, in any order": (["192.0.2.5/32", "192.0.2.4/31", "192.0.2.1/32"], [2, 3, 6]),
    "elsewhere": (["198.51.100.0/24"], [1, 2, 3, 4, 5, 6]),
}


@pytest.mark.parametrize(("reserved", "left"), RESERVED.values(), ids=RESERVED)
def test_reserved_addresses_are_never_handed_out(reserved, left):
    assert addresses("192.0.2.0/29", reserved=reserved) == [f"192.0.2.{n}" for n in left]


def test_static_addresses_stay_with_their_holders():
    pool = Pool([A, B])
    assert [pool.take("x", 0, 10), pool.take("y", 5, 10), pool.take("x", 99)] == [A, B, A]


def test_an_exhausted_pool_gives_a_busy_signal():
    pool = Pool([A], leased=True)
    assert pool.take("x", 0, 10) == A
    assert pool.take("y", 9.9, 20) is None
    assert pool.take("y", 10, 20) == A


def test_a_lease_keeps_its_address_and_its_end():
    pool = Pool([A, B], leased=True)
    pool.take("x", 0, 10)
    assert pool.take("x", 5, 99) == A
    assert pool.take("y", 10) == B, "A came free after B, at 10"
    assert pool.take("z", 10) == A


ORDERS = {
    # A is freed at 10, B at 20; C was never held
    "fifo: free longest": ("fifo", C),
    "lifo: freed last": ("lifo", B),
}


@pytest.mark.parametrize(("reuse", "address"), ORDERS.values(), ids=ORDERS)
def test_which_free_address_is_given_out_next(reuse, address):
    pool = Pool([C, B, A] if reuse == "lifo" else [A, B, C], leased=True, reuse=reuse)
    assert [pool.take("x", 0, 10), pool.take("y", 0, 20)] == [A, B]
    assert pool.take("z", 30, 40) == address


def test_fifo_hands_the_address_freed_first_on_first():
    pool = Pool([A, B], leased=True)
    pool.take("x", 0, 20)
    pool.take("y", 0, 10)
    assert [pool.take("u", 30, 40), pool.take("v", 30, 40)] == [B, A]


def test_leases_that_end_together_come_free_in_the_order_of_taking():
    pool = Pool([A, B], leased=True)
    pool.take("late name", 0, 10)
    pool.take(("a", "tuple"), 1, 10)  # holders need not be comparable
    assert [pool.take("u", 10, 20), pool.take("v", 10, 20)] == [A, B]


def test_random_reuse_draws_from_its_stream_alone():
    def handed_out(seed):
        pool = Pool(range(100), leased=True, reuse="random", draws=Random(seed))
        return [pool.take(n, 0, 10) for n in range(50)]

    assert handed_out(1) == handed_out(1) != handed_out(2)
    assert len(set(handed_out(1))) == 50


def test_random_reuse_is_even():
    counts = dict.fromkeys((A, B, C), 0)
    draws = Random(7)
    pool = Pool(counts, leased=True, reuse="random", draws=draws)
    for n in range(3000):
        counts[pool.take(n, n, n + 0.5)] += 1
    assert all(900 < count < 1100 for count in counts.values())  # sd 26


def test_guests_behind_one_address_share_it_and_never_run_out():
    pool = Pool([A, B], shared=True)
    assert {pool.take(guest, 0, 10) for guest in range(1000)} == {A}
    assert list(pool.leasable) == [A]


def test_pools_are_asked_in_order_of_time():
    pool = Pool([A])
    pool.take("x", 10)
    with pytest.raises(ValueError, match=r"now 9: expected at least 10, pools are asked in order"):
        pool.take("x", 9)


WRONG = {
    "unknown order": ({"reuse": "newest"}, "expected one of fifo, lifo, random"),
    "random without a stream": ({"reuse": "random"}, "expected draws"),
}


@pytest.mark.parametrize(("settings", "message"), WRONG.values(), ids=WRONG)
def test_a_pool_that_cannot_be_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Pool([A], **settings)


def test_an_empty_pool_gives_a_busy_signal():
    assert Pool([]).take("x", 0) is None
    assert Pool([], shared=True).take("x", 0) is None


def test_sticky_reuse_favours_the_old_holder():
    pool = Pool([A, B, C], leased=True, reuse="sticky")
    assert [pool.take("x", 0, 10), pool.take("y", 0, 10)] == [A, B]
    assert pool.take("y", 20, 30) == B  # still free
    assert pool.take("z", 20, 30) == C  # new here: what is free longest
    assert pool.take("w", 20, 30) == A
    assert pool.take("x", 40, 50) == A  # free again, though C and B came free with it
