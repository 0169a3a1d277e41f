"""The policy core: how one mail server answers, and why. Pure; standard library only.

From the words of a policy to the bytes of a session, each module uses those above it:

    units, arguments    quantities and arguments as people write them
    addresses           how the text between < and > is read
    facts               what a server knows when it must answer
    restrictions        the table of the words of a policy; presets stand on it
    replies, wordings   what can be said; what each make of server says, word for word
    flavours            how makes of server differ, one row each
    policy              what one server has: lists of restrictions, and what it calls its own
    transaction         the questions that restrictions ask
    verdicts, decision  `decide`, its answer and its trace, and a memory for it
    framing, session    one SMTP session: bytes in, replies out
"""

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
