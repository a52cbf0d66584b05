r"""Text without marks: for feeds, search, descriptions and excerpts; and plain text as Markdown.

`markdown_from_plain` is the inverse of rendering: what it returns is shown by `render_markdown`
exactly as `render_plain` shows the text it was given."""

import logging
import re
from collections.abc import Iterable
from functools import lru_cache

from pylatexenc.latex2text import LatexNodes2Text  # type: ignore[import-untyped]

from generator.text.markdown import (
    is_affordable,
    is_bare,
    is_plain,
    render_markdown,
    render_plain,
    render_words,
)
from generator.text.math import is_small, render_math, split_math
from generator.text.safety import bare_urls, escape, printable

MANY_PARAGRAPHS = 40
"""Up to here each paragraph gets the lightest escapes that do for it; beyond, all the same."""

logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)  # it comments on strangers' TeX

_PARAGRAPHS = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+")
_TEX_IN_TEXT = ("\\", "`", "''")
_ESCAPED = re.compile(r"\\([%&$#_{}])")
_QUOTED = (
    (re.compile(r"``(?=\S)([^`\n]{0,300}?)''"), r"“\1”"),
    (re.compile(r"(?<![\w`])`(?=\w)([^`'\n]{0,100}?)'(?![\w'])"), r"‘\1’"),
)
_GROUPED = re.compile(r"\{\\(?:em|it|bf|tt|sc|sf|rm|sl)(?![A-Za-z])\s*([^{}\\]{0,500})\}")
_LINKED = re.compile(r"\\href\{[^{}]{0,500}\}\{([^{}\\]{0,500})\}")
_TEX_SPACE = re.compile(r"\\[ ,;]")
_STYLED = re.compile(
    r"\\(?:emph|text(?:bf|it|sc|sf|tt|rm|sl|up|md|normal)?|mbox|underline|url)\{([^{}\\]{0,500})\}"
)
_ACCENTED = re.compile(
    r"\{?\\(?:[\"'^~=.](?:\{\\?[A-Za-z]\}|\\?[A-Za-z])|[`](?:\{\\?[A-Za-z]\}|[A-Za-z])"
    r"|[uvHcdbkr]\{\\?[A-Za-z]\}|(?:ss|ae|AE|oe|OE|aa|AA|o|O|l|L|i|j)(?![A-Za-z])(?:\{\})?)\}?"
)
_SIMPLE_MATHS = re.compile(r"[\w\s+=<>.,;:()\[\]/|!*'-]*")
_SENTENCE_END = re.compile(r"[.!?][\"'”’)\]]*\s+(?=[\"'“‘(\[]*[A-Z0-9])")
_NEEDED = r"\\(?=[\\`*_{}\[\]()<>#+.!|$-])|<(?=[^<>\s]*(?:://|@))|[`*]|(?<![^\W_])_|(?<=\])[(\[]"
_ESCAPES = tuple(
    re.compile(pattern)
    for pattern in (_NEEDED, rf"{_NEEDED}|\$", r"[\\`*_$#<>|\[{}!+]|(?<=\])\(|(?<=\d)\.|-")
)
"""What to escape: as little as may do, dollars too, everything."""
_LINE_START = re.compile(r"^(?:(?P<mark>[#>|+*-]|\[(?=[^\[\]]*\]:))|(?P<number>\d+)\.(?=\s))")
_ENTITY = re.compile(r"&(?=#?\w+;)")


def clean_line(text: str) -> str:
    """The text as one line: without control characters and bidirectional overrides, each run of
    white space one space, none at the ends. Nothing else is changed."""
    if text.isprintable() and "  " not in text and text.strip() == text:
        return text
    return " ".join(printable(text).split())


def clean_lines(texts: Iterable[str]) -> list[str]:
    """Each text as by `clean_line`; those of which nothing is left are left out."""
    return [line for line in map(clean_line, texts) if line]


def clean_text(text: str) -> str:
    """The text as paragraphs, each cleaned as by `clean_line`, with one empty line between."""
    if "\n" not in text and "\r" not in text:
        return clean_line(text)
    text = printable(text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = (clean_line(paragraph) for paragraph in _PARAGRAPHS.split(text))
    return "\n\n".join(line for line in lines if line)


@lru_cache(maxsize=1_024)
def plain_text(markdown: str) -> str:
    """Markdown with TeX as plain Unicode text, paragraphs apart by an empty line: links keep
    their text, code its content, formulas become what Unicode can say of them (`$\\alpha_1$` →
    `α_1`). Money keeps its dollars. Never raises."""
    if is_bare(markdown):
        return markdown
    return clean_text(_text_tex(render_words(markdown, unicode_math)))


def plain_source(markdown: str) -> str:
    r"""Markdown as plain text whose formulas are still TeX: what `markdown_from_plain` shows again
    as it was. Marks of emphasis, links and code go, their words stay. Formulas stand in dollars,
    or in `\(…\)` and `\[…\]` where one of them did. Never raises."""
    if is_plain(markdown):
        return clean_text(markdown)
    in_brackets = any(p.tex and p.source[0] == "\\" for p in split_math(markdown))
    return clean_text(render_words(markdown, _bracketed if in_brackets else _in_dollars))


def _in_dollars(tex: str, display: bool) -> str:
    return f"$${tex}$$" if display else f"${tex}$"


def _bracketed(tex: str, display: bool) -> str:
    return rf"\[{tex}\]" if display else rf"\({tex}\)"


@lru_cache(maxsize=1_024)
def plain_title(title: str) -> str:
    """A title with its TeX as plain Unicode, in one line. Titles are no Markdown."""
    if is_bare(title):
        return title
    pieces = split_math(clean_line(title))
    return clean_line(
        "".join(
            unicode_math(piece.tex) if piece.tex else _text_tex(piece.source) for piece in pieces
        )
    )


def unicode_math(tex: str, display: bool = False) -> str:
    """A formula in what Unicode can say of it; its source where it is too large to convert."""
    tex = printable(tex).strip()
    if _SIMPLE_MATHS.fullmatch(tex):
        return tex
    return _unicode(tex) if is_small(tex) else tex


def title_html(title: str) -> str:
    """A title as HTML: escaped, its formulas as MathML, `\\%` and accents as what they mean."""
    if is_bare(title):
        return escape(title)
    pieces = split_math(clean_line(title))
    return "".join(
        render_math(piece.tex, display=False) if piece.tex else escape(_text_tex(piece.source))
        for piece in pieces
    )


def excerpt(text: str, length: int = 260) -> tuple[str, str]:
    """A plain text in two, which joined give it again: an excerpt of about `length` characters
    that ends with a sentence if one ends in its second half, else with a word; and the rest,
    white space first, empty where all of it fits."""
    if len(text) <= length:
        return text, ""
    ends = [match.end() for match in _SENTENCE_END.finditer(text, length // 2, length + 20)]
    if ends:
        cut = len(text[: ends[-1]].rstrip())
    else:
        cut = max(text.rfind(" ", 0, length + 1), text.rfind("\n", 0, length + 1))
        cut = cut if cut > length // 2 else length
    return text[:cut], text[cut:]


def markdown_from_plain(text: str) -> str:
    """Markdown that shows exactly this text (cleaned as by `clean_text`), with as few backslashes
    as will do: formulas between dollars stay formulas, intact addresses become links, and only
    what Markdown would interpret is escaped.

    What comes back is proved by rendering it: for each paragraph the text itself is tried, then
    with the marks escaped that matter, then with all of them; then the same for the whole, as
    one paragraph may define what another refers to."""
    text = clean_text(text)
    if is_plain(text) or not is_affordable(text):
        return text
    paragraphs = text.split("\n\n")
    if len(paragraphs) <= MANY_PARAGRAPHS:
        candidate = "\n\n".join(map(_escape_paragraph, paragraphs))
        if _shows(candidate, text):
            return candidate
    for marks in _ESCAPES:
        candidate = "\n\n".join(_escape(part, marks) for part in paragraphs)
        if _shows(candidate, text):
            return candidate
    return "\n\n".join(map(_escape_all, paragraphs))


def _escape_paragraph(paragraph: str) -> str:
    """The first way to write a paragraph that shows it as it is."""
    if is_plain(paragraph) or ("]:" not in paragraph and _shows(paragraph, paragraph)):
        return paragraph
    for marks in _ESCAPES:
        attempt = _escape(paragraph, marks)
        if _shows(attempt, paragraph):
            return attempt
    return _escape_all(paragraph)


def _shows(markdown: str, text: str) -> bool:
    return render_markdown(markdown) == render_plain(text)


def _escape(paragraph: str, marks: re.Pattern[str]) -> str:
    """The paragraph with these marks escaped, outside its formulas and addresses."""
    if is_plain(paragraph):
        return paragraph
    written = "".join(
        part if kept else _escape_text(part, marks) for part, kept in _parts(paragraph)
    )
    return _LINE_START.sub(_escape_start, written)


def _escape_text(text: str, marks: re.Pattern[str]) -> str:
    text = _ENTITY.sub("&amp;", text)
    return marks.sub(lambda match: f"\\{match[0]}", text)


def _escape_start(match: re.Match[str]) -> str:
    return f"\\{match['mark']}" if match["mark"] else f"{match['number']}\\."


def _escape_all(paragraph: str) -> str:
    """The paragraph with every character escaped that may be, formulas included."""
    return _LINE_START.sub(_escape_start, _escape_text(paragraph, _ESCAPES[-1]))


def _parts(paragraph: str) -> list[tuple[str, bool]]:
    """The paragraph in parts, and whether each is to be kept as written."""
    parts: list[tuple[str, bool]] = []
    for piece in split_math(paragraph):
        if piece.tex:
            parts.append((piece.source, True))
            continue
        done = 0
        for found in bare_urls(piece.source):
            parts.append((piece.source[done : found.start], False))
            parts.append((piece.source[found.start : found.end], True))
            done = found.end
        parts.append((piece.source[done:], False))
    return parts


def _text_tex(text: str) -> str:
    """What TeX says in running text: escaped signs, accents, quotation marks, styled words."""
    if not any(mark in text for mark in _TEX_IN_TEXT):
        return text
    for pattern, replacement in _QUOTED:
        text = pattern.sub(replacement, text)
    for styled in (_STYLED, _STYLED, _GROUPED, _LINKED):
        text = styled.sub(r"\1", text)
    text = _ACCENTED.sub(lambda match: _unicode(match[0]), text)
    return _ESCAPED.sub(r"\1", _TEX_SPACE.sub(" ", text))


@lru_cache(maxsize=1)
def _converter() -> LatexNodes2Text:
    """Making one takes longer than a formula."""
    return LatexNodes2Text(math_mode="text", strict_latex_spaces="based-on-source")


@lru_cache(maxsize=4_096)
def _unicode(tex: str) -> str:
    """TeX as Unicode; as it stands where the converter fails on it."""
    try:
        return str(_converter().latex_to_text(tex, tolerant_parsing=True)).strip() or tex
    except Exception:  # strangers' TeX may overflow the parser's stack or trip over its bugs
        return tex
