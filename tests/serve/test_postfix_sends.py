"""A real Postfix as the sending server: its queue, its retries and its bounces, end to end."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from test_native_servers import SERVERS, UNSHARE, why_not

ROOM = Path(__file__).with_name("sending_room.py")


@pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
def test_what_postfix_sends_is_deferred_tried_again_delivered_or_bounced():
    done = subprocess.run(
        [*UNSHARE, sys.executable, ROOM, SERVERS], capture_output=True, text=True, timeout=150
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)
    assert told["left"] == 0, told["log"]
    assert len(told["bob"]) == 10
    assert all(text.endswith("\r\n\r\n.dot\r\n") for text in told["bob"])
    assert {*told["replies"]} == {"451 4.7.1", "550 5.1.1"}
    assert told["statuses"].count("sent") == 12  # ten to bob, a notice, and its own bounce
    assert told["statuses"].count("bounced") == 1
    assert "deferred" in told["statuses"]
    own, bounce = sorted(told["alice"], key=len)
    assert "Subject: message notice" in own
    assert "Subject: Undelivered Mail Returned to Sender" in bounce
    assert "said: 550 5.1.1" in bounce
    assert told["accepted"] == 12 == told["fates"].count("delivered")
