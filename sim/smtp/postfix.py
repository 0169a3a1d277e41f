"""A policy from the parameters of a Postfix main.cf, as the server itself reads them.

Reading files, names in values and defaults by level are somebody else's: *parameters* are
expanded, *tables* are rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from sim.smtp import clients
from sim.smtp.lint import REQUIRED as REQUIRED
from sim.smtp.lint import closes_relaying
from sim.smtp.matching import Domains, Networks, lookup_table
from sim.smtp.policy import Policy
from sim.smtp.restrictions import listed
from sim.smtp.settings import Settings
from sim.smtp.tables import Table, Unreadable

LISTS = {
    "client": "smtpd_client_restrictions",
    "helo": "smtpd_helo_restrictions",
    "sender": "smtpd_sender_restrictions",
    "relay": "smtpd_relay_restrictions",
    "recipient": "smtpd_recipient_restrictions",
    "data": "smtpd_data_restrictions",
    "end_of_data": "smtpd_end_of_data_restrictions",
}
"""The parameters that hold the lists."""
DEFAULTS = {
    "smtpd_relay_restrictions": (
        "permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination"
    ),
    "smtpd_reject_unlisted_recipient": "yes",
    "local_recipient_maps": "proxy:unix:passwd.byname $alias_maps",
    "smtpd_sender_login_maps": "",
    "relay_clientcerts": "",
}
"""What Postfix has where a plain policy of ours has nothing."""


class Served(Policy):
    """The policy of one port of a Postfix server, with what it says of its configuration."""

    @cached_property
    def serves(self) -> bool:
        """Whether a list closes relaying; without one smtpd refuses to run."""
        return closes_relaying(self)

    @property
    def fatal(self) -> str:
        """Why smtpd ends with an error for every client; "" if it does not."""
        if self.serves:
            return ""
        return (
            "in parameter smtpd_relay_restrictions or smtpd_recipient_restrictions, specify at "
            f"least one working instance of: {', '.join(sorted(REQUIRED))}"
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """Words that are ignored or unknown, and tables that cannot be read."""
        return tuple(_warnings(self))


def policy(
    parameters: Mapping[str, str],
    tables: Mapping[str, Table | str],
    *,
    addresses: tuple[str, ...] = (),
    services: Mapping[str, Sequence[Sequence[Any]]] | None = None,
) -> Served:
    """The policy of one port; raises PolicyError for a value of the wrong type.

    *addresses* are those of the machine. *services* maps a policy service to rows of
    attributes and an action.
    """
    values = {**DEFAULTS, **parameters}
    settings = Settings.of(values)
    names = re.findall(r"[^\s,]+", values.get("smtpd_restriction_classes", ""))
    classes = {name: values.get(name, "") for name in names}
    lists: dict[str, Any] = {
        stage: listed(values.get(parameter, ""), stage, frozenset(classes))
        for stage, parameter in LISTS.items()
    }
    own, *further = (*map(clients.number, addresses), 0)
    return Served(
        hostname=values["myhostname"],
        address=own,
        other_addresses=tuple(filter(None, further)),
        domains=Domains.of(values.get("mydestination", ""), tables, string=True),
        relay_domains=Domains.of(
            values.get("relay_domains", ""), tables, parents=settings.parents_match("relay_domains")
        ),
        networks=Networks.parse(
            values.get("mynetworks", ""), tables, parents=settings.parents_match("mynetworks")
        ),
        auth_offered=values.get("smtpd_sasl_auth_enable", "no").lower() == "yes",
        flavour="postfix",
        settings=settings,
        tables=tables,
        classes=classes,
        services={
            name: tuple((attributes, action) for attributes, action in rows)
            for name, rows in (services or {}).items()
        },
        ordered=False,
        **lists,
    )


def _warnings(policy: Policy) -> Iterator[str]:
    for parameter, stage in ((p, s) for s, p in LISTS.items()):
        restrictions = getattr(policy, stage)
        for place, restriction in enumerate(restrictions):
            if restriction.entry.final and place + 1 < len(restrictions):
                yield f"{parameter}: {restrictions[place + 1]} after {restriction} is ignored"
                break
    for restriction in dict.fromkeys(policy.restrictions()):
        if restriction.name == "misconfigured":
            yield f"unknown smtpd restriction: {restriction.args[0]}"
        elif restriction.entry.parameters[:1] and restriction.entry.parameters[0].kind == "table":
            table = lookup_table(restriction.args[0], policy.tables)
            if isinstance(table, Unreadable):
                yield f"{restriction}: {table.content}"
