"""The list of recipients that a spammer walks through, and takes dead addresses off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from sim.workload.columns import Ints
from sim.workload.people import NO_SUCH_USER, Mailboxes

Run = tuple[int, int, int, str]
"""Recipients in one domain, as a `RecipientGroup` has them; rows count within the transaction."""
BLOCK = 1 << 14
"""Entries that are sorted at once: a transaction may have only one, and numpy's calls cost more."""


class Representatives(dict[int, str]):
    """By code, the address that policies are asked about: a domain's, or an unknown one's in it."""

    def __init__(self, mailboxes: Mailboxes) -> None:
        super().__init__()
        self.mailboxes = mailboxes

    def __missing__(self, code: int) -> str:
        domain, unknown = divmod(code, 2)
        address = self.mailboxes.representative[domain]
        if unknown:
            address = f"{NO_SUCH_USER}{self.mailboxes.domains[domain]}"
        self[code] = address
        return address


class TargetList:
    """A spammer's recipients, walked through in a new random order each time round."""

    def __init__(self, mailboxes: Mailboxes, unknown: float, generator: np.random.Generator):
        domains = np.array(mailboxes.domain_of, dtype=np.int64)
        missing = round(len(domains) * unknown / (1.0 - unknown)) if unknown < 1 else len(domains)
        lost = generator.choice(domains, missing) if missing else domains[:0]
        known = np.arange(len(domains)) if unknown < 1 else domains[:0]
        self.rows = np.concatenate([known, -1 - lost])
        # twice the number of the domain, and one for those that do not exist
        self.code = 2 * np.concatenate([domains[known], lost]) + (self.rows < 0)
        self.generator, self.addresses = generator, Representatives(mailboxes)
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

    def batches(self, size: int) -> Iterator[tuple[list[int], list[Run]]]:
        """Recipients of one transaction, sorted by domain, and what is alike among them."""
        most = size
        while True:
            self._wash()
            size = min(most, len(self.rows))
            order = self.generator.permutation(len(self.rows))
            transactions = order[: len(order) - len(order) % size].reshape(-1, size)
            at_once = max(1, BLOCK // size)
            for first in range(0, len(transactions), at_once):
                yield from self._sorted(transactions[first : first + at_once])

    def _sorted(self, entries: Ints) -> Iterator[tuple[list[int], list[Run]]]:
        """The same for the *entries* of several transactions, one a row."""
        transactions, size = entries.shape
        by_code = np.argsort(self.code[entries], axis=1, kind="stable")
        entries = np.take_along_axis(entries, by_code, axis=1)
        codes = self.code[entries]
        begins = np.ones(codes.shape, dtype=bool)
        begins[:, 1:] = codes[:, 1:] != codes[:, :-1]
        transaction, first = np.nonzero(begins)
        end = np.append(first[1:], 0)
        end[end == 0] = size
        code = codes[begins]
        addresses = map(self.addresses.__getitem__, code.tolist())
        runs = [*zip(first.tolist(), end.tolist(), (code >> 1).tolist(), addresses, strict=True)]
        bounds = np.searchsorted(transaction, np.arange(transactions + 1)).tolist()
        for rows, (a, b) in zip(self.rows[entries].tolist(), pairwise(bounds), strict=True):
            yield rows, runs[a:b]
