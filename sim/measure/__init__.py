"""Rows to rates: measures, intervals over replications, paired differences, analytic expectation.

Nothing is imported here: a process that only runs needs neither pandas nor SciPy.
"""
