"""What no policy changes, drawn once a replication: mobility, arrivals, correspondents."""
import sim.world  # noqa: F401  # until arrivals need nothing of the world
