"""All domains that a policy does not know are alike to it: one stands for all."""

from ipaddress import IPv4Network

import pytest

from sim.smtp import FLAVOURS, Facts, Policy, decide, restrictions

LISTS = {
    "sender": (
        ["reject_sender_not_local"],
        ["reject_sender_login_mismatch"],
        ["reject_authenticated_sender_login_mismatch"],
        ["reject_unknown_sender_domain", "reject_non_fqdn_sender"],
    ),
    "relay": (
        ["permit_mynetworks", "permit_sasl_authenticated", "reject_unauth_destination"],
        ["permit_sender_local", "reject_unauth_destination"],
        ["permit_pop_before_smtp(30 min)", "defer_unauth_destination"],
        ["permit"],
    ),
    "recipient": (["reject_unlisted_recipient"], ["greylist(5 min)"]),
    "content": (["reject_outbound_spam(0.5, 0.01)"],),
}
CASES = [
    (flavour, stage, texts) for flavour in FLAVOURS for stage, lists in LISTS.items()
    for texts in lists
]  # fmt: skip
KNOWN = ("proseware.com", "mail.proseware.com", "smtp.proseware.com")
STRANGERS = ("anyone@adatum.com", "offer-1@a.b.c.example", "no-such-user@isp-017.example")


def made(flavour, stage, texts):
    given = {stage: tuple(restrictions.parse(text) for text in texts)}
    if stage != "relay":
        given["relay"] = (restrictions.parse("permit"),)
    return Policy(
        hostname="smtp.proseware.com", domains=frozenset({"proseware.com"}), flavour=flavour,
        address=0xC6336401, networks=(IPv4Network("198.51.100.0/26"),), auth_offered=True,
        mailboxes=frozenset({"terri@proseware.com"}),
        login_owns={"terri": frozenset({"terri@proseware.com"})}, **given,
    )  # fmt: skip


def told(policy, sender, recipient, login):
    verdict = decide(policy, Facts(0xC0000201, sender, recipient, login=login, spam=True))
    return (verdict.kind, verdict.code, verdict.enhanced, verdict.rule, verdict.relayed)


@pytest.mark.parametrize(("flavour", "stage", "texts"), CASES)
def test_strangers_are_alike(flavour, stage, texts):
    policy = made(flavour, stage, texts)
    assert not any(policy.knows(address.rpartition("@")[2]) for address in STRANGERS)
    for login in (None, "terri"):
        for own in (None, "terri@proseware.com", *STRANGERS):
            assert len({told(policy, stranger, own or "", login) for stranger in STRANGERS}) == 1
            assert len({told(policy, own, stranger, login) for stranger in STRANGERS}) == 1


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_its_own_names_and_what_is_below_are_known(flavour):
    policy = made(flavour, "relay", ["permit"])
    assert all(map(policy.knows, KNOWN))
    assert policy.knows("[198.51.100.1]")
    assert policy.knows("localhost")


def test_a_table_may_know_anybody():
    given = made("neutral", "recipient", ["check_recipient_access(hash:/access)"])
    assert all(given.knows(address.rpartition("@")[2]) for address in STRANGERS)
