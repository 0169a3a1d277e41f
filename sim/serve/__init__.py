"""Live servers on loopback: real mail programs against the policies of a scenario.

This room holds sockets, clocks and pages. What is answered is decided by the session of `sim.smtp`,
what becomes of mail by a `sim.world`.
"""
