"""Plain words out of Markdown and TeX, and plain words into Markdown and back, unchanged."""

import html
import json
import re
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from generator.text.markdown import render_markdown, render_plain
from generator.text.plain import (
    clean_line,
    clean_text,
    excerpt,
    markdown_from_plain,
    plain_text,
    plain_title,
    title_html,
)

LIST = Path(__file__).parents[1] / "content/sources/daily-papers-2025-11-26.txt"
ABSTRACTS = [text for text in re.split(r"\n\n+", LIST.read_text()) if len(text) > 400]


def _shown(page: str) -> str:
    return html.unescape(re.sub("<[^>]*>", "", page)).replace("\n", "\n\n")


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("*a* [b](https://c.d) `e`", "a b e"),
        ("$\\alpha_1$", "α_1"),
        ("62\\%", "62%"),
        ("``rollout'' and 'x'", "“rollout” and 'x'"),
        ("\\`\\`rollout'' and \\`x'", "“rollout” and ‘x’"),
        ("it's `thinking process', isn't it", "it's ‘thinking process’, isn't it"),
        ("$5 and $6", "$5 and $6"),
        ("a\n\n- b\n- c", "a\n\nb\n\nc"),
        ('Schr\\"odinger, Erd\\H{o}s, na{\\"\\i}ve', "Schrödinger, Erdős, naïve"),
        ("\\emph{a} {\\em b} \\textbf{\\textit{c}}", "a b c"),
        ("\\href{https://a.b}{c}", "c"),
        ("i.e.\\ d", "i.e. d"),
        ("\\method works", "\\method works"),
        ("![a](b.png)", "a"),
        ("<b>c</b>", "<b>c</b>"),
        ("&lt;b>", "<b>"),
        ("`<b>`", "<b>"),
        ("", ""),
    ],
)
def test_marks_go_and_words_stay(markdown, text):
    assert plain_text(markdown) == text


@pytest.mark.parametrize(
    ("title", "text", "page"),
    [
        ("*A* _b_ $O(n^2)$", "*A* _b_ O(n^2)", None),
        ("R$^2$: a <b>", "R^2: a <b>", None),
        ("$100 for GPT-4", "$100 for GPT-4", "$100 for GPT-4"),
        ("a\u202e\x07 \n b", "a b", "a b"),
        ("50\\% \"x\"", '50% "x"', "50% &quot;x&quot;"),
    ],
)  # fmt: skip
def test_titles_are_no_markdown_but_may_hold_tex(title, text, page):
    assert plain_title(title) == text
    if page:
        assert title_html(title) == page


def test_a_title_shows_its_formula():
    assert title_html("a <$x$>") == "a &lt;<math><mi>x</mi></math>&gt;"


@pytest.mark.parametrize("abstract", ABSTRACTS, ids=range(len(ABSTRACTS)))
def test_each_abstract_of_the_bundled_list_is_shown_exactly(abstract):
    markdown = markdown_from_plain(abstract)
    assert _shown(render_markdown(markdown)) == abstract
    assert markdown.count("\\") - abstract.count("\\") <= 4


def test_the_bundled_list_is_whole():
    assert len(ABSTRACTS) == 92


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("c_{off}^* is 20\\% of ``a'' by \\method, ~10% (pi_0", None),
        ("a * b = c", None),
        ("x_1 and y_2", None),
        ("[1] and [2]", None),
        ("$a_b * c * d_e$ *f*", "$a_b * c * d_e$ \\*f\\*"),
        ("https://a.b/c_d_e *f*", "https://a.b/c_d_e \\*f\\*"),
        ("# a", "\\# a"),
        ("## Notes", "\\## Notes"),
        ("1. a", "1\\. a"),
        ("- a", "\\- a"),
        ("> a", "\\> a"),
        ("    a", "a"),
        ("[a](b)", "[a]\\(b)"),
        ("[a]: b", "\\[a]: b"),
        ("AT&amp;T", "AT&amp;amp;T"),
        ("AT&T", None),
        ("<b> <c@d.e>", "<b> \\<c@d.e>"),
        ("a\nb\n\n\nc", "a b\n\nc"),
    ],
)
def test_only_what_would_be_interpreted_is_escaped(text, markdown):
    assert markdown_from_plain(text) == (text if markdown is None else markdown)


HARD = st.text(alphabet="ab1 _*`[]()$\\#>+-.!|<&;:/'\"{}^~%\n", max_size=80)


@given(st.one_of(HARD, st.text()))
@example("\\[a](b) [c\\](d)")
@example("[a]: b\n\n[a]")
@example("\\(a\\) \\( \\[b\\]")
@example("$a\\$b$ \\$c$")
@example("&#42;a&#42;")
@example("at *https://a.b/c*.")
@example("*a* [b](c) https://a.b/PETL A-ST.")
@example("https://a.b/\\_c_ *d*")
def test_plain_text_comes_through_markdown_unchanged(text):
    assert render_markdown(markdown_from_plain(text)) == render_plain(clean_text(text))


@given(st.text(alphabet='ab1 _*[]()#>+-.!|<&;:/"^~\n', max_size=80))
def test_words_without_tex_are_read_back_as_written(text):
    assert plain_text(markdown_from_plain(text)) == clean_text(text)


@given(st.one_of(HARD, st.text(alphabet="ab1 `'\"*_[]()\\&<>$#|:=-.\u00e9\u00a0", max_size=20)))
def test_empty_lines_before_a_text_say_nothing(text):
    assert plain_text(text) == plain_text(f"\n{text}")
    assert plain_title(text) == plain_title(f"\n{text}")


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text):
    assert clean_line(clean_line(text)) == clean_line(text)
    assert clean_text(clean_text(text)) == clean_text(text)


def test_cleaning_keeps_paragraphs_and_nothing_else():
    assert clean_text(" a\tb\r\nc \n \n\x00d\u00a0e\u202e ") == "a b c\n\nd e"
    assert clean_line(" a\n\nb\x85\x9bc ") == "a b c"


@given(st.text(max_size=600), st.integers(10, 300))
def test_an_excerpt_and_its_rest_are_the_text(text, length):
    start, rest = excerpt(text, length)
    assert start + rest == text
    assert len(start) <= length + 40


def test_an_excerpt_ends_with_a_sentence_or_a_word():
    text = "One sentence of words. Another one follows it, e.g. this one, and it is longer."
    assert excerpt(text, 40) == ("One sentence of words.", text[22:])
    assert excerpt("word " * 20, 33)[0] == "word word word word word word"
    assert excerpt("short", 33) == ("short", "")


@pytest.mark.parametrize(
    "unit", ["\\emph{", '{\\"', "$\\frac{", "``", "`a ", "$", "\\(", "a'' ``", "{"]
)
@pytest.mark.parametrize("function", [plain_text, plain_title, title_html, markdown_from_plain])
def test_a_tangle_is_read_in_seconds(function, unit):
    started = time.monotonic()
    function(unit * (300_000 // len(unit)))
    assert time.monotonic() - started < 10


def test_thousands_of_real_abstracts_come_through_unchanged():
    path = LIST.parents[3] / "shared/corpora/hf-daily-papers-2024-2025.zip"
    if not path.exists():
        pytest.skip("needs ../shared/corpora, which is not part of the repository")
    with zipfile.ZipFile(path) as archive:
        days = [json.loads(archive.read(name)) for name in archive.namelist()[::4]]
    texts = [entry["paper"]["summary"] for day in days for entry in day]
    assert len(texts) > 1_000
    changed = [t for t in texts if render_markdown(markdown_from_plain(t)) != render_plain(t)]
    assert [t for t in changed if clean_text(t) == t] == []
