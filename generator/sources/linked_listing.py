"""A capture of a page of Daily Papers whose links are references: `### [Title][32]`.

Some programs write a page down like this: a heading for each paper, its abstract between brackets,
a foot of who (`* 3 authors`, or `[[HANDLE] FULL NAME]`), a dot, and the day with the number of
comments (`Mar 8, 2024 [ 6][39]`); the votes stand above the heading (`-` for none). Owns that
shape: it gives the parts of each paper as `listing` has them. Pure.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

_HEADING = re.compile(r"^#{2,4} \[([^\n]{1,2000})\]\[\d{1,6}\][^\S\n]*$", re.MULTILINE)
_BRACKETED = re.compile(r"^\[\n(.*?)\n\][^\S\n]*\[\d{1,6}\][^\S\n]*$", re.MULTILINE | re.DOTALL)
_BYLINE = re.compile(r"^\[\[([^\[\]\n]{1,200})\] ([^\[\]\n]{1,500})\]\[\d{1,6}\][^\S\n]*$")
_COUNT = re.compile(r"^\* (\d{1,6} authors?)$")
_REFERENCE = re.compile(r"\[\s*(\d{1,9})\s*\]\[\d{1,6}\]")
_VOTES = re.compile(r"\d{1,9}|-")


class Entry(Struct, frozen=True, kw_only=True):
    """One paper of a capture."""

    line: int
    """Where its heading stands, from 1."""
    title: str
    abstract: str
    foot: tuple[str, ...]
    """Its lines as a plain capture has them: `• 3 authors`, `·`, `Mar 8, 2024 6`."""
    upvotes: int | None


def is_linked(text: str) -> bool:
    """Whether a capture is of this kind."""
    return bool(_HEADING.search(text))


def entries(text: str) -> Iterator[Entry]:
    """The papers of a capture, in its order."""
    headings = list(_HEADING.finditer(text))
    ends = [*(heading.start() for heading in headings[1:]), len(text)]
    above = text[: headings[0].start()] if headings else ""
    line, counted = 1, 0
    for heading, end in zip(headings, ends, strict=True):
        below = text[heading.end() : end]
        line, counted = line + text.count("\n", counted, heading.start()), heading.start()
        blocks = list(_BRACKETED.finditer(below))
        abstract = blocks[0] if blocks else None
        rest = below[abstract.end() :] if abstract else below
        yield Entry(
            line=line,
            title=heading[1],
            abstract=abstract[1].strip() if abstract else "",
            foot=tuple(_foot(rest)),
            upvotes=_votes(above),
        )
        above = rest


def _votes(above: str) -> int | None:
    """The count in the last brackets above a heading; None where there is none, or `-`."""
    blocks = [block[1].strip() for block in _BRACKETED.finditer(above)]
    last = blocks[-1] if blocks else ""
    return int(last) if _VOTES.fullmatch(last) and last != "-" else None


def _foot(rest: str) -> Iterator[str]:
    """The lines below an abstract without their links and without the next paper's votes."""
    plain = _BRACKETED.sub(
        lambda block: "" if _VOTES.fullmatch(block[1].strip()) else block[1], rest
    )
    for line in filter(None, map(str.strip, plain.splitlines())):
        count, byline = _COUNT.match(line), _BYLINE.match(line)
        if count:
            yield f"• {count[1]}"
        elif byline:
            yield f"{byline[1]} {byline[2]}"
        else:
            yield " ".join(_REFERENCE.sub(r" \1", line).split())
