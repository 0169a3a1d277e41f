"""The scenario that ``mailsim new`` writes: small, commented, and ready to run."""

TEXT = """\
# A starting scenario: change one line, run it again, and see the effect.
#
#   mailsim check THIS-FILE              every fault, with the nearest valid name
#   mailsim check THIS-FILE --resolved   with every default filled in
#   mailsim matrix THIS-FILE             who is refused, exactly
#   mailsim run THIS-FILE                the table, the figures, all rows
#   mailsim schema                       every key, for editors
#
# Quantities carry their unit ("30 min", "200 / day"); shares lie between 0 and 1.

title         = "My scenario"
year          = 1999
seed          = 1                 # the same file and seed give the same rows
run_length    = "10 days"
policy_starts = "2 days"          # until then, the servers' own policies: open trust
transient     = "2 days"          # people and spammers learn; reported apart
replications  = 5                 # the intervals come from these
base          = "open trust"      # the arm that the others are compared with

# ---- Networks. A `domain` gives a network two servers: NAME-smtp (submission) and NAME-mx.
# Dial-up customers hold an address for a `lease`; guests of a hotel share one address.
[networks.core]
kind     = "transit"
[networks.proseware]
kind     = "isp"
domain   = "proseware.com"
prefixes = ["198.51.100.0/25"]
links    = { core = "12 ms" }
lease    = "30 min"
[networks.adatum]
kind     = "isp"
domain   = "adatum.com"
prefixes = ["198.51.100.128/25"]
links    = { core = "15 ms" }
lease    = "30 min"
[networks.phone]
kind     = "work"
domain   = "thephone-company.com"
prefixes = ["192.0.2.0/26"]
links    = { core = "8 ms" }
[networks.hotel]
kind     = "venue"
domain   = "hotel.example"
prefixes = ["192.0.2.128/28"]
links    = { core = "30 ms" }
shared_address = true

# ---- What every submission server and every MX has unless it says otherwise.
[defaults.submission]
relay    = "open"                 # everyone may relay; the arms change that
sessions = 4
[defaults.mx]
relay    = "open"
sessions = 8

# ---- People: an account at home, and where they write from.
[users.home-bodies]
count    = 60
accounts = { proseware = 0.6, adatum = 0.4 }

[users.travellers]
count        = 40
accounts     = { proseware = 0.5, adatum = 0.5 }
work         = "phone"
places       = { home = 0.6, hotel = 0.4 }            # evenings, and unless said otherwise
office_hours = { work = 0.6, hotel = 0.3, home = 0.1 }
to_same_isp  = 0.25               # share of recipients at their own ISP: never relaying
when_refused = { wait = 0.3, switch_server = 0.2, dial_in = 0.1, ask_isp = 0.2, give_up = 0.2 }

# ---- Spammers: routes in order of preference; they move on when one closes.
[spammers.bulk]
network  = "adatum"
routes   = ["open_relay", "direct"]
capacity = { open_relay = "600 / day", direct = "120 / day" }   # recipients

# ---- Arms: what changes at `policy_starts`, and where. `*` stands for every server.
[arms."open trust"]
[arms."on network"]
"servers.*.relay" = "on_network"
[arms."on network + AUTH"]
"servers.*.relay" = "on_network+auth"
"""
