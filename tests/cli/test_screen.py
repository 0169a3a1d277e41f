"""The first screen: whole in 80 columns by 24 lines for nine arms, with no word broken."""

import pytest

from sim.cli.screen import LINES, screen


def estimate(mean, more, half=0.1):
    return {"mean": mean, "more": more, "low": more - half, "high": more + half}


def entry(arm, spam=12340.0, lost=12.6, verdict="trade-off with", rivals=(), best=None):
    return {
        "arm": arm, "spam": estimate(spam, spam - 20000), "lost_once": estimate(812.0, 812.0),
        "lost": estimate(lost, lost), "calls_once": estimate(45.0, 45.0),
        "calls": estimate(0.0, 0.0), "who": "hotel 62%", "settled": True, "verdict": verdict,
        "rivals": rivals, "best": best, "bad": [],
    }  # fmt: skip


NINE = (
    "today", "campus only", "campus + AUTH on 587", "campus + POP first", "campus + hospital range",
    "AUTH on 587, halls block 25", "VPN for all who travel", "outbound filter that discards",
    "identity check",
)  # fmt: skip


def decision(names=NINE):
    choices = [entry(name) for name in names]
    choices[0] |= entry(names[0], 20000.0, 0.0, "baseline")
    choices[1] |= {"verdict": "dominated by", "rivals": [names[2]]}
    return {
        "title": "University",
        "question": "How much spam leaves 'uni-smtp', and what do honest people lose?",
        "baseline": names[0],
        "leaves": True,
        "choices": choices,
        "notes": ["QUICK RUN: a short run with 5 % of the people and the spam."],
        "sentences": [
            "Least spam leaves with 'AUTH on 587, halls block 25': 12,340 a day, not 20,000 as "
            "with 'today' (−38.3 ±2.5 %); it loses 12.6 more honest recipients a day.",
            "'AUTH on 587, halls block 25': one message in ten takes 9.5 min or longer (35 s "
            "before).",
        ],
        "depends": [
            "Moved most by spammers.*.adaptive = false (spam that left of 'today' −0.40 a day).",
            "The order, under 12 alternatives: by loss it holds; by spam 'today' and 'campus only' "
            "change places with users.*.learning = none.",
        ],
        "chosen": ["spammers.*.adaptive", "users.*.learning", "users.*.when_refused"],
        "defaults": ["users.*.patience", "servers.*.sessions"],
        "dated": ["'VPN for all who travel' changes again on days 7 and 14."],
        "folder": "out/university",
    }  # fmt: skip


def words(lines):
    return [word for line in lines for word in line.split()]


@pytest.mark.parametrize("width", [80, 100, 140])
def test_nine_arms_are_whole_in_24_lines_without_a_broken_word(width):
    lines = screen(decision(), width)
    assert len(lines) <= LINES < 24
    assert max(map(len, lines)) <= width
    assert not any("…" in line for line in lines)
    shown = set(words(lines))
    assert {word for name in NINE for word in name.split()} <= shown
    assert set(decision()["question"].split()) <= shown


def test_an_arm_is_a_line_where_its_name_has_room():
    lines = screen(decision(), 100)
    for number, name in enumerate(NINE, 1):
        (line,) = [line for line in lines if line.startswith(f"{number} {name}")]
        assert "hotel" in line


def test_what_has_no_room_is_said_to_be_left_out():
    full, short = (screen(decision(), 80, height) for height in (60, 22))
    assert "more sentence" not in " ".join(full)
    assert "more sentence" in " ".join(short)
    assert set(words(short[:-2])) <= set(words(full))
    assert "Moved most by" in " ".join(short)  # what the order depends on goes last


def test_the_verdict_speaks_of_arms_by_their_numbers_and_of_weights_in_per_cent():
    data = decision()
    data["choices"][2] |= {"verdict": "best for these weights", "best": 0.83}
    lines = screen(data, 100)
    assert lines[[line.startswith("2 campus only") for line in lines].index(True)].endswith(
        "dominated by 3"
    )
    assert any(line.startswith("3 ") and line.endswith("best in 83%") for line in lines)


def test_a_cost_that_no_arm_surely_changes_has_no_column():
    text = " ".join(screen(decision(), 140, 60))
    assert "Surely changed by no arm: calls a day." in text


def test_what_is_assumed_and_what_changes_again_is_said():
    text = " ".join(screen(decision(), 140, 60))
    assert "'VPN for all who travel' changes again on days 7 and 14." in text
    assert "users.*.when_refused, 2 keys at chosen defaults." in text
    nothing = decision() | {"chosen": [], "defaults": [], "dated": []}
    assert "Assumed" not in " ".join(screen(nothing, 140, 60))


def test_spam_that_enters_is_called_so():
    data = decision() | {"leaves": False}
    assert "enters" in words(screen(data, 80))
    assert "leaves" in words(screen(decision(), 80))


def test_more_than_nine_arms_are_all_there():
    names = tuple(f"arm {n}" for n in range(30))
    lines = screen(decision(names), 80)
    assert all(any(line.startswith(f"{n + 1} arm {n} ") for line in lines) for n in range(30))
