"""Crossref: `GET /works` with a query, a filter or a list of DOIs, paged by cursor; and CSL JSON.

https://api.crossref.org/swagger-ui/index.html; what stands in a work:
https://github.com/CrossRef/rest-api-doc/blob/master/api_format.md. Reads `{message: {items: […]}}`,
`{message: {a work}}`, and CSL JSON as content negotiation and reference managers give it (a work or
a list of works, a title as a text, issued as `raw`). Titles are lists, the subtitle follows after a
colon; abstracts are JATS. Pure.

The date is the first of the dates of publication; a less precise one (a year alone is 1 January of
it, a month alone its first day) gives way to one inside it, and at last to the day the DOI was
made, if that is inside it. A work without any has no date. Left out: what has no title, as
components have none, and notices (`update-to`: corrections, retractions) of another work. A work is
withdrawn where `updated-by`, or an `update-to` of itself, says so.

Politeness: one request a second, since a query for lists is what Crossref limits most; the client
heeds the rate it answers with besides
(https://www.crossref.org/documentation/retrieve-metadata/rest-api/access-and-authentication/).

Options: `query`, `venue` (a journal's name or ISSN) and/or `filter` (Crossref's own:
`type:journal-article,has-abstract:1`); or `ids` (DOIs); or `path` or `url` (a saved answer, CSL
JSON). `since`, `until` (by publication; not for `ids`), `limit` (100), `sort` (relevance with a
query, else published), `endpoint`.
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
from generator.sources.identifiers import bare_doi, paper_links
from generator.sources.options import Options
from generator.sources.period import Period, PeriodRequest, printed_period, wanted_period
from generator.sources.source import Batch, Request, Window, refused
from generator.sources.values import (
    as_list,
    as_number,
    as_object,
    as_objects,
    as_text,
    as_texts,
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

ENDPOINT = "https://api.crossref.org"
PAGE = 100
"""Works asked for at a time; the API gives up to 1,000, which with their references are large."""
MOST_IDS = 50
"""DOIs in one request: a URL has its length."""
GAP = 1.0
SORTS = ("relevance", "published")

_ISSN = re.compile(r"\d{4}-\d{3}[\dXx]", re.ASCII)
_VERSION = re.compile(r"v?([1-9]\d{0,3})", re.IGNORECASE | re.ASCII)
_WITHDRAWING = frozenset(("removal", "retraction", "withdrawal"))
_NOTICES = _WITHDRAWING | {
    "addendum",
    "clarification",
    "correction",
    "corrigendum",
    "erratum",
    "expression_of_concern",
    "partial_retraction",
}
_PUBLISHED = ("issued", "published", "published-online", "published-print", "posted")
_HOSTED = frozenset(("posted-content", "dissertation", "report"))


class Crossref(Struct, frozen=True, kw_only=True):
    """A query, a filter, a list of DOIs, or a file."""

    query: str
    venue: str
    filter: str
    ids: tuple[str, ...]
    path: str
    url: str
    since: date | None
    until: date | None
    sort: str
    limit: int | None
    endpoint: str

    @property
    def offline(self) -> bool:
        return bool(self.path)

    def requests(self, window: Window) -> Iterator[Request]:
        """One for a query or a file; one for each fifty DOIs of a list, and one of its own for a
        DOI with a comma, which parts the values of a filter."""
        days = wanted_period(window, self.since, self.until)
        if self.path or self.url:
            yield PeriodRequest(path=self.path, url=self.url, period=days)
        elif self.ids:
            plain = [doi for doi in self.ids if "," not in doi]
            for some in parts(plain, MOST_IDS):
                values = ",".join(f"doi:{doi}" for doi in some)
                yield IdsRequest(ids=some, **self._asked({"filter": values}, PAGE))
            for doi in self.ids:
                if "," in doi:
                    url = f"{self.endpoint}/works/{quote(doi, safe='')}"
                    yield Request(url=url, gap=GAP, absent=(404,))
        else:
            params = self._search(days) | {"cursor": "*"}
            yield Request(**self._asked(params, window.limit or self.limit or LIMIT))

    def parse(self, payload: bytes, request: Request) -> Batch:
        """The records of one page, and the request for the next while there is one."""
        answer = parse_json(payload, request)
        works = _works(answer, request)
        message = as_object(as_object(answer).get("message"))
        cursor = as_text(message.get("next-cursor"))
        refuse_hole(works, as_number(message.get("total-results")), request)
        following = None
        # The last page is a short one; Crossref gives a cursor all the same.
        if cursor and "cursor" in request.params and len(works) >= int(request.params["rows"]):
            following = replace(request, params={**request.params, "cursor": cursor})
        batch = read_works(works, request, _record, period=_period, following=following)
        came = (bare_doi(as_text(as_object(work).get("DOI"))) for work in works)
        return replace(batch, problems=batch.problems + unanswered(request, came))

    def _search(self, days: Period) -> dict[str, str]:
        """The parameters that say which works are meant, and in which order they come."""
        issn = _ISSN.fullmatch(self.venue)
        filters = (
            self.filter,
            f"issn:{self.venue}" if issn else "",
            f"from-pub-date:{days.since}" if days.since else "",
            f"until-pub-date:{days.until}" if days.until else "",
        )
        params = {
            "query": self.query,
            "query.container-title": "" if issn else self.venue,
            "filter": ",".join(filter(None, filters)),
            "sort": self.sort,
            "order": "desc",
        }
        return {key: value for key, value in params.items() if value}

    def _asked(self, params: Mapping[str, str], limit: int) -> dict[str, Any]:
        rows = {"rows": str(min(PAGE, limit))}
        return {"url": f"{self.endpoint}/works", "params": {**params, **rows}, "gap": GAP}


def open_crossref(config: SourceConfig) -> Crossref:
    """The source with the options of site.yml. Raises BroadsheetError."""
    options = Options(config)
    ids = options.texts("ids")
    query = options.text("query")
    source = Crossref(
        query=query,
        venue=options.text("venue"),
        filter=options.text("filter"),
        ids=tuple(filter(None, map(bare_doi, ids))),
        path=options.path("path"),
        url=options.url("url"),
        since=options.day("since"),
        until=options.day("until"),
        sort=options.choice("sort", SORTS, "relevance" if query else "published"),
        limit=options.limit(None if options.given("ids", "path", "url") else LIMIT),
        endpoint=options.url("endpoint", ENDPOINT),
    )
    for wrong in (each for each in ids if not bare_doi(each)):
        options.wrong(f"'ids' holds {shown(wrong)}, which is not a DOI", "a DOI begins with 10.")
    check_ways(options, ("query", "venue", "filter"), ("ids",), ("path",), ("url",))
    options.finish()
    return source


def _works(answer: Any, request: Request) -> list[Any]:
    """The works of an answer. Raises BroadsheetError."""
    if isinstance(answer, list):
        return answer
    value = as_object(answer)
    if value.get("status") not in (None, "ok"):
        faults = as_objects(value.get("message"))
        said = next(filter(None, (as_text(fault.get("message")) for fault in faults)), "failed")
        refuse_error({"error": said}, request, "error")
    refuse_error(answer, request, "error")
    message = value.get("message", value)
    if isinstance(message, dict):
        if isinstance(message.get("items"), list):
            return as_list(message["items"])
        if {"DOI", "title", "issued"} & message.keys():
            return [message]
    raise refused(request, f"holds {described(answer)} where works are due")


def _record(work: Mapping[str, Any]) -> Record | str:
    """One paper, or what keeps it from being one."""
    kind = clean_line(as_text(work.get("type")))
    title = _title(work)
    if not title:
        return named(f"has no title{f' and is a {kind[:40]}' if kind else ''}", work.get("DOI"))
    page = as_text(as_object(as_object(work.get("resource")).get("primary")).get("URL"))
    page = page or as_text(work.get("URL"))
    arxiv, doi = paper_names(as_text(work.get("DOI")), page)
    notice = _notice(work, doi)
    if notice:
        return named(f"is a notice of {notice}, not a paper", doi)
    hosts = " / ".join(_institutions(work)) if kind in _HOSTED else ""
    posted = kind == "posted-content"
    return Record(
        title=title,
        abstract=markup_text(as_text(work.get("abstract"))),
        date=_day(work),
        authors=tuple(clean_lines(map(_author, as_objects(work.get("author"))))),
        organization="" if posted else hosts,
        arxiv=arxiv,
        doi=doi,
        key="" if arxiv or doi else clean_line(as_text(work.get("id")))[:100],
        links=paper_links(
            arxiv=arxiv,
            doi=doi,
            abstract="" if arxiv or bare_doi(page) else page,
            pdf="" if arxiv else _pdf(work),
        ),
        venue=printed_venue(*_venues(work), hosts if posted else ""),
        keywords=_keywords(work),
        version=_version(work),
        withdrawn=_is_withdrawn(work, doi),
    )


def _title(work: Mapping[str, Any]) -> str:
    """The title, and after a colon the subtitle, unless the title has it already."""
    title, subtitle = (
        next(filter(None, map(markup_line, as_texts(work.get(key)))), "")
        for key in ("title", "subtitle")
    )
    if not title or not subtitle or subtitle.casefold() in title.casefold():
        return title
    return f"{title} {subtitle}" if title[-1] in ":?!." else f"{title}: {subtitle}"


def _author(author: Mapping[str, Any]) -> str:
    """A person as "Given Family", with what stands before and after the family name; a group by
    its name."""
    keys = ("given", "dropping-particle", "non-dropping-particle", "family", "suffix")
    person = " ".join(filter(None, (markup_line(as_text(author.get(key))) for key in keys)))
    return person or markup_line(as_text(author.get("name")) or as_text(author.get("literal")))


def _institutions(work: Mapping[str, Any]) -> list[str]:
    """Who hosts a preprint, or gave a report or a thesis its place."""
    given = work.get("institution")
    places = [given] if isinstance(given, dict) else as_objects(given)
    return clean_lines(as_text(place.get("name")) for place in places)


def _venues(work: Mapping[str, Any]) -> Iterator[str]:
    """Names of the venue, the best first."""
    yield from map(markup_line, as_texts(work.get("container-title")))
    yield markup_line(as_text(as_object(work.get("event")).get("name")))


def _keywords(work: Mapping[str, Any]) -> tuple[str, ...]:
    """Crossref's subjects (until 2024), or the keywords of CSL, parted by commas or semicolons."""
    words = re.split("[,;]", as_text(work.get("keyword")))
    return tuple(dict.fromkeys(clean_lines([*as_texts(work.get("subject")), *words])))


def _pdf(work: Mapping[str, Any]) -> str:
    """The link that says it is a PDF; others may be for machines that check similarity."""
    links = as_objects(work.get("link"))
    found = (as_text(e.get("URL")) for e in links if e.get("content-type") == "application/pdf")
    return next(found, "")


def _version(work: Mapping[str, Any]) -> int | None:
    """The version of a preprint, `{"version": "v2"}`."""
    found = _VERSION.fullmatch(as_text(as_object(work.get("version")).get("version")).strip())
    return int(found[1]) if found else None


def _notice(work: Mapping[str, Any], doi: str) -> str:
    """What a work gives notice of, where it is only a notice of another one."""
    updates = as_objects(work.get("update-to"))
    kinds = (_kind(e) for e in updates if bare_doi(as_text(e.get("DOI"))) != doi)
    return next((kind.replace("_", " ") for kind in kinds if kind in _NOTICES), "")


def _is_withdrawn(work: Mapping[str, Any], doi: str) -> bool:
    own = [e for e in as_objects(work.get("update-to")) if bare_doi(as_text(e.get("DOI"))) == doi]
    return any(_kind(e) in _WITHDRAWING for e in (*as_objects(work.get("updated-by")), *own))


def _kind(update: Mapping[str, Any]) -> str:
    return re.sub(r"[\s-]+", "_", as_text(update.get("type")).strip().lower())


def _day(work: Mapping[str, Any]) -> date | None:
    """The first day of publication."""
    period = _period(work)
    return period.since if period else None


def _period(work: Mapping[str, Any]) -> Period | None:
    """The days of first publication, as precise as the work's dates together are."""
    dates = [found for key in _PUBLISHED if (found := _parts(work.get(key)))]
    if not dates:
        return _written(work.get("issued"))
    first = min(dates, key=_start)
    made = _parts(work.get("created"))
    inside = [each for each in dates if each[: len(first)] == first]
    best = min(inside, key=lambda each: (-len(each), each))
    year, *rest = made if len(best) < 3 and made[: len(best)] == best else best
    if len(rest) == 2:
        return period_of(f"{year:04}-{rest[0]:02}-{rest[1]:02}")
    return printed_period(f"{year:04}", *map(str, rest))


def _parts(value: object) -> tuple[int, ...]:
    """The parts of a date that make one, `(2018, 11, 3)`, `(2019,)`; none where there is no year.
    CSL writes them as texts now and then."""
    given = next(iter(as_list(as_object(value).get("date-parts"))), None)
    numbers: tuple[int, ...] = ()
    for part in as_list(given)[:3]:
        number = as_number(part)
        if not number or not _is_date((*numbers, number)):
            break
        numbers = (*numbers, number)
    return numbers


def _is_date(numbers: tuple[int, ...]) -> bool:
    try:
        _start(numbers)
    except (ValueError, OverflowError):
        return False
    return True


def _start(numbers: tuple[int, ...]) -> date:
    """The first day of a year, a month or a day. Raises ValueError or OverflowError."""
    year, month, day = (*numbers, 1, 1)[:3]
    return date(year, month, day)


def _written(value: object) -> Period | None:
    """The day, or the year, of CSL's `{"raw": "2020-05-01"}` or `{"literal": "2020"}`."""
    texts = [as_text(as_object(value).get(key)).strip() for key in ("raw", "literal")]
    return next(filter(None, (period_of(text, text) for text in texts)), None)
