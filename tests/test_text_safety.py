"""Strangers' text is text: nothing in a title, an abstract or a note runs or links astray."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from generator.text.markdown import render_markdown, render_plain
from generator.text.math import render_math
from generator.text.plain import markdown_from_plain, plain_text, plain_title, title_html
from generator.text.safety import bare_urls, escape, printable, safe_href, safe_url

HOSTILE = [
    json.loads(line)
    for line in (Path(__file__).parent / "hostile" / "xss.jsonl").read_text().splitlines()
]
TEXTS = [row["text"] for row in HOSTILE]
RENDERINGS = {
    "markdown": render_markdown,
    "plain": render_plain,
    "title": title_html,
    "formula": lambda text: render_math(text, display=True),
    "abstract from a source": lambda text: render_markdown(markdown_from_plain(text)),
    "escaped": escape,
    "quoted": lambda text: render_markdown(f"> {text}"),
    "in a list": lambda text: render_markdown(f"- {text}"),
    "in a link": lambda text: render_markdown(f"[{text}](/a)"),
    "as an address": lambda text: render_markdown(f"[a]({text})"),
    "as an image's words": lambda text: render_markdown(f"![{text}](/a.png)"),
    "in a cell": lambda text: render_markdown(f"| a | b |\n|---|---|\n| {text} | c |"),
}
ELEMENTS = {
    "a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol",
    "p", "pre", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
    "math", "menclose", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded", "mphantom",
    "mprescripts", "mroot", "mrow", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup",
    "mtable", "mtd", "mtext", "mtr", "munder", "munderover",
}  # fmt: skip


class _Inspector(HTMLParser):
    """Collects what a page holds that could act."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in ELEMENTS:
            self.wrong.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "srcdoc", "id", "xlink:href"):
                self.wrong.append(f"{name}={value}")
            if name in ("href", "src") and safe_href(value) == "":
                self.wrong.append(f"{name}={value}")

    def handle_comment(self, data):
        self.wrong.append("a comment")

    def handle_decl(self, decl):
        self.wrong.append("a declaration")

    def handle_pi(self, data):
        self.wrong.append("an instruction")


def _wrong(page: str) -> list[str]:
    inspector = _Inspector()
    inspector.feed(page)
    inspector.close()
    return inspector.wrong


def test_the_inspector_sees_what_it_looks_for():
    assert _wrong('<p onclick="x"><script>x</script><a href="javascript:x">') == [
        "onclick=x",
        "<script>",
        "href=javascript:x",
    ]


def test_the_collection_is_large_and_varied():
    assert len(TEXTS) >= 150
    assert len({row["technique"] for row in HOSTILE}) >= 10


@pytest.mark.parametrize("way", RENDERINGS)
def test_nothing_hostile_survives(way):
    failed = {text: wrong for text in TEXTS if (wrong := _wrong(RENDERINGS[way](text)))}
    assert failed == {}


@given(st.lists(st.sampled_from(TEXTS), min_size=2, max_size=4), st.sampled_from(["", " ", "\n"]))
def test_nothing_hostile_survives_in_company(texts, between):
    assert _wrong(render_markdown(between.join(texts))) == []


@given(st.text(alphabet="<>[]()!\"'&;:#x=/ \n`*_$\\javscriptonerrd|-{}", max_size=200))
def test_nothing_made_of_hostile_characters_survives(text):
    assert _wrong(render_markdown(text)) == []


PROBE = """() => {
    for (const element of document.querySelectorAll('body *'))
        for (const type of ['mouseover', 'focus', 'error', 'load', 'toggle', 'animationstart'])
            element.dispatchEvent(new Event(type, {bubbles: true, cancelable: true}));
    return {
        sections: document.querySelectorAll('section').length,
        schemes: [...document.querySelectorAll('a,img')]
            .map(element => new URL(element.href || element.src).protocol),
        ran: typeof window.ran,
    };
}"""


def _open(browser: Browser, sections: list[str]) -> dict:
    """What the probe found on a page of these sections, shown without any policy."""
    body = "\n".join(f"<section>{section}</section>" for section in sections)
    content = f"<!doctype html><meta charset=utf-8><title>t</title><body>{body}".encode(
        "utf-8", "replace"
    )
    page = browser.new_page()
    try:
        page.route("**/*", lambda route: route.abort())
        page.route(
            "https://site.example/",
            lambda route: route.fulfill(body=content, content_type="text/html"),
        )
        page.goto("https://site.example/", wait_until="domcontentloaded")
        page.evaluate(PROBE)
        page.wait_for_timeout(200)
        return page.evaluate(PROBE)
    finally:
        page.close()


def test_the_browser_notices_a_script_that_runs(browser: Browser):
    assert _open(browser, ["<img src=x onerror=ran=1>"])["ran"] == "number"


def test_nothing_hostile_runs_in_a_browser_without_a_policy(browser: Browser):
    sections = [render(text) for render in RENDERINGS.values() for text in TEXTS]
    found = _open(browser, sections)
    assert found["ran"] == "undefined"
    assert found["sections"] == len(sections)
    assert set(found["schemes"]) <= {"http:", "https:", "mailto:"}


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://openvla-oft.github.io/", "https://openvla-oft.github.io/"),
        ("HTTPS://Example.ORG/A", "https://example.org/A"),
        ("https://example.org", "https://example.org/"),
        (" https://example.org/a ", "https://example.org/a"),
        ("https://bücher.example/ü?q=ä", "https://bücher.example/%C3%BC?q=%C3%A4"),
        ("http://localhost:8000/x", "http://localhost:8000/x"),
        ("http://[::1]:80/", "http://[::1]:80/"),
        ("https://a.b/c?x=1&y=2#z", "https://a.b/c?x=1&y=2#z"),
        ("https://a.b/c%20d", "https://a.b/c%20d"),
    ],
)
def test_an_intact_address_is_normalised(url, safe):
    assert safe_url(url) == safe
    assert safe_url(safe) == safe


@pytest.mark.parametrize(
    "url",
    ["", "x", "/a", "//a.b", "ftp://a.b", "javascript:x", "mailto:a@b.c", "https:", "https://",
     "https:///x", "https:/a.b", "https://a b.c", "https://a.b/c d", "https://a.b\\c",
     "https://@a.b", "https://u:p@a.b/", "https://a..b/", "https://-a.b/", "https://a.b:99999/", "https://a.b:/",
     "https://a.b/{x}", 'https://a.b/"', "https://a.b/<", "https://a.b/`", "https://a.b/%zz",
     "https://1.2.3/", "https://1.2.3.400/", "https://[::g]/", "https://a．b/", "https://a.b/\u202ex",
     "https://a.b/\x00", "https://" + "a" * 64 + ".b/", "https://a.b/" + "x" * 5_000,
     "https://zheny2751\\allowbreak-dotcom.github.io/\\allowbreak", "https://a.b/\ud800"],
)  # fmt: skip
def test_anything_else_is_no_address(url):
    assert safe_url(url) == ""


@pytest.mark.parametrize(
    "href", ["/topics/", "#x", "../", "../a/b.html?x=1", "mailto:me@a.org", "a:b"]
)
def test_links_within_the_site_are_for_curators(href):
    assert safe_href(href) == ("" if href == "a:b" else href)


@given(st.text())
@example("http://a/?\ud800")
def test_whatever_comes_out_is_an_address_or_nothing(url):
    for given_url in (url, f"https://{url}", f"https://a.b/{url}"):
        safe = safe_url(given_url)
        assert safe == "" or re.fullmatch(r"https?://[^\s\\\"<>{}`@/]+/[^\s\\\"<>{}`]*", safe)
        assert safe_url(safe) == safe


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("see https://a.b/c.", ["https://a.b/c"]),
        ("(https://a.b/c), https://a.b/d_(e)!", ["https://a.b/c", "https://a.b/d_(e)"]),
        ("https://zheny2751\\allowbreak-dotcom.github.io/\\allowbreak MathSE.github.io/.", []),
        ("https://mathcritique.github.io/{https://mathcritique.github.io/}.", []),
        ("at: https://github.com/umbertocappellazzo/PETL AST.", []),
        ("https://github.com/a/b and https://github.com/c/d for more", [
            "https://github.com/a/b", "https://github.com/c/d"]),
        ("https://user:pw@a.b/ xhttps://a.b/", []),
        ("https://diwa.cs.uni-freiburg.de.", ["https://diwa.cs.uni-freiburg.de/"]),
    ],
)  # fmt: skip
def test_only_intact_addresses_become_links(text, urls):
    assert [found.url for found in bare_urls(text)] == urls
    assert re.findall('href="([^"]*)"', render_markdown(text)) == urls


@given(st.text(alphabet=st.characters()))
def test_no_function_lets_through_what_no_file_can_hold(text):
    for function in (render_markdown, render_plain, plain_text, plain_title, title_html, printable):
        out = function(text)
        out.encode()
        assert not re.search(
            "[\x00-\x08\x0e-\x1b\x7f-\x84\u202a-\u202e\u2066-\u2069\ufffe\uffff]", out
        )
