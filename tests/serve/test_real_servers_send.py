"""Real servers as the sending ones: their queues, their retries and their bounces, end to end."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from test_native_servers import SERVERS, UNSHARE, why_not

ROOM = Path(__file__).with_name("sending_room.py")


@pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
@pytest.mark.parametrize(
    "make",
    [
        "postfix",
        *(pytest.param(m, marks=pytest.mark.slow) for m in ("exim", "sendmail", "opensmtpd")),
    ],
)
def test_what_a_server_sends_is_deferred_tried_again_delivered_or_bounced(make):
    done = subprocess.run(
        [*UNSHARE, sys.executable, ROOM, SERVERS, make],
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)
    assert told["left"] == 0, told["log"]
    assert len(told["bob"]) == 10, told["log"]
    assert all(text.endswith("\r\n\r\n.dot\r\n") for text in told["bob"])
    answers = Counter(told["answers"])
    assert answers.keys() == {"451 4.7.1", "550 5.1.1", "250 2.1.5"}
    assert answers["250 2.1.5"] == 12  # ten to bob, a notice, and its own bounce
    own, bounce = sorted(told["alice"], key=len)
    assert "Subject: message notice" in own
    assert "MAILER-DAEMON" in bounce.upper()
    assert "550 5.1.1" in bounce
    assert told["accepted"] == 12 == told["fates"].count("delivered")
