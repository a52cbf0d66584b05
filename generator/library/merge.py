"""What the sources say, merged into the pages that are there. A person's word wins.

Owns identity (which record is which paper) and the field-by-field three-way merge: what the source
said last time, what it says now, what the page says. Reads and writes nothing.
"""

import datetime
import hashlib
import json
import re
import unicodedata
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from generator.library.pages import edit_paper, format_paper, paper_path
from generator.library.topics import Subject, match_topics
from generator.model import LINK_KINDS, Link, Paper, Record, Topic
from generator.text.plain import clean_line, markdown_from_plain, plain_text
from generator.text.safety import safe_url
from generator.text.slug import arxiv_id, doi, paper_slug, with_suffix

RULES = "*rules"
"""Stands in the state where a source's name stands, for topics that the rules gave."""
_NEWS = frozenset({"title", "abstract", "authors"})
"""Fields whose change by a source dates a page anew (`updated`)."""
_COUNTED = "author_count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the sources last said of one paper: a line in content/.pulled/papers/."""

    days: tuple[str, ...] = ()
    """Days the sources listed it on, the first one first."""
    fields: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By source, by field: a digest of the value it gave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The records that one source gave in this pull."""

    source: str
    """Its name in site.yml."""
    day: datetime.date
    """The day its new papers count as listed on, where a record has none of its own."""
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a pull would write."""

    pages: Mapping[str, str]
    """New text by path; only pages that change."""
    said: Mapping[str, Said]
    """The state after the pull, by id."""
    new: tuple[str, ...]
    """Ids of papers that had no page."""
    kept: tuple[str, ...]
    """`path: field` where a person's value stands against the source's."""
    deleted: tuple[str, ...]
    """Ids of papers whose pages a person deleted; they stay deleted."""
    seen: int
    """How many papers the sources named."""


@dataclass(slots=True, kw_only=True)
class _Candidate:
    """All that this pull says of one paper."""

    slug: str
    day: datetime.date = datetime.date.min
    """When it counts as first listed, if no record says."""
    records: list[tuple[str, Record]] = field(default_factory=list)


def merge(
    pages: Mapping[str, tuple[str, Paper]],
    said: Mapping[str, Said],
    listed: Sequence[Listed],
    topics: Mapping[str, Topic],
    trust: Sequence[str],
    today: datetime.date,
) -> Merged:
    """Merge what the sources list into the pages.

    `pages`: text and paper by id. `trust`: all sources of the site in order of trust, which decides
    between two that speak of one field. `today`: dates what changes on a page that was there."""
    candidates = _identify(pages, listed)
    start_afresh = not pages
    texts: dict[str, str] = {}
    state = dict(said)
    new, kept, deleted = [], [], []
    for slug, candidate in candidates.items():
        if slug in pages:
            text, paper = pages[slug]
            edit = _Edit(paper, said.get(slug, Said()), candidate, topics, trust)
            changed = edit.text(text, today)
            if changed != text:
                texts[paper.path] = changed
            kept += [f"{paper.path}: {name}" for name in edit.kept]
            state[slug] = edit.said()
        elif slug in said and not start_afresh:
            deleted.append(slug)
        else:
            paper = _new_paper(candidate, topics, trust)
            texts[paper.path] = format_paper(paper)
            state[slug] = _Edit(paper, Said(), candidate, topics, trust).said()
            new.append(slug)
    texts |= _reclassified(pages, state, topics, candidates, today)
    return Merged(
        pages=dict(sorted(texts.items())),
        said=dict(sorted(state.items())),
        new=tuple(new),
        kept=tuple(kept),
        deleted=tuple(deleted),
        seen=len(candidates),
    )


# -- identity -------------------------------------------------------------------------------------


def _identify(
    pages: Mapping[str, tuple[str, Paper]], listed: Sequence[Listed]
) -> dict[str, _Candidate]:
    """Which paper each record is of, by arXiv id, DOI, then title, first author and year."""
    index = _Index()
    for slug, (_, paper) in pages.items():
        index.add(slug, _paper_record(paper))
    used = set(pages)
    candidates: dict[str, _Candidate] = {}
    for batch in listed:
        for record in batch.records:
            slug = index.find(record) or _new_slug(record, used)
            used.add(slug)
            index.add(slug, record)
            candidate = candidates.setdefault(slug, _Candidate(slug=slug, day=batch.day))
            candidate.records.append((batch.source, record))
    return candidates


def _paper_record(paper: Paper) -> Record:
    """The identifying part of a paper."""
    return Record(
        title=paper.title,
        date=paper.date,
        authors=paper.authors[:1],
        arxiv=arxiv_id(paper.id) or arxiv_id(paper.link("abstract")),
        doi=doi(paper.link("doi")),
        key=paper.id,
    )


class _Index:
    """Papers by everything that identifies them."""

    def __init__(self) -> None:
        self._by_id: dict[str, str] = {}
        self._by_title: dict[str, list[tuple[str, int | None, str]]] = {}

    def add(self, slug: str, record: Record) -> None:
        for identifier in _identifiers(record):
            self._by_id.setdefault(identifier, slug)
        entry = slug, _year(record), _first_author(record)
        entries = self._by_title.setdefault(normal_title(record.title), [])
        if entry not in entries:
            entries.append(entry)

    def find(self, record: Record) -> str | None:
        for identifier in _identifiers(record):
            if identifier in self._by_id:
                return self._by_id[identifier]
        year, author = _year(record), _first_author(record)
        for slug, other_year, other_author in self._by_title.get(normal_title(record.title), ()):
            same_year = year is None or other_year is None or year == other_year
            if same_year and (not author or not other_author or author == other_author):
                return slug
        return None


def _identifiers(record: Record) -> Iterator[str]:
    if record.arxiv:
        yield f"arxiv:{record.arxiv.lower()}"
    if record.doi:
        yield f"doi:{record.doi.lower()}"
    if record.key:
        yield f"key:{record.key}"


def normal_title(title: str) -> str:
    """A title for comparing: letters and digits only, accents and case folded."""
    text = unicodedata.normalize("NFKD", title).casefold()
    return re.sub(r"[\W_]+", "", re.sub(r"[\u0300-\u036f]", "", text))


def _year(record: Record) -> int | None:
    return record.date.year if record.date else None


def _first_author(record: Record) -> str:
    """The first author's family name, folded: the last word, or what stands before a comma."""
    if not record.authors:
        return ""
    name = record.authors[0]
    family = name.partition(",")[0] if "," in name else name.rpartition(" ")[2]
    return normal_title(family)


def _new_slug(record: Record, used: Container[str]) -> str:
    slug = paper_slug(
        arxiv=record.arxiv, doi=record.doi, key=record.key, title=record.title, year=_year(record)
    )
    free, number = slug, 2
    while free in used:
        free, number = with_suffix(slug, number), number + 1
    return free


# -- fields ---------------------------------------------------------------------------------------


def record_fields(record: Record) -> dict[str, Any]:
    """What a record says, by the names of front matter; `links.KIND` for a link, `abstract` for
    the body. Fields it does not speak of are left out."""
    values: dict[str, Any] = {
        "title": clean_line(record.title),
        "date": record.date,
        "authors": list(record.authors),
        "author_count": None if record.authors else record.author_count,
        "organization": record.organization,
        "upvotes": record.upvotes,
        "comments": record.comments,
        "stars": record.stars,
        "venue": record.venue,
        "categories": list(record.categories),
        "keywords": list(record.keywords),
        "summary": record.summary,
        "abstract": markdown_from_plain(record.abstract),
    }
    values |= {f"links.{link.kind}": link.url for link in record.links}
    if record.doi:
        values.setdefault("links.doi", safe_url(f"https://doi.org/{record.doi}"))
    return {name: value for name, value in values.items() if value not in (None, "", [])}


def page_fields(paper: Paper) -> dict[str, Any]:
    """What a page says, by the same names as `record_fields`."""
    values: dict[str, Any] = {
        "title": paper.title,
        "date": paper.date,
        "authors": list(paper.authors),
        "author_count": paper.author_count,
        "organization": paper.organization,
        "topics": list(paper.topics),
        "upvotes": paper.upvotes,
        "comments": paper.comments,
        "stars": paper.stars,
        "venue": paper.venue,
        "categories": list(paper.categories),
        "keywords": list(paper.keywords),
        "summary": paper.summary,
        "abstract": paper.abstract,
    }
    values |= {f"links.{link.kind}": link.url for link in paper.links}
    return {name: value for name, value in values.items() if value not in (None, "", [])}


def digest(value: Any) -> str:
    """Twelve hexadecimal digits that stand for a field's value."""
    text = json.dumps(value, ensure_ascii=False, default=str, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def _told(candidate: _Candidate, topics: Mapping[str, Topic]) -> dict[str, dict[str, Any]]:
    """By source, what it says of the paper now; the topics' rules speak last."""
    told: dict[str, dict[str, Any]] = {}
    for source, record in candidate.records:
        fields = told.setdefault(source, {})
        for name, value in record_fields(record).items():
            fields.setdefault(name, value)
        named = [slug for slug in record.topics if slug in topics]
        if named:
            fields.setdefault("topics", named)
    return told


def classify(paper: Paper, topics: Mapping[str, Topic]) -> list[str]:
    """The topics whose rules catch a paper, strongest first."""
    subject = Subject(
        title=paper.title,
        abstract=plain_text(paper.abstract),
        categories=paper.categories,
        keywords=paper.keywords,
        organization=paper.organization,
    )
    return [match.slug for match in match_topics(subject, topics.values())]


class _Edit:
    """The merge of what is said now into one page."""

    def __init__(
        self,
        paper: Paper,
        said: Said,
        candidate: _Candidate,
        topics: Mapping[str, Topic],
        trust: Sequence[str],
    ) -> None:
        self._paper = paper
        self._said = said
        self._told = _told(candidate, topics)
        self._told[RULES] = {"topics": classify(paper, topics)}
        self._trust = [*trust, *(name for name in self._told if name not in trust)]
        days = (record.featured for _, record in candidate.records)
        self._days = tuple(dict.fromkeys(str(day) for day in days if day))
        self._page = page_fields(paper)
        self.kept: list[str] = []

    def text(self, text: str, today: datetime.date) -> str:
        """The page's text after the merge."""
        changes = dict(self._field_changes())
        abstract = changes.pop("abstract", None)
        links = {name: changes.pop(name) for name in list(changes) if name.startswith("links.")}
        if links:
            changes["links"] = self._links(links)
        if self._is_news(changes, abstract):
            changes["updated"] = today
        days = self._new_days()
        if days:
            changes["featured"] = sorted({*self._paper.featured, *days})
        if not changes and abstract is None:
            return text
        return edit_paper(text, changes, abstract, self._paper.path)

    def _is_news(self, changes: Mapping[str, Any], abstract: str | None) -> bool:
        changed = set(changes) | ({"abstract"} if abstract is not None else set())
        return any(name in self._page for name in changed & _NEWS)

    def _field_changes(self) -> Iterator[tuple[str, Any]]:
        for name in dict.fromkeys(name for fields in self._told.values() for name in fields):
            source = self._authority(name)
            if source not in self._told or name not in self._told[source]:
                continue
            value = self._told[source][name]
            if self._page.get(name, []) == value:
                continue
            if self._is_untouched(name):
                yield name, value
            else:
                self.kept.append(name)

    def _authority(self, name: str) -> str:
        """The most trusted source that speaks of a field, now or earlier."""
        return next(
            source
            for source in self._trust
            if name in self._said.fields.get(source, {}) or name in self._told.get(source, {})
        )

    def _is_untouched(self, name: str) -> bool:
        """Whether the page still says what some source said last time."""
        earlier = {fields[name] for fields in self._said.fields.values() if name in fields}
        if name not in self._page:
            return not earlier or earlier == {digest([])}
        return digest(self._page[name]) in earlier

    def _links(self, changed: Mapping[str, str]) -> dict[str, str]:
        links = {link.kind: link.url for link in self._paper.links}
        links |= {name.removeprefix("links."): url for name, url in changed.items()}
        order = [kind for kind in LINK_KINDS if kind in links]
        return {kind: links[kind] for kind in [*order, *(k for k in links if k not in order)]}

    def _new_days(self) -> list[datetime.date]:
        days = [day for day in self._days if day not in self._said.days]
        dates = [datetime.date.fromisoformat(day) for day in days]
        return [day for day in dates if day not in self._paper.featured]

    def said(self) -> Said:
        """The paper's state after the merge."""
        fields = {source: dict(values) for source, values in self._said.fields.items()}
        for source, values in self._told.items():
            known = fields.setdefault(source, {})
            known |= {name: digest(value) for name, value in values.items()}
        first = self._said.days or (str(self._paper.added),)
        days = tuple(dict.fromkeys((*first, *self._days)))
        return Said(days=days, fields=fields)


def _new_paper(candidate: _Candidate, topics: Mapping[str, Topic], trust: Sequence[str]) -> Paper:
    told = _told(candidate, topics)
    values: dict[str, Any] = {}
    for source in sorted(told, key=lambda name: trust.index(name) if name in trust else len(trust)):
        for name, value in told[source].items():
            values.setdefault(name, value)
    links = {
        n.removeprefix("links."): values.pop(n) for n in list(values) if n.startswith("links.")
    }
    order = [kind for kind in LINK_KINDS if kind in links]
    said_days = {record.featured for _, record in candidate.records if record.featured}
    days = sorted(said_days) or [candidate.day]
    lists = ("authors", "topics", "categories", "keywords")
    values |= {name: tuple(values[name]) for name in lists if name in values}
    if "authors" in values:
        values.pop(_COUNTED, None)
    paper = Paper(
        id=candidate.slug,
        added=days[0],
        featured=tuple(days),
        source=candidate.records[0][0],
        links=tuple(Link(kind=k, url=links[k]) for k in [*order, *sorted(set(links) - set(order))]),
        path=paper_path(candidate.slug, values.get("date")),
        **values,
    )
    return paper if paper.topics else replace(paper, topics=tuple(classify(paper, topics)))


def _reclassified(
    pages: Mapping[str, tuple[str, Paper]],
    state: dict[str, Said],
    topics: Mapping[str, Topic],
    candidates: Iterable[str],
    today: datetime.date,
) -> dict[str, str]:
    """Pages that no source named in this pull, where a changed rule gives other topics."""
    texts: dict[str, str] = {}
    done = set(candidates)
    for slug, (text, paper) in pages.items():
        said = state.get(slug)
        if slug in done or said is None or _sources_name_topics(said):
            continue
        edit = _Edit(paper, said, _Candidate(slug=slug), topics, ())
        changed = edit.text(text, today)
        if changed != text:
            texts[paper.path] = changed
        state[slug] = edit.said()
    return texts


def _sources_name_topics(said: Said) -> bool:
    return any("topics" in fields for source, fields in said.fields.items() if source != RULES)
