"""Markdown as safe HTML.

Two walls. Python-Markdown runs without its handlers of raw HTML and without `attr_list`, and
every address goes through `safety.safe_href`; what it returns goes through nh3 with an allow-list.
Text that holds nothing Markdown would interpret takes a short way that gives the same HTML."""

import html
import re
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from xml.etree.ElementTree import Element

import markdown
import nh3
from markdown.extensions.fenced_code import FencedCodeExtension
from markdown.extensions.tables import TableExtension
from markdown.inlinepatterns import InlineProcessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AMP_SUBSTITUTE, ETX, INLINE_PLACEHOLDER_RE, STX, AtomicString

from generator.text.math import MATHML, find_math, render_math, split_math
from generator.text.safety import (
    bare_url_at,
    bare_urls,
    escape,
    escape_content,
    is_external,
    printable,
    safe_href,
)

MAX_LENGTH = 100_000
"""Characters of a text read as Markdown; a longer one is shown as it stands."""
MAX_WORK = 10_000_000
"""Marks times characters of the heaviest paragraph: the parser's time grows with this product."""

FormulaWriter = Callable[[str, bool], str]
"""A formula's TeX, and whether it stands on its own line → what is written for it."""
REL = "noopener nofollow"
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

_BLANK = re.compile(r"\n(?:[^\S\n]*\n)+")
_ODD_SPACE = re.compile("[\x0b\x0c\x1c-\x1f\x85\u2028\u2029]")
_EMPTY_START = re.compile(r"\A(?:[^\S\n]*\n)+")
_PLACEHOLDER = re.compile(f"{STX}([0-9]+){ETX}")
_ANY_PLACEHOLDER = re.compile(f"{STX}[^{ETX}]*{ETX}?")
_TOKEN = re.compile(f"{STX}[^{ETX}]*{ETX}|.", re.DOTALL)
_WINDOW = 2_000
"""Characters after an address that tell whether it is torn: 70, each perhaps a placeholder."""
_NO = (None, None, None)
_FORMULA = re.compile(r"\\\\|\\\$|\$\$?|\\[(\[]")
_MAIL = r"<([A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,255})>"
_ADDRESS = r"(?<![A-Za-z0-9+.-])[hH][tT][tT][pP][sS]?://\S+"
_WORK = re.compile(r"[^\w\s,.;:'\"%/\\-]|\n|(?<![\w])_|--")
_LINE = r"[ ]{0,3}(?:[>#|:=~`]|[*+-](?:\s|$)|\d+\.\s|[-*_][-*_ ])"
_LINE_MARK = re.compile(rf"{_LINE}|\s")
_BLOCK_MARK = re.compile(rf"\n(?:(?<=[^\S\n]\n)|[-=]|[^\S\n]|{_LINE})")
_CONTROLS = ("\t", "\r", STX, ETX)
_MARKS = tuple("`*_]\\&<")
_INLINE_MARK = re.compile(
    r"`|\*|_(?<![^\W_]_)|\]\(|\]:|\][ \n]?\[|\\[\\`*_{}\[\]()<>#+.!|$-]|&#?\w+;"
    r"|<[^<>\s]*(?:://|@|\Z)"
)
"""Each alternative begins with one of the marks, for which the engine has a fast search."""


def render_markdown(text: str, heading_level: int = 2) -> str:
    """Markdown as HTML that is safe to stand anywhere in a page's body.

    CommonMark's usual marks, tables, fenced code, TeX maths; intact http(s) addresses become
    links. No raw HTML: it is shown as text. No heading is above `heading_level`: where one would
    be, all move down together. Never raises; text too long or too tangled to be parsed in a
    second or two is shown as it stands."""
    if is_bare(text):
        return f"<p>{_linked(text)}</p>"
    text, plain = _looked_at(text)
    if plain or not is_affordable(text):
        return _paragraphs(text)
    return _parsed(text, heading_level) or _paragraphs(text)


def render_plain(text: str) -> str:
    """Plain text as HTML: paragraphs, formulas, links from intact addresses, nothing else."""
    return _paragraphs(_normal(text))


def _paragraphs(text: str) -> str:
    paragraphs = (part.strip() for part in _BLANK.split(text))
    return "\n".join(f"<p>{_plain_inline(part)}</p>" for part in paragraphs if part)


def render_words(text: str, formula: FormulaWriter) -> str:
    """Markdown as plain text: the words `render_markdown` would show, blocks apart by an empty
    line, each formula as `formula(tex, display)` writes it."""
    text, plain = _looked_at(text)
    if plain or not is_affordable(text):
        return "".join(formula(p.tex, p.display) if p.tex else p.source for p in split_math(text))
    if any(piece.tex for piece in split_math(text)):
        page = _LOCAL.render(text, 2, lambda tex, display: escape(formula(tex, display)))
    else:
        page = _parsed(text, 2)
    return _words(page) if page else text


@lru_cache(maxsize=256)
def _parsed(text: str, heading_level: int) -> str:
    return _LOCAL.render(text, heading_level, _formula)


@lru_cache(maxsize=1024)
def _looked_at(text: str) -> tuple[str, bool]:
    """A text as it is read, and whether it is plain: both its words and its HTML are wanted."""
    text = _normal(text)
    return text, is_plain(text)


def is_bare(text: str) -> bool:
    """Whether a text is one clean line of which neither Markdown nor TeX interprets anything but
    bare addresses, as most are."""
    return (
        text[:1].isalpha()
        and text.isprintable()
        and text[-1] != " "
        and not (
            "  " in text
            or "$" in text
            or "*" in text
            or "_" in text
            or "]" in text
            or "&" in text
            or "<" in text
            or "`" in text
            or "\\" in text
            or "''" in text
        )
    )


def is_plain(text: str) -> bool:
    """Whether Markdown would interpret nothing in the text but formulas and bare addresses.

    On the safe side: where it says yes, `render_markdown` and `render_plain` agree."""
    if any(control in text for control in _CONTROLS):
        return False
    if _LINE_MARK.match(text) or ("\n" in text and _BLOCK_MARK.search(text)):
        return False
    if not any(mark in text for mark in _MARKS):
        return True
    return not any(
        _INLINE_MARK.search(part)
        for piece in split_math(text)
        if not piece.tex
        for part in _between_addresses(piece.source)
    )


def is_affordable(text: str) -> bool:
    """Whether the parser is done with the text in a second or two."""
    if len(text) > MAX_LENGTH:
        return False
    blocks = _BLANK.split(text)
    return all(len(b) * sum(1 for _ in _WORK.finditer(b)) <= MAX_WORK for b in blocks)


def _normal(text: str) -> str:
    """The text with one kind of line end and nothing unprintable, not even a form feed; without
    empty lines before and white space after it."""
    if not text.isprintable():
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        text = printable(_ODD_SPACE.sub(" ", text))
        text = _EMPTY_START.sub("", text)
    return text.rstrip()


def _between_addresses(text: str) -> list[str]:
    """The stretches of a text between its bare addresses."""
    parts, done = [], 0
    for found in bare_urls(text):
        parts.append(text[done : found.start])
        done = found.end
    return [*parts, text[done:]]


def _plain_inline(text: str) -> str:
    """A paragraph of plain text as HTML."""
    if "$" not in text and "\\" not in text:
        return _linked(text)
    formulas: list[str] = []
    marked = ""
    for piece in split_math(text):
        if piece.tex:
            marked += f"{STX}{len(formulas)}{ETX}"
            formulas.append(_formula(piece.tex, piece.display))
        else:
            marked += piece.source
    return _PLACEHOLDER.sub(lambda match: formulas[int(match[1])], _linked(marked))


def _linked(text: str) -> str:
    """Text escaped, its bare addresses as links."""
    if "://" not in text:
        return escape_content(text)
    parts, done = [], 0
    for found in bare_urls(text):
        shown = escape_content(text[found.start : found.end])
        href = escape_content(found.url)  # holds no quotation mark, or it would be no address
        link = f'<a href="{href}" rel="{REL}">{shown}</a>'
        parts += [escape_content(text[done : found.start]), link]
        done = found.end
    return "".join([*parts, escape_content(text[done:])])


def _formula(tex: str, display: bool) -> str:
    return render_math(tex, display=display)


def _words(page: str) -> str:
    """The text of safe HTML."""
    bare = nh3.clean(page, tags=TAGS, attributes={"img": {"alt"}}, link_rel=None)
    bare = re.sub(r'<img alt="([^"]*)">', r"\1", bare)
    apart = re.sub(r"</(?:p|h[1-6]|li|pre|tr|blockquote)>|<(?:hr|br)>", "\n\n", bare)
    spaced = re.sub(r"</t[dh]>", " ", apart)
    return html.unescape(re.sub(r"<[^>]*>", "", spaced)).strip()


class _Formulas(InlineProcessor):
    """Finds TeX maths before Markdown's own escapes, and keeps its HTML aside."""

    def __init__(self, pattern: str, md: markdown.Markdown) -> None:
        super().__init__(pattern, md)
        self.formula: FormulaWriter = _formula

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
        """Safe HTML; "" where the parser fails on the text, which is then no Markdown."""
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
