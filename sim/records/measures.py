"""What each measure is: numerator, denominator, what is left out, what 0 / 0 means.

One table. The counters are computed by its names, expectations of scenarios name them, the
reference page (`sim.records.measures_page`) is generated from it.
"""

from __future__ import annotations

from math import inf

from sim.records.definitions import ROW_KEYS, Measure

SHARE, RATE, MULTIPLE, RATIO = "share", "rate", "multiple", "ratio"
TIME_SHARE, WAIT, QUANTILE, WHOLE = "share of time", "wait", "quantile", "whole"
KINDS = {
    SHARE: "a share of counts; over replications the quotient of the means",
    RATE: "events per exposure; over replications the quotient of the means",
    MULTIPLE: "a quotient of counts that is 1 or more; over replications the quotient of the means",
    RATIO: "a quotient of either sign; over replications the quotient of the means",
    TIME_SHARE: "a share of session time; over replications the median",
    WAIT: "a mean of waits in a queue; over replications the median",
    QUANTILE: "a quantile of the rows of one replication; over replications the median",
    WHOLE: "found from all replications together; without an interval",
}
QUOTIENTS = (SHARE, RATE, MULTIPLE, RATIO)
"""Kinds that are given as the quotient of the means over replications."""
COUNTED = (SHARE, RATE, MULTIPLE)
"""Kinds of counts, which have intervals of their own where events are few."""
MEDIANS = (TIME_SHARE, WAIT, QUANTILE)
"""Kinds that are given as the median over replications. Times have heavy tails: one large message
on a slow line occupies a server for an hour, so that ten replications may not hold what one in a
hundred adds to the mean, and no interval of theirs covers it."""
SHARES = (SHARE, TIME_SHARE)
"""Kinds that lie between 0 and 1, and are shown in per cent."""
BOUNDS = dict.fromkeys(SHARES, (0.0, 1.0)) | {
    RATE: (0.0, inf), MULTIPLE: (1.0, inf), RATIO: (-inf, inf), WHOLE: (0.0, inf),
}  # fmt: skip
"""Least and greatest value of a kind."""
SERVER = "server"
"""Class of measures that belong to a server rather than to a class of mail."""

_HONEST = ("honest",)
_INTENDED = "intended recipients"
_NONE_INTENDED = "undefined: no recipient was intended"
NOT_RELAYING = "recipients in domains that the server itself processes: that is not relaying"
NO_BLOCKLIST = "undefined: there is no blocklist"


MEASURES: dict[str, Measure] = {
    "delivery_rate": Measure(
        "delivered",
        SHARE,
        "",
        "recipients with fate delivered",
        _INTENDED,
        _NONE_INTENDED,
        counts=lambda row: row.fate == "delivered",
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
        counts=lambda row: row.refused_at_first,
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
        counts=lambda row: row.fate == "refused",
    ),
    "gave_up_rate": Measure(
        "given up",
        SHARE,
        "",
        "recipients with fate gave_up",
        _INTENDED,
        _NONE_INTENDED,
        by=(*ROW_KEYS, "cause"),
        counts=lambda row: row.fate == "gave_up",
    ),
    "silent_loss_rate": Measure(
        "silently lost",
        SHARE,
        "",
        "recipients with fate discarded",
        _INTENDED,
        _NONE_INTENDED,
        note="Accepted with 250, then dropped: nobody is told.",
        counts=lambda row: row.fate == "discarded",
    ),
    "bounce_rate": Measure(
        "bounced or expired",
        SHARE,
        "",
        "recipients with fate bounced or expired",
        _INTENDED,
        _NONE_INTENDED,
        by=(*ROW_KEYS, "cause"),
        counts=lambda row: row.fate in ("bounced", "expired"),
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
        counts=lambda row: row.for_a_listing and row.lost,
    ),
    "in_transit_rate": Measure(
        "in transit at the end",
        SHARE,
        "",
        "recipients with fate in_transit",
        _INTENDED,
        _NONE_INTENDED,
        excluded="none",
        counts=lambda row: row.fate == "in_transit",
    ),
    "lost_rate": Measure(
        "lost",
        SHARE,
        "",
        "recipients neither delivered nor in transit at the end; who would wait for ever gives up",
        _INTENDED,
        _NONE_INTENDED,
        classes=_HONEST,
        note="In transit and lost together are what delivered lacks to 1.",
        counts=lambda row: row.lost,
    ),
    "believed_rate": Measure(
        "believed delivered",
        SHARE,
        "",
        "recipients whose sender saw no error and no notice",
        _INTENDED,
        _NONE_INTENDED,
        classes=_HONEST,
        counts=lambda row: row.believed,
    ),
    "lost_per_day": Measure(
        "lost per day",
        RATE,
        "recipients / day",
        "recipients neither delivered nor in transit at the end; who would wait for ever gives up",
        "days of the phase",
        "does not occur: a phase of no length has no row",
        classes=_HONEST,
        by=(*ROW_KEYS, "cause"),
        excluded="recipients still in transit at the end are not counted as lost",
        counts=lambda row: row.lost,
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
        counts=lambda row: row.fate == "delivered",
    ),
    "spam_left_per_day": Measure(
        "spam that left a server",
        RATE,
        "recipients / day",
        "spam recipients accepted for relaying, whoever asked",
        "days of the phase",
        "does not occur: a phase of no length has no row",
        classes=("spam",),
        by=("all", "abuse", "route", "group", "server", "day"),
        excluded=NOT_RELAYING,
        note="The number that an operator is judged by. All: of the servers that arms change. "
        "By abuse (how it came to be relayed) and by route, parts add up. In the phase, and on the "
        "day, that the server took it.",
    ),
    "spam_abuse_rate": Measure(
        "spam abuse",
        SHARE,
        "",
        "spam recipients accepted for relaying, whoever asked: trusted ranges count",
        "all recipients accepted for relaying by the server",
        "undefined: a server that relays nothing has no spam-abuse rate",
        classes=("spam",),
        by=("all", "abuse", "server"),
        excluded=NOT_RELAYING,
        note="All: of the servers that arms change, sum by sum. By abuse, the denominator stays "
        "all that was relayed, so that causes add up.",
    ),
    "listed_time_share": Measure(
        "time on a blocklist",
        SHARE,
        "",
        "days that servers were on at least one blocklist, by an address that they send from",
        "servers × days of the phase",
        NO_BLOCKLIST,
        classes=(SERVER,),
        by=("all", "server"),
        excluded="none",
        note="All: of the servers that arms change.",
    ),
    "listed_rate": Measure(
        "ever on a blocklist",
        SHARE,
        "",
        "servers that were on a blocklist at any moment of the phase",
        "servers",
        NO_BLOCKLIST,
        classes=(SERVER,),
        by=("all", "server"),
        excluded="none",
        note="Over replications, the probability that a server is listed. All: as above.",
    ),
    "spam_time_share": Measure(
        "session time spent on spam",
        TIME_SHARE,
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
        TIME_SHARE,
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
        WAIT,
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
        MULTIPLE,
        "attempts / message delivered",
        "submission attempts, once a message",
        "messages that reached at least one recipient",
        "undefined: no message was delivered",
        classes=_HONEST,
        by=("all", "place", "group", "day"),
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
        by=("all", "place", "group", "day"),
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
        by=("all", "place", "group", "day"),
        excluded="none: calls that led to nothing count too",
    ),
}

SETTLING_TIME = "settling_time"
ONE_OFF = {
    "one_off_lost": "lost_per_day",
    "one_off_refused": "first_refusal_rate",
    "one_off_calls": "calls_per_delivered",
    "one_off_settings": "settings_per_delivered",
}
LONG_RUN = {
    "long_run_lost_per_day": "lost_per_day",
    "long_run_refused_per_day": "first_refusal_rate",
    "long_run_calls_per_day": "calls_per_delivered",
}
"""Measures of what a change costs, and the measures whose daily numerators they are of."""
COSTS = (*ONE_OFF, SETTLING_TIME, *LONG_RUN)

_NOT_SETTLED = "not settled within the run, or fewer than three weeks after the policy starts"
MEASURES |= {
    name: Measure(
        f"{title}, once",
        RATIO,
        f"{unit} / person affected",
        f"{MEASURES[ONE_OFF[name]].numerator}: more than in the baseline and, day by day, more "
        "than the long run goes on to cost, from `policy_starts` until settled",
        "people affected: some of their mail is refused at first where the baseline takes it, by "
        "the inputs alone",
        f"undefined: nobody is affected, or {_NOT_SETTLED}",
        classes=_HONEST,
        by=("all",),
        excluded="what goes on for ever: that is the long-run rate",
        note="The numerator is the total. What newcomers pay later is in the long-run rate.",
    )
    for name, title, unit in (
        ("one_off_lost", "lost", "recipients"),
        ("one_off_refused", "first attempts refused", "recipients"),
        ("one_off_calls", "help-desk calls", "calls"),
        ("one_off_settings", "changed settings", "changes"),
    )
}
MEASURES |= {
    SETTLING_TIME: Measure(
        "time until settled",
        WHOLE,
        "days",
        "days from `policy_starts` until every week is like those of the last half of the run, "
        "to within what the scenario states as the smallest effect of interest",
        "one",
        f"undefined: {_NOT_SETTLED}",
        classes=_HONEST,
        by=("all",),
        note="Found by tests from all replications together: no interval of such a day covers.",
    )
}
MEASURES |= {
    name: Measure(
        f"{title}, in the long run",
        RATE,
        f"{unit} / day",
        f"{MEASURES[LONG_RUN[name]].numerator}, after the first week that is settled",
        "days of the whole weeks that are left",
        f"undefined: {_NOT_SETTLED}",
        classes=_HONEST,
        by=("all",),
        excluded=MEASURES[LONG_RUN[name]].excluded,
    )
    for name, title, unit in (
        ("long_run_lost_per_day", "lost", "recipients"),
        ("long_run_refused_per_day", "first attempts refused", "recipients"),
        ("long_run_calls_per_day", "help-desk calls", "calls"),
    )
}

PHASES = {
    "after": "written from `policy_starts` on: transient and steady together",
    "transient": "written within `transient` of `policy_starts`",
    "steady": "written later",
}
