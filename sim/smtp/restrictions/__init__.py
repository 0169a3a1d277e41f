"""Restrictions: the words of a policy, each a row of one table.

A policy is ordered lists of them, and the first with an opinion decides its list: a permit
ends that list, a refusal ends everything, and a list that nothing decides permits. A name that
Postfix publishes means here what it means there. To add one, decorate its function.
"""

from sim.smtp.arguments import PolicyError
from sim.smtp.clients import Range
from sim.smtp.opinions import Refusal
from sim.smtp.restrictions import (  # noqa: F401  (each adds its rows)
    access,
    blocklists,
    clients,
    content,
    general,
    helo,
    limits,
    recipients,
    senders,
)
from sim.smtp.restrictions.entry import ALIASES, STAGES, TABLE, Restriction
from sim.smtp.restrictions.parsing import check_order, listed, names, parse

__all__ = [
    "ALIASES",
    "STAGES",
    "TABLE",
    "PolicyError",
    "Range",
    "Refusal",
    "Restriction",
    "check_order",
    "listed",
    "names",
    "parse",
]
