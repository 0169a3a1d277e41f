"""A class: students' folders, and marks for what they hand in."""
