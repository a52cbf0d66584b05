"""Which record is which paper: by arXiv id and DOI, by what its source called it before, then by
title, first author and year."""

import datetime
import itertools
import re
import unicodedata
from collections.abc import Container, Iterator, Mapping, Sequence

from msgspec import Struct, field

from generator.library.said import ID, Said, digest
from generator.model import Paper, Record
from generator.text.plain import clean_line, clean_lines
from generator.text.slug import arxiv_id, doi, is_paper_slug, paper_slug, with_suffix

_TITLE_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+-[12][0-9]{3}(?:-[0-9]+)?")
"""Words and a year: `attention-is-all-you-need-2017`, and its `-2`."""


class Listed(Struct, frozen=True, kw_only=True):
    """The records that one source gave in this pull."""

    source: str
    """Its name in site.yml."""
    day: datetime.date
    """The day its new papers count as listed on, where a record has none of its own."""
    records: tuple[Record, ...]


class Candidate(Struct, kw_only=True):
    """All that this pull says of one paper."""

    slug: str
    day: datetime.date = datetime.date.min
    """When it counts as first listed, if no record says."""
    records: list[tuple[str, Record]] = field(default_factory=list)


def identify(
    pages: Mapping[str, tuple[str, Paper]], said: Mapping[str, Said], listed: Sequence[Listed]
) -> dict[str, Candidate]:
    """Which paper each record is of: by arXiv id and DOI, by what its source called it before, then
    by title, first author and year."""
    index = _Index()
    for slug, (_, paper) in pages.items():
        index.add(slug, "", _paper_record(paper))
        if not _is_identified(said.get(slug, Said())):
            index.offer(slug)
    for slug, entry in said.items():
        index.remember(slug, entry)
    used = set(pages) | {slug for slug, entry in said.items() if _is_identified(entry)}
    candidates: dict[str, Candidate] = {}
    for batch in listed:
        for record in batch.records:
            slug = index.find(batch.source, record) or _new_slug(record, used)
            used.add(slug)
            index.add(slug, batch.source, record)
            index.claim(slug)
            candidate = candidates.setdefault(slug, Candidate(slug=slug, day=batch.day))
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
    )


def _is_identified(said: Said) -> bool:
    return any(ID in fields for fields in said.fields.values())


class _Named(Struct, frozen=True):
    """A paper under one of its titles."""

    slug: str
    year: int | None
    author: str
    arxiv: str
    doi: str

    def may_be(self, other: "_Named") -> bool:
        """Whether two papers of one title may be one: nothing known of both tells them apart. Two
        DOIs may (of a preprint and a journal), if the first authors are known to be the same."""
        if self.arxiv and other.arxiv and self.arxiv != other.arxiv:
            return False
        same_author = self.has_author_of(other)
        if self.doi and other.doi and self.doi != other.doi and not same_author:
            return False
        same_year = self.year is None or other.year is None or self.year == other.year
        return same_year and (same_author or not self.author or not other.author)

    def has_author_of(self, other: "_Named") -> bool:
        """Whether the first authors are known to be the same."""
        return self.author == other.author and bool(self.author)


class _Index:
    """Papers by everything that identifies them."""

    def __init__(self) -> None:
        self._by_id: dict[str, str] = {}
        self._by_heading: dict[str, str] = {}
        """Papers with an identifier by what their source calls them: for a record without one."""
        self._by_title: dict[str, list[_Named]] = {}
        self._identified: set[tuple[str, str]] = set()
        """Papers and sources that know them by an identifier of their own."""
        self._offered: set[str] = set()
        """Pages that no source is known to have given: one may call its paper by their names."""

    def add(self, slug: str, source: str, record: Record) -> None:
        for identifier in _identifiers(source, record):
            self._by_id.setdefault(digest(identifier), slug)
            self._identified.add((slug, source))
        entries = self._by_title.setdefault(normal_title(record.title), [])
        entry = _named(slug, record)
        if entry not in entries:
            entries.append(entry)

    def remember(self, slug: str, said: Said) -> None:
        """What the sources called a paper when they last spoke of it: a person may have corrected
        its title since, or deleted its page."""
        for source, fields in said.fields.items():
            if ID in fields:
                self._by_id.setdefault(fields[ID], slug)
                self._identified.add((slug, source))
            if "title" in fields:
                parts = (fields["title"], fields.get("authors", ""), fields.get("date", ""))
                known = self._by_heading if ID in fields else self._by_id
                known.setdefault(_heading(source, *parts), slug)

    def offer(self, slug: str) -> None:
        self._offered.add(slug)

    def claim(self, slug: str) -> None:
        self._offered.discard(slug)

    def find(self, source: str, record: Record) -> str | None:
        for identifier in _identifiers(source, record):
            found = self._by_id.get(digest(identifier))
            if found:
                return found
        if _own_slug(record) in self._offered:
            return _own_slug(record)
        authors = digest(clean_lines(record.authors)) if record.authors else ""
        published = digest(record.date) if record.date else ""
        heading = _heading(source, digest(clean_line(record.title)), authors, published)
        is_bare = not any(_identifiers(source, record))
        bare = self._by_heading.get(heading) if is_bare else None
        return self._same_title(source, record, is_bare) or self._by_id.get(heading) or bare

    def _same_title(self, source: str, record: Record, is_bare: bool) -> str | None:
        """A paper of this title, unless the source has told the two apart: it knows that one by
        another identifier, and no author says otherwise."""
        this = _named("", record)
        for entry in self._by_title.get(normal_title(record.title), ()):
            told_apart = not is_bare and (entry.slug, source) in self._identified
            if entry.may_be(this) and (entry.has_author_of(this) or not told_apart):
                return entry.slug
        return None


def _named(slug: str, record: Record) -> _Named:
    author = _first_author(record)
    return _Named(slug, _year(record), author, record.arxiv.lower(), record.doi.lower())


def _heading(source: str, title: str, authors: str, published: str) -> str:
    """What a source calls a paper that it gives no identifier: digests of three fields."""
    return f"{source}: {title} {authors} {published}"


def _identifiers(source: str, record: Record) -> Iterator[str]:
    """What identifies a record, the surest first. A source's keys are its own."""
    if record.arxiv:
        yield f"arxiv:{record.arxiv.lower()}"
    if record.doi:
        yield f"doi:{record.doi.lower()}"
    if record.key:
        yield f"key:{source}:{record.key}"


def _own_slug(record: Record) -> str:
    """The slug that an identifier of the record makes; "" without one. A key in the form of a page
    named after its title is that page's name, whatever else has come to identify the paper."""
    if is_title_slug(record):
        return record.key
    if not (record.arxiv or record.doi or record.key):
        return ""
    return paper_slug(arxiv=record.arxiv, doi=record.doi, key=record.key)


def is_title_slug(record: Record) -> bool:
    """Whether a record's key is made of its title, as exports of a site write it."""
    if not is_paper_slug(record.key):
        return False
    return bool(_TITLE_SLUG.fullmatch(record.key)) or record.key == paper_slug(title=record.title)


def normal_title(title: str) -> str:
    """A title for comparing: letters and digits only, accents of Latin, Greek and Cyrillic and case
    folded; the whole title where it holds neither letters nor digits."""
    if title.isascii():
        return re.sub(r"[\W_]+", "", title.lower()) or title
    text = re.sub(r"[\u0300-\u036f]", "", unicodedata.normalize("NFKD", title)).casefold()
    return "".join(c for c in text if unicodedata.category(c)[0] in "LMN") or title


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
    slug = _own_slug(record) or paper_slug(title=record.title, year=_year(record))
    free, number = slug, 2
    while free in used:
        free, number = with_suffix(slug, number), number + 1
    return free


def identifier_digests(candidate: Candidate) -> dict[str, dict[str, str]]:
    """By source, what it knows the paper by, as the state keeps it."""
    ids: dict[str, dict[str, str]] = {}
    for source, record in candidate.records:
        for identifier in itertools.islice(_identifiers(source, record), 1):
            ids.setdefault(source, {ID: digest(identifier)})
    return ids
