"""Every page of the site: its URL, its template, what it shows, its digest.

Owns URLs, pagination, neighbours and collisions. Renders nothing.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from generator.config import Config
from generator.errors import BroadsheetError, Problem
from generator.library.topics import rule_in_words
from generator.model import Library, Organization, Paper, Topic
from generator.site.calendar import (
    Period,
    archive,
    group_days,
    group_months,
    group_weeks,
    long_date,
    month_slug,
    week_slug,
)
from generator.text.markdown import render_markdown
from generator.text.slug import slugify

PAGE_SIZE = 30
"""Papers on a page of a listing: with abstracts it stays below 100 KB."""
_TREND_MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """A page of the site, or a place outside, to link to."""

    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed that a page announces."""

    title: str
    type: str
    """Its media type."""
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """Markdown of the curator's; a template prints it as safe HTML."""

    text: str

    def __html__(self) -> str:
        return render_markdown(self.text)

    def __bool__(self) -> bool:
        return bool(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Papers under one heading of a listing."""

    title: str
    """Empty for a listing without headings."""
    url: str
    papers: tuple[str, ...]
    """Ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One page of a paginated list of papers."""

    groups: tuple[Group, ...]
    base: str
    """URL of the first page; later ones are `…page/2/`."""
    number: int
    """Of this page, from 1."""
    pages: int
    """How many there are."""
    first: int
    """Ordinal of the first paper shown."""
    total: int
    """Papers on all pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page that should exist, nobody has rendered it yet."""

    url: str
    """`/papers/2507.22565/`, or `/404.html`."""
    template: str
    """`paper.html`."""
    title: str
    description: str = ""
    """One or two sentences for search engines; empty: the site's."""
    paper: str = ""
    """Id of the one paper the page is about."""
    listing: Listing | None = None
    shows: Mapping[str, Any] = field(default_factory=dict)
    """Template variables that are ready as they are."""
    feeds: tuple[Feed, ...] = ()
    noindex: bool = False
    """Kept out of the sitemap and of search engines."""
    source: str = ""
    """What in content/ asked for the page; for messages."""
    digest: str = ""
    """Of all that the page shows and the site's frame; with the templates' digest it decides
    whether the page must be rendered again."""

    @property
    def path(self) -> str:
        """The file below output/."""
        return f"{self.url[1:]}index.html" if self.url.endswith("/") else self.url[1:]

    @property
    def papers(self) -> Iterator[str]:
        """Ids of the papers it shows."""
        if self.paper:
            yield self.paper
        for group in self.listing.groups if self.listing else ():
            yield from group.papers


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """All pages, planned, and the groupings they came from."""

    config: Config
    library: Library
    pages: tuple[Page, ...]
    days: Mapping[str, Period]
    topics: Mapping[str, tuple[str, ...]]
    """By slug, ids of a topic's papers, newest first."""
    organizations: Mapping[str, Organization]
    """By slug, most papers first."""
    nav: tuple[Ref, ...]


_NAV = (
    Ref(title="Today", url="/"),
    Ref(title="Archive", url="/archive/"),
    Ref(title="Topics", url="/topics/"),
    Ref(title="Search", url="/search/"),
    Ref(title="Feeds", url="/feeds/"),
)
"""The navigation of every page."""


def plan_site(library: Library, config: Config) -> Site:
    """The whole site. Raises BroadsheetError listing every two pages that want one URL."""
    topics = topic_papers(library)
    organizations = gather_organizations(library)
    days = group_days(library)
    pages = [
        *_home(library, config),
        *_papers(library),
        *_topics(library, topics, organizations, config),
        *_organizations(organizations, config),
        *_archive(library, days),
        *_fixed_pages(library, organizations, days, config),
        *_curators_pages(library),
    ]
    _refuse_collisions(pages)
    frame = _hash(
        repr(
            (
                config,
                sorted(library.pages),
                len(organizations),
                next(iter(days), ""),
                len(library.papers),
            )
        )
    )
    digests = {paper.id: _hash(repr(paper)) for paper in library}
    return Site(
        config=config,
        library=library,
        pages=tuple(replace(page, digest=_digest(page, frame, digests)) for page in pages),
        days=days,
        topics=topics,
        organizations=organizations,
        nav=_NAV,
    )


def _digest(page: Page, frame: str, papers: Mapping[str, str]) -> str:
    return _hash("\n".join([frame, repr(page), *(papers[paper] for paper in page.papers)]))


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _refuse_collisions(pages: Iterable[Page]) -> None:
    """Case is folded: two URLs that differ only in case are one file on many machines."""
    claims: dict[str, list[Page]] = {}
    for page in pages:
        claims.setdefault(page.url.lower(), []).append(page)
    problems = [
        Problem(
            where=rival.source or rival.url,
            fact=f"its page would be {rival.url}, as is that of {first.source or first.title}",
            hint="rename one of the two files",
        )
        for first, *rivals in claims.values()
        for rival in rivals
    ]
    if problems:
        raise BroadsheetError(problems)


# -- groupings ------------------------------------------------------------------------------------


def topic_papers(library: Library) -> dict[str, tuple[str, ...]]:
    """By slug, the ids of every topic's papers, newest first; topics without papers too."""
    members: dict[str, list[str]] = {slug: [] for slug in library.topics}
    for paper in library:
        for slug in paper.topics:
            members[slug].append(paper.id)
    return {slug: tuple(papers) for slug, papers in members.items()}


def gather_organizations(library: Library) -> dict[str, Organization]:
    """By slug, the organisations that papers name, most papers first."""
    members: dict[str, list[Paper]] = {}
    for paper in library:
        if paper.organization:
            members.setdefault(slugify(paper.organization), []).append(paper)
    ordered = sorted(members.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    return {slug: _organization(slug, papers) for slug, papers in ordered}


def _organization(slug: str, papers: Sequence[Paper]) -> Organization:
    names = Counter(paper.organization for paper in papers)
    urls = Counter(url for paper in papers if (url := paper.link("organization")))
    return Organization(
        slug=slug,
        name=min(names, key=lambda name: (-names[name], name)),
        url=min(urls, key=lambda url: (-urls[url], url)) if urls else "",
        papers=tuple(paper.id for paper in papers),
    )


def handle(organization_url: str) -> str:
    """An organisation's handle at Hugging Face: the last segment of its page's URL."""
    return organization_url.rstrip("/").rpartition("/")[2]


def feeds_of(base: str, title: str) -> tuple[Feed, ...]:
    """The three feeds that lie at `base`."""
    return (
        Feed(title=f"{title} (RSS)", type="application/rss+xml", url=f"{base}feed.xml"),
        Feed(title=f"{title} (Atom)", type="application/atom+xml", url=f"{base}atom.xml"),
        Feed(title=f"{title} (JSON Feed)", type="application/feed+json", url=f"{base}feed.json"),
    )


def paginate(base: str, groups: Sequence[Group]) -> Iterator[Listing]:
    """The pages of a listing, PAGE_SIZE papers each, at least one; a group may go on over pages."""
    places = [(group, paper) for group in groups for paper in group.papers]
    pages = max(1, -(-len(places) // PAGE_SIZE))
    for number in range(1, pages + 1):
        members: dict[tuple[str, str], list[str]] = {}
        for group, paper in places[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]:
            members.setdefault((group.title, group.url), []).append(paper)
        yield Listing(
            groups=tuple(
                Group(title=title, url=url, papers=tuple(papers))
                for (title, url), papers in members.items()
            ),
            base=base,
            number=number,
            pages=pages,
            first=min(len(places), (number - 1) * PAGE_SIZE + 1),
            total=len(places),
        )


def page_url(base: str, number: int) -> str:
    """The URL of a listing's page."""
    return base if number == 1 else f"{base}page/{number}/"


def _listing_pages(page: Page, groups: Sequence[Group]) -> Iterator[Page]:
    """A page and the later pages of its listing."""
    for listing in paginate(page.url, groups):
        title = page.title if listing.number == 1 else f"{page.title}, page {listing.number}"
        url = page_url(page.url, listing.number)
        yield replace(page, url=url, title=title, listing=listing)


def _one_group(papers: Sequence[str]) -> tuple[Group, ...]:
    return (Group(title="", url="", papers=tuple(papers)),)


# -- pages ----------------------------------------------------------------------------------------


def _home(library: Library, config: Config) -> Iterator[Page]:
    """Papers by the day they were first listed: each once, whatever else it was featured on."""
    members: dict[Any, list[str]] = {}
    for paper in library:
        members.setdefault(paper.added, []).append(paper.id)
    groups = [
        Group(title=long_date(day), url=f"/days/{day}/", papers=tuple(papers))
        for day, papers in members.items()
    ]
    page = Page(
        url="/",
        template="home.html",
        title=config.title,
        description=config.description,
        feeds=feeds_of("/", config.title),
    )
    return _listing_pages(page, groups)


def _papers(library: Library) -> Iterator[Page]:
    refs = [Ref(title=paper.title, url=f"/papers/{paper.id}/") for paper in library]
    neighbours = zip([None, *refs[:-1]], [*refs[1:], None], strict=True) if refs else ()
    for paper, ref, (later, earlier) in zip(library, refs, neighbours, strict=True):
        yield Page(
            url=ref.url,
            template="paper.html",
            title=paper.title,
            description=paper.summary,
            paper=paper.id,
            shows={"earlier": earlier, "later": later, "related": ()},
            source=paper.path,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRow:
    """A topic in the table of topics."""

    title: str
    url: str
    summary: str
    count: int
    trend: tuple[int, ...]
    """Papers by month of publication, the last twelve months, oldest first."""
    trend_label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRow:
    """An organisation with its number of papers."""

    name: str
    url: str
    count: int
    handle: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicHead:
    """What stands above a topic's papers."""

    title: str
    slug: str
    summary: str
    introduction: Prose
    rule: tuple[str, ...]
    organizations: tuple[CountRow, ...]
    feeds: tuple[Ref, ...]
    bib_url: str
    count: int


def _topics(
    library: Library,
    topics: Mapping[str, tuple[str, ...]],
    organizations: Mapping[str, Organization],
    config: Config,
) -> Iterator[Page]:
    months = _last_months(library)
    rows = tuple(_topic_row(library, library.topics[slug], topics[slug], months) for slug in topics)
    yield Page(
        url="/topics/",
        template="topics.html",
        title="Topics",
        description=f"The {len(rows)} topics of {config.title}.",
        shows={"topics": rows},
    )
    names = {organization.name: organization for organization in organizations.values()}
    for slug, papers in topics.items():
        topic = library.topics[slug]
        base = f"/topics/{slug}/"
        head = _topic_head(library, topic, papers, names)
        page = Page(
            url=base,
            template="topic.html",
            title=topic.title,
            description=topic.summary,
            shows={"topic": head},
            feeds=feeds_of(base, f"{config.title}: {topic.title}"),
            source=topic.path,
        )
        yield from _listing_pages(page, _one_group(papers))


def _last_months(library: Library) -> tuple[str, ...]:
    """The twelve months up to the newest paper's, oldest first."""
    newest = max((paper.added for paper in library if paper.added), default=None)
    if newest is None:
        return ()
    total = newest.year * 12 + newest.month - 1
    numbers = range(total - _TREND_MONTHS + 1, total + 1)
    return tuple(f"{number // 12:04d}-{number % 12 + 1:02d}" for number in numbers)


def _topic_row(
    library: Library, topic: Topic, papers: Sequence[str], months: Sequence[str]
) -> TopicRow:
    dates = (library.papers[paper].date for paper in papers)
    counts = Counter(month_slug(day) for day in dates if day)
    trend = tuple(counts[month] for month in months)
    return TopicRow(
        title=topic.title,
        url=f"/topics/{topic.slug}/",
        summary=topic.summary,
        count=len(papers),
        trend=trend,
        trend_label=f"{sum(trend)} published in the last twelve months",
    )


def _topic_head(
    library: Library, topic: Topic, papers: Sequence[str], names: Mapping[str, Organization]
) -> TopicHead:
    base = f"/topics/{topic.slug}/"
    slugs = (library.papers[paper].organization for paper in papers)
    by_slug = {organization.slug: organization for organization in names.values()}
    active = Counter(slugify(name) for name in slugs if name)
    rows = [
        CountRow(name=by_slug[slug].name, url=f"/organizations/{slug}/", count=count)
        for slug, count in sorted(active.items(), key=lambda entry: (-entry[1], entry[0]))[:8]
    ]
    return TopicHead(
        title=topic.title,
        slug=topic.slug,
        summary=topic.summary,
        introduction=Prose(text=topic.introduction),
        rule=rule_in_words(topic.rule) if topic.rule else (),
        organizations=tuple(rows),
        feeds=_feed_refs(base),
        bib_url=f"{base}papers.bib" if papers else "",
        count=len(papers),
    )


def _feed_refs(base: str) -> tuple[Ref, ...]:
    names = (("RSS", "feed.xml"), ("Atom", "atom.xml"), ("JSON Feed", "feed.json"))
    return tuple(Ref(title=title, url=base + name) for title, name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationHead:
    """What stands above an organisation's papers."""

    name: str
    handle: str
    external_url: str
    count: int
    feeds: tuple[Ref, ...]


def _organizations(organizations: Mapping[str, Organization], config: Config) -> Iterator[Page]:
    if not organizations:
        return
    rows = tuple(
        CountRow(
            name=organization.name,
            url=f"/organizations/{slug}/",
            count=len(organization.papers),
            handle=handle(organization.url),
        )
        for slug, organization in organizations.items()
    )
    yield Page(
        url="/organizations/",
        template="organizations.html",
        title="Organizations",
        description=f"Who publishes the papers of {config.title}.",
        shows={"organizations": rows},
    )
    for slug, organization in organizations.items():
        base = f"/organizations/{slug}/"
        head = OrganizationHead(
            name=organization.name,
            handle=handle(organization.url),
            external_url=organization.url,
            count=len(organization.papers),
            feeds=_feed_refs(base),
        )
        page = Page(
            url=base,
            template="organization.html",
            title=organization.name,
            description=f"Papers by {organization.name} in {config.title}.",
            shows={"organization": head},
            feeds=feeds_of(base, f"{config.title}: {organization.name}"),
        )
        yield from _listing_pages(page, _one_group(organization.papers))


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodHead:
    """What stands above the papers of a day, week or month."""

    title: str
    kind: str
    url: str
    count: int
    note: Prose
    earlier: Ref | None
    later: Ref | None
    up: Ref


def _archive(library: Library, days: Mapping[str, Period]) -> Iterator[Page]:
    weeks, months = group_weeks(library), group_months(library)
    yield Page(
        url="/archive/",
        template="archive.html",
        title="Archive",
        description="All papers by the day they were listed.",
        shows={"years": archive(days, weeks, months)},
    )
    for periods in (days, weeks, months):
        order = list(periods.values())
        around = zip([None, *order[:-1]], [*order[1:], None], strict=True) if order else ()
        for period, (later, earlier) in zip(order, around, strict=True):
            up = _above(period, weeks, months)
            yield from _period_pages(library, period, earlier, later, up)


def _above(period: Period, weeks: Mapping[str, Period], months: Mapping[str, Period]) -> Ref:
    if period.kind == "day":
        week = weeks[week_slug(period.first)]
        return Ref(title=week.title, url=week.url)
    if period.kind == "week" and month_slug(period.first) in months:
        month = months[month_slug(period.first)]
        return Ref(title=month.title, url=month.url)
    return Ref(title="Archive", url="/archive/")


def _period_pages(
    library: Library, period: Period, earlier: Period | None, later: Period | None, up: Ref
) -> Iterator[Page]:
    note = library.days.get(period.slug) if period.kind == "day" else None
    head = PeriodHead(
        title=period.title,
        kind=period.kind,
        url=period.url,
        count=len(period.papers),
        note=Prose(text=note.body if note else ""),
        earlier=Ref(title=earlier.title, url=earlier.url) if earlier else None,
        later=Ref(title=later.title, url=later.url) if later else None,
        up=up,
    )
    page = Page(
        url=period.url,
        template=f"{period.kind}.html",
        title=period.title,
        description=f"Papers listed: {period.title}.",
        shows={"period": head},
        noindex=period.kind == "week",
    )
    return _listing_pages(page, _one_group(period.papers))


def _curators_pages(library: Library) -> Iterator[Page]:
    for note in library.pages.values():
        yield Page(
            url=f"/{note.slug}/",
            template="page.html",
            title=note.title,
            shows={"title": note.title, "body": Prose(text=note.body)},
            source=note.path,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """A page's feeds in the list of all feeds."""

    title: str
    url: str
    group: str
    links: tuple[Feed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """A source in the status page."""

    name: str
    type: str
    state: str
    last_success: str
    detail: str
    papers: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
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
