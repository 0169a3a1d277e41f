"""The live lab of the notebook *Today*: out of the hotel by a login, as its cell says."""

from pathlib import Path

import nbformat
import pytest

import sim

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "11-today.ipynb"
LOGIN = "# client.login("


@pytest.mark.parametrize(("login", "messages"), [(False, 0), (True, 1)])
def test_the_login_gets_the_message_out(login, messages, capsys):
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    (source,) = [cell.source for cell in cells if cell.source.startswith("LIVE = False")]
    assert LOGIN in source
    live = source.replace("LIVE = False", "LIVE = True")
    exec(live.replace(LOGIN, "client.login(") if login else live, {"sim": sim})
    shown = capsys.readouterr().out
    assert f"bob has {messages} message" in shown
    assert ("550" in shown) is not login
