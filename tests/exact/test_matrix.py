"""The matrix of one server, as text, HTML, data and the figure's table."""

import json
from pathlib import Path

import pytest

from sim.exact.explanation import explain
from sim.exact.matrix import matrix
from sim.exact.situations import cells
from sim.scenario import loads

LAB = Path(__file__).parents[1] / "lab" / "lab.toml"


def test_all_arms_or_those_named(scenario):
    assert matrix(scenario).arms == list(scenario.arms)
    assert matrix(scenario, "proseware", "POP").arms == ["POP"]
    assert matrix(scenario, "proseware", ["POP", "open"]).arms == ["POP", "open"]


def test_server_is_named_or_that_of_a_network(scenario):
    assert matrix(scenario, "phone").hostname == "smtp.thephone-company.com"
    assert matrix(scenario, "proseware-mx").server == "proseware-mx"


def test_where_no_connection_comes_about_there_is_no_code(scenario):
    blocked = scenario.with_overrides({"networks.hotel.blocks_port_25": True})
    lines = matrix(blocked, "proseware", "open").text().splitlines()
    assert any(line.rstrip().endswith("unreachable") for line in lines)


def test_credentials_that_change_nothing_share_a_column(scenario):
    table = matrix(scenario, "proseware", "network").blocks()[0]
    assert table.columns == ("place", "recipient", "any credentials")
    table = matrix(scenario, "proseware", "POP").blocks()[0]
    assert table.columns == ("place", "recipient", "no credentials or AUTH", "POP first")


@pytest.mark.parametrize("arm", ["open", "POP", "identity"])
def test_text_html_and_data_hold_every_cell(scenario, arm):
    page = matrix(scenario, "proseware", arm)
    told = json.loads(json.dumps(page.as_dict()))["cells"]
    assert len(told) == len(cells(scenario, "proseware", arm))
    for row in told:
        assert row["rule"] in page.text()
        assert row["rule"] in page._repr_html_()


def test_frame_is_what_the_figure_is_drawn_from(scenario):
    from sim.figures import TABLES

    frame = matrix(scenario).frame()
    assert set(TABLES["cells"]) <= set(frame.columns)
    assert len(frame) == len(scenario.arms) * len(cells(scenario))


WORK = {
    # arms change                 key                     server       account
    "the server of the office": ("servers.phone-smtp", "phone-smtp", "work"),
    "every server, and most mail is written at home": ("servers.*", "proseware-smtp", "home"),
    "one that few write by": ("servers.adatum-smtp", "adatum-smtp", "home"),
    "one that nobody writes by": ("servers.hotel-smtp", "proseware-smtp", "home"),
}


@pytest.mark.parametrize(("changed", "server", "account"), WORK.values(), ids=WORK)
def test_the_default_is_the_server_that_the_arms_change_and_people_write_by(
    changed, server, account
):
    keys = LAB.read_text().partition("[arms.")[0]
    scenario = loads(f'{keys}[arms.open]\n[arms.new]\n"{changed}.relay" = "closed"')
    assert matrix(scenario).server == server
    told = explain(scenario, "travellers", "hotel", "bob@contoso.com", "new")
    assert told.query.party.network == {"home": "proseware", "work": "phone"}[account]
    alike = "All arms answer alike" in matrix(scenario).text()
    assert alike == (changed == "servers.hotel-smtp")
