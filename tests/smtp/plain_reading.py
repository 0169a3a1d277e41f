"""What an oracle's policy says, read plainly: no server's habits, and nothing of `sim`.

A second opinion on `oracle_replay.verdict` for every policy in that vocabulary, combined as
they may be, and for the plain forms of addresses.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

LOGINS = {"valid": "alice", "valid_other": "bob"}


def verdict(policy: dict[str, Any], case: dict[str, Any]) -> str:
    """The verdict that the words of *policy* ask for."""
    session = case["session"]
    login = LOGINS.get(session["auth"]) if policy["auth"]["offered"] else None
    if (session["auth"] != "none" or policy["auth"]["required_for_mail"]) and login is None:
        return "reject_auth"
    sender = session["sender"].lower()
    if sender and not sender_allowed(policy, sender, login):
        return "reject_sender"
    recipient = session["rcpt"].lower()
    if domain(recipient) in policy["local_domains"]:
        known = recipient in policy["mailboxes"] or not policy["reject_unknown_local_recipient"]
        return "accept_local" if known else "reject_unknown_user"
    may = may_relay(policy, case, login) or domain(recipient) in policy["relay_domains"]
    return "accept_relay" if may else "reject_relay"


def sender_allowed(policy: dict[str, Any], sender: str, login: str | None) -> bool:
    """Whether the rule on senders lets one pass."""
    rule, owns = policy["sender_policy"], policy["login_owns"]
    if rule == "domain_must_be_local":
        return domain(sender) in policy["local_domains"]
    if rule.startswith("login_must_own_sender") and login is not None:
        return sender in owns.get(login, ())
    return rule != "login_must_own_sender" or not any(sender in owned for owned in owns.values())


def may_relay(policy: dict[str, Any], case: dict[str, Any], login: str | None) -> bool:
    """Whether this client may send anywhere."""
    client, session = ip_address(case["client_ip"]), case["session"]
    network = any(client in ip_network(one) for one in policy["trusted_networks"])
    listed = any(client in ip_network(one) for one in policy["allowed_clients"])
    auth = login is not None and policy["auth"]["grants_relay"]
    pop = bool(policy["pop_before_smtp"]) and session["pop"] in ("fresh", "last_second")
    ways = {"any": network or listed or auth or pop, "all": network and auth, "auth": auth}
    forgeable = policy["relay_by_sender_domain"] and domain(session["sender"].lower())
    return (
        policy["open_relay"]
        or ways[policy["relay_requires"]]
        or forgeable in policy["local_domains"]
    )


def domain(address: str) -> str:
    """What follows the last @; "" without one."""
    return address.rpartition("@")[2] if "@" in address else ""
