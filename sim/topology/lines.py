"""The line between a user and the network: its latency and how fast it sends."""

from __future__ import annotations

from typing import NamedTuple


class Line(NamedTuple):
    """Latency one way (s) and bandwidth away from the user (bit/s)."""

    latency: float
    bandwidth: float


LINES: dict[str, Line] = {
    # half of the round trips line.latency.*, middle of the range; line.rate.*
    "dial-up": Line(0.067, 33.6e3),  # line.latency.modem, line.rate.modem_56k.upstream
    "isdn": Line(0.014, 64e3),  # line.latency.isdn, line.rate.isdn
    "cable": Line(0.003, 128e3),  # line.latency.cable, line.rate.cable.2000
    "lan": Line(0.001, 10e6),  # line.latency.ethernet; 10BASE-T
}
