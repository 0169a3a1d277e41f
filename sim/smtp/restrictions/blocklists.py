"""Restrictions that ask lists in the DNS: of addresses (RFC 5782) and of domains."""

from __future__ import annotations

import re
from functools import lru_cache

from sim.smtp import clients, rfc822
from sim.smtp.names import OK, RETRY, UNKNOWN
from sim.smtp.opinions import PERMIT, Deferral, Opinion, Refusal
from sim.smtp.replies import CLASSES, Reply
from sim.smtp.restrictions.entry import BLOCKLIST, restriction, row
from sim.smtp.restrictions.subjects import SUBJECTS, Subject
from sim.smtp.statuses import status_for
from sim.smtp.transaction import Transaction


def _says_listed(t: Transaction, blocklist: str) -> str:
    lists = ", ".join(t.facts.listed) or "no list"
    return f"client {t.client_text()} is on {lists}; asked for {blocklist}"


@lru_cache(maxsize=256)
def _answer_pattern(text: str) -> tuple[frozenset[int], ...]:
    """The octets that a filter such as ``127.0.0.[2..4;9]`` lets through."""
    pattern = []
    fields = re.findall(r"\[[^\]]*\]|\d+", text)
    for field in fields:
        octets: set[int] = set()
        for part in field.strip("[]").split(";"):
            low, _, high = part.partition("..")
            if low.isdigit() and (high.isdigit() or not high):
                octets.update(range(int(low), int(high or low) + 1))
        pattern.append(frozenset(octets))
    return tuple(pattern)


def _answered(t: Transaction, blocklist: str, key: str, labels: str) -> str:
    """Whether *blocklist* lists *key*: OK, RETRY or ""."""
    zone, _, filter_text = blocklist.partition("=")
    if t.facts.names is None:
        return ""
    status, answers = t.facts.names.listing(zone.lower(), key.lower(), labels)
    if status == RETRY:
        return RETRY
    if not filter_text or status != OK:
        return OK if status == OK else ""
    pattern = _answer_pattern(filter_text)
    fits = (
        len(pattern) == 4 and all(int(o) in p for o, p in zip(a.split("."), pattern, strict=True))
        for a in answers
    )
    return OK if any(fits) else ""


def _client_status(t: Transaction, blocklist: str) -> str:
    if blocklist.partition("=")[0] in t.facts.listed:
        return OK
    return _answered(t, blocklist, t.client_text(), clients.octets(t.facts.client))


def _domain_status(t: Transaction, blocklist: str, name: str) -> str:
    domain = name.rpartition("@")[2].lower()
    if not domain or domain[0] == "[" or domain.rpartition(".")[2].isdigit():
        return ""
    if not rfc822.valid_hostname(domain):
        return ""
    return _answered(t, blocklist, domain, domain)


_EXPANSION = r"\$(?:(\w+)|\{(\w+)(?:([?:])((?:[^{}]|\{[^{}]*\})*))?\})"


def _refusal(t: Transaction, blocklist: str, name: str, labels: str, subject: str) -> Refusal:
    """The refusal for a listing, in the words of the settings for such servers as have them."""
    zone = blocklist.partition("=")[0]
    if not t.site.style.tokens or t.facts.names is None:
        return Refusal("blocklisted", zone)
    settings = t.site.settings
    reason = t.facts.names.blocklist_texts.get(f"{labels}.{zone}", "")
    values = {
        "rbl_code": str(settings.maps_rbl_reject_code),
        "rbl_domain": zone,
        "rbl_what": name,
        "rbl_class": CLASSES[subject][1],
        "rbl_reason": reason,
        "rbl_txt": reason,
        "client": f"{t.client_names.name}[{t.client_text()}]",
        "client_address": t.client_text(),
        "client_name": t.client_names.name,
        "helo_name": t.facts.helo or "",
        "sender": t.sender.original if t.sender is not None else "",
        "recipient": t.recipient.original if t.recipient is not None else "",
    }
    maps = t.site.maps(settings.rbl_reply_maps)
    template = maps.find(blocklist) or settings.default_rbl_reply
    return Refusal("blocklisted", zone, _reply(_expanded(template, values), subject))


def _expanded(template: str, values: dict[str, str]) -> str:
    def put(match: re.Match[str]) -> str:
        value = values.get(match[1] or match[2], "")
        if match[3] == "?":
            return _expanded(match[4].strip("{}"), values) if value else ""
        if match[3] == ":":
            return value or _expanded(match[4].strip("{}"), values)
        return value

    return re.sub(_EXPANSION, put, template)


def _reply(text: str, subject: str) -> Reply:
    match = re.fullmatch(r"([45]\d\d) (?:([45]\.\d+\.\d+) )?(.*)", text, re.DOTALL)
    if match is None:
        return Reply(450, "4.7.1", "Service unavailable")
    status = match[2] or f"{match[1][0]}.7.1"
    words = match[3].replace("{", "{lbrace}") or "Service unavailable"
    return Reply(int(match[1]), status_for(status, subject), words)


_CLIENT = ("listed", "client", "names")


@restriction(aliases=("reject_rbl",), compared=_says_listed, reads=_CLIENT, parameters=BLOCKLIST)
def reject_rbl_client(t: Transaction, blocklist: str) -> Opinion:
    """Refuse a client that the named blocklist lists, with one of the answers after = if any."""
    if _client_status(t, blocklist) != OK:
        return None
    labels = clients.octets(t.facts.client)
    return _refusal(t, blocklist, t.client_text(), labels, "client")


@restriction(compared=_says_listed, reads=(*_CLIENT, "forward_path"), parameters=BLOCKLIST)
def permit_dnswl_client(t: Transaction, blocklist: str) -> Opinion:
    """Permit a client that the named list of good senders lists; never for relaying."""
    return _welcome(t, _client_status(t, blocklist), t.client_text())


def _welcome(t: Transaction, status: str, name: str) -> Opinion:
    relaying = t.recipient is not None and not t.destination_is_ours()
    if t.command == "RCPT" and relaying:
        return None
    if status == RETRY:
        words = f"<{name}>: Client host rejected: Service unavailable"
        return Deferral("reject", Refusal("deferred", "client", Reply(450, "4.7.1", words)))
    return PERMIT if status == OK else None


@restriction(reads=(*_CLIENT, "client_name", "forward_path"), parameters=BLOCKLIST)
def permit_rhswl_client(t: Transaction, blocklist: str) -> Opinion:
    """Permit a client whose verified name the named list of good domains lists."""
    name = t.client_names.name
    return None if name == UNKNOWN else _welcome(t, _domain_status(t, blocklist, name), name)


def _by_name(subject_name: str, subject: Subject) -> None:
    """Add the restriction that asks a list of domains for one of the names."""

    def judge(t: Transaction, blocklist: str) -> Opinion:
        name = subject.name(t)
        if not name or name == UNKNOWN or _domain_status(t, blocklist, name) != OK:
            return None
        return _refusal(t, blocklist, name, name.rpartition("@")[2].lower(), subject_name)

    row(
        f"reject_rhsbl_{subject_name}",
        f"Refuse where the named list of domains has {subject.words}.",
        judge,
        compared=lambda t, blocklist: f"{subject.name(t)} looked up in {blocklist}",
        reads=subject.reads,
        parameters=BLOCKLIST,
    )


for _subject_name, _subject in SUBJECTS.items():
    _by_name(_subject_name, _subject)
