"""Rows and measures: the columns of results, the words in them, and what is measured."""
