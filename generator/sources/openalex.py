"""OpenAlex: `GET /works` with a search, a filter or a list of ids, paged by cursor.

https://developers.openalex.org/api-reference/works. Reads `{meta, results: [work, …]}`, a single
work, and a bare list of works; a work may lack any key, as with `select`. The abstract comes as an
index (word → positions) and is put back in order; a publication year alone is 1 January of it.
Titles and abstracts may hold HTML and JATS. `is_retracted` is a withdrawn paper. The organization
is the institution that more than half of the authors share: OpenAlex names none for the paper. A
list shows the first 100 authors of a work only. Pure.

Politeness: 100 requests a second are allowed, and without a key (Broadsheet has none) about 100
pages of a filter or 10 of a search a day; the service answers 429 beyond
(https://developers.openalex.org/api-reference/authentication). A gap of 0.1 s was what it asked
of everybody before.

Options: `query` (full text) and/or `filter` (OpenAlex's own: `primary_location.source.id:S…`); or
`ids` (`W…` or DOIs); or `path` (a saved answer). `since`, `until` (by publication; not for `ids`),
`limit` (100), `sort` (published, relevance), `endpoint`.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from generator.config import SourceConfig
from generator.errors import shown
from generator.model import Record
from generator.sources.answers import described, parse_json
from generator.sources.identifiers import bare_doi, paper_links
from generator.sources.options import Options
from generator.sources.period import Period, PeriodRequest, wanted_period
from generator.sources.source import Batch, Request, Window, refused
from generator.sources.values import (
    as_day,
    as_list,
    as_number,
    as_object,
    as_objects,
    as_text,
    first_day,
)
from generator.sources.works import (
    LIMIT,
    IdsRequest,
    check_ways,
    named,
    paper_names,
    parts,
    period_of,
    printed_venue,
    read_works,
    refuse_error,
    refuse_hole,
    unanswered,
)
from generator.text.markup import markup_line, markup_text
from generator.text.plain import clean_line, clean_lines

ENDPOINT = "https://api.openalex.org"
PAGE = 100
"""Works asked for at a time, the most the API gives."""
MOST_IDS = 50
"""Ids asked for at a time: the API takes 100, a URL of long DOIs does not."""
GAP = 0.1
SORTS = {"published": "publication_date:desc", "relevance": "relevance_score:desc"}
FIELDS = (
    "id,doi,title,display_name,publication_date,publication_year,authorships,primary_location,"
    "best_oa_location,locations,abstract_inverted_index,keywords,is_retracted"
)

_ID = re.compile(
    r"(?:https?://openalex\.org/(?:works/)?)?(W[1-9]\d{0,15})", re.IGNORECASE | re.ASCII
)


class OpenAlex(Struct, frozen=True, kw_only=True):
    """A search, a filter, a list of works, or a saved answer."""

    query: str
    filter: str
    ids: tuple[str, ...]
    dois: tuple[str, ...]
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
        """One for a search; one for each fifty works of a list."""
        days = wanted_period(window, self.since, self.until)
        if self.path:
            yield PeriodRequest(path=self.path, period=days)
        elif self.ids or self.dois:
            for key, names in (("openalex", self.ids), ("doi", self.dois)):
                for some in parts(names, MOST_IDS):
                    params = {"filter": f"{key}:{'|'.join(some)}"}
                    yield IdsRequest(ids=some, **self._asked(params, PAGE))
        else:
            params = self._search(days) | {"cursor": "*"}
            yield Request(**self._asked(params, window.limit or self.limit or LIMIT))

    def parse(self, payload: bytes, request: Request) -> Batch:
        """The records of one page, and the request for the next while there is one."""
        answer = parse_json(payload, request)
        works = _works(answer, request)
        meta = as_object(as_object(answer).get("meta"))
        cursor = as_text(meta.get("next_cursor"))
        refuse_hole(works, as_number(meta.get("count")), request)
        following = None
        if works and cursor and "cursor" in request.params:
            following = replace(request, params={**request.params, "cursor": cursor})
        batch = read_works(works, request, _record, period=_period, following=following)
        missing = unanswered(request, _names(works))
        return replace(batch, problems=batch.problems + missing)

    def _search(self, days: Period) -> dict[str, str]:
        """The parameters that say which works are meant, and in which order they come."""
        filters = (
            self.filter,
            f"from_publication_date:{days.since}" if days.since else "",
            f"to_publication_date:{days.until}" if days.until else "",
        )
        params = {"search": self.query, "filter": ",".join(filter(None, filters))}
        return {"sort": SORTS[self.sort]} | {key: value for key, value in params.items() if value}

    def _asked(self, params: Mapping[str, str], limit: int) -> dict[str, Any]:
        page = {"select": FIELDS, "per_page": str(min(PAGE, limit))}
        return {"url": f"{self.endpoint}/works", "params": {**params, **page}, "gap": GAP}


def open_openalex(config: SourceConfig) -> OpenAlex:
    """The source with the options of site.yml. Raises BroadsheetError."""
    options = Options(config)
    ids = options.texts("ids")
    source = OpenAlex(
        query=options.text("query"),
        filter=options.text("filter"),
        ids=tuple(found[1].upper() for found in map(_ID.fullmatch, ids) if found),
        dois=tuple(filter(None, map(bare_doi, ids))),
        path=options.path("path"),
        since=options.day("since"),
        until=options.day("until"),
        sort=options.choice("sort", tuple(SORTS), "published"),
        limit=options.limit(None if options.given("ids", "path") else LIMIT),
        endpoint=options.url("endpoint", ENDPOINT),
    )
    for wrong in ids:
        if not (_ID.fullmatch(wrong) or bare_doi(wrong)):
            fact = f"'ids' holds {shown(wrong)}, which is neither an OpenAlex id nor a DOI"
            options.wrong(fact, "as in W3161425918 or 10.1038/s41586-021-03534-y")
        elif set(bare_doi(wrong)) & set(",|"):
            options.wrong(f"'ids' holds {shown(wrong)}: OpenAlex cannot be asked for such a DOI")
    if source.sort == "relevance" and not source.query:
        options.wrong("'sort' is 'relevance' without a 'query'", "relevance is to a query")
    check_ways(options, ("query", "filter"), ("ids",), ("path",))
    options.finish()
    return source


def _works(answer: Any, request: Request) -> list[Any]:
    """The works of an answer. Raises BroadsheetError."""
    refuse_error(answer, request, "message", "error")
    if isinstance(answer, list):
        return answer
    results = as_object(answer).get("results")
    if isinstance(results, list):
        return results
    if {"id", "authorships"} <= as_object(answer).keys():
        return [answer]
    raise refused(request, f"holds {described(answer)} where a list of works is due")


def _names(works: list[Any]) -> Iterator[str]:
    """What each work could have been asked for by."""
    for work in works:
        yield as_text(as_object(work).get("id")).rpartition("/")[2]
        yield bare_doi(as_text(as_object(work).get("doi")))


def _record(work: Mapping[str, Any]) -> Record | str:
    """One paper, or what it lacks."""
    title = markup_line(as_text(work.get("title")) or as_text(work.get("display_name")))
    if not title:
        return named("has no title", work.get("doi"), work.get("id"))
    places = _places(work)
    pages = [as_text(place.get("landing_page_url")) for place in places]
    arxiv, doi = paper_names(as_text(work.get("doi")), *pages)
    found = _ID.fullmatch(as_text(work.get("id")))
    authorships = as_objects(work.get("authorships"))
    return Record(
        title=title,
        abstract=markup_text(_in_order(work.get("abstract_inverted_index"))),
        date=as_day(work.get("publication_date")) or first_day(work.get("publication_year")),
        authors=tuple(clean_lines(map(_author, authorships))),
        organization=_shared_institution(authorships),
        arxiv=arxiv,
        doi=doi,
        key=found[1].upper() if found and not (arxiv or doi) else "",
        links=paper_links(
            arxiv=arxiv,
            doi=doi,
            abstract="" if arxiv else _abstract_page(pages, doi, found),
            pdf="" if arxiv else _pdf(places),
        ),
        venue=printed_venue(*_venues(work)),
        keywords=tuple(dict.fromkeys(clean_lines(map(_keyword, as_list(work.get("keywords")))))),
        withdrawn=work.get("is_retracted") is True,
    )


def _period(work: Mapping[str, Any]) -> Period | None:
    return period_of(work.get("publication_date"), work.get("publication_year"))


def _places(work: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Where the work can be read, the publisher's own place first."""
    named_places = [work.get("primary_location"), work.get("best_oa_location")]
    return as_objects([*named_places, *as_list(work.get("locations"))])


def _in_order(index: object) -> str:
    """The abstract of an inverted index. Of two words at one position the first counts."""
    words: dict[int, str] = {}
    for word, positions in as_object(index).items():
        for position in map(as_number, as_list(positions)):
            if position is not None:
                words.setdefault(position, word)
    return " ".join(words[position] for position in sorted(words))


def _author(authorship: Mapping[str, Any]) -> str:
    name = as_text(as_object(authorship.get("author")).get("display_name"))
    return name if clean_line(name) else as_text(authorship.get("raw_author_name"))


def _shared_institution(authorships: list[Mapping[str, Any]]) -> str:
    """The institution of more than half of the authors, empty where there is none."""
    authors: Counter[str] = Counter()
    for authorship in authorships:
        names = (
            as_text(each.get("display_name")) for each in as_objects(authorship.get("institutions"))
        )
        authors.update(set(clean_lines(names)))
    name, count = max(authors.items(), key=lambda item: (item[1], item[0]), default=("", 0))
    return name if 2 * count > len(authorships) else ""


def _abstract_page(pages: list[str], doi: str, found: re.Match[str] | None) -> str:
    """The first page that is not only the DOI again; OpenAlex's own where there is no DOI."""
    page = next((page for page in pages if page and not bare_doi(page)), "")
    return page or ("" if doi or not found else f"https://openalex.org/{found[1].upper()}")


def _pdf(places: list[Mapping[str, Any]]) -> str:
    return next(filter(None, (as_text(place.get("pdf_url")) for place in places)), "")


def _venues(work: Mapping[str, Any]) -> Iterator[str]:
    """Names of the venue, the best first; before 2023 it was called `host_venue`."""
    place = as_object(work.get("primary_location"))
    yield as_text(as_object(place.get("source")).get("display_name"))
    yield as_text(place.get("raw_source_name"))
    yield as_text(as_object(work.get("host_venue")).get("display_name"))


def _keyword(keyword: object) -> str:
    """A keyword's name; before 2024 its key was `keyword`."""
    value = as_object(keyword)
    return as_text(value.get("display_name")) or as_text(value.get("keyword"))
