"""HTML, JATS and MathML as plain text."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.text.markup import markup_line, markup_text
from generator.text.plain import clean_text, printable

TEX = r"\documentclass[12pt]{minimal} \begin{document}$$\alpha_1 $$\end{document}"
PIECES = ["<p>", "</p>", "<sub>", "</sup>", "<jats:title>", "</jats:title>", "<math>", "</math>"]
PIECES += ["<mml:msup>", "</mml:msup>", "<tex-math>", "</tex-math>", "<br/>", "&amp;", "&#x", "<"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Plain words", "Plain words"),
        ("<i>In vitro</i> &amp; <b>in vivo</b>", "In vitro & in vivo"),
        ("H<sub>2</sub>O at 10<sup>-3</sup> K", "H₂O at 10⁻³ K"),
        ("x<sub>max</sub>, x<sup>a+b</sup>, the 1<sup>st</sup>", "x_max, x^(a+b), the 1st"),
        ('<span class="x" id=y>A</span><br />B', "A B"),
        ("&lt;jats:p&gt;Escaped once&lt;/jats:p&gt;", "Escaped once"),
        ("&amp;lt;p&amp;gt;Escaped twice", "Escaped twice"),
        ("<script>alert(1)</script>Safe", "Safe"),
        ("<!-- aside -->Said <![CDATA[here]]>", "Said here"),
    ],
)
def test_known_marks_are_told_in_plain_text(text: str, said: str) -> None:
    assert markup_line(text) == said


@pytest.mark.parametrize(
    "text",
    ["a < b and c > d", "$a<b and c>d$", "List<String> of <unknown>", "x <- y", "A <b", "AT&T"],
)
def test_what_is_no_mark_stays(text: str) -> None:
    assert markup_line(text) == text


def test_paragraphs_stay_apart_and_headings_lead_them() -> None:
    text = """<jats:title>Abstract</jats:title>
        <jats:sec><jats:title>Methods.</jats:title><jats:p>We
        asked.</jats:p></jats:sec><jats:sec><jats:title>Results</jats:title>
        <jats:p>One.</jats:p><jats:list><jats:list-item>Two.</jats:list-item></jats:list></jats:sec>"""
    assert markup_text(text) == "Methods: We asked.\n\nResults: One.\n\nTwo."


def test_a_formula_is_its_tex_where_it_has_any() -> None:
    mathml = "<mml:math><mml:mi>α</mml:mi></mml:math>"
    both = f"<jats:alternatives><jats:tex-math>{TEX}</jats:tex-math>{mathml}</jats:alternatives>"
    assert markup_line(f"<jats:inline-formula>{both}</jats:inline-formula> is") == r"$\alpha_1$ is"
    note = '<annotation encoding="application/x-tex">x^2</annotation>'
    semantics = f"<math><semantics><mi>x</mi>{note}</semantics></math>"
    assert markup_line(f"Of {semantics}.") == "Of $x^2$."


def test_a_formula_without_tex_is_what_unicode_can_say() -> None:
    power = (
        "<mml:msup><mml:mrow><mml:mi>a</mml:mi><mml:mi>b</mml:mi></mml:mrow> <mml:mn>2</mml:mn>"
        "</mml:msup>"
    )
    pair = "<mml:msubsup><mml:mi>x</mml:mi><mml:mn>1</mml:mn><mml:mn>2</mml:mn></mml:msubsup>"
    root = "<mml:msqrt><mml:mn>3</mml:mn></mml:msqrt>"
    half = "<mml:mfrac><mml:mn>1</mml:mn><mml:mn>2</mml:mn></mml:mfrac>"
    text = f'<mml:math xmlns:mml="http://x">{power} <mml:mo>+</mml:mo>{pair}{root}{half}</mml:math>'
    assert markup_line(text) == "ab²+x₁²√(3)1/2"


def test_a_character_reference_beyond_all_numbers_stays_as_it_is() -> None:
    absurd = f"&#{'9' * 5_000};"
    assert markup_line(f"<i>{absurd}</i>") == absurd


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), max_size=30).map("".join))
def test_anything_becomes_clean_text(text: str) -> None:
    said = markup_text(text)
    assert said == clean_text(said) == printable(said)


@pytest.mark.parametrize(
    "start",
    ["<b ", "<!--", "<b a='", '<b a="x', "<sub>", "</i>", "&", "<b aaaa", "<math><mi>", "<title>"],
)
def test_time_grows_with_the_length_only(start: str) -> None:
    def seconds(count: int) -> float:
        begun = time.process_time()
        markup_text(start * count + "</p>" * count)
        return time.process_time() - begun

    assert seconds(40_000) < 20 * max(seconds(10_000), 0.02)
