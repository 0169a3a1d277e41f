"""What the command writes: a whole table, or nothing and one line."""

from types import SimpleNamespace

import pandas as pd
import pytest
import typer

from sim.cli.hindcast import _write, _year

TABLE = SimpleNamespace(table=lambda: pd.DataFrame({"month": ["1998-01"], "spam_per_day": [1.5]}))


def test_the_table_is_written_whole(tmp_path):
    _write(TABLE, tmp_path / "monthly.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["monthly.csv"]
    assert (tmp_path / "monthly.csv").read_text() == "month,spam_per_day\n1998-01,1.5\n"


def test_where_nothing_can_be_written_one_line_says_so(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    with pytest.raises(typer.Exit) as ended:
        _write(TABLE, tmp_path / "file" / "monthly.csv")
    assert ended.value.exit_code == 2
    assert "monthly.csv: cannot be written: " in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("text", ["2004-13", "1997-12", "2009-01", "June 2004"])
def test_a_month_of_the_study_is_expected(text, capsys):
    with pytest.raises(typer.Exit):
        _year("--block-port-25", text)
    assert "a month from 1998-01 to 2008-12 expected" in capsys.readouterr().err
