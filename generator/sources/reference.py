"""A reference: what an entry of a bibliography, a feed or a list says of one paper.

Owns what follows from its addresses: arXiv id, DOI, and which link is which. Pure.
"""

import re
from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from urllib.parse import urlsplit

from msgspec import Struct

from generator.model import Record
from generator.sources.document import Entry
from generator.sources.identifiers import arxiv_id, bare_doi, paper_links
from generator.sources.listing import CODE_HOSTS
from generator.sources.period import Period
from generator.text import slug
from generator.text.plain import clean_line, clean_lines
from generator.text.safety import safe_url

_ARXIV_PAGE = re.compile(
    r"https?://(?:[a-z0-9-]+\.)*(?:(?:alpha)?arxiv\.org/(?:abs|pdf|html|format|ps|overview)"
    r"|ar5iv\.org/(?:abs|html)|ar5iv\.labs\.arxiv\.org/html|huggingface\.co/papers)/"
    r"(\d{4}\.\d{4,5}|[a-z]+(?:-[a-z]+)?(?:\.[A-Z]{2})?/\d{7})(?!\d)",
    re.IGNORECASE | re.ASCII,
)
_DOI_PAGE = re.compile(
    r"https?://[^/?#]{1,255}/(?:doi/(?:[a-z]{2,20}/)?|(?:article|chapter|content/pdf)/)"
    r"(10\.\d{4,9}/[^?#\s]+?)(?:\.pdf)?(?:[?#].*)?",
    re.IGNORECASE,
)
_ARXIV_DOI = "10.48550/arxiv."
_MONTH = re.compile(r"(?:[a-z.-]+/)?(\d\d)(\d\d)", re.IGNORECASE | re.ASCII)
_REPOSITORY = re.compile(r"/[^/]+/[^/]+", re.ASCII)
_OTHERS = re.compile(r"\bet\.?\s?al\b|\band others\b|(?:\.\.\.|…)\s*$", re.IGNORECASE)
_AND = re.compile(r",?\s+(?:and|&)\s+")
_PDF = re.compile(r"\.pdf$|/pdf(?:/|$)|/e?pdf(?:direct)?/", re.IGNORECASE)


class Reference(Struct, frozen=True, kw_only=True):
    """One paper as it is referred to, cleaned."""

    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    organization: str = ""
    days: Period | None = None
    """The days its printed date can mean."""
    featured: date | None = None
    venue: str = ""
    keywords: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    addresses: tuple[tuple[str, str], ...] = ()
    """Its links as (kind, URL); an empty kind is known from the URL."""
    arxiv: str = ""
    doi: str = ""
    key: str = ""
    withdrawn: bool = False

    def entry(self) -> Entry:
        """The record, with all that its addresses say. A date that is only a year becomes the month
        that the arXiv id begins with, where that lies in the year."""
        urls = [url for _, url in self.addresses]
        doi = self.doi or next(filter(None, map(doi_of, urls)), "")
        arxiv = self.arxiv or next(filter(None, map(arxiv_of, [*urls, doi])), "")
        doi = "" if doi.startswith(_ARXIV_DOI) else doi
        days = _narrower(self.days, arxiv_month(arxiv))
        record = Record(
            title=self.title,
            abstract=self.abstract,
            date=days.since if days else None,
            featured=self.featured,
            authors=self.authors,
            organization=self.organization,
            arxiv=arxiv,
            doi=doi,
            key=self.key,
            links=paper_links(arxiv=arxiv, doi=doi, **_by_kind(self.addresses)),
            venue=self.venue,
            categories=self.categories,
            keywords=self.keywords,
            withdrawn=self.withdrawn,
        )
        return Entry(record=record, days=days)


def arxiv_of(address: str) -> str:
    """The arXiv id in the address of a paper's page at arXiv, Hugging Face, alphaXiv or ar5iv, or
    in the DOI that arXiv gives; else empty."""
    found = _ARXIV_PAGE.match(address)
    if found:
        return arxiv_id(found[1])
    return slug.arxiv_id(address) if _ARXIV_DOI in address.lower() else ""


def doi_of(address: str) -> str:
    """The DOI in an address of doi.org, or of a publisher who shows it; else empty."""
    found = _DOI_PAGE.fullmatch(address)
    return bare_doi(address) or (slug.doi(found[1]) if found else "")


def arxiv_month(arxiv: str) -> Period | None:
    """The month an arXiv id begins with: `2507.22565`, `hep-th/9901001`."""
    found = _MONTH.match(arxiv)
    if not found or not 1 <= int(found[2]) <= 12:
        return None
    year, month = int(found[1]), int(found[2])
    year += 1900 if year > 90 else 2000
    last = monthrange(year, month)[1]
    return Period(since=date(year, month, 1), until=date(year, month, last))


def kind_of(address: str) -> str:
    """Which link of a paper an address is, as far as it shows."""
    parts = urlsplit(address)
    host = (parts.hostname or "").removeprefix("www.")
    if host in CODE_HOSTS:
        return "code" if _REPOSITORY.match(parts.path) else "project"
    if host == "huggingface.co" and parts.path.startswith("/papers/"):
        return "huggingface"
    return "pdf" if _PDF.search(parts.path) else "abstract"


def day_of(text: str) -> Period | None:
    """The one day that `2025-07-30`, `2025/7/30` or `2025.07.30` begins with, else None."""
    found = re.match(r"\s*(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)", text, re.ASCII)
    try:
        day = date(int(found[1]), int(found[3]), int(found[4])) if found else None
    except ValueError:
        day = None
    return Period(since=day, until=day) if day else None


def full_name(name: str) -> str:
    """`Lovelace, Ada` → `Ada Lovelace`, `King, Martin, Jr.` → `Martin King Jr.`; else as it is."""
    family, *rest = (clean_line(part) for part in name.split(","))
    return clean_line(" ".join([*rest[:1], family, *rest[1:]]))


def split_names(text: str) -> list[str]:
    """Names in one text, parted by `;`, by `and` and commas, or by commas alone; `Lovelace, Ada` is
    one name. What stands for those left out (`et al.`) makes the list useless: then it is empty."""
    text = clean_line(text)
    if _OTHERS.search(text):
        return []
    if ";" in text:
        return clean_lines(map(full_name, text.split(";")))
    parts = clean_lines(part for each in _AND.split(text) for part in each.split(","))
    is_one_name = len(parts) == 2 and "," in text and min(len(p.split()) for p in parts) == 1
    return [full_name(text)] if is_one_name else parts


def _narrower(days: Period | None, month: Period | None) -> Period | None:
    """The month, where nothing else is known or a whole year that it lies in."""
    if days is None or month is None or month.since is None:
        return days or month
    year = Period(since=month.since.replace(month=1), until=date(month.since.year, 12, 31))
    return month if days == year else days


def _by_kind(addresses: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The first safe address of each kind, without those that arXiv ids and DOIs lead to anyway."""
    kinds: dict[str, str] = {}
    for said, address in addresses:
        url = safe_url(address)
        kind = (said or kind_of(url)) if url else ""
        derived = (kind == "abstract" and doi_of(url)) or (
            kind in ("abstract", "pdf") and arxiv_of(url)
        )
        if url and not derived:
            kinds.setdefault(kind, url)
    return kinds
