"""HTML, JATS and MathML in strangers' titles and abstracts → plain text.

Owns what a mark-up says in plain text. Nothing here is a parser of documents: known tags are read
or dropped, everything else is text, so that `a < b` and TeX survive. No DTD, no entities but HTML's
character references, nothing is fetched; the time grows with the length only. Pure.
"""

import html
import re
from collections import Counter

from msgspec import Struct, field

from generator.text.plain import clean_line, clean_text

ROUNDS = 3
"""Deposits escape their mark-up now and then, or twice: `&amp;lt;p&amp;gt;`."""
MOST_NESTED = 100
"""Elements open at a time; deeper ones lose their meaning, not their text."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BLOCKS = _names(
    "abstract article blockquote body br break dd disp-quote div dl dt header hr li list list-item"
    " ol p pre section sec table tbody td tfoot th thead tr trans-abstract ul verse-group"
    " verse-line"
)
_HEADINGS = _names("h1 h2 h3 h4 h5 h6 title")
_FORMULAS = _names("alternatives disp-formula inline-formula math")
_TEX = _names("annotation tex-math")
_SILENT = _names("head object-id script style")
_SCRIPTS = {"sub": "_", "sup": "^"}
_TWO_PARTS = {"msub": "_", "msup": "^", "munder": "_", "mover": "^", "mfrac": "/", "mroot": "^1/"}
_THREE_PARTS = _names("msubsup munderover")
_GROUPS = _names("mfenced mpadded mrow msqrt mstyle mtext semantics")
_FRAMES = frozenset().union(
    _HEADINGS, _FORMULAS, _TEX, _SILENT, _SCRIPTS, _TWO_PARTS, _THREE_PARTS, _GROUPS
)
_INLINE = _names(
    "a abbr b big bold center cite code em email ext-link fixed-case font i img inf inline-graphic"
    " italic kbd label maligngroup mark menclose mglyph mi mmultiscripts mn mo mphantom"
    " mprescripts ms mspace mtable mtd mtr named-content none overline q related-object roman s"
    " sans-serif sc small span strike strong styled-content tt u underline uri var xref"
)
_KNOWN = _BLOCKS | _FRAMES | _INLINE
_JOINT = "\x1f"
"""Stands between a heading and its paragraph, whatever breaks follow."""
_JOINTS = re.compile(rf"{_JOINT}\s*")
_TAG = re.compile(
    r"<(?P<close>/?)(?:[A-Za-z][A-Za-z0-9]{0,20}:)?(?P<name>[A-Za-z][A-Za-z0-9-]{0,30})"
    r"(?P<attributes>(?:\s++[\w:.-]++\s*+=\s*+(?:\"[^\"<]*+\"|'[^'<]*+'|[^\s\"'<>=]++))*+)"
    r"\s*+(?P<empty>/?)>"
    r"|<!--[^<>]*+(?<=--)>|<!\[CDATA\[|\]\]>",
    re.ASCII,
)
_OWN_TITLE = re.compile(r"abstract|summary|résumé|resumen|zusammenfassung", re.IGNORECASE)
_PREAMBLE = re.compile(r"\\begin\{document\}(.*?)(?:\\end\{document\}|\Z)", re.DOTALL)
_ORDINAL = frozenset(("st", "nd", "rd", "th"))
_RAISED = str.maketrans("0123456789+-−=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ")
_LOWERED = str.maketrans("0123456789+-−=()aeox", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₒₓ")


def markup_line(text: str) -> str:
    """Mark-up as one line: `H<sub>2</sub>O in <i>vitro</i>` → `H₂O in vitro`."""
    return clean_line(markup_text(text))


def markup_text(text: str) -> str:
    """Mark-up as paragraphs. A heading stands before its paragraph (`Methods: …`), the heading
    "Abstract" is left out; a formula is its TeX in dollars where it comes with it, else what
    Unicode can say of it."""
    for _ in range(ROUNDS):
        if "<" not in text and "&" not in text:
            break
        text = _Reader().read(text)
    return clean_text(_JOINTS.sub(" ", text))


class _Frame(Struct):
    """An element whose text is not simply part of its parent's."""

    name: str
    parts: list[str] = field(default_factory=list)
    tex: str = ""
    """The formula's TeX, where one of its forms is TeX."""

    @property
    def text(self) -> str:
        return "".join(self.parts)


class _Reader:
    """Reads mark-up once: known tags, and character references in the text between them."""

    def __init__(self) -> None:
        self._frames = [_Frame("")]
        self._open: Counter[str] = Counter()
        """How many frames there are of a name."""

    def read(self, text: str) -> str:
        done = 0
        for tag in _TAG.finditer(text):
            name = (tag["name"] or "").lower()
            if name and name not in _KNOWN:
                continue
            self._say(text[done : tag.start()])
            done = tag.end()
            if name:
                self._meet(name, closes=bool(tag["close"]), empty=bool(tag["empty"]))
        self._say(text[done:])
        while len(self._frames) > 1:
            self._close()
        return self._frames[0].text

    def _say(self, text: str) -> None:
        """Text between two tags. In mathematics, white space between elements means nothing."""
        text = _resolved(text)
        if self._open["math"]:
            text = text.strip()
        if text:
            self._frames[-1].parts.append(text)

    def _meet(self, name: str, *, closes: bool, empty: bool) -> None:
        """What a tag does to the frames."""
        if name in _BLOCKS:
            self._frames[-1].parts.append("\n\n")
        if name not in _FRAMES or empty:
            return
        if not closes:
            if len(self._frames) < MOST_NESTED:
                self._frames.append(_Frame(name))
                self._open[name] += 1
        elif self._open[name]:
            while self._frames[-1].name != name:
                self._close()
            self._close()

    def _close(self) -> None:
        """Takes the last frame off and gives its parent what it says."""
        frame, parent = self._frames.pop(), self._frames[-1]
        self._open[frame.name] -= 1
        if frame.name in _TEX:
            parent.tex = parent.tex or _bare_tex(frame.text)
        elif frame.name not in _SILENT:
            outermost = not any(self._open[name] for name in _FORMULAS)
            if frame.tex and outermost:
                parent.parts.append(f"${frame.tex}$")
            else:
                parent.parts.append(_told(frame))
                parent.tex = parent.tex or frame.tex


def _resolved(text: str) -> str:
    """Character references as characters; as they stand where a number among them is absurd."""
    try:
        return html.unescape(text) if "&" in text else text
    except ValueError:  # more digits than Python makes a number of
        return text


def _told(frame: _Frame) -> str:
    """What an element says in its parent."""
    first, *rest = frame.parts or [""]
    if frame.name in _HEADINGS:
        heading = clean_line(frame.text).rstrip(":.")
        return "" if not heading or _OWN_TITLE.fullmatch(heading) else f"\n\n{heading}:{_JOINT}"
    if frame.name in _SCRIPTS:
        return _script(_SCRIPTS[frame.name], frame.text)
    if frame.name in _TWO_PARTS and rest:
        return first + _script(_TWO_PARTS[frame.name], "".join(rest))
    if frame.name in _THREE_PARTS and len(rest) > 1:
        return first + _script("_", rest[0]) + _script("^", "".join(rest[1:]))
    return f"√({frame.text})" if frame.name == "msqrt" else frame.text


def _script(mark: str, text: str) -> str:
    """A raised or lowered text: in Unicode where all of it can be, else behind its mark."""
    text = text.strip()
    moved = text.translate({"^": _RAISED, "_": _LOWERED}.get(mark, {}))
    if not text or text in _ORDINAL:
        return text
    if mark in _SCRIPTS.values() and not set(moved) & set(text):
        return moved
    return f"{mark}{text}" if len(text) == 1 or text.isalnum() else f"{mark}({text})"


def _bare_tex(text: str) -> str:
    """The formula in a `tex-math`: without the document around it, and without its dollars."""
    found = _PREAMBLE.search(text)
    tex = (found[1] if found else text).strip().strip("$").strip()
    for start, end in ((r"\(", r"\)"), (r"\[", r"\]")):
        tex = tex.removeprefix(start).removesuffix(end)
    return " ".join(tex.replace("$", r"\$").split())
