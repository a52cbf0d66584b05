r"""The TeX of bibliographies as plain text: `{B}ayes, \emph{na\"ive}` → `Bayes, naïve`.

Formulas between dollars stay as they are; accents, styles, quotation marks and escaped signs are
what `text.plain` makes of them in a title. Added to that is what BibTeX has besides: braces that
keep capitals, ties, dashes, signs that have a name. Pure; nothing here recurses.
"""

import re

from generator.text.math import split_math
from generator.text.plain import plain_title, unicode_math

_TEX = re.compile(r"[\\{}~]|--|``|''")
_PARAGRAPHS = re.compile(r"\n\s*\n")
_BREAK = re.compile(r"\\\\(?=\s)")
_SIGN = re.compile(r"\\[A-Za-z]{2,30}(?![A-Za-z{\[])(?:\{\})?")
_SWAPS = (
    (re.compile(r"\\(?:cite[a-z]*|ref|label)\{[^{}]{0,200}\}"), ""),
    (re.compile(r"\\(?=(?:La|Bib)?TeX(?![A-Za-z]))"), ""),
    (re.compile(r"\\[A-Za-z]{2,30}\*?(?=\{)"), ""),
    (re.compile(r"(?<=[^\s/~])~(?=[^\s/~])"), " "),
    (re.compile(r"(?<=\S)---(?=\S)|(?<=\s)---(?=\s)"), "—"),
    (re.compile(r"(?<=[^\s-])--(?=[^\s-])|(?<=\s)--(?=\s)"), "–"),
    (re.compile(r"[{}]"), ""),
)
_KEPT = str.maketrans({"\ue000": "{", "\ue001": "}"})
"""Braces that are meant to be seen, while those that are not are taken away."""


def plain_tex(text: str) -> str:
    """The text with its TeX as Unicode, formulas as TeX; paragraphs stay apart."""
    if not _TEX.search(text):
        return text
    return "\n\n".join(map(_paragraph, _PARAGRAPHS.split(text)))


def _paragraph(text: str) -> str:
    pieces = split_math(text)
    return "".join(piece.source if piece.tex else _words(piece.source) for piece in pieces)


def _words(text: str) -> str:
    """Running text between two formulas; the white space at its ends counts."""
    core = text.strip()
    if not _TEX.search(core):
        return text
    before, _, after = text.partition(core)
    core = _BREAK.sub("", core).replace(r"\{", "\ue000").replace(r"\}", "\ue001")
    core = plain_title(core)
    core = _SIGN.sub(_sign, core)
    for pattern, replacement in _SWAPS:
        core = pattern.sub(replacement, core)
    return before + core.translate(_KEPT) + after


def _sign(command: re.Match[str]) -> str:
    r"""`\ldots`, `\alpha`: what Unicode has for it, else as it stands."""
    return unicode_math(command[0].removesuffix("{}")) or command[0]
