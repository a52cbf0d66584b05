"""What sources say is merged into pages: nothing a person wrote is lost, no news is missed."""

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from generator.content import format_said, load_said
from generator.library.identity import Listed, normal_title
from generator.library.merge import Merged, merge
from generator.library.pages import parse_paper
from generator.library.said import Said
from generator.model import Link, Paper, Record, Rule, Topic
from generator.storage.tree import write_text
from generator.text.front_matter import format_mapping, parse_mapping, split_page
from generator.text.plain import plain_text

DAY = datetime.date(2025, 11, 26)
TRUST = ("first", "second")
ID = "2507.22565"
TOPICS = {
    slug: Topic(slug=slug, title=slug, rule=Rule(title=(f"{slug}*",), text=(slug,), mentions=1))
    for slug in ("robot", "graph")
}
FIRST = Record(
    title="A robot learns",
    abstract="It learns.",
    date=datetime.date(2025, 7, 30),
    authors=("Ada Lovelace",),
    arxiv=ID,
    comments=2,
    links=(Link(kind="abstract", url=f"https://arxiv.org/abs/{ID}"),),
)


@dataclass
class Site:
    """A site's pages and state, as they lie on disk between two pulls."""

    pages: dict[str, str] = field(default_factory=dict)
    said: Mapping[str, Said] = field(default_factory=dict)

    def pull(
        self, *records: Record, source: str = "first", topics: Mapping[str, Topic] = TOPICS
    ) -> Merged:
        return self.pull_all({source: records}, topics)

    def pull_all(
        self, listed: Mapping[str, Sequence[Record]], topics: Mapping[str, Topic] = TOPICS
    ) -> Merged:
        papers = {path: parse_paper(text, path) for path, text in self.pages.items()}
        merged = merge(
            {paper.id: (self.pages[path], paper) for path, paper in papers.items()},
            self.said,
            [Listed(source=n, day=DAY, records=tuple(r)) for n, r in listed.items()],
            topics,
            TRUST,
            DAY,
        )
        self.pages |= merged.pages
        self.said = merged.said
        return merged

    @property
    def paper(self) -> Paper:
        (path,) = self.pages
        return parse_paper(self.pages[path], path)

    def write(self, old: str, new: str) -> None:
        (path,) = self.pages
        assert old in self.pages[path]
        self.pages[path] = self.pages[path].replace(old, new, 1)


def test_a_second_merge_changes_nothing_even_where_a_new_title_gives_other_topics() -> None:
    site = Site()
    site.pull(FIRST)
    site.pull(replace(FIRST, title="A graph learns"))
    assert site.paper.topics == ("graph",)
    assert not site.pull(replace(FIRST, title="A graph learns")).pages


def test_a_value_a_person_took_from_the_less_trusted_source_stays() -> None:
    site = Site()
    site.pull_all({"first": [FIRST], "second": [replace(FIRST, title="The robot learns")]})
    site.write("title: A robot learns", "title: The robot learns")
    merged = site.pull_all({"first": [FIRST], "second": [replace(FIRST, title="The robot learns")]})
    assert site.paper.title == "The robot learns"
    assert [kept.partition(": ")[2] for kept in merged.kept] == [
        "title (first says 'A robot learns')"
    ]


def test_the_more_trusted_source_wins_whichever_comes_first() -> None:
    other = replace(FIRST, title="Less", venue="V")
    site = Site()
    site.pull(other, source="second")
    site.pull(FIRST, source="first")
    assert (site.paper.title, site.paper.venue) == (FIRST.title, "V")
    assert not site.pull(replace(other, title="Less again"), source="second").pages
    site.pull(replace(FIRST, title="More"), source="first")
    assert site.paper.title == "More"


def test_a_count_of_authors_gives_way_to_their_names_without_a_word() -> None:
    counted = replace(FIRST, authors=(), author_count=5)
    site = Site()
    for _ in range(2):
        merged = site.pull_all({"first": [counted], "second": [FIRST]})
        assert (site.paper.authors, site.paper.author_count) == (FIRST.authors, None)
        assert not merged.kept
    assert not merged.pages


def test_what_reading_a_page_would_clean_is_written_clean() -> None:
    odd = replace(
        FIRST, organization=" A \x07 B\n", authors=(" ", "Ada\tL."), venue="  ", summary="\n"
    )
    site = Site()
    site.pull(odd)
    assert (site.paper.organization, site.paper.authors) == ("A B", ("Ada L.",))
    merged = site.pull(odd)
    assert not merged.pages
    assert not merged.kept


def test_an_abstract_with_a_heading_does_not_become_the_curators_notes() -> None:
    site = Site()
    site.pull(replace(FIRST, abstract="## Notes\n\n" + "[x](" * 3_000 + "\n\n## More"))
    assert not site.paper.notes


def test_links_are_merged_one_by_one_in_the_persons_own_layout() -> None:
    site = Site()
    site.pull(FIRST)
    written = f"links: {{abstract: 'https://arxiv.org/abs/{ID}'}}"
    mine = "links:\n  # the good copy\n  pdf: https://example.org/p.pdf   # mirror\n  abstract: "
    site.write(written, f"{mine}https://arxiv.org/abs/{ID}")
    code = Link(kind="code", url="https://example.org/code")
    pdf = Link(kind="pdf", url=f"https://arxiv.org/pdf/{ID}")
    merged = site.pull(replace(FIRST, links=(*FIRST.links, code, pdf)))
    assert f"{mine}https://arxiv.org/abs/{ID}\n  code: {code.url}\n" in site.pages[site.paper.path]
    assert [kept.partition(": ")[2].split()[0] for kept in merged.kept] == ["links.pdf"]


def test_what_a_source_changes_on_a_page_is_remembered_with_what_stood_there() -> None:
    site = Site()
    site.pull(FIRST)
    assert site.said[ID].changes == ()
    code = Link(kind="code", url="https://example.org/code")
    second = replace(FIRST, title="A new title", version=2, links=(*FIRST.links, code))
    site.pull(second)
    site.pull(second)
    site.pull(replace(second, version=3, withdrawn=True))
    assert (site.paper.version, site.paper.withdrawn) == (3, True)
    assert [(change.field, change.before) for change in site.said[ID].changes] == [
        ("code", ""),
        ("title", FIRST.title),
        ("version", ""),
        ("version", "2"),
        ("withdrawn", ""),
    ]


def test_a_change_that_a_persons_edit_kept_out_is_no_change_of_the_page() -> None:
    site = Site()
    site.pull(FIRST)
    site.write(f"title: {FIRST.title}", "title: Mine")
    merged = site.pull(replace(FIRST, title="Theirs"))
    assert merged.kept == (f"{site.paper.path}: title (first says 'Theirs')",)
    assert site.said[ID].changes == ()


def test_a_first_version_needs_no_word_and_a_withdrawn_paper_stays_withdrawn() -> None:
    site = Site()
    site.pull(replace(FIRST, version=1, withdrawn=True))
    assert (site.paper.version, site.paper.withdrawn) == (None, True)
    assert not site.pull(FIRST).pages


# -- identity -------------------------------------------------------------------------------------


def papers_of(*records: Record) -> int:
    """How many pages two pulls of these records make."""
    site = Site()
    site.pull(*records)
    count = len(site.pages)
    merged = site.pull(*records)
    assert not merged.pages
    assert len(site.pages) == count
    return count


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Record(title="∑ → ∞"), Record(title="→ ∑")),
        (Record(title="大規模言語モデル"), Record(title="小規模言語モデル")),
        (Record(title="バス"), Record(title="ハス")),
        (Record(title="की"), Record(title="का")),
        (Record(title="Survey", date=DAY), Record(title="Survey", date=DAY.replace(year=2024))),
        (Record(title="Survey", arxiv="2507.00001"), Record(title="Survey", arxiv="2507.00002")),
        (Record(title="Editorial", doi="10.1/a1"), Record(title="Editorial", doi="10.1/b2")),
        (Record(title="Survey", authors=("A. Ng",)), Record(title="Survey", authors=("B. Li",))),
        (Record(title="One", key="Toy.A"), Record(title="Two", key="toy.a")),
        (Record(title="A-B: C", key=""), Record(title="A, B? D")),
    ],
)
def test_different_papers_stay_apart(one: Record, other: Record) -> None:
    assert papers_of(one, other) == 2
    assert papers_of(other, one) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Record(title="A Survey!"), Record(title="a survey", date=DAY)),
        (Record(title="Müller's way"), Record(title="MULLERS WAY")),
        (Record(title="X", arxiv="2507.00001"), Record(title="Y", arxiv="2507.00001")),
        (Record(title="X", doi="10.1/a1"), Record(title="Y", doi="10.1/A1")),
        (
            Record(title="X", doi="10.1/preprint", authors=("Ada Lovelace",)),
            Record(title="X", doi="10.2/journal", authors=("Lovelace, Ada",)),
        ),
    ],
)
def test_one_paper_named_twice_is_one_page(one: Record, other: Record) -> None:
    assert papers_of(one, other) == 1
    assert papers_of(other, one) == 1


def test_one_key_at_two_sources_is_two_papers() -> None:
    site = Site()
    listed = {"first": [Record(title="One", key="7")], "second": [Record(title="Two", key="7")]}
    site.pull_all(listed)
    assert len(site.pages) == 2
    assert not site.pull_all(listed).pages


@pytest.mark.parametrize("record", [Record(title="X", key="Toy.A"), Record(title="X", key="x y")])
def test_a_key_finds_its_page_again_under_another_title(record: Record) -> None:
    site = Site()
    site.pull(record)
    site.pull(replace(record, title="Another title"))
    assert site.paper.title == "Another title"


def test_an_old_arxiv_id_finds_its_page_without_the_links_a_person_deleted() -> None:
    record = replace(FIRST, arxiv="hep-th/9901001")
    site = Site()
    site.pull(record)
    site.write(f"links: {{abstract: 'https://arxiv.org/abs/{ID}'}}\n", "")
    site.pull(replace(record, title="Another title"))
    assert site.paper.title == "Another title"
    assert not site.paper.links


@pytest.mark.parametrize("name", ["mine", "Mine", "hep-th/9901001"])
def test_a_page_a_person_wrote_is_the_paper_its_name_says(name: str) -> None:
    slug = name.lower().replace("/", "-")
    path = f"content/papers/undated/{slug}.md"
    site = Site(pages={path: "---\ntitle: My words\nadded: 2025-01-01\n---\n"})
    ids = {"arxiv": name} if "/" in name else {"key": name}
    merged = site.pull(Record(title="Theirs", venue="V", **ids))
    assert [kept.partition(" (")[0] for kept in merged.kept] == [f"{path}: title"]
    assert (site.paper.title, site.paper.venue) == ("My words", "V")


def test_a_deleted_page_does_not_come_back_by_way_of_another_source() -> None:
    there = Record(title="Stays", key="stays")
    doi = Record(title=FIRST.title, authors=FIRST.authors, date=FIRST.date, doi="10.1/a1")
    site = Site()
    site.pull_all({"first": [FIRST, there], "second": [doi]})
    site.pages.pop(f"content/papers/2025/{ID}.md")
    untold = replace(doi, doi="")
    for listed in (
        {"first": [FIRST]},
        {"second": [doi]},
        {"second": [FIRST]},
        {"second": [untold]},
    ):
        merged = site.pull_all(listed)
        assert merged.deleted == (ID,)
        assert not merged.pages


@pytest.mark.parametrize("name", ["doi", "key"])
def test_a_new_paper_of_a_title_that_is_taken_is_not_lost(name: str) -> None:
    """A journal's editorials have neither authors nor titles of their own, but each has its DOI, or
    its own key at the source."""
    first, second, third = (
        Record(title="Editorial", date=DAY, **{name: f"10.1234/a{number}"}) for number in range(3)
    )
    site = Site()
    site.pull(first, second)
    site.pull(first, second, third)
    assert len(site.pages) == 3
    assert not site.pull(first, second, third).pages


def test_a_title_of_signs_only_is_itself() -> None:
    assert normal_title("→ ∑") != normal_title("∑") != ""


# -- scripts of edits -----------------------------------------------------------------------------

words = st.sampled_from(["A robot", "a graph: x", "no", "12", "# y", "é 論", "'q'", "- b", "1e5"])
line_lists = st.lists(words, max_size=3).map(tuple)
counts = st.none() | st.integers(0, 9)
records = st.builds(
    Record,
    title=words,
    abstract=st.just("") | words,
    authors=line_lists,
    organization=st.just("") | words,
    venue=st.just("") | words,
    keywords=line_lists,
    comments=counts,
    upvotes=counts,
    arxiv=st.just(ID),
    date=st.sampled_from([None, DAY]),
    featured=st.sampled_from([None, DAY, DAY + datetime.timedelta(days=1)]),
    links=st.lists(st.sampled_from(["pdf", "code", "doi"]), unique=True).map(
        lambda kinds: tuple(Link(kind=kind, url=f"https://example.org/{kind}") for kind in kinds)
    ),
)
FIELDS = ("title", "authors", "organization", "venue", "keywords", "comments", "upvotes")


@dataclass
class Person:
    """Someone who edits the page: knows which fields are theirs and every line they wrote."""

    touched: set[str] = field(default_factory=set)
    lines: list[str] = field(default_factory=list)
    count: int = 0

    def mark(self, text: str) -> str:
        """A line of theirs, unlike any other."""
        self.count += 1
        line = text.replace("%", str(self.count))
        self.lines.append(line.strip("\n"))
        return line


def entries_of(text: str) -> dict[str, str]:
    """The lines of each top-level key, comments above it left out."""
    front_matter = split_page(text, "x").front_matter
    entries: dict[str, str] = {}
    for line in front_matter.splitlines(keepends=True):
        if line[:1].isalpha():
            key = line.partition(":")[0]
            entries[key] = line
        elif line[:1] in " -" and entries and not line.strip().startswith("#"):
            entries[key] += line
    return entries


def person_edits(person: Person, text: str, what: str, name: str, value: Any) -> str:
    """The page after a person's edit."""
    entries = entries_of(text)
    read = parse_mapping(split_page(text, "x").front_matter, "x")
    if what == "comment" and name in entries:
        return text.replace(entries[name], person.mark("# mine %\n") + entries[name], 1)
    if what == "own key":
        return text.replace("\n---\n", "\n" + person.mark("mine%: [ 1,2 ]  # so\n") + "---\n", 1)
    if what == "notes":
        return text + person.mark("\n## Notes %\n")
    if what == "abstract":
        person.touched.add("abstract")
        head, body = text[: text.index("\n---\n") + 5], text[text.index("\n---\n") + 5 :]
        return head + person.mark("My abstract %.\n") + body
    if name not in entries:
        return text
    if what == "delete" and name != "title":
        person.touched.add(name)
        person.lines = [line for line in person.lines if line not in entries[name]]
        return text.replace(entries[name], "", 1)
    if what == "style":
        person.lines = [line for line in person.lines if line not in entries[name]]
        return text.replace(entries[name], restyled(name, read[name]), 1)
    if what == "change":
        new = value if isinstance(read[name], str) else [value, "more"]
        new = 77 if isinstance(read[name], int) else new
        if new == read[name]:
            return text
        person.touched.add(name)
        person.lines = [line for line in person.lines if line not in entries[name]]
        written = format_mapping({name: new})
        person.lines.append(written.strip("\n"))
        return text.replace(entries[name], written, 1)
    if what == "reorder":
        moved = text.replace(entries[name], "", 1)
        return moved.replace("---\n", f"---\n{entries[name]}", 1)
    return text


def restyled(name: str, value: Any) -> str:
    """The same value, as another person would write it."""
    if isinstance(value, list) and value:
        return f"{name}:\n" + "".join(f"  - {json.dumps(each)}\n" for each in value)
    return f"{name}:   {json.dumps(value)}\n"


edits = st.tuples(
    st.sampled_from(
        ["comment", "own key", "notes", "abstract", "delete", "style", "change", "reorder"]
    ),
    st.sampled_from(FIELDS),
    words,
)
steps = st.lists(
    st.one_of(
        edits, edits, st.tuples(st.just("first"), records), st.tuples(st.just("second"), records)
    ),
    max_size=12,
)


@settings(max_examples=250, deadline=None)
@given(first=records, script=steps)
def test_whatever_the_order_no_line_of_a_person_is_lost_and_no_news_missed(
    first: Record, script: list[tuple[Any, ...]]
) -> None:
    site, person = Site(), Person()
    site.pull(first)
    (path,) = site.pages
    told: dict[str, dict[str, Any]] = {"first": spoken(first)}
    for step in script:
        if step[0] not in TRUST:
            site.pages[path] = person_edits(person, site.pages[path], *step)
            continue
        source, record = step
        site.pull(record, source=source)
        told.setdefault(source, {}).update(spoken(record))
        again = site.pull(record, source=source)
        assert not again.pages
        agree(site, person, told)
        assert record.featured is None or record.featured in site.paper.featured
        check(site, person, told)
    check(site, person, told)


def spoken(record: Record) -> dict[str, Any]:
    """What a record says of the fields that are checked."""
    values = {name: getattr(record, name) for name in (*FIELDS, "abstract")}
    return {name: value for name, value in values.items() if value not in ("", (), None)}


def agree(site: Site, person: Person, told: Mapping[str, Mapping[str, Any]]) -> None:
    """A value that the sources came to say too is no longer the person's own."""
    (text,) = site.pages.values()
    entries = entries_of(text)
    for name in person.touched & set(FIELDS) & entries.keys():
        said = [told[source][name] for source in TRUST if name in told.get(source, {})]
        if said and said[0] == getattr(site.paper, name):
            person.touched.discard(name)
            person.lines = [line for line in person.lines if line not in entries[name]]


def check(site: Site, person: Person, told: Mapping[str, Mapping[str, Any]]) -> None:
    (text,) = site.pages.values()
    for line in person.lines:
        assert f"\n{line}\n" in f"\n{text}\n"
    paper = site.paper
    shown = {name: getattr(paper, name) for name in FIELDS}
    shown["abstract"] = plain_text(paper.abstract)
    for name in shown:
        said = [told[source][name] for source in TRUST if name in told.get(source, {})]
        if name not in person.touched and said:
            assert shown[name] == said[0]
    assert all(link.url == f"https://example.org/{link.kind}" for link in paper.links)


@settings(max_examples=50, deadline=None)
@given(first=records, second=records)
def test_the_state_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, first: Record, second: Record
) -> None:
    site, root = Site(), tmp_path_factory.mktemp("site")
    site.pull_all({"first": [first], "sec\u2028ond": [second]})
    for path, text in format_said(site.said).items():
        write_text(root, path, text)
    assert load_said(root) == site.said
