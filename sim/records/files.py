"""Names of files in a folder of results that more than one room knows."""

MANIFEST = "manifest.json"
LOG = "parts.log"
SCENARIO = "scenario.toml"
DECISION = "decision.json"
TABLES = ("recipients", "attempts", "servers", "calendar", "measures")
"""Folders of parts."""
STRUCTURES = "structures"
"""The same runs with what is only assumed otherwise: a folder of results within."""
