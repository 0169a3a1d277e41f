"""Exact answers, without a simulation: matrix, explanation, difference, advice."""
