"""Addresses as Postfix reads and resolves them; each form was seen at a real server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.smtp import rfc822
from sim.smtp.rfc822 import Rewriting, extract, parse, quoted

HERE = Rewriting(
    "isp.example",
    "isp.example",
    "mail.isp.example",
    {"isp.example", "mail.isp.example"}.__contains__,
)
EXTRACTED = {
    # text of a path, its internal form
    "bob@isp.example": "bob@isp.example",
    "@a.example,@b.example:bob@isp.example": "bob@isp.example",
    '"bob smith"@isp.example': "bob smith@isp.example",
    "bob\\@isp.example": "bob@isp.example",
    "bob @isp.example": "bob@isp.example",
    "bob(comment)@isp.example": "bob@isp.example",
    "<bob@isp.example>": "bob@isp.example",
    "Bob <bob@isp.example>": "bob@isp.example",
    "": "",
    "a b@isp.example": None,
    "a@b.example, c@d.example": None,
}


@pytest.mark.parametrize(("text", "found"), EXTRACTED.items())
def test_internal_forms(text, found):
    assert extract(text) == found


def test_strict_reading_wants_nothing_but_the_address():
    assert extract("bob(comment)@isp.example", strict=True) is None
    assert extract("bob@isp.example", strict=True, bracketed=False) is None
    assert extract("bob@isp.example", strict=True) == "bob@isp.example"


RESOLVED = {
    # internal form: where it leads, whether a route is left, whether it is valid
    "bob": ("bob@isp.example", False, True),
    "bob@isp.example.": ("bob@isp.example", False, True),
    "kim%foreign.example@isp.example": ("kim@foreign.example", False, True),
    "foreign.example!kim@isp.example": ("kim@foreign.example", False, True),
    "foreign.example!kim": ("kim@foreign.example", False, True),
    "kim@foreign.example@isp.example": ("kim@foreign.example", False, True),
    "kim%foreign.example@backup.example": ("kim%foreign.example@backup.example", True, True),
    "bob@[198.51.100.25]": ("bob@[198.51.100.25]", False, True),
    "bob@[198.51.100": ("bob@[198.51.100]", False, False),
    "bob@1.2.3.4": ("bob@1.2.3.4", False, False),
    "bob@isp..example": ("bob@isp..example", False, False),
    "x@foo_bar.example": ("x@foo_bar.example", False, True),
    "-bob@isp.example": ("-bob@isp.example", False, False),
}


@pytest.mark.parametrize("address", RESOLVED)
def test_routes_are_followed(address):
    assert HERE.resolve(HERE.rewritten(address)) == RESOLVED[address]


def test_settings_that_leave_routes_alone():
    plain = Rewriting(
        "isp.example", "isp.example", "mail.isp.example", {"isp.example"}.__contains__,
        swap_bangpath=False, allow_percent_hack=False, append_dot_mydomain=True,
    )  # fmt: skip
    full, routed, _ = plain.resolve(plain.rewritten("kim%foreign.example@isp.example"))
    assert (full, routed) == ("kim%foreign.example@isp.example", True)
    assert plain.rewritten("bob@host") == "bob@host.isp.example"


@pytest.mark.parametrize(
    ("address", "written"),
    [("a b@c.example", '"a b"@c.example'), ("a@c.example", "a@c.example"), ("@c", '""@c')],
)
def test_quotes_where_they_are_needed(address, written):
    assert quoted(address) == written


@given(st.text(alphabet='ab.@%!<>()[]:;,"\\ \t1', max_size=24))
def test_any_text_is_read_and_resolved(text):
    assert isinstance(parse(text), list)
    found = extract(text)
    if found:
        full, _, _ = HERE.resolve(HERE.rewritten(found))
        assert "@" in full
        assert rfc822.extract(quoted(found)) is not None or found
