"""arXiv's archive by OAI-PMH, in its own format `arXiv`: years of papers, page by page.

https://info.arxiv.org/help/oa/index.html. arXiv's days are those on which something about a record
changed, so a paper of any year may be in an answer; withdrawn ones and those that got a DOI come
again. What a pull asks for are such days. What stands in site.yml is about papers: those first
submitted before `since` or after `until` are passed over (`from` asks for no more than can hold
them; a paper that changed after `until` still belongs to it).

Names are put together as `forenames keyname suffix`, several keynames in one; affiliations are the
authors', not the paper's, and are not read. The format does not count versions. Pure.

Options: `archive` (a category, an archive, an OAI set, or a list of them), `since`, `until`,
`limit`, `endpoint`.
"""

import re
from collections.abc import Iterator
from datetime import date
from xml.etree.ElementTree import Element

from msgspec import Struct

from generator.model import Record
from generator.sources.arxiv_fields import (
    abstract_text,
    author_names,
    first_published,
    own_categories,
)
from generator.sources.harvest import SET, Listed, list_request, read_page
from generator.sources.identifiers import arxiv_id, bare_doi, paper_links
from generator.sources.source import ARXIV_GAP, Batch, Request, Window
from generator.sources.withdrawal import says_withdrawn
from generator.sources.xml import child, child_text, children, text_of
from generator.text.plain import clean_line

ENDPOINT = "https://oaipmh.arxiv.org/oai"
"""Since March 2025; export.arxiv.org/oai2 leads there."""
EARLIEST = date(2007, 5, 23)
"""arXiv refuses a `from` before its first datestamp; nothing is lost by leaving out one that is
older than this."""

_PHYSICS = re.compile(
    r"astro-ph|cond-mat|gr-qc|hep-(?:ex|lat|ph|th)|math-ph|nlin|nucl-(?:ex|th)|physics|quant-ph"
)
"""The archives of the one group that is not an archive of its own name."""
_SET = re.compile(SET, re.ASCII)
_CATEGORY = re.compile(r"([a-z]+(?:-[a-z]+)*)(?:\.([A-Za-z-]+))?", re.ASCII)
_NAME_PARTS = ("forenames", "keyname", "suffix")


class ArxivArchive(Struct, frozen=True, kw_only=True):
    """One or several sets of arXiv."""

    sets: tuple[str, ...]
    since: date | None
    until: date | None
    limit: int | None
    endpoint: str
    offline: bool = False

    def requests(self, window: Window) -> Iterator[Request]:
        """The first page of each set. arXiv lists what changed longest ago first."""
        since, until = window.since or self.since, window.until
        if since and until and since > until:
            return
        for name in self.sets:
            yield list_request(
                self.endpoint,
                "arXiv",
                set_name=name,
                since=since if since and since >= EARLIEST else None,
                until=until,
                gap=ARXIV_GAP,
            )

    def parse(self, payload: bytes, request: Request) -> Batch:
        """The papers of one page, and the request for the next."""
        return read_page(payload, request, self._read)

    def _read(self, listed: Listed, metadata: Element) -> Record | str | None:
        """A paper; what it lacks; None where it was submitted on another day than wanted."""
        arxiv = arxiv_id(child_text(metadata, "id")) or arxiv_id(
            listed.identifier.removeprefix("oai:arXiv.org:")
        )
        title = clean_line(child_text(metadata, "title"))
        if not arxiv or not title:
            return "no title" if arxiv else "no arXiv id"
        day = first_published(arxiv, _day(child_text(metadata, "created")))
        return _record(metadata, arxiv, title, day) if self._wants(day) else None

    def _wants(self, day: date | None) -> bool:
        if day is None:
            return True
        return day >= (self.since or day) and day <= (self.until or day)


def set_of(archive: str) -> str:
    """The OAI set of a category (`cs.CL`), an archive (`hep-th`) or a set (`physics:hep-th`, `cs`);
    empty where it is neither."""
    found = _CATEGORY.fullmatch(archive)
    if not found:
        return archive if _SET.fullmatch(archive) else ""
    name, category = found.groups()
    group = "physics" if _PHYSICS.fullmatch(name) else name
    if category:
        return f"{group}:{name}:{category}"
    return group if group == name else f"{group}:{name}"


def _record(metadata: Element, arxiv: str, title: str, day: date | None) -> Record:
    abstract = abstract_text(child_text(metadata, "abstract"))
    doi = bare_doi(child_text(metadata, "doi").strip().partition(" ")[0])
    return Record(
        title=title,
        abstract=abstract,
        date=day,
        authors=_authors(metadata),
        arxiv=arxiv,
        doi=doi,
        links=paper_links(arxiv=arxiv, doi=doi),
        venue=clean_line(child_text(metadata, "journal-ref")),
        categories=own_categories(child_text(metadata, "categories").split()),
        withdrawn=says_withdrawn(child_text(metadata, "comments"), abstract),
    )


def _authors(metadata: Element) -> tuple[str, ...]:
    authors = child(metadata, "authors")
    if authors is None:
        return ()
    return author_names(map(_name, children(authors, "author")))


def _name(author: Element) -> str:
    parts = (text_of(part) for name in _NAME_PARTS for part in children(author, name))
    return " ".join(parts)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None
