"""YAML as people write it at the head of a page and in settings: strict, and with line numbers.

Owns reading and formatting of YAML mappings. Does not know what any key means.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import yaml
from msgspec import Struct

from generator.errors import BroadsheetError, Problem, problem

LONGEST = 1_000_000
"""Characters of YAML that are read at most; a page's front matter has some hundreds."""
DEEPEST = 20
"""Levels of lists and mappings inside each other; front matter needs three."""
MOST_NODES = 50_000
"""Values that are read at most, aliases counted as often as they are used."""

_LINE_OF_TEXT = r"\n\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff"
_URL = r"https?://[\w./~%+=?&@-]+"
_BARE = rf"[^\W_](?:[^{_LINE_OF_TEXT}:#,\[\]{{}}]*[^{_LINE_OF_TEXT}:#,\[\]{{}} ])?"
_QUOTED = rf"'(?:[^{_LINE_OF_TEXT}']|'')*'|\"[^{_LINE_OF_TEXT}\"\\]*\""
_KEY = "[a-z_]{1,99}"
_ITEM = rf"(?:{_QUOTED}|{_URL}|{_BARE})"
_PAIR = rf"{_KEY}: {_ITEM}"
_SIMPLE = re.compile(
    rf"({_KEY}): (?:({_QUOTED}|{_URL}|[^\W_](?:[^{_LINE_OF_TEXT}:#]*[^{_LINE_OF_TEXT}:# ])?)"
    rf"|\[((?:{_ITEM}(?:, {_ITEM})*)?)\]|\{{((?:{_PAIR}(?:, {_PAIR})*)?)\}})\n"
)
"""A line of YAML of which nothing is in doubt: a key, and a scalar, or a list or a mapping of
scalars, which are bare words, web addresses, or in quotation marks without escapes."""
_EACH_ITEM = re.compile(_ITEM)
_EACH_PAIR = re.compile(rf"({_KEY}): ({_ITEM})")
_RESOLVED: dict[str, bool | None] = {
    "null": None, "true": True, "True": True, "false": False, "False": False,
}  # fmt: skip
_DIGITS = frozenset("0123456789")
_NUMBER = re.compile(r"0|[1-9][0-9]*|[0-9]+\.[0-9]*(?:[eE][-+][0-9]+)?")
_SHORT_INTEGER = re.compile(r"0|[1-9][0-9]{0,14}")
_OPENING = re.compile(r"[\[{]|[?-]\s")
_OPENING_FENCE = re.compile(r"---[ \t]*$", re.MULTILINE)
_CLOSING_FENCE = re.compile(r"\n---[ \t]*$", re.MULTILINE)
_HINTS = (
    ("tab", "indent with blanks; YAML does not allow tabs"),
    ("cannot start any token", "put the value in double quotes"),
    ("mapping values are not allowed", "put a text that holds ': ' in double quotes"),
    ("could not find expected ':'", "write 'key: value', or quote the text"),
    ("did not find expected", "look for a missing quote, bracket or comma just above"),
    ("duplicate key", "keep one of the two lines"),
    ("undefined alias", "put a text that begins with '*' in double quotes"),
    ("control characters", "delete the character, or write it as an escape in double quotes"),
)


class Page(Struct, frozen=True, kw_only=True):
    """A text file with YAML at its head."""

    front_matter: str
    """The YAML between the two fences."""
    body: str
    """All that follows the second fence, without the line break after it."""


class Loader(yaml.CSafeLoader):
    """Scalars are texts, but for true, false, null and plain decimal numbers; keys are unique."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    None, None, "a key is no text", key.start_mark
                )
            if key.value in seen:
                fact = f"duplicate key '{key.value}'"
                raise yaml.constructor.ConstructorError(None, None, fact, key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


for _tag, _pattern, _first in (
    ("null", r"~|null|", ["~", "n", ""]),
    ("bool", r"true|false|True|False", list("tfTF")),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", list("-+0123456789")),
    ("float", r"[-+]?[0-9]+\.[0-9]*(?:[eE][-+][0-9]+)?", list("-+0123456789")),
):
    Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first
    )


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
    try:
        _refuse_bombs(text, where, first_line)
        value = yaml.load(text, Loader=Loader)  # noqa: S506 (a subclass of CSafeLoader)
        _refuse_depth(value, where, first_line)
    except yaml.MarkedYAMLError as error:
        if "nesting depth" in str(error.problem):  # the parser's own limit
            raise _too_deep(where, first_line) from None
        raise BroadsheetError([_yaml_problem(error, text, where, first_line)]) from None
    except yaml.reader.ReaderError as error:
        line = first_line + text.count("\n", 0, error.position)
        fact = f"the character U+{_code(error.character):04X} is not allowed in YAML"
        raise problem(f"{where}:{line}", fact, dict(_HINTS)["control characters"]) from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise problem(
            f"{where}:{first_line}",
            "this is not a list of 'key: value' lines",
            "write 'key: value'",
        )
    return value


def parse_simple(text: str) -> dict[str, Any] | None:
    """The mapping that a YAML text holds which is written as `format_mapping` mostly does; None
    where it may be anything else. What it gives is what the YAML parser would give."""
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


def _code(character: int | str) -> int:
    """The C reader gives a number, the Python one a character."""
    return character if isinstance(character, int) else ord(character)


def _refuse_bombs(text: str, where: str, first_line: int) -> None:
    if len(text) > LONGEST:
        raise problem(f"{where}:{first_line}", f"the YAML is longer than {LONGEST} characters")
    if _may_be_deep(text) and _depth(text) > DEEPEST:
        raise _too_deep(where, first_line)
    if "&" in text and "*" in text and _nodes(yaml.compose(text, Loader=Loader)) > MOST_NODES:
        raise problem(
            f"{where}:{first_line}",
            "aliases make the YAML too large",
            "write the values out instead of '*alias'",
        )


def _may_be_deep(text: str) -> bool:
    """Whether enough marks open something on its line; texts in quotes may hold them too."""
    return len(_OPENING.findall(text)) > DEEPEST


def _depth(text: str) -> int:
    """How deep the values are nested, counted no further than a level too deep."""
    depth = deepest = 0
    for event in yaml.parse(text, Loader=Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            deepest = max(deepest, depth)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if deepest > DEEPEST:
            break
    return deepest


def _refuse_depth(value: object, where: str, first_line: int) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise _too_deep(where, first_line)
        level = [inner for outer in level for inner in _inside(outer)]


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _too_deep(where: str, first_line: int) -> BroadsheetError:
    hint = "front matter needs three levels; look for a stray '[' or '{'"
    return problem(f"{where}:{first_line}", "lists are nested too deeply", hint)


def _nodes(node: yaml.Node | None) -> int:
    """How many values a node stands for, aliases counted at each use; stops above the limit."""
    count = 0
    waiting: list[Any] = [node]
    while waiting and count <= MOST_NODES:
        count += 1
        current = waiting.pop()
        if isinstance(current, yaml.MappingNode):
            waiting.extend(part for pair in current.value for part in pair)
        elif isinstance(current, yaml.SequenceNode):
            waiting.extend(current.value)
    return count


def _yaml_problem(error: yaml.MarkedYAMLError, text: str, where: str, first_line: int) -> Problem:
    mark = error.problem_mark or error.context_mark
    line = first_line + (mark.line if mark else 0)
    fact = " ".join((error.problem or error.context or "this is not YAML").split())
    written = text.split("\n")[mark.line : mark.line + 1] if mark else []
    if any(part.startswith("\t") for part in written):
        fact = "a tab indents this line"
    hint = next((hint for part, hint in _HINTS if part in fact), "")
    return Problem(where=f"{where}:{line}", fact=fact.replace('"', "'"), hint=hint)


def line_of(text: str, path: Sequence[str | int], first_line: int = 1) -> int:
    """The line on which the value at `path` (keys and list positions) is written in a YAML text;
    the line of its nearest written ancestor where it is missing."""
    node, line = yaml.compose(text, Loader=Loader), first_line
    for step in path:
        found = next((pair for pair in _children(node) if pair[0] == step), None)
        if found is None:
            break
        _, line, node = found[0], first_line + found[1], found[2]
    return line


def source_of(text: str, path: Sequence[str | int]) -> str:
    """The characters a scalar at `path` is written with, or an empty string."""
    node = yaml.compose(text, Loader=Loader)
    for step in path:
        node = next((child for key, _, child in _children(node) if key == step), None)
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def _children(node: Any) -> Iterator[tuple[str | int, int, Any]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key.value, key.start_mark.line, value
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            yield position, value.start_mark.line, value


def format_mapping(values: Mapping[str, Any]) -> str:
    """YAML of one line for each key, lists and mappings in brackets; reading it gives `values`."""
    return "".join(format_entry(key, value) for key, value in values.items())


def format_entry(key: str, value: Any) -> str:
    """One key and its value as a line of YAML."""
    return f"{format_value(key)}: {format_value(value)}\n"


def format_value(value: Any) -> str:
    """A value as YAML on one line, quoted where reading it would give something else."""
    text = yaml.dump(
        value,
        Dumper=yaml.CSafeDumper,
        default_flow_style=True,
        allow_unicode=True,
        sort_keys=False,
        width=2**30,
    )
    return text.removesuffix("\n").removesuffix("\n...")


def format_flow(value: Mapping[str, Any] | Sequence[Any]) -> str:
    """What stands between the brackets of a mapping or a list."""
    return format_value(value)[1:-1]


def format_page(values: Mapping[str, Any], body: str) -> str:
    """A page of front matter and body, ending in a line break."""
    text = f"---\n{format_mapping(values)}---\n"
    return f"{text}{body.rstrip()}\n" if body.strip() else text
