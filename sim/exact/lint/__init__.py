"""Remarks of ``check``: what of a scenario has no effect, or hardly the effect that was meant."""
