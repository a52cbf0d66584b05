"""dblp's search for publications: `GET /search/publ/api?q=…&format=json`, paged by `f` and `h`.

https://dblp.org/faq/13501473. All numbers are texts. `hits.hit` is a list, an object where there is
one, missing where there is none; so are `authors.author`, `venue` and `ee`. Titles end with a full
stop of dblp's own; namesakes have a number behind their name (`Wei Wang 0009`), which is taken off;
`&amp;` and the like stand for signs. There are no abstracts. Editorships are volumes, not papers,
and are passed over; withdrawn items are marked.

dblp knows the year only: a paper's date is its first of January. Days asked for therefore choose
years, and each year from the first on is a search of its own, newest first. Pure.

Options: `query` (in dblp's syntax: `graph neural author:Jure_Leskovec:`), `since`, `until` (their
years), `limit` (100), `endpoint`.
"""

import html
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from generator.config import SourceConfig
from generator.errors import Problem, shown
from generator.model import Link, Record
from generator.sources.answers import described, parse_json
from generator.sources.identifiers import arxiv_id, bare_doi, paper_links
from generator.sources.options import Options
from generator.sources.period import (
    Period,
    PeriodRequest,
    is_wanted,
    printed_period,
    wanted_period,
)
from generator.sources.source import Batch, Request, Window, left_out, refused
from generator.sources.values import as_number, as_object, as_text
from generator.text.plain import clean_line
from generator.text.safety import safe_url

ENDPOINT = "https://dblp.org"
LIMIT = 100
PAGE = 1000
"""Hits asked for at a time at most: what dblp gives at most."""
GAP = 2.0
"""Seconds between two requests: "at least one or two", https://dblp.org/faq/1474706."""
MOST_YEARS = 30
"""Searches by year at most; beyond, one search for all years, whose hits are sifted here."""

_NAMESAKE = re.compile(r"\s\d{4}$", re.ASCII)
_ARXIV_DOI = "10.48550/arxiv."
_KEY = re.compile(r"[\w/.+:-]{1,200}", re.ASCII)


class Dblp(Struct, frozen=True, kw_only=True):
    """A search."""

    query: str
    since: date | None
    until: date | None
    limit: int | None
    endpoint: str
    offline: bool = False

    def requests(self, window: Window) -> Iterator[Request]:
        """One for each year asked for, newest first; one alone without a first day."""
        period = wanted_period(window, self.since, self.until)
        most = min(PAGE, window.limit or self.limit or PAGE)
        for query in self._queries(period):
            yield PeriodRequest(
                url=f"{self.endpoint}/search/publ/api",
                params={"q": query, "format": "json", "c": "0", "f": "0", "h": str(most)},
                gap=GAP,
                period=period,
            )

    def parse(self, payload: bytes, request: Request) -> Batch:
        """The papers of one page, and the request for the next while more are counted."""
        hits, total = _hits(payload, request)
        records: list[Record] = []
        problems: list[Problem] = []
        for number, hit in enumerate(hits, 1):
            info = as_object(as_object(hit).get("info"))
            if as_text(info.get("type")) == "Editorship":
                continue
            record, period = _record(info)
            if record is None:
                fact = f"hit {number} ({shown(as_text(info.get('key'))[:80])}) has no title"
                problems.append(left_out(request.where, fact))
            elif is_wanted(request, period):
                records.append(record)
        following = _next_page(request, len(hits), total)
        if following is None and not hits and _first(request) < total:
            problems.append(_ended(request, total))
        return Batch(records=tuple(records), problems=tuple(problems), following=following)

    def _queries(self, period: Period) -> Iterator[str]:
        first, last = period.since, period.until
        if first is None or last is None or last.year - first.year >= MOST_YEARS:
            yield self.query
            return
        for year in range(last.year, first.year - 1, -1):
            yield f"{self.query} year:{year}:"


def open_dblp(config: SourceConfig) -> Dblp:
    """The source with the options of site.yml. Raises BroadsheetError."""
    options = Options(config)
    source = Dblp(
        query=options.text("query", required=True),
        since=options.day("since"),
        until=options.day("until"),
        limit=options.limit(LIMIT),
        endpoint=options.url("endpoint", ENDPOINT),
    )
    options.finish()
    return source


def _hits(payload: bytes, request: Request) -> tuple[list[Any], int]:
    """The hits of an answer, and how many there are on all pages. Raises BroadsheetError."""
    answer = parse_json(payload, request)
    result = answer.get("result") if isinstance(answer, dict) else None
    if not isinstance(result, dict):
        raise refused(request, f"holds {described(answer)} where dblp's 'result' is due")
    status = as_object(result.get("status"))
    if (code := as_text(status.get("@code"))) not in ("200", ""):
        said = clean_line(as_text(status.get("text")))
        raise refused(request, f"answered with the error {shown(f'{code} {said}')}")
    hits = result.get("hits")
    if not isinstance(hits, dict):
        raise refused(request, f"holds {described(hits)} where dblp's 'hits' are due")
    hit = hits.get("hit")
    if hit is not None and not isinstance(hit, list | dict):
        raise refused(request, f"holds {described(hit)} where a list of hits is due")
    return _listed(hit), as_number(hits.get("@total")) or 0


def _next_page(request: Request, found: int, total: int) -> Request | None:
    first = _first(request) + found
    if not found or first >= total:
        return None
    return replace(request, params={**request.params, "f": str(first)})


def _ended(request: Request, total: int) -> Problem:
    """dblp gives only so many hits of a search that finds too many."""
    fact = f"is empty though {total} papers are announced: stopped there"
    return Problem(where=request.where, fact=fact, hint="narrow the 'query', or give 'since'")


def _first(request: Request) -> int:
    return int(request.params.get("f", "0"))


def _record(info: Mapping[str, Any]) -> tuple[Record | None, Period | None]:
    """One paper, None without a title, and the year it is of."""
    title = _title(info.get("title"))
    if not title:
        return None, None
    period = printed_period(as_text(info.get("year")))
    pages = [as_text(each).strip() for each in _listed(info.get("ee"))]
    doi = next(filter(None, map(bare_doi, [as_text(info.get("doi")), *pages])), "")
    arxiv = next(filter(None, map(arxiv_id, [doi.removeprefix(_ARXIV_DOI), *pages])), "")
    doi = "" if doi.startswith(_ARXIV_DOI) else doi
    key = as_text(info.get("key"))
    record = Record(
        title=title,
        date=period.since if period else None,
        authors=tuple(_authors(info.get("authors"))),
        arxiv=arxiv,
        doi=doi,
        key=key if _KEY.fullmatch(key) else "",
        links=_links(pages, arxiv, doi, as_text(info.get("url"))),
        venue=clean_line(", ".join(filter(None, map(_line, _listed(info.get("venue")))))),
        withdrawn="withdrawn" in as_text(info.get("type")).lower(),
    )
    return record, period


def _links(pages: list[str], arxiv: str, doi: str, entry: str) -> tuple[Link, ...]:
    """The paper's page where it is published, and its file; dblp's own entry where it has none."""
    others = [page for page in pages if safe_url(page) and not bare_doi(page)]
    files = [page for page in others if page.lower().endswith(".pdf")]
    texts = [page for page in others if page not in files]
    page = "" if arxiv else next(iter(texts), "")
    return paper_links(
        arxiv=arxiv,
        doi=doi,
        abstract=page or ("" if doi or arxiv else entry),
        pdf=next(iter(files), ""),
    )


def _title(value: object) -> str:
    """The title without the full stop that dblp puts behind it."""
    title = _line(value)
    return title if title.endswith("..") else title.removesuffix(".")


def _authors(value: object) -> Iterator[str]:
    for author in _listed(as_object(value).get("author")):
        if name := _NAMESAKE.sub("", _line(author)):
            yield name


def _line(value: object) -> str:
    """A text, or the text of an object that says more about it, on one line."""
    text = as_text(value) or as_text(as_object(value).get("text"))
    return clean_line(html.unescape(text))


def _listed(value: object) -> list[Any]:
    """What dblp writes as a list where there are several, and bare where there is one."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]
