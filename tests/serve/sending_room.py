"""A real server that sends to live servers, in a room of its own (see config/native_room.py).

``sending_room.py SERVERS MAKE`` in new namespaces: messages are given to the real server, which
offers them to the servers of a scenario by a clock that goes faster. It prints what became of them
as JSON: the mailboxes, what the real server was answered, the fates, and what is left in its queue.
"""

import json
import shutil
import smtplib
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "config"), str(HERE)]

import native_room  # noqa: E402
import numpy.ma  # noqa: E402, F401 - numpy loads it at need, where the room hides it
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


EXIM = """\
primary_hostname = mail.proseware.com
acl_smtp_rcpt = accept
host_lookup =
rfc1413_hosts =
tls_advertise_hosts =
never_users = root
begin routers
next_hop:
  driver = manualroute
  route_list = adatum.com 127.0.0.1::{adatum} ; proseware.com 127.0.0.1::{proseware}
  self = send
  transport = smtp
begin transports
smtp:
  driver = smtp
  interface = 127.9.4.1
  allow_localhost
  hosts_avoid_tls = *
begin retry
* * F,1h,2s
"""
SENDMAIL = """\
divert(0)dnl
OSTYPE(`debian')dnl
DOMAIN(`debian-mta')dnl
define(`confDOMAIN_NAME', `mail.proseware.com')dnl
define(`confMIN_QUEUE_AGE', `1s')dnl
define(`ESMTP_MAILER_ARGS', `TCP $h {adatum}')dnl
define(`RELAY_MAILER_ARGS', `TCP $h {proseware}')dnl
FEATURE(`mailertable', `hash -o /etc/mail/mailertable')dnl
FEATURE(`access_db', `hash -T<TMPF> /etc/mail/access')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`promiscuous_relay')dnl
FEATURE(`nocanonify')dnl
FEATURE(`no_default_msa')dnl
DAEMON_OPTIONS(`Family=inet, Name=MTA, Port=smtp')dnl
CLIENT_OPTIONS(`Family=inet, Address=127.9.4.1')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
"""
MAILERTABLE = "adatum.com esmtp:[127.0.0.1]\nproseware.com relay:[127.0.0.1]\n"
OPENSMTPD = """\
listen on 0.0.0.0 port 25 hostname "mail.proseware.com"
action "adatum" relay host smtp+notls://127.0.0.1:{adatum} src 127.9.4.1
action "proseware" relay host smtp+notls://127.0.0.1:{proseware} src 127.9.4.1
match from any for domain "adatum.com" action "adatum"
match from any for domain "proseware.com" action "proseware"
"""


class Make(NamedTuple):
    """How a server is started, and asked for its queue; *again* has it try at once."""

    files: dict[str, str]
    queue: list[str]
    again: list[str]
    starts: list[str]


MTA = "/usr/libexec/sendmail/sendmail"
MAKES = {
    "postfix": Make({"main.cf": MAIN, "master.cf": MASTER}, ["postqueue", "-j"], [], []),
    "exim": Make(
        {"exim.conf": EXIM}, ["exim4", "-C", "/etc/exim4/exim.conf", "-bpr"], [], ["-q2s"]
    ),
    "sendmail": Make(
        {"sendmail.mc": SENDMAIL, "mailertable": MAILERTABLE},
        ["find", "/var/spool/mqueue", "-name", "qf*"], [], ["-q1s"],
    ),
    "opensmtpd": Make(
        {"smtpd.conf": OPENSMTPD}, ["smtpctl", "show", "queue"], ["smtpctl", "schedule", "all"], []
    ),
}  # fmt: skip


def start(served, make):
    """Start the real server, which sends to the live ones."""
    ports = {n: served.port("SMTP", f"{n}-mx") for n in ("adatum", "proseware")}
    files = {name: text.format(**ports) for name, text in MAKES[make].files.items()}
    native_room.POSTFIX_MORE = ""
    _, command = native_room.MAKES[make](files)
    if make == "sendmail":
        table = "/etc/mail/mailertable"
        makemap = ["/usr/libexec/sendmail/makemap", "hash", table]
        subprocess.run(makemap, input=MAILERTABLE, text=True, check=True)
    if make == "opensmtpd":  # smtpctl wants to be as a package leaves it
        shutil.chown("/usr/sbin/smtpctl", "root", "opensmtpq")
        Path("/usr/sbin/smtpctl").chmod(0o2755)
    with Path("/tmp/started").open("w") as told:
        command = [*command, *MAKES[make].starts]
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=told, stderr=told)
    native_room._wait()


def give(number, recipient, sender=ALICE):
    """Give a message to the real server."""
    with smtplib.SMTP("127.0.0.1", 25, timeout=20) as client:
        body = f"Subject: message {number}\r\nMessage-ID: <{number}@proseware.com>\r\n\r\n.dot\r\n"
        client.sendmail(sender, recipient, body)


def queue(make):
    """How many lines its queue has."""
    told = subprocess.run(MAKES[make].queue, capture_output=True, text=True, check=True).stdout
    return len(told.strip().splitlines())


def answers(served):
    """The codes and statuses that the live servers answered to RCPT."""
    judged = [judgement for one in served.log for judgement in one.judgements]
    return [" ".join(one.reply.split(" ")[:2]) for one in judged]


def main(servers, make):
    """Send, wait until the queue is empty, and say what came of it."""
    scenario = sim.load("six-cases").with_overrides(CHANGES)
    with live(scenario, "on network"):
        pass  # what is imported when needed may lie where the room has folders of its own
    native_room.enter(Path(servers).resolve(), make)
    with live(scenario, "on network", speed=SPEED) as served:
        start(served, make)
        for number in range(10):
            give(number, [BOB])
        give("bounce", ["nobody@adatum.com"])
        give("notice", ["alice@proseware.com"], "")
        end = time.monotonic() + 60
        while (queue(make) or served.living.accepted < 12) and time.monotonic() < end:
            subprocess.run(MAKES[make].again or ["true"], capture_output=True)
            time.sleep(0.5)
        served.step("10 min")
        print(
            json.dumps(
                {
                    "left": queue(make),
                    "bob": served.mailbox(BOB),
                    "alice": served.mailbox(ALICE),
                    "answers": answers(served),
                    "fates": served.living.mail.fates(),
                    "accepted": served.living.accepted,
                    "log": str(served.log[-1]) + Path("/tmp/started").read_text()[-2000:],
                }
            )
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
