"""Restrictions: the words of a policy, each a row of one table.

A policy is ordered lists of them, and the first with an opinion decides its list: a permit
ends that list, a refusal ends everything, and a list that nothing decides permits. A name that
Postfix publishes means here what it means there. To add one, decorate its function.
"""

from sim.smtp.arguments import Parameter, PolicyError, Rate
from sim.smtp.clients import Range
from sim.smtp.opinions import DISCARD, PERMIT, Deferral, Opinion, Permit, Refusal
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
from sim.smtp.restrictions.entry import ALIASES, STAGES, TABLE, Entry, Restriction, unknown
from sim.smtp.restrictions.parsing import check_order, listed, names, parse

__all__ = [
    "ALIASES",
    "DISCARD",
    "PERMIT",
    "STAGES",
    "TABLE",
    "Deferral",
    "Entry",
    "Opinion",
    "Parameter",
    "Permit",
    "PolicyError",
    "Range",
    "Rate",
    "Refusal",
    "Restriction",
    "check_order",
    "listed",
    "names",
    "parse",
    "unknown",
]
