"""arXiv, in three ways: its API (here), its feeds (`arxiv_feed`), its archive (`arxiv_archive`).

The API answers a query or a list of ids with an Atom feed:
https://info.arxiv.org/help/api/user-manual.html. Reads both dialects: the old one (to about 2025)
wraps titles and abstracts and declares its namespaces on each element, the new one does neither.
Element order means nothing. The comment says whether a paper was withdrawn. Pure.

Options: one of `query` and/or `ids`, `feed`, `archive`; `limit` (100 for a query), `endpoint`. With
`query` and `archive`: `since`, `until` (by first submission; not for a list of ids). With `query`:
`sort` (submitted, updated, relevance). With `feed`: `replacements` (false).
"""

import io
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

import feedparser  # type: ignore[import-untyped]
from msgspec import Struct
from msgspec.structs import replace

from generator.config import SourceConfig
from generator.errors import Problem, shown
from generator.model import Record
from generator.sources.answers import check_present, parse_text
from generator.sources.arxiv_archive import ENDPOINT as ARCHIVE
from generator.sources.arxiv_archive import ArxivArchive, set_of
from generator.sources.arxiv_feed import CATEGORY, ArxivFeed
from generator.sources.arxiv_feed import ENDPOINT as FEEDS
from generator.sources.arxiv_fields import abstract_text, own_categories, version_of
from generator.sources.identifiers import arxiv_id, bare_doi, paper_links
from generator.sources.options import Options
from generator.sources.source import (
    ARXIV_GAP,
    Batch,
    Request,
    Source,
    Window,
    left_out,
    refused,
)
from generator.sources.withdrawal import says_withdrawn
from generator.text.plain import clean_line

ENDPOINT = "https://export.arxiv.org/api/query"
LIMIT = 100
PAGE = 100
"""Records asked for at a time."""
EARLIEST = "199107010000"
"""arXiv opened in August 1991."""
SORTS = {"submitted": "submittedDate", "updated": "lastUpdatedDate", "relevance": "relevance"}

_OWN_OPTIONS = {
    "query": ("query", "ids", "since", "until", "sort"),
    "feed": ("feed", "replacements"),
    "archive": ("archive", "since", "until"),
}
"""What goes with each way, besides `limit` and `endpoint`."""
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_AGAIN = "arXiv does this under load: try again later"


class Arxiv(Struct, frozen=True, kw_only=True):
    """A query, a list of ids, or a list of ids narrowed by a query."""

    query: str
    ids: tuple[str, ...]
    since: date | None
    until: date | None
    sort: str
    limit: int | None
    endpoint: str
    offline: bool = False

    def requests(self, window: Window) -> Iterator[Request]:
        """One for the query; with ids one for each hundred of them."""
        limit = window.limit or self.limit or PAGE
        query = self._query(window)
        for start in range(0, max(1, len(self.ids)), PAGE):
            ids = self.ids[start : start + PAGE]
            params = {
                "search_query": query,
                "id_list": ",".join(ids),
                "start": "0",
                "max_results": str(len(ids) or min(PAGE, limit)),
                "sortBy": SORTS[self.sort],
                "sortOrder": "descending",
            }
            params = {key: value for key, value in params.items() if value}
            yield Request(url=self.endpoint, params=params, gap=ARXIV_GAP)

    def parse(self, payload: bytes, request: Request) -> Batch:
        """The records of one page, and the request for the next while the feed counts more."""
        feed = _feed(payload, request)
        records: list[Record] = []
        problems: list[Problem] = []
        for number, entry in enumerate(feed.entries, 1):
            record = _record(entry)
            if record is None:
                fact = f"entry {number} ({_text(entry, 'id')[:60]}) has no arXiv id or no title"
                problems.append(left_out(request.where, fact))
            else:
                records.append(record)
        return Batch(
            records=tuple(records),
            problems=tuple(problems),
            following=_next_page(request, len(feed.entries), _total(feed)),
        )

    def _query(self, window: Window) -> str:
        """The query with the window's days, as arXiv writes ranges (GMT, minutes)."""
        since = window.since or self.since
        until = min(filter(None, (window.until, self.until)), default=None)
        if self.ids or not (since or until):
            return self.query
        first = f"{since:%Y%m%d}0000" if since else EARLIEST
        last = f"{until:%Y%m%d}2359" if until else "999912312359"
        return f"({self.query}) AND submittedDate:[{first} TO {last}]"


def open_arxiv(config: SourceConfig) -> Source:
    """The source with the options of site.yml. Raises BroadsheetError."""
    options = Options(config)
    values = {key: read(options, key) for key, read in _READERS.items()}
    way = next((way for way in ("feed", "archive") if options.given(way)), "query")
    _check_mixture(options, way)
    source = _OPENERS[way](options, values)
    options.finish()
    return source


_READERS: Mapping[str, Callable[[Options, str], Any]] = {
    "query": Options.text,
    "ids": Options.texts,
    "feed": Options.texts,
    "archive": Options.texts,
    "since": Options.day,
    "until": Options.day,
    "sort": lambda options, key: options.choice(key, tuple(SORTS), "submitted"),
    "replacements": Options.flag,
}


def _check_mixture(options: Options, way: str) -> None:
    """Notes every option that belongs to another way of asking."""
    own = _OWN_OPTIONS[way]
    for key in (key for key in _READERS if key not in own and options.given(key)):
        hint = f"with '{way}' go {', '.join(own[1:])}, limit, endpoint; make two sources of one"
        options.wrong(f"'{key}' does not go with '{way}'", hint)


def _open_query(options: Options, values: Mapping[str, Any]) -> Source:
    ids = values["ids"]
    for wrong in (each for each in ids if not arxiv_id(each)):
        options.wrong(f"'ids' holds {shown(wrong)}, which is not an arXiv id", "as in 2507.22565")
    if not options.given("query", "ids"):
        hint = 'add query: "cat:cs.RO" to the source, or feed: cs.RO, or archive: cs.RO'
        options.wrong("neither 'query' nor 'ids' is given", hint)
    return Arxiv(
        query=values["query"],
        ids=tuple(filter(None, map(arxiv_id, ids))),
        since=values["since"],
        until=values["until"],
        sort=values["sort"],
        limit=options.limit(None if ids else LIMIT),
        endpoint=options.url("endpoint", ENDPOINT),
    )


def _open_feed(options: Options, values: Mapping[str, Any]) -> Source:
    categories = values["feed"]
    for wrong in (each for each in categories if not CATEGORY.fullmatch(each)):
        options.wrong(f"'feed' holds {shown(wrong)}, which is not a category", "as in cs.AI")
    if not categories:
        options.wrong("'feed' names no category", "as in cs.AI")
    return ArxivFeed(
        categories=categories,
        replacements=values["replacements"],
        limit=options.limit(),
        endpoint=options.url("endpoint", FEEDS),
    )


def _open_archive(options: Options, values: Mapping[str, Any]) -> Source:
    archives = values["archive"]
    hint = "as in cs.CL, hep-th or physics:hep-th"
    for wrong in (each for each in archives if not set_of(each)):
        options.wrong(f"'archive' holds {shown(wrong)}, which is not a category or a set", hint)
    if not archives:
        options.wrong("'archive' names no category or set", hint)
    return ArxivArchive(
        sets=tuple(map(set_of, archives)),
        since=values["since"],
        until=values["until"],
        limit=options.limit(),
        endpoint=options.url("endpoint", ARCHIVE),
    )


_OPENERS: Mapping[str, Callable[[Options, Mapping[str, Any]], Source]] = {
    "query": _open_query,
    "feed": _open_feed,
    "archive": _open_archive,
}


def _feed(payload: bytes, request: Request) -> Any:
    """The Atom feed in an answer, whole and without an error in it. Raises BroadsheetError."""
    check_present(payload, request, "an Atom feed")
    text = parse_text(payload, request)
    if "<!DOCTYPE" in text:
        raise refused(request, "declares a DOCTYPE, which arXiv's feeds do not have")
    # Without the encoding it declares: feedparser would use any codec a stranger names.
    plain = io.BytesIO(_DECLARATION.sub('<?xml version="1.0"?>', text).encode())
    try:
        feed = feedparser.parse(plain, sanitize_html=False, resolve_relative_uris=False)
    except Exception as error:  # half a character as a reference, say, where the XML is not whole
        fact = f"makes feedparser fail: {clean_line(str(error))[:100]}"
        raise refused(request, fact, _AGAIN) from None
    if feed.bozo:
        raise refused(request, f"is not whole: {_fault(feed.bozo_exception)}", _AGAIN)
    if feed.version != "atom10":
        raise refused(request, "is not an Atom feed", "look at 'endpoint' in content/site.yml")
    for entry in feed.entries:
        if "/api/errors" in _text(entry, "id"):
            said = clean_line(_text(entry, "summary"))
            raise refused(request, f"answered with the error {shown(said)}", "look at 'query'")
    return feed


def _fault(error: Any) -> str:
    """What the XML parser says, with its line."""
    if hasattr(error, "getLineNumber"):
        place: str = f"{error.getMessage()} at line {error.getLineNumber()}"
        return place
    return clean_line(str(error))


def _total(feed: Any) -> int:
    """How many records the query has in all; 0 where the feed does not say."""
    text = _text(feed.feed, "opensearch_totalresults")
    return int(text) if text.isascii() and text.isdigit() else 0


def _next_page(request: Request, found: int, total: int) -> Request | None:
    """The page after one of `found` entries. Raises BroadsheetError for an empty page before the
    end: arXiv gives one now and then, and stopping there would lose papers."""
    start = int(request.params.get("start", "0"))
    if "id_list" in request.params or start + found >= total:
        return None
    if not found:
        raise refused(request, f"is empty though {total} papers are announced", _AGAIN)
    return replace(request, params={**request.params, "start": str(start + found)})


def _record(entry: Any) -> Record | None:
    """One paper, or None where it has no arXiv id or no title."""
    arxiv = arxiv_id(_text(entry, "id"))
    title = clean_line(_text(entry, "title"))
    if not arxiv or not title:
        return None
    doi = bare_doi(_text(entry, "arxiv_doi").strip().partition(" ")[0])
    abstract = abstract_text(_text(entry, "summary"))
    return Record(
        title=title,
        abstract=abstract,
        date=_day(_text(entry, "published")),
        authors=_authors(entry),
        arxiv=arxiv,
        doi=doi,
        links=paper_links(arxiv=arxiv, doi=doi),
        venue=clean_line(_text(entry, "arxiv_journal_ref")),
        categories=_categories(entry),
        version=version_of(_text(entry, "id")),
        withdrawn=says_withdrawn(_text(entry, "arxiv_comment"), abstract),
    )


def _authors(entry: Any) -> tuple[str, ...]:
    names = (clean_line(_text(author, "name")) for author in entry.get("authors", ()))
    return tuple(filter(None, names))


def _categories(entry: Any) -> tuple[str, ...]:
    """arXiv's own categories, the primary one first; MSC and ACM classes are left out."""
    primary = entry.get("arxiv_primary_category")
    tags = [primary if isinstance(primary, dict) else {}, *entry.get("tags", ())]
    return own_categories(_text(tag, "term") for tag in tags)


def _text(element: Any, key: str) -> str:
    """A text feedparser found, empty where it found none or something else."""
    value = element.get(key)
    return value if isinstance(value, str) else ""


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
