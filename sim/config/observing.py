"""`observe`: a log of Postfix as inputs and targets of a scenario; classes and counts, no address.

A share or time of a day is given as its mean with a band: between which the days lie.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from ipaddress import ip_network
from os import PathLike
from typing import Any, NamedTuple

from sim.config.errors import ConfigError
from sim.config.logs import Calendar, lines
from sim.config.postfix_log import BIN, Day, Kind, PostfixLog
from sim.records.usage import checked, checked_methods
from sim.records.words import Cause

NO_LOG = 100_000
"""Lines without one of Postfix, after which a file is taken for something else."""
TAIL = 0.1
"""Share of the days that lie below a band, and above it, where there are many; chosen."""
LEAST_BAND = 0.1
"""Least distance of either end of a band from its value, as a share of it; chosen: what a model
that leaves out TCP, DNS and disks may miss."""
RULE_OF_THREE = 3.0
"""Of a share without an event among n, the upper 95 % bound times n."""
WEEKEND = (5, 6)


class Target(NamedTuple):
    """What was observed of a measure: a mean over days, and the band in which days lie."""

    measure: str
    mail: str
    value: float
    low: float
    high: float
    by: str = "all"
    of: str = ""


@checked_methods
@dataclass(frozen=True)
class Observed:
    """What a log says, in counts and classes."""

    log: PostfixLog
    lines: int
    first: date
    last: date
    days: float
    group: str = "customers"
    network: str = "own"

    @property
    def messages(self) -> dict[str, int]:
        """Messages by `Kind`."""
        return self._total("messages")

    @property
    def recipients(self) -> dict[str, int]:
        """Recipients by `Kind`."""
        return self._total("recipients")

    @property
    def refusals(self) -> dict[str, int]:
        """Refused recipients, or connections, by cause; the most frequent first."""
        return self._total("refusals")

    @property
    def inputs(self) -> dict[str, Any]:
        """Keys of a group of users, as in a file; what the log does not say is left out."""
        log, people = self.log, len(self.log.people)
        submitted, ends = self.messages.get(Kind.SUBMITTED, 0), self._total("ends")
        if not submitted:
            return {}
        count, logs, squares = log.size_sums
        mean = logs / count
        arrivals = ends.get("local", 0) + ends.get("relayed", 0)
        median, sigma = math.exp(mean), math.sqrt(max(squares / count - mean**2, 0.0))
        size = {"distribution": "lognormal", "median": f"{median:.0f} octets"}
        result: dict[str, Any] = {
            "count": people,
            "accounts": {self.network: 1.0},
            "messages": f"{submitted / people / self.days:.4g} / day",
            "recipients": _digits(max(self.recipients[Kind.SUBMITTED] / submitted, 1.0)),
            "size": {**size, "sigma": _digits(sigma)},
            "auth": _digits(sum(login for login, _ in log.people.values()) / people),
            "port_587": _digits(sum(all(flags) for flags in log.people.values()) / people),
        }
        return result | (
            {"to_same_isp": _digits(ends.get("local", 0) / arrivals)} if arrivals else {}
        )

    @property
    def hourly(self) -> list[float]:
        """Share of a weekday's submitted messages in each hour."""
        return self._profile(day for day in range(7) if day not in WEEKEND)

    @property
    def weekend(self) -> float | None:
        """Submitted messages on a day of a weekend for each one on a weekday; None: not seen."""
        days = Counter((day + 6) % 7 in WEEKEND for day in self.log.days)
        submitted = Counter[bool]()
        for (day, _), count in self.log.hours.items():
            submitted[day in WEEKEND] += count
        if not (days[True] and submitted[False]):
            return None
        return _digits(submitted[True] / days[True] / (submitted[False] / days[False]))

    @property
    def targets(self) -> dict[str, Target]:
        """What a run of the scenario should show, with bands."""
        result = {name: self._target(*row) for name, row in TARGETS.items()}
        result["refused for relaying"] = self._denied()
        return {name: target for name, target in result.items() if target is not None}

    def toml(self) -> str:
        """Inputs and targets as part of a scenario file."""
        return "\n".join(self._toml()) + "\n"

    def as_dict(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "days": round(self.days, 3),
            "lines": self.lines,
            "lines_of_postfix": self.log.understood,
            "messages": self.messages,
            "recipients": self.recipients,
            "refusals": self.refusals,
            "failed_logins": self.log.failed_logins,
            "share_authenticated": self.share_authenticated,
            "hourly": self.hourly,
            "weekend": self.weekend,
            "users": {self.group: self.inputs},
            "targets": {name: target._asdict() for name, target in self.targets.items()},
        }

    @property
    def share_authenticated(self) -> float:
        """Share of the submitted messages that came with a login."""
        return _digits(self.log.logins / max(self.messages.get(Kind.SUBMITTED, 0), 1))

    def _total(self, name: str) -> dict[str, int]:
        total = Counter[str]()
        for day in self.log.days.values():
            total.update(getattr(day, name))
        return {key: count for key, count in total.most_common() if count}

    def _profile(self, weekdays: Iterable[int]) -> list[float]:
        chosen = set(weekdays)
        hours = Counter[int]()
        for (day, hour), count in self.log.hours.items():
            hours[hour] += count if day in chosen else 0
        return [_digits(hours[hour] / max(hours.total(), 1)) for hour in range(24)]

    def _target(
        self, of_day: Callable[[Day, PostfixLog], float | None], *names: str
    ) -> Target | None:
        """The mean of a value over days, and its band; None: no day has one."""
        whole = sorted(self.log.days)[1:-1] if len(self.log.days) > 3 else sorted(self.log.days)
        values = [value for d in whole if (value := of_day(self.log.days[d], self.log)) is not None]
        if not values:
            return None
        mean, low, high = sum(values) / len(values), *_band(sorted(values))
        low, high = min(low, (1 - LEAST_BAND) * mean), max(high, (1 + LEAST_BAND) * mean)
        if names[0] in SHARES:
            high = min(max(high, RULE_OF_THREE / self.recipients.get(Kind.SUBMITTED, 1)), 1.0)
        measure, mail = names
        return Target(measure, mail, _digits(mean), _digits(low), _digits(high))

    def _denied(self) -> Target | None:
        """People whose first attempt was refused: at most all senders with a domain from here."""
        log, submitted = self.log, self.recipients.get(Kind.SUBMITTED, 0)
        most = sum(n for domain, n in log.denied_domains.items() if domain in log.own_domains)
        if not submitted:
            return None
        share, high = (
            most / (most + submitted),
            min(max(most, RULE_OF_THREE) / (most + submitted), 1.0),
        )
        measure, by = "first_refusal_rate", ("cause", Cause.RELAYING)
        return Target(measure, "honest", _digits(share), 0.0, _digits(high), *by)

    def _toml(self) -> Iterator[str]:
        yield f"# Observed in mail.log, {self.first} to {self.last}: counts and classes only."
        if any(self.hourly):
            yield f"hourly = {_toml(self.hourly)}"
        if self.weekend is not None:
            yield f"weekend_activity = {self.weekend}"
        if self.inputs:
            yield f"[users.{self.group}]"
            yield from (f"{key} = {_toml(value)}" for key, value in self.inputs.items())
        for name, target in self.targets.items():
            yield f"\n[targets.{json.dumps(name)}]"
            keys = {
                key: value for key, value in target._asdict().items() if value not in ("", "all")
            }
            del keys["value"]
            yield from (f"{key} = {_toml(value)}" for key, value in keys.items())
            yield f'source = "mail.log, {self.first} to {self.last}"'


@checked
def observe(
    *logs: str | PathLike[str],
    networks: Iterable[str] = (),
    group: str = "customers",
    network: str = "own",
    today: date | None = None,
) -> Observed:
    """Read logs of Postfix, plain or packed, in any order, into inputs and targets of a scenario.

    *networks* are those whose clients are the server's own (mynetworks); without them, whoever has
    mail relayed is taken for one of its own. *group* and *network* name the section and its
    account. *today* tells the year of dates that have none. A log that cannot be read raises
    ConfigError.
    """
    calendar = Calendar(today or date.today())
    log = PostfixLog([_network(text) for text in networks])
    number, first, last = 0, (0, 0), (0, 0)
    for number, line in enumerate(lines(map(str, logs), calendar), 1):
        hour = calendar.hour(line.text)
        if hour is not None:
            before = log.understood
            log.read(line.text, *hour)
            if log.understood > before:
                first, last = min(first, hour) if before else hour, max(last, hour)
        if not log.understood and number >= NO_LOG:
            raise ConfigError(f"{line.file}: {NO_LOG} lines, and none of Postfix")
    if not log.understood:
        raise ConfigError(f"{', '.join(map(str, logs))}: no line of Postfix with a date")
    log.finish()
    days = last[0] - first[0] + (last[1] - first[1] + 1) / 24
    begin, end = date.fromordinal(first[0]), date.fromordinal(last[0])
    return Observed(log, number, begin, end, days, group, network)


def _network(text: str) -> Any:
    try:
        return ip_network(text.strip("[] "), strict=False)
    except ValueError:
        raise ConfigError(f"{text}: expected a network such as 198.51.100.0/24") from None


def _band(values: list[float]) -> tuple[float, float]:
    """Between which sorted values all days lie but TAIL of them at either end."""
    cut = int(TAIL * len(values))
    return values[cut], values[-1 - cut]


def _quantile(delays: Counter[int], share: float) -> float | None:
    """The delay (s) that a share of them does not exceed."""
    left = share * delays.total()
    for place in sorted(delays):
        left -= delays[place]
        if left <= 0:
            return math.exp((place + 0.5) * BIN)
    return None


def _bounced(day: Day, _: PostfixLog) -> float | None:
    ends = day.ends
    all_ends = ends["local"] + ends["relayed"] + ends["bounced"]
    return ends["bounced"] / all_ends if all_ends else None


TARGETS: dict[str, tuple[Any, ...]] = {
    "delay, median": (lambda day, _: _quantile(day.delays, 0.5), "delay_median", "honest"),
    "delay, 90th percentile": (lambda day, _: _quantile(day.delays, 0.9), "delay_p90", "honest"),
    "bounced": (_bounced, "bounce_rate", "honest"),
}
"""What a log tells of a day that a run tells, too: how, measure, class."""
SHARES = ("bounce_rate",)


def _digits(value: float) -> float:
    return float(f"{value:.4g}")


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }"
    return json.dumps(value)
