"""YAML as people write it at the head of a page and in settings: strict, and with line numbers.

Owns reading and formatting of YAML mappings. Does not know what any key means. What is written
simply is read here; all else by `yaml_parser.py`, which is brought in when it is first needed.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from generator.errors import problem

LONGEST = 1_000_000
"""Characters of YAML that are read at most; a page's front matter has some hundreds."""

_URL = r"https?://[\w./~%+=?&@-]+"
_BARE = r"[^\W_](?:[^\n:#,\[\]{}]*[^\n:#,\[\]{} ])?"
_QUOTED = r"'[^\n']*(?:''[^\n']*)*'|\"[^\n\"\\]*\""
_KEY = "[a-z_]{1,99}"
_ITEM = rf"(?:{_QUOTED}|{_URL}|{_BARE})"
_PAIR = rf"{_KEY}: {_ITEM}"
_SIMPLE = re.compile(
    rf"({_KEY}): (?:({_QUOTED}|{_URL}|[^\W_](?:[^\n:#]*[^\n:# ])?)"
    rf"|\[((?:{_ITEM}(?:, {_ITEM})*)?)\]|\{{((?:{_PAIR}(?:, {_PAIR})*)?)\}})\n"
)
"""A line of YAML of which nothing is in doubt, if all its characters can be printed: a key, and a
scalar, or a list or a mapping of scalars, which are bare words, web addresses, or in quotation
marks without escapes."""
_EACH_ITEM = re.compile(_ITEM)
_EACH_PAIR = re.compile(rf"({_KEY}): ({_ITEM})")
_RESOLVED: dict[str, bool | None] = {
    "null": None, "true": True, "True": True, "false": False, "False": False,
}  # fmt: skip
_DIGITS = frozenset("0123456789")
_NUMBER = re.compile(r"0|[1-9][0-9]*|[0-9]+\.[0-9]*(?:[eE][-+][0-9]+)?")
_SHORT_INTEGER = re.compile(r"0|[1-9][0-9]{0,14}")
_OPENING_FENCE = re.compile(r"---[ \t]*$", re.MULTILINE)
_CLOSING_FENCE = re.compile(r"\n---[ \t]*$", re.MULTILINE)


class Page(Struct, frozen=True, kw_only=True):
    """A text file with YAML at its head."""

    front_matter: str
    """The YAML between the two fences."""
    body: str
    """All that follows the second fence, without the line break after it."""


def split_page(text: str, where: str) -> Page:
    """The front matter and body of a page's whole text (`\\n` line ends).

    Raises BroadsheetError when a fence is missing."""
    if not text.startswith("---"):
        raise problem(
            f"{where}:1", "there is no front matter", "begin the page with a line of three dashes"
        )
    opening = _OPENING_FENCE.match(text)
    closing = _CLOSING_FENCE.search(text, opening.end()) if opening else None
    if opening is None or closing is None:
        raise problem(
            f"{where}:1",
            "the front matter does not end",
            "put a line of three dashes below the last 'key: value'",
        )
    return Page(
        front_matter=text[opening.end() + 1 : closing.start() + 1],
        body=text[closing.end() + 1 :],
    )


def parse_mapping(text: str, where: str, first_line: int = 1) -> dict[str, Any]:
    """The mapping that a YAML text holds; empty for an empty text.

    `first_line` is the line of `where` the text begins on. Raises BroadsheetError, located."""
    simple = parse_simple(text)
    if simple is not None:
        return simple
    if len(text) > LONGEST:
        raise problem(f"{where}:{first_line}", f"the YAML is longer than {LONGEST} characters")
    from generator.text.yaml_parser import parse  # heavy, and most pages are simple

    return parse(text, where, first_line)


def parse_simple(text: str) -> dict[str, Any] | None:
    """The mapping that a YAML text holds which is written as `format_mapping` mostly does; None
    where it may be anything else. What it gives is what the YAML parser would give."""
    if not text.replace("\n", "").isprintable():
        return None
    values: dict[str, Any] = {}
    place, end = 0, len(text)
    while place < end:
        line = _SIMPLE.match(text, place)
        if line is None:
            return None
        key, scalar, items, pairs = line.groups()
        if key in values or key in _RESOLVED:
            return None
        try:
            if scalar is not None:
                values[key] = _scalar(scalar)
            elif items is not None:
                values[key] = [_scalar(item) for item in _EACH_ITEM.findall(items)]
            else:
                found = _EACH_PAIR.findall(pairs)
                values[key] = {name: _scalar(value) for name, value in found}
                if len(values[key]) < len(found) or _RESOLVED.keys() & values[key].keys():
                    return None
        except ValueError:
            return None
        place = line.end()
    return values if len(text) <= LONGEST else None


def _scalar(text: str) -> str | int | bool | None:
    """The value of a scalar in a simple line. Raises ValueError where it may be a number of another
    kind than a short whole one."""
    if text[0] == "'":
        return text[1:-1].replace("''", "'")
    if text[0] == '"':
        return text[1:-1]
    if text in _RESOLVED:
        return _RESOLVED[text]
    if text[0] in _DIGITS and _NUMBER.fullmatch(text):
        if not _SHORT_INTEGER.fullmatch(text):
            raise ValueError(text)
        return int(text)
    return text


def line_of(text: str, path: Sequence[str | int], first_line: int = 1) -> int:
    """The line on which the value at `path` (keys and list positions) is written in a YAML text;
    the line of its nearest written ancestor where it is missing."""
    from generator.text.yaml_parser import find_line  # heavy, and mistakes are few

    return find_line(text, path, first_line)


def source_of(text: str, path: Sequence[str | int]) -> str:
    """The characters a scalar at `path` is written with, or an empty string."""
    from generator.text.yaml_parser import find_source  # heavy, and mistakes are few

    return find_source(text, path)


def format_mapping(values: Mapping[str, Any]) -> str:
    """YAML of one line for each key, lists and mappings in brackets; reading it gives `values`."""
    return "".join(format_entry(key, value) for key, value in values.items())


def format_entry(key: str, value: Any) -> str:
    """One key and its value as a line of YAML."""
    return f"{format_value(key)}: {format_value(value)}\n"


def format_value(value: Any) -> str:
    """A value as YAML on one line, quoted where reading it would give something else."""
    from generator.text.yaml_parser import dump  # heavy

    return dump(value)


def format_flow(value: Mapping[str, Any] | Sequence[Any]) -> str:
    """What stands between the brackets of a mapping or a list."""
    return format_value(value)[1:-1]


def format_page(values: Mapping[str, Any], body: str) -> str:
    """A page of front matter and body, ending in a line break."""
    text = f"---\n{format_mapping(values)}---\n"
    return f"{text}{body.rstrip()}\n" if body.strip() else text
