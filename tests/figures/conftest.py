from __future__ import annotations

import made_up
import pytest


@pytest.fixture
def made():
    """The makers of tables, as attributes."""
    return made_up
