"""Figure of a calibration: the misfit of every point that was tried, along each unknown."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sim.figures import style as styles
from sim.figures.data import Floats, Names
from sim.figures.shown import Picture


def misfits(
    keys: Names,
    places: Floats,
    values: Floats,
    good: NDArray[np.bool_],
    *,
    style: str | styles.Style = "page",
) -> Figure:
    """A panel an unknown: its place between least and most across, the misfit up; filled: as good
    as the best."""
    look = styles.style(style)
    finite = np.isfinite(values)
    with styles.settings(look):
        figure = Picture(layout="constrained")
        figure.set_size_inches(look.width, 10 * look.row * len(keys))
        panels = figure.subplots(len(keys), 1, sharex=True, squeeze=False)[:, 0]
        for key, column, axes in zip(keys, places.T, panels, strict=True):
            for chosen, colour in ((~good & finite, "white"), (good, "#0072b2")):
                axes.plot(
                    column[chosen], values[chosen], "o", color="#0072b2",
                    markerfacecolor=colour, markersize=4 * look.line,
                )  # fmt: skip
            axes.set_yscale("symlog", linthresh=1.0)
            axes.yaxis.set_major_formatter("{x:g}")
            axes.set_title(key, loc="left")
            axes.set_ylabel("misfit")
        panels[-1].set_xlabel("from its least to its most (filled: fits about as well as the best)")
    return figure
