"""The scenario that `mailsim new` writes: small, commented, and ready to run."""

STARTING = """\
# One ISP closes its relay to strangers. What does it cost a customer who travels, and what
# does it take from a spammer? Change a line, run again, compare.
# `mailsim check FILE` names every mistake; `mailsim check --resolved FILE` prints every default.

title         = "A first scenario"
year          = 1999                 # the year it is meant to be
seed          = 1                    # the same seed gives the same people and messages
run_length    = "14 days"
policy_starts = "3 days"             # until then the servers' own policies hold
transient     = "3 days"             # while people and spammers learn; reported apart
replications  = 5
baseline          = "open trust"         # the arm that the others are compared with

# Networks. A domain gives a network two servers: proseware-smtp, which its customers name in
# their mail program, and proseware-mx, which takes mail for the domain from anyone.
[networks.core]
kind = "transit"

[networks.proseware]
kind     = "isp"
domain   = "proseware.com"
prefixes = ["198.51.100.0/25"]
links    = { core = "12 ms" }
lease    = "30 min"                  # a dial-up session, then the address is another's

[networks.adatum]
kind     = "isp"
domain   = "adatum.com"
prefixes = ["198.51.100.128/25"]
links    = { core = "15 ms" }
lease    = "30 min"

[networks.phone]
kind     = "work"
domain   = "thephone-company.com"
prefixes = ["192.0.2.0/25"]
links    = { core = "8 ms" }

[networks.hotel]
kind     = "venue"
domain   = "hotel.example"
prefixes = ["192.0.2.128/28"]
links    = { core = "30 ms" }
shared_address = true                # every guest stands behind one address

# What every submission server has; a table [servers.proseware-smtp] may say otherwise.
[defaults.submission]
relay    = "open"                    # open, closed, on_network, auth, pop_first, address_range;
sessions = 4                         # any but the first two may be joined by +

# People: how many, whose customers, where they write from (shares that sum to 1).
[users.home-bodies]
count    = 80
accounts = { proseware = 0.5, adatum = 0.5 }

[users.travellers]
count        = 40
accounts     = { proseware = 0.6, adatum = 0.4 }
work         = "phone"
places       = { home = 0.6, hotel = 0.4 }
office_hours = { home = 0.2, work = 0.5, hotel = 0.3 }
stay         = "2 days"
when_refused = { wait = 0.3, switch_server = 0.2, ask_isp = 0.2, dial_in = 0.1, give_up = 0.2 }

# Spammers: routes in order of preference, recipients that each route can reach.
[spammers.bulk]
network  = "adatum"
routes   = ["open_relay", "direct"]
capacity = { open_relay = "300 / day", direct = "60 / day" }

# Arms: what changes at policy_starts. A name may hold * or {one,other}.
[arms."open trust"]
[arms."on network"]
"servers.*.relay" = "on_network"
[arms."on network + AUTH"]
"servers.*.relay" = "on_network+auth"
[arms."only proseware closes"]
"servers.proseware-*.relay" = "on_network"

# What must come out; the check compares it with what the servers answer.
[[expect]]
arm     = "on network"
user    = "travellers"
place   = "hotel"
to      = "bob@adatum.com"
verdict = "reject_relay"
"""


def new() -> str:
    """Return the text of a commented starting scenario."""
    return STARTING
