"""How large a notebook shows a figure: letters are those of the text, whatever the style."""

import re

import pytest

import sim


@pytest.mark.parametrize(("style", "widest"), [("column", 29.2), ("page", 60), ("slide", 60)])
def test_a_narrow_figure_is_not_drawn_out(style, widest):
    figure = sim.load("six-cases").figures.matrix(arms=["open trust"], style=style)
    shown = figure._repr_html_()
    assert float(re.search(r"max-width:([\d.]+)em", shown)[1]) == widest
