"""Figure of a sensitivity: the effect of each unknown, with its interval, a panel a policy."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from sim.figures import style as styles
from sim.figures.data import Frame, Names
from sim.figures.shown import Picture


def influences(
    table: Frame, arms: Names, *, effect: str, title: str, style: str | styles.Style = "page"
) -> Figure:
    """The effect of each unknown in each arm, the greatest on top.

    *table* has a row per arm and key: effect, low, high.
    """
    look = styles.style(style)
    sizes = table.assign(size=table["effect"].abs()).groupby("key", sort=False)["size"].max()
    keys = list(sizes.sort_values(kind="stable").index)
    with styles.settings(look):
        figure = Picture(layout="constrained")
        figure.set_size_inches(look.width, look.row * (1.4 * len(keys) + 4) * len(arms))
        panels = figure.subplots(len(arms), 1, sharex=True, squeeze=False)[:, 0]
        for arm, axes in zip(arms, panels, strict=True):
            rows = table[table["arm"] == arm].set_index("key").reindex(keys)
            middle = rows["effect"].to_numpy(float)
            reach = np.abs(rows[["low", "high"]].to_numpy(float).T - middle)
            axes.barh(keys, middle, color="#56b4e9", height=0.6, gid=f"{arm}: {effect}")
            axes.errorbar(middle, keys, xerr=np.nan_to_num(reach), fmt="none", ecolor="black")
            axes.axvline(0.0, color="black", linewidth=0.5 * look.line)
            axes.set_title(arm, loc="left")
        panels[-1].set_xlabel(f"{title}: {effect}, with 95 % interval")
    return figure
