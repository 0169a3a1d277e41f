"""The sections of a scenario: tables by name, of one kind each."""

from __future__ import annotations

from sim.scenario.blocklists import Blocklist
from sim.scenario.keys import Table
from sim.scenario.networks import Network
from sim.scenario.operators import Operator
from sim.scenario.organisations import Organisation
from sim.scenario.people import Users
from sim.scenario.servers import Server
from sim.scenario.spammers import Spammers

MODELS: dict[str, type[Table]] = {
    "networks": Network,
    "users": Users,
    "spammers": Spammers,
    "blocklists": Blocklist,
    "operators": Operator,
    "organisations": Organisation,
    "servers": Server,
}
"""Tables whose keys can be overridden; servers last, since the others make servers."""
MOST = dict.fromkeys(MODELS, 1_000) | {"networks": 2_000, "servers": 4_000}
"""Tables of each section, at most."""
