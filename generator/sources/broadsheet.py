"""Another Broadsheet: the static JSON under its `/api/`, as that page of any one describes it.

Without `since` one file is read: `/api/daily_papers.json` (its newest 50 papers), or with `topic`
`/api/topics/SLUG.json` (the topic's newest 100). With `since`, in the options or from the pull,
`/api/index.json` says which days there are, and `/api/days/YYYY-MM-DD.json` of each is read, newest
first; with `topic` only papers of it count. At most 900 days a pull: the rest is told, and
`until` reaches it.

An item has the field names of Hugging Face's daily_papers, and Broadsheet's own: `authorCount`,
links, venue, categories, featured. A paper keeps its id. Its topics are taken over only with
`topics: true`. A value of another type than documented counts as missing; an item without a title
is left out. The abstract comes as that site shows it, formulas as far as Unicode goes. Pure.

Options: `url` (of the site's start page), `topic`, `since`, `until`, `limit`, `topics`.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from generator.config import SourceConfig
from generator.errors import Problem, shown
from generator.model import LINK_KINDS, Record
from generator.sources.answers import described, parse_json
from generator.sources.identifiers import arxiv_id, bare_doi, paper_links
from generator.sources.options import Options
from generator.sources.period import Period, wanted_period
from generator.sources.source import Batch, Request, Window, left_out, refused
from generator.sources.values import as_day, as_number, as_object, as_objects, as_text, as_texts
from generator.text.plain import clean_line, clean_lines, clean_text
from generator.text.slug import is_paper_slug

MOST_DAYS = 900
"""Days read in one pull: as many as pages may follow one another, with room to spare."""
GAP = 0.5
"""Seconds between two files. They are static; GitHub Pages names no number."""
ALWAYS = Period()

_ADDRESS = "'url' is the address of the start page of a site made by Broadsheet"
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)


class DaysRequest(Request, frozen=True, kw_only=True):
    """A file of papers, or the index, and what is wanted of it and after it."""

    period: Period = ALWAYS
    later: tuple[date, ...] = ()
    """The days to read after this file, in order."""
    is_index: bool = False


class Broadsheet(Struct, frozen=True, kw_only=True):
    """The papers of another site."""

    url: str
    """Without a `/` at its end."""
    topic: str
    since: date | None
    until: date | None
    limit: int | None
    with_topics: bool
    offline: bool = False

    def requests(self, window: Window) -> Iterator[Request]:
        """The newest papers; where a first day is wanted, the index of days."""
        period = wanted_period(window, self.since, self.until)
        if period.since:
            url = f"{self.url}/api/index.json"
            yield DaysRequest(url=url, gap=GAP, period=period, is_index=True)
        elif self.topic:
            yield DaysRequest(url=f"{self.url}/api/topics/{self.topic}.json", gap=GAP)
        else:
            yield DaysRequest(url=f"{self.url}/api/daily_papers.json", gap=GAP)

    def parse(self, payload: bytes, request: Request) -> Batch:
        """The papers of a file, or of an index nothing but the first day to read."""
        if isinstance(request, DaysRequest) and request.is_index:
            return self._days(payload, request)
        records: list[Record] = []
        problems: list[Problem] = []
        for number, item in enumerate(_items(payload, request), 1):
            if self.topic and self.topic not in as_texts(item.get("topics", [])):
                continue
            record = _record(item, with_topics=self.with_topics)
            if record is None:
                name = as_text(as_object(item.get("paper")).get("id"))[:40] or "without an id"
                fact = f"record {number} ({name}) has no title"
                problems.append(left_out(request.where, fact))
            else:
                records.append(record)
        following = self._next_day(request) if isinstance(request, DaysRequest) else None
        return Batch(records=tuple(records), problems=tuple(problems), following=following)

    def _days(self, payload: bytes, request: DaysRequest) -> Batch:
        """Which days are to be read. Raises BroadsheetError where the index is none."""
        answer = parse_json(payload, request)
        listed = answer.get("days") if isinstance(answer, dict) else None
        if not isinstance(listed, list):
            raise refused(request, f"holds {described(answer)} where an index is due", _ADDRESS)
        named = {as_day(as_object(each).get("date")) for each in listed}
        known = sorted((day for day in named if day), reverse=True)
        wanted = [day for day in known if request.period.meets(Period(since=day, until=day))]
        problems: list[Problem] = []
        if len(wanted) > MOST_DAYS:
            fact = f"lists {len(wanted)} days: those before {wanted[MOST_DAYS - 1]} were not read"
            hint = f"pull them with --since and --until {wanted[MOST_DAYS]}"
            problems.append(Problem(where=request.where, fact=fact, hint=hint))
        start = replace(request, later=tuple(wanted[:MOST_DAYS]), is_index=False)
        return Batch(problems=tuple(problems), following=self._next_day(start))

    def _next_day(self, request: DaysRequest) -> DaysRequest | None:
        if not request.later:
            return None
        url = f"{self.url}/api/days/{request.later[0].isoformat()}.json"
        return replace(request, url=url, later=request.later[1:])


def open_broadsheet(config: SourceConfig) -> Broadsheet:
    """The source with the options of site.yml. Raises BroadsheetError."""
    options = Options(config)
    source = Broadsheet(
        url=options.url("url"),
        topic=options.text("topic"),
        since=options.day("since"),
        until=options.day("until"),
        limit=options.limit(),
        with_topics=options.flag("topics"),
    )
    if not options.given("url"):
        options.wrong("'url' is missing", "add the address of its start page: url: https://…")
    if source.topic and not _SLUG.fullmatch(source.topic):
        fact = f"'topic' is not the name of a topic's page: {shown(source.topic)}"
        options.wrong(fact, "as in its address: reinforcement-learning")
    options.finish()
    return source


def _items(payload: bytes, request: Request) -> list[Mapping[str, Any]]:
    """The items of a file, all of them objects. Raises BroadsheetError."""
    answer = parse_json(payload, request)
    if not isinstance(answer, list):
        raise refused(request, f"holds {described(answer)} where a list of papers is due", _ADDRESS)
    for number, item in enumerate(answer, 1):
        if not isinstance(item, dict):
            fact = f"holds {described(item)} as record {number} where an object is due"
            raise refused(request, fact, _ADDRESS)
    return answer


def _record(item: Mapping[str, Any], *, with_topics: bool) -> Record | None:
    """One paper, or None where it has no title."""
    paper = as_object(item.get("paper"))
    title = clean_line(as_text(paper.get("title")) or as_text(item.get("title")))
    if not title:
        return None
    name, links = clean_line(as_text(paper.get("id"))), _links(item)
    arxiv = arxiv_id(name) or arxiv_id(links.get("abstract", ""))
    doi = bare_doi(as_text(as_object(item.get("links")).get("doi")))
    organization = as_object(item.get("organization"))
    topics = [each for each in as_texts(item.get("topics", [])) if _SLUG.fullmatch(each)]
    return Record(
        title=title,
        abstract=clean_text(as_text(paper.get("summary")) or as_text(item.get("summary"))),
        date=as_day(paper.get("publishedAt")),
        featured=as_day(paper.get("submittedOnDailyAt")),
        authors=tuple(_authors(paper.get("authors"))),
        author_count=as_number(paper.get("authorCount")) if not paper.get("authors") else None,
        organization=clean_line(as_text(organization.get("fullname"))),
        topics=tuple(topics) if with_topics else (),
        arxiv=arxiv,
        doi=doi,
        key=name if is_paper_slug(name) and not arxiv_id(name) else "",
        links=paper_links(arxiv=arxiv, doi=doi, **links),
        upvotes=as_number(paper.get("upvotes")),
        comments=as_number(item.get("numComments")),
        stars=as_number(paper.get("githubStars")),
        venue=clean_line(as_text(item.get("venue"))),
        categories=tuple(clean_lines(as_texts(item.get("categories")))),
        keywords=tuple(clean_lines(as_texts(paper.get("ai_keywords")))),
        summary=clean_line(as_text(paper.get("ai_summary"))),
    )


def _links(item: Mapping[str, Any]) -> dict[str, str]:
    """Its links by kind, without kinds that are only that site's, and but for the DOI."""
    links = as_object(item.get("links"))
    return {kind: as_text(links.get(kind)) for kind in LINK_KINDS if kind != "doi"}


def _authors(value: object) -> list[str]:
    """Names in order."""
    return clean_lines(as_text(author.get("name")) for author in as_objects(value))
