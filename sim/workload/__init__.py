"""The policy-independent workload, drawn once a replication: mobility, arrivals, correspondents."""
