"""How a count is shared out in given proportions, mixed evenly and without chance."""

from __future__ import annotations

from collections.abc import Mapping


def apportion(shares: Mapping[str, float], count: int) -> list[str]:
    """*count* names in the proportions of *shares*, mixed evenly and without chance.

    The i-th goes to the name that is furthest behind its share of i, so that the first
    half of a group is a sample of the whole.
    """
    whole = next((name for name, share in shares.items() if share == 1.0), None)
    if whole is not None:  # the others have none
        return [whole] * count
    counts = dict.fromkeys(shares, 0)
    names: list[str] = []
    for i in range(1, count + 1):
        furthest = max(shares, key=lambda name: shares[name] * i - counts[name])
        counts[furthest] += 1
        names.append(furthest)
    return names
