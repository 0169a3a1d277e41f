"""Every case of the relay oracle, those kept apart too: rebuilt from the shape of the others.

The record (see data/ORIGIN.md) has 13959 cases, of which 9205 were handed over: five policies and
about one session in five are missing from each server. Its description names the five, and the
sessions are products of places, recipients, senders and logins; so all of them can be written
down, and the counts of each policy say whether that was right. What the servers answered to those
kept apart is not known one by one, but in total: `VERDICTS`, `PAIRS` and `AS_PLAIN`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import oracle_data

MTAS = ("postfix", "exim", "sendmail", "opensmtpd", "courier", "qpsmtpd")
MAIN = MTAS[:4]

KINDS = (
    *("accept_local", "accept_relay", "reject_auth", "reject_relay", "reject_sender"),
    *("reject_syntax", "reject_unknown_user"),
)
VERDICTS = {
    # server: its verdicts in all cases, in the order of KINDS
    "postfix": (773, 577, 206, 741, 219, 22, 138),
    "exim": (706, 432, 204, 517, 218, 490, 109),
    "sendmail": (688, 524, 206, 678, 284, 158, 138),
    "opensmtpd": (732, 492, 206, 645, 178, 176, 247),
    "courier": (372, 256, 130, 318, 44, 252, 202),
    "qpsmtpd": (638, 315, 82, 499, 0, 147, 0),
}
PAIRS = {"all": 2676, "unanimous": 1769, "the four differ": 735, "and not in a probe": 305}
"""Pairs of a policy and a session."""
AS_PLAIN = {
    # server: cases, without probes, in which it did and did not do what its policy says
    "postfix": (2024, 58),
    "exim": (1952, 130),
    "sendmail": (1924, 158),
    "opensmtpd": (1995, 87),
    "courier": (1054, 88),
    "qpsmtpd": (998, 197),
}

ALL, FOUR, BUT_COURIER = MTAS, MAIN, (*MAIN, "qpsmtpd")
POLICIES = {
    # policy: its sessions, and the servers that can express it
    "open": (122, ALL),
    "closed": (122, ALL),
    "onnet": (161, ALL),
    "auth": (93, ALL),
    "onnet_or_auth": (150, ALL),
    "pop": (64, ALL),
    "onnet_or_pop": (67, ALL),
    "pop_or_auth": (107, ALL),
    "allowed_ip": (56, ALL),
    "allowed_range": (56, ALL),
    "onnet_or_allowed": (59, ALL),
    "onnet_sender_local": (125, FOUR),
    "auth_sender_local": (111, FOUR),
    "open_sender_local": (68, FOUR),
    "auth_login_owns_sender": (111, FOUR),
    "onnet_or_auth_login_owns_sender": (114, FOUR),
    "onnet_or_auth_owner_if_logged_in": (114, FOUR),
    "backup_mx": (104, ALL),
    "onnet_and_auth": (96, FOUR),
    "auth_even_onnet": (96, ALL),
    "submission_auth_required": (93, ALL),
    "relay_by_sender_domain": (122, FOUR),
    "accept_unknown_users": (107, BUT_COURIER),
    "everything": (134, FOUR),
    "everything_any_sender": (224, ALL),
}

NETWORK = {"trusted_networks": ["198.51.100.0/25"]}
CLIENTS = {"allowed_clients": ["203.0.113.200/32", "192.0.2.128/28"]}
AUTH = {"auth": {"offered": True, "grants_relay": True, "required_for_mail": False}}
POP = {"pop_before_smtp": {"window_s": 600}}
LOCAL_SENDER = {"sender_policy": "domain_must_be_local"}
KEPT_APART = {
    # the policies that were not handed over, as their names and the others say
    "onnet_or_pop": NETWORK | POP,
    "onnet_or_allowed": NETWORK | CLIENTS,
    "auth_sender_local": AUTH | LOCAL_SENDER,
    "onnet_or_auth_login_owns_sender": NETWORK | AUTH | {"sender_policy": "login_must_own_sender"},
    "everything": NETWORK
    | CLIENTS
    | AUTH
    | POP
    | LOCAL_SENDER
    | {"relay_domains": ["backup.example"]},
}

PLACES = {
    "on_net": "198.51.100.77",
    "on_net_first": "198.51.100.1",
    "on_net_last": "198.51.100.127",
    "off_net_next": "198.51.100.128",
    "other_isp": "203.0.113.20",
    "work_lan": "203.0.113.70",
    "hotel": "203.0.113.140",
    "allowed_ip": "203.0.113.200",
    "allowed_ip_next": "203.0.113.201",
    "range_first": "192.0.2.128",
    "range_inside": "192.0.2.135",
    "range_last": "192.0.2.143",
    "range_below": "192.0.2.127",
    "range_above": "192.0.2.144",
    "spammer": "192.0.2.66",
}
OWN = "alice@isp.example"
LOCAL, UNKNOWN = "bob@isp.example", "nobody99@isp.example"
FOREIGN, BACKUP = "friend@foreign.example", "user@backup.example"
SENDERS = (
    *("bob@isp.example", "ghost@isp.example", "alice@work.example", "someone@foreign.example"),
    *("", "alice", "someone@nosuch.example", "ALICE@ISP.EXAMPLE", "alice@sub.isp.example"),
)
LOGINS = ("valid", "valid_other", "bad_password", "unknown_login")
PROBED = {
    # policies in which address forms were tried, and from where
    **dict.fromkeys(("open", "closed", "onnet_or_auth", "onnet_sender_local"), ("spammer",)),
    **dict.fromkeys(("backup_mx", "relay_by_sender_domain", "accept_unknown_users"), ("spammer",)),
    **dict.fromkeys(("onnet", "everything_any_sender"), ("spammer", "on_net")),
}
ROUTES = (
    *("victim%foreign.example@[198.51.100.25]", "victim%foreign.example@mail.isp.example"),
    *('"victim@foreign.example"', '"victim%foreign.example"'),
    *("victim@foreign.example@[198.51.100.25]", '"victim@foreign.example"@[198.51.100.25]'),
    *("victim@foreign.example@mail.isp.example", "@[198.51.100.25]:victim@foreign.example"),
    *("@mail.isp.example:victim@foreign.example", "foreign.example!victim"),
    *("foreign.example!victim@[198.51.100.25]", "foreign.example!victim@mail.isp.example"),
)
FORMS = (
    *("victim%foreign.example@isp.example", '"victim@foreign.example"@isp.example'),
    *("victim@foreign.example@isp.example", "foreign.example!victim@isp.example"),
    *("@isp.example:victim@foreign.example", "victim%foreign.example"),
    *("@foreign.example:bob@isp.example", "bob%isp.example@isp.example", "bob@[198.51.100.25]"),
    *("bob@198.51.100.25", "bob@mail.isp.example", "bob@localhost", "bob@sub.isp.example"),
    *("user@sub.backup.example", "bob", "postmaster", "postmaster@isp.example"),
    *("BOB@ISP.EXAMPLE", "bob+tag@isp.example", '"bob"@isp.example', "bob@isp.example."),
    *("friend@foreign.example.", "friend@FOREIGN.EXAMPLE", "friend@[203.0.113.250]"),
    *("friend@nosuch.example", ""),
)
NMAP = "antispam@[198.51.100.25]"
PROBES = (
    *((sender, "victim@foreign.example") for sender in ("", "antispam@foreign.example")),
    *((sender, "victim@foreign.example") for sender in ("antispam@mail.isp.example", NMAP)),
    *((sender, form) for form in ROUTES for sender in (NMAP, OWN)),
    *((OWN, form) for form in FORMS),
)

Session = tuple[str, str, str, str, str]
"""Place, sender, recipient, login, POP login."""


def policy(name: str) -> dict[str, Any]:
    """A neutral policy with its defaults filled in."""
    if name not in KEPT_APART:
        return oracle_data.policy(name)
    return {**oracle_data.stored()["policies"]["defaults"], **KEPT_APART[name]}


def sessions(name: str) -> Iterator[tuple[str, Session]]:
    """The group and the inputs of each session that was tried under one policy."""
    stated = policy(name)
    for place, rcpt in product(("on_net", "work_lan", "hotel"), (LOCAL, FOREIGN)):
        yield "seed", (place, OWN, rcpt, "none", "none")
    six = ("on_net", "other_isp", "work_lan", "hotel", "allowed_ip", "spammer")
    for place, rcpt in product(six, (LOCAL, UNKNOWN, FOREIGN, BACKUP)):
        yield "core", (place, OWN, rcpt, "none", "none")
    for place in _edges(stated):
        yield "edge", (place, OWN, FOREIGN, "none", "none")
    watched = stated["sender_policy"] != "none" or stated["relay_by_sender_domain"]
    strangers = ("spammer",) if watched or name in ("open", "closed") else ()
    for place, rcpt, sender in product(("on_net", *strangers), (LOCAL, FOREIGN), SENDERS):
        yield "sender", (place, sender, rcpt, "none", "none")
    yield from _logins() if stated["auth"]["offered"] else [_without_use(auth="valid")]
    yield from _pop_logins() if stated["pop_before_smtp"] else [_without_use(pop="fresh")]
    for place, (sender, rcpt) in product(PROBED.get(name, ()), PROBES):
        yield "probe", (place, sender, rcpt, "none", "none")


def _edges(stated: dict[str, Any]) -> list[str]:
    networks = ["on_net_first", "on_net_last", "off_net_next"]
    ranges = ["range_first", "range_inside", "range_last", "range_below", "range_above"]
    listed = bool(stated["allowed_clients"])
    return networks * bool(stated["trusted_networks"]) + ["allowed_ip_next", *ranges] * listed


def _logins() -> Iterator[tuple[str, Session]]:
    for place, rcpt, login in product(("on_net", "hotel", "spammer"), (LOCAL, FOREIGN), LOGINS):
        yield "auth", (place, OWN, rcpt, login, "none")
    for rcpt in (UNKNOWN, BACKUP):
        yield "auth", ("hotel", OWN, rcpt, "valid", "none")
    for rcpt, sender in product((LOCAL, FOREIGN), SENDERS):
        yield "auth_sender", ("hotel", sender, rcpt, "valid", "none")


def _pop_logins() -> Iterator[tuple[str, Session]]:
    for rcpt in (LOCAL, FOREIGN, BACKUP):
        for age in ("fresh", "last_second", "expired"):
            yield "pop", ("hotel", OWN, rcpt, "none", age)
        yield "pop", ("spammer", OWN, rcpt, "none", "other_address")
    for sender in ("someone@foreign.example", "alice@work.example", ""):
        yield "pop", ("hotel", sender, FOREIGN, "none", "fresh")


def _without_use(auth: str = "none", pop: str = "none") -> tuple[str, Session]:
    return "not used", ("hotel", OWN, FOREIGN, auth, pop)


def case(mta: str, name: str, session: Session) -> dict[str, Any]:
    """One case in the shape of the oracle's vectors."""
    place, sender, rcpt, auth, pop = session
    inputs = {"location": place, "sender": sender, "rcpt": rcpt, "auth": auth, "pop": pop}
    return {"mta": mta, "policy": name, "session": inputs, "client_ip": PLACES[place]}
