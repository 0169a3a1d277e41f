"""What no policy changes, drawn once a replication: mobility, arrivals, correspondents."""
