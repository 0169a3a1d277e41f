"""The policy core: how one mail server answers, and why. Pure; standard library only."""

from sim.smtp import addresses, presets, replies, restrictions
from sim.smtp.decision import Memo, decide, decide_at
from sim.smtp.facts import Facts
from sim.smtp.flavours import FLAVOURS
from sim.smtp.policy import Policy
from sim.smtp.replies import Reply
from sim.smtp.restrictions import PolicyError, Restriction
from sim.smtp.verdicts import Step, Verdict

__all__ = [
    "FLAVOURS",
    "Facts",
    "Memo",
    "Policy",
    "PolicyError",
    "Reply",
    "Restriction",
    "Step",
    "Verdict",
    "addresses",
    "decide",
    "decide_at",
    "presets",
    "replies",
    "restrictions",
]
