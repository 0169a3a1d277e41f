"""Where nothing may be missing, what is skipped fails; a mark for another system may skip."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest
def test_needs():
    pytest.skip("no Chromium is installed")
def test_imports():
    pytest.importorskip("nothing_of_that_name")
@pytest.mark.skipif(True, reason="another system")
def test_elsewhere():
    raise AssertionError
"""


@pytest.mark.parametrize(("strict", "told"), [("", "3 skipped"), ("1", "2 failed, 1 skipped")])
def test_what_is_skipped_fails_where_nothing_may_be(tmp_path, strict, told):
    (tmp_path / "conftest.py").write_text(Path(__file__).with_name("conftest.py").read_text())
    (tmp_path / "test_it.py").write_text(TESTS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "MAILSIM_SKIPS_NOTHING": strict},
        capture_output=True,
        text=True,
    )
    assert told in done.stdout
    assert ("no Chromium is installed" in done.stdout) == bool(strict)
