"""The reference page of measures, generated from the table `sim.records.measures.MEASURES`."""

from __future__ import annotations

from pathlib import Path

from sim.records.definitions import Measure
from sim.records.measures import KINDS, MEASURES, PHASES

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
- `long_run_lost_per_day`: the same where nobody learns (`learning = "none"`), or each person always
  prefers the same: then who gives up first does so for ever. Where what people do is drawn anew for
  each message and remembered (`"message"`), the loss fades, and nothing follows (NaN).
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
by chance, and because a message has no more recipients than there are mailboxes.
"""

INTERVALS = """\
Intervals are 95 %, over replications, never over rows (rows of one run are not independent). Each
is given with the method that made it (column `interval`), or with the reason why there is none.
That they cover 93 to 97 % (of few events 93 % or more) is tested for every measure, and every
difference of two arms, by experiments of ten replications drawn from a pool of runs.

- Shares, rates, multiples and ratios are quotients of the means over replications, not means of
  quotients: these are off where numerator and denominator vary together. Student's t over the
  replications' values R + (top − R × below) ÷ mean below (Cochran 1977, section 6.4; Law 2015,
  section 9.4).
- Shares near 0 or 1 (fewer than 10 events, or fewer than 10 non-events, in the mean replication, a
  t interval that leaves 0 to 1, or replications that all agree): Clopper and Pearson's interval at
  the effective sample size that the spread between replications implies, with Korn and Graubard's
  correction for degrees of freedom (Survey Methodology 24, 1998, 193-201). Without any spread the
  effective size is the number of trials, times the same correction.
- Rates with fewer than 10 events in the mean replication: the gamma interval at the effective
  number of events (after Fay and Feuer, Statistics in Medicine 16, 1997, 791-801). Of multiples,
  which are 1 or more, what exceeds 1 is such a rate.
- Times (delays, waits, shares of session time) are given as the median over replications, and of
  a difference as the median of the differences in pairs, between order statistics, interpolated
  (Hettmansperger and Sheather, Statistics & Probability Letters 4, 1986, 75-79). They cover
  whatever the distribution is. No interval of the mean does: one large message on a slow line
  occupies a server for an hour, and one replication in a hundred may add more than all others. It
  takes five replications (94 %, between the least and the greatest); with fewer there is no
  interval.
- The time until settled is found by tests from all replications together and jumps with them: no
  interval of it covers (the jackknife's, 0.80), and none is given.
- Replications in which a measure is undefined are left out; `replications` says how many remain.
  With one replication there is no interval: `low` and `high` are NaN. Nor is there of a ratio
  that is the same in all: that is no proof that no other would differ.
- A difference of two arms is estimated in pairs, replication by replication, with t over the
  differences. Where either arm has few events, what rises and what falls in pairs has a gamma
  interval each, put together by the method of variance estimates recovery (Zou and Donner,
  Statistics in Medicine 27, 2008, 1693-1702). `correlation` is that of the two arms' values, and
  `gain` how much wider the interval by t were if the same numbers were no pairs (Welch's): at 1.1
  or below, pairing is not said to help. Both are undefined where one of the two arms does not
  vary: there is nothing to pair.
- Spam removed per honest message lost is a quotient of two paired differences: bootstrap-t over
  replications (Efron and Tibshirani 1993, chapter 12). Where the interval of the denominator
  includes 0, no interval is given: no finite interval would be valid (Fieller 1954).
- In the decision table `together_low` and `together_high` bound the differences of all arms at once
  (Bonferroni). A difference is marked where they say that it is larger than the smallest effect
  that the scenario states for the measure (`interest`); without one nothing is marked.
- Policies are ranked by multiple comparisons with the best under common random numbers (Nelson and
  Matejcik, Management Science 41, 1995, 1935-1945), with one-sided bounds of each pair put together
  by Bonferroni (Clark and Yang 1986), since policies differ in spread: which may be the best, how
  much worse than the best each is at most, and how many replications would tell them apart by the
  smallest effect.
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
