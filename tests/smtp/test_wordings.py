"""Every wording answers every situation with a reply that is well formed and means it."""

import re
from pathlib import Path

import pytest

import sim.smtp
from sim.smtp import FLAVOURS
from sim.smtp.replies import SITUATIONS, Reply, fill
from sim.smtp.wordings import NEUTRAL, WORDINGS, template

# what must have its own words in every make (issue: replies)
STATED = (
    "relay_denied",
    "sender_not_local",
    "unknown_user",
    "auth_required",
    "auth_failed",
    "too_many_connections",
    "greylisted",
    "content_refused",
    "blocklisted",
)
TEMPORARY = {
    *("relay_deferred", "rate_limited", "too_many_connections", "greylisted"),
    *("recipients_limited", "auth_limited", "plaintext", "configuration_error", "lookup_failure"),
    *("deferred", "defer_if_permit", "defer_if_reject", "no_service"),
}
MAYBE = {  # some makes let the client try again
    *("sender_domain_unknown", "recipient_domain_unknown", "blocklisted"),
    *("client_unknown", "client_no_reverse", "helo_unknown"),
}
PLACES = {
    "hostname", "client", "sender", "sender_domain", "rcpt", "rcpt_before", "rcpt_after",
    "rcpt_plain", "rcpt_meant", "rcpt_escaped", "rcpt_local", "login", "detail", "command",
    "queue_id", "namaddr", "reverse_name", "helo", "sender_given", "rcpt_given", "data_command",
}  # fmt: skip


def test_neutral_has_every_situation():
    assert {key.partition(":")[0] for key in SITUATIONS} <= set(NEUTRAL)
    for words in WORDINGS.values():
        assert {key.partition(":")[0] for key in words} <= set(NEUTRAL)


def test_every_flavour_has_words():
    assert {flavour.wording or flavour.name for flavour in FLAVOURS.values()} == set(WORDINGS)


@pytest.mark.parametrize("wording", WORDINGS)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_codes_mean_what_happened(wording, situation):
    situation, _, detail = situation.partition(":")
    code, enhanced, text = template(wording, situation, detail)
    if situation in ("accepted", "discarded"):
        assert code == 250
    elif situation not in MAYBE:
        assert code // 100 == (4 if situation in TEMPORARY else 5)
    assert enhanced == "" or re.fullmatch(rf"{code // 100}\.\d\.\d{{1,2}}", enhanced)
    assert set(re.findall(r"\{(\w+)\}", text)) <= PLACES


UNNUMBERED = ("greeting", "helo", "auth_challenge", "data_ok")  # RFC 2034 section 4; 3xx has none


@pytest.mark.parametrize("wording", WORDINGS)
def test_enhanced_codes_are_those_of_their_replies(wording):
    for situation, line in WORDINGS[wording].items():
        code, enhanced, text = Reply.of(line)
        assert 200 <= code < 600
        assert set(re.findall(r"\{(\w+)\}", text)) <= PLACES
        if situation in UNNUMBERED:
            assert enhanced == "", situation
        elif enhanced:  # RFC 3463 section 2: class, subject 0 to 7, detail
            assert re.fullmatch(rf"{code // 100}\.[0-7]\.(0|[1-9]\d{{0,2}})", enhanced), situation


@pytest.mark.parametrize("situation", STATED)
@pytest.mark.parametrize("wording", [w for w in WORDINGS if w not in ("neutral", "qpsmtpd")])
def test_every_make_has_its_own_words(wording, situation):
    assert situation in WORDINGS[wording]


SOURCE = {
    # the texts that the source article names
    "sendmail": "550 5.7.1 <kim@adatum.com>... Relaying denied",
    "qmail": "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
    "neutral": "550 5.7.1 <kim@adatum.com> Relaying denied",
}


@pytest.mark.parametrize(("wording", "text"), SOURCE.items())
def test_replies_of_the_source(wording, text):
    assert str(fill(template(wording, "relay_denied"), {"rcpt": "kim@adatum.com"})) == text


def test_lines_of_a_long_reply():
    reply = Reply(517, "", "first\nsecond")
    assert str(reply) == "517-first\n517 second"
    assert str(Reply(550, "5.7.1", "a\nb")) == "550-5.7.1 a\n550 5.7.1 b"


def test_places_cannot_add_lines():
    made = fill(Reply(550, "", "<{rcpt}> no"), {"rcpt": "a\r\n250 ok\x00ø{sender}"})
    assert made.text == "<a??250 ok??{sender}> no"


LONGEST = dict.fromkeys(PLACES, "x" * 254) | {"client": "203.0.113.140"}


@pytest.mark.parametrize("wording", WORDINGS)
def test_reply_lines_fit(wording):
    for made in map(Reply.of, WORDINGS[wording].values()):
        for line in str(fill(made, LONGEST)).split("\n"):
            assert len(line) <= 510  # RFC 5321 section 4.5.3.1.5, without CR LF


def test_code_never_asks_which_make_it_is():
    names = "|".join(name for name in FLAVOURS if name != "neutral")
    folder = Path(sim.smtp.__file__).parent
    for module in folder.glob("**/*.py"):
        if module.name not in ("flavours.py", "postfix.py") and module.parent.name != "wordings":
            assert not re.search(rf"[\"']({names})[\"']", module.read_text(encoding="utf-8"))
