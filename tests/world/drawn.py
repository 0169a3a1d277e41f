"""Small valid scenarios drawn at random: networks, people, spammers, policies and troubles.

What there is to draw from is read from the tables of restrictions, presets, flavours,
schedules and routes, so that a new one is drawn as soon as it exists.
"""

import json

from hypothesis import strategies as st

from sim.records.words import SPAM_ROUTES, Reaction
from sim.scenario import directories
from sim.scenario.policies import UNSUPPLIED
from sim.scenario.retries import SCHEDULES
from sim.smtp import FLAVOURS, PolicyError, presets, restrictions
from sim.smtp.restrictions import STAGES, check_order

HOURS = 36
ISPS = ("proseware", "adatum", "isp-c")
PREFIXES = {"proseware": "198.51.100.0/26", "adatum": "198.51.100.64/27", "isp-c": "203.0.113.0/27"}
RESERVED = {
    "proseware": "198.51.100.48/29",
    "adatum": "198.51.100.80/29",
    "isp-c": "203.0.113.8/29",
}
LIST = "trap-list"
TABLE = "some"
ROWS = {"adatum.com": "REJECT", "isp-c.example": "450 4.7.1 later", "192.0.2": "OK", "<>": "DUNNO"}
PARAMETERS = {
    "blocklist": st.just(LIST),
    "table": st.just(TABLE),
    "everybody": st.just("all"),
    "rate": st.sampled_from(["1 / hour", "10 / hour", "1000 / hour"]),
    "count": st.sampled_from(["1", "3", "50"]),
    "duration": st.sampled_from(["1 min", "30 min", "1 day"]),
    "range": st.sampled_from(["192.0.2.0/28", "203.0.113.0/27", "198.51.100.70"]),
    "share": st.sampled_from(["0.0", "0.3", "1.0"]),
    "restriction": st.sampled_from(["permit_mynetworks", "permit_sasl_authenticated"]),
}
"""What a parameter of each kind may be."""
RESTRICTIONS = [
    name
    for name, entry in restrictions.TABLE.items()
    if not UNSUPPLIED & {*entry.reads, *entry.state_facts}
    and all(parameter.kind in PARAMETERS for parameter in entry.parameters)
]
"""What a scenario can say: the facts are supplied, and no word of a main.cf is meant."""

ALIASES = (
    {},
    {},
    {"@adatum.example": "people-1@proseware.example"},
    {"@adatum.example": "@proseware.example", "people-1@proseware.example": "x@isp-c.example"},
    {"@isp-c.example": "@adatum.example", "others-1@adatum.example": "others-1@nowhere.example"},
    {"people-1@proseware.example": ["people-1@proseware.example", "people-2@adatum.example"]},
)
"""Where servers send mail on: within a domain, to others, in a circle, to nobody."""
ONWARD = (
    {},
    {},
    {"relayhost": "proseware-smtp"},
    {"relayhost": "adatum-mx", "relayhost_login": "somebody"},
    {"sender_dependent_relayhosts": {"@adatum.example": "isp-c-mx"}},
    {"outbound_addresses": ["203.0.113.29", "203.0.113.30"]},
    {"seen_as": {"192.0.2.0/24": "198.51.100.1", "0.0.0.0/0": "203.0.113.1"}},
)
"""How servers send and see."""
RETRIES = (
    *({"retry": name} for name in ("auto", *SCHEDULES)),
    {"retry": ["10 min", "2 h"], "queue_run": "0 s"},
    {"retry": ["1 s"]},
    {"retry": "sendmail", "queue_run": "30 min"},
)

DISTRIBUTIONS = st.sampled_from(
    [
        "0 s",
        "2 s",
        {"distribution": "exponential", "mean": "20 s"},
        {"distribution": "uniform", "low": "0 s", "high": "5 min"},
        {"distribution": "lognormal", "median": "1 s", "sigma": 1.5},
    ]
)
SHARE = st.sampled_from([0.0, 0.1, 0.5, 1.0])


@st.composite
def down(draw):
    """Stretches of time in which something is down; most often none."""
    moments = sorted(draw(st.sets(st.integers(0, HOURS + 4), max_size=4)))
    pairs = list(zip(moments[::2], moments[1::2], strict=False))
    return [[f"{a} h", f"{b} h"] for a, b in pairs] if draw(st.booleans()) else []


@st.composite
def shares(draw, names):
    """Shares of *names* that sum to 1."""
    weights = draw(st.lists(st.integers(0, 4), min_size=len(names), max_size=len(names)))
    if not sum(weights):
        weights[0] = 1
    found = {n: w / sum(weights) for n, w in zip(names, weights, strict=True) if w}
    return found


@st.composite
def restriction(draw, name):
    """A restriction as it is written."""
    entry = restrictions.TABLE[name]
    written = []
    for parameter in entry.parameters:
        count = draw(st.integers(1, 2)) if parameter.many else 1
        written += [draw(PARAMETERS[parameter.kind]) for _ in range(count)]
    return f"{name}({', '.join(written)})" if written else name


@st.composite
def listed(draw):
    """A list of restrictions, without any that cannot be reached."""
    chosen = draw(st.lists(st.sampled_from(RESTRICTIONS), max_size=4, unique=True))
    written = []
    for name in chosen:
        longer = [*written, draw(restriction(name))]
        try:
            check_order(tuple(restrictions.parse(directories.restriction(text)) for text in longer))
        except PolicyError:
            continue
        written = longer
    return written


@st.composite
def policy(draw):
    """Policy keys of a server: a preset or lists for every stage."""
    preset = draw(
        st.lists(st.sampled_from(list(presets.TABLE)), min_size=1, max_size=3, unique=True)
    )
    if {"open", "closed"} & set(preset):
        preset = preset[:1]
    keys = {stage: draw(listed()) for stage in STAGES}
    if draw(st.booleans()) or not keys["relay"]:
        keys["relay"] = "+".join(preset)
    keys["recipient"] = [text for text in keys["recipient"] if "unlisted" not in text]
    return keys | {
        "flavour": draw(st.sampled_from(list(FLAVOURS))),
        "check_recipients": draw(st.sampled_from(["rcpt", "later"])),
        "client_ranges": ["192.0.2.0/28"],
        "tables": {TABLE: ROWS},
        "pop_window": draw(PARAMETERS["duration"]),
        "aliases": draw(st.sampled_from(ALIASES)),
        "sender_rewriting": draw(st.booleans()),
    }


@st.composite
def server(draw, role):
    """Keys of a server."""
    return draw(policy()) | {
        "sessions": draw(st.sampled_from([1, 2, 50])),
        "connection_queue": draw(st.sampled_from([0, 2, 100])),
        "service_time": draw(DISTRIBUTIONS),
        "temporary_failure": draw(st.sampled_from([0.0, 0.05, 0.5, 1.0])),
        **draw(st.sampled_from(RETRIES)),
        **draw(st.sampled_from(ONWARD)),
        "queue_lifetime": draw(st.sampled_from(["auto", "3 h", "0 s"])),
        "delay_warning": draw(st.sampled_from(["auto", "1 h", "0 s"])),
        "port_587": role == "submission" and draw(st.booleans()),
        "auth_password": draw(st.sampled_from(["pop", "separate"])),
        "greylist_window": draw(st.sampled_from(["1 h", "1 day"])),
        "listed_users": ["people"] if draw(st.booleans()) else [],
        "listing_update": draw(st.sampled_from(["never", "1 h"])),
        "down": draw(down()),
    }


@st.composite
def network(draw, name):
    """Keys of an ISP."""
    return {
        "kind": "isp",
        "domain": f"{name}.example",
        "prefixes": [PREFIXES[name]],
        "links": {"core": {"latency": "10 ms", "down": draw(down())}},
        "lease_lengths": draw(st.sampled_from(["exponential", "uniform", "constant"])),
        "reuse": draw(st.sampled_from(["fifo", "lifo", "random", "sticky"])),
        "shared_address": draw(st.booleans()),
        "blocks_port_25": draw(st.booleans()),
        "down": draw(down()),
        "mailboxes": draw(st.integers(0, 20)),
        "reserved": [RESERVED[name]] if draw(st.booleans()) else [],
    } | draw(st.sampled_from([{}, {"lease": "30 min"}, {"lease": "1 day"}]))


@st.composite
def people(draw, venues, blocks):
    """Keys of a user group."""
    places = ("home", "work", *venues)
    return {
        "count": draw(st.integers(1, 12)),
        "accounts": draw(shares(ISPS)),
        "work": "proseware",
        "places": draw(shares(places)),
        "office_hours": draw(shares(places)),
        "stay": draw(st.sampled_from(["0 s", "1 day"])),
        "work_account": draw(SHARE),
        "program": draw(st.sampled_from(["mail", "mail", "web"])),
        "messages": draw(st.sampled_from(["1 / day", "8 / day"])),
        "recipients": draw(st.sampled_from([1.0, 3.0])),
        "auth": draw(SHARE),
        "port_587": draw(SHARE),
        "patience": draw(st.sampled_from(["0 s", "2 h"])),
        "pop_before_sending": draw(SHARE),
        "wrong_password": draw(SHARE),
        "wrong_separate_password": draw(SHARE),
        "fixed_address": draw(st.sampled_from([[], blocks])),
        "when_refused": draw(shares(Reaction.texts())),
    } | draw(st.sampled_from([{}, {"sender_domain": "adatum.example"}]))


@st.composite
def spammers(draw):
    """Keys of a group of spammers."""
    routes = draw(
        st.lists(
            st.sampled_from([route.value for route in SPAM_ROUTES]),
            min_size=1,
            max_size=4,
            unique=True,
        )
    )
    return {
        "network": draw(st.sampled_from(ISPS)),
        "routes": routes,
        "count": draw(st.integers(1, 2)),
        "capacity": dict.fromkeys(routes, "300 / day"),
        "recipients": draw(st.sampled_from([1, 7, 30])),
        "campaign": draw(st.sampled_from([0, 60])),
        "unknown": draw(st.sampled_from([0.0, 0.4, 1.0])),
        "washes": draw(st.booleans()),
        "retry_share": draw(st.sampled_from([0.0, 0.5, 1.0])),
        "choice": draw(st.sampled_from(["order", "profit", "parallel"])),
        "capacity_per": draw(st.sampled_from(["spammer", "relay"])),
        "entry": draw(st.sampled_from(["fixed", "profit"])),
        "response_halves_at": draw(st.sampled_from([1.0, 100.0])),
        "connections": draw(st.sampled_from([1, 10])),
        "recipients_at_mx": draw(st.sampled_from([1, 10])),
        "cleaned": draw(st.sampled_from(["1 h", "2 days"])),
        "reset": draw(st.sampled_from(["1 h", "2 days"])),
        "steals": draw(st.sampled_from(["0 / day", "5 / day"])),
        "adaptive": draw(st.booleans()),
        "heeds": [LIST] if draw(st.booleans()) else [],
        "forge": draw(st.sampled_from(["fixed", "recipient", "customer"])),
        "sender_domain": draw(st.sampled_from(["bulk.example", "adatum.example"])),
        "hosts": draw(st.integers(0, 5)),
        "stolen": draw(st.integers(0, 5)),
        "calls": draw(st.sampled_from([0, 5])),
        "account_renewed": "2 h",
    } | draw(st.sampled_from([{}, {"account_lasts": "3 h"}]))


@st.composite
def blocklist(draw):
    """Keys of the blocklist."""
    return {
        "traps": {"adatum": draw(st.integers(0, 5))},
        "reports": draw(SHARE),
        "report_delay": draw(DISTRIBUTIONS),
        "reports_needed": draw(st.integers(1, 3)),
        "delay": draw(DISTRIBUTIONS),
        "scope": draw(st.sampled_from(["address", "/24"])),
        "open_relays_only": draw(st.booleans()),
        "expiry": draw(st.sampled_from(["1 h", "30 days"])),
    } | draw(st.sampled_from([{}, {"removal": "1 h"}, {"lists_the_world": "20 h"}]))


@st.composite
def operator(draw):
    """Keys of the operator."""
    return {
        "servers": draw(st.sampled_from([["adatum-*"], ["*"]])),
        "closes_to": draw(st.sampled_from(["closed", "on_network", "on_network+auth"])),
        "reaction": draw(DISTRIBUTIONS),
    } | draw(
        st.sampled_from(
            [
                {},
                {"date": "10 h"},
                {"open_share": [["0 s", 1.0], ["36 h", 0.0]]},
                {"after_reports": 1},
                {"after_listings": 1},
                {"after_relayed": 30},
            ]
        )
    )


@st.composite
def scenario_texts(draw):
    """A scenario as JSON, with a baseline arm and one that changes everything that arms can."""
    venues = ("hotel",) if draw(st.booleans()) else ()
    networks = {"core": {"kind": "transit"}} | {name: draw(network(name)) for name in ISPS}
    blocks = [name for name in ISPS if networks[name]["reserved"]]
    for name in venues:
        networks[name] = {
            "kind": "venue",
            "prefixes": ["192.0.2.0/28"],
            "links": {"core": "30 ms"},
            "shared_address": draw(st.booleans()),
            "blocks_port_25": draw(st.booleans()),
        }
    servers = {
        f"{isp}-{suffix}": draw(server(role)) | {"role": role, "network": isp}
        for isp in ISPS
        for role, suffix in (("submission", "smtp"), ("mx", "mx"))
    }
    change = {f"servers.{isp}-smtp.{key}": value
              for isp in draw(st.sampled_from([ISPS, ISPS[:1]]))
              for key, value in draw(policy()).items()}  # fmt: skip
    return json.dumps(
        {
            "title": "drawn",
            "seed": draw(st.integers(0, 1000)),
            "run_length": f"{HOURS} h",
            "policy_starts": "12 h",
            "transient": "6 h",
            "networks": networks,
            "servers": servers,
            "users": {
                "people": draw(people(venues, blocks)),
                "others": draw(people(venues, blocks)),
            },
            "spammers": {"bulk": draw(spammers())} if draw(st.booleans()) else {},
            "blocklists": {LIST: draw(blocklist())},
            "operators": {"owner": draw(operator())} if draw(st.booleans()) else {},
            "arms": {"baseline": {}, "changed": change},
        }
    )
