"""The format described from the model itself: JSON Schema for editors, Markdown for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sim.network import lines
from sim.scenario import distributions, retries
from sim.scenario.blocklists import Blocklist
from sim.scenario.expectations import Expect, ExpectMeasure
from sim.scenario.keys import Table, source
from sim.scenario.model import Head, Scenario
from sim.scenario.networks import Link, Network
from sim.scenario.operators import Operator
from sim.scenario.people import Delays, Users, WhenRefused
from sim.scenario.precision import Precision
from sim.scenario.servers import POLICY_KEYS, Server
from sim.scenario.spammers import Spammers
from sim.scenario.starting import new
from sim.scenario.sweeping import Sweep
from sim.scenario.topology import Edge, Latencies, Node, Topology
from sim.scenario.writing import value
from sim.smtp import presets, restrictions

TABLES: dict[str, type[Table]] = {
    "Outside all tables": Head,
    "`[topology]`": Topology,
    "`latency` of the topology": Latencies,
    "Node attributes of a graph handed over": Node,
    "Edge attributes of a graph handed over": Edge,
    "`[networks.NAME]`": Network,
    "`links` of networks": Link,
    "`[servers.NAME]`": Server,
    "`[users.NAME]`": Users,
    "`when_refused` of users": WhenRefused,
    "`delays` of users": Delays,
    "`[spammers.NAME]`": Spammers,
    "`[blocklists.NAME]`": Blocklist,
    "`[operators.NAME]`": Operator,
    "`[[expect]]`, exact": Expect,
    "`[[expect]]` of a measure": ExpectMeasure,
    "`[sweep]`": Sweep,
    "`precision`": Precision,
}
"""Headings of the reference and the keys under each."""

NUMBERS = {"integer": "whole number", "number": "number", "boolean": "true or false"}
PLAIN = {"string": "text", "array": "list", "object": "table"} | NUMBERS


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file (draft 2020-12)."""
    told = Scenario.model_json_schema(mode="validation")
    # a server made from a domain, and any table of a file that extends another, may be partial
    told["$defs"]["Server"].pop("required")
    needed = told.pop("required")
    for role in told["$defs"]["Defaults"]["properties"].values():
        role |= {"$ref": "#/$defs/Server"}
        role.pop("additionalProperties", None)
        role.pop("type", None)
    anyhow = [{"required": ["extends"]}, {"required": needed}]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **told, "anyOf": anyhow}


def reference() -> str:
    """Return the reference of the format in Markdown: an example, then every key."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Scenario files\n"
    yield (
        'TOML, or JSON with the same keys. A quantity carries its unit in its value (`"30 min"`, '
        '`"56 kbit/s"`, `"200 / day"`), a share is a number from 0 to 1. An unknown key is a '
        "fault. `mailsim check FILE` names every fault at once; with `--resolved` it prints every "
        "default, and where it comes from. A default is a published fact, named by its key, or "
        "*chosen*.\n"
    )
    yield f"```toml\n{new()}```\n"
    for heading, model in TABLES.items():
        yield from _table(heading, model)
    yield from _about_servers()
    yield from _about_arms()
    yield "## Distributions\n\n| distribution | parameters | meaning |\n|---|---|---|"
    for name, kind in distributions.TABLE.items():
        yield f"| `{name}` | {', '.join(kind.parameters)} | {kind.meaning} |"
    yield "\n## Lines\n\n| line | latency, one way | sends at |\n|---|---|---|"
    for name, line in lines.LINES.items():
        yield f"| `{name}` | {1e3 * line.latency:g} ms | {line.bandwidth / 1e3:g} kbit/s |"
    yield "\n## Retry schedules\n\n| name | attempts | source |\n|---|---|---|"
    for name, schedule in retries.SCHEDULES.items():
        yield f"| `{name}` | {schedule.meaning} | `{schedule.source}` |"
    yield "\n## Presets of `relay`\n\n| preset | meaning |\n|---|---|"
    for name, preset in presets.TABLE.items():
        yield f"| `{name}` | {preset.doc} |"
    yield (
        "\n## Restrictions\n\nIn each list the first restriction with an opinion decides. A permit "
        "ends its own list, a refusal ends everything; a list that nothing decides permits. Any "
        "restriction may stand in any list. Names are those of Postfix, or (own).\n\n"
        "| restriction | meaning |\n|---|---|"
    )
    for name, entry in restrictions.TABLE.items():
        written = ", ".join(p.name + ("..." if p.many else "") for p in entry.parameters)
        called = f"{name}({written})" if written else name
        own = " (own)" if entry.own else ""
        yield f"| `{called}`{own} | {entry.doc} |"


def _table(heading: str, model: type[Table]) -> Iterator[str]:
    told = model.model_json_schema(mode="validation")
    yield f"## {heading}\n\n{(model.__doc__ or '').splitlines()[0]}\n"
    yield "| key | type | default | meaning | source |\n|---|---|---|---|---|"
    for name, field in model.model_fields.items():
        property_ = told["properties"][name]
        default = "" if field.is_required() else _default(field.default)
        origin = source(field)
        origin = f"`{origin}`" if "." in origin else origin
        cells = (f"`{name}`", _type(property_), default, field.description or "", origin)
        yield f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
    yield ""


def _default(default: Any) -> str:
    return "none" if default is None else f"`{value(default)}`"


def _type(told: dict[str, Any]) -> str:
    """The kind of a key in words."""
    if not told:
        return "value"
    if "kind" in told:
        return str(told["kind"])
    if "enum" in told:
        return ", ".join(f"`{str(item).lower()}`" for item in told["enum"])
    if "const" in told:
        return f"`{told['const']}`"
    for several in ("anyOf", "oneOf"):
        if several in told:
            parts = [_type(part) for part in told[several] if part.get("type") != "null"]
            return " or ".join(dict.fromkeys(parts))
    if "prefixItems" in told:
        return f"[{', '.join(map(_type, told['prefixItems']))}]"
    if told.get("type") == "array":
        return f"list of {_type(told['items'])}" if "items" in told else "list"
    inner = told.get("additionalProperties") or next(
        iter(told.get("patternProperties", {}).values()), None
    )
    if isinstance(inner, dict):
        return f"table of {_type(inner)}"
    low, high = told.get("minimum"), told.get("maximum")
    bounds = f", {low} to {high}" if low is not None and high is not None else ""
    return PLAIN.get(str(told.get("type")), "table") + bounds


def _about_servers() -> Iterator[str]:
    yield (
        "## Servers that nobody writes\n\nA network with a `domain` has the servers `NAME-smtp` "
        "(submission) and `NAME-mx`, unless another server in it has that role for the domain. "
        "`[defaults.submission]`, `[defaults.mx]` and `[defaults.both]` hold keys for every server "
        "of a role; a `[servers.NAME]` table is laid over them.\n"
    )


def _about_arms() -> Iterator[str]:
    keys = ", ".join(f"`{key}`" for key in POLICY_KEYS)
    yield (
        '## `[arms."NAME"]`\n\nEach line changes one key: `"SECTION.NAME.KEY" = VALUE`, for '
        "networks, servers, users, spammers, blocklists and operators. `NAME` may hold `*` (any "
        "text) and one `{list,of,names}`; a selector that matches nothing is a fault; of two lines "
        f"that change the same key the later one wins. Changes of a server's policy ({keys}) take "
        "effect at `policy_starts`; all others hold from the beginning.\n"
    )
