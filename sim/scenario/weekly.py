"""When in a week people write: what a scenario says of hours and weekends, and what is usual."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

# Share of a weekday's messages written in each hour. The busiest hour has 0.15 of the
# day (mail.peak_hour_share); the rest of the shape is chosen.
# fmt: off
HOURLY = (
    0.006, 0.003, 0.002, 0.002, 0.002, 0.005, 0.012, 0.030, 0.070, 0.150, 0.110, 0.090,
    0.050, 0.060, 0.070, 0.070, 0.060, 0.040, 0.030, 0.035, 0.040, 0.035, 0.018, 0.010,
)
# fmt: on
WEEKEND_ACTIVITY = 0.5
"""Messages on a Saturday or Sunday for each one on a weekday (chosen)."""


def _some(shares: tuple[float, ...]) -> tuple[float, ...]:
    if not sum(shares) > 0.0:
        raise ValueError("expected a number above 0 among them")
    return shares


Hourly = Annotated[
    tuple[Annotated[float, Field(ge=0.0)], ...],
    Field(strict=False, min_length=24, max_length=24),
    AfterValidator(_some),
]
"""How much is written in each hour of a day, from midnight, beside the others."""
