"""The policy core: how one mail server answers, and why. Pure; standard library only.

From the words of a policy to the bytes of a session, each module uses those above it:

    units, arguments    quantities and arguments as people write them
    clients, names      client addresses as numbers; what a name server knows
    tables, matching    look-up tables, and lists of domains and networks
    addresses, rfc822   how the text between < and > is read: by the standard, and by Postfix
    facts               what a server knows when it must answer
    replies, wordings   what can be said; what each make of server says, word for word
    flavours, settings  how makes of server differ; switches, limits and codes of one
    site                what a server calls its own, who is there
    transaction         the questions that restrictions ask
    restrictions        the table of the words of a policy; presets stand on it
    policy              lists of restrictions on top of a site
    verdicts, decision  `decide`, its answer and its trace, and a memory for it
    routing, forwarding where a message that was taken goes; aliases, and senders rewritten (srs)
    framing, session    one SMTP session: bytes in, replies out
"""

from sim.smtp import addresses, presets, replies, restrictions
from sim.smtp.decision import Memo, decide, decide_at
from sim.smtp.facts import Facts
from sim.smtp.flavours import FLAVOURS
from sim.smtp.names import Names
from sim.smtp.policy import Policy
from sim.smtp.replies import Reply
from sim.smtp.restrictions import PolicyError, Restriction
from sim.smtp.session import Session
from sim.smtp.settings import Settings
from sim.smtp.smtpd import PostfixSession
from sim.smtp.standard import StandardSession
from sim.smtp.verdicts import Step, Verdict

__all__ = [
    "FLAVOURS",
    "Facts",
    "Memo",
    "Names",
    "Policy",
    "PolicyError",
    "PostfixSession",
    "Reply",
    "Restriction",
    "Session",
    "Settings",
    "StandardSession",
    "Step",
    "Verdict",
    "addresses",
    "decide",
    "decide_at",
    "presets",
    "replies",
    "restrictions",
]
