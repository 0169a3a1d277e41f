"""Two weeks of a small provider's mail server: its configuration, and its rotated logs.

Names and addresses are those of documentation. Whatever a log says of somebody has a marker in it,
and some local parts look like the rest of a line: neither may leave `observe`.
"""

import gzip
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

MARK = "zq7"
"""Begins every name that only the log knows."""
MAIN_CF = """\
compatibility_level = 3.6
myhostname = mail.proseware.com
mydomain = proseware.com
mydestination = $mydomain, $myhostname, localhost
mynetworks = 127.0.0.0/8, 198.51.100.0/25
smtpd_sasl_auth_enable = yes
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated,
    reject_unauth_destination
smtpd_recipient_restrictions = reject_unlisted_recipient
"""
MASTER_CF = """\
smtp       inet  n  -  y  -  -  smtpd
submission inet  n  -  y  -  -  smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
"""
BEGIN, DAYS, PEOPLE = datetime(2026, 11, 2), 15, 40
HOSTILE = (
    '"{0}>, relay=none, delay=1, status=sent (x"@proseware.com',
    "{0}+tag%far.invalid@proseware.com",
    '"a b {0}; from=<c>"@[203.0.113.250]',
    "{0}=far.invalid=list@proseware.com",
    "grüße-{0}@proseware.com",
    "{0}\\\\@proseware.com",
)
"""Local parts that are none of a name, or look like something else in a line."""
Lines = Iterator[tuple[datetime, str]]


def write(folder: Path) -> None:
    """Write main.cf, master.cf, mail.log, mail.log.1 and mail.log.2.gz."""
    (folder / "main.cf").write_text(MAIN_CF)
    (folder / "master.cf").write_text(MASTER_CF)
    (folder / "mail.log").write_text(_text(10, DAYS))
    (folder / "mail.log.1").write_text(_text(5, 10))
    (folder / "mail.log.2.gz").write_bytes(gzip.compress(_text(0, 5).encode()))


def _text(first: int, end: int) -> str:
    """The lines of some days in order of time."""
    days = (line for day in range(first, end) for line in _day(day))
    lines = sorted(days, key=lambda line: line[0])
    return "".join(f"{at:%b} {at.day:2} {at:%H:%M:%S} mail {text}\n" for at, text in lines)


def _day(day: int) -> Lines:
    rng = random.Random(day)
    weekend = (BEGIN + timedelta(day)).weekday() > 4
    for person in range(PEOPLE):
        roams = person % 4 == 0 and rng.random() < 0.5
        for number in range(rng.randrange(2 if weekend else 7)):
            at = BEGIN + timedelta(day, 8 * 3600 + rng.randrange(10 * 3600))
            yield from _message(rng, at, f"{day:X}{person:02X}{number:X}", person, roams=roams)
    for number in range(40):
        at = BEGIN + timedelta(day, rng.randrange(86400))
        yield from _stranger(at, f"{day:X}F{number:02X}", number)


def _message(rng: random.Random, at: datetime, key: str, person: int, *, roams: bool) -> Lines:
    """A message of a customer: at home, or from a hotel with a login or without one."""
    name, login = f"{MARK}p{person}", person % 8 == 0
    sender = HOSTILE[person % 6].format(name) if person % 5 == 0 else f"{name}@proseware.com"
    client = f"{name}.roam.example[203.0.113.{person}]" if roams else f"c[198.51.100.{person + 2}]"
    outside = rng.random() < 0.7
    to = f"{MARK}to{key}@adatum.com" if outside else f"{MARK}p{(person + 1) % 40}@proseware.com"
    if roams and not login:
        ends = f"from=<{sender}> to=<{to}> proto=ESMTP helo=<{name}>"
        reply = f"554 5.7.1 <{to}>: Relay access denied; {ends}"
        if outside:
            yield at, f"postfix/smtpd[31]: NOQUEUE: reject: RCPT from {client}: {reply}"
            return
    service = "postfix/submission/smtpd" if roams and login else "postfix/smtpd"
    logged_in = f", sasl_method=PLAIN, sasl_username={name}" if roams and login else ""
    size, delay = 900 + int(rng.lognormvariate(8.5, 1.2)), rng.lognormvariate(0.7, 0.5)
    yield at, f"{service}[31]: connect from {client}"
    yield at, f"{service}[31]: {key}: client={client}{logged_in}"
    yield at, f"postfix/cleanup[32]: {key}: message-id=<{MARK}{key}@pc.invalid>"
    yield at, f"postfix/qmgr[33]: {key}: from=<{sender}>, size={size}, nrcpt=1 (queue active)"
    relay, agent = ("mx.adatum.com[192.0.2.25]:25", "smtp") if outside else ("local", "local")
    failed = outside and rng.random() < 0.02
    status = "bounced (host said: 550 5.1.1 User unknown)" if failed else "sent (250 2.0.0 Ok)"
    done = at + timedelta(seconds=delay)
    yield (
        done,
        (
            f"postfix/{agent}[34]: {key}: to=<{to}>, relay={relay}, delay={delay:.2g}, "
            f"delays=0.1/0/0.1/1, dsn=2.0.0, status={status}"
        ),
    )
    yield done, f"postfix/qmgr[33]: {key}: removed"


def _stranger(at: datetime, key: str, number: int) -> Lines:
    """Mail from elsewhere: for a mailbox here, for none, or for somebody else."""
    client = f"{MARK}host{key}.invalid[192.0.2.{100 + number}]"
    sender, box = f"{MARK}s{key}@far.invalid", f"{MARK}p{number}@proseware.com"
    head = f"postfix/smtpd[41]: NOQUEUE: reject: RCPT from {client}"
    ends = f"proto=ESMTP helo=<{MARK}{key}>"
    if number % 4 == 1:
        to = f"{MARK}x{key}@adatum.com"
        yield at, f"{head}: 554 5.7.1 <{to}>: Relay access denied; from=<{sender}> to=<{to}> {ends}"
    elif number % 4 == 2:
        to = f"{MARK}none{key}@proseware.com"
        reply = "Recipient address rejected: User unknown in local recipient table"
        yield at, f"{head}: 550 5.1.1 <{to}>: {reply}; from=<{sender}> to=<{to}> {ends}"
    else:
        yield at, f"postfix/smtpd[41]: {key}: client={client}"
        yield at, f"postfix/qmgr[33]: {key}: from=<{sender}>, size=4000, nrcpt=1 (queue active)"
        delivery = "relay=local, delay=0.4, delays=0/0/0/0, dsn=2.0.0, status=sent (delivered)"
        yield at, f"postfix/local[34]: {key}: to=<{box}>, {delivery}"
        yield at, f"postfix/qmgr[33]: {key}: removed"
