"""A scenario that starts from another one, and nothing outside its folder."""

import pytest
from small import SMALL

from sim.scenario import ScenarioError, load


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "base.toml").write_text(SMALL)

    def write(name, text):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


def told(path):
    with pytest.raises(ScenarioError) as raised:
        load(path)
    return str(raised.value)


def test_what_a_file_says_replaces_what_it_extends_key_by_key(folder):
    path = folder(
        "a.toml",
        """
        extends = "base.toml"
        title = "Another"
        [networks.proseware]
        lease = "1 h"
        [users.travellers]
        places = { hotel = 1.0 }
        [servers.phone-mx]
        sessions = 7
        [arms.closed]
        "servers.*.relay" = "closed"
        """,
    )
    scenario = load(path)
    assert scenario.title == "Another"
    assert scenario.networks["proseware"].lease == 3600.0
    assert scenario.networks["proseware"].domain == "proseware.com"
    assert scenario.users["travellers"].places == {"hotel": 1.0}  # a value is replaced whole
    assert scenario.users["travellers"].count == 10
    assert scenario.servers["phone-mx"].sessions == 7
    assert list(scenario.arms) == ["open trust", "on network", "closed"]
    assert scenario.baseline == "open trust"


def test_a_chain_of_files(folder):
    folder("below/b.toml", 'extends = "../c.toml"\nseed = 5')
    folder("c.toml", 'extends = "base.toml"\nseed = 4\nreplications = 3')
    scenario = load(folder("a.toml", 'extends = "below/b.toml"\n'))
    assert (scenario.seed, scenario.replications) == (5, 3)


def test_of_several_files_the_later_counts_each_with_what_it_extends(folder):
    folder("part.toml", "seed = 5\nreplications = 3\n[users.travellers]\ncount = 7")
    folder("other.toml", 'extends = "below/far.toml"\nreplications = 4')
    folder("below/far.toml", "seed = 6\n[users.travellers]\nauth = 0.5")
    text = 'extends = ["base.toml", "part.toml", "other.toml"]\n[users.travellers]\nport_587 = 0.25'
    scenario = load(folder("a.toml", text))
    users = scenario.users["travellers"]
    assert (scenario.seed, scenario.replications, scenario.title) == (6, 4, "A small scenario")
    assert (users.count, users.auth, users.port_587) == (7, 0.5, 0.25)


def test_no_file_is_extended_twice(folder):
    folder("b.toml", 'extends = "base.toml"')
    assert "nor is extended already" in told(folder("a.toml", 'extends = ["base.toml", "b.toml"]'))


def test_a_fault_is_told_in_the_file_that_has_it(folder, tmp_path):
    folder("base.toml", SMALL.replace("count = 10", "count = -1"))
    path = folder("a.toml", 'extends = "base.toml"\nseed = -1\n[servers.phone-mx]\nsessions = 0')
    assert told(path).splitlines() == [
        f"{path}: line 2: seed: -1: expected at least 0",
        f"{tmp_path}/base.toml: line 39: users.travellers.count: -1: expected at least 1",
        f"{path}: line 4: servers.phone-mx.sessions: 0: expected at least 1",
    ]


def test_a_resolved_scenario_extends_nothing(folder):
    scenario = load(folder("a.toml", 'extends = "base.toml"\n'))
    assert "extends" not in scenario.resolved()


def test_a_cycle(folder):
    folder("b.toml", 'extends = "a.toml"')
    assert "(a cycle)" in told(folder("a.toml", 'extends = "b.toml"'))


def test_a_chain_that_is_too_long(folder):
    for n in range(20):
        folder(f"{n}.toml", f'extends = "{n + 1}.toml"')
    assert "at most 8 files in a chain" in told(folder("a.toml", 'extends = "0.toml"'))


def test_a_link_out_of_the_folder_is_not_followed(folder, tmp_path, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "secret.toml"
    elsewhere.write_text(SMALL)
    (tmp_path / "link.toml").symlink_to(elsewhere)
    assert "in the folder of the scenario" in told(folder("a.toml", 'extends = "link.toml"'))


ESCAPES = ["../base.toml", "below/../../base.toml", "/etc/passwd", "", "a\\u0000b", "//x"]


@pytest.mark.parametrize("name", ESCAPES)
def test_no_way_out(folder, name):
    message = told(folder("a.toml", f'extends = "{name}"'))
    assert ": extends: " in message
    assert "\n" not in message


def test_a_number_is_no_file(folder):
    assert "extends: 7: expected the name of a scenario file" in told(
        folder("a.toml", "extends = 7")
    )


def test_a_pipe_is_not_extended(folder, tmp_path):
    import os

    os.mkfifo(tmp_path / "pipe.toml")
    assert "is not a regular file" in told(folder("a.toml", 'extends = "pipe.toml"'))


def test_a_text_extends_nothing():
    from sim.scenario import loads

    with pytest.raises(ScenarioError, match="expected a scenario in a file, to extend"):
        loads('extends = "base.toml"')
