"""Aliases in a run: mail is carried on, notices come back, and each recipient has one fate."""

import pytest
from small_post import BOX, Post

FORWARD = {"servers.adatum-mx.aliases": {BOX.format(1): "people-2@proseware.com"}}
REWRITE = {"servers.adatum-mx.sender_rewriting": True}
NO_OWN_SENDERS = {
    "servers.proseware-mx.sender": ["check_sender_access(own)"],
    "servers.proseware-mx.tables": {"own": {"proseware.com": "REJECT not from outside"}},
}
"""A server that takes mail under a sender of its own domain from nobody outside."""
LATE = {"servers.proseware-mx.check_recipients": "later"}
LOST = {"servers.adatum-mx.aliases": {BOX.format(1): "nobody@proseware.com"}}


def run(*changes, to=(1,)):
    return (
        Post({key: value for keys in changes for key, value in keys.items()})
        .write(100.0, *to)
        .run()
    )


def steps(post):
    return [(server, code) for _, server, code in post.log()]


def test_mail_is_carried_on_and_delivered_at_the_target():
    post = run(FORWARD)
    assert steps(post) == [("proseware-smtp", 250), ("adatum-mx", 250), ("proseware-mx", 250)]
    row = post.frames["recipients"].iloc[0]
    assert (row["fate"], row["server"], row["domain"]) == (
        "delivered",
        "proseware-mx",
        "adatum.com",
    )


def test_the_target_judges_the_sender_that_the_forwarder_shows():
    plain, rewritten = run(FORWARD, NO_OWN_SENDERS), run(FORWARD, NO_OWN_SENDERS, REWRITE)
    assert plain.fates()[0][0] == "bounced"
    assert rewritten.fates() == [("delivered", "", True)]


@pytest.mark.parametrize("rewriting", [{}, REWRITE], ids=["plain", "rewritten"])
@pytest.mark.parametrize("late", [{}, LATE], ids=["at RCPT", "later"])
def test_a_notice_reaches_the_writer(rewriting, late):
    post = run(LOST, rewriting, late)
    assert post.fates() == [("bounced", "unknown_recipient", False)]
    assert [(route, fate) for _, route, fate in post.notices()] == [("dsn", "delivered")]
    back = [("adatum-mx", 250)] if late and rewriting else []
    last = [("proseware-mx", 250)] if not late or rewriting else []
    assert steps(post)[3:] == back + last


def test_a_loop_ends_with_a_notice():
    back = {"servers.proseware-mx.aliases": {"people-2@proseware.com": BOX.format(1)}}
    post = run(FORWARD, back)
    assert post.fates() == [("bounced", "loop", False)]
    assert len(post.frames["attempts"].query("hop == 'submission' or code == 250")) == 8 + 1
    assert [route for _, route, _ in post.notices()] == ["dsn"]


def test_recipients_part_where_one_has_an_alias():
    post = run(FORWARD, to=(1, 2, 3))
    assert {fate for fate, _, _ in post.fates()} == {"delivered"}
    assert list(post.frames["recipients"]["server"]) == ["proseware-mx", "adatum-mx", "adatum-mx"]
    assert list(post.frames["attempts"].sort_values("at")["recipients"]) == [3, 3, 1]


def test_an_alias_in_the_own_domain_is_delivered_there():
    own = {"servers.adatum-mx.aliases": {BOX.format(1): [BOX.format(2), "x@contoso.com"]}}
    post = run(own)
    assert post.fates() == [("delivered", "", True)]
    assert steps(post)[-1] == ("adatum-mx", 250)
    lost = {"servers.adatum-mx.aliases": {BOX.format(1): "adatum-box-99@adatum.com"}}
    assert run(lost).fates() == [("bounced", "unknown_recipient", False)]


def test_a_target_that_nobody_takes_mail_for_is_a_bounce():
    nowhere = {"servers.adatum-mx.aliases": {BOX.format(1): "x@contoso.com"}}
    post = run(nowhere)
    assert post.fates() == [("bounced", "unknown_recipient", False)]
    assert post.notices()[0][2] == "delivered"


def test_a_catch_all_takes_what_is_for_nobody():
    catch = {"servers.adatum-mx.aliases": {"@adatum.com": "people-1@proseware.com"}}
    spam = [Post(keys).send_spam(100.0, 0, 3).run() for keys in ({}, catch)]
    assert [fate for fate, _, _ in spam[0].fates("spam")] == ["refused", "delivered"]
    assert [fate for fate, _, _ in spam[1].fates("spam")] == ["delivered", "delivered"]
    assert {server for _, server, _ in spam[1].log()} == {"adatum-mx", "proseware-mx"}


VIRTUAL = {
    "servers.proseware-mx.settings": {"virtual_alias_domains": "virtual.example"},
    "servers.proseware-mx.aliases": {"kim@virtual.example": "people-2@proseware.com"},
}
ADDED = {
    "servers.proseware-mx.domains": ["proseware.com", "virtual.example"],
    "servers.proseware-mx.aliases": VIRTUAL["servers.proseware-mx.aliases"],
}


@pytest.mark.parametrize("keys", [VIRTUAL, ADDED], ids=["a setting", "one more domain"])
@pytest.mark.parametrize(("name", "fate"), [("kim", "delivered"), ("x", "bounced")])
def test_a_virtual_domain_has_the_addresses_of_its_aliases(keys, name, fate):
    post = run(keys, {"servers.adatum-mx.aliases": {BOX.format(1): f"{name}@virtual.example"}})
    assert post.fates()[0][0] == fate
    assert steps(post)[2] == ("proseware-mx", 250 if fate == "delivered" else 550)


def test_a_tag_is_no_part_of_a_name():
    tagged = {
        "servers.adatum-mx.aliases": {BOX.format(1): "people-2-x@proseware.com"},
        "servers.proseware-mx.settings": {"recipient_delimiter": "-"},
    }
    assert run(tagged).fates()[0][0] == "bounced"  # people is nobody
    tagged["servers.proseware-mx.settings"] = {"recipient_delimiter": "+"}
    tagged["servers.adatum-mx.aliases"] = {BOX.format(1): "people-2+x@proseware.com"}
    assert run(tagged).fates()[0][0] == "delivered"


def test_tables_tell_single_addresses_apart():
    keys = {
        "servers.adatum-mx.recipient": ["check_recipient_access(some)"],
        "servers.adatum-mx.sender": ["check_sender_access(some)"],
        "servers.adatum-mx.tables": {
            "some": {BOX.format(2): "REJECT", "offer@bulk.example": "REJECT"}
        },
    }
    assert [fate for fate, _, _ in run(keys, to=(1, 2, 3)).fates()] == [
        "delivered",
        "bounced",
        "delivered",
    ]
    senders = ("offer@bulk.example", "other@bulk.example")
    spam = [Post(keys).send_spam(100.0, 1, sender=one).run().fates("spam") for one in senders]
    assert [fates[0][0] for fates in spam] == ["refused", "delivered"]


def test_senders_of_the_own_domain_are_known_one_by_one():
    unlisted = {"servers.proseware-smtp.sender": ["reject_unlisted_sender"]}
    assert run(unlisted).fates()[0][0] == "delivered"


def test_a_policy_may_begin_to_forward():
    text = '"servers.adatum-mx.aliases" = { "adatum-box-1@adatum.com" = "people-2@proseware.com" }'
    post = Post({"policy_starts": "1 h"}, text).write(100.0).write(4000.0).run()
    ended = list(post.frames["recipients"].sort_values("written_at")["server"])
    assert ended == ["adatum-mx", "proseware-mx"]
