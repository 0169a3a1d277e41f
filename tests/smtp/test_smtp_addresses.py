"""Addresses are read by RFC 5321 section 4.1.2, and the classic probes open no relay."""

from ipaddress import IPv4Address, IPv4Network
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.smtp import FLAVOURS, Facts, Policy, addresses, decide, presets, restrictions
from sim.smtp.addresses import Address, Fault, Reading, Site, plain, read

ATOMS = "!#$%&'*+-/=?^_`{|}~"
READ = {
    # name: text, what RFC 5321 has it mean (an address, or the reason why it is none)
    "usual": ("alice@isp.example", Address("alice", "isp.example")),
    "case of the domain": ("Alice@ISP.Example", Address("Alice", "isp.example")),
    "tag": ("bob+tag@isp.example", Address("bob+tag", "isp.example")),
    "all the atoms": (
        "!#$%&'*+-/=?^_`{|}~@isp.example",
        Address("!#$%&'*+-/=?^_`{|}~", "isp.example"),
    ),
    "quoted": ('"bob"@isp.example', Address("bob", "isp.example")),
    "quoted space": ('"a b"@isp.example', Address("a b", "isp.example")),
    "quoted pair": (r'"a\"b"@isp.example', Address('a"b', "isp.example")),
    "quoted @": ('"a@b"@isp.example', Address("a@b", "isp.example")),
    "open quote": ('"bob@isp.example', "local_part"),
    "text after the quote": ('"bob"x@isp.example', "local_part"),
    "nothing in quotes": ('""@isp.example', "local_part"),
    "source route": ("@a.example,@b.example:bob@isp.example", Address("bob", "isp.example")),
    "route by a literal": ("@[192.0.2.1]:bob@isp.example", Address("bob", "isp.example")),
    "route without end": ("@a.example", "domain"),
    "route without @": ("@a.example,b.example:bob@isp.example", "domain"),
    "route by nothing": ("@:bob@isp.example", "domain"),
    "percent": ("a%b.example@isp.example", Address("a%b.example", "isp.example")),
    "bang path": ("b.example!a@isp.example", Address("b.example!a", "isp.example")),
    "literal": ("bob@[192.0.2.1]", Address("bob", "[192.0.2.1]")),
    "IPv6 literal": ("bob@[IPv6:2001:DB8::1]", Address("bob", "[IPv6:2001:db8::1]")),
    "open literal": ("bob@[192.0.2.1", "domain"),
    "literal that is none": ("bob@[192.0.2.256]", "domain"),
    "numbers for a domain": ("bob@192.0.2.1", Address("bob", "192.0.2.1")),
    "no domain": ("bob", "no_domain"),
    "postmaster": ("postmaster", Address("postmaster", "")),
    "Postmaster": ("PostMaster", Address("PostMaster", "")),
    "empty domain": ("bob@", "domain"),
    "empty local part": ("@isp.example", "domain"),
    "only @": ("@", "domain"),
    "empty": ("", "empty"),
    "doubled @": ("a@b.example@isp.example", "doubled_at"),
    "trailing dot": ("bob@isp.example.", "domain"),
    "two dots": ("bob@isp..example", "domain"),
    "hyphen first": ("bob@-isp.example", "domain"),
    "underscore": ("bob@i_sp.example", "domain"),
    "dots in the local part": ("a..b@isp.example", "local_part"),
    "dot first": (".a@isp.example", "local_part"),
    "space": ("a b@isp.example", "local_part"),
    "control character": ("a\tb@isp.example", "local_part"),
    "newline": ("bob@isp.example\n", "domain"),
    "non-ASCII": ("bøb@isp.example", "non_ascii"),
    "non-ASCII domain": ("bob@ısp.example", "non_ascii"),
    "64 octets": ("a" * 64 + "@isp.example", Address("a" * 64, "isp.example")),
    "65 octets": ("a" * 65 + "@isp.example", "too_long"),
    "label of 63": ("a@" + "b" * 63 + ".example", Address("a", "b" * 63 + ".example")),
    "label of 64": ("a@" + "b" * 64 + ".example", "domain"),
    "path of 254": ("a@" + ("b" * 49 + ".") * 5 + "bc", Address("a", ("b" * 49 + ".") * 5 + "bc")),
    "path of 255": ("a@" + ("b" * 49 + ".") * 5 + "bcd", "too_long"),
}


@pytest.mark.parametrize(("text", "meaning"), READ.values(), ids=READ)
def test_address_forms_of_the_standard(text, meaning):
    expected = Fault(meaning) if isinstance(meaning, str) else meaning
    assert addresses.parse(text) == expected


PLAIN = {
    "usual": ("bob@isp.example", "bob@isp.example"),
    "route": ("@a.example:bob@isp.example", "bob@isp.example"),
    "quotes": (r'"a\@b"@isp.example', "a@b@isp.example"),
}


@pytest.mark.parametrize(("text", "expected"), PLAIN.values(), ids=PLAIN)
def test_plain(text, expected):
    assert plain(text) == expected


HERE = Site(
    frozenset({"isp.example", "host.isp.example"}), "isp.example", "host.isp.example", "[192.0.2.9]"
)
OLD = Reading(
    quoted="resolved",
    doubled_at="resolved",
    percent=True,
    bang=True,
    missing_domain="domain",
    missing_sender_domain="host",
    trailing_dot=True,
)
RESOLVED = {
    "percent": ("a%b.example@isp.example", Address("a", "b.example")),
    "percent elsewhere": ("a%b.example@c.example", Address("a%b.example", "c.example")),
    "last percent first": (
        "a%b.example%c.example@isp.example",
        Address("a%b.example", "c.example"),
    ),
    "bang": ("b.example!a@isp.example", Address("a", "b.example")),
    "bang before percent": (
        "b.example!a%c.example@isp.example",
        Address("a%c.example", "b.example"),
    ),
    "doubled @": ("a@b.example@isp.example", Address("a", "b.example")),
    "quoted @": ('"a@b.example"@[192.0.2.9]', Address("a", "b.example")),
    "round and round": ("a%isp.example%isp.example@isp.example", Address("a", "isp.example")),
    "no domain": ("a", Address("a", "isp.example")),
    "no domain, percent": ("a%b.example", Address("a", "b.example")),
    "trailing dot": ("a@b.example.", Address("a", "b.example")),
    "percent to nowhere": ("a%@isp.example", Fault("domain")),
    "percent of nobody": ("%b.example@isp.example", Fault("local_part")),
}


@pytest.mark.parametrize(("text", "meaning"), RESOLVED.values(), ids=RESOLVED)
def test_routes_that_old_servers_follow(text, meaning):
    assert read(text, OLD, HERE) == meaning


def test_sender_is_completed_by_its_own_rule():
    assert read("a", OLD, HERE, sender=True) == Address("a", "host.isp.example")


READINGS = st.sampled_from([f.reading for f in FLAVOURS.values()])


@given(st.text(max_size=300), READINGS, st.booleans())
def test_reading_is_total(text, reading, sender):
    assert isinstance(read(text, reading, HERE, sender=sender), Address | Fault)


FORMS = st.text(alphabet='ab.@%!"\\[]:,192 -', max_size=40)


@given(FORMS, READINGS)
def test_reading_odd_forms_is_total(text, reading):
    result = read(text, reading, HERE)
    assert isinstance(result, Fault) or "@" not in result.domain


USUAL = st.from_regex(
    r"[a-z0-9+_-]{1,70}(\.[a-z0-9]{1,3})?@([a-z0-9-]{1,5}\.){1,3}[a-z0-9]{1,3}", fullmatch=True
)


@given(USUAL, READINGS)
def test_the_short_way_gives_the_same(text, reading):
    short = read(text, reading, HERE)
    with mock.patch.object(addresses, "usual", return_value=None):
        assert read(text, reading, HERE) == short


# ---- the classic open-relay probes: sender, recipient, and what a stranger gets from the
# neutral policy; `relay` is what a client on the network gets

ME, LITERAL = "mail.isp.example", "[198.51.100.25]"
R, S, U, L = "reject_relay", "reject_syntax", "reject_unknown_user", "accept_local"
A = "accept_relay"
PROBES = {
    "nmap 1: null sender": (None, "victim@foreign.example", R, A),
    "nmap 2: foreign sender": ("a@foreign.example", "victim@foreign.example", R, A),
    "nmap 3: sender at the host": (f"a@{ME}", "victim@foreign.example", R, A),
    "nmap 4: sender at the literal": (f"a@{LITERAL}", "victim@foreign.example", R, A),
    "nmap 5: percent at the literal": (f"a@{LITERAL}", f"victim%foreign.example@{LITERAL}", U, U),
    "nmap 6: percent at the host": (f"a@{LITERAL}", f"victim%foreign.example@{ME}", U, U),
    "nmap 7: quoted": (f"a@{LITERAL}", '"victim@foreign.example"', S, S),
    "nmap 8: quoted percent": (f"a@{LITERAL}", '"victim%foreign.example"', S, S),
    "nmap 9: doubled @, literal": (f"a@{LITERAL}", f"victim@foreign.example@{LITERAL}", S, S),
    "nmap 10: quoted @, literal": (f"a@{LITERAL}", f'"victim@foreign.example"@{LITERAL}', U, U),
    "nmap 11: doubled @, host": (f"a@{LITERAL}", f"victim@foreign.example@{ME}", S, S),
    "nmap 12: route, literal": (f"a@{LITERAL}", f"@{LITERAL}:victim@foreign.example", R, A),
    "nmap 13: route, host": (f"a@{LITERAL}", f"@{ME}:victim@foreign.example", R, A),
    "nmap 14: bang": (f"a@{LITERAL}", "foreign.example!victim", S, S),
    "nmap 15: bang, literal": (f"a@{LITERAL}", f"foreign.example!victim@{LITERAL}", U, U),
    "nmap 16: bang, host": (f"a@{LITERAL}", f"foreign.example!victim@{ME}", U, U),
    "local sender": ("alice@isp.example", "victim@foreign.example", R, A),
    "percent": ("alice@isp.example", "victim%foreign.example@isp.example", U, U),
    "percent, no domain": ("alice@isp.example", "victim%foreign.example", S, S),
    "quoted @": ("alice@isp.example", '"victim@foreign.example"@isp.example', U, U),
    "doubled @": ("alice@isp.example", "victim@foreign.example@isp.example", S, S),
    "bang path": ("alice@isp.example", "foreign.example!victim@isp.example", U, U),
    "route through here": ("alice@isp.example", "@isp.example:victim@foreign.example", R, A),
    "route to here": ("alice@isp.example", "@foreign.example:bob@isp.example", L, L),
    "percent to here": ("alice@isp.example", "bob%isp.example@isp.example", U, U),
    "own literal": ("alice@isp.example", f"bob@{LITERAL}", L, L),
    "other literal": ("alice@isp.example", "friend@[203.0.113.250]", R, A),
    "own address as a domain": ("alice@isp.example", "bob@198.51.100.25", R, A),
    "own host": ("alice@isp.example", f"bob@{ME}", L, L),
    "localhost": ("alice@isp.example", "bob@localhost", R, A),
    "subdomain": ("alice@isp.example", "bob@sub.isp.example", R, A),
    "subdomain of a relay domain": ("alice@isp.example", "user@sub.backup.example", R, A),
    "relay domain": ("alice@isp.example", "user@backup.example", A, A),
    "no domain": ("alice@isp.example", "bob", S, S),
    "postmaster": ("alice@isp.example", "postmaster", L, L),
    "postmaster here": ("alice@isp.example", "Postmaster@isp.example", L, L),
    "postmaster elsewhere": ("alice@isp.example", "postmaster@foreign.example", R, A),
    "upper case": ("alice@isp.example", "BOB@ISP.EXAMPLE", L, L),
    "tag": ("alice@isp.example", "bob+tag@isp.example", U, U),
    "quoted user": ("alice@isp.example", '"bob"@isp.example', L, L),
    "trailing dot": ("alice@isp.example", "bob@isp.example.", S, S),
    "upper case elsewhere": ("alice@isp.example", "friend@FOREIGN.EXAMPLE", R, A),
    "empty": ("alice@isp.example", "", S, S),
    "sender without domain": ("alice", "victim@foreign.example", S, S),
    "non-ASCII": ("alice@isp.example", "bøb@isp.example", S, S),
    "newline": ("alice@isp.example", "bob@isp.example\nvictim@foreign.example", S, S),
}
CLOSED = Policy(
    hostname=ME,
    address=int(IPv4Address("198.51.100.25")),
    domains=frozenset({"isp.example"}),
    mailboxes=frozenset({"alice@isp.example", "bob@isp.example"}),
    relay_domains=frozenset({"backup.example"}),
    networks=(IPv4Network("198.51.100.0/25"),),
    relay=presets.relay("on_network"),
    recipient=(restrictions.parse("reject_unlisted_recipient"),),
)


@pytest.mark.parametrize(("sender", "recipient", "stranger", "inside"), PROBES.values(), ids=PROBES)
def test_open_relay_probes(sender, recipient, stranger, inside):
    outside = Facts(int(IPv4Address("192.0.2.66")), sender, recipient)
    within = Facts(int(IPv4Address("198.51.100.77")), sender, recipient)
    assert (decide(CLOSED, outside).kind, decide(CLOSED, within).kind) == (stranger, inside)
