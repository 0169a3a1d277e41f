"""The format described from the model itself: JSON Schema for editors, Markdown for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sim.scenario import distributions, retries
from sim.scenario.arms import DATED, Arm, Dated
from sim.scenario.expectations import Expect, ExpectMeasure
from sim.scenario.graphs import Edge, Node
from sim.scenario.keys import Table, source
from sim.scenario.model import Head, Precision
from sim.scenario.networks import Link
from sim.scenario.people import Delays, WhenRefused
from sim.scenario.reading import new
from sim.scenario.scenario import Scenario
from sim.scenario.sections import MODELS
from sim.scenario.servers import POLICY_KEYS, Port
from sim.scenario.sweeping import Sweep
from sim.scenario.targets import Target
from sim.scenario.topology import Latencies, Topology
from sim.scenario.values import Values
from sim.scenario.writing import value
from sim.smtp import presets, restrictions
from sim.topology import lines

TABLES: dict[str, type[Table]] = {
    "Outside all tables": Head,
    **{f"`[{section}.NAME]`": model for section, model in MODELS.items()},
    "`links` of networks": Link,
    "`ports` of servers": Port,
    "`when_refused` of users": WhenRefused,
    "`delays` of users": Delays,
    "Keys of `[arms.NAME]` that change nothing themselves": Arm,
    "`[[arms.NAME.at]]`": Dated,
    "`[targets.NAME]`": Target,
    "`[[expect]]`, exact": Expect,
    "`[[expect]]` of a measure": ExpectMeasure,
    "`[topology]`": Topology,
    "`latency` of the topology": Latencies,
    "Node attributes of a graph handed over": Node,
    "Edge attributes of a graph handed over": Edge,
    "`[sweep]`": Sweep,
    "`precision`": Precision,
    "`[values]`": Values,
}
"""Headings of the reference and the keys under each."""

NUMBERS = {"integer": "whole number", "number": "number", "boolean": "true or false"}
PLAIN = {"string": "text", "array": "list", "object": "table"} | NUMBERS


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file (draft 2020-12)."""
    whole = Scenario.model_json_schema(mode="validation")
    # a server made from a domain, and any table of a file that extends another, may be partial
    whole["$defs"]["Server"].pop("required")
    required = whole.pop("required")
    for role in whole["$defs"]["Defaults"]["properties"].values():
        role |= {"$ref": "#/$defs/Server"}
        role.pop("additionalProperties", None)
        role.pop("type", None)
    alternatives = [{"required": ["extends"]}, {"required": required}]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **whole,
        "anyOf": alternatives,
    }


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
        "\n## Restrictions\n\nAny restriction may stand in any list. In each list the first one "
        "with an opinion decides: a permit ends its own list, a refusal ends everything, and a "
        "list that nothing decides permits. Names are those of Postfix, or (own).\n\n"
        "| restriction | meaning |\n|---|---|"
    )
    for name, entry in restrictions.TABLE.items():
        arguments = ", ".join(p.name + ("..." if p.many else "") for p in entry.parameters)
        call = f"{name}({arguments})" if arguments else name
        own = " (own)" if entry.own else ""
        yield f"| `{call}`{own} | {entry.doc} |"


def _table(heading: str, model: type[Table]) -> Iterator[str]:
    properties = model.model_json_schema(mode="validation")["properties"]
    yield f"## {heading}\n\n{(model.__doc__ or '').splitlines()[0]}\n"
    yield "| key | type | default | meaning | source |\n|---|---|---|---|---|"
    for name, field in model.model_fields.items():
        property_ = properties[name]
        default = "" if field.is_required() else _default(field.default)
        origin = source(field)
        origin = f"`{origin}`" if "." in origin else origin
        cells = (f"`{name}`", _type(property_), default, property_["description"], origin)
        yield f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
    yield ""


def _default(default: Any) -> str:
    return "none" if default is None else f"`{value(default)}`"


def _type(form: dict[str, Any]) -> str:
    """The kind of a key in words, from its JSON Schema."""
    match form:
        case {"kind": kind}:
            return str(kind)
        case {"enum": names}:
            return ", ".join(f"`{str(name).lower()}`" for name in names)
        case {"const": name}:
            return f"`{name}`"
        case {"anyOf": forms} | {"oneOf": forms}:
            words = [_type(inner) for inner in forms if inner.get("type") != "null"]
            return " or ".join(dict.fromkeys(words))
        case {"prefixItems": forms}:
            return f"[{', '.join(map(_type, forms))}]"
        case {"type": "array", "items": inner}:
            return f"list of {_type(inner)}"
        case {"additionalProperties": dict(inner)}:
            return f"table of {_type(inner)}"
        case {"patternProperties": patterns}:
            return f"table of {_type(next(iter(patterns.values())))}"
        case {"type": kind, "minimum": low, "maximum": high}:
            return f"{PLAIN[kind]}, {low} to {high}"
    return PLAIN.get(form.get("type", "object"), "table") if form else "value"


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
        "networks, servers, users, spammers, blocklists, operators and organisations. `NAME` may "
        "hold `*` (any text) and one `{list,of,names}`; a selector that matches nothing is a "
        "fault; of two lines that change the same key the later one wins, and what an arm says "
        f"itself comes after what it has by `like`. Changes of a server's policy ({keys}) and of "
        "the trusted ranges of organisations take effect at `policy_starts`; all others hold from "
        "the beginning.\n\n"
        "What changes at moments of its own stands in tables `[[arms.NAME.at]]`: `when`, and the "
        "same lines. There it may be, besides these keys of a server's policy, "
        f"{', '.join(_dated())}.\n"
    )


def _dated() -> Iterator[str]:
    """The keys besides those of policies that an arm may change at a moment."""
    for section, keys in DATED.items():
        yield from (f"`{section}.*.{key}`" for key in keys if key not in POLICY_KEYS)
