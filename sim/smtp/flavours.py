"""How makes of mail server differ: one row of named properties for each.

A flavour changes how an address is read, what is judged at which command, and in which words
it is answered; what a policy means is the same for all. The ``neutral`` row follows the
standards and nothing else, and is what a policy has unless it names another: to understand it,
skip the rest of this module. The other rows were measured, on the servers named in `MEASURED`;
qmail's is from its documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from sim.smtp.addresses import STANDARD, Reading


class Limit(NamedTuple):
    """How often a client may do one thing in a session, and what it hears then."""

    kind: str
    """``fault``: any; ``unknown`` commands; ``protocol``: all other faults; ``idle``: commands
    that move no mail."""
    most: int
    """The one that ends the session."""
    says: str = "too_many_errors"
    way: str = "after"
    """Where that is said: ``after`` the reply, ``in`` it as its last line, ``instead`` of it."""


class Flavour(NamedTuple):
    """The properties in which mail servers were seen to differ; the defaults are neutral."""

    name: str
    reading: Reading = STANDARD
    """How it reads address forms."""
    at_mail: tuple[str, ...] = ("client", "helo", "sender_syntax", "sender")
    """The checks answered at MAIL, in order; ``sender`` is the whole list, of which
    ``sender_login`` are the rules about logins and ``sender_domain`` are the others."""
    at_rcpt: tuple[str, ...] = ("recipient_syntax", "relay", "recipient")
    """The checks answered at RCPT, in order; the lists for DATA and its end follow."""
    local_names: tuple[str, ...] = ()
    """Further names that it takes for its own."""
    own_literal: bool = True
    """``user@[its own address]`` is its own."""
    sender_names: tuple[str, ...] = ("domains", "host")
    """What a local sender may be in: the ``domains``, their ``subdomains``, its ``host`` name,
    its further ``names``, its own address ``literal``."""
    sender_grant_verified: bool = False
    """A local sender opens relaying only to domains that resolve."""
    relay_subdomains: bool = False
    """Subdomains of a relay domain are relay domains too."""
    routed_relay: bool = True
    """A route in the local part (``a%b@backup``) does not matter for a relay domain; False:
    only clients that may relay can use one."""
    mailboxes: str = "always"
    """Whose recipients are looked up: ``always``; those of ``strangers``, clients that may not
    relay and have no login; ``never``."""
    mailbox_case: bool = False
    """Local parts are compared with regard to case, as RFC 5321 section 2.4 allows."""
    plus_tag: bool = False
    """``user+tag`` is delivered to ``user`` (RFC 5233)."""
    tokens: bool = False
    """Addresses are read and resolved token by token (`sim.smtp.rfc822`), not by *reading*."""
    settled_by_settings: bool = False
    """What is judged when is a matter of settings, not of *at_mail* and *at_rcpt*; limits are
    judged at their own commands; an owner's rule is ignored where AUTH is not offered."""
    spares_own_networks: bool = False
    """Limits of rates and connections do not hold for its own networks."""
    session: str = "standard"
    """How its sessions go: to the letter of the standards, or ``lenient``."""
    keywords: tuple[str, ...] = (
        *("PIPELINING", "SIZE {size}", "8BITMIME", "ENHANCEDSTATUSCODES", "CHUNKING", "STARTTLS"),
        *("AUTH PLAIN LOGIN", "HELP"),
    )
    """What EHLO offers, in order; AUTH and STARTTLS only where there are these."""
    helo_demanded: bool = True
    """It takes no mail before HELO or EHLO."""
    greets_once: bool = False
    """It takes no second HELO or EHLO."""
    auth_over_tls: bool = False
    """It offers AUTH only in a session that TLS protects, where TLS is to be had (RFC 8314)."""
    limits: tuple[Limit, ...] = (Limit("fault", 20),)
    """When a client is sent away (postfix.errors.hard_limit)."""
    newline: str = "refused"
    """A CR or LF by itself is ``refused``, a line with it, too; an LF ends a ``line``, but only
    CR LF . CR LF a message; an LF and a dot end a ``message``, too; an LF ends a command, and in a
    message the session, which it ``closes``."""
    path: str = "strict"
    """What may stand for a path: a key of `sim.smtp.paths.FORMS`."""
    command_limit: int = 512
    """Octets of a command line (RFC 5321 section 4.5.3.1.4), which extensions raise."""
    text_limit: int = 1000
    """Octets of a line of a message (section 4.5.3.1.6)."""
    most_recipients: int = 100
    """Recipients of a message (section 4.5.3.1.8)."""
    any_value: tuple[str, ...] = ()
    """Parameters whose value it does not look at."""
    takes_arguments: tuple[str, ...] = ("NOOP", "HELP")
    """Commands without an argument that may have one all the same."""
    cidr_edges: bool = True
    """The first and last address of a network belong to it."""
    null_sender_owned: bool = False
    """A login must own the null reverse-path too, which no login does."""
    expressed: Mapping[str, str] = MappingProxyType({})
    """Restrictions that it can only express as another one."""
    implicit: tuple[str, ...] = ()
    """Restrictions on the sender that it applies as shipped, after those of the policy."""
    situations: Mapping[str, str] = MappingProxyType({})
    """Situations that it answers as another one."""
    wording: str = ""
    """The row of `wordings.WORDINGS` it answers from; "": that of its own name."""


LONG_TEXT, MANY = 1 << 16, 1000
"""Octets of a line of text, and recipients, for makes that take more than RFC 5321 demands (chosen:
they take more still)."""

NEUTRAL = Flavour("neutral")

POSTFIX = Flavour(
    "postfix",
    tokens=True,  # trivial-rewrite resolves every form before smtpd decides
    settled_by_settings=True,  # smtpd_delay_reject, smtpd_relay_before_recipient_restrictions
    session="lenient",
    spares_own_networks=True,  # smtpd_client_event_limit_exceptions
    local_names=("localhost",),  # mydestination
    sender_names=("domains", "subdomains"),  # parent_domain_matches_subdomains
    relay_subdomains=True,  # parent_domain_matches_subdomains has relay_domains
    routed_relay=False,  # allow_untrusted_routing = no
    plus_tag=True,  # recipient_delimiter = +
)

EXIM = Flavour(
    "exim",  # with Debian's ACLs
    reading=Reading(
        quoted="opaque",
        literal="refused",  # allow_domain_literals off
        sender_literal=False,
        loose_dots=True,  # its parser is lenient; a leading dot falls to the ACL
        limit=255,
        comments=True,
        restricted_here=r"^[.]|[@%!/|`#&?]",  # CHECK_RCPT_LOCAL_LOCALPARTS
        restricted_elsewhere=r"^[./|]|[@%!`#&?]|/\.\./",  # CHECK_RCPT_REMOTE_LOCALPARTS
    ),
    at_mail=("sender_syntax", "client", "helo", "sender"),
    local_names=("localhost",),
    sender_names=("domains", "host", "names"),
    sender_grant_verified=True,  # the rule for it verifies the recipient
    keywords=(
        "SIZE {size}",
        "8BITMIME",
        "PIPELINING",
        "AUTH PLAIN LOGIN",
        "CHUNKING",
        "STARTTLS",
        "HELP",
    ),
    limits=(
        Limit("unknown", 4, "too_many_unknown", "instead"),  # smtp_max_unknown_commands = 3
        Limit("protocol", 4, way="in"),  # smtp_max_synprot_errors = 3
        Limit("idle", 11, "too_many_idle", "instead"),  # smtp_accept_max_nonmail = 10
    ),
    newline="line",
    path="named",
    command_limit=16384,
    text_limit=LONG_TEXT,
    most_recipients=MANY,
    any_value=("SIZE", "RET"),
    mailboxes="strangers",  # the ACL accepts relay clients before it verifies the recipient
)

SENDMAIL = Flavour(
    "sendmail",
    reading=Reading(
        quoted="resolved",
        percent=True,
        bang=True,
        missing_domain="host",
        trailing_dot=True,
        loose_dots=True,
        comments=True,
        blanks=True,
        underscores=True,
        limit=255,
    ),
    local_names=("localhost",),
    sender_names=("domains", "host", "names", "literal"),  # class w
    relay_subdomains=True,  # access map, To:
    routed_relay=False,  # "if we relay, check username portion for user%host"
    plus_tag=True,
    implicit=("reject_unknown_sender_domain",),  # accept_unresolvable_domains not set
    keywords=(
        *("ENHANCEDSTATUSCODES", "PIPELINING", "EXPN", "VERB", "8BITMIME", "SIZE", "DSN"),
        *("ETRN", "AUTH LOGIN PLAIN", "STARTTLS", "DELIVERBY", "HELP"),
    ),
    helo_demanded=False,  # PrivacyOptions without needmailhelo
    limits=(Limit("unknown", 26, way="instead"),),  # MAXBADCOMMANDS
    newline="closes",
    path="bare",
    command_limit=2048,
    text_limit=LONG_TEXT,
    most_recipients=MANY,
    any_value=("SIZE",),
    takes_arguments=("NOOP", "HELP", "QUIT", "RSET", "DATA"),
)

OPENSMTPD = Flavour(
    "opensmtpd",
    reading=Reading(
        quoted="refused",
        missing_domain="host",
        missing_sender_domain="host",
        underscores=True,
        limit=255,
    ),
    # AUTH and `senders` are judged at MAIL; a rule on the sender is part of the ruleset
    # that is walked at RCPT.
    at_mail=("client", "helo", "sender_syntax", "sender_login"),
    at_rcpt=("recipient_syntax", "sender_domain", "relay", "recipient"),
    own_literal=False,
    sender_names=("domains",),
    plus_tag=True,
    null_sender_owned=True,
    keywords=(
        *("8BITMIME", "ENHANCEDSTATUSCODES", "SIZE {size}", "DSN", "STARTTLS"),
        *("AUTH PLAIN LOGIN", "HELP"),
    ),
    greets_once=True,
    auth_over_tls=True,
    limits=(),
    newline="message",
    path="bracketed",
    command_limit=2048,
    text_limit=LONG_TEXT,
    most_recipients=MANY,
    any_value=("SIZE", "RET", "NOTIFY"),
    takes_arguments=(),
    expressed={"reject_sender_login_mismatch": "reject_authenticated_sender_login_mismatch"},
)

COURIER = Flavour(
    "courier",
    reading=Reading(
        source_route=False,
        quoted="opaque",
        doubled_at="percent",
        bare_postmaster=False,
        trailing_dot=True,
        literal="own",
        sender_literal=False,
        dotless_domain=False,
        limit=255,
    ),
    mailbox_case=True,
    implicit=("reject_unknown_sender_domain",),  # BOFHCHECKDNS=1 as shipped
    keywords=(
        *("AUTH PLAIN LOGIN", "STARTTLS", "PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE"),
        "DSN",
    ),
)

QPSMTPD = Flavour(
    "qpsmtpd",
    reading=Reading(quoted="opaque", doubled_at="opaque", limit=255),
    at_mail=("sender_syntax", "sender"),
    at_rcpt=("recipient_syntax", "client", "helo", "relay", "recipient"),
    local_names=("localhost",),
    own_literal=False,
    mailboxes="never",
    keywords=("PIPELINING", "8BITMIME", "STARTTLS", "AUTH PLAIN LOGIN"),
    greets_once=True,
    cidr_edges=False,  # the relay plugin compares "greater than first", "less than last"
    situations={"auth_required": "relay_only"},  # "relay only" speaks of relaying
)

QMAIL = Flavour(
    "qmail",  # not measured: from the documentation of qmail-smtpd 1.03
    reading=Reading(
        quoted="opaque",
        doubled_at="opaque",
        missing_domain="host",
        missing_sender_domain="host",
        loose_dots=True,
        limit=900,
    ),
    at_mail=("sender_syntax",),
    at_rcpt=("recipient_syntax", "client", "helo", "sender", "relay", "recipient"),
    keywords=("PIPELINING", "8BITMIME", "AUTH LOGIN PLAIN"),
    helo_demanded=False,  # qmail-smtpd.c: smtp_mail asks for none
    mailboxes="never",  # qmail-smtpd never looks at mailboxes: accepted, then bounced
)

FLAVOURS: dict[str, Flavour] = {
    flavour.name: flavour
    for flavour in (NEUTRAL, POSTFIX, EXIM, SENDMAIL, OPENSMTPD, COURIER, QPSMTPD, QMAIL)
}
"""Every flavour by its name."""

MEASURED = {
    "postfix": "Postfix 3.7.11",
    "exim": "Exim 4.96, Debian's configuration",
    "sendmail": "Sendmail 8.17.1.9, a configuration of its own without Debian's extras",
    "opensmtpd": "OpenSMTPD 7.6.0",
    "courier": "Courier 1.0.16",
    "qpsmtpd": "qpsmtpd 0.94",
}
"""The versions whose answers the rows reproduce."""
