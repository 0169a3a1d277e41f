"""The list of recipients that a spammer walks through, and takes dead addresses off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from sim.workload.arrivals import RecipientGroup
from sim.workload.people import NO_SUCH_USER, Mailboxes


class TargetList:
    """A spammer's recipients, walked through in a new random order each time round."""

    def __init__(self, mailboxes: Mailboxes, unknown: float, generator: np.random.Generator):
        domains = np.array(mailboxes.domain_of, dtype=np.int64)
        missing = round(len(domains) * unknown / (1.0 - unknown)) if unknown < 1 else len(domains)
        lost = generator.choice(domains, missing) if missing else domains[:0]
        known = np.arange(len(domains)) if unknown < 1 else domains[:0]
        self.rows = np.concatenate([known, -1 - lost])
        self.code = 2 * np.concatenate([domains[known], lost]) + (self.rows < 0)
        self.generator, self.mailboxes = generator, mailboxes
        self.dead: Counter[int] = Counter()  # entries to be taken off, by what `rows` has of them

    def wash(self, rows: Sequence[int]) -> None:
        """Take these entries off before the list is walked through again."""
        self.dead.update(rows)

    def _wash(self) -> None:
        keep = np.ones(len(self.rows), dtype=bool)
        for row, count in self.dead.items():
            keep[np.flatnonzero(self.rows == row)[:count]] = False
        self.dead.clear()
        if keep.any():  # nobody is left without a list
            self.rows, self.code = self.rows[keep], self.code[keep]

    def batches(self, size: int) -> Iterator[tuple[list[int], list[RecipientGroup]]]:
        """Recipients of one transaction, sorted by domain, and their groups, rows counted from
        the first of them."""
        most = size
        while True:
            self._wash()
            size = min(most, len(self.rows))
            order = self.generator.permutation(len(self.rows))
            for first in range(0, len(order) - size + 1, size):
                chosen = order[first : first + size]
                chosen = chosen[np.argsort(self.code[chosen], kind="stable")]
                code = self.code[chosen]
                cuts = [0, *(np.flatnonzero(np.diff(code)) + 1).tolist(), size]
                codes = code[cuts[:-1]].tolist()
                yield (
                    self.rows[chosen].tolist(),
                    [
                        RecipientGroup(a, b, c >> 1, self._address(c))
                        for a, b, c in zip(cuts, cuts[1:], codes, strict=False)
                    ],
                )

    def _address(self, code: int) -> str:
        domain = code >> 1
        if code & 1:
            return f"{NO_SUCH_USER}{self.mailboxes.domains[domain]}"
        return self.mailboxes.representative[domain]
