r"""arXiv's feeds: what was announced today, as Atom or RSS 2.0.

https://info.arxiv.org/help/rss.html and https://info.arxiv.org/help/atom_specifications.html. One
feed for all categories asked for, of at most 2,000 papers; it is empty on days without an
announcement. Announced are `new` papers, cross-listed ones (`cross`), and replaced ones (`replace`,
`replace-cross`), which are read only when wanted. A paper may be announced twice, as `new` in one
category and `cross` in another: the first of them counts.

The summary's head (`arXiv:… Announce Type: … Abstract:`) is taken off. `dc:creator` holds all
authors, with affiliations in brackets and accents as TeX (`J\"org`). The day of the announcement is
the day a new paper was first published; an older id tells the month of an older paper. Pure.

Options: `feed` (a category or an archive, or a list), `replacements` (false), `limit`, `endpoint`
(`https://rss.arxiv.org/rss` for RSS).
"""

import re
from collections.abc import Iterator
from datetime import date
from email.utils import parsedate_to_datetime
from xml.etree.ElementTree import Element

from msgspec import Struct

from generator.errors import Problem, shown
from generator.model import Record
from generator.sources.arxiv_fields import (
    abstract_text,
    author_names,
    first_published,
    own_categories,
    version_of,
)
from generator.sources.identifiers import arxiv_id, bare_doi, paper_links
from generator.sources.source import ARXIV_GAP, Batch, Request, Window, left_out, refused
from generator.sources.withdrawal import says_withdrawn
from generator.sources.xml import child, child_text, children, name_of, parse_tree, text_of
from generator.text.plain import clean_line, plain_title

ENDPOINT = "https://rss.arxiv.org/atom"
CATEGORY = re.compile(r"[a-z]+(-[a-z]+)*(\.[A-Za-z-]+)?", re.ASCII)

_NAME = "oai:arXiv.org:"
_HEAD = re.compile(r"\s*arXiv:\S{1,40}\s+Announce Type:\s*([a-z-]{1,30})\s+(?:Abstract:)?\s*")
_SPACED_LETTER = re.compile(r"\\(ss|ae|AE|oe|OE|aa|AA|[oOlLij])\s+(?=\w)")
_SPACED_ACCENT = re.compile(r"\\([uvHcdbkr])\s+([A-Za-z])")
_TIE = re.compile(r"(?<!\\)~")
_AFFILIATION = re.compile(r"\s*\([^()]*(?:\([^()]*\)[^()]*)*\)\s*$")


class ArxivFeed(Struct, frozen=True, kw_only=True):
    """One feed of one or several categories."""

    categories: tuple[str, ...]
    replacements: bool
    limit: int | None
    endpoint: str
    offline: bool = False

    def requests(self, window: Window) -> Iterator[Request]:
        """Today's feed, whatever the window's days: there is no other."""
        yield Request(url=f"{self.endpoint}/{'+'.join(self.categories)}", gap=ARXIV_GAP)

    def parse(self, payload: bytes, request: Request) -> Batch:
        """Every paper that is wanted, in the feed's order."""
        records: dict[str, Record] = {}
        problems: list[Problem] = []
        for number, entry in enumerate(_entries(payload, request), 1):
            announced = _Entry(entry)
            if announced.kind.startswith("replace") and not self.replacements:
                continue
            record = announced.record()
            if record:
                records.setdefault(record.arxiv, record)
            else:
                fact = f"entry {number} ({announced.name[:60]}) has no arXiv id or no title"
                problems.append(left_out(request.where, fact))
        return Batch(records=tuple(records.values()), problems=tuple(problems))


def _entries(payload: bytes, request: Request) -> Iterator[Element]:
    """The entries of an Atom feed or the items of an RSS channel. Raises BroadsheetError."""
    root = parse_tree(payload, request, "a feed")
    hint = "look at 'feed' and 'endpoint' in content/site.yml"
    channel = root if name_of(root) == "feed" else child(root, "channel")
    if channel is None or name_of(root) not in ("feed", "rss"):
        raise refused(request, f"is no Atom or RSS feed: its root is {shown(root.tag)}", hint)
    title = clean_line(child_text(channel, "title"))
    if title.startswith("Feed error"):
        said = child_text(channel, "subtitle") or child_text(channel, "description") or title
        raise refused(request, f"answered with the error {shown(clean_line(said))}", hint)
    return children(channel, "entry" if channel is root else "item")


class _Entry:
    """What one entry or item says, in either format."""

    def __init__(self, entry: Element) -> None:
        self._entry = entry
        self.name = clean_line(self._text("id", "guid"))
        self._summary = self._text("summary", "description")
        self._head = _HEAD.match(self._summary)
        said = self._text("announce_type").strip() or (self._head[1] if self._head else "")
        self.kind = said.lower()
        """`new`, `cross`, `replace`, `replace-cross`, or what else arXiv may come to say."""

    def record(self) -> Record | None:
        """The paper, or None where it has no arXiv id or no title."""
        arxiv = arxiv_id(self.name.removeprefix(_NAME)) or arxiv_id(self._link())
        title = clean_line(self._text("title"))
        if not arxiv or not title:
            return None
        day = self._day()
        doi = bare_doi(self._text("DOI").strip().partition(" ")[0])
        abstract = abstract_text(self._summary[self._head.end() if self._head else 0 :])
        return Record(
            title=title,
            abstract=abstract,
            date=day if self.kind == "new" and day else first_published(arxiv, day),
            featured=day,
            authors=tuple(_authors(self._text("creator"))),
            arxiv=arxiv,
            doi=doi,
            links=paper_links(arxiv=arxiv, doi=doi),
            venue=plain_title(self._text("journal_reference")),
            categories=own_categories(self._categories()),
            version=version_of(self.name),
            withdrawn=says_withdrawn("", abstract),
        )

    def _text(self, *names: str) -> str:
        """The text of the first element that has one of these names and a text."""
        texts = (child_text(self._entry, name) for name in names)
        return next(filter(str.strip, texts), "")

    def _link(self) -> str:
        link = child(self._entry, "link")
        return "" if link is None else (link.get("href") or text_of(link)).strip()

    def _day(self) -> date | None:
        """The day of the announcement, as arXiv's own clock has it."""
        try:
            if written := self._text("published").strip():
                return date.fromisoformat(written[:10])
            return parsedate_to_datetime(self._text("pubDate").strip()).date()
        except (ValueError, OverflowError):
            return None

    def _categories(self) -> Iterator[str]:
        for category in children(self._entry, "category"):
            yield (category.get("term") or text_of(category)).strip()


def _authors(creators: str) -> Iterator[str]:
    """The names in a list with commas, accents as Unicode, without affiliations."""
    names = (_AFFILIATION.sub("", name) for name in _split(clean_line(creators)))
    yield from author_names(map(_unicode, names))


def _split(text: str) -> Iterator[str]:
    r"""What stands between commas that are neither in brackets nor TeX's thin space (`\,`)."""
    depth = start = 0
    paired = text.count("(") == text.count(")")
    for place, sign in enumerate(text):
        depth = max(0, depth + (sign == "(") - (sign == ")")) if paired else 0
        if sign == "," and not depth and text[place - 1 : place] != "\\":
            yield text[start:place]
            start = place + 1
    yield text[start:]


def _unicode(name: str) -> str:
    name = _SPACED_LETTER.sub(r"\\\1{}", _TIE.sub(" ", name))
    return plain_title(_SPACED_ACCENT.sub(r"\\\1{\2}", name))
