"""Synthetic logs of Postfix, line by line as it writes them, with addresses that nobody has."""

from collections.abc import Iterator

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def stamps(day: int, second: int, *, iso: bool = False) -> str:
    """A moment of a day of November 2026."""
    clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    if iso:
        return f"2026-11-{day:02}T{clock}.123456+01:00"
    return f"Nov {day:2} {clock}"


def message(
    number: int, at: str, *, person: int, outside: bool, recipients: int = 1
) -> Iterator[str]:
    """One message that somebody with a login submits, delivered here or elsewhere."""
    head, key = f"{at} mx1 postfix", f"{number:X}".rjust(10, "A")
    client, domain = f"host{person}.roam.example[203.0.113.{person % 250}]", "proseware.com"
    yield f"{head}/submission/smtpd[31]: connect from {client}"
    yield (
        f"{head}/submission/smtpd[31]: {key}: client={client}, sasl_method=PLAIN, "
        f"sasl_username=person{person}"
    )
    yield f"{head}/cleanup[32]: {key}: message-id=<note-{number}@notebook.invalid>"
    yield (
        f"{head}/qmgr[33]: {key}: from=<person{person}@{domain}>, size={1000 * (1 + number % 9)}, "
        f"nrcpt={recipients} (queue active)"
    )
    yield f"{head}/submission/smtpd[31]: disconnect from {client} ehlo=1 auth=1 mail=1 commands=3"
    for one in range(recipients):
        to, service = (
            (f"friend{one}@adatum.com", "smtp") if outside else (f"bob{one}@{domain}", "lmtp")
        )
        relay = "mx.adatum.com[198.51.100.9]:25" if outside else "mx1[private/dovecot-lmtp]"
        yield (
            f"{head}/{service}[34]: {key}: to=<{to}>, relay={relay}, delay={1 + number % 5}.5, "
            "delays=0.1/0/0.4/1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4XYZ)"
        )
    yield f"{head}/qmgr[33]: {key}: removed"


def refusals(at: str) -> Iterator[str]:
    """A line of each kind of refusal that a server makes."""
    head, client = f"{at} mx1 postfix", "unknown[192.0.2.77]"
    ends = "from=<eve@far.invalid> to=<amy@adatum.com> proto=ESMTP helo=<spam.invalid>"
    for reply in (
        "554 5.7.1 <amy@adatum.com>: Relay access denied",
        "554 5.7.1 Service unavailable; Client host [192.0.2.77] blocked using list.invalid",
        "550 5.1.1 <nobody@proseware.com>: Recipient address rejected: User unknown in local "
        "recipient table",
        "450 4.2.0 <amy@adatum.com>: Recipient address rejected: Greylisted, see help.invalid",
        "504 5.5.2 <spam>: Helo command rejected: need fully-qualified hostname",
        "450 4.1.8 <eve@far.invalid>: Sender address rejected: Domain not found",
        "450 4.7.1 Error: too much mail from 192.0.2.77",
        "451 4.3.0 <eve@far.invalid>: Temporary lookup failure",
        "554 5.7.1 <unknown[192.0.2.77]>: Client host rejected: Access denied",
    ):
        yield f"{head}/smtpd[41]: NOQUEUE: reject: RCPT from {client}: {reply}; {ends}"
    yield (
        f"{head}/postscreen[42]: NOQUEUE: reject: RCPT from [192.0.2.78]:4711: 550 5.7.1 Service "
        f"unavailable; client [192.0.2.78] blocked using list.invalid; {ends}"
    )
    yield (
        f"{head}/cleanup[43]: 4ABC: milter-reject: END-OF-MESSAGE from {client}: 5.7.1 Spam "
        f"message rejected; {ends}"
    )
    yield f"{head}/smtpd[41]: warning: {client}: SASL LOGIN authentication failed: aGVsbG8="


def lines(messages: int, days: int = 7, *, iso: bool = False, people: int = 40) -> Iterator[str]:
    """A log of as many messages, over days from Monday, the second of November 2026."""
    each = -(-messages // days)
    for number in range(messages):
        day, place = divmod(number, each)
        at = stamps(2 + day, 8 * 3600 + place * (10 * 3600) // each, iso=iso)
        person, outside = number % people, number % 4 > 0
        yield from message(number, at, person=person, outside=outside, recipients=1 + number % 2)
        if number % 10 == 0:
            yield from refusals(at)
