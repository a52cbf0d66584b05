"""The whole site as a plan: every page, its neighbours, its digest.

Owns which pages there are and that no two share a URL. Renders nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any

from msgspec import Struct

from generator.config import Config
from generator.errors import BroadsheetError, Problem
from generator.library.related import Relations, read_line
from generator.model import Change, Library, Organization, Paper
from generator.site.archive import archive_pages
from generator.site.calendar import Period, long_date, make_calendar
from generator.site.groups import (
    gather_organizations,
    organization_pages,
    topic_pages,
    topic_papers,
)
from generator.site.page import (
    Feed,
    Group,
    Page,
    Prose,
    Ref,
    feeds_of,
    listing_pages,
    whole_or_begun,
)
from generator.site.trending import URL as TRENDING
from generator.site.trending import Rise, rises, trending_pages
from generator.text.plain import plain_title

_NAV = (
    Ref(title="Today", url="/"),
    Ref(title="Archive", url="/archive/"),
    Ref(title="Topics", url="/topics/"),
    Ref(title="Trending", url=TRENDING),
    Ref(title="Search", url="/search/"),
    Ref(title="Feeds", url="/feeds/"),
)
"""The navigation of every page; a site on which nothing trends leaves Trending out."""
PAPER = "paper.html"
"""The template of papers' pages."""
HOME_PAPERS = 300
"""The home page and its later ones go back to the day with which they show so many papers."""


class Site(Struct, frozen=True, kw_only=True):
    """All pages, planned, and the groupings they came from."""

    config: Config
    library: Library
    lists: tuple[Page, ...]
    """All pages but those of papers (`PaperPages`)."""
    risen: Mapping[str, Rise]
    """By id, what papers gained lately."""
    days: Mapping[str, Period]
    topics: Mapping[str, tuple[str, ...]]
    """By slug, ids of a topic's papers, newest first."""
    organizations: Mapping[str, Organization]
    """By slug, most papers first."""
    nav: tuple[Ref, ...]


def plan_site(library: Library, config: Config) -> Site:
    """The whole site. Raises BroadsheetError listing every two pages that want one URL."""
    topics = topic_papers(library)
    organizations = gather_organizations(library, config.min_papers)
    calendar = make_calendar(library)
    risen = rises(library)
    trending = tuple(trending_pages(library, risen, config))
    nav = tuple(ref for ref in _NAV if ref.url != TRENDING or not trending[0].noindex)
    lists = (
        *_home(library, config),
        *topic_pages(library, topics, organizations, config),
        *organization_pages(organizations, config),
        *archive_pages(library, calendar, config.leave_out),
        *trending,
        *_fixed_pages(library, organizations, calendar.days, config),
        *_curators_pages(library),
    )
    _refuse_collisions(library, lists)
    return Site(
        config=config,
        library=library,
        lists=lists,
        risen=risen,
        days=calendar.days,
        topics=topics,
        organizations=organizations,
        nav=nav,
    )


def _refuse_collisions(library: Library, lists: Sequence[Page]) -> None:
    """Case is folded: two URLs that differ only in case are one file on many machines."""
    papers, urls = set(map(str.lower, library.papers)), {page.url.lower() for page in lists}
    are_apart = len(papers) == len(library.papers) and len(urls) == len(lists)
    if are_apart and urls.isdisjoint(map(paper_url, papers)):
        return
    claims: dict[str, list[Paper | Page]] = {}
    for claim in (*library, *lists):
        claims.setdefault(_url(claim).lower(), []).append(claim)
    problems = [
        Problem(
            where=_source(rival) or _url(rival),
            fact=f"its page would be {_url(rival)}, as is that of {_source(first) or first.title}",
            hint="rename one of the two files",
        )
        for first, *rivals in claims.values()
        for rival in rivals
    ]
    if problems:
        raise BroadsheetError(problems)


def _url(claim: Paper | Page) -> str:
    return claim.url if isinstance(claim, Page) else paper_url(claim.id)


def _source(claim: Paper | Page) -> str:
    """What in content/ asks for a page; empty where nothing does."""
    return claim.source if isinstance(claim, Page) else claim.path


def _home(library: Library, config: Config) -> Iterator[Page]:
    """Papers by the day they were first listed: each once, whatever else it was featured on. What
    is older than a good many stands in the archive, where every day has its page."""
    shown, count = list[Group](), 0
    for day, papers in groupby(library, attrgetter("added")):
        if count >= HOME_PAPERS:
            break
        ids = tuple(paper.id for paper in papers)
        shown.append(Group(title=long_date(day), url=f"/days/{day}/", papers=ids))
        count += len(ids)
    page = Page(
        url="/",
        template="home.html",
        title=config.title,
        description=config.description,
        feeds=feeds_of("/", config.title),
    )
    return listing_pages(page, shown, whole_or_begun(config.leave_out))


class PaperPages:
    """The pages of papers, in the order of the library. Each is planned when somebody asks for it:
    most of the time it is known from what it tells that its page is there."""

    def __init__(self, site: Site, related: Relations) -> None:
        self._library, self._risen, self._related = site.library, site.risen, related
        self._papers = tuple(site.library)

    def __len__(self) -> int:
        return len(self._papers)

    def told(self, number: int) -> str:
        """What a page shows besides its paper, as a text that is another when that is."""
        paper, (later, earlier) = self._papers[number], self._beside(number)
        told = [_named(later), _named(earlier), self._related.told(paper.id)]
        changes, rise = self._library.changes.get(paper.id), self._risen.get(paper.id)
        if changes or rise:
            told.append(repr((changes, rise)))
        return "\0".join(told)

    def told_together(self, start: int, end: int) -> list[str]:
        """What some pages side by side show besides the papers from `start` to before `end`, as
        texts of which one is another when that is."""
        papers = self._papers[start:end]
        told = [_named(paper) for paper in (self._beside(start)[0], self._beside(end - 1)[1])]
        told += [self._related.told(paper.id) for paper in papers]
        changes, risen = self._library.changes, self._risen
        if changes or risen:
            news = [(paper.id, changes.get(paper.id), risen.get(paper.id)) for paper in papers]
            told += [repr(each) for each in news if any(each[1:])]
        return told

    def __iter__(self) -> Iterator[Page]:
        return map(self.page, range(len(self._papers)))

    def page(self, number: int) -> Page:
        """A page, by its place among the papers of the library."""
        paper = self._papers[number]
        later, earlier = map(_ref, self._beside(number))
        line = self._related.line(paper.id)
        return Page(
            url=paper_url(paper.id),
            template=PAPER,
            title=paper.title,
            description=paper.summary,
            paper=paper.id,
            shows={
                "earlier": earlier,
                "later": later,
                "related": RelatedRows(line=line, titles=tuple(_titles(self._library, line))),
                "changes": tuple(map(_change, self._library.changes.get(paper.id, ()))),
                "rise": self._risen.get(paper.id),
            },
            source=paper.path,
        )

    def _beside(self, number: int) -> tuple[Paper | None, Paper | None]:
        """The papers before and behind one: those that were listed later and earlier."""
        papers = self._papers
        later = papers[number - 1] if number else None
        return later, papers[number + 1] if number + 1 < len(papers) else None


def paper_url(paper: str) -> str:
    """The URL of a paper's page, by the paper's id."""
    return f"/papers/{paper}/"


def _named(paper: Paper | None) -> str:
    return f"{paper.id} {paper.title}" if paper else ""


def _ref(paper: Paper | None) -> Ref | None:
    return Ref(title=paper.title, url=paper_url(paper.id)) if paper else None


def _titles(library: Library, line: str) -> list[str]:
    """Of the papers in a line of `library.related.Relations`."""
    ids = [each.partition(" ")[0] for each in line.split("\t")] if line else ()
    return [library.papers[paper].title for paper in ids]


class ChangeRow(Struct, frozen=True):
    """What changed about a paper on a day."""

    day: date
    text: str


def _change(change: Change) -> ChangeRow:
    told = {
        "title": f"Title changed; it was “{plain_title(change.before)}”",
        "authors": "Authors changed",
        "abstract": "Abstract revised",
        "version": "New version",
        "withdrawn": "Withdrawn",
        "code": "Code linked",
    }
    return ChangeRow(day=change.day, text=told.get(change.field, f"Changed: {change.field}"))


class RelatedRow(Struct, frozen=True):
    """A related paper, and why it is one."""

    title: str
    url: str
    why: str


class RelatedRows(Struct, frozen=True):
    """The papers related to one: kept as it was found out, which is small and soon told apart, and
    put into words where the page is made."""

    line: str
    """Of `library.related.Relations`."""
    titles: tuple[str, ...]

    def rows(self) -> tuple[RelatedRow, ...]:
        """As the page tells them."""
        return tuple(
            RelatedRow(
                title=title, url=f"/papers/{other.id}/", why=f"In both: {', '.join(other.words)}"
            )
            for other, title in zip(read_line(self.line), self.titles, strict=True)
        )


def _curators_pages(library: Library) -> Iterator[Page]:
    for note in library.pages.values():
        yield Page(
            url=f"/{note.slug}/",
            template="page.html",
            title=note.title,
            shows={"title": note.title, "body": Prose(text=note.body)},
            source=note.path,
        )


class FeedRow(Struct, frozen=True, kw_only=True):
    """A page's feeds in the list of all feeds."""

    title: str
    url: str
    group: str
    links: tuple[Feed, ...]


class SourceRow(Struct, frozen=True, kw_only=True):
    """A source in the status page."""

    name: str
    type: str
    state: str
    last_success: str
    detail: str
    papers: int | None


class Status(Struct, frozen=True, kw_only=True):
    """What the last pull did, for readers."""

    as_of: str
    papers: int
    topics: int
    sources: tuple[SourceRow, ...]


def _fixed_pages(
    library: Library,
    organizations: Mapping[str, Organization],
    days: Mapping[str, Period],
    config: Config,
) -> Iterator[Page]:
    yield Page(url="/search/", template="search.html", title="Search")
    yield Page(
        url="/api/",
        template="api.html",
        title="Static JSON",
        description=f"The papers of {config.title} as JSON files, with their field names.",
    )
    yield Page(
        url="/feeds/",
        template="feeds.html",
        title="Feeds",
        description=f"Every feed of {config.title}, its topics and its organisations.",
        shows={
            "feeds": tuple(feed_rows(library, organizations, config)),
            "opml_url": "/feeds.opml",
        },
    )
    yield Page(
        url="/status/",
        template="status.html",
        title="Status",
        description=f"When {config.title} was last updated, and from where.",
        shows={"status": _status(library, config)},
        noindex=True,
    )
    yield Page(url="/404.html", template="404.html", title="Page not found", noindex=True)


def feed_rows(
    library: Library, organizations: Mapping[str, Organization], config: Config
) -> Iterator[FeedRow]:
    """All feeds, for the page of feeds and the OPML file."""
    yield FeedRow(title=config.title, url="/", group="Site", links=feeds_of("/", config.title))
    daily = Feed(
        title=f"{config.title}: one entry a day (RSS)",
        type="application/rss+xml",
        url="/days/feed.xml",
    )
    yield FeedRow(title="One entry a day", url="/archive/", group="Site", links=(daily,))
    for topic in library.topics.values():
        base = f"/topics/{topic.slug}/"
        links = feeds_of(base, f"{config.title}: {topic.title}")
        yield FeedRow(title=topic.title, url=base, group="Topics", links=links)
    for slug, organization in organizations.items():
        base = f"/organizations/{slug}/"
        links = feeds_of(base, f"{config.title}: {organization.name}")
        yield FeedRow(title=organization.name, url=base, group="Organizations", links=links)


def _status(library: Library, config: Config) -> Status:
    told = library.status.get("sources", {})
    return Status(
        as_of=str(library.status.get("as_of", "")),
        papers=len(library.papers),
        topics=len(library.topics),
        sources=tuple(
            _source_row(source.name, source.type, told.get(source.name, {}))
            for source in config.sources
        ),
    )


def _source_row(name: str, kind: str, told: Mapping[str, Any]) -> SourceRow:
    papers = told.get("papers")
    return SourceRow(
        name=name,
        type=kind,
        state=str(told.get("state", "never")),
        last_success=str(told.get("last_success", "")),
        detail=str(told.get("detail", "")),
        papers=papers if isinstance(papers, int) else None,
    )
