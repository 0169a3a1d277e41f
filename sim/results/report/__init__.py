"""The page that a reader gets: one self-contained HTML file, from a scenario and its tables."""
