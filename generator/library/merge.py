"""What the sources say, merged into the pages that are there. A person's word wins.

Owns the field-by-field three-way merge: what the source said last time, what it says now, what the
page says. Reads and writes nothing.
"""

import datetime
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from generator.errors import shown
from generator.library.identity import Candidate, Listed, identifier_digests, identify
from generator.library.pages import edit_paper, format_paper, paper_fields, paper_path
from generator.library.repositories import repository_in
from generator.library.said import ENRICH_ARXIV, ENRICH_CODE, ID, Said, digest
from generator.library.settled import Settled
from generator.library.signals import told_counts
from generator.library.topics import match_topics, subject_of
from generator.model import LINK_KINDS, Change, Link, Paper, People, Record, Topic
from generator.text.plain import clean_line, clean_lines, markdown_from_plain
from generator.text.safety import safe_url

RULES = "*rules"
"""Stands in the state where a source's name stands, for topics that the rules gave."""
_PAGE = "*page"
"""Stands there for what the sources together gave the page, of fields on which they differ."""
_NEWS = frozenset({"title", "abstract", "authors"})
"""Fields whose change by a source dates a page anew (`updated`)."""
_CHRONICLED = frozenset({"title", "authors", "abstract", "version", "withdrawn", "links.code"})
"""Fields whose change by a source is remembered, for a paper's page to tell."""
_READ = frozenset({"title", "abstract", "authors", "categories", "keywords", "organization"})
"""Fields that the topics' rules read."""
_SAID = (
    "title", "date", "authors", "author_count", "organization", "topics", "upvotes", "comments",
    "stars", "venue", "categories", "keywords", "summary", "version", "withdrawn",
)  # fmt: skip
"""Keys of front matter that sources speak of; links and the abstract come beside them."""
_COUNTED = "author_count"
_NOBODY = People()
_HEADING = re.compile(r"^(?=## )", re.MULTILINE)
"""Where an abstract would begin the curator's notes."""


class Merged(Struct, frozen=True, kw_only=True):
    """What a pull would write."""

    pages: Mapping[str, str]
    """New text by path; only pages that change."""
    said: Mapping[str, Said]
    """The state after the pull, by id."""
    new: tuple[str, ...]
    """Ids of papers that had no page."""
    kept: tuple[str, ...]
    """`path: field (source says value)` where a person's value stands against the source's."""
    deleted: tuple[str, ...]
    """Ids of papers whose pages a person deleted; they stay deleted."""
    seen: int
    """How many papers the sources named."""
    counts: Mapping[str, Mapping[str, Mapping[str, int]]]
    """By id and source, upvotes, comments and stars as told now by whom they are taken from."""
    settled: frozenset[str] = frozenset()
    """Digests of merges that would change nothing, for the next pull."""


def merge(
    pages: Mapping[str, tuple[str, Paper]],
    said: Mapping[str, Said],
    listed: Sequence[Listed],
    topics: Mapping[str, Topic],
    trust: Sequence[str],
    today: datetime.date,
    *,
    people: People = _NOBODY,
    reclassify: bool = True,
    code: bool = True,
    settled: Collection[str] = (),
) -> Merged:
    """Merge what the sources list into the pages.

    `pages`: text and paper by id. `trust`: all sources of the site in order of trust, which decides
    between two that speak of one field. `today`: dates what changes on a page that was there.
    `people`: which names are one person's. `reclassify`: whether pages that nobody lists follow the
    rules of topics, too. `code`: whether a repository that an abstract names is a link to the code.
    `settled`: what the last merge gave under this name; it saves work and changes nothing."""
    candidates = identify(pages, said, listed)
    texts: dict[str, str] = {}
    state = dict(said)
    known = Settled(settled, sorted(topics.items()), trust, people, code)
    new, kept, deleted = [], [], []
    for slug, candidate in known.unsettled(candidates, pages, said):
        told = _told(candidate, topics, code=code)
        if slug in pages:
            text, paper = pages[slug]
            edit = _Edit(paper, said.get(slug, Said()), candidate, told, topics, trust, people)
            changed = edit.text(text, today)
            if changed != text:
                texts[paper.path] = changed
            kept += [f"{paper.path}: {name}" for name in edit.kept]
            state[slug] = edit.said(today)
            if not edit.kept:
                known.settle(changed, state[slug], candidate)
        elif slug in said and pages:
            deleted.append(slug)
        else:
            paper = _new_paper(candidate, told, trust)
            edit = _Edit(paper, Said(), candidate, told, topics, trust, people)
            texts[paper.path] = format_paper(replace(paper, topics=edit.topics))
            state[slug] = replace(edit.said(today), changes=())
            known.settle(texts[paper.path], state[slug], candidate)
            new.append(slug)
    if reclassify:
        texts |= _reclassified(pages, state, topics, candidates, today, known, people)
    return Merged(
        pages=dict(sorted(texts.items())),
        said=dict(sorted(state.items())),
        new=tuple(new),
        kept=tuple(kept),
        deleted=tuple(deleted),
        seen=len(candidates),
        counts=_counts(candidates, state, trust, deleted),
        settled=frozenset(known.now),
    )


def _counts(
    candidates: Mapping[str, Candidate],
    said: Mapping[str, Said],
    trust: Sequence[str],
    deleted: Collection[str],
) -> dict[str, Mapping[str, Mapping[str, int]]]:
    """Upvotes, comments and stars of the papers that have a page."""
    told = {
        slug: told_counts(candidate, said.get(slug, Said()), trust)
        for slug, candidate in candidates.items()
        if slug not in deleted
    }
    return {slug: counts for slug, counts in told.items() if counts}


def record_fields(record: Record) -> dict[str, Any]:
    """What a record says, by the names of front matter; `links.KIND` for a link, `abstract` for
    the body. Fields it does not speak of are left out."""
    values: dict[str, Any] = {
        "title": clean_line(record.title),
        "date": record.date,
        "authors": clean_lines(record.authors),
        "author_count": None if record.authors else record.author_count,
        "organization": clean_line(record.organization),
        "upvotes": record.upvotes,
        "comments": record.comments,
        "stars": record.stars,
        "venue": clean_line(record.venue),
        "categories": clean_lines(record.categories),
        "keywords": clean_lines(record.keywords),
        "summary": clean_line(record.summary),
        "version": record.version if record.version and record.version > 1 else None,
        "withdrawn": record.withdrawn or None,
        "abstract": _HEADING.sub(r"\\", markdown_from_plain(record.abstract)),
    }
    values |= {f"links.{link.kind}": link.url for link in record.links}
    if record.doi:
        values.setdefault("links.doi", safe_url(f"https://doi.org/{record.doi}"))
    return {name: value for name, value in values.items() if value not in (None, "", [])}


def _frozen(value: Any) -> Any:
    """A field's value as a paper holds it."""
    return tuple(value) if isinstance(value, list) else value


def page_fields(paper: Paper) -> dict[str, Any]:
    """What a page says, by the same names as `record_fields`, and its topics."""
    written = paper_fields(paper)
    values = {name: written[name] for name in _SAID if name in written}
    if paper.abstract:
        values["abstract"] = paper.abstract
    return values | {f"links.{link.kind}": link.url for link in paper.links}


def _told(
    candidate: Candidate, topics: Mapping[str, Topic], *, code: bool
) -> dict[str, dict[str, Any]]:
    """By source, what it says of the paper now; then what its abstract says of the code, where no
    source does. The topics' rules speak last."""
    told: dict[str, dict[str, Any]] = {}
    for source, record in candidate.records:
        fields = told.setdefault(source, {})
        for name, value in record_fields(record).items():
            fields.setdefault(name, value)
        named = [slug for slug in record.topics if slug in topics]
        if named:
            fields.setdefault("topics", named)
    if code and not any("links.code" in fields for fields in told.values()):
        urls = [url for _, each in candidate.records if (url := repository_in(each.abstract))]
        if urls:
            told[ENRICH_CODE] = {"links.code": urls[0]}
    return told


def classify(paper: Paper, topics: Mapping[str, Topic], people: People = _NOBODY) -> list[str]:
    """The topics whose rules catch a paper, strongest first."""
    return [match.slug for match in match_topics(subject_of(paper, people), topics.values())]


class _Edit:
    """The merge of what is said now into one page."""

    def __init__(
        self,
        paper: Paper,
        said: Said,
        candidate: Candidate,
        told: Mapping[str, Mapping[str, Any]],
        topics: Mapping[str, Topic],
        trust: Sequence[str],
        people: People,
    ) -> None:
        self._paper = paper
        self._said = said
        self._told = dict(told)
        self._trust = [*trust, *(name for name in told if name not in trust), RULES]
        self._ids = identifier_digests(candidate)
        days = (record.featured for _, record in candidate.records)
        self._days = tuple(dict.fromkeys(str(day) for day in days if day))
        self._page = page_fields(paper)
        self.kept: list[str] = []
        names = dict.fromkeys(name for fields in told.values() for name in fields)
        self._changes = dict(self._field_changes(name for name in names if name != "topics"))
        read = {name: _frozen(self._changes[name]) for name in _READ & self._changes.keys()}
        self._told[RULES] = {"topics": classify(replace(paper, **read), topics, people)}
        self._changes |= self._field_changes(["topics"])

    @property
    def topics(self) -> tuple[str, ...]:
        """The paper's topics after the merge."""
        return tuple(self._changes.get("topics", self._paper.topics))

    def text(self, text: str, today: datetime.date) -> str:
        """The page's text after the merge."""
        changes = dict(self._changes)
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

    def _field_changes(self, names: Iterable[str]) -> Iterator[tuple[str, Any]]:
        """What the sources say anew of these fields, where no person touched them."""
        for name in names:
            value = self._told.get(self._authority(name), {}).get(name)
            if value is None or self._page.get(name, []) == value:
                continue
            if name == _COUNTED and self._has_authors():
                continue
            if self._is_untouched(name):
                yield name, value
            else:
                said = ", ".join(value) if isinstance(value, list) else value
                self.kept.append(f"{name} ({self._authority(name)} says {shown(said)})")

    def _has_authors(self) -> bool:
        """Whether authors are known by name, so that a page need not count them."""
        return any("authors" in fields for fields in (self._page, *self._told.values()))

    def _authority(self, name: str) -> str:
        """The most trusted source that speaks of a field, now or earlier."""
        speak = (
            source
            for source in self._trust
            if name in self._said.fields.get(source, {}) or name in self._told.get(source, {})
        )
        return next(speak, "")

    def _is_untouched(self, name: str) -> bool:
        """Whether the page still says what the sources gave it last time."""
        given = self._given(name)
        if name not in self._page:
            return given in (None, digest([]))
        return digest(self._page[name]) == given

    def _given(self, name: str) -> str | None:
        """What the sources gave the page last time, as a digest; None where nothing."""
        agreed = self._said.fields.get(_PAGE, {}).get(name)
        values = {fields[name] for fields in self._said.fields.values() if name in fields}
        if agreed or not values:
            return agreed
        return values.pop() if len(values) == 1 else "unknown"

    def _links(self, changed: Mapping[str, str]) -> dict[str, str]:
        links = {link.kind: link.url for link in self._paper.links}
        links |= {name.removeprefix("links."): url for name, url in changed.items()}
        order = [kind for kind in LINK_KINDS if kind in links]
        return {kind: links[kind] for kind in [*order, *(k for k in links if k not in order)]}

    def _new_days(self) -> list[datetime.date]:
        days = [day for day in self._days if day not in self._said.days]
        dates = [datetime.date.fromisoformat(day) for day in days]
        return [day for day in dates if day not in self._paper.featured]

    def said(self, today: datetime.date) -> Said:
        """The paper's state after the merge."""
        fields = {source: dict(values) for source, values in self._said.fields.items()}
        for source, values in self._told.items():
            known = fields.setdefault(source, {})
            known |= {name: digest(value) for name, value in values.items()}
            known |= self._ids.get(source, {})
        given = self._given_now(fields)
        fields.pop(_PAGE, None)
        if given:
            fields[_PAGE] = given
        first = self._said.days or (str(self._paper.added),)
        days = tuple(dict.fromkeys((*first, *self._days)))
        return Said(days=days, fields=fields, changes=(*self._said.changes, *self._news(today)))

    def _news(self, today: datetime.date) -> Iterator[Change]:
        """What the page did not say before. What arXiv fills in is no news, but a withdrawal."""
        for name in sorted(_CHRONICLED & self._changes.keys()):
            filled = name not in self._page and self._authority(name) == ENRICH_ARXIV
            if filled and name != "withdrawn":
                continue
            before = self._page.get(name, "")
            shown = str(before) if name in ("title", "version") else ""
            yield Change(day=today, field=name.removeprefix("links."), before=shown)

    def _given_now(self, said: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
        """What the page is given of each field on which the sources differ."""
        given: dict[str, str] = {}
        sources = [fields for source, fields in said.items() if source != _PAGE]
        names = {name for fields in sources for name in fields} - {ID}
        for name in names if len(sources) > 1 else ():
            if len({fields[name] for fields in sources if name in fields}) == 1:
                continue
            teller = self._authority(name)
            told = name in self._told.get(teller, {})
            value = said[teller][name] if told else self._given(name)
            if value:
                given[name] = value
        return given


def _new_paper(
    candidate: Candidate, told: Mapping[str, Mapping[str, Any]], trust: Sequence[str]
) -> Paper:
    """A paper that had no page, without the topics that the rules give."""
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
    values = {name: _frozen(value) for name, value in values.items()}
    if "authors" in values:
        values.pop(_COUNTED, None)
    return Paper(
        id=candidate.slug,
        added=days[0],
        featured=tuple(days),
        source=candidate.records[0][0],
        links=tuple(Link(kind=k, url=links[k]) for k in [*order, *sorted(set(links) - set(order))]),
        path=paper_path(candidate.slug, values.get("date")),
        **values,
    )


def _reclassified(
    pages: Mapping[str, tuple[str, Paper]],
    state: dict[str, Said],
    topics: Mapping[str, Topic],
    candidates: Iterable[str],
    today: datetime.date,
    known: Settled,
    people: People,
) -> dict[str, str]:
    """Pages that no source named in this pull, where a changed rule gives other topics."""
    texts: dict[str, str] = {}
    done = set(candidates)
    for slug, (text, paper) in pages.items():
        said = state.get(slug)
        if slug in done or said is None or _sources_name_topics(said):
            continue
        candidate = Candidate(slug=slug)
        if known.holds(text, said, candidate):
            continue
        edit = _Edit(paper, said, candidate, {}, topics, (), people)
        changed = edit.text(text, today)
        if changed != text:
            texts[paper.path] = changed
        state[slug] = edit.said(today)
        known.settle(changed, state[slug], candidate)
    return texts


def _sources_name_topics(said: Said) -> bool:
    return any(
        "topics" in fields for source, fields in said.fields.items() if source not in (RULES, _PAGE)
    )
