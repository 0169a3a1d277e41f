"""What each measure is: numerator, denominator, what is left out, what 0 / 0 means.

One table. The tallies are computed by its names, expectations of scenarios name them, the
reference page is generated from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sim.records.words import MailClass

SHARE, RATE, RATIO, QUANTILE = "share", "rate", "ratio", "quantile"
KINDS = {
    SHARE: "between 0 and 1; interval by Student's t, near 0 and 1 by Korn and Graubard",
    RATE: "events per exposure; interval by Student's t, where events are few by gamma",
    RATIO: "a quotient; interval by Student's t, cut off at 0",
    QUANTILE: "of the rows of one replication; interval by Student's t, cut off at 0",
}
SERVER = "server"
"""Class of measures that belong to a server rather than to a class of mail."""

ROW_KEYS = ("all", "place", "group", "server", "route", "remedy", "day")
BY = (*ROW_KEYS, "cause", "permission")

_MAIL = tuple(MailClass.texts())
_HONEST = ("honest",)
_INTENDED = "intended recipients"
_NONE_INTENDED = "undefined: no recipient was intended"
_TO_DATE = "none: recipients still in transit at the end stay in the denominator"


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure; *by* names the keys it is split by besides ``all``."""

    title: str
    kind: str
    unit: str
    numerator: str
    denominator: str
    zero: str
    classes: tuple[str, ...] = _MAIL
    by: tuple[str, ...] = ("all", *ROW_KEYS[1:])
    excluded: str = _TO_DATE
    note: str = ""


MEASURES: dict[str, Measure] = {
    "delivery_rate": Measure(
        "delivered", SHARE, "", "recipients with fate delivered", _INTENDED, _NONE_INTENDED
    ),
    "first_refusal_rate": Measure(
        "first attempt refused",
        SHARE,
        "",
        "recipients whose first attempt was refused, for good or for a while, or found no server",
        _INTENDED,
        _NONE_INTENDED,
        by=(*ROW_KEYS, "cause"),
        note="By cause, the denominator stays all intended recipients, so that causes add up.",
    ),
    "refusal_rate": Measure(
        "refused for good",
        SHARE,
        "",
        "recipients with fate refused",
        _INTENDED,
        _NONE_INTENDED,
        by=(*ROW_KEYS, "cause"),
        note="The final fate: a refused first attempt that was repaired is not in it.",
    ),
    "gave_up_rate": Measure(
        "given up",
        SHARE,
        "",
        "recipients with fate gave_up",
        _INTENDED,
        _NONE_INTENDED,
        by=(*ROW_KEYS, "cause"),
    ),
    "silent_loss_rate": Measure(
        "silently lost",
        SHARE,
        "",
        "recipients with fate discarded",
        _INTENDED,
        _NONE_INTENDED,
        note="Accepted with 250, then dropped: nobody is told.",
    ),
    "bounce_rate": Measure(
        "bounced or expired",
        SHARE,
        "",
        "recipients with fate bounced or expired",
        _INTENDED,
        _NONE_INTENDED,
        by=(*ROW_KEYS, "cause"),
    ),
    "collateral_rate": Measure(
        "lost to a listing",
        SHARE,
        "",
        "recipients with cause blocklist that were neither delivered nor are in transit",
        _INTENDED,
        _NONE_INTENDED,
        classes=("honest", "notice"),
        note="What the customers of a listed server pay; part of refused, given up and bounced.",
    ),
    "in_transit_rate": Measure(
        "in transit at the end",
        SHARE,
        "",
        "recipients with fate in_transit",
        _INTENDED,
        _NONE_INTENDED,
        excluded="none",
    ),
    "believed_rate": Measure(
        "believed delivered",
        SHARE,
        "",
        "recipients whose sender saw no error and no notice",
        _INTENDED,
        _NONE_INTENDED,
        classes=_HONEST,
    ),
    "lost_per_day": Measure(
        "lost per day",
        RATE,
        "recipients / day",
        "recipients neither delivered nor in transit at the end",
        "days of the phase",
        "does not occur: a phase of no length has no row",
        classes=_HONEST,
        by=(*ROW_KEYS, "cause"),
        excluded="recipients still in transit at the end are not counted as lost",
    ),
    **{
        f"{name}_per_day": Measure(
            title,
            RATE,
            "submissions / day",
            numerator,
            "days of the phase",
            "does not occur: a phase of no length has no row",
            classes=("honest", "spam"),
            by=("all", "place", "group", "server", "day", "permission"),
            excluded="submissions that anybody could make from there, such as those at home",
            note=note,
        )
        for name, title, numerator, note in (
            (
                "false_acceptances",
                "accepted on another's permission",
                "submissions relayed by a POP window, a listed address or a login of somebody else",
                "Hijacks. The permission is that in the column of the attempts.",
            ),
            (
                "false_refusals",
                "refused though permitted",
                "submissions refused because the list has another address of the same customer",
                "The other side of yesterday's address.",
            ),
        )
    },
    "spam_per_mailbox_day": Measure(
        "spam per mailbox and day",
        RATE,
        "messages / mailbox / day",
        "spam recipients with fate delivered",
        "mailboxes that exist × days of the phase",
        "undefined: there is no mailbox",
        classes=("spam",),
        by=("all", "route", "group", "server", "day"),
        excluded="spam to mailboxes that do not exist is not delivered, and so not counted",
        note="The leading measure of abuse. By route, the routes add up.",
    ),
    "spam_abuse_rate": Measure(
        "spam relayed for strangers",
        SHARE,
        "",
        "spam recipients accepted for relaying from clients outside the server's own networks",
        "all recipients accepted for relaying by the server",
        "undefined: a server that relays nothing has no spam-abuse rate",
        classes=("spam",),
        by=("all", "server"),
        excluded="recipients in domains that the server itself processes: that is not relaying",
        note="Over all servers: sum of the numerators by sum of the denominators.",
    ),
    "spam_time_share": Measure(
        "session time spent on spam",
        SHARE,
        "",
        "session time used on spam",
        "session time used",
        "undefined: a server without sessions",
        classes=("spam",),
        by=("all", "server"),
        excluded="waiting for a session is not session time",
    ),
    "utilisation": Measure(
        "utilisation",
        SHARE,
        "",
        "session time used",
        "concurrent sessions × length of the phase",
        "undefined: a phase of no length",
        classes=(SERVER,),
        by=("all", "server"),
        excluded="none",
        note="Over all servers: weighted by their sessions.",
    ),
    "turned_away_rate": Measure(
        "turned away busy",
        SHARE,
        "",
        "connections answered 421 because the connection queue was full",
        "connections",
        "undefined: nobody connected",
        classes=(SERVER,),
        by=("all", "server"),
        excluded="none",
    ),
    "session_wait": Measure(
        "wait for a session",
        RATIO,
        "s",
        "time that connections waited for a free session",
        "connections",
        "undefined: nobody connected",
        classes=(SERVER,),
        by=("all", "server"),
        excluded="none",
    ),
    **{
        f"delay_{name}": Measure(
            f"delay, {title}",
            QUANTILE,
            "s",
            f"{title} of the time from writing to the mailbox",
            "recipients delivered (their count stands in the column)",
            "undefined: nothing was delivered",
            by=("all", "place", "group", "remedy"),
            excluded="recipients not delivered; what is in transit at the end is cut off",
            note="Linear between order statistics (type 7 of Hyndman and Fan 1996).",
        )
        for name, title in (
            ("median", "median"),
            ("p90", "90th percentile"),
            ("p99", "99th percentile"),
        )
    },
    "attempts_per_delivered": Measure(
        "attempts",
        RATIO,
        "attempts / message delivered",
        "submission attempts, once a message",
        "messages that reached at least one recipient",
        "undefined: no message was delivered",
        classes=_HONEST,
        by=("all", "place", "group"),
        excluded="none: attempts for messages that were lost stay in the numerator",
    ),
    "settings_per_delivered": Measure(
        "changed settings",
        RATE,
        "changes / message delivered",
        "settings of the mail program that senders changed because a message was refused",
        "messages that reached at least one recipient",
        "undefined: no message was delivered",
        classes=_HONEST,
        by=("all", "place", "group"),
        excluded="dialling in and waiting change no setting",
    ),
    "calls_per_delivered": Measure(
        "help-desk calls",
        RATE,
        "calls / message delivered",
        "calls to the help desk of the ISP because a message was refused",
        "messages that reached at least one recipient",
        "undefined: no message was delivered",
        classes=_HONEST,
        by=("all", "place", "group"),
        excluded="none: calls that led to nothing count too",
    ),
}

PHASES = {
    "after": "written from `policy_starts` on: transient and steady together",
    "transient": "written within `transient` of `policy_starts`",
    "steady": "written later",
}

STATIC = """\
What follows from the inputs alone, computed without sampling from the policies and the shares of
the scenario; what the simulation adds (time, queues, learning, leases, displacement) is the
difference. For honest mail the sum runs over group × account × block of the week × place ×
recipient at the same ISP or elsewhere × credentials, each with its share, and the first attempt is
put to the very `decide` that the simulation asks. Credentials are those that the shares `auth`,
`port_587` and `pop_before_sending` state; a POP login that is recent because the mail program
polled before is a matter of time, and so is what users learn. Whoever asks port 25 from a network
that blocks it finds no connection, and counts as refused.

- `first_refusal_rate`: share of intended recipients whose first attempt is refused, by cause.
- `delivery_rate` = 1 − refused × share of `give_up` among what the group does when refused
  − silently lost − refused by the next server: every other remedy is taken to work, and whoever
  is refused and does not give up to come through in the end.
- `silent_loss_rate`: share of intended recipients that an outbound filter drops by mistake.
- `lost_per_day`: intended recipients a day × (1 − `delivery_rate`).
- `attempts_per_delivered`: nothing follows (NaN), as for delay, utilisation and the rest.
- `spam_per_mailbox_day`: each spammer stays on its first route at the stated capacity. It delivers
  to the part of its list that exists if that route is still accepted: `open_relay` if any server
  relays for a stranger, `own_account` if the submission server of its network accepts it,
  `direct` if the receiving MX does; NaN for routes whose supply the inputs do not state.

Temporary failures, outages, full queues, blocklists, greylisting and rate limits count as absent.
Relays that operators close on a date count as closed if that is when the policies start, or before;
where operators close some later, along a curve or after complaints, nothing follows (NaN).

Where nothing else plays a part (nobody learns, no queue refuses), simulated rates differ from these
by chance and by two small things. The mean over replications of a quotient R ÷ W lies off
E R ÷ E W by (r Var W − Cov(R, W)) ÷ (E W)², with r the rate: about −0.05 ÷ n for the share refused
of n messages of 1.2 recipients, a quarter of them at the same ISP, since messages to many are
refused more often. And a message has no more recipients than there are mailboxes.
"""

INTERVALS = """\
Intervals are 95 %, over replications, never over rows (rows of one run are not independent).

- Student's t over the replications' values (Law 2015, section 9.4).
- Shares near 0 or 1 (fewer than 10 events, or fewer than 10 non-events, in the mean replication, or
  a t interval that leaves 0 to 1): Clopper and Pearson's interval at the effective sample size that
  the spread between replications implies, with Korn and Graubard's correction for degrees of
  freedom (Survey Methodology 24, 1998, 193-201). Without any spread the effective size is the
  number of trials, times the same correction.
- Rates with fewer than 10 events in the mean replication: the gamma interval at the effective
  number of events (after Fay and Feuer, Statistics in Medicine 16, 1997, 791-801).
- Replications in which a measure is undefined are left out; `replications` says how many remain.
  With one replication there is no interval: `low` and `high` are NaN.
- A difference of two arms is estimated in pairs, replication by replication, with t over the
  differences; `correlation` is that of the two arms' values, and `gain` how much wider the interval
  were if the same numbers were no pairs (Welch's): at 1 or below, pairing did not help. Both are
  undefined where one of the two arms does not vary: there is nothing to pair.
- Spam removed per honest message lost is a quotient of two paired differences: bootstrap-t over
  replications (Efron and Tibshirani 1993, chapter 12). Where the interval of the denominator holds
  nought, no interval is given: no finite one would be honest (Fieller 1954).
"""


def page() -> str:
    """The reference page of measures, in Markdown; generated, never edited."""
    parts = [
        "# Measures",
        "",
        "Generated from `sim/definitions.py`.",
        "",
        "All per (message, recipient) unless it says otherwise; classes of mail are never mixed.",
        "Only messages written from `policy_starts` on count:",
        "",
        *(f"- phase `{name}`: {meaning}" for name, meaning in PHASES.items()),
        "",
        "A value is numerator ÷ denominator within one arm, replication, phase, class and key.",
        "By `day` (of the run, from 0) the warm-up is there too, as phase `warm-up`, for figures of"
        " the change itself.",
        "",
        "## Definitions",
        "",
    ]
    for name, measure in MEASURES.items():
        parts += _entry(name, measure)
    parts += ["## Kinds", ""]
    parts += [f"- {kind}: {meaning}" for kind, meaning in KINDS.items()]
    parts += ["", "## Intervals", "", INTERVALS, "## Analytic expectation", "", STATIC]
    return "\n".join(parts)


def write_page() -> None:
    """Write the reference page again, beside what computes them."""
    (Path(__file__).parents[1] / "measure" / "MEASURES.md").write_text(page(), "utf-8")


def _entry(name: str, measure: Measure) -> list[str]:
    unit = measure.unit or "none"
    lines = [
        f"### `{name}`: {measure.title}",
        "",
        f"- classes: {', '.join(measure.classes)}; kind: {measure.kind}; unit: {unit}",
        f"- numerator: {measure.numerator}",
        f"- denominator: {measure.denominator}",
        f"- left out: {measure.excluded}",
        f"- 0 ÷ 0: {measure.zero}",
        f"- split by: {', '.join(measure.by)}",
    ]
    return [*lines, *([f"- {measure.note}"] if measure.note else []), ""]
