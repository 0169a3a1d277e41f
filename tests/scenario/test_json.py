"""JSON has the same keys and means the same."""

import json

from small import SMALL, tree

from sim.scenario import load, loads


def test_json_and_toml_say_the_same(tmp_path):
    text = json.dumps(tree(), indent=1)
    (tmp_path / "a.json").write_text(text)
    assert load(tmp_path / "a.json") == loads(text) == loads(SMALL)
    assert loads(text).hash() == loads(SMALL).hash()
