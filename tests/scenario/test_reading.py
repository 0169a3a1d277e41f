"""A file that cannot be a scenario costs little time, and is told in one line."""

import io
import os
import time

import pytest
from small import SMALL

from sim.scenario import ScenarioError, load, loads


def told(call, *arguments):
    start = time.process_time()
    with pytest.raises(ScenarioError) as raised:
        call(*arguments)
    assert time.process_time() - start < 20.0  # minutes or more without the bounds
    return str(raised.value)


HOSTILE = {
    # what it is: text, the end of what is told
    "too large": ("#" * 1_000_001, "is too large: expected at most 1000000 octets"),
    "a long line": ("title = '" + "x" * 4_000 + "'", "expected at most 4000 characters in a line"),
    "arrays in arrays": ("a = " + "[" * 3_000, "is nested too deep"),
    "arrays over lines": ("a = [\n" + "[\n" * 100_000, "is nested too deep"),
    "tables in tables": ("a = " + "{a = " * 700, "is nested too deep"),
    "JSON in JSON": ('{"a":' * 100_000, "is nested too deep"),
    "JSON arrays": ('{"a":' + "[" * 100_000, "is nested too deep"),
    "dotted keys": ("a." * 1_900 + "b = 1", "line 1: is nested too deep"),
    "quoted dotted keys": ('"a" . ' * 600 + "b = 1", "line 1: is nested too deep"),
    "dotted keys after quotes": (r'"\"".' + "a." * 1_900 + r'"\"" = 1', "is nested too deep"),
    "dotted headers": ("[" + "a." * 1_900 + "b]", "line 1: is nested too deep"),
    "a NUL": ("title = 'a'\n\0", "line 2: holds a NUL octet"),
    "a huge number": ("seed = " + "9" * 3_900, "seed: a huge number: expected below 9223"),
    "a number too long for Python": ('{"seed": ' + "9" * 5_000 + "}", "expected TOML or JSON"),
    "JSON's own infinity": ('{"seed": Infinity}', "Infinity is not a number of JSON"),
    "a float beyond all": ('{"seed": 1e999}', "seed: inf: expected a whole number"),
    "a list as JSON": (" {} []", "line 1, column 5: Extra data"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_one_short_fault(text, message):
    assert message in told(loads, text)


def test_many_dots_in_a_text_are_no_dotted_key():
    dots = SMALL.replace("A small scenario", "a" + "." * 60) + "# " + ". " * 60
    assert loads(dots).title == "a" + "." * 60


def test_tens_of_thousands_of_unknown_keys_are_cut_short():
    keys = "\n".join(f"key{n} = 1" for n in range(30_000))
    for text in (keys, SMALL + keys, SMALL.replace("[spammers.bulk]", f"{keys}\n[spammers.bulk]")):
        lines = told(loads, text).splitlines()
        assert len(lines) == 101
        assert lines[-1] == "<string>: and more faults"


def test_thousands_of_arms_are_one_fault():
    arms = "\n".join(f'[arms."{n}"]\n"servers.*.relay" = "closed"' for n in range(5_000))
    message = told(loads, SMALL + arms)
    assert message.count("\n") == 0
    assert "arms: 5002 arms of" in message


def test_selectors_do_not_blow_up():
    selector = "servers." + "*a" * 400 + "*b.relay"
    assert "matches nothing" in told(loads, SMALL + f'"{selector}" = "closed"')
    assert "is no key" in told(loads, SMALL + '"servers.' + "{a,b}" * 100 + '.relay" = "closed"')


def test_names_cannot_rewrite_the_terminal():
    message = told(loads, '"\\u001B[2Jx" = 1\n' + SMALL)
    assert "\x1b" not in message
    assert r"\u001b[2Jx" in message


def test_a_long_value_is_cut(tmp_path):
    assert len(told(loads, SMALL.replace('"7 days"', f'"{"7" * 3_000}"'))) < 300


# ---- files


def test_a_folder_is_no_scenario(tmp_path):
    assert told(load, tmp_path).endswith("0: is a folder: expected a scenario file (TOML or JSON)")


def test_a_missing_file(tmp_path):
    assert "none.toml: no such file" in told(load, tmp_path / "none.toml")
    assert "did you mean" not in told(load, tmp_path / "none.toml")
    (tmp_path / "my-case.toml").write_text(SMALL)
    assert told(load, tmp_path / "my-cse.toml").endswith("; did you mean 'my-case.toml'?")
    assert "no such file" in told(load, tmp_path / "nowhere" / "none.toml")


def test_a_pipe_without_a_writer_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "is not a regular file" in told(load, tmp_path / "pipe")


def test_a_device_is_not_read():
    assert "/dev/zero: is not a regular file" in told(load, "/dev/zero")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path):
    (tmp_path / "a.toml").touch(mode=0o000)
    assert "cannot be read (Permission denied)" in told(load, tmp_path / "a.toml")


@pytest.mark.parametrize("name", ["a\0b", "x" * 5_000])
def test_a_name_that_no_file_can_have(name):
    assert "cannot be read" in told(load, name)


def test_a_file_larger_than_allowed_is_not_read_whole(tmp_path):
    with (tmp_path / "a.toml").open("wb") as file:
        file.truncate(10**12)  # sparse
    assert "is too large" in told(load, tmp_path / "a.toml")


def test_another_encoding_is_told_with_its_line(tmp_path):
    (tmp_path / "a.toml").write_bytes(b'title = "a"\nquestion = "\xe4"')
    assert told(load, tmp_path / "a.toml").endswith("line 2: is not UTF-8: expected text in UTF-8")


def test_utf_16_is_told(tmp_path):
    (tmp_path / "a.toml").write_bytes(SMALL.encode("utf-16"))
    assert "is not UTF-8" in told(load, tmp_path / "a.toml")


def test_a_byte_order_mark_and_other_line_ends_do_no_harm(tmp_path):
    (tmp_path / "a.toml").write_bytes(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
    assert load(tmp_path / "a.toml") == loads(SMALL)


def test_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(SMALL.encode())))
    assert load("-") == loads(SMALL)


def test_a_scenario_is_called_by_its_file(tmp_path):
    (tmp_path / "my-case.toml").write_text(SMALL)
    assert load(tmp_path / "my-case.toml").name == "my-case"
