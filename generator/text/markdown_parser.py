"""Markdown parsed: any text as safe HTML.

Two walls. Python-Markdown runs without its handlers of raw HTML and without `attr_list`, and
every address goes through `safety.safe_href`; what it returns goes through nh3 with an allow-list.
"""

import html
import re
import threading
from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element

import markdown
import nh3
from markdown.extensions.fenced_code import FencedCodeExtension
from markdown.extensions.tables import TableExtension
from markdown.inlinepatterns import InlineProcessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AMP_SUBSTITUTE, ETX, INLINE_PLACEHOLDER_RE, STX, AtomicString

from generator.text.math import MATHML, find_math
from generator.text.safety import REL, bare_url_at, escape, is_external, safe_href

FormulaWriter = Callable[[str, bool], str]
"""A formula's TeX, and whether it stands on its own line → what is written for it."""
TAGS = {
    "a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "img", "li",
    "ol", "p", "pre", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul", *MATHML,
}  # fmt: skip
ATTRIBUTES: dict[str, set[str]] = {
    **MATHML,
    "a": {"href", "title", "rel"},
    "code": {"class"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "td": {"class"},
    "th": {"class"},
}
CLASSES = re.compile(r"tex|(?:language|align)-[\w#.+-]{1,40}")

_PLACEHOLDER = re.compile(f"{STX}([0-9]+){ETX}")
_ANY_PLACEHOLDER = re.compile(f"{STX}[^{ETX}]*{ETX}?")
_TOKEN = re.compile(f"{STX}[^{ETX}]*{ETX}|.", re.DOTALL)
_WINDOW = 2_000
"""Characters after an address that tell whether it is torn: 70, each perhaps a placeholder."""
_NO = (None, None, None)
_FORMULA = re.compile(r"\\\\|\\\$|\$\$?|\\[(\[]")
_MAIL = r"<([A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,255})>"
_ADDRESS = r"(?<![A-Za-z0-9+.-])[hH][tT][tT][pP][sS]?://\S+"


class _Formulas(InlineProcessor):
    """Finds TeX maths before Markdown's own escapes, and keeps its HTML aside."""

    formula: FormulaWriter
    """Of the text that is parsed."""

    def handleMatch(  # type: ignore[override]  # noqa: N802
        self, m: re.Match[str], data: str
    ) -> tuple[str | None, int | None, int | None]:
        if m[0] in (r"\\", r"\$"):
            return None, None, None
        found = next(find_math(data, m.start()), None)
        if found is None:
            return None, m.start(), len(data)
        stored = self.md.htmlStash.store(self.formula(found.tex, found.display))
        return stored, found.start, found.end


class _Addresses(InlineProcessor):
    """Makes links of intact addresses in running text."""

    ANCESTOR_EXCLUDES = ("a",)

    def handleMatch(  # type: ignore[override]  # noqa: N802
        self, m: re.Match[str], data: str
    ) -> tuple[Element | None, int | None, int | None]:
        if STX not in data[m.start() : m.end() + _WINDOW]:
            found = bare_url_at(data, m.start())
            return (_link(found.url, data[found.start : found.end]), *found[:2]) if found else _NO
        tokens = _TOKEN.findall(data, m.start(), m.end() + _WINDOW)
        meant = "".join(map(self._meant, tokens))
        found = bare_url_at(meant, 0)
        if found is None:
            return _NO
        end = m.start() + sum(map(len, tokens[: found.end]))
        return _link(found.url, meant[: found.end]), m.start(), end

    def _meant(self, token: str) -> str:
        """A character, or the one a person escaped (`c\\_d`), as it is meant."""
        inline: Any = self.md.treeprocessors["inline"]
        stashed = INLINE_PLACEHOLDER_RE.fullmatch(token)
        escaped = inline.stashed_nodes.get(stashed[1]) if stashed else None
        match = _PLACEHOLDER.fullmatch(escaped) if isinstance(escaped, str) else None
        return chr(int(match[1])) if match else token


class _Mail(InlineProcessor):
    """`<me@example.org>`."""

    ANCESTOR_EXCLUDES = ("a",)

    def handleMatch(  # type: ignore[override]  # noqa: N802
        self, m: re.Match[str], data: str
    ) -> tuple[Element, int, int]:
        return _link(f"mailto:{m[1]}", m[1]), m.start(), m.end()


def _link(href: str, text: str) -> Element:
    link = Element("a", {"href": escape(href)})
    link.text = AtomicString(escape(text))
    return link


class _Finish(Treeprocessor):
    """The last look at the tree: addresses, headings, nothing of Markdown's own styling."""

    heading_level = 2

    def run(self, root: Element) -> None:
        headings = [e for e in root.iter() if re.fullmatch("h[1-6]", e.tag)]
        shift = max(0, self.heading_level - min((int(e.tag[1]) for e in headings), default=6))
        for heading in headings:
            heading.tag = f"h{min(6, int(heading.tag[1]) + shift)}"
        for element in root.iter():
            self._settle(element)

    def _settle(self, element: Element) -> None:
        for name, value in element.items():
            element.set(name, html.unescape(_ANY_PLACEHOLDER.sub("", value)))
        if "style" in element.attrib:
            align = element.attrib.pop("style").removeprefix("text-align: ").rstrip(";")
            element.set("class", f"align-{align}")
        if element.tag == "a":
            _settle_link(element)
        elif element.tag == "img":
            _settle_image(element)
        for name, value in element.items():
            element.set(name, value.replace("&", f"{AMP_SUBSTITUTE}amp;"))


def _settle_link(element: Element) -> None:
    """A link to an allowed address, or only its text."""
    href = safe_href(element.get("href", ""))
    if not href:
        element.attrib.clear()
        element.tag = "span"
        return
    element.set("href", href)
    if is_external(href):
        element.set("rel", REL)


def _settle_image(element: Element) -> None:
    """An image from an allowed address, or only its description."""
    src = safe_href(element.get("src", ""))
    if src and not src.startswith("mailto:"):
        element.set("src", src)
        return
    element.tag, element.text = "span", AtomicString(escape(element.get("alt", "")))
    element.attrib.clear()


class _Parser:
    """A Python-Markdown instance with our processors at hand."""

    def __init__(self) -> None:
        extensions = [TableExtension(), FencedCodeExtension()]
        self.markdown = markdown.Markdown(extensions=extensions, output_format="html")
        self.formulas = _Formulas(_FORMULA.pattern, self.markdown)
        self.finish = _Finish(self.markdown)
        self.markdown.block_level_elements.remove("math")
        self.markdown.ESCAPED_CHARS += ["$", "<"]
        self.markdown.preprocessors.deregister("html_block")
        self.markdown.treeprocessors.register(self.finish, "finish", -10)
        patterns = self.markdown.inlinePatterns
        patterns.deregister("html")
        patterns.deregister("automail")
        patterns.register(self.formulas, "formulas", 185)
        patterns.register(_Mail(_MAIL, self.markdown), "mail", 110)
        patterns.register(_Addresses(_ADDRESS, self.markdown), "addresses", 105)


class _Renderer(threading.local):
    """One parser a thread: building one takes longer than an abstract."""

    parser: _Parser | None = None

    def render(self, text: str, heading_level: int, formula: FormulaWriter) -> str:
        """What `parse` gives."""
        parser, self.parser = self.parser or _Parser(), None
        parser.finish.heading_level = heading_level
        parser.formulas.formula = formula
        try:
            page = parser.markdown.reset().convert(text)
        except Exception:  # strangers' text may overflow the parser's stack or trip over its bugs
            return ""
        self.parser = parser
        return _clean(page)


def _attribute(tag: str, name: str, value: str) -> str | None:
    """The second wall's word on one attribute."""
    if name in ("href", "src"):
        return safe_href(value) or None
    if name == "class":
        return value if CLASSES.fullmatch(value) else None
    return value


def _clean(page: str) -> str:
    return nh3.clean(
        page,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_attribute,
        link_rel=None,
        url_schemes={"http", "https", "mailto"},
    )


_LOCAL = _Renderer()


def parse(text: str, heading_level: int, formula: FormulaWriter) -> str:
    """A Markdown text, as `markdown.py` cleans it, as safe HTML, formulas as `formula` writes them;
    "" where the parser fails on the text, which is then no Markdown."""
    return _LOCAL.render(text, heading_level, formula)


def words_of(page: str) -> str:
    """The text of safe HTML."""
    bare = nh3.clean(page, tags=TAGS, attributes={"img": {"alt"}}, link_rel=None)
    bare = re.sub(r'<img alt="([^"]*)">', r"\1", bare)
    apart = re.sub(r"</(?:p|h[1-6]|li|pre|tr|blockquote)>|<(?:hr|br)>", "\n\n", bare)
    spaced = re.sub(r"</t[dh]>", " ", apart)
    return html.unescape(re.sub(r"<[^>]*>", "", spaced)).strip()
