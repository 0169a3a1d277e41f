"""Small made-up tables of the shape that results have, with any number of arms.

Large ones are kept: a test that changes one changes a copy.
"""

# ruff: noqa: E501
from __future__ import annotations

from functools import cache

import networkx as nx
import numpy as np
import pandas as pd

from sim.measure.sweeps import TORNADO

ARMS = (
    "open trust",
    "on network",
    "on network + AUTH",
    "on network + POP first",
    "on network + address range",
    "on network + identity check",
    "only proseware closes",
    "on network + AUTH, and AUTH already switched on by one customer in two",
    "outbound filter (90 %, 1 % false positives), refuses",
    "outbound filter (90 %, 1 % false positives), discards silently",
    "greylisting",
    "closed",
)
RULES = ("reject_unauth_destination", "reject_sender_not_local", "reject_unlisted_recipient")
GROUPS = ("home-bodies", "commuters", "travellers", "remote-office", "web-mail")
PLACES = ("home", "work", "hotel", "airport")
DAY = 86400.0


def summary(arms=7, replications=10):
    rng = np.random.default_rng(1)
    rows = []
    for number, arm in enumerate(ARMS[:arms]):
        refused = 0.0 if number == 0 else 0.11 / number + 0.02
        values = {
            ("honest", "delivery_rate"): (0.985 - refused / 2, 0.99 - refused / 3),
            ("honest", "believed_rate"): (0.99 - refused / 3, np.nan),
            ("honest", "first_refusal_rate"): (refused, refused * 0.9),
            ("honest", "refusal_rate"): (refused / 2, np.nan),
            ("honest", "silent_loss_rate"): (0.01 if "silently" in arm else 0.0, np.nan),
            ("honest", "lost_per_day"): (30 * refused + 2, 28 * refused),
            ("honest", "long_run_lost_per_day"): (30 * refused + 2, 28 * refused),
            ("honest", "one_off_refused"): (np.nan if number == 2 else 9 * refused, np.nan),
            ("spam", "spam_abuse_rate"): (
                np.nan if arm == "closed" else 0.4 / (1 + number),
                np.nan,
            ),
            ("spam", "spam_per_mailbox_day"): (5 / (1 + number) + 0.5, 6 / (1 + number)),
        }
        for (kind, measure), (mean, analytic) in values.items():
            half = 0.03 * mean * rng.uniform(0.5, 1.5) if replications > 1 else np.nan
            rows.append(
                (arm, kind, measure, mean, mean - half, mean + half, analytic, replications)
            )
    columns = ["arm", "class", "measure", "mean", "low", "high", "analytic", "replications"]
    return pd.DataFrame(rows, columns=columns)


@cache
def measures(arms=7, replications=10):
    rng = np.random.default_rng(2)
    rows = []
    for number, arm in enumerate(ARMS[:arms]):
        for replication in range(replications):
            for by, keys in (("place", PLACES), ("group", GROUPS)):
                for k, key in enumerate(keys):
                    intended = int(rng.integers(200, 300) / (1 + 3 * k))
                    p = 1 - 0.25 * (k > 0) * (number > 0) / (number + 1) - 0.01
                    delivered = rng.binomial(intended, p)
                    cell = (arm, replication, "after", "honest", by, key)
                    rows.append((*cell, "delivery_rate", delivered, intended))
                    rows.append((*cell, "lost_rate", intended - delivered, intended))
    columns = ["arm", "replication", "phase", "class", "by", "key", "measure"]
    frame = pd.DataFrame(rows, columns=[*columns, "numerator", "denominator"])
    frame["value"] = frame["numerator"] / frame["denominator"]
    return frame


def comparison(arms=7, replications=10):
    rng = np.random.default_rng(3)
    rows = []
    for number, arm in enumerate(ARMS[1:arms], start=1):
        for kind, measure, size in (
            ("honest", "delivery_rate", -0.05),
            ("honest", "lost_per_day", 5.0),
            ("honest", "first_refusal_rate", 0.1),
            ("spam", "spam_left_per_day", -300.0),
            ("spam", "spam_per_mailbox_day", -3.0),
        ):
            value = size / number * rng.uniform(0.5, 1.5)
            half = abs(size) * 0.1 if replications > 1 else np.nan
            rows.append(
                (kind, measure, ARMS[0], arm, value, value - half, value + half, 0.8, replications)
            )
    columns = [
        "class",
        "measure",
        "baseline",
        "arm",
        "difference",
        "low",
        "high",
        "correlation",
        "replications",
    ]
    return pd.DataFrame(rows, columns=columns)


@cache
def recipients(arms=7, replications=5, messages=250, spam=True):
    """A frame of recipients over 14 days, the policy starting on day 3."""
    frames = []
    for number, arm in enumerate(ARMS[:arms]):
        for replication in range(replications):
            rng = np.random.default_rng(100 + replication)
            n = messages
            intended = np.sort(rng.uniform(0, 14 * DAY, n))
            kind = np.where(rng.uniform(size=n) < (0.5 if spam else 0.0), "spam", "honest")
            after = intended > 3 * DAY
            place = rng.choice(PLACES, n, p=(0.6, 0.25, 0.1, 0.05))
            group = rng.choice(GROUPS, n)
            draw = rng.uniform(size=n)
            refused = (
                (kind == "honest")
                & after
                & (place != "home")
                & (draw < 0.6 / (1 + number))
                & (number > 0)
            )
            fate = np.where(refused, "refused", "delivered").astype(object)
            fate[(fate == "delivered") & (rng.uniform(size=n) < 0.01)] = "discarded"
            delay = rng.lognormal(2.0, 1.0, n) + rng.choice(
                [0, 300, 1200, 3600, 14400], n, p=(0.9, 0.05, 0.03, 0.01, 0.01)
            )
            ended = intended + delay
            fate[ended > 14 * DAY] = "in_transit"
            late = after & (number > 0) & (rng.uniform(size=n) < 1 - 1 / (1 + number))
            route = np.where(kind == "spam", np.where(late, "direct", "open_relay"), "submission")
            frames.append(
                pd.DataFrame(
                    {
                        "arm": arm,
                        "replication": replication,
                        "message": np.arange(n),
                        "recipient": 0,
                        "class": kind,
                        "group": np.where(kind == "spam", "bulk", group),
                        "place": np.where(kind == "spam", "", place),
                        "written_at": intended,
                        "phase": np.where(
                            ~after, "warm-up", np.where(intended < 6 * DAY, "transient", "steady")
                        ),
                        "fate": fate,
                        "cause": np.where(refused, "relaying", ""),
                        "first_cause": np.where(refused, "relaying", ""),
                        "ended_at": np.where(fate == "in_transit", np.nan, ended),
                        "rule": np.where(
                            refused, np.where(draw < 0.1, RULES[1], RULES[0]), "permit_mynetworks"
                        ),
                        "route": route,
                        "remedy": "",
                        "believed": ~refused,
                    }
                )
            )
    frame = pd.concat(frames, ignore_index=True)
    for column in ("arm", "class", "group", "place", "phase", "fate", "cause", "rule", "route"):
        frame[column] = frame[column].astype("category")  # sorted by name, as Parquet gives back
    return frame


SERVERS = tuple(
    f"{name}-{role}"
    for name in ("proseware", "adatum", "isp-c", "isp-d", "isp-e", "isp-f", "phone")
    for role in ("smtp", "mx")
)


@cache
def attempts(arms=7, replications=5, rows=1500):
    frames = []
    for number, arm in enumerate(ARMS[:arms]):
        for replication in range(replications):
            rng = np.random.default_rng(200 + replication)
            at = np.sort(rng.uniform(0, 14 * DAY, rows))
            day = 1 + np.sin(2 * np.pi * (at / DAY - 0.25))
            server = rng.choice(SERVERS, rows, p=np.arange(14, 0, -1) / 105)
            frames.append(
                pd.DataFrame(
                    {
                        "arm": arm,
                        "replication": replication,
                        "message": np.arange(rows),
                        "attempt": 1,
                        "hop": "submission",
                        "at": at,
                        "client": 0xC6336407,
                        "place": "home",
                        "server": server,
                        "recipients": 1,
                        "accepted": 1,
                        "stage": "relay",
                        "code": 250,
                        "enhanced": "2.1.5",
                        "rule": "permit_mynetworks",
                        "cause": "",
                        "waited": rng.exponential(20.0, rows) * day,
                        "took": rng.exponential(200.0, rows) * day / (1 + number),
                    }
                )
            )
    return pd.concat(frames, ignore_index=True)


def life():
    """The attempts of one message: refused at the hotel, deferred at home, then delivered."""
    baseline = {"arm": "on network", "replication": 0, "message": 7}
    rows = [
        (1, "submission", 36000.0, 0xC0000281, "hotel", "proseware-smtp", 3, 1, "relay", 550, "5.7.1", "reject_unauth_destination", "relaying", 0.0, 2.0),
        (2, "submission", 79200.0, 0xC6336407, "home", "proseware-smtp", 2, 2, "relay", 250, "2.1.5", "permit_mynetworks", "", 12.0, 3.0),
        (1, "relay", 79215.0, 0xC633643E, "", "adatum-mx", 2, 0, "client", 451, "4.3.0", "", "temporary", 0.0, 1.0),
        (2, "relay", 79515.0, 0xC633643E, "", "adatum-mx", 2, 2, "relay", 250, "2.1.5", "permit_auth_destination", "", 0.5, 1.5),
    ]  # fmt: skip
    columns = ["attempt", "hop", "at", "client", "place", "server", "recipients", "accepted", "stage", "code", "enhanced", "rule", "cause", "waited", "took"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).assign(**baseline)


def cells(arms=7):
    rows = []
    for arm in ARMS[:arms]:
        for place in PLACES:
            for to in ("same ISP", "elsewhere"):
                for credentials in ("none", "auth", "pop"):
                    kind, rule = "accept_relay", "permit_mynetworks"
                    if arm == "open trust":
                        rule = "permit"
                    if to == "same ISP":
                        kind, rule = "accept_local", "permit_auth_destination"
                    elif arm != "open trust" and place != "home":
                        kind, rule = "reject_relay", "reject_unauth_destination"
                        if "AUTH" in arm and credentials == "auth":
                            kind, rule = "accept_relay", "permit_sasl_authenticated"
                        if "POP" in arm and credentials == "pop":
                            kind, rule = "accept_relay", "permit_pop_before_smtp"
                    if "identity" in arm and place == "work":
                        kind, rule = "reject_sender", "reject_sender_not_local"
                    rows.append((arm, place, to, credentials, kind, rule))
    return pd.DataFrame(rows, columns=["arm", "place", "to", "credentials", "verdict", "rule"])


NETWORKS = {
    "core": ("transit", ""),
    "proseware": ("isp", "proseware.com"),
    "adatum": ("isp", "adatum.com"),
    "isp-c": ("isp", "isp-c.example"),
    "isp-d": ("isp", "isp-d.example"),
    "isp-e": ("isp", "isp-e.example"),
    "isp-f": ("isp", "isp-f.example"),
    "phone": ("work", "thephone-company.com"),
    "branch": ("work", ""),
    "hotel": ("venue", "hotel.example"),
    "airport": ("venue", "airport.example"),
}


def topology():
    graph = nx.Graph()
    for name, (kind, domain) in NETWORKS.items():
        graph.add_node(name, kind=kind, domain=domain)
        if name != "core":
            graph.add_edge(name, "core", latency=0.008 + 0.003 * len(name))
    return graph


def policies(arms=7):
    rows = []
    for arm in ARMS[:arms]:
        for name, (_, domain) in NETWORKS.items():
            for role in ("submission", "mx") if domain else ():
                relay = "open" if arm == "open trust" else "on_network"
                if "AUTH" in arm and role == "submission":
                    relay = "on_network+auth"
                if "only" in arm and name != "proseware":
                    relay = "open"
                suffix = "smtp" if role == "submission" else "mx"
                rows.append((arm, f"{name}-{suffix}", name, role, relay))
    return pd.DataFrame(rows, columns=["arm", "server", "network", "role", "relay"])


def traffic():
    rows = []
    for number, name in enumerate(list(NETWORKS)[1:]):
        rows.append((name, "core", "honest", 300 - 20 * number))
        rows.append((name, "core", "spam", 50 + 90 * (name == "isp-d")))
    return pd.DataFrame(rows, columns=["a", "b", "class", "per_day"])


def about(arms=7, replications=10):
    return {
        "title": "Open trust against restricted relaying",
        "arms": list(ARMS[:arms]),
        "baseline": ARMS[0],
        "seed": 1999,
        "hash": "3f2a9c0d1b",
        "replications": replications,
        "policy_starts": 3 * DAY,
        "run_length": 14 * DAY,
        "mailboxes": 400,
    }


def runs(arms, replications):
    """Number and name of the arm, and the replication, of every run."""
    return [(n, arm, r) for n, arm in enumerate(ARMS[:arms]) for r in range(replications)]


def more_measures(arms=7, replications=10):
    """Measures over all rows and by day."""
    rows = []
    for n, arm, r in runs(arms, replications):
        rows += [
            (
                arm,
                r,
                "after",
                "honest",
                "all",
                "",
                "delivery_rate",
                900 - 20 * n + 3 * (r % 4),
                1000,
            ),
            (
                arm,
                r,
                "after",
                "spam",
                "all",
                "",
                "spam_per_mailbox_day",
                5000 - 300 * n + 70 * (r % 5),
                1000,
            ),
        ]
        for by, keys, measure, size in (
            ("abuse", ("strangers", "stolen_logins"), "spam_left_per_day", 900),
            ("route", ("open_relay", "direct"), "spam_per_mailbox_day", 70),
        ):
            spam = (arm, r, "after", "spam")
            parts = [size // (1 + n) + r % 3, size // 9]
            rows += [
                (*spam, by, key, measure, part, 11) for key, part in zip(keys, parts, strict=True)
            ]
            if by == "abuse":
                rows.append((*spam, "all", "", measure, sum(parts), 11))
        for day in range(7):
            lost = 4 * n + r % 2 if day >= 3 and n else 0
            phase = "after" if day >= 3 else "warm-up"
            day_of = (arm, r, phase, "honest", "day", str(day))
            rows.append((*day_of, "collateral_rate", lost, 100))
            rows.append((*day_of, "delivery_rate", 100 - lost - n, 100))
    columns = [
        "arm",
        "replication",
        "phase",
        "class",
        "by",
        "key",
        "measure",
        "numerator",
        "denominator",
    ]
    return pd.DataFrame(rows, columns=columns)


def calendar(arms=7, replications=10):
    rows = [
        (arm, r, DAY * at, change)
        for n, arm, r in runs(arms, replications)
        for at, change in ((3.2 + 0.1 * r, "listed"), (5.1, "delisted"), (6.0, "closed"))
        if n
    ]
    return pd.DataFrame(rows, columns=["arm", "replication", "at", "change"])


def permissions(arms=7, replications=10):
    rows = [
        (arm, r, DAY * day, permission, 10 * (k + 1) + n + r % 3)
        for n, arm, r in runs(arms, replications)
        for day in range(3, 7)
        for k, permission in enumerate(("missed_listing", "others_listing", "own_listing"))
        if n
    ]
    return pd.DataFrame(rows, columns=["arm", "replication", "start", "permission", "attempts"])


WINDOWS = (120.0, 1800.0, 10800.0)
RATE = {"hotel": 1 / 3600, "airport": 1 / 900}


def windows(arms=7, replications=10):
    rows = [
        (
            arm,
            r,
            place,
            WINDOWS[n % 3],
            10_000,
            round(10_000 * (1 - np.exp(-RATE[place] * WINDOWS[n % 3]))),
        )
        for n, arm, r in runs(arms, replications)
        for place in RATE
    ]
    return pd.DataFrame(rows, columns=["arm", "replication", "place", "window", "asked", "let_in"])


def spam_account(arms=7, replications=10):
    rows = []
    for n, arm, r in runs(arms, replications):
        delivered = 50_000 // (1 + n) + 100 * (r % 4)
        tried, answers = 2 * delivered, 1e-5 * delivered
        rows.append(
            (
                arm,
                r,
                10.0,
                tried,
                1.5 * delivered,
                delivered,
                answers,
                1e-5 * tried * (1 + n),
                50.0 * delivered,
                50 * answers,
            )
        )
    columns = [
        "arm",
        "replication",
        "days",
        "tried",
        "accepted",
        "delivered",
        "answers",
        "cost",
        "value",
        "revenue",
    ]
    return pd.DataFrame(rows, columns=columns)


def bands(arms=7):
    frame = summary(arms, 2)
    names = {
        "lost_per_day": "honest recipients lost",
        "spam_per_mailbox_day": "spam per mailbox and day",
    }
    rows = frame[frame["measure"].isin(names)]
    ends = {"band_low": 0.8 * rows["mean"], "band_high": 1.5 * rows["mean"]}
    return rows.assign(quantity=rows["measure"].map(names), **ends)


def ranges(arms=7):
    rows = [
        (arm, "honest", "lost_per_day", key, "1", "9", 5.0 * n, n * low, n * high, n * (high - low),
         n * (high - low), n * (high - low) - 1.0, n * (high - low) + 1.0, n * 2.0, n * 13.0, n * 2.0 - 1.0, n * 13.0 + 1.0)
        for n, arm in enumerate(ARMS[:arms])
        for key, low, high in (("users.travellers.count", 3.0, 11.0), ("users.a.auth", 6.0, 4.0))
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["arm", "class", "measure", *TORNADO])


def survey():
    rows = [
        (0.0, 0.55, 0.55, "a survey"),
        (3 * DAY, 0.2, 0.2, "a survey"),
        (6 * DAY, 0.01, 0.05, "a survey"),
    ]
    return pd.DataFrame(rows, columns=["at", "low", "high", "source"])


def tables(arms=7, replications=10):
    """Everything a figure may ask for, by name."""
    few = min(replications, 2)
    return {
        "summary": summary(arms, replications),
        "measures": pd.concat([measures(arms, replications), more_measures(arms, replications)]),
        "calendar": calendar(arms, few),
        "permissions": permissions(arms, replications),
        "windows": windows(arms, replications),
        "spam": spam_account(arms, replications),
        "survey": survey(),
        "ranges": ranges(arms),
        "bands": bands(arms),
        "comparison": comparison(arms, replications),
        "recipients": recipients(arms, few),
        "attempts": attempts(arms, few),
        "cells": cells(arms),
        "topology": topology(),
        "policies": policies(arms),
        "traffic": traffic(),
        "about": about(arms, replications),
    }
