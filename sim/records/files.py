"""Names of files in a folder of results that more than one room knows."""

MANIFEST = "manifest.json"
LOG = "parts.log"
SCENARIO = "scenario.toml"
DECISION = "decision.json"
MEASURES = "measures"
STRUCTURES = "structures"
"""The same runs with what is only assumed otherwise: a folder of results within."""
