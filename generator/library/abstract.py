"""The abstract of a paper as plain text. Feeds, search, citations and related papers all read it,
and to work it out takes a while: whoever loads papers does it once."""

from msgspec.structs import replace

from generator.model import Paper
from generator.text.plain import plain_text


def plain_abstract(paper: Paper) -> str:
    """The abstract as `text.plain.plain_text` gives it."""
    if paper.plain is None:
        return plain_text(paper.abstract)
    return paper.plain or paper.abstract


def with_plain_abstract(paper: Paper) -> Paper:
    """The same paper, whose plain abstract is soon told."""
    text = plain_text(paper.abstract)
    return replace(paper, plain="" if text == paper.abstract else text or None)
