"""Where a server passes mail on after its aliases, and under whose name."""

import pytest

from sim.smtp import Facts, Policy, Settings, decide, srs
from sim.smtp.forwarding import Envelope, destinations, forwarded, is_final
from sim.smtp.restrictions import Restriction
from sim.smtp.tables import Keyed, Unreadable

ANN = "ann@contoso.com"
UNLISTED = {"recipient": (Restriction("reject_unlisted_recipient"),)}


def server(aliases, flavour="postfix", local=None, **keys):
    settings = Settings(
        virtual_alias_maps="hash:v" if aliases else "", alias_maps="hash:l" if local else ""
    )
    return Policy(
        hostname="mail.proseware.com",
        domains=frozenset({"proseware.com"}),
        mailboxes=frozenset({"amy@proseware.com"}),
        flavour=flavour,
        settings=settings,
        tables={"hash:v": Keyed(aliases), "hash:l": Keyed(local or {})},
        **keys,
    )


ALIASES = {
    "one": ({"amy@proseware.com": "bob@adatum.com"}, "amy@proseware.com", ["bob@adatum.com"]),
    "none": ({"amy@proseware.com": "bob@adatum.com"}, "kim@proseware.com", []),
    "itself": ({"amy@proseware.com": "amy@proseware.com"}, "amy@proseware.com", []),
    "several": (
        {"team@proseware.com": "amy@proseware.com, bob@adatum.com"},
        "team@proseware.com",
        ["amy@proseware.com", "bob@adatum.com"],
    ),
    "catch-all": ({"@proseware.com": "bob@adatum.com"}, "x@proseware.com", ["bob@adatum.com"]),
    "domain to domain": ({"@proseware.com": "@adatum.com"}, "x@proseware.com", ["x@adatum.com"]),
    "a chain": (
        {"a@proseware.com": "b@proseware.com", "b@proseware.com": "c@adatum.com"},
        "a@proseware.com",
        ["c@adatum.com"],
    ),
    "a circle": (
        {"a@proseware.com": "b@proseware.com", "b@proseware.com": "a@proseware.com"},
        "a@proseware.com",
        [],
    ),
    "a tag": ({"amy@proseware.com": "bob@adatum.com"}, "amy+x@proseware.com", ["bob+x@adatum.com"]),
    "elsewhere": ({"bob@adatum.com": "kim@contoso.com"}, "bob@adatum.com", ["kim@contoso.com"]),
    "no address": ({"@proseware.com": "@adatum.com"}, "not an address", []),
}  # fmt: skip


@pytest.mark.parametrize(("aliases", "to", "expected"), ALIASES.values(), ids=ALIASES)
def test_where_an_alias_leads(aliases, to, expected):
    assert destinations(server(aliases), to) == tuple(expected)


def test_aliases_of_local_users_are_followed():
    policy = server({}, local={"root": "amy, kim", "kim": "kim@adatum.com", "amy": "root"})
    assert destinations(policy, "root@proseware.com") == ("root@proseware.com", "kim@adatum.com")


def test_aliases_that_cannot_be_read_lead_nowhere():
    broken = server({"x": "y"})
    broken.tables["hash:v"] = Unreadable("no such file")
    assert destinations(broken, "amy@proseware.com") == ()
    assert decide(broken, Facts(1, ANN, "amy@proseware.com")).accepted


@pytest.mark.parametrize("flavour", ["neutral", "postfix"])
def test_an_alias_makes_a_recipient_known(flavour):
    policy = server({"sales@proseware.com": "amy@proseware.com"}, flavour, **UNLISTED)
    codes = [decide(policy, Facts(1, ANN, f"{name}@proseware.com")).code for name in ("sales", "x")]
    assert codes == [250, 550]


def test_mail_is_passed_on_under_its_own_sender_or_a_rewritten_one():
    aliases = {"amy@proseware.com": "bob@adatum.com", "kim@proseware.com": "amy2@proseware.com"}
    seen = Envelope(ANN, "amy@proseware.com")
    assert forwarded(server(aliases), seen) == Envelope(ANN, "bob@adatum.com")
    rewriting = server(aliases, sender_rewriting=True)
    sender, to = forwarded(rewriting, seen)
    assert sender.startswith("SRS0=")
    assert sender.endswith("=contoso.com=ann@proseware.com")
    assert to == "bob@adatum.com"
    own = seen._replace(reverse_path="kim@proseware.com")
    assert forwarded(rewriting, own).reverse_path == "kim@proseware.com"
    assert forwarded(rewriting, seen._replace(reverse_path=None)).reverse_path is None
    stays = Envelope(ANN, "kim@proseware.com")
    assert forwarded(rewriting, stays) == Envelope(ANN, "amy2@proseware.com")
    assert is_final(rewriting, "amy2@proseware.com")
    assert not is_final(rewriting, to)


@pytest.mark.parametrize("flavour", ["neutral", "postfix"])
def test_a_notice_to_a_rewritten_sender_goes_back(flavour):
    policy = server({"amy@proseware.com": "bob@adatum.com"}, flavour, sender_rewriting=True,
                    **UNLISTED)  # fmt: skip
    sender, _ = forwarded(policy, Envelope(ANN, "amy@proseware.com"))
    assert decide(policy, Facts(1, None, sender)).code == 250
    assert forwarded(policy, Envelope(None, sender)) == Envelope(None, ANN)
    for forged in (sender.replace("contoso", "adatum"), "SRS0=AAAA=AA=x.example=y@proseware.com"):
        assert decide(policy, Facts(1, None, forged)).code == 550
        assert forwarded(policy, Envelope(None, forged)) is None
    plain = server({"amy@proseware.com": "bob@adatum.com"}, flavour, **UNLISTED)
    assert decide(plain, Facts(1, None, sender)).code == 550


def test_a_sender_rewritten_again_leads_back_step_by_step():
    once = srs.rewritten(ANN, "b.example")
    twice = srs.rewritten(once, "c.example")
    thrice = srs.rewritten(twice, "d.example")
    assert srs.original(once) == ANN
    assert srs.original(twice) == once
    assert srs.original(thrice) == once
    assert thrice.startswith("SRS1=")
    assert srs.original(once.replace("b.example", "c.example")) is None
    assert srs.original(ANN) is None
