"""What is drawn: the values, labels and units of each figure, and what it says when data lack."""

from __future__ import annotations

import made_up
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.text import Text

from sim import figures
from sim.figures import FigureError, palette
from sim.figures.curves import survival
from sim.figures.frontier import dominated
from sim.records import words
from sim.records.measures import MEASURES


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text)]


def flat(figure):
    return [text.replace("\n", " ") for text in texts(figure)]


def labels(axes):
    return [tick.get_text().replace("\n", " ") for tick in axes.get_yticklabels()]


def bars(axes):
    return [patch.get_width() for patch in axes.patches]


# ---- every figure


@pytest.fixture(scope="module")
def drawn():
    """Every figure of TABLE, from three arms and two replications."""
    tables = made_up.tables(3, 2)
    return {name: figures.draw(name, tables) for name in figures.TABLE}


@pytest.mark.parametrize("name", figures.TABLE)
def test_axes_say_what_they_show_and_in_what_unit(drawn, name):
    if name in ("topology", "matrix", "life"):
        assert not drawn[name].axes[0].get_xlabel()  # no scale, so nothing to name
        return
    lowest = [axes for axes in drawn[name].axes if axes.get_xlabel()]
    assert lowest
    unit = dict.fromkeys(("routes", "load", "waiting", "frontier", "history", "collateral"), "day")
    unit |= {
        "causes": "day",
        "costs": " / ",
        "structures": "/ day",
        "tornado": "day",
        "welch": "day",
        "listings": "day",
        "delay": "time",
        "windows": "(min)",
        "precision": "replications",
    }
    unit |= {"funnel": " / ", "break_even": ""}  # USD, USD / day
    for axes in lowest:
        words = axes.get_xlabel().replace("\n", " ")
        assert "(%)" in words or "difference (" in words or unit[name] in words


@pytest.mark.parametrize("name", ["rates", "places", "groups", "believed", "refusals"])
def test_axes_of_shares_begin_at_zero_or_end_at_all_of_them(drawn, name):
    for axes in drawn[name].axes:
        low, high = axes.get_xlim()
        assert 0 <= low < high <= 100
        assert low == 0 or high == 100


@pytest.mark.parametrize(
    "name",
    ["frontier", "delay", "routes", "load", "waiting", "history", "collateral", "listings",
     "windows", "precision"],
)  # fmt: skip
def test_heights_begin_at_zero(drawn, name):
    assert {axes.get_ylim()[0] for axes in drawn[name].axes} == {0}


@pytest.mark.parametrize("name", figures.TABLE)
def test_every_caption_says_how_to_make_it_again(made, name):
    tables = made.tables(3, 10) | {"traffic": made.traffic()}
    words = figures.caption(name, tables)
    assert "scenario 3f2a9c0d1b" in words.lower()
    exact = name in ("topology", "matrix")
    assert ("10 replications; seed 1999" in words) is not exact


ALIKE = {"waiting", "places", "break_even"}
"""Drawn by the code of another figure, with as many panels or fewer."""


@pytest.mark.parametrize("name", [name for name in figures.TABLE if name != "waiting"])  # as load
def test_nothing_that_is_written_leaves_the_figure_or_covers_other_words(made, drawn, name):
    for figure in (drawn[name], figures.draw(name, made.tables(12, 2))):
        _assert_legible(figure)


@pytest.mark.parametrize("style", ["column", "slide"])
@pytest.mark.parametrize("name", [name for name in figures.TABLE if name not in ALIKE])
def test_narrow_figures_and_slides_are_as_legible(made, name, style):
    for arms in (3, 12):
        _assert_legible(figures.draw(name, made.tables(arms, 2), style=style))


TALLER = {
    ("rates", "slide"),
    ("matrix", "slide"),
    ("costs", "slide"),
    *((n, "column") for n in ("differences", "groups", "refusals")),
} | {("tornado", s) for s in figures.STYLES}
"""Of twelve arms with long names, these do not fit at the size of their type."""


@pytest.mark.parametrize("style", figures.STYLES)
@pytest.mark.parametrize("name", [name for name in figures.TABLE if name not in ALIKE])
def test_figures_of_twelve_arms_are_no_taller_than_their_style(made, name, style):
    figure = figures.draw(name, made.tables(12, 2), style=style)
    fits = figure.get_figheight() <= figures.STYLES[style].height + 0.01
    assert fits or (name, style) in TALLER


def _assert_legible(figure):
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    inside = figure.bbox.expanded(1.002, 1.002)
    boxes, hidden = [], _hidden(figure)
    for text in figure.findobj(Text):
        if not (text.get_text().strip() and text.get_visible()):
            continue
        box = text.get_window_extent(renderer)
        if box.width and box.height and text not in hidden:
            boxes.append((text.get_text(), box))
    assert boxes
    for text, box in boxes:
        assert inside.contains(box.x0, box.y0), text
        assert inside.contains(box.x1, box.y1), text
    for number, (text, box) in enumerate(boxes):
        for other, second in boxes[number + 1 :]:
            wide = min(box.x1, second.x1) - max(box.x0, second.x0)
            high = min(box.y1, second.y1) - max(box.y0, second.y0)
            assert wide < 2 or high < 2, (text, other)


def _hidden(figure):
    """The labels of ticks outside their axis, which are not drawn."""
    hidden = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            shown = axis._update_ticks()
            for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
                if tick not in shown or not axes.axison:
                    hidden |= {tick.label1, tick.label2}
    return hidden


# ---- rates


def test_rates_draw_means_intervals_and_static_expectation(made):
    frame = made.summary(3)
    figure = figures.draw("rates", {"summary": frame})
    delivered, refused, abuse = figure.axes
    rows = frame[(frame["measure"] == "delivery_rate")]
    assert bars(delivered) == pytest.approx(list(100 - 100 * rows["mean"]))
    assert [patch.get_x() for patch in delivered.patches] == pytest.approx(list(100 * rows["mean"]))
    assert delivered.get_xlim() == (88, 100)
    assert labels(delivered) == ["open trust", "on network", "on network + AUTH"]
    ends = [
        segment[:, 0]
        for bar in delivered.containers
        if hasattr(bar, "lines") and bar.has_xerr
        for segment in bar.lines[2][0].get_segments()
    ]
    assert np.array(ends) == pytest.approx(100 * rows[["low", "high"]].to_numpy())
    marked = [line.get_xdata()[0] for line in refused.lines if line.get_marker() == "^"]
    heads = [axes.get_title().split(":")[0] for axes in figure.axes]
    assert heads == ["delivery rate", "rejection rate", "spam-abuse rate"]
    analytic = frame[frame["measure"] == "first_refusal_rate"]["analytic"]
    assert marked == pytest.approx(list(100 * analytic))
    assert "97.5" not in texts(figure)
    assert [t.get_text() for t in delivered.texts] == ["98.5", "92.0", "94.8"]
    assert abuse.get_xlabel() == "recipients relayed (%)"
    assert "mean of 10 replications" in " ".join(texts(figure))


def test_a_rate_that_is_not_defined_has_words_and_no_bar(made):
    figure = figures.draw("rates", {"summary": made.summary(12)})
    abuse = figure.axes[2]
    assert len(bars(abuse)) == 11  # closed relays nothing
    assert "nothing relayed" in [t.get_text() for t in abuse.texts]


def test_policies_under_which_a_server_relays_for_everybody_have_a_grey_ground(made):
    tables = {"summary": made.summary(7), "policies": made.policies(7)}
    figure = figures.draw("rates", tables)
    for axes in figure.axes:
        grounds = [patch for patch in axes.patches if patch.get_gid() == "shaded"]
        assert len(grounds) == 2  # open trust, and only one closes
    assert any("open trust" in text and "relays for everybody" in text for text in texts(figure))


def test_an_expectation_far_beyond_what_is_simulated_stands_at_the_edge_and_says_so(made):
    frame = made.summary(3)
    far = (frame["measure"] == "first_refusal_rate") & (frame["arm"] == "on network")
    near = figures.draw("rates", {"summary": frame})
    frame.loc[far, "analytic"] = 0.9
    figure = figures.draw("rates", {"summary": frame})
    refused = figure.axes[1]
    assert refused.get_xlim() == near.axes[1].get_xlim()
    marks = [line for line in refused.lines if line.get_marker() == ">"]
    assert [line.get_xdata()[0] for line in marks] == [refused.get_xlim()[1]]
    assert "the same, beyond the axis" in texts(figure)
    assert "the same, beyond the axis" not in texts(near)


def test_an_interval_far_wider_than_all_means_is_cut_off_with_an_arrow(made):
    frame = made.summary(3)
    wide = (frame["measure"] == "spam_abuse_rate") & (frame["arm"] == "on network")
    frame.loc[wide, "high"] = 1.0
    abuse = figures.draw("rates", {"summary": frame}).axes[2]
    assert abuse.get_xlim()[1] < 100
    arrows = [line for line in abuse.lines if line.get_gid() == "cut"]
    assert [line.get_xdata()[0] for line in arrows] == [abuse.get_xlim()[1]]


def test_an_interval_below_the_axis_is_cut_off_with_an_arrow(made):
    frame = made.summary(3)
    wide = (frame["measure"] == "delivery_rate") & (frame["arm"] == "on network")
    frame.loc[wide, "low"] = 0.0
    delivered = figures.draw("rates", {"summary": frame}).axes[0]
    assert delivered.get_xlim()[0] > 0
    arrows = [line for line in delivered.lines if line.get_marker() == "<"]
    assert [line.get_xdata()[0] for line in arrows] == [delivered.get_xlim()[0]]


def test_an_arm_without_rows_of_spam_is_shown_without_a_bar(made):
    frame = made.summary(3)
    frame = frame[(frame["class"] != "spam") | (frame["arm"] != "on network")]
    abuse = figures.draw("rates", {"summary": frame}).axes[2]
    assert len(bars(abuse)) == 2
    assert "nothing relayed" in [t.get_text() for t in abuse.texts]


@pytest.mark.parametrize(
    "name", ["rates", "costs", "places", "groups", "frontier", "believed", "differences",
             "refusals", "delay", "routes", "load", "waiting", "history", "collateral", "listings",
             "windows", "funnel", "break_even"]
)  # fmt: skip
def test_one_replication_has_no_interval_and_says_so(made, drawn, name):
    words = " ".join(texts(figures.draw(name, made.tables(3, 1))))
    assert "one replication: no interval" in words
    assert "95 %" not in words
    several = " ".join(texts(drawn[name]))  # two of some rows, which say nothing of a median
    assert ("too few replications" if name == "waiting" else "95 %") in several


def test_an_arm_that_has_not_settled_is_marked(drawn):
    axes = drawn["costs"].axes[1]
    assert [text.get_text() for text in axes.texts].count("not settled") == 1


def test_where_no_arm_has_settled_all_days_since_the_change_are_shown(made):
    summary = made.summary(3)
    since = {"long_run_lost_per_day": "lost_per_day", "one_off_refused": "first_refusal_rate"}
    costs = summary["measure"].isin(since)
    never = summary.assign(mean=summary["mean"].where(~costs))
    shown = figures.draw("costs", {"summary": never})
    assert "not settled" not in texts(shown)
    expected = figures.draw(
        "costs", {"summary": summary},
        measures=[*(("honest", name) for name in since.values()), ("spam", "spam_per_mailbox_day")],
    )  # fmt: skip
    assert texts(shown) == texts(expected)
    assert "since the change" in figures.TABLE["costs"].caption({"summary": never})


def test_causes_stack_to_what_left_the_servers(made):
    frame = made.more_measures(3, 2)
    left, arrived = figures.draw("causes", {"measures": frame}).axes
    rows = frame.query("measure == 'spam_left_per_day' and by == 'all' and arm == 'on network'")
    middle = left.get_yticks()[labels(left).index("on network")]
    parts = [p.get_width() for p in left.patches if abs(p.get_center()[1] - middle) < 1e-6]
    assert len(parts) == 2
    assert sum(parts) == pytest.approx(rows["numerator"].mean() / 11)
    assert "day" in left.get_xlabel()
    assert "mailbox" in arrived.get_xlabel()


# ---- places and groups


def test_places_follow_the_six_situations_and_pool_nothing(made):
    frame = made.measures(3)
    figure = figures.draw("places", {"measures": frame})
    assert [axes.get_title() for axes in figure.axes] == ["home", "work", "hotel", "airport"]
    of_place = (frame["key"] == "work") & (frame["by"] == "place")
    work = frame[of_place & (frame["measure"] == "lost_rate")]
    sums = work.groupby("arm", sort=False)[["numerator", "denominator"]].sum()
    means = sums["numerator"] / sums["denominator"]
    assert bars(figure.axes[1]) == pytest.approx(list(100 * means))


def test_panels_of_one_measure_share_its_axis_and_name_it(made):
    refused = made.measures(3).query("measure == 'lost_rate'").assign(measure="first_refusal_rate")
    refused.loc[refused["key"] == "home", "numerator"] = 0
    frame = pd.concat([made.measures(3), refused])
    figure = figures.draw("places", {"measures": frame}, measure="first_refusal_rate")
    assert len({axes.get_xlim() for axes in figure.axes}) == 1
    named = {axes.get_xlabel().replace("\n", " ") for axes in figure.axes}
    assert named == {"honest mail: first attempt refused (%)"}


def test_a_group_that_never_writes_has_no_panel(made):
    """Spammers and servers are groups of rows too; a count a day of their honest mail is 0."""
    intended = made.measures(3)
    of_group = intended[intended["by"] == "group"]
    lost = of_group.assign(measure="lost_per_day", denominator=4.0)
    nobody = lost.head(3).assign(key="bulk", numerator=0)
    frame = pd.concat([intended, lost, nobody])
    figure = figures.draw("groups", {"measures": frame}, measure="lost_per_day")
    assert {axes.get_title() for axes in figure.axes} == set(made.GROUPS)


@pytest.mark.parametrize("name", ["rates", "differences", "places", "groups"])
def test_a_measure_that_there_is_not_is_named(made, name):
    wrong = "delivry_rate"
    options = (
        {"measure": wrong}
        if name in ("places", "groups")
        else {"measures": [("honest", "delivery_rate"), ("honest", wrong)]}
    )
    with pytest.raises(FigureError, match="no measure 'delivry_rate'; did you mean 'delivery_r"):
        figures.draw(name, made.tables(3, 2), **options)


def test_a_caption_tells_of_the_measures_that_are_drawn(made):
    tables = made.tables(3, 2)
    assert figures.caption("places", tables).startswith("Honest mail: lost, by arm and by where")
    told = figures.caption("places", tables, measure="first_refusal_rate")
    assert told.startswith("Honest mail: first attempt refused, by arm and by where the writer")
    assert "Delivered" not in told
    for name in ("rates", "differences"):
        told = figures.caption(name, tables, measures=[("honest", "delay_median")])
        assert "Delay, median: median of the time from writing to the mailbox." in told
        assert "Delivered" not in told


def test_groups_are_split_by_group(made):
    figure = figures.draw("groups", {"measures": made.measures(3)})
    assert {axes.get_title() for axes in figure.axes} == set(made.GROUPS)


def test_only_rows_after_the_policy_started_count(made):
    frame = made.measures(3)
    before = frame.assign(phase="warm-up", numerator=0)
    both = figures.draw("places", {"measures": pd.concat([before, frame])})
    alone = figures.draw("places", {"measures": frame})
    assert bars(both.axes[1]) == bars(alone.axes[1])


# ---- matrix


def test_matrix_says_the_verdict_in_words_and_the_restriction_below(made):
    figure = figures.draw("matrix", {"cells": made.cells(3)})
    axes = figure.axes[0]
    cells = [patch for patch in axes.patches if patch.get_width() == 1]
    words = [t.get_text().replace("\n", " ") for t in axes.texts]
    assert len(cells) == len(words) == 8 * 4  # AUTH makes a second row in one arm
    (rules,) = (text for text in flat(figure) if text.startswith("decided by: "))
    key = rules.partition("\u00a0reject_unauth_destination")[0][-1]
    refused = [i for i, text in enumerate(words) if "refused: relaying" in text]
    assert all(f"[{key}]" in words[i] for i in refused)
    assert {to_hex(cells[i].get_facecolor()) for i in refused} == {"#f6c26b"}
    assert all(words[i].startswith("✗") for i in refused)
    assert len(refused) == 6
    heads = [tick.get_text().replace("\n", " ") for tick in axes.get_xticklabels()]
    assert heads[:2] == ["home to same ISP", "home to elsewhere"]


def test_columns_are_numbered_where_all_are_among_the_six_situations(made):
    six = made.cells(3).query("place != 'airport'")
    axes = figures.draw("matrix", {"cells": six}).axes[0]
    heads = [tick.get_text().replace("\n", " ") for tick in axes.get_xticklabels()]
    assert heads[:2] == ["(1) home to same ISP", "(2) home to elsewhere"]
    assert heads[4:6] == ["(5) hotel to same ISP", "(6) hotel to elsewhere"]


def test_policies_with_the_same_answers_share_rows_and_the_server_is_named(made):
    frame = made.cells(2).assign(server="uni-smtp")
    again = frame[frame["arm"] == "on network"].assign(arm="closed")
    axes = figures.draw("matrix", {"cells": pd.concat([frame, again])}).axes[0]
    assert labels(axes) == ["open trust", "• on network • closed"]
    assert axes.get_title() == "what uni-smtp answers its customers"


def test_every_kind_of_verdict_has_a_colour_and_a_hatch_to_tell_it_by():
    from sim.smtp.replies import SITUATIONS

    kinds = {outcome.kind for outcome in SITUATIONS.values()} - {""}
    assert kinds | {"accept_local", "accept_relay", "unreachable"} == set(palette.VERDICT)
    looks = {(kind.colour, kind.hatch) for kind in palette.VERDICT.values()}
    assert len(looks) == len(palette.VERDICT)


def test_a_policy_has_one_row_where_credentials_make_no_difference(made):
    side = figures.draw("matrix", {"cells": made.cells(3)}).axes[0].child_axes[0]
    held = [tick.get_text().replace("\n", " ") for tick in side.get_yticklabels()]
    assert held == ["any credentials", "any credentials", "no credentials or POP first", "AUTH"]


def test_a_matrix_of_several_servers_has_rows_for_each_and_names_it(made):
    frame = made.cells(2)
    other = frame.assign(server="adatum-smtp", verdict="accept_relay", rule="permit")
    both = pd.concat([frame.assign(server="proseware-smtp"), other])
    side = figures.draw("matrix", {"cells": both}).axes[0].child_axes[0]
    named = [tick.get_text().replace("\n", " ") for tick in side.get_yticklabels()]
    assert named == 2 * ["proseware-smtp, any credentials", "adatum-smtp, any credentials"]


def test_a_matrix_says_where_all_arms_are_alike(made):
    alike = made.cells(2)
    rows = alike[alike["arm"] == "open trust"]
    alike = pd.concat([rows, rows.assign(arm="on network")])
    for frame, said in ((alike, True), (made.cells(2), False), (rows, False)):
        words = " ".join(flat(figures.draw("matrix", {"cells": frame})))
        assert ("all arms alike" in words) is said


def test_a_narrow_matrix_names_restrictions_by_letters_and_explains_them(made):
    figure = figures.draw("matrix", {"cells": made.cells(3)}, style="column")
    assert "✗d" in texts(figure)
    assert "d\u00a0reject_unauth_destination" in "\n".join(texts(figure))


# ---- topology


def test_topology_shows_networks_latencies_and_who_relays(made):
    tables = {"topology": made.topology(), "policies": made.policies(7)}
    figure = figures.draw("topology", tables, arm="only proseware closes")
    words = texts(figure)
    assert any("thephone-company.com" in text for text in words)
    assert "23 ms" in words
    fills = {
        line.get_gid(): to_hex(line.get_markerfacecolor())
        for line in figure.axes[0].lines
        if str(line.get_gid()).startswith("network")
    }
    assert fills["network proseware"] == "#bfe0f5"
    assert fills["network adatum"] == palette.VERMILLION
    assert fills["network branch"] == "#ffffff"
    assert "policies of “only proseware closes”" in words


def test_arrows_lead_from_networks_to_those_whose_servers_trust_them(made):
    rows = made.policies(2).assign(trusts="")
    uni = (rows["network"] == "phone") & (rows["arm"] == "on network")
    rows.loc[uni, "trusts"] = "branch, hotel"
    tables = {"topology": made.topology(), "policies": rows}
    figure = figures.draw("topology", tables)
    arrows = [text for text in figure.axes[0].texts if text.get_gid() == "trust"]
    assert len(arrows) == 2
    assert "is trusted by" in texts(figure)
    before = figures.draw("topology", tables, arm="open trust")
    assert "is trusted by" not in texts(before)


def test_networks_of_an_organisation_stand_side_by_side_on_one_ground(made):
    from sim.figures.topology import layout_of

    graph = made.topology()
    for name in ("phone", "hotel", "adatum"):
        graph.nodes[name]["organisation"] = "uni"
    graph.add_edge("behind", "isp-e", latency=0.001)
    order = list(layout_of(graph))
    places = sorted(order.index(name) for name in ("phone", "hotel", "adatum"))
    assert places[2] - places[0] == 2
    assert order.index("behind") - order.index("isp-e") == 1
    figure = figures.draw("topology", {"topology": graph})
    grounds = [line for line in figure.axes[0].lines if line.get_gid() == "organisation"]
    assert [len(line.get_xdata()) for line in grounds] == [3]
    assert "of one organisation: uni" in texts(figure)


def test_topology_without_an_arm_shows_the_first_that_restricts(made):
    tables = {"topology": made.topology(), "policies": made.policies(7)}
    assert "policies of “on network”" in texts(figures.draw("topology", tables))


def test_lines_are_as_wide_as_what_they_carry(made):
    tables = {"topology": made.topology(), "traffic": made.traffic()}
    lines = figures.draw("topology", tables).axes[0].lines
    honest = [line.get_linewidth() for line in lines if line.get_gid() == "traffic honest"]
    assert honest == sorted(honest, reverse=True)
    assert len(set(honest)) == 10
    assert "widest line: 300 recipients / day" in texts(figures.draw("topology", tables))


def test_a_large_map_leaves_names_out_and_says_so(made):
    import networkx as nx

    graph = nx.cycle_graph([f"isp-{number}" for number in range(30)])
    nx.set_node_attributes(graph, "isp", "kind")
    words = texts(figures.draw("topology", {"topology": graph}))
    assert "isp-1" not in words
    assert any("names are left out: 30 networks" in text for text in words)


# ---- frontier


@pytest.mark.parametrize(
    ("point", "others", "answer"),
    [
        ((1, 1), [(1, 1)], False),
        ((1, 1), [(0, 1)], True),
        ((1, 1), [(1, 0)], True),
        ((1, 1), [(0, 2), (2, 0)], False),
    ],
    ids=["coincides", "costs less", "lets less through", "each better in one"],
)
def test_dominated(point, others, answer):
    assert dominated(*point, others) is answer


def test_frontier_hollows_the_dominated_and_numbers_all(made):
    frame = made.summary(7)
    figure = figures.draw("frontier", {"summary": frame})
    axes = figure.axes[0]
    arms = {line.get_gid(): line for line in axes.lines if str(line.get_gid()).startswith("arm ")}
    hollow = [name for name, line in arms.items() if line.get_markerfacecolor() == "white"]
    assert hollow == ["arm 2", "arm 3", "arm 4", "arm 5", "arm 6"]
    spam = frame[frame["measure"] == "spam_per_mailbox_day"]["mean"]
    assert [line.get_ydata()[0] for line in arms.values()] == pytest.approx(list(spam))
    assert {text.get_text() for text in axes.texts} == set("1234567")
    assert axes.get_xlabel() == "honest mail lost in the long run (recipients / day)"


def test_where_the_question_is_what_leaves_servers_that_is_the_height(made):
    frame = made.summary(3)
    left = frame[frame["measure"] == "spam_per_mailbox_day"].assign(measure="spam_left_per_day")
    left["mean"] *= 100
    tables = {"summary": pd.concat([frame, left]), "about": {"leaves": True}}
    axes = figures.draw("frontier", tables).axes[0]
    assert "spam that left servers" in axes.get_ylabel().replace("\n", " ")
    assert max(axes.get_ylim()) > 100


def test_where_structure_was_tried_pale_bars_span_what_it_moves(made):
    tables = {"summary": made.summary(3), "bands": made.bands(3)}
    figure = figures.draw("frontier", tables)
    axes = figure.axes[0]
    assert axes.get_xlabel() == "honest mail lost since the change (recipients / day)"
    drawn_bands = [line for line in axes.lines if line.get_gid() == "structure"]
    assert len(drawn_bands) == 2 * 3
    rows = tables["bands"].query("quantity == 'honest recipients lost'")
    assert list(drawn_bands[0].get_xdata()) == list(rows[["band_low", "band_high"]].iloc[0])
    assert "if what is assumed is otherwise" in texts(figure)


def test_points_far_from_zero_have_an_axis_that_tells_them_apart(made):
    frame = made.summary(3)
    spam = frame["measure"] == "spam_per_mailbox_day"
    frame.loc[spam, "mean"] = [9.7, 9.8, 9.9]
    frame.loc[spam, "low"], frame.loc[spam, "high"] = 9.65, 9.95
    axes = figures.draw("frontier", {"summary": frame}).axes[0]
    assert 9 < axes.get_ylim()[0] < axes.get_ylim()[1] < 10.5


def test_points_that_coincide_share_a_label_and_stay_visible(made):
    frame = made.summary(3)
    for column in ("mean", "low", "high"):
        frame[column] = frame.groupby("measure")[column].transform("first")
    axes = figures.draw("frontier", {"summary": frame}).axes[0]
    assert [text.get_text() for text in axes.texts] == ["1, 2, 3"]
    sizes = [line.get_markersize() for line in axes.lines if "arm" in str(line.get_gid())]
    assert sizes == sorted(set(sizes), reverse=True)


def test_an_arm_without_spam_is_named_and_not_put_at_zero(made):
    frame = made.summary(3)
    frame = frame[(frame["class"] != "spam") | (frame["arm"] != "on network")]
    words = texts(figures.draw("frontier", {"summary": frame}))
    assert "2  on network" not in words
    assert any("not shown, no value: on network" in text for text in words)


# ---- differences, believed, refusals


def test_differences_are_in_percentage_points_and_hollow_if_open(made):
    frame = made.comparison(4)
    frame.loc[frame["arm"] == "on network", ["low", "high"]] = (-9.0, 9.0)
    frame["smallest"] = 0.005
    only = (("honest", "delivery_rate"),)
    delivered = figures.draw("differences", {"comparison": frame}, measures=only).axes[0]
    dots = [line for line in delivered.lines if line.get_marker() == "o"]
    rows = frame[frame["measure"] == "delivery_rate"]
    assert [d.get_xdata()[0] for d in dots] == pytest.approx(list(100 * rows["difference"]))
    assert [d.get_markerfacecolor() == "white" for d in dots] == [True, False, False]
    ground = [patch for patch in delivered.patches if patch.get_gid() == "smallest"]
    assert ground[0].get_width() == pytest.approx(1.0)  # in percentage points
    none = figures.draw("differences", {"comparison": frame.assign(smallest=np.nan)}, measures=only)
    faces = {d.get_markerfacecolor() for d in none.axes[0].lines if d.get_marker() == "o"}
    assert faces == {"white"}  # where no effect is stated, none is marked
    assert "percentage points" in delivered.get_xlabel().replace("\n", " ")


def test_differences_follow_from_measures_if_need_be(made):
    frame = made.measures(3)
    keys = ["arm", "replication", "phase", "class", "measure"]
    total = frame[frame["by"] == "place"].groupby(keys, sort=False)[["numerator", "denominator"]]
    total = total.sum().reset_index().assign(by="all", key="")
    total["value"] = total["numerator"] / total["denominator"]
    tables = {"measures": total, "about": {"baseline": "open trust"}}
    only = (("honest", "delivery_rate"),)
    axes = figures.draw("differences", tables, measures=only).axes[0]
    delivered = total[total["measure"] == "delivery_rate"]
    sums = delivered.groupby("arm")[["numerator", "denominator"]].sum()
    rates = sums["numerator"] / sums["denominator"]
    expected = 100 * (rates["on network"] - rates["open trust"])
    dots = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o"]
    assert dots[0] == pytest.approx(expected)


def test_believed_stands_beside_delivered(made):
    frame = made.summary(3)
    left, right = figures.draw("believed", {"summary": frame}).axes
    for marker, measure in (("o", "delivery_rate"), ("s", "believed_rate")):
        drawn_ = [line.get_xdata()[0] for line in left.lines if line.get_marker() == marker]
        rows = frame[frame["measure"] == measure]["mean"]
        assert drawn_ == pytest.approx(list(100 * rows))
    assert bars(right) == [0, 0, 0]


def test_refusals_stack_restrictions_of_what_a_group_intended(made):
    frame = made.recipients(3, 2)
    figure = figures.draw("refusals", {"recipients": frame})
    axes = next(a for a in figure.axes if a.get_title() == "travellers")
    rows = frame[
        (frame["class"] == "honest") & (frame["phase"] != "warm-up")
        & (frame["group"] == "travellers") & (frame["arm"] == "on network")
    ]  # fmt: skip
    share = (rows["fate"] == "refused").groupby(rows["replication"]).mean().mean()
    second = labels(axes).index("on network")
    middle = axes.get_yticks()[second]
    total = sum(p.get_width() for p in axes.patches if abs(p.get_center()[1] - middle) < 1e-6)
    assert total == pytest.approx(100 * share)
    assert {"reject_unauth_destination", "reject_sender_not_local"} <= set(texts(figure))


# ---- delay, routes, load


def test_survival_counts_what_never_arrives_and_censors_what_is_under_way():
    moments = np.array([0.0, 1.0, 2.0, 9.0])
    delays, censored = np.array([1.0, 2.0]), np.array([1.5])
    # 4 at risk, 1 arrives at 1; one is censored; 2 at risk, 1 arrives at 2; one never does
    expected = [1.0, 3 / 4, 3 / 4 * 1 / 2, 3 / 4 * 1 / 2]
    assert survival(delays, censored, 1, moments) == pytest.approx(expected)
    assert survival(delays, np.array([]), 2, moments) == pytest.approx([1, 3 / 4, 1 / 2, 1 / 2])


def test_delay_falls_from_all_and_shows_an_enlargement(made):
    tables = made.tables(3, 3)
    whole, part = figures.draw("delay", tables).axes
    for line in whole.lines:
        heights = line.get_ydata()
        assert heights[0] > 50
        assert (np.diff(heights) <= 1e-9).all()
    assert whole.get_ylim() == (0, 100)
    assert part.get_ylim()[1] < 50
    assert "1 min" in [tick.get_text() for tick in part.get_xticklabels()]
    widths = [line.get_linewidth() for line in part.lines]
    assert widths == sorted(set(widths), reverse=True)  # so that curves that coincide both show


def test_the_band_of_the_delay_is_as_wide_as_the_number_of_recipients_allows(made):
    one = made.recipients(3, 1)
    alike = pd.concat([one, one.assign(replication=1)])  # no spread: only numbers count
    wide = []
    for frame in (alike, pd.concat([alike] * 40)):
        band = figures.draw("delay", {"recipients": frame}).axes[0].collections[0]
        path = band.get_paths()[0].vertices
        wide.append(np.ptp(path[np.isclose(path[:, 0], path[:, 0].max()), 1]))
    assert wide[0] > 3 * wide[1]


def test_routes_count_spam_per_mailbox_and_day_and_mark_the_change(made):
    tables = made.tables(3, 2)
    figure = figures.draw("routes", tables)
    spam = tables["recipients"]
    spam = spam[(spam["class"] == "spam") & (spam["fate"] == "delivered")]
    rows = spam[(spam["arm"] == "on network") & (spam["route"] == "direct")]
    total = len(rows) / 2 / 400
    line = next(x for x in figure.axes[1].lines if x.get_label() == "direct")
    assert sum(line.get_ydata()) == pytest.approx(total)
    assert to_hex(line.get_color()) == palette.ROUTE["direct"].colour
    change = [x for x in figure.axes[1].lines if x.get_gid() == "policy change"]
    assert change[0].get_xdata()[0] == 3
    assert "spam delivered (messages / mailbox / day)" in flat(figure)
    about = {**tables["about"], "mailboxes": None}
    assert "spam delivered (messages / day)" in flat(
        figures.draw("routes", {**tables, "about": about})
    )


def test_an_arm_into_which_no_spam_came_says_so(made):
    frame = made.recipients(3, 2)
    frame = frame[(frame["class"] != "spam") | (frame["arm"] != "on network")]
    figure = figures.draw("routes", {"recipients": frame})
    assert [t.get_text() for t in figure.axes[1].texts] == ["no spam delivered"]


def test_where_no_spam_came_at_all_there_is_no_empty_figure(made):
    frame = made.recipients(3, 2)
    with pytest.raises(FigureError, match="no spam was delivered in any arm"):
        figures.draw("routes", {"recipients": frame[frame["class"] != "spam"]})


def test_load_is_session_time_over_time(made):
    tables = made.tables(3, 2)
    axes = figures.draw("load", tables, servers=["proseware-smtp"]).axes[0]
    rows = tables["attempts"]
    rows = rows[(rows["arm"] == "open trust") & (rows["server"] == "proseware-smtp")]
    rows = rows[rows["at"] >= 3 * made.DAY]
    heights = axes.lines[0].get_ydata()
    # days 3 to 14: Thursday to Sunday twice, Monday to Wednesday once
    seconds = 3 * 3600.0 * np.where(np.arange(56) // 8 >= 3, 2, 1)
    assert (heights * seconds).sum() * 2 == pytest.approx(rows["took"].sum())


def test_load_shows_the_busiest_servers(made):
    legend = texts(figures.draw("load", made.tables(3, 2)))
    assert {"proseware-smtp", "proseware-mx", "adatum-smtp"} <= set(legend)
    assert "phone-mx" not in legend


# ---- life


def test_life_shows_each_attempt_between_those_who_spoke(made):
    figure = figures.draw("life", {"attempts": made.life()})
    words = [text.replace("\n", "").replace(" ", "") for text in texts(figure)]
    assert "5505.7.1(1of3accepted)reject_unauth_destination" in words
    assert "4514.3.0temporary" in words
    heads = [text.replace("\n", " ") for text in texts(figure)]
    assert "hotel 192.0.2.129" in heads
    assert "+12.1 h" in heads
    arrows = [t.arrow_patch for t in figure.axes[0].texts if getattr(t, "arrow_patch", None)]
    assert len(arrows) == 8
    assert "message 7 of “on network”, replication 0" in heads
    assert len(figure.axes[0].lines) == 4  # a server that relays is the one that was asked


def test_life_counts_what_it_leaves_out(made):
    frame = made.life()
    many = pd.concat([frame.assign(at=frame["at"] + 1e5 * n) for n in range(5)])
    assert any("6 later attempts" in t for t in texts(figures.draw("life", {"attempts": many})))


# ---- looks


def test_restrictions_of_one_figure_differ_and_those_with_a_look_keep_it():
    named = [*palette.RESTRICTION]
    strange = [f"check_{number}_access" for number in range(10)]
    looks = palette.restrictions([*strange, *named, "limit_client_rate(100 / hour)"])
    assert looks.pop("limit_client_rate(100 / hour)") == looks["limit_client_rate"]
    assert len(set(looks.values())) == len(named) + 10
    assert {name: looks[name] for name in named} == palette.RESTRICTION


ROLES = {
    "class": (words.MailClass, palette.CLASS),
    "fate": (words.Fate, palette.FATE),
    "route": (words.Route, palette.ROUTE),
}


@pytest.mark.parametrize(("roles", "table"), ROLES.values(), ids=ROLES)
def test_every_role_has_a_look_and_they_differ_without_their_colour(roles, table):
    assert set(table) == set(roles), "give it a look in sim/figures/palette.py"
    looks = [(look.marker, look.hatch, str(look.line)) for look in table.values()]
    assert len(set(looks)) == len(looks)


def test_a_role_without_a_look_is_drawn_all_the_same():
    assert palette.look(palette.ROUTE, "pigeon") == palette.OTHER


def test_twelve_arms_differ_in_colour_and_line_and_in_marker():
    looks = [palette.arm(number) for number in range(12)]
    assert len({(look.colour, str(look.line)) for look in looks}) == 12
    assert len({look.marker for look in looks}) == 12


def test_every_measure_has_words_for_its_axis():
    from sim.figures import words

    for name, measure in MEASURES.items():
        for kind in measure.classes:
            assert words.title(kind, name)
            assert words.axis(name)
            assert ("%" in words.axis(name)) is words.is_share(name)


# ---- what cannot be drawn


@pytest.mark.parametrize("name", figures.TABLE)
def test_no_rows_is_one_clear_error(made, name):
    tables = made.tables(3, 2)
    tables |= {
        need: tables[need].iloc[:0]
        for need in figures.TABLE[name].needs
        if hasattr(tables[need], "iloc")
    }
    if name == "topology":
        tables["topology"] = tables["topology"].__class__()
    with pytest.raises(FigureError, match=r"no rows|no networks"):
        figures.draw(name, tables)


@pytest.mark.parametrize("name", [name for name in figures.TABLE if name != "topology"])
def test_a_missing_column_is_named(made, name):
    tables = made.tables(3, 2)
    need = figures.TABLE[name].needs[0]
    tables[need] = tables[need].drop(columns="arm")
    with pytest.raises(FigureError, match=f"{name}: {need} lacks the column 'arm'; it has "):
        figures.draw(name, tables)


def test_a_table_that_is_not_one_is_named():
    with pytest.raises(FigureError, match="rates: summary is list, not a table"):
        figures.draw("rates", {"summary": []})


def test_an_unknown_arm_is_named_with_those_there_are(made):
    with pytest.raises(FigureError, match="no rows for 'closed'; there are open trust, on network"):
        figures.draw("rates", {"summary": made.summary(3)}, arms=["closed"])
