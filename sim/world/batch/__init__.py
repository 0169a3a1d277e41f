"""The accelerator: the first two hops of messages, worked out in columns.

The world runs without it (`sim.world.event_by_event` is the seam), for the same rows: it saves a
third to a half of the time where policies read no clock, and takes about 140 octets a message.
"""
