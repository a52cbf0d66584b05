r"""TeX maths: where it stands in running text, and how it is shown as MathML.

Mathematics is `$…$`, `$$…$$`, `\(…\)` and `\[…\]`; money is not. The rules for dollars are
pandoc's (no blank inside the dollars, no digit after the closing one) with two of our own, said
at `_is_maths`. Nothing here is quadratic: each delimiter is looked at once or twice."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import nh3
from math_core import LatexError, LatexToMathML

from generator.text.safety import escape_content, printable

MAX_LENGTH = 2_000
"""Characters of a formula; longer ones are shown as source."""
MAX_DEPTH = 100
"""Nested groups of a formula. The converter overflows its stack from about 5,000."""
MAX_BRACKETS = 16
"""Opening brackets of a formula: each unclosed one doubles math-core 0.9's time (24 take 0.4 s).
Of 6,184 formulas in real abstracts the fullest had 7."""

MATHML: dict[str, set[str]] = {
    "math": {"display"},
    "menclose": {"notation"},
    "mfrac": {"linethickness"},
    "mi": {"mathvariant"},
    "mn": set(),
    "mo": {
        "accent", "fence", "form", "largeop", "lspace", "maxsize", "minsize", "movablelimits",
        "rspace", "separator", "stretchy", "symmetric",
    },
    "mover": {"accent"},
    "mpadded": {"depth", "height", "lspace", "voffset", "width"},
    "mphantom": set(),
    "mprescripts": set(),
    "mmultiscripts": set(),
    "mroot": set(),
    "mrow": {"displaystyle", "scriptlevel"},
    "mspace": {"depth", "height", "width"},
    "msqrt": set(),
    "mstyle": {"displaystyle", "scriptlevel"},
    "msub": set(),
    "msubsup": set(),
    "msup": set(),
    "mtable": {"displaystyle", "scriptlevel"},
    "mtd": {"columnspan", "rowspan"},
    "mtext": set(),
    "mtr": set(),
    "munder": {"accentunder"},
    "munderover": {"accent", "accentunder"},
}  # fmt: skip
"""The MathML elements that may reach a page, with their attributes. None of them loads, links or
runs anything; `style` is left out, as the pages' policy forbids it."""

_DELIMITER = re.compile(r"\\[\\$()\[\]]|\$\$?|\x02|\x03|\n\s*\n")
_CLOSING = {"$": "$", "$$": "$$", r"\(": r"\)", r"\[": r"\]"}
_ESCAPED = (r"\\", r"\$")
_TEX = re.compile(r"[\\^_{}=<>]")
_PROSE = re.compile(r"[A-Za-z]{2}")
_GROUP = re.compile(r"\\[\\{}]|\\(?:begin|left|end|right)\b|[{}]")
_BRACKET = re.compile(
    r"[(\[⟨⌈⌊⟦（｛]|\\[{|]|\\[lL](?:angle|floor|ceil|br|vert|Vert|group|moust|Angle|paren)"
    r"|\\(?:math)?open|\\[bB]igg?l"
)
_CONVERTER = LatexToMathML(fancy_error=False, max_expansions=0, allow_unreliable_rendering=True)


class Piece(NamedTuple):
    """A stretch of text, or one formula in it."""

    source: str
    """As written, delimiters included; all pieces joined give the text again."""
    tex: str = ""
    """The formula between its delimiters; empty for text."""
    display: bool = False
    """A formula that stands on its own line."""


class Formula(NamedTuple):
    """Where a formula stands: `text[start:end]`, delimiters included."""

    start: int
    end: int
    tex: str
    display: bool


def split_math(text: str) -> Iterator[Piece]:
    """The text in pieces, formulas apart from what stands between them."""
    done = 0
    for formula in find_math(text) if "$" in text or "\\" in text else ():
        if formula.start > done:
            yield Piece(text[done : formula.start])
        yield Piece(text[formula.start : formula.end], formula.tex, formula.display)
        done = formula.end
    if done < len(text):
        yield Piece(text[done:])


def find_math(text: str, start: int = 0) -> Iterator[Formula]:
    """The formulas at or after `start`, which must not stand inside one, from left to right.

    A formula ends at the next delimiter of any kind, or is none: `$a$$b$` is two formulas, and
    a lone dollar stays a dollar."""
    opening = _next(text, start)
    while opening:
        closing = _closing(text, opening)
        if closing and _is_maths(text, opening, closing):
            tex = text[opening.end() : closing[0]]
            yield Formula(opening.start(), closing[1], tex, opening[0] in ("$$", r"\["))
            opening = _next(text, closing[1])
        else:
            opening = _next(text, opening.end())


def render_math(tex: str, *, display: bool) -> str:
    """A formula as MathML; as `<code class="tex">` with its source where it is longer or deeper
    than the limits, or the converter does not know a command in it. Safe HTML in either case."""
    tex = printable(tex).strip()
    return _render(tex, display) if is_small(tex) else _source(tex)


def is_small(tex: str) -> bool:
    """Whether a formula keeps to the limits, so that a converter may be trusted with it."""
    return (
        len(tex) <= MAX_LENGTH
        and _depth(tex) <= MAX_DEPTH
        and sum(1 for _ in _BRACKET.finditer(tex)) <= MAX_BRACKETS
    )


def _next(text: str, start: int) -> re.Match[str] | None:
    """The next delimiter that may open a formula."""
    for match in _DELIMITER.finditer(text, start):
        if match[0] in _CLOSING:
            return match
    return None


def _closing(text: str, opening: re.Match[str]) -> tuple[int, int] | None:
    """Start and end of the delimiter that closes this one; None when another stands before it."""
    for match in _DELIMITER.finditer(text, opening.end()):
        if match[0] in _ESCAPED:
            continue
        if match[0] == _CLOSING[opening[0]]:
            return match.span()
        if opening[0] == "$" and match[0] == "$$":
            return match.start(), match.start() + 1
        return None
    return None


def _is_maths(text: str, opening: re.Match[str], closing: tuple[int, int]) -> bool:
    """Whether what stands between two delimiters is a formula. One with a backtick is none, as
    that is Markdown's mark of code.

    Between single dollars: blanks just inside are allowed only beside something that is clearly
    TeX (or around a single letter), a digit may not follow, and what starts like an amount
    (`$5`, `$1.5M`) and goes on in words without any TeX is money."""
    tex = text[opening.end() : closing[0]]
    if not tex.strip() or "`" in tex:
        return False
    if opening[0] != "$":
        return True
    if text[closing[1] : closing[1] + 1].isdecimal():
        return False
    if _TEX.search(tex):
        return not (tex[0].isspace() and tex[-1].isspace() and _starts_with_amount(tex.strip()))
    if tex[0].isspace() or tex[-1].isspace():
        return len(tex.strip()) == 1 and tex.strip().isalpha()
    return not (_starts_with_amount(tex) and _PROSE.search(tex))


def _starts_with_amount(tex: str) -> bool:
    return tex[0].isdecimal()


def _depth(tex: str) -> int:
    """The deepest nesting of groups, environments and \\left … \\right pairs, at the least."""
    depth = deepest = 0
    for match in _GROUP.finditer(tex):
        if match[0] in ("{", r"\begin", r"\left"):
            depth += 1
            deepest = max(deepest, depth)
        elif match[0] in ("}", r"\end", r"\right"):
            depth -= 1
    return deepest


@lru_cache(maxsize=4_096)
def _render(tex: str, display: bool) -> str:
    try:
        mathml = _CONVERTER.convert_with_local_state(tex, displaystyle=display)
    except LatexError:
        return _source(tex)
    return nh3.clean(mathml, tags=set(MATHML), attributes=MATHML, link_rel=None)


def _source(tex: str) -> str:
    return f'<code class="tex">{escape_content(tex)}</code>'
