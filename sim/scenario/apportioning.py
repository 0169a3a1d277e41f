"""How a count is shared out in given proportions, mixed evenly and without chance."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def apportion(shares: Mapping[str, float], count: int) -> list[str]:
    """*count* names in the proportions of *shares*, mixed evenly and without chance.

    The i-th goes to the name that is furthest behind its share of i, so that the first
    half of a group is a sample of the whole.
    """
    known = list(shares)
    share = np.array([shares[name] for name in known])
    if share.max() == 1.0:  # the others have none
        return [known[int(share.argmax())]] * count
    given = np.zeros(len(known))
    names: list[str] = []
    for i in range(1, count + 1):
        furthest = int((share * i - given).argmax())
        given[furthest] += 1
        names.append(known[furthest])
    return names
