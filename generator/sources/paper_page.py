"""A paper's page on the web: what it tells search engines of the paper.

Read are the `citation_…` tags that Google Scholar asks for
(https://scholar.google.com/intl/en/scholar/inclusion.html#indexing), Dublin Core and PRISM in the
same form, JSON-LD of a ScholarlyArticle (https://schema.org/ScholarlyArticle), and, where nothing
better is there, Open Graph's title and description (https://ogp.me/). What readers see on the page
is not looked at. Pure.

The page is a stranger's: html.parser makes events of it, no tree; only its beginning is read, and
all text becomes plain text.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date
from html.parser import HTMLParser
from typing import Any

from msgspec import Struct, field

from generator.model import Record
from generator.sources.identifiers import paper_links
from generator.sources.naming import read_name
from generator.sources.period import printed_period
from generator.sources.source import Batch, Request, Window, refused
from generator.sources.values import as_list, as_object, as_objects, as_text, as_texts
from generator.text.markup import markup_line, markup_text
from generator.text.plain import clean_lines

MOST_READ = 400_000
"""Characters of a page that are looked at: tags for search engines stand at its beginning."""
MOST_LINKED = 200
"""Objects of JSON-LD that are looked at."""

_CHARSET = re.compile(rb"charset\s*=\s*[\"']?(?:iso-8859-1|windows-1252|latin-?1)\b", re.IGNORECASE)
_MARKUP = re.compile(rb"<(?:!doctype\s+html|html|head|meta|title|body)\b", re.IGNORECASE)
_DAY = re.compile(r"([12]\d{3})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)", re.ASCII)
_YEAR = re.compile(r"(?<!\d)([12]\d{3})(?!\d)", re.ASCII)
_NUMBERED_MONTH = re.compile(r"[12]\d{3}[-/.](\d{1,2})", re.ASCII)
_ARTICLES = frozenset(
    ("ScholarlyArticle", "MedicalScholarlyArticle", "Thesis", "Report", "TechArticle")
)
_HINT = "give its arXiv id or DOI, the address of its page elsewhere, or a file"

_TITLES = ("citation_title", "dc.title", "dcterms.title", "prism.title")
_ABSTRACTS = ("citation_abstract", "dcterms.abstract", "dc.description")
_DESCRIPTIONS = ("og:description", "description")
_AUTHORS = ("citation_author", "citation_authors", "dc.creator", "dcterms.creator")
_DATES = (
    "citation_publication_date",
    "citation_online_date",
    "citation_date",
    "citation_cover_date",
    "citation_year",
    "prism.publicationdate",
    "dc.date",
    "dcterms.issued",
    "dcterms.date",
    "article:published_time",
)
_VENUES = (
    "citation_journal_title",
    "citation_conference_title",
    "citation_inbook_title",
    "prism.publicationname",
    "citation_conference",
)
_NAMES = (
    "citation_doi",
    "prism.doi",
    "dc.identifier",
    "dcterms.identifier",
    "bepress_citation_doi",
)


class PaperPage(Struct, frozen=True, kw_only=True):
    """One page."""

    url: str
    offline: bool = False
    limit: int | None = None

    def requests(self, window: Window) -> Iterator[Request]:
        """The page, whatever the window's days."""
        yield Request(url=self.url)

    def parse(self, payload: bytes, request: Request) -> Batch:
        """The one paper. Raises BroadsheetError where the page names none."""
        if payload.startswith(b"%PDF-"):
            raise refused(request, "is a PDF, which does not say what it is", _HINT)
        if not _MARKUP.search(payload[:10_000]):
            raise refused(request, "is not a page of HTML", _HINT)
        head = _Head()
        with suppress(AssertionError):  # html.parser's word for a declaration it cannot read
            head.feed(_decode(payload)[:MOST_READ])  # and no close(): only what is whole counts
        record = _record(head, request.url)
        if record is None:
            raise refused(request, "says of no paper: it has no title for search engines", _HINT)
        return Batch(records=(record,))


def _decode(payload: bytes) -> str:
    """UTF-8, or Latin-1 where the page says so; what cannot be read is replaced."""
    encoding = "windows-1252" if _CHARSET.search(payload[:2_000]) else "utf-8"
    return payload[: 4 * MOST_READ].decode(encoding, "replace")


class _Head(HTMLParser):
    """Collects the tags of a page that speak to search engines."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: dict[str, list[str]] = {}
        """By name in lower case, what the meta tags say, in order."""
        self.scripts: list[str] = []
        """Texts of JSON-LD."""
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in reversed(attrs)}
        if tag == "meta":
            name = (given.get("name") or given.get("property") or "").strip().lower()
            if name and given.get("content", "").strip():
                self.tags.setdefault(name, []).append(given["content"])
        self._in_script = tag == "script" and given.get("type", "").startswith(
            "application/ld+json"
        )
        if self._in_script:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts[-1] += data

    def first(self, *names: str) -> str:
        """What the first of these tags that is there says, as one line."""
        return next(filter(None, (markup_line(text) for text in self.all(*names))), "")

    def all(self, *names: str) -> list[str]:
        """What all tags of the first of these names that is there say."""
        return next((self.tags[name] for name in names if name in self.tags), [])


class _Article(Struct):
    """What JSON-LD says of the paper; all of it empty where it says nothing."""

    value: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return markup_line(as_text(self.value.get("headline")) or as_text(self.value.get("name")))

    @property
    def abstract(self) -> str:
        words = as_text(self.value.get("abstract")) or as_text(self.value.get("description"))
        return markup_text(words)

    @property
    def authors(self) -> list[str]:
        given = self.value.get("author")
        people = [given] if isinstance(given, dict) else as_objects(given)
        named = [as_text(person.get("name")) for person in people]
        return named if any(named) else as_texts(given)

    @property
    def names(self) -> list[str]:
        """What may be its DOI or arXiv id."""
        given = self.value.get("identifier")
        values = [as_text(each.get("value")) for each in (*as_objects(given), as_object(given))]
        others = (self.value.get(key) for key in ("sameAs", "@id", "url"))
        return [*values, *as_texts(given), *(text for other in others for text in as_texts(other))]


def _articles(scripts: list[str]) -> Iterator[Mapping[str, Any]]:
    """The papers in texts of JSON-LD."""
    for text in scripts:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            continue
        for each in (value, *as_list(value), *as_list(as_object(value).get("@graph")))[
            :MOST_LINKED
        ]:
            if _ARTICLES & set(as_texts(as_object(each).get("@type"))):
                yield each


def _record(head: _Head, url: str) -> Record | None:
    """The paper that the page is of."""
    article = _Article(next(_articles(head.scripts), {}))
    title = head.first(*_TITLES) or article.title or head.first("og:title")
    if not title:
        return None
    arxiv, doi = _identifiers([*head.all("citation_arxiv_id"), *_named(head), *article.names])
    abstract = markup_text("\n\n".join(head.all(*_ABSTRACTS)[:1])) or article.abstract
    venue = as_text(as_object(article.value.get("isPartOf")).get("name"))
    return Record(
        title=title,
        abstract=abstract or head.first(*_DESCRIPTIONS),
        date=_published(head, article),
        authors=_authors(head, article),
        arxiv=arxiv,
        doi=doi,
        links=paper_links(
            arxiv=arxiv,
            doi=doi,
            abstract="" if arxiv else url,
            pdf="" if arxiv else head.first("citation_pdf_url"),
        ),
        venue=head.first(*_VENUES) or markup_line(venue),
        keywords=_keywords(head),
    )


def _named(head: _Head) -> Iterator[str]:
    for name in _NAMES:
        yield from head.tags.get(name, ())


def _identifiers(texts: list[str]) -> tuple[str, str]:
    """The first arXiv id and the first DOI among texts."""
    names = [name for text in texts if (name := read_name(text))]
    arxiv = next(filter(None, (name.arxiv for name in names)), "")
    return arxiv, next(filter(None, (name.doi for name in names)), "")


def _authors(head: _Head, article: _Article) -> tuple[str, ...]:
    given = head.all(*_AUTHORS)
    if "citation_author" not in head.tags and len(given) == 1:
        given = given[0].split(";")
    return tuple(clean_lines(map(_full_name, map(markup_line, given or article.authors))))


def _full_name(name: str) -> str:
    """`Lovelace, Ada` → `Ada Lovelace`."""
    family, _, given = name.partition(",")
    return f"{given} {family}" if "," not in given else name


def _keywords(head: _Head) -> tuple[str, ...]:
    given = head.all("citation_keywords", "citation_keyword")
    words = given if len(given) > 1 else re.split("[;,]", "".join(given))
    return tuple(dict.fromkeys(clean_lines(map(markup_line, words))))


def _published(head: _Head, article: _Article) -> date | None:
    """The first date that can be read: a day, else the first of a month or year."""
    texts = (head.first(name) for name in _DATES)
    last = as_text(article.value.get("datePublished"))
    return next(filter(None, map(_day, (*texts, last))), None)


def _day(text: str) -> date | None:
    whole, year = _DAY.match(text), _YEAR.search(text)
    try:
        if whole:
            return date(int(whole[1]), int(whole[2]), int(whole[3]))
    except ValueError:
        return None
    if not year:
        return None
    numbered = _NUMBERED_MONTH.match(text)
    words = numbered[1] if numbered else text[: year.start()] + text[year.end() :]
    period = printed_period(year[1], words)
    return period.since if period else None
