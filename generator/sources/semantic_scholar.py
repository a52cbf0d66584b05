"""Semantic Scholar's Graph API: searches, and papers by id.

https://api.semanticscholar.org/api-docs/graph. Asked are `paper/search/bulk` (newest first, pages
by `token`; the query may use + | - "" * and brackets), `paper/search` (by relevance, pages by
`offset`, 1,000 papers at most) and `paper/ID`. Read are these, the bare lists of `paper/batch`
(null for an id it does not know), and `citedPaper`/`citingPaper` as in lists of references. Any
value may be null. A publication year alone is 1 January of it; `tldr` is the summary. Pure.

Politeness: one request a second. Without a key (Broadsheet has none) all the world shares one
allowance, and 429 is common; a key's is one request a second
(https://www.semanticscholar.org/product/api), which we keep too.

Options: `query` and/or `venue` (one or several names) and/or `year` ("2024", "2023-2025", "2024-");
or `ids` (paperIds, `CorpusId:…`, DOIs, arXiv ids); or `path` (a saved answer). `since`, `until` (by
publication; not for `ids`), `limit` (100), `sort` (published, relevance), `endpoint`.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from generator.config import SourceConfig
from generator.errors import shown
from generator.model import Record
from generator.sources.answers import described, parse_json
from generator.sources.identifiers import arxiv_id, bare_doi, paper_links
from generator.sources.options import Options
from generator.sources.period import Period, PeriodRequest, wanted_period
from generator.sources.source import Batch, Request, Window, refused
from generator.sources.values import (
    as_day,
    as_number,
    as_object,
    as_objects,
    as_text,
    first_day,
)
from generator.sources.works import (
    LIMIT,
    check_ways,
    named,
    paper_names,
    period_of,
    printed_venue,
    read_works,
    refuse_error,
)
from generator.text.markup import markup_line, markup_text
from generator.text.plain import clean_line, clean_lines

ENDPOINT = "https://api.semanticscholar.org/graph/v1"
PAGE = 100
"""Papers asked for at a time by relevance, the most the API gives; a bulk page is always 1,000."""
MOST_RANKED = 1_000
"""Papers the API ranks by relevance."""
GAP = 1.0
SORTS = ("published", "relevance")
FIELDS = (
    "title,abstract,authors,year,publicationDate,venue,publicationVenue,journal,externalIds,"
    "corpusId,openAccessPdf,url"
)
RANKED_FIELDS = f"{FIELDS},tldr"
"""A bulk search gives no summaries."""

_YEARS = re.compile(r"\d{4}(-(\d{4})?)?|-\d{4}", re.ASCII)
_OWN_ID = re.compile(r"[0-9a-f]{40}|corpusid:[1-9]\d{0,15}", re.IGNORECASE | re.ASCII)


class SemanticScholar(Struct, frozen=True, kw_only=True):
    """A search, a list of papers, or a saved answer."""

    query: str
    venues: tuple[str, ...]
    year: str
    ids: tuple[str, ...]
    """As the API names them: `DOI:…`, `ARXIV:…`."""
    path: str
    since: date | None
    until: date | None
    sort: str
    limit: int | None
    endpoint: str

    @property
    def offline(self) -> bool:
        return bool(self.path)

    def requests(self, window: Window) -> Iterator[Request]:
        """One for a search; one for each paper of a list, which may be unknown."""
        days = wanted_period(window, self.since, self.until)
        if self.path:
            yield PeriodRequest(path=self.path, period=days)
        elif self.ids:
            for name in self.ids:
                url = f"{self.endpoint}/paper/{quote(name, safe=':/')}"
                params = {"fields": RANKED_FIELDS}
                yield Request(url=url, params=params, gap=GAP, absent=(404,))
        else:
            yield self._search(days, window.limit or self.limit or LIMIT)

    def parse(self, payload: bytes, request: Request) -> Batch:
        """The records of one page, and the request for the next while there is one."""
        answer = parse_json(payload, request)
        papers = list(_papers(answer, request))
        following = _next_page(as_object(answer), request)
        return read_works(papers, request, _record, period=_period, following=following)

    def _search(self, days: Period, limit: int) -> Request:
        span = f"{days.since or ''}:{days.until or ''}"
        params = {
            "query": self.query,
            "venue": ",".join(self.venues),
            "year": self.year,
            "publicationDateOrYear": "" if span == ":" else span,
        }
        params = {key: value for key, value in params.items() if value}
        if self.sort == "published":
            params |= {"fields": FIELDS, "sort": "publicationDate:desc"}
            return Request(url=f"{self.endpoint}/paper/search/bulk", params=params, gap=GAP)
        params |= {"fields": RANKED_FIELDS, "offset": "0", "limit": str(min(PAGE, limit))}
        return Request(url=f"{self.endpoint}/paper/search", params=params, gap=GAP)


def open_semantic_scholar(config: SourceConfig) -> SemanticScholar:
    """The source with the options of site.yml. Raises BroadsheetError."""
    options = Options(config)
    ids = options.texts("ids")
    source = SemanticScholar(
        query=options.text("query"),
        venues=options.texts("venue"),
        year=options.text("year"),
        ids=tuple(filter(None, map(_api_name, ids))),
        path=options.path("path"),
        since=options.day("since"),
        until=options.day("until"),
        sort=options.choice("sort", SORTS, "published"),
        limit=options.limit(None if options.given("ids", "path") else LIMIT),
        endpoint=options.url("endpoint", ENDPOINT),
    )
    for wrong in (each for each in ids if not _api_name(each)):
        fact = f"'ids' holds {shown(wrong)}, which is no paperId, CorpusId, DOI or arXiv id"
        options.wrong(fact, "as in CorpusId:470667 or 10.2139/ssrn.2250500")
    for wrong in (each for each in source.venues if "," in each):
        hint = "leave out what stands after the comma, or give the venue's short name"
        options.wrong(f"'venue' holds {shown(wrong)}, and a comma parts two venues", hint)
    if source.year and not _YEARS.fullmatch(source.year):
        options.wrong(f"'year' is {shown(source.year)}", 'as in "2024", "2023-2025" or "2024-"')
    if source.sort == "relevance" and not source.query:
        options.wrong("'sort' is 'relevance' without a 'query'", "relevance is to a query")
    check_ways(options, ("query", "venue", "year"), ("ids",), ("path",))
    options.finish()
    return source


def _api_name(text: str) -> str:
    """An id as the API wants it, empty where it is none."""
    if _OWN_ID.fullmatch(text):
        return text
    if arxiv := arxiv_id(text):
        return f"ARXIV:{arxiv}"
    return f"DOI:{doi}" if (doi := bare_doi(text)) else ""


def _papers(answer: Any, request: Request) -> Iterator[object]:
    """The papers of an answer, out of what they are wrapped in. Raises BroadsheetError."""
    refuse_error(answer, request, "error", "message")
    value = as_object(answer)
    listed = answer if isinstance(answer, list) else value.get("data")
    if "paperId" in value:
        listed = [value]
    if value.get("total") == 0 and listed is None:
        listed = []
    if not isinstance(listed, list):
        raise refused(request, f"holds {described(answer)} where papers are due")
    for each in listed:
        paper = as_object(each)
        wrapped = paper.get("citedPaper") or paper.get("citingPaper")
        yield each if wrapped is None else wrapped


def _next_page(answer: Mapping[str, Any], request: Request) -> Request | None:
    """The page after this one: by its token, or by its offset while the API ranks that far."""
    token, offset = as_text(answer.get("token")), as_number(answer.get("next"))
    if token and request.url.endswith("/bulk"):
        return replace(request, params={**request.params, "token": token})
    if offset is None or "offset" not in request.params:
        return None
    size = min(int(request.params["limit"]), MOST_RANKED - offset)
    if offset <= int(request.params["offset"]) or size < 1:
        return None
    page = {"offset": str(offset), "limit": str(size)}
    return replace(request, params={**request.params, **page})


def _record(paper: Mapping[str, Any]) -> Record | str:
    """One paper, or what it lacks."""
    title = markup_line(as_text(paper.get("title")))
    if not title:
        return named("has no title", paper.get("paperId"))
    names = as_object(paper.get("externalIds"))
    arxiv, doi = paper_names(as_text(names.get("DOI")), as_text(names.get("ArXiv")))
    pdf = as_text(as_object(paper.get("openAccessPdf")).get("url"))
    return Record(
        title=title,
        abstract=markup_text(as_text(paper.get("abstract"))),
        date=as_day(paper.get("publicationDate")) or first_day(paper.get("year")),
        authors=tuple(
            clean_lines(as_text(a.get("name")) for a in as_objects(paper.get("authors")))
        ),
        arxiv=arxiv,
        doi=doi,
        key="" if arxiv or doi else _key(paper, names),
        links=paper_links(
            arxiv=arxiv,
            doi=doi,
            abstract="" if arxiv else _page(paper, doi),
            pdf="" if arxiv or bare_doi(pdf) else pdf,
        ),
        venue=printed_venue(*_venues(paper)),
        summary=clean_line(as_text(as_object(paper.get("tldr")).get("text"))),
    )


def _period(paper: Mapping[str, Any]) -> Period | None:
    return period_of(paper.get("publicationDate"), paper.get("year"))


def _page(paper: Mapping[str, Any], doi: str) -> str:
    """The paper's page at Semantic Scholar; made from its id only where there is no DOI."""
    name = as_text(paper.get("paperId"))
    known = _OWN_ID.fullmatch(name) and not doi
    made = f"https://www.semanticscholar.org/paper/{name}" if known else ""
    return as_text(paper.get("url")) or made


def _key(paper: Mapping[str, Any], names: Mapping[str, Any]) -> str:
    """`CorpusId:…`, which stays when Semantic Scholar merges papers; else its paperId."""
    corpus = as_number(paper.get("corpusId")) or as_number(names.get("CorpusId"))
    return f"CorpusId:{corpus}" if corpus else clean_line(as_text(paper.get("paperId")))[:100]


def _venues(paper: Mapping[str, Any]) -> Iterator[str]:
    """Names of the venue, the best first."""
    yield as_text(paper.get("venue"))
    yield as_text(as_object(paper.get("publicationVenue")).get("name"))
    journal = as_text(as_object(paper.get("journal")).get("name"))
    yield "" if journal.startswith("arXiv: ") else journal
