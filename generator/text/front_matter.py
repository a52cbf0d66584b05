"""YAML as people write it at the head of a page and in settings: strict, located, and edited in
place without touching what a person formatted.

Owns reading, formatting and editing of YAML mappings. Does not know what any key means.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from typing import Any, TypeGuard

import yaml

from generator.errors import BroadsheetError, Problem, problem

LONGEST = 1_000_000
"""Characters of YAML that are read at most; a page's front matter has some hundreds."""
DEEPEST = 20
"""Levels of lists and mappings inside each other; front matter needs three."""
MOST_NODES = 50_000
"""Values that are read at most, aliases counted as often as they are used."""

_OPENING = re.compile(r"[\[{]|[?-]\s")
_FENCE = re.compile(r"^---[ \t]*$", re.MULTILINE)
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*", re.MULTILINE)
_TRAILING = re.compile(r"(?:\s*\n[ \t]*(?:#.*)?)*\Z")
"""Empty lines and comments at the end of a block."""
_DASH = re.compile(r"\n *-")
_ALIAS = re.compile(r"(?:[\s:]|#.*\n)*(\*[^\s,\[\]{}]+)")
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A text file with YAML at its head."""

    front_matter: str
    """The YAML between the two fences."""
    body: str
    """All that follows the second fence, without the line break after it."""
    body_line: int
    """The line number of the body's first line, from 1."""


_Replacement = tuple[int, int, str]
"""Where in a text a piece begins and ends, and what comes in its place."""


class _Loader(yaml.CSafeLoader):
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
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first
    )


def split_page(text: str, where: str) -> Page:
    """The front matter and body of a page's whole text (`\\n` line ends).

    Raises BroadsheetError when a fence is missing."""
    if not text.startswith("---"):
        raise problem(
            f"{where}:1", "there is no front matter", "begin the page with a line of three dashes"
        )
    opening = _FENCE.match(text)
    closing = _FENCE.search(text, opening.end()) if opening else None
    if opening is None or closing is None:
        raise problem(
            f"{where}:1",
            "the front matter does not end",
            "put a line of three dashes below the last 'key: value'",
        )
    return Page(
        front_matter=text[opening.end() + 1 : closing.start()],
        body=text[closing.end() + 1 :],
        body_line=text.count("\n", 0, closing.end()) + 2,
    )


def parse_mapping(text: str, where: str, first_line: int = 1) -> dict[str, Any]:
    """The mapping that a YAML text holds; empty for an empty text.

    `first_line` is the line of `where` the text begins on. Raises BroadsheetError, located."""
    try:
        _refuse_bombs(text, where, first_line)
        value = yaml.load(text, Loader=_Loader)  # noqa: S506 (a subclass of CSafeLoader)
        _refuse_depth(value, where, first_line)
    except yaml.MarkedYAMLError as error:
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
    if len(text) > LONGEST:
        raise problem(f"{where}:{first_line}", f"the YAML is longer than {LONGEST} characters")
    if _may_be_deep(text) and _depth(text) > DEEPEST:
        raise _too_deep(where, first_line)
    if "&" in text and "*" in text and _nodes(yaml.compose(text, Loader=_Loader)) > MOST_NODES:
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
    for event in yaml.parse(text, Loader=_Loader):
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
    node, line = yaml.compose(text, Loader=_Loader), first_line
    for step in path:
        found = next((pair for pair in _children(node) if pair[0] == step), None)
        if found is None:
            break
        _, line, node = found[0], first_line + found[1], found[2]
    return line


def source_of(text: str, path: Sequence[str | int]) -> str:
    """The characters a scalar at `path` is written with, or an empty string."""
    node = yaml.compose(text, Loader=_Loader)
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
    return "".join(_format_entry(key, value) for key, value in values.items())


def _format_entry(key: str, value: Any) -> str:
    return f"{_format_value(key)}: {_format_value(value)}\n"


def _format_value(value: Any) -> str:
    text = yaml.dump(
        value,
        Dumper=yaml.CSafeDumper,
        default_flow_style=True,
        allow_unicode=True,
        sort_keys=False,
        width=2**30,
    )
    return text.removesuffix("\n").removesuffix("\n...")


def _format_flow(value: Mapping[str, Any] | Sequence[Any]) -> str:
    """What stands between the brackets of a mapping or a list."""
    return _format_value(value)[1:-1]


def format_page(values: Mapping[str, Any], body: str) -> str:
    """A page of front matter and body, ending in a line break."""
    text = f"---\n{format_mapping(values)}---\n"
    return f"{text}{body.rstrip()}\n" if body.strip() else text


def edit_mapping(text: str, changes: Mapping[str, Any], order: Sequence[str]) -> str:
    """The YAML text with the top-level keys of `changes` set to new values, every other character
    as it was. Mappings and lists in lines are edited piece by piece, so that comments and style of
    what stays in them stay too. A new key goes after those that stand before it in `order`.
    Reading the result gives the old values with `changes`."""
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        if not isinstance(root, yaml.MappingNode):
            return _ended(text) + format_mapping(changes)
        old = loader.construct_document(root)
    finally:
        loader.dispose()
    editor = _Editor(text, root)
    new = {**editor.written_elsewhere(changes, old), **changes}
    return _replaced(text, editor.mapping(root, old, new, order))


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def _as_read(value: Any) -> Any:
    """A value as reading it back gives it: dates as texts."""
    if isinstance(value, Mapping):
        return {key: _as_read(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_as_read(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value


def _replaced(text: str, replacements: Iterable[_Replacement]) -> str:
    pieces, done = [], 0
    for start, end, new in sorted(replacements, key=lambda replacement: replacement[:2]):
        pieces += [text[done:start], new]
        done = end
    return "".join([*pieces, text[done:]])


class _Editor:
    """Finds what to replace in a YAML text, by the marks of its nodes."""

    def __init__(self, text: str, root: yaml.MappingNode) -> None:
        self._text = text
        self._root = root
        uses = Counter(map(id, _nodes_in(root)))
        self._shared = {node for node, count in uses.items() if count > 1}
        """The nodes that an alias repeats."""

    def written_elsewhere(self, changed: Iterable[str], old: Mapping[str, Any]) -> dict[str, Any]:
        """The keys that share a value by alias with one that changes: theirs are written out."""
        used = {key.value: self._aliased(value) for key, value in self._root.value}
        found = {key for key in changed if used.get(key)}
        while more := {k for k in used.keys() - found if any(used[k] & used[f] for f in found)}:
            found |= more
        return {key: old[key] for key in found}

    def _aliased(self, node: yaml.Node) -> set[int]:
        return self._shared & set(map(id, _nodes_in(node))) if self._shared else set()

    def mapping(
        self,
        node: yaml.MappingNode,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
        order: Sequence[str],
    ) -> Iterator[_Replacement]:
        """What sets the keys of `new` in a mapping."""
        entries = {key.value: (key, value) for key, value in node.value}
        for key in new.keys() & entries.keys():
            yield from self._entry(*entries[key], old[key], new[key], in_flow=node.flow_style)
        ranks = {key: rank for rank, key in enumerate(order)}
        for key in sorted(new.keys() - entries.keys(), key=lambda key: (ranks.get(key, 99), key)):
            before = set(order[: ranks[key]]) if key in ranks else entries.keys()
            above = [entry for name, entry in entries.items() if name in before]
            yield self._new_entry(node, above[-1] if above else None, key, new[key])

    def _new_entry(
        self, node: yaml.MappingNode, above: tuple[Any, Any] | None, key: str, value: Any
    ) -> _Replacement:
        first = node.value[0][0].start_mark if node.value else node.end_mark
        if self._text[node.start_mark.index] == "?":
            first = node.start_mark
        end = self._span(*above)[1] if above else first.index
        if node.flow_style:
            written = _format_flow({key: value})
            return end, end, f", {written}" if above else f"{written}, "
        written, indent = _format_entry(key, value)[:-1], " " * first.column
        if above:
            end = self._line_end(end)
        return end, end, f"\n{indent}{written}" if above else f"{written}\n{indent}"

    def _entry(
        self, key: yaml.Node, node: yaml.Node, old: Any, new: Any, *, in_flow: bool
    ) -> Iterator[_Replacement]:
        """What gives a key that is there its new value."""
        in_pieces = bool(old and new) and not self._aliased(node)
        if in_pieces and isinstance(node, yaml.MappingNode) and isinstance(new, Mapping):
            if old.keys() <= new.keys():
                changed = {name: v for name, v in new.items() if old.get(name, ...) != _as_read(v)}
                yield from self.mapping(node, old, changed, list(new))
                return
        elif in_pieces and self._is_in_lines(node) and isinstance(new, list):
            yield from self._items(node, old, new)
            return
        yield from self._value(key, node, new, in_flow=in_flow)

    def _value(
        self, key: yaml.Node, node: yaml.Node, new: Any, *, in_flow: bool
    ) -> Iterator[_Replacement]:
        """What puts another value in the place of a whole one; the comments inside it are kept on
        lines of their own."""
        start, end = self._span(key, node)
        if isinstance(node, yaml.CollectionNode) and not node.flow_style:
            start = min(start, self._text.index(":", key.end_mark.index) + 1)
        written = _format_flow([new]) if in_flow else _format_value(new)
        if ":" not in self._text[key.end_mark.index : start]:
            written = f": {written}" if in_flow else f"\n: {written}"
        elif not self._text[start - 1].isspace():
            written = f" {written}"
        yield start, end, written
        kept = "".join(f"\n{comment}" for comment in self._comments(start, end, node))
        if kept:
            yield self._line_end(end), self._line_end(end), kept

    def _items(
        self, node: yaml.CollectionNode, old: Sequence[Any], new: Sequence[Any]
    ) -> Iterator[_Replacement]:
        """What makes a list in lines another list, item by item."""
        dash = "\n" + " " * node.start_mark.column + "- "
        spans = [(inner.start_mark.index, self._end(inner)) for inner in node.value]
        matcher = SequenceMatcher(None, _compared(old), _compared(new), autojunk=False)
        for _, i1, i2, j1, j2 in (op for op in matcher.get_opcodes() if op[0] != "equal"):
            paired = min(i2 - i1, j2 - j1)
            for position, value in zip(range(i1, i1 + paired), new[j1:], strict=False):
                yield *spans[position], _after_dash(self._text, spans[position], value)
            for position in range(i1 + paired, i2):
                above = spans[position - 1][1] if position else self._line_start(node)
                yield self._item_gone(above, spans[position][1])
            added = [_format_value(value) for value in new[j1 + paired : j2]]
            if added and i2:
                end = self._line_end(spans[i2 - 1][1])
                yield end, end, "".join(f"{dash}{value}" for value in added)
            elif added:
                first = node.start_mark.index
                yield first, first, "".join(f"- {value}{dash[:-2]}" for value in added)

    def _is_in_lines(self, node: yaml.Node) -> TypeGuard[yaml.SequenceNode]:
        """Whether a node is a list of scalars, each on lines of its own behind a dash."""
        start = node.start_mark.index
        return (
            isinstance(node, yaml.SequenceNode)
            and self._text[start] == "-"
            and not self._text[max(0, self._line_start(node)) : start].strip()
            and all(isinstance(inner, yaml.ScalarNode) for inner in node.value)
        )

    def _item_gone(self, above: int, end: int) -> _Replacement:
        """An item's lines, but for a comment behind it. Its dash is the first below `above`."""
        dash = next(_DASH.finditer(self._text, above)).end() - 1
        rest = self._line_end(end)
        if self._text[end:rest].strip():
            return dash, end, ""
        return self._text.rfind("\n", 0, dash) + 1, min(rest + 1, len(self._text)), ""

    def _span(self, key: yaml.Node, node: yaml.Node) -> tuple[int, int]:
        """Where the value of a key is written."""
        behind = key.end_mark.index
        if node.start_mark.index < behind:
            alias = _ALIAS.match(self._text, behind)
            return alias.span(1) if alias else (behind, behind)
        if ":" not in self._text[behind : node.start_mark.index]:
            return behind, behind
        return node.start_mark.index, self._end(node)

    def _end(self, node: yaml.Node) -> int:
        """Where a node's last character is; the parser counts what follows it to blocks."""
        start, end = node.start_mark.index, int(node.end_mark.index)
        if isinstance(node, yaml.ScalarNode):
            written = self._text[start:end]
            return start + len(written.rstrip()) if node.style in ("|", ">") else end
        if not isinstance(node, yaml.CollectionNode) or node.flow_style:
            return end
        last = node.value[-1]
        if isinstance(node, yaml.MappingNode):
            return self._span(*last)[1]
        if last.start_mark.index >= start:
            return self._end(last)
        return start + len(_TRAILING.sub("", self._text[start:end]))

    def _line_start(self, node: yaml.Node) -> int:
        """Where the line break before a node's first line is."""
        return self._text.rfind("\n", 0, node.start_mark.index)

    def _line_end(self, position: int) -> int:
        end = self._text.find("\n", position)
        return len(self._text) if end < 0 else end

    def _comments(self, start: int, end: int, node: yaml.Node) -> list[str]:
        """The comments in a part of the text, whose only scalars are those of a node."""
        text = self._text
        for scalar in _nodes_in(node):
            if isinstance(scalar, yaml.ScalarNode) and start <= scalar.start_mark.index < end:
                begin, behind = scalar.start_mark.index, scalar.end_mark.index
                if scalar.style in ("|", ">"):
                    begin = self._line_end(begin) + 1
                text = f"{text[:begin]}{'x' * (behind - begin)}{text[behind:]}"
        return _COMMENT.findall(text, start, end)


def _nodes_in(node: yaml.Node) -> Iterator[yaml.Node]:
    """A node and all inside it, aliased ones at each use."""
    yield node
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield from _nodes_in(value)
    elif isinstance(node, yaml.SequenceNode):
        for inner in node.value:
            yield from _nodes_in(inner)


def _compared(values: Sequence[Any]) -> list[str]:
    return [repr(_as_read(value)) for value in values]


def _after_dash(text: str, span: tuple[int, int], value: Any) -> str:
    written = _format_value(value)
    return written if text[span[0] - 1].isspace() else f" {written}"
