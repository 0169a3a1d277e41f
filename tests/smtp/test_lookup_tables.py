"""Tables, lists of domains and networks, and what a name server knows."""

import re
from ipaddress import IPv4Network, IPv6Network

import pytest

from sim.smtp import Facts, clients, decide
from sim.smtp.matching import Domains, Networks, networks_in, words
from sim.smtp.names import NONE, NULL_MX, OK, RETRY, Names
from sim.smtp.postfix import policy
from sim.smtp.tables import Cidr, Keyed, Maps, Pattern, Static, TableError, Unreadable

V6 = "2001:db8:1::77"
NAMING_TABLES = (
    "mydestination", "relay_domains", "virtual_mailbox_domains", "virtual_alias_domains",
    "mynetworks", "virtual_alias_maps", "transport_maps", "local_recipient_maps", "alias_maps",
)  # fmt: skip


@pytest.mark.parametrize("text", ["198.51.100.7", "0.0.0.0", "255.255.255.255", V6, "::1", "::"])
def test_clients_are_numbers_and_back(text):
    assert clients.text(clients.number(text)) == text


def test_no_ipv6_address_is_an_ipv4_one():
    assert clients.number("::1") != clients.number("0.0.0.1")
    assert clients.number("::ffff:192.0.2.1") == clients.number("192.0.2.1")
    assert str(clients.Range.of("2001:db8:1::/64")) == "2001:db8:1::/64"
    assert str(clients.Range.of("192.0.2.64/28")) == "192.0.2.64/28"


def test_labels_of_a_blocklist():
    assert clients.octets(clients.number("192.0.2.66")) == "66.2.0.192"
    assert clients.octets(clients.number("2001:db8::1")).startswith("1.0.0.0.")


CIDR = Cidr(
    (
        (((IPv4Network("198.51.100.77/32"), True),), "reject"),
        (((IPv4Network("198.51.100.0/24"), True), (IPv4Network("198.51.100.64/26"), False)), "OK"),
        (((IPv6Network("2001:db8:1::/64"), True),), "six"),
    )
)
PATTERN = Pattern(
    (
        (((re.compile(r"^(.*)@(\w+)\."), True),), "${1} at $2, $$1"),
        (((re.compile("@"), False),), "bare"),
    )
)
LOOKED_UP = {
    # a table, a key, its value
    "any case": (Keyed({"a@b.example": "x"}), "A@B.example", "x"),
    "not there": (Keyed({"a@b.example": "x"}), "b.example", None),
    "static": (Static("all"), "anything", "all"),
    "first row": (CIDR, "198.51.100.77", "reject"),
    "condition": (CIDR, "198.51.100.7", "OK"),
    "condition fails": (CIDR, "198.51.100.65", None),
    "other family": (CIDR, V6, "six"),
    "no address": (CIDR, "host.example", None),
    "groups": (PATTERN, "ann@host.example", "ann at host, $1"),
    "negated": (PATTERN, "ann", "bare"),
}


@pytest.mark.parametrize(("table", "key", "value"), LOOKED_UP.values(), ids=LOOKED_UP)
def test_look_ups(table, key, value):
    assert table.get(key) == value


def test_parts_of_keys_are_asked_of_fixed_tables_only():
    tables = Maps((PATTERN, Keyed({"b.example": "x"})))
    assert tables.find("b.example", part=True) == "x"
    assert tables.find("b.example") == "bare"
    with pytest.raises(TableError, match="gone"):
        Maps((Unreadable("gone"),)).find("x")


def test_networks_that_a_table_names():
    keyed = Keyed({"203.0.113": "x", "192.0.2.1": "x", "host.example": "x"})
    assert [str(r) for r in networks_in(keyed)] == ["203.0.113.0/24", "192.0.2.1/32"]
    assert next(map(str, networks_in(CIDR))) == "198.51.100.77/32"


TABLES = {"hash:/d": Keyed({"table.example": "x"}), "/file": "in.example\n# out.example\n"}
DOMAINS = {
    # a list, a domain, whether parents count, whether it belongs
    "named": ("a.example, b.example", "B.example", False, True),
    "subdomain": ("a.example", "x.a.example", False, False),
    "subdomain of a parent": ("a.example", "x.a.example", True, True),
    "no suffix": ("a.example", "xa.example", True, False),
    "dot pattern": (".a.example", "x.a.example", False, True),
    "dot pattern, itself": (".a.example", "a.example", False, False),
    "exception first": ("!x.a.example a.example", "x.a.example", True, False),
    "exception last": ("a.example !x.a.example", "x.a.example", True, True),
    "table": ("hash:/d", "table.example", False, True),
    "parent in a table": ("hash:/d", "x.table.example", True, True),
    "file": ("/file", "in.example", False, True),
    "comment of a file": ("/file", "out.example", False, False),
}


@pytest.mark.parametrize(("text", "domain", "parents", "belongs"), DOMAINS.values(), ids=DOMAINS)
def test_lists_of_domains(text, domain, parents, belongs):
    assert (domain in Domains.of(text, TABLES, parents=parents)) is belongs


def test_a_list_that_cannot_be_read():
    with pytest.raises(TableError):
        assert "x.example" in Domains.of("/gone", TABLES)
    assert "a.example" in Domains.of("a.example /gone", TABLES)


NETWORKS = {
    # mynetworks, address, name, whether it is in
    "network": ("198.51.100.0/25", "198.51.100.127", "", True),
    "next": ("198.51.100.0/25", "198.51.100.128", "", False),
    "host bits": ("198.51.100.9/25", "198.51.100.1", "", True),
    "brackets": ("[2001:db8:1::]/64", V6, "", True),
    "mapped": ("[::ffff:127.0.0.0]/104", "127.0.0.1", "", True),
    "exception": ("!198.51.100.64/26 198.51.100.0/24", "198.51.100.77", "", False),
    "address of a table": ("hash:/n", "203.0.113.200", "", True),
    "octets of a table": ("hash:/n", "198.51.100.1", "", False),
    "name": ("work.example", "192.0.2.1", "desk.work.example", True),
}


@pytest.mark.parametrize(("text", "address", "name", "inside"), NETWORKS.values(), ids=NETWORKS)
def test_lists_of_networks(text, address, name, inside):
    tables = {"hash:/n": Keyed({"203.0.113.200": "x", "198.51.100": "x"})}
    listed = Networks.parse(text, tables, parents=True)
    assert listed.holds(clients.number(address), lambda: name) is inside


def test_words_keep_what_is_in_braces():
    text = "a, inline:{ { b = c d }, e } f"
    assert words(text) == ["a", "inline:{ { b = c d }, e }", "f"]


NAMES = Names.of(
    {
        "a": {"mail.example": ["192.0.2.1"], "Desk.example": ["192.0.2.2"]},
        "aaaa": {"mail.example": ["2001:db8::1"]},
        "mx": {"d.example": [[20, "b.example"], [10, "a.example"]], "no.example": [[0, "."]]},
        "ptr": {"192.0.2.1": "mail.example", "192.0.2.9": "mail.example", "192.0.2.3": None},
        "servfail": ["slow.example", "4.2.0.192.in-addr.arpa"],
        "blocklists": {"zen.example": {"192.0.2.1": ["127.0.0.2"]}},
    }
)


def test_what_a_domain_takes():
    assert NAMES.exchangers("D.example").records == ("a.example", "b.example")
    assert NAMES.preferred("d.example") == (["a.example"], ["b.example"])
    found = [NAMES.takes_mail(d) for d in ("d.example", "no.example", "mail.example", "x.example")]
    assert found == [OK, NULL_MX, OK, NONE]
    assert NAMES.takes_mail("slow.example") == RETRY
    assert NAMES.exists("no.example") == OK


def test_a_name_counts_if_it_leads_back():
    assert NAMES.client(clients.number("192.0.2.1")).name == "mail.example"
    forged = NAMES.client(clients.number("192.0.2.9"))
    assert (forged.name, forged.status, forged.reverse) == ("unknown", NONE, "mail.example")
    assert NAMES.client(clients.number("192.0.2.3")).reverse_status == NONE
    assert NAMES.client(clients.number("192.0.2.4")).reverse_status == RETRY


@pytest.mark.parametrize("parameter", NAMING_TABLES)
@pytest.mark.parametrize("to", ["b@b.example", "b@[192.0.2.1]", "b%c@d.example", "postmaster"])
@pytest.mark.parametrize("sender", ["x@[192.0.2.1]", None])
def test_a_table_that_cannot_be_read_is_an_answer_and_no_error(parameter, to, sender):
    lists = {"smtpd_relay_restrictions": "permit_mynetworks, reject_unauth_destination"}
    stated = {"myhostname": "mail.a.example", **lists, parameter: "hash:/missing"}
    served = policy(stated, {"hash:/missing": Unreadable("no such file")})
    verdict = decide(served, Facts(1, sender, to))
    assert verdict.code in (250, 451, 554)
    assert verdict.reply.text
    if parameter == "mydestination" and to != "postmaster":
        assert (verdict.code, verdict.reply.enhanced) == (451, "4.3.0")
