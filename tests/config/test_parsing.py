"""Reading main.cf, master.cf and tables, as Postfix reads them."""

from __future__ import annotations

import random
import time

import pytest

from sim.config import ConfigError
from sim.config.expand import Values
from sim.config.lines import split
from sim.config.master import services
from sim.config.parsing import main_cf
from sim.config.tables import contents, inline
from sim.smtp.patterns import compiled


def test_lines_continue_over_comments_and_the_last_setting_counts():
    read = main_cf("a = one\n  two\n# comment\n\n\tthree\nb=1\na = four\n")
    assert read.raw == {"a": "four", "b": "1"}
    ((line, later),) = read.overridden
    assert line.text == "a = one two three"
    assert [part.number for part in line.parts] == [1, 2, 5]
    assert later == 7


# what `postconf -x` of Postfix 3.7 prints for these
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$a ${a} $(a)", "one one one"),
        ("${a?yes} ${empty?yes}.", "yes ."),
        ("${a:no}.${empty:no}", ".no"),
        ("${a?{yes}:{no}} ${empty?{yes}:{no}}", "yes no"),
        ("${a ? {spaced} : {not}}", "spaced"),
        ("${{$a} == {one} ? {same} : {other}}", "same"),
        ("${{3.6} <level {3.10} ? {old} : {new}}", "old"),
        ("${{10} < {9} ? {yes} : {no}}", "no"),
        ("${{$a}!={two}?{differs}}.", "differs."),
        ("${empty?x${a}}${a?x$a}", "xone"),
        ("${nothing}.$nothing.", ".."),
        ("${empty:{$a and more}}", "one and more"),
    ],
)
def test_names_are_replaced(text, value):
    assert Values({"a": "one", "empty": ""}).expand(text) == value


@pytest.mark.parametrize(
    "written",
    [
        {"a": "$b", "b": "${c}", "c": "x$a"},
        {"a": "$a"},
        {"a": "${b", "b": "x"},
        {"a": "x $"},
        {"a": "${a%b}"},
        {"a": "${" * 5000},
        {"a": "${b?" * 500 + "x" + "}" * 500, "b": "1"},
        {chr(97 + i): f"${chr(98 + i)}" * 10 for i in range(20)} | {"u": "0123456789"},
    ],
    ids=["circle", "itself", "open", "nothing", "operator", "brackets", "deep", "grows"],
)
def test_names_that_cannot_be_replaced_are_an_error(written):
    began = time.monotonic()
    with pytest.raises(ConfigError):
        Values(written)["a"]
    assert time.monotonic() - began < 2


def test_words_in_braces_are_one():
    assert split("a, b { c, d } inline:{ {x = y}, z }") == [
        "a",
        "b",
        "{ c, d }",
        "inline:{ {x = y}, z }",
    ]


def test_services_of_master_cf_have_ports_and_settings():
    found, skipped = services(
        "smtp      inet  n - y - 1 postscreen\n"
        "smtpd     pass  - - y - - smtpd\n"
        "submission inet n - y - - smtpd\n"
        "  -o smtpd_tls_security_level=encrypt\n"
        "  -o { smtpd_relay_restrictions = permit_sasl_authenticated, reject }\n"
        "  -o smtpd_recipient_restrictions=\n"
        "127.0.0.1:10025 inet n - n - - smtpd\n"
        "465       inet n - n - - smtpd -o smtpd_helo_required=yes\n"
        "pickup    unix n - y 60 1 pickup\n"
    )
    assert [service.port for service in found] == [25, 587, 465]
    assert found[1].options == {
        "smtpd_tls_security_level": "encrypt",
        "smtpd_relay_restrictions": "permit_sasl_authenticated, reject",
        "smtpd_recipient_restrictions": "",
    }
    assert found[2].options == {"smtpd_helo_required": "yes"}
    assert [reason for _, reason in skipped] == [
        "behind postscreen, as the service on port 25",
        "reached from this machine only",
        "pickup takes no mail from clients",
    ]


def test_tables_of_keys():
    read = contents("hash", "# x\nA@b.example OK\n  and more\na@B.example REJECT\nlonely\n", "t")
    assert read.table.get("a@b.example") == "OK and more"
    assert [(fault.number, fault.reason.split(":")[0]) for fault in read.faults] == [
        (4, "a key for the second time"),
        (5, "no value"),
    ]
    aliases = contents("hash", 'postmaster: root\n"two words": x\n', "t", aliases=True).table
    assert (aliases.get("postmaster"), aliases.get("two words")) == ("root", "x")
    table = inline("inline", "{ a.example = permit_mynetworks, reject } b=OK", "t").table
    assert (table.get("a.example"), table.get("b")) == ("permit_mynetworks, reject", "OK")


def test_tables_of_networks():
    text = "10.1.0.0/16 one\nif !192.0.2.0/24\n2001:db8::/32 six\n!10.0.0.0/8 far\nendif\n"
    text += "1.2.3.4/8 x\n"
    read = contents("cidr", text, "t")
    assert [read.table.get(a) for a in ("10.1.2.3", "10.2.0.1", "192.0.2.1", "2001:db8::1")] == [
        "one",
        None,
        None,
        "six",
    ]
    assert read.table.get("203.0.113.1") == "far"
    assert [fault.number for fault in read.faults] == [6]


def test_tables_of_patterns():
    text = (
        "/^(.*)@isp\\.example$/ ${1}@here $$\nif /^x/\n!/y$/ no y\nendif\n/UPPER/i case\n#/a/ b\n"
    )
    read = contents("pcre", text, "t")
    assert read.table.get("Bob@ISP.example") == "Bob@here $"
    assert (read.table.get("xa"), read.table.get("xy"), read.table.get("a")) == ("no y", None, None)
    assert (read.table.get("UPPER"), read.table.get("upper")) == ("case", None)
    assert contents("regexp", "/^[[:digit:]]+$/ 42", "t").table.get("17") == "42"


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+$",
        r"(a|aa)+$",
        r"(.*)*x",
        r"(\w+\s?)+$",
        r"(.*a){20}x",
        r"(a?){64}a{64}",
        r"^(.*)(.*)(.*)(.*)(.*)x",
        r"((a|b)*c?)*x",
        r"(([a-z])+.)+[A-Z]([a-z])+$",
        r"^(\d+|[a-z]+)*$",
    ],
)
def test_a_pattern_that_may_search_without_end_is_left_out(pattern):
    read = contents("pcre", f"/{pattern}/ REJECT\n/ok/ OK\n", "t")
    (fault,) = read.faults
    assert "without end" in fault.reason
    assert read.table.get("ok") == "OK"


@pytest.mark.parametrize(
    "pattern",
    [
        r"^([^.]+\.)+dyn\.",
        r"^([a-z0-9-]+\.)*example\.com$",
        r"(\d{1,3}[.-]?){4}",
        r"^(.+)\+.+@(.+)$",
        r"(\w+)-(\w+)-(\w+)-(\w+)\.dyn",
        r"(?:[a-z]+-)*[0-9]+(?:-[a-z]+)*\.pool",
    ],
)
def test_a_pattern_that_is_taken_ends_soon(pattern):
    test = compiled(pattern, "", "pcre")
    began = time.monotonic()
    for text in ("a" * 300 + "!", "1.2-3" * 60 + "!", "a-" * 150 + "!", "a." * 150):
        test.search(text)
    assert time.monotonic() - began < 2


def test_random_octets_are_no_main_cf():
    draw = random.Random(5)
    for size in (10, 1000, 100_000):
        text = bytes(draw.randrange(256) for _ in range(size)).decode("latin-1")
        with pytest.raises(ConfigError):
            main_cf(text)
    words = "\n".join("".join(draw.choices("abc {}$", k=30)) for _ in range(1000))
    with pytest.raises(ConfigError, match="name = value"):
        main_cf(words)


def test_a_very_long_main_cf_is_read_or_refused_soon():
    began = time.monotonic()
    main_cf("\n".join(f"a{n} = " + "10.0.0.0/8, " * 8000 for n in range(100)))
    with pytest.raises(ConfigError, match="longer than 10 MB"):
        main_cf("a = " + "x" * 10_000_000)
    with pytest.raises(ConfigError, match="lines"):
        main_cf("a = b\n" * 300_000)
    assert time.monotonic() - began < 5
