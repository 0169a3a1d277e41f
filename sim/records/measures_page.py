"""The reference page of measures, generated from the table `sim.records.measures.MEASURES`."""

from __future__ import annotations

from pathlib import Path

from sim.records.measures import KINDS, MEASURES, PHASES, Measure

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
- `spam_per_mailbox_day`: where spam goes once everybody has found out. Routes that a policy closes
  are left for those that work (`open_relay` if any server relays for a stranger, `own_account` and
  `stolen_credentials` if the submission server relays for such a client, hosts if an MX takes
  theirs), by `choice`, up to `volume`, `capacity` and line; spammers are in business as `entry`
  says, at the volume at which what they earn and what they send agree. Each delivers to the part of
  its list that exists and that the servers on the way accept; NaN where `inherited_window` is used.

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
  replications (Efron and Tibshirani 1993, chapter 12). Where the interval of the denominator
  includes 0, no interval is given: no finite interval would be valid (Fieller 1954).
"""


def page() -> str:
    """The reference page of measures, in Markdown; generated, never edited."""
    parts = [
        "# Measures",
        "",
        "Generated from `sim/records/measures.py`.",
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
