"""Pages: texts stay texts, in a terminal and in a notebook."""

import sim.exact.diff
import sim.exact.explanation
import sim.exact.matrix
from sim.exact.blocks import Grid, Lines, Span
from sim.exact.page import Page


class Two(Page):
    def blocks(self):
        return [
            Lines("a [bold]title[/bold] & more", ("one", Span("two <b>", "bad")), fixed=True),
            Grid("", ("column [x]",), (("[link=x]y[/link]",), ("esc \x1b[31m",)), note="note <i>"),
            Grid("", (), (("name", "value"),)),
        ]


def test_html_is_escaped():
    html = Two()._repr_html_()
    assert "<b>" not in html
    assert "<i>" not in html
    assert "two &lt;b&gt;" in html
    assert "\x1b" not in html


def test_what_keeps_its_columns_breaks_at_words():
    """Jupyter's own style of <pre> breaks a long line anywhere: situ-ations."""
    html = Two()._repr_html_()
    style = html.partition("<pre ")[2].partition(">")[0]
    assert "font-family:monospace" in style
    assert "white-space:pre-wrap;word-break:normal" in style


def test_terminal_shows_brackets_and_no_escapes():
    text = str(Two())
    assert "a [bold]title[/bold] & more" in text
    assert "[link=x]y[/link]" in text
    assert "column [x]" in text
    assert "\x1b" not in text
    assert "esc \\u001b[31m" in text


def test_rich_prints_a_page():
    import io

    from rich.console import Console

    out = io.StringIO()
    Console(file=out, width=60, force_terminal=True).print(Two())
    assert "two <b>" in out.getvalue()


def test_long_texts_are_cut():
    assert len(Span("x" * 100_000).clean) == 4096


def test_wide_table_loses_no_word():
    servers = "proseware-smtp, adatum-smtp, isp-c-smtp, isp-d-smtp, isp-f-smtp, rest-smtp"
    cells = ("sharer\n  pop", "home, adatum, isp-c, isp-e", "reject_rbl_client")
    row = (*cells, "reject_sender_not_local", servers)
    heads = ("who", "place and recipient", "before", "after", "servers")

    class Wide(Page):
        def blocks(self):
            return [Grid("", heads, (row,))]

    for width in range(80, 120):
        lines = Wide().text(width)
        words = lines.split()
        assert max(map(len, lines.split("\n"))) <= width
        assert [w for cell in row for w in cell.split() if w not in words] == []


def test_at_a_prompt_every_page_of_the_lab_is_read_not_dumped(scenario):
    arms = list(scenario.arms)[:2]
    pages = [
        sim.exact.explanation.explain(
            scenario, user="travellers", place="hotel", to="bob@adatum.com"
        ),
        sim.exact.matrix.matrix(scenario),
        sim.exact.diff.diff(scenario, *arms),
    ]
    for page in pages:
        assert repr(page) == str(page)
    assert all("__repr__" not in vars(kind) for kind in Page.__subclasses__() if kind is not Two)
