"""Editing YAML that people wrote: what changes is replaced, every other character stays.

Owns finding the characters of a key or value. Does not know what any key means.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from difflib import SequenceMatcher
from typing import Any, TypeGuard

import yaml

from generator.text.front_matter import format_entry, format_flow, format_mapping, format_value
from generator.text.yaml_parser import Loader

_COMMENT = re.compile(r"(?:^|(?<=\s))#.*", re.MULTILINE)
_TRAILING = re.compile(r"(?:\s*\n[ \t]*(?:#.*)?)*\Z")
"""Empty lines and comments at the end of a block."""
_DASH = re.compile(r"\n *-")
_ALIAS = re.compile(r"(?:[\s:]|#.*\n)*(\*[^\s,\[\]{}]+)")
_Replacement = tuple[int, int, str]
"""Where in a text a piece begins and ends, and what comes in its place."""


def edit_mapping(text: str, changes: Mapping[str, Any], order: Sequence[str]) -> str:
    """The YAML text with the top-level keys of `changes` set to new values, every other character
    as it was. Mappings and lists in lines are edited piece by piece, so that comments and style of
    what stays in them stay too. A new key goes after those that stand before it in `order`.
    Reading the result gives the old values with `changes`."""
    loader = Loader(text)
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
            written = format_flow({key: value})
            return end, end, f", {written}" if above else f"{written}, "
        written, indent = format_entry(key, value)[:-1], " " * first.column
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
        written = format_flow([new]) if in_flow else format_value(new)
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
            added = [format_value(value) for value in new[j1 + paired : j2]]
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
    written = format_value(value)
    return written if text[span[0] - 1].isspace() else f" {written}"
