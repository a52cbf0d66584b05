"""YAML parsed: any text, strictly and with line numbers; and values as YAML.

Safe from texts that are made to be large or deep.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import yaml

from generator.errors import BroadsheetError, Problem, problem

DEEPEST = 20
"""Levels of lists and mappings inside each other; front matter needs three."""
MOST_NODES = 50_000
"""Values that are read at most, aliases counted as often as they are used."""

_OPENING = re.compile(r"[\[{]|[?-]\s")
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


def parse(text: str, where: str, first_line: int) -> dict[str, Any]:
    """What `front_matter.parse_mapping` gives of a text that is not too long."""
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


def _code(character: int | str) -> int:
    """The C reader gives a number, the Python one a character."""
    return character if isinstance(character, int) else ord(character)


def _refuse_bombs(text: str, where: str, first_line: int) -> None:
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


def find_line(text: str, path: Sequence[str | int], first_line: int) -> int:
    """What `front_matter.line_of` gives."""
    node, line = yaml.compose(text, Loader=Loader), first_line
    for step in path:
        found = next((pair for pair in _children(node) if pair[0] == step), None)
        if found is None:
            break
        _, line, node = found[0], first_line + found[1], found[2]
    return line


def find_source(text: str, path: Sequence[str | int]) -> str:
    """What `front_matter.source_of` gives."""
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


def dump(value: Any) -> str:
    """What `front_matter.format_value` gives."""
    text = yaml.dump(
        value,
        Dumper=yaml.CSafeDumper,
        default_flow_style=True,
        allow_unicode=True,
        sort_keys=False,
        width=2**30,
    )
    return text.removesuffix("\n").removesuffix("\n...")
