"""Front matter that people wrote is edited without touching what they formatted."""

import datetime
import itertools
import json
import lzma
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.text.editing import edit_mapping
from generator.text.front_matter import (
    format_mapping,
    format_page,
    parse_mapping,
    parse_simple,
    split_page,
)
from generator.text.plain import clean_line
from generator.text.yaml_parser import Loader

CORPUS = Path(__file__).parents[2] / "shared/corpora/papers-100k.jsonl.xz"
ORDER = ("title", "date", "authors", "topics", "links", "venue", "summary")
KEYS = (*ORDER, "my own", "Schlüssel", "鍵", "id")

words = st.text(alphabet="ab é論😀:#-'\"[]{},&*!|>%@`?\\\t", min_size=1, max_size=12)
texts = words.map(clean_line).filter(bool) | st.sampled_from(
    ["no", "null", "1e5", "1.5e3", "-", "- a", "a: b", "a #b", "2025-01-01", "*a", "12", "0x1", "~"]
)
few = st.sampled_from(["p", "q", "r", "2", ""])
lists = st.lists(texts, max_size=4) | st.lists(few, max_size=5)
links = st.dictionaries(st.sampled_from(["pdf", "code", "doi", "mine"]), texts | few, max_size=4)
values = st.one_of(texts, lists, links, st.none(), st.integers(0, 99), st.booleans())


def quoted(value: Any, draw: Any, styles: str = "\0'\"") -> str:
    """A scalar in one of the styles, as it may stand in brackets, too."""
    style = draw(st.sampled_from(styles)).strip("\0") or None
    if value is None or isinstance(value, int):
        style = None
    written = yaml.safe_dump([value], default_style=style, default_flow_style=True, width=2**20)
    written = written.strip()[1:-1]
    return written.removeprefix("!!int ").removeprefix("!!bool ").removeprefix("!!null ")


class Writer:
    """Writes YAML as different people do, with a numbered comment wherever one may stand."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.number = itertools.count()
        self.comments: list[str] = []

    def often(self) -> bool:
        return bool(self.draw(st.integers(0, 2)) == 0)

    def behind(self) -> str:
        """The end of a line."""
        if not self.often():
            return self.draw(st.sampled_from(["\n", "\n", " \n"]))
        return self.draw(st.sampled_from([" ", "   "])) + self._comment()

    def between(self, indent: str = "") -> str:
        """What may stand between two lines."""
        return indent + self._comment() if self.often() else self.draw(st.sampled_from(["", "\n"]))

    def _comment(self) -> str:
        comment = f"# c{next(self.number)}: [it's]"
        self.comments.append(comment)
        return f"{comment}\n"

    def entry(self, key: str, value: Any, indent: str = "") -> str:
        name = quoted(key, self.draw, '\0"')
        colon = ":" + self.draw(st.sampled_from([" ", "  "]))
        if isinstance(value, list) and value and self.often():
            return f"{name}:{self.behind()}" + self._lines(value)
        if isinstance(value, dict) and value and self.often():
            inner = self.draw(st.sampled_from(["  ", "    "]))
            lines = (f"{inner}{self.entry(k, v, inner)}" for k, v in value.items())
            return f"{name}:{self.behind()}" + self._joined(lines, inner)
        if isinstance(value, str) and value[:1].isalnum() and self.often():
            fold = self.draw(st.sampled_from(["|-", ">-"]))
            return f"{name}{colon}{fold}{self.behind()}{indent}  {value}\n"
        if isinstance(value, str) and "a " in value and "#" not in value and self.often():
            written = yaml.safe_dump(value, default_style="'", width=2**20).strip()
            written = written.replace("a ", f"a\n{indent}   ")
            return f"{name}{colon}{written}{self.behind()}"
        if value is None:
            return f"{name}:{self.behind()}"
        return f"{name}{colon}{self._in_brackets(value)}{self.behind()}"

    def _lines(self, value: Sequence[str]) -> str:
        indent = self.draw(st.sampled_from(["", "  "]))
        dash = indent + self.draw(st.sampled_from(["- ", "-   "]))
        items = (f"{dash}{quoted(each, self.draw)}{self.behind()}" for each in value)
        return self._joined(items, indent)

    def _joined(self, lines: Iterable[str], indent: str) -> str:
        first, *rest = lines
        return first + "".join(self.between(indent) + line for line in rest)

    def _in_brackets(self, value: Any) -> str:
        if isinstance(value, list):
            between = self.draw(st.sampled_from([", ", ",", " , ", ",\n  "]))
            return f"[{between.join(quoted(each, self.draw) for each in value)}]"
        if isinstance(value, dict):
            pairs = (f"{quoted(k, self.draw)}: {quoted(v, self.draw)}" for k, v in value.items())
            return "{ " + ", ".join(pairs) + " }"
        return quoted(value, self.draw)


@st.composite
def hand_written(draw: Any) -> tuple[list[tuple[str, str, Any]], list[str], list[str]]:
    """Entries (key, text, value), what stands between them, and all comments."""
    writer = Writer(draw)
    written = draw(st.dictionaries(st.sampled_from(KEYS), values, max_size=6))
    entries = [
        (key, writer.entry(key, value), value)
        for key, value in draw(st.permutations(list(written.items())))
    ]
    return entries, [writer.between() for _ in entries], writer.comments


changed = st.dictionaries(
    st.sampled_from(KEYS),
    st.one_of(texts, lists, links, st.integers(0, 99)),
    min_size=1,
    max_size=3,
)


@settings(max_examples=400, deadline=None)
@given(page=hand_written(), changes=changed, ended=st.booleans())
def test_an_edit_says_what_was_asked_and_leaves_every_other_byte(
    page: tuple[list[tuple[str, str, Any]], list[str], list[str]],
    changes: dict[str, Any],
    ended: bool,
) -> None:
    entries, between, comments = page
    text = "".join(above + entry[1] for above, entry in zip(between, entries, strict=True))
    text = text if ended else text.removesuffix("\n")
    before = parse_mapping(text, "x")
    assert before == {key: value for key, _, value in entries}
    edited = edit_mapping(text, changes, ORDER)
    assert parse_mapping(edited, "x") == {**before, **changes}
    position = 0
    for key, entry, _ in entries:
        if key not in changes:
            position = edited.index(entry.rstrip("\n"), position)
    for comment in comments:
        assert comment in edited
    assert edit_mapping(edited, changes, ORDER) == edited or any(
        value != before.get(key) for key, value in changes.items()
    )


@pytest.mark.parametrize(
    ("text", "changes", "expected"),
    [
        ("venue:\n", {"venue": "X"}, "venue: X\n"),
        ("venue:   # none yet\n", {"venue": "X"}, "venue: X   # none yet\n"),
        ("title: |  # l\n  One\n  two\n\nid: x\n", {"title": "T"}, "title: T\n# l\n\nid: x\n"),
        ('title: "One\n  two"  # c\n', {"title": "T"}, "title: T  # c\n"),
        ("title: A\tB\nid: x\n", {"id": "y"}, "title: A\tB\nid: y\n"),
        ("links:\n  pdf: a  # mirror\n  # then\n  x: y\n",
         {"links": {"pdf": "a", "code": "c", "x": "y"}},
         "links:\n  pdf: a  # mirror\n  code: c\n  # then\n  x: y\n"),
        ("links: {pdf: a}\n", {"links": {"abstract": "x,y", "pdf": "b"}},
         "links: {abstract: 'x,y', pdf: b}\n"),
        ("links: {}  # none\n", {"links": {"pdf": "b"}}, "links: {pdf: b}  # none\n"),
        ("authors:\n- A  # first\n- B  # second\n- C\n", {"authors": ["A", "C", "D"]},
         "authors:\n- A  # first\n  # second\n- C\n- D\n"),
        ("authors:  # who\n  - A\n  # and\n  - B\nid: x\n", {"authors": []},
         "authors: []\n# who\n# and\nid: x\n"),
        ("{title: A, id: x}\n", {"title": "a, b", "venue": "V"},
         "{title: 'a, b', venue: V, id: x}\n"),
        ("title: A", {"venue": "V"}, "title: A\nvenue: V"),
        ("", {"title": "A"}, "title: A\n"),
        ("# nothing yet", {"title": "A"}, "# nothing yet\ntitle: A\n"),
        ("  title: A\n  id: x\n", {"title": "B", "venue": "V"},
         "  title: B\n  venue: V\n  id: x\n"),
        ("title: &t A\nid: *t\n", {"title": "B"}, "title: B\nid: A\n"),
        ("title: &t A\nid: *t\n", {"venue": "B"}, "title: &t A\nvenue: B\nid: *t\n"),
        ("? title\n: A\n? id\n", {"title": "B", "id": "x"}, "? title\n: B\n? id\n: x\n"),
        ("date: 2025-01-01 # d\n", {"date": datetime.date(2025, 2, 1)}, "date: 2025-02-01 # d\n"),
        ("topics:\n  - a\n  -\n    b\n", {"topics": ["b", "c"]}, "topics:\n  -\n    b\n  - c\n"),
    ],
)  # fmt: skip
def test_an_edit_keeps_the_style_of_its_surroundings(
    text: str, changes: dict[str, Any], expected: str
) -> None:
    assert edit_mapping(text, changes, ORDER) == expected


bodies = st.lists(
    st.sampled_from(["---", "--- ", "", "text", "## Notes", "title: x", "  ", "----", "# c"]),
    max_size=8,
).map("\n".join)


@settings(max_examples=150, deadline=None)
@given(body=bodies, values=st.dictionaries(st.sampled_from(KEYS), texts, max_size=3))
def test_a_page_of_any_body_is_read_as_it_was_written(body: str, values: dict[str, str]) -> None:
    text = format_page(values, body)
    page = split_page(text, "x")
    assert parse_mapping(page.front_matter, "x") == values
    assert page.body.rstrip() == body.rstrip()
    assert format_page(values, page.body) == text


@settings(max_examples=150, deadline=None)
@given(
    body=bodies,
    opening=st.sampled_from(["---\n", "---  \n", "---\t\n"]),
    closing=st.sampled_from(["---\n", "--- \n", "---"]),
    front_matter=st.sampled_from(["", "title: A\n", "\n\n", "# c\ntitle: A\n"]),
)
def test_a_page_is_parted_at_its_fences_and_nowhere_else(
    body: str, opening: str, closing: str, front_matter: str
) -> None:
    body = body if closing.endswith("\n") else ""
    page = split_page(opening + front_matter + closing + body, "x")
    assert (page.front_matter, page.body) == (front_matter, body)


# -- lines of which nothing is in doubt -----------------------------------------------------------

READERS_OWN = st.text(
    st.sampled_from("ab1 0.:-'\"[]{},#&*!|>%@`~_=?\\n\t\n$éж漢\u00a0\u2028\x85e+"), max_size=30
)
SCALARS = st.one_of(
    st.text(max_size=20),
    READERS_OWN,
    st.integers(-(10**20), 10**20),
    st.booleans(),
    st.none(),
    st.sampled_from(
        ["null", "~", "yes", "0x1f", "1e5", "2401.10020", "-", "=", "<<", "https://a.b/c,d"]
    ),
)
ADDRESSES = READERS_OWN.map(lambda end: f"https://{end.strip()}")
NAMES = st.sampled_from(["title", "date", "null", "true", "no", "authors", "links", "a-b", "x y"])
WRITTEN = st.dictionaries(
    NAMES,
    st.one_of(SCALARS, st.lists(SCALARS, max_size=4), st.dictionaries(NAMES, SCALARS, max_size=3)),
    max_size=5,
)


def by_the_parser(text: str) -> object:
    """What the YAML parser gives, whatever it does with the text."""
    try:
        return yaml.load(text, Loader=Loader)
    except (yaml.YAMLError, ValueError) as error:
        return type(error)


@settings(max_examples=2_000)
@given(WRITTEN)
def test_a_simple_line_is_read_as_the_parser_reads_it(values: dict[str, object]) -> None:
    text = format_mapping(values)
    simple = parse_simple(text)
    assert simple is None or (simple or None) == by_the_parser(text)


@settings(max_examples=3_000)
@given(
    st.lists(st.tuples(NAMES, READERS_OWN | ADDRESSES), max_size=3),
    st.sampled_from(["{}: {}\n", "{}: [{}]\n", "{}: {{a: {}}}\n"]),
)
def test_whatever_a_person_writes_is_read_as_the_parser_reads_it(
    lines: list[tuple[str, str]], shape: str
) -> None:
    text = "".join(shape.format(key, value) for key, value in lines)
    simple = parse_simple(text)
    assert simple is None or (simple or None) == by_the_parser(text)


@pytest.mark.parametrize("shape", ["{}: b\n", "a: {{{}: b}}\n"])
@pytest.mark.parametrize("length", [99, 100, 1_024, 1_025])
def test_a_key_may_be_too_long_for_the_parser(shape: str, length: int) -> None:
    text = shape.format("k" * length)
    simple = parse_simple(text)
    assert simple is None or simple == by_the_parser(text)


def test_what_broadsheet_writes_is_simple() -> None:
    values = {
        "title": "A title: with a colon, an 'apostrophe' and [brackets]",
        "date": datetime.date(2025, 11, 26),
        "authors": ["Ada Lovelace", "O'Neill, Tip"],
        "upvotes": 12,
        "links": {"pdf": "https://arxiv.org/pdf/2507.22565", "code": "https://github.com/a/b"},
        "draft": True,
    }
    assert parse_simple(format_mapping(values)) == {**values, "date": "2025-11-26"}


@pytest.mark.skipif(not CORPUS.is_file(), reason="needs ../shared/corpora, real papers for tests")
def test_pages_of_real_papers_are_simple_and_read_as_the_parser_reads_them() -> None:
    with lzma.open(CORPUS, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in itertools.islice(lines, 3_000)]
    texts = [
        format_mapping({"title": r["title"], "authors": r["authors"], "links": {"pdf": r["pdf"]}})
        for r in records
    ]
    simple = [parse_simple(text) for text in texts]
    read = [(values, text) for values, text in zip(simple, texts, strict=True) if values]
    assert [values for values, _ in read] == [yaml.load(text, Loader=Loader) for _, text in read]
    assert len(read) > len(texts) * 0.98
