"""Markdown as safe HTML.

Text that holds nothing Markdown would interpret takes a short way that gives the same HTML; all
else goes through `markdown_parser.py`, which is brought in when it is first needed."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from generator.text.math import render_math, split_math
from generator.text.safety import REL, bare_urls, escape, escape_content, printable

if TYPE_CHECKING:
    from generator.text.markdown_parser import FormulaWriter

MAX_LENGTH = 100_000
"""Characters of a text read as Markdown; a longer one is shown as it stands."""
MAX_WORK = 10_000_000
"""Marks times characters of the heaviest paragraph: the parser's time grows with this product."""

_BLANK = re.compile(r"\n(?:[^\S\n]*\n)+")
_ODD_SPACE = re.compile("[\x0b\x0c\x1c-\x1f\x85\u2028\u2029]")
_EMPTY_START = re.compile(r"\A(?:[^\S\n]*\n)+")
_STX, _ETX = "\x02", "\x03"
"""Python-Markdown puts them around what it has set aside."""
_PLACEHOLDER = re.compile(f"{_STX}([0-9]+){_ETX}")
_WORK = re.compile(r"[^\w\s,.;:'\"%/\\-]|\n|(?<![\w])_|--")
_LINE = r"[ ]{0,3}(?:[>#|:=~`]|[*+-](?:\s|$)|\d+\.\s|[-*_][-*_ ])"
_LINE_MARK = re.compile(rf"{_LINE}|\s")
_BLOCK_MARK = re.compile(rf"\n(?:(?<=[^\S\n]\n)|[-=]|[^\S\n]|{_LINE})")
_CONTROLS = ("\t", "\r", _STX, _ETX)
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


def render_words(text: str, formula: "FormulaWriter") -> str:
    """Markdown as plain text: the words `render_markdown` would show, blocks apart by an empty
    line, each formula as `formula(tex, display)` writes it."""
    text, plain = _looked_at(text)
    if plain or not is_affordable(text):
        return "".join(formula(p.tex, p.display) if p.tex else p.source for p in split_math(text))
    from generator.text.markdown_parser import parse, words_of

    if any(piece.tex for piece in split_math(text)):
        page = parse(text, 2, lambda tex, display: escape(formula(tex, display)))
    else:
        page = _parsed(text, 2)
    return words_of(page) if page else text


@lru_cache(maxsize=256)
def _parsed(text: str, heading_level: int) -> str:
    from generator.text.markdown_parser import parse  # heavy

    return parse(text, heading_level, _formula)


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
            marked += f"{_STX}{len(formulas)}{_ETX}"
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
