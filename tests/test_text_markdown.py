"""Markdown is shown as people expect it, and in bounded time whatever it holds."""

import re
import threading
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from generator.text import markdown
from generator.text.markdown import is_plain, render_markdown, render_plain
from generator.text.markdown_parser import parse

ROOT = Path(__file__).parents[1]
BOMBS = [
    ">", "> ", "[", "![", "[](", "[a](", "*", "**a ", "_a ", "*a _b ", "`", "``a ", "```\n",
    "# a\n", "- a\n", "  - ", "1. ", "    a\n", "\n\n", "*a*\n\n", "$", "$a$", "\\(", "\\[", "\\",
    "\\*", "<", "<http://", "&amp;", "https://a.b/ ", "https://a.b/)", ")", "|a\n|-\n", "[a]: b\n",
    "[a] [b]", "  \n", "a\n=\n", "---\n", "{", "\\emph{", "<!--", '[a]("', "$((((((((((((((((((((",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("*a* **b** `c`", "<p><em>a</em> <strong>b</strong> <code>c</code></p>"),
        ("a < b & c", "<p>a &lt; b &amp; c</p>"),
        ("a\n\nb", "<p>a</p>\n<p>b</p>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("<b>a</b>", "<p>&lt;b&gt;a&lt;/b&gt;</p>"),
        ("&copy; &amp;", "<p>© &amp;</p>"),
        ("[a](/topics/)", '<p><a href="/topics/">a</a></p>'),
        ("[a](../b/#c)", '<p><a href="../b/#c">a</a></p>'),
        ("[a](javascript:x)", "<p>a</p>"),
        ("![a](x.png)", '<p><img alt="a" src="x.png"></p>'),
        ("![a](data:x)", "<p>a</p>"),
        ("<me@a.org>", '<p><a href="mailto:me@a.org">me@a.org</a></p>'),
        ("[https://a.b](/c)", '<p><a href="/c">https://a.b</a></p>'),
        ("`https://a.b`", "<p><code>https://a.b</code></p>"),
        ("`$a$`", "<p><code>$a$</code></p>"),
        ("\\$5", "<p>$5</p>"),
        ("$a$$b$", "<p><math><mi>a</mi></math><math><mi>b</mi></math></p>"),
        ("$$a$$", '<p><math display="block"><mi>a</mi></math></p>'),
        ("*$a_b$*", "<p><em><math><msub><mi>a</mi><mi>b</mi></msub></math></em></p>"),
        ("    a*b*", "<pre><code>a*b*\n</code></pre>"),
        ("", ""),
        (" \n ", ""),
    ],
)
def test_marks_mean_what_they_mean(text, page):
    assert render_markdown(text) == page


def test_outward_links_pass_on_neither_page_nor_rank():
    page = render_markdown("[a](https://a.b) *https://c.d/e_f*")
    assert page.count('rel="noopener nofollow"') == 2
    assert 'href="https://a.b/"' in page
    assert '<em><a href="https://c.d/e_f"' in page


def test_an_address_escaped_by_hand_is_still_a_link():
    assert 'href="https://a.b/c_d"' in render_markdown(r"https://a.b/c\_d")


def test_tables_are_aligned_by_class_as_the_policy_forbids_style():
    page = render_markdown("| a | b |\n|:-:|--:|\n| 1 | 2 |")
    assert '<td class="align-center">1</td>' in page
    assert "style" not in page


def test_fenced_code_keeps_its_language():
    assert '<code class="language-python">a &lt; b' in render_markdown("```python\na < b\n```")


@pytest.mark.parametrize(
    ("text", "level", "tags"),
    [("## a", 2, ["h2"]), ("# a\n## b", 2, ["h2", "h3"]), ("# a", 3, ["h3"]),
     ("### a\n## b", 2, ["h3", "h2"]), ("# a\n###### b", 2, ["h2", "h6"]), ("# a", 1, ["h1"])],
)  # fmt: skip
def test_a_page_keeps_one_h1(text, level, tags):
    assert re.findall("<(h[1-6])>", render_markdown(text, heading_level=level)) == tags


MARKS = st.text(alphabet="ab _*`[]()$\\#>+-.!|<&;:/1 \n\t\u00a0", max_size=60)
WORDS = st.lists(
    st.sampled_from(
        ["a", "word", "(b)", "c_d", "_e_", "*f*", "**g**", "`h`", "``i''", "62\\%", "$x_1$", "$5",
         "$", "\\(y\\)", "[1]", "[2](3)", "<4", ">5", "#", "-", "1.", "https://a.b/c_d.", "|",
         "https://a.b/*", "\\_", "\\\\", "&amp;", "&c", "~", "^", "x@y.z", "<x@y.z>", "\n", "\n\n",
         "  \n", "\t", "$`x`$"]
    )
).map(" ".join)  # fmt: skip


@example("a \u00a0\n\nb")
@example("--  -")
@example("$a\t=b$")
@example("https://a.b/it's")
@example("<https://a.b\n>")
@given(st.one_of(MARKS, WORDS, st.text()))
def test_the_short_way_and_the_long_way_give_the_same_page(text):
    text = markdown._normal(text)
    if text and is_plain(text):
        long_way = parse(text, 2, markdown._formula)
        assert long_way == render_plain(text) == render_markdown(text)


def test_the_short_way_is_taken_by_most_abstracts():
    texts = re.split(r"\n\n+", (ROOT / "content/sources/daily-papers-2025-11-26.txt").read_text())
    abstracts = [text for text in texts if len(text) > 400]
    assert len(abstracts) == 92
    assert sum(map(is_plain, abstracts)) > 80


@pytest.mark.parametrize("unit", BOMBS)
@pytest.mark.parametrize("length", [20_000, 1_000_000])
def test_a_tangle_is_shown_in_seconds(unit, length):
    started = time.monotonic()
    render_markdown((unit * (length // len(unit) + 1))[:length])
    assert time.monotonic() - started < 10


def test_deep_nesting_is_shown_as_it_stands():
    page = render_markdown("> " * 10_000 + "x")
    assert "x" in page


def test_threads_do_not_share_a_parser():
    texts = [f"*{n}* [a](https://a.b/{n})" for n in range(40)]
    pages: dict[int, list[str]] = {}

    def work(number: int) -> None:
        pages[number] = [render_markdown(text) for text in texts]

    threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pages[0] == pages[1] == pages[2] == [render_markdown(text) for text in texts]


def test_one_page_leaves_nothing_for_the_next():
    render_markdown("[x]: https://a.b")
    assert render_markdown("[x] *y*") == "<p>[x] <em>y</em></p>"
