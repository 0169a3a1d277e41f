"""The numbers of decision tables as text."""

import numpy as np
import pandas as pd
import pytest

from sim.measure.decisions import COLUMNS, EXCHANGE
from sim.results.cells import decision_cells

DIFFERENCES = {
    # a difference with half its interval, gain, whether it matters -> as the column has it
    (-0.12, 0.02, 1.5, True): "*−0.120 ±0.020",
    (-0.0015, 0.0005, 1.5, False): "−0.0015 ±0.0005",
    (0.001, 0.03, 0.9, False): "+0.001 ±0.030°",
    (0.001, 0.03, 1.09, False): "+0.001 ±0.030°",
    (0.001, 0.03, 1.11, False): "+0.001 ±0.030",
    (0.0, 0.0, np.nan, False): "no change",
    (0.0, 0.37, np.nan, False): "no change ±0.37",
    (0.25, np.nan, np.nan, False): "+0.25",
    (np.nan, np.nan, np.nan, False): "",
}


@pytest.mark.parametrize(("numbers", "text"), DIFFERENCES.items())
def test_a_difference_tells_whether_it_matters_and_whether_pairs_helped(numbers, text):
    difference, half, gain, matters = numbers
    ends = (difference - half, difference + half)
    row = ("closed", "spam", "", 1.0, 0.9, 1.1, np.nan, difference, *ends, 0.5, gain)
    row += (10, "t", "t", *ends, 0.1 if matters else np.nan, matters, True)
    cell = decision_cells(pd.DataFrame([row], columns=list(COLUMNS)))["closed", "spam"]
    assert f"{'*' * cell.significant}{cell.marked}" == text
    assert cell.lines("*") == ["1.00", "0.900–1.10", *filter(None, [text])]


def test_an_arm_without_a_number_has_a_dash(decided):
    cells = decision_cells(decided({"open": (4.0, 0.0), "closed": (1.0, 9.0)}))
    assert cells["open", EXCHANGE].lines("*") == ["–"]
