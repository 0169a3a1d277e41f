"""A real Postfix that sends to live servers, in a room of its own (see config/native_room.py).

``sending_room.py SERVERS`` in new namespaces: messages are given to Postfix, which offers them to
the servers of a scenario by a clock that goes faster. It prints what became of them as JSON: the
mailboxes, the replies that Postfix has noted, the fates, and what is left in its queue.
"""

import json
import re
import smtplib
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "config"), str(HERE)]

import native_room  # noqa: E402
from visiting import ALICE, BOB  # noqa: E402

import sim  # noqa: E402
from sim.serve.background import live  # noqa: E402

CHANGES = {"servers.adatum-mx.recipient": ["greylist(5 min)"]}
SPEED = 100
MAIN = """\
compatibility_level = 3.6
myhostname = mail.proseware.com
mydestination =
mynetworks = 127.0.0.0/8 198.51.100.0/24
inet_interfaces = all
inet_protocols = ipv4
smtp_bind_address = 127.9.4.1
smtp_dns_support_level = disabled
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions =
local_recipient_maps =
transport_maps = inline:{{ {{adatum.com=smtp:[127.0.0.1]:{adatum}}},
    {{proseware.com=smtp:[127.0.0.1]:{proseware}}} }}
queue_run_delay = 1s
minimal_backoff_time = 2s
maximal_backoff_time = 3s
maillog_file = /var/log/postfix.log
"""
MASTER = """\
smtp  inet n - n - - smtpd
smtp  unix - - n - - smtp
showq unix n - n - - showq
scache unix - - n - 1 scache
"""


def start(served):
    """Start Postfix, which sends to the live servers."""
    ports = {n: served.port("SMTP", f"{n}-mx") for n in ("adatum", "proseware")}
    files = {"main.cf": MAIN.format(**ports), "master.cf": MASTER}
    native_room.POSTFIX_MORE = ""
    _, command = native_room.MAKES["postfix"](files)
    subprocess.run(command, check=True, capture_output=True)
    native_room._wait()


def give(number, recipient, sender=ALICE):
    """Give a message to Postfix."""
    with smtplib.SMTP("127.0.0.1", 25, timeout=20) as client:
        body = f"Subject: message {number}\r\nMessage-ID: <{number}@proseware.com>\r\n\r\n.dot\r\n"
        client.sendmail(sender, recipient, body)


def queue():
    """How many messages Postfix has."""
    told = subprocess.run(["postqueue", "-j"], capture_output=True, text=True, check=True).stdout
    return len(told.splitlines())


def main(servers):
    """Send, wait until the queue is empty, and say what came of it."""
    scenario = sim.load("six-cases").with_overrides(CHANGES)
    with live(scenario, "on network"):
        pass  # what is imported when needed may lie where the room has folders of its own
    native_room.enter(Path(servers).resolve(), "postfix")
    with live(scenario, "on network", speed=SPEED) as served:
        start(served)
        for number in range(10):
            give(number, [BOB])
        give("bounce", ["nobody@adatum.com"])
        give("notice", ["alice@proseware.com"], "")
        end = time.monotonic() + 60
        while queue() and time.monotonic() < end:
            time.sleep(0.5)
        served.step("10 min")
        log = Path("/var/log/postfix.log").read_text()
        print(
            json.dumps(
                {
                    "left": queue(),
                    "bob": served.mailbox(BOB),
                    "alice": served.mailbox(ALICE),
                    "statuses": re.findall(r"status=(\w+)", log),
                    "replies": re.findall(r"said: (\d{3} [\d.]*)", log),
                    "fates": served.living.mail.fates(),
                    "accepted": served.living.accepted,
                    "log": log[-3000:],
                }
            )
        )


if __name__ == "__main__":
    main(sys.argv[1])
