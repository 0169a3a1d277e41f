"""Who hears of undelivered mail, and who should not have: DSN and backscatter; 421."""

import pytest
from small_post import Post

LATER = {"servers.adatum-mx.check_recipients": "later"}


# ---- the recipient's server looks a mailbox up at RCPT, or later


def test_checked_at_rcpt_a_spammer_learns_it_and_nobody_else_does():
    post = Post().send_spam(100.0, 0, 1, sender="people-1@proseware.com").run()
    assert [(fate, cause) for fate, cause, _ in post.fates("spam")] == [
        ("refused", "unknown_recipient"), ("delivered", ""),
    ]  # fmt: skip
    assert post.notices() == []
    assert post.frames["attempts"]["rule"].tolist() == ["reject_unlisted_recipient"]


def test_checked_later_a_real_person_gets_the_bounce_of_forged_spam():
    """Two of three do not exist: one DSN tells of both."""
    post = Post(LATER).send_spam(100.0, 0, 1, 0, sender="people-1@proseware.com").run()
    assert [fate for fate, _, _ in post.fates("spam")] == ["bounced", "delivered", "bounced"]
    assert [(route, fate) for _, route, fate in post.notices()] == [("backscatter", "delivered")]
    assert [(s, c) for _, s, c in post.log()] == [("adatum-mx", 250), ("proseware-mx", 250)]


def test_a_forged_address_that_nobody_has_costs_its_domain_a_session():
    """The domain is real, the local part is not: refused, and the DSN has no sender to go to."""
    post = Post(LATER).send_spam(100.0, 0, sender="no-one@proseware.com").run()
    assert [(route, fate) for _, route, fate in post.notices()] == [("backscatter", "bounced")]
    assert [(s, c) for _, s, c in post.log()] == [("adatum-mx", 250), ("proseware-mx", 550)]


def test_a_forged_domain_that_does_not_exist_costs_nobody_anything():
    post = Post(LATER).send_spam(100.0, 0, sender="offer@bulk.example").run()
    assert [(route, fate) for _, route, fate in post.notices()] == [("backscatter", "bounced")]
    assert len(post.log()) == 1


def test_forged_in_the_victims_own_domain_the_bounce_stays_in_the_house():
    post = Post(LATER).send_spam(100.0, 0, sender="adatum-box-5@adatum.com").run()
    assert [(route, fate) for _, route, fate in post.notices()] == [("backscatter", "delivered")]
    assert len(post.log()) == 1


def test_a_null_reverse_path_gets_no_notice():
    post = Post(LATER).send_spam(100.0, 0, sender=None).run()
    assert post.fates("spam")[0][0] == "bounced"
    assert post.notices() == []


def test_a_relay_writes_the_bounce_when_the_mx_checks_at_rcpt():
    """The victim's MX says 550 to the relay, and the relay tells whoever was forged."""
    post = Post().send_spam(100.0, 0, through="proseware-smtp", sender="adatum-box-5@adatum.com")
    post.run()
    r = post.frames["recipients"]
    assert r[r["class"] == "notice"][["group", "route", "fate"]].astype(
        str
    ).to_numpy().tolist() == [["proseware-smtp", "backscatter", "delivered"]]
    assert [(s, c) for _, s, c in post.log()] == [
        ("proseware-smtp", 250), ("adatum-mx", 550), ("adatum-mx", 250),
    ]  # fmt: skip


def test_a_make_that_never_checks_accepts_and_bounces():
    post = Post({"servers.adatum-mx.flavour": "qmail"})
    post.send_spam(100.0, 0, sender="people-1@proseware.com").run()
    assert [(route, fate) for _, route, fate in post.notices()] == [("backscatter", "delivered")]


# ---- 421


def test_421_under_load_and_both_kinds_of_client_try_again():
    keys = {"servers.adatum-mx.sessions": 1, "servers.adatum-mx.connection_queue": 1,
            "servers.adatum-mx.service_time": "60 s",
            "servers.proseware-smtp.sessions": 9}  # fmt: skip
    post = Post(keys)
    for i in range(4):
        post.write(100.0, i + 1)
    post.run()
    assert [code for _, _, code in post.log("relay")] == [250, 250, 421, 421, 250, 250]
    a = post.frames["attempts"]
    assert set(a[a["code"] == 421][["enhanced", "cause"]].astype(str).agg(" ".join, axis=1)) == {
        "4.3.2 busy"
    }
    first, *_, third, fourth = post.moments()
    assert third - first == pytest.approx(1800.03, abs=0.1)
    assert set(post.fates()) == {("delivered", "", True)}
    s = post.frames["servers"]
    assert s[s["server"] == "adatum-mx"]["turned_away"].sum() == 2
    assert fourth >= third


def test_a_mail_program_that_hears_421_asks_again():
    keys = {"servers.proseware-smtp.sessions": 1, "servers.proseware-smtp.connection_queue": 0}
    post = Post(keys).write(100.0, by=0).write(100.5, by=1).run()
    assert [code for _, _, code in post.log("submission")] == [250, 421, 250]
    moments = post.moments("submission")
    assert moments[2] - moments[1] == pytest.approx(600.067, abs=0.02)  # pop_poll, and dial-up
