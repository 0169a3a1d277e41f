"""The accelerator: the first two hops of messages, worked out in columns."""
