"""`precision`: as many replications as a measure needs, up to a stated number."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sim.scenario.keys import Table, key


class Precision(Table):
    """How sure one measure is to be, in every arm."""

    measure: str = key()
    """the measure, such as delivery_rate; see the page of measures"""
    mail: Literal["honest", "spam", "notice", "server"] = key("honest")
    """its class of mail"""
    half_width: Annotated[float, Field(gt=0.0)] = key()
    """half of the 95 % interval that each arm's mean is to have at most, in the measure's unit"""
    most: int = key(100, source="chosen", ge=2, le=32_767)
    """replications at most"""
