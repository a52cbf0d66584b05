"""Formulas are found among money, shown as MathML, and cannot bring the build down."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.text.math import MAX_LENGTH, render_math, split_math


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("$5 and $6", []),
        ("from $5 to $10,", []),
        ("$5-$10 or $5/$6", []),
        ("costs $1.5M, not 2M$", []),
        ("$1,000 million in cash$", []),
        ("US$5 and $x_1$ and $7", ["x_1"]),
        ("$5 (or $x$)", ["x"]),
        ("a $ b", []),
        ("a lone $x", []),
        ("$", []),
        ("$$", []),
        ("$$$", []),
        ("$a$$b$", ["a", "b"]),
        ("$x$-axis", ["x"]),
        ("$10^5$ and $3$ of $95\\%$", ["10^5", "3", "95\\%"]),
        ("$ \\alpha $ and $ n $", [" \\alpha ", " n "]),
        ("$100k$ tokens", ["100k"]),
        ("\\(x\\) and \\[y\\]", ["x", "y"]),
        ("\\$5 and $x$", ["x"]),
        ("\\\\(x\\\\)", []),
        ("$a\n\nb$", []),
        ("$a\nb$", ["a\nb"]),
        ("\\(a \\( b\\)", [" b"]),
    ],
)
def test_formulas_are_told_from_money(text, formulas):
    assert [piece.tex for piece in split_math(text) if piece.tex] == formulas


@pytest.mark.parametrize(
    ("text", "display"), [("$$a$$", True), ("\\[a\\]", True), ("$a$", False), ("\\(a\\)", False)]
)
def test_display_formulas_are_known_by_their_delimiters(text, display):
    assert [piece.display for piece in split_math(text)] == [display]


@given(st.text(alphabet="ab1 $\\()[]{}_^\n", max_size=80))
def test_the_pieces_are_the_text(text):
    assert "".join(piece.source for piece in split_math(text)) == text


@pytest.mark.parametrize(
    ("tex", "page"),
    [
        ("\\alpha_1", "<math><msub><mi>α</mi><mn>1</mn></msub></math>"),
        ("a<b", "<math><mi>a</mi><mo>&lt;</mo><mi>b</mi></math>"),
        ("\\unknown{<b>}", '<code class="tex">\\unknown{&lt;b&gt;}</code>'),
        ("\\def\\x{\\x\\x}\\x", '<code class="tex">\\def\\x{\\x\\x}\\x</code>'),
        ("\\color{red}x", "<math><mrow><mi>x</mi></mrow></math>"),
    ],
)
def test_a_formula_is_mathml_or_its_source(tex, page):
    assert render_math(tex, display=False) == page


def test_a_formula_carries_no_style():
    for tex in ("\\begin{align}a&=b\\end{align}", "\\hspace{1cm}", "\\color{red}x", "\\cancel{x}"):
        assert " style=" not in render_math(tex, display=True)


@pytest.mark.parametrize(
    "tex",
    ["{" * 6_000, "\\sqrt{" * 3_000, "x^{" * 300 + "}" * 300, "\\left(" * 300, "(" * 1_900,
     "[" * 40 + "x", "(^)" * 300, "\\{" * 60, "\\bigl(x" * 60, "\\mathopen{[}" * 60,
     "x" * (MAX_LENGTH + 1), "\\frac" * 300, "\\hat" * 400 + "x", "\\text{[" * 90],
    ids=lambda tex: tex[:8],
)  # fmt: skip
def test_a_formula_bomb_is_source_or_done_at_once(tex):
    started = time.monotonic()
    page = render_math(tex, display=True)
    assert time.monotonic() - started < 1
    assert page.startswith(("<code", "<math"))
