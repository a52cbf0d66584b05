"""XML answers as trees, and how they are read: by local names, whatever their namespaces.

Owns what an answer must be before anybody looks into it: UTF-8, well-formed, without a DTD. A DTD
is refused before the parser sees it, so that no entity is ever defined, expanded or fetched. What
XML forbids as a character (real abstracts hold some) is taken out beforehand. Pure.
"""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError, fromstring

from generator.sources.answers import check_present, parse_text, remedy
from generator.sources.source import Request, refused

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_DOCTYPE = re.compile(r"\A(?>\s+|<\?.*?\?>|<!--.*?-->)*+<!DOCTYPE", re.DOTALL)
"""Before the first element; elsewhere the word is text."""


def parse_tree(payload: bytes, request: Request, wanted: str) -> Element:
    """The root of an answer that should be `wanted` (`an Atom feed`). Raises BroadsheetError."""
    check_present(payload, request, wanted)
    text = _FORBIDDEN.sub("", parse_text(payload, request)).lstrip()
    if _DOCTYPE.match(text):
        raise refused(request, "declares a DOCTYPE, which is not read")
    try:
        return fromstring(text)  # noqa: S314 (without a DTD there are no entities)
    except ParseError as error:
        what = str(error).partition(": line")[0].partition(": column")[0]
        fact = f"is not whole: {what} at line {error.position[0]}"
        raise refused(request, fact, remedy(request)) from None


def name_of(element: Element) -> str:
    """The element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def children(element: Element, name: str) -> Iterator[Element]:
    """The children of this name, in order."""
    return (child for child in element if name_of(child) == name)


def child(element: Element, name: str) -> Element | None:
    """The first child of this name."""
    return next(children(element, name), None)


def text_of(element: Element | None) -> str:
    """All the text in an element, as it stands; empty for none."""
    return "" if element is None else "".join(element.itertext())


def child_text(element: Element, name: str) -> str:
    """The text of the first child of this name."""
    return text_of(child(element, name))
