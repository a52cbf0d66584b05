"""A person and two sources edit several papers in any order: nothing a person wrote is lost, no
news is missed, and what is merged twice is merged once.

Before and after each pull the pages are compared piece by piece, and their values with a model that
knows nothing of YAML. `SCRIPTS=50` runs so many scripts.
"""

import datetime
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from generator.library.identity import Listed
from generator.library.merge import Merged, merge, page_fields, record_fields
from generator.library.pages import parse_paper
from generator.library.said import Said
from generator.model import Link, Paper, Record, Rule, Topic
from generator.text.front_matter import format_mapping, parse_mapping

SCRIPTS = int(os.environ.get("SCRIPTS", "1000"))
FIRST_DAY = datetime.date(2025, 11, 26)
TRUST = ("first", "second")
IDS = ("2507.00001", "2507.00002", "2507.00003")
TOPICS = {"robot": Topic(slug="robot", title="Robots", rule=Rule(title=("robot",)))}
KEPT_BY_PULL = {"updated", "featured", "topics"}
"""Keys that a pull sets by itself."""
KEY = re.compile(r"^([A-Za-z_]\w*): *")
OURS = re.compile(r"# mine \d+")
Script = list[tuple[Any, ...]]


# -- what may happen ------------------------------------------------------------------------------

words = st.sampled_from(
    [
        "A robot", "a graph: x", "no", "12", "# y", "é 論", "'q'", "- b", "1e5", "{a}", "[b", "*c",
        "&d e", "a # b", "x" * 90, "tab\\t", '"said"', "null", "2025-01-02", "%", "@", "`t`",
    ]
)  # fmt: skip
abstracts = st.sampled_from(
    [
        "",
        "It learns.",
        "One.\n\nTwo $x_1$.",
        "# Not a heading",
        "- no list",
        "## Notes",
        "---",
        "*a*",
    ]
)
lists = st.lists(words, max_size=4, unique=True).map(tuple)
kinds = st.lists(st.sampled_from(["pdf", "code", "doi", "project"]), unique=True, max_size=3)
links = st.tuples(kinds, st.integers(1, 3)).map(
    lambda told: tuple(
        Link(kind=kind, url=f"https://example.org/{kind}/{told[1]}") for kind in told[0]
    )
)
counts = st.none() | st.integers(0, 9)
records = st.builds(
    Record,
    title=words.map(lambda word: f"On {word}"),
    abstract=abstracts,
    authors=lists,
    organization=st.just("") | words,
    venue=st.just("") | words,
    keywords=lists,
    categories=lists,
    comments=counts,
    upvotes=counts,
    version=st.none() | st.integers(1, 4),
    arxiv=st.sampled_from(IDS),
    date=st.just(FIRST_DAY),
    featured=st.none() | st.integers(0, 3).map(lambda n: FIRST_DAY + datetime.timedelta(days=n)),
    links=links,
)
listings = st.lists(records, max_size=3, unique_by=lambda record: record.arxiv)
pulls = st.tuples(st.just("pull"), st.dictionaries(st.sampled_from(TRUST), listings, min_size=1))
FIELDS = (
    "title", "authors", "organization", "venue", "keywords", "categories", "comments", "upvotes",
    "links", "date", "topics", "source", "version",
)  # fmt: skip
OPERATIONS = (
    "comment above", "comment behind", "blank line", "own key", "notes", "notes first", "rewrite",
    "no abstract", "delete", "restyle", "change", "to the top", "to the end", "delete page",
)  # fmt: skip
edits = st.tuples(
    st.sampled_from(OPERATIONS),
    st.sampled_from(FIELDS),
    words,
    st.integers(0, 2),
    st.integers(0, 4),
)
scripts = st.lists(st.one_of(edits, edits, pulls), max_size=20)


# -- a site and who works on it -------------------------------------------------------------------


@dataclass
class Site:
    """Pages and state as they lie on disk between two pulls, and what sources ever told."""

    pages: dict[str, str] = field(default_factory=dict)
    said: Mapping[str, Said] = field(default_factory=dict)
    settled: frozenset[str] = frozenset()
    told: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """By id, source and field, the value that was told last."""

    def papers(self) -> dict[str, tuple[str, Paper]]:
        papers = [(text, parse_paper(text, path)) for path, text in self.pages.items()]
        return {paper.id: (text, paper) for text, paper in papers}

    def merge(self, listed: Mapping[str, list[Record]], settled: frozenset[str]) -> Merged:
        batches = [Listed(source=n, day=FIRST_DAY, records=tuple(r)) for n, r in listed.items()]
        return merge(self.papers(), self.said, batches, TOPICS, TRUST, FIRST_DAY, settled=settled)

    def pull(self, listed: Mapping[str, list[Record]]) -> Merged:
        """A pull, which comes to the same whether or not it leaves out what is settled."""
        merged = self.merge(listed, self.settled)
        assert replace(merged, settled=frozenset()) == replace(
            self.merge(listed, frozenset()), settled=frozenset()
        )
        self.pages |= merged.pages
        self.said, self.settled = merged.said, merged.settled
        for slug in merged.new:
            self.told.pop(slug, None)  # pages that are all gone are made anew
        for source, records in listed.items():
            for record in records:
                known = self.told.setdefault(record.arxiv, {}).setdefault(source, {})
                known |= record_fields(record)
        return merged

    def authority(self, slug: str, name: str) -> str:
        """The most trusted source that ever told a field."""
        told = self.told.get(slug, {})
        return next((source for source in TRUST if name in told.get(source, {})), "")


@dataclass
class Person:
    """Someone who edits pages with a text editor."""

    count: int = 0

    def mark(self) -> str:
        """A comment unlike any other."""
        self.count += 1
        return f"# mine {self.count}"

    def edit(self, text: str, what: str, name: str, word: str, style: int) -> str:
        """A page after an edit; as it was where there is nothing to do it to."""
        head, body = text[: text.index("\n---\n") + 5], text[text.index("\n---\n") + 5 :]
        pieces = dict(pieces_of(text))
        if what == "notes":
            return f"{text}\n## Notes\n\n{self.mark()}  \n\t{word}\n"
        if what == "notes first":
            return f"{head}## Mine {self.mark()}\n\n{body}"
        if what == "rewrite":
            return f"{head}\nMy own words, {self.mark()}: {word}\n\n" + notes_of(body)
        if what == "no abstract":
            return head + notes_of(body)
        if what == "own key":
            pieces[f"own_{self.count}"] = f"own_{self.count}: [ {self.count},2 ]  {self.mark()}\n"
        elif name in pieces:
            self._edit_piece(pieces, what, name, word, style)
        return "---\n" + "".join(pieces.values()) + f"---\n{body}"

    def _edit_piece(
        self, pieces: dict[str, str], what: str, name: str, word: str, style: int
    ) -> None:
        piece = pieces[name]
        value = values_of(piece)[name]
        if what == "comment above":
            pieces[name] = f"{self.mark()}\n{piece}"
        elif what == "comment behind" and piece.count("\n") == 1:
            pieces[name] = f"{piece[:-1]}   {self.mark()}\n"
        elif what == "blank line":
            pieces[name] = f"{piece}\n"
        elif what == "delete" and name != "title":
            pieces.pop(name)
        elif what == "restyle":
            pieces[name] = self._written(name, value, style)
        elif what == "change" and name not in ("date", "topics"):
            pieces[name] = self._written(name, changed(value, word), style)
        elif what in ("to the top", "to the end"):
            moved = {name: pieces.pop(name)}
            order = {**moved, **pieces} if what == "to the top" else {**pieces, **moved}
            pieces.clear()
            pieces.update(order)

    def _written(self, name: str, value: Any, style: int) -> str:
        """A key and its value as people write them, with comments where there is room."""
        if style == 0 or value in ([], {}):
            return format_mapping({name: value})
        if isinstance(value, list):
            lines = [f"  - {json.dumps(each)}  {self.mark()}\n" for each in value]
            return f"{name}:  {self.mark()}\n" + "".join(lines)
        if isinstance(value, dict):
            lines = [
                f"    {key}:   {json.dumps(url)} {self.mark()}\n" for key, url in value.items()
            ]
            return f"{name}:\n  {self.mark()}\n" + "".join(lines)
        if style == 1 or not isinstance(value, str):
            return f"{name}:    {json.dumps(value)} {self.mark()}\n"
        if style == 2:
            return f"{name}: '{value.replace(chr(39), 2 * chr(39))}'\n"
        return f"{name}: {'|-' if style == 3 else '>-'}\n    {value}\n"


def changed(value: Any, word: str) -> Any:
    """Another value of the same type."""
    if isinstance(value, dict):
        return {"pdf": f"https://mine.example/{len(word)}", "mirror": "https://mine.example/m"}
    if isinstance(value, list):
        return [*value[1:], f"my {word}"]
    return value + 70 if isinstance(value, int) else f"My {word}"


# -- reading pages without the code that is tested ------------------------------------------------


def pieces_of(text: str) -> Iterator[tuple[str, str]]:
    """The lines of each key of the front matter, from the key's own to the next key's; those above
    the first one under an empty name."""
    name, piece = "", ""
    for line in text.split("\n---\n")[0].removeprefix("---\n").split("\n"):
        if found := KEY.match(line):
            if name or piece:
                yield name, piece
            name, piece = found[1], ""
        piece += f"{line}\n"
    yield name, piece


def values_of(piece: str) -> dict[str, Any]:
    return parse_mapping(piece, "x")


def notes_of(body: str) -> str:
    found = re.search("^## ", body, re.MULTILINE)
    return body[found.start() :] if found else ""


def check_text(before: str, after: str, may_change: set[str]) -> None:
    """Nothing but the keys and the abstract that may change did, all of the person's comments are
    there, and the keys stand in their order."""
    old, new = dict(pieces_of(before)), dict(pieces_of(after))
    assert set(old) <= set(new)
    assert set(new) - set(old) <= may_change | KEPT_BY_PULL, set(new) - set(old) - may_change
    came = {new[name].split("\n")[0] for name in new if name not in old}
    kept = [line for line in after.split("\n") if line not in came]
    order = [KEY.match(line)[1] for line in kept if KEY.match(line)]
    assert [name for name in order if name in old] == [name for name in old if name]
    assert sorted(OURS.findall(before)) == sorted(OURS.findall(after))
    still = dict(pieces_of("\n".join(kept)))
    for name in old.keys() - may_change - KEPT_BY_PULL:
        assert still[name] == old[name]
    body, now = before.split("\n---\n", 1)[1], after.split("\n---\n", 1)[1]
    assert notes_of(now) == notes_of(body)
    assert now == body or "abstract" in may_change


def check_values(site: Site, slug: str, before: Paper, after: Paper, untouched: set[str]) -> None:
    """What nobody touched is what the most trusted source says, the rest as it was."""
    was, now = page_fields(before), page_fields(after)
    for name in (was.keys() | now.keys()) - KEPT_BY_PULL:
        teller = site.authority(slug, name)
        if name in untouched:
            assert now.get(name) == site.told[slug][teller][name], name
        else:
            assert now.get(name) == was.get(name), name


def untouched_fields(site: Site, slug: str, paper: Paper) -> set[str]:
    """The fields in which a page still says what it was given."""
    values, told = page_fields(paper), site.told.get(slug, {})
    names = {name for fields in told.values() for name in fields}
    return {n for n in names if values.get(n) == told[site.authority(slug, n)][n]}


# -- the scripts ----------------------------------------------------------------------------------


@settings(max_examples=SCRIPTS, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=listings, script=scripts)
def test_no_byte_of_a_person_is_lost_and_no_news_is_missed(
    first: list[Record], script: Script
) -> None:
    site, person = Site(), Person()
    site.pull({"first": first})
    for step in script:
        if step[0] == "pull":
            check_pull(site, step[1])
        elif site.pages:
            what, name, word, number, style = step
            path = sorted(site.pages)[number % len(site.pages)]
            if what == "delete page":
                site.pages.pop(path)
            else:
                site.pages[path] = person.edit(site.pages[path], what, name, word, style)
                parse_paper(site.pages[path], path)


def check_pull(site: Site, listed: Mapping[str, list[Record]]) -> None:
    """A pull, and that it did what it should and no more."""
    before = site.papers()
    paths = {paper.id: paper.path for _, paper in before.values()}
    untouched = {slug: untouched_fields(site, slug, paper) for slug, (_, paper) in before.items()}
    known = {slug: set(site_names(site, slug)) for slug in before}
    merged = site.pull(listed)
    after = site.papers()
    assert before.keys() <= after.keys()
    speaking = {record.arxiv for records in listed.values() for record in records}
    for slug, (text, paper) in before.items():
        news = new_fields(site, slug, listed, page_fields(paper), known[slug])
        fields = (untouched[slug] | news) if slug in speaking else set()
        may_change = {name.partition(".")[0] for name in fields}
        check_text(text, site.pages[paths[slug]], may_change)
        check_values(site, slug, paper, after[slug][1], fields)
    again = site.pull(listed)
    assert (again.pages, again.said) == ({}, merged.said)


def site_names(site: Site, slug: str) -> Iterator[str]:
    """Every field that a source ever told."""
    for fields in site.told.get(slug, {}).values():
        yield from fields


def new_fields(
    site: Site,
    slug: str,
    listed: Mapping[str, list[Record]],
    page: Mapping[str, Any],
    known: set[str],
) -> set[str]:
    """Fields that a source tells for the first time and the page does not have."""
    told = {
        name
        for records in listed.values()
        for record in records
        if record.arxiv == slug
        for name in record_fields(record)
    }
    return told - known - page.keys()
