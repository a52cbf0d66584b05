"""Any repository that speaks OAI-PMH: Dublin Core records (`oai_dc`), page by page.

https://www.openarchives.org/OAI/openarchivesprotocol.html; every repository has this format. Its 15
elements are free text and may all be repeated. Read are the first title; every creator (`Family,
Given` is turned round); the first description as the abstract, with HTML taken out where it holds
some; the earliest date (a year alone counts as its first of January, a month as its first day);
arXiv ids, DOIs and addresses among the identifiers; the first source that is no address as the
venue; the subjects as keywords. A relation may be another paper, a publisher is no organization of
the paper's: neither is read. Pure.

Options: `url` (what `?verb=Identify` is appended to), `set`, `since`, `until` (by the day a record
was made or changed: the protocol knows no other), `limit`.
"""

import html
import re
from collections.abc import Iterator
from datetime import date
from xml.etree.ElementTree import Element

from msgspec import Struct

from generator.config import SourceConfig
from generator.errors import shown
from generator.model import Record
from generator.sources.harvest import SET, Listed, list_request, read_page
from generator.sources.identifiers import arxiv_id, bare_doi, paper_links
from generator.sources.options import Options
from generator.sources.source import Batch, Request, Window
from generator.sources.xml import children, text_of
from generator.text.plain import clean_line, clean_lines, clean_text
from generator.text.safety import safe_url

GAP = 1.0
"""Seconds. The protocol asks for patience with 503 and names no number; repositories are small."""

_SET = re.compile(SET, re.ASCII)
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T.*)?)?)?", re.ASCII | re.DOTALL)
_TAG = re.compile(r"</?(?:jats:)?[A-Za-z][A-Za-z0-9]{0,15}(?:\s[^<>]{0,500})?/?>")
_MARKED = re.compile(r"</(?:jats:)?[A-Za-z][A-Za-z0-9]{0,15}>|<(?:br|p)\s?/?>", re.IGNORECASE)
_BLOCK = re.compile(
    r"</?(?:jats:)?(?:p|div|li|ul|ol|sec|title|h[1-6])\b[^<>]*>|<br\s?/?>", re.IGNORECASE
)
_PREFIX = re.compile(r"(?:info:|urn:)(?=doi)|(?<=doi)/", re.IGNORECASE)
_SUFFIX = re.compile(r"(?:jr|sr)\.?|I{1,3}|I?V", re.IGNORECASE)


class Repository(Struct, frozen=True, kw_only=True):
    """One repository, or one of its sets."""

    url: str
    set_name: str
    since: date | None
    until: date | None
    limit: int | None
    offline: bool = False

    def requests(self, window: Window) -> Iterator[Request]:
        """The first page; each page names the next."""
        since = window.since or self.since
        until = min(filter(None, (window.until, self.until)), default=None)
        if since and until and since > until:
            return
        yield list_request(
            self.url, "oai_dc", set_name=self.set_name, since=since, until=until, gap=GAP
        )

    def parse(self, payload: bytes, request: Request) -> Batch:
        """The records of one page, and the request for the next."""
        return read_page(payload, request, _read)


def open_oai(config: SourceConfig) -> Repository:
    """The source with the options of site.yml. Raises BroadsheetError."""
    options = Options(config)
    source = Repository(
        url=options.url("url"),
        set_name=options.text("set"),
        since=options.day("since"),
        until=options.day("until"),
        limit=options.limit(),
    )
    if not options.given("url"):
        options.wrong("'url' is missing", "add the address that '?verb=Identify' is appended to")
    if source.set_name and not _SET.fullmatch(source.set_name):
        fact = f"'set' is not the name of a set: {shown(source.set_name)}"
        options.wrong(fact, "the repository lists them at '?verb=ListSets'")
    options.finish()
    return source


def _read(listed: Listed, metadata: Element) -> Record | str:
    """A paper, or what it lacks."""
    titles = clean_lines(_texts(metadata, "title"))
    if not titles:
        return "no title"
    names = _Identifiers.among(_texts(metadata, "identifier"))
    descriptions = (_plain(text) for text in _texts(metadata, "description"))
    return Record(
        title=titles[0],
        abstract=next(filter(None, descriptions), ""),
        date=_earliest(_texts(metadata, "date")),
        authors=tuple(filter(None, map(_turned, clean_lines(_texts(metadata, "creator"))))),
        arxiv=names.arxiv,
        doi=names.doi,
        key=clean_line(listed.identifier),
        links=paper_links(arxiv=names.arxiv, doi=names.doi, abstract=names.page, pdf=names.pdf),
        venue=_venue(clean_lines(_texts(metadata, "source"))),
        keywords=tuple(_keywords(_texts(metadata, "subject"))),
    )


def _texts(metadata: Element, name: str) -> list[str]:
    return [text_of(element) for element in children(metadata, name)]


class _Identifiers(Struct, frozen=True, kw_only=True):
    """What a record says of its names and places elsewhere."""

    arxiv: str
    doi: str
    page: str
    """The first address that is none of these others."""
    pdf: str

    @classmethod
    def among(cls, texts: list[str]) -> "_Identifiers":
        lines = clean_lines(texts)
        names = [_PREFIX.sub(lambda found: ":" if found[0] == "/" else "", line) for line in lines]
        urls = [url for url in map(safe_url, lines) if not (bare_doi(url) or arxiv_id(url))]
        urls = list(filter(None, urls))
        pdfs = [url for url in urls if url.lower().endswith(".pdf")]
        return cls(
            arxiv=next(filter(None, map(arxiv_id, lines)), ""),
            doi=next(filter(None, map(bare_doi, names)), ""),
            page=next((url for url in urls if url not in pdfs), ""),
            pdf=next(iter(pdfs), ""),
        )


def _turned(name: str) -> str:
    """`Lovelace, Ada` as `Ada Lovelace`, `King, Martin Luther, Jr.` with its end; years of birth
    are left out. A name with more commas is an institution's and stays."""
    parts = [part.strip() for part in name.split(",")]
    parts = [part for part in parts if part and not part[:1].isdigit()]
    if len(parts) == 2:
        return f"{parts[1]} {parts[0]}"
    if len(parts) == 3 and _SUFFIX.fullmatch(parts[2]):
        return f"{parts[1]} {parts[0]} {parts[2]}"
    return ", ".join(parts)


def _plain(text: str) -> str:
    """A description as paragraphs. Marks are taken out only where some element is closed: `a < b`
    is no HTML."""
    if _MARKED.search(text):
        text = html.unescape(_TAG.sub("", _BLOCK.sub("\n\n", text)))
    return clean_text(text)


def _earliest(texts: list[str]) -> date | None:
    """The first of the earliest year's dates, the most precise ones before the others."""
    dates = [each for each in map(_dated, texts) if each]
    if not dates:
        return None
    year = min(day.year for day, _ in dates)
    precise = max(precision for day, precision in dates if day.year == year)
    return min(day for day, precision in dates if (day.year, precision) == (year, precise))


def _dated(text: str) -> tuple[date, int] | None:
    """The first day a date can mean, and how many of year, month and day it gives."""
    found = _DATE.fullmatch(text.strip())
    if not found:
        return None
    parts = [int(part) for part in found.groups() if part]
    try:
        return date(*[*parts, 1, 1][:3]), len(parts)
    except ValueError:
        return None


def _venue(sources: list[str]) -> str:
    return next((source for source in sources if "://" not in source), "")


def _keywords(subjects: list[str]) -> Iterator[str]:
    """Each subject once; several in one text stand between semicolons."""
    words = (word for subject in subjects for word in subject.split(";"))
    yield from dict.fromkeys(clean_lines(words))
