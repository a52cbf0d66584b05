"""Topics and organisations: which papers they hold, and their pages."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from operator import attrgetter

from msgspec import Struct

from generator.config import Config
from generator.library.people import known_organization, organization_of
from generator.library.topics import rule_in_words
from generator.model import Library, Organization, Paper, People, Topic
from generator.site.calendar import month_slug
from generator.site.page import Page, Prose, Ref, feed_refs, feeds_of, listing_pages, one_group
from generator.text.slug import slugify

_TREND_MONTHS = 12
"""Months of a topic's trend."""


class TopicRow(Struct, frozen=True, kw_only=True):
    """A topic in the table of topics."""

    title: str
    url: str
    summary: str
    count: int
    trend: tuple[int, ...]
    """Papers by month of publication, the last twelve months, oldest first."""
    trend_label: str


class CountRow(Struct, frozen=True, kw_only=True):
    """An organisation with its number of papers."""

    name: str
    url: str
    count: int
    handle: str = ""


class TopicHead(Struct, frozen=True, kw_only=True):
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


class OrganizationHead(Struct, frozen=True, kw_only=True):
    """What stands above an organisation's papers."""

    name: str
    handle: str
    external_url: str
    count: int
    feeds: tuple[Ref, ...]


def topic_papers(library: Library) -> dict[str, tuple[str, ...]]:
    """By slug, the ids of every topic's papers, newest first; topics without papers too."""
    members: dict[str, list[str]] = {slug: [] for slug in library.topics}
    for paper in library:
        for slug in paper.topics:
            members[slug].append(paper.id)
    return {slug: tuple(papers) for slug, papers in members.items()}


def topic_pages(
    library: Library,
    topics: Mapping[str, tuple[str, ...]],
    organizations: Mapping[str, Organization],
    config: Config,
) -> Iterator[Page]:
    """The page of all topics and those of each."""
    months = _last_months(library)
    rows = tuple(_topic_row(library, library.topics[slug], topics[slug], months) for slug in topics)
    yield Page(
        url="/topics/",
        template="topics.html",
        title="Topics",
        description=f"The {len(rows)} topics of {config.title}.",
        shows={"topics": rows},
    )
    for slug, papers in topics.items():
        topic = library.topics[slug]
        base = f"/topics/{slug}/"
        head = _topic_head(library, topic, papers, organizations, config)
        page = Page(
            url=base,
            template="topic.html",
            title=topic.title,
            description=topic.summary,
            shows={"topic": head},
            feeds=feeds_of(base, f"{config.title}: {topic.title}"),
            source=topic.path,
        )
        yield from listing_pages(page, one_group(papers), "excerpts")


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
    days = Counter(library.papers[paper].date for paper in papers)
    counts = Counter[str]()
    for day, count in days.items():
        if day:
            counts[month_slug(day)] += count
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
    library: Library,
    topic: Topic,
    papers: Sequence[str],
    by_slug: Mapping[str, Organization],
    config: Config,
) -> TopicHead:
    base = f"/topics/{topic.slug}/"
    has_bib = bool(papers) and "bulk-bib" not in config.leave_out
    shown = map(library.papers.__getitem__, papers)
    active = Counter[str]()
    for printed, count in Counter(map(attrgetter("organization"), shown)).items():
        name = known_organization(printed, library.people)
        if name and (slug := slugify(name)) in by_slug:
            active[slug] += count
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
        feeds=feed_refs(base),
        bib_url=f"{base}papers.bib" if has_bib else "",
        count=len(papers),
    )


def gather_organizations(library: Library, min_papers: int = 1) -> dict[str, Organization]:
    """By slug, the organisations that at least so many papers name, most papers first."""
    members: dict[str, list[Paper]] = {}
    slug_of = cache(slugify)
    for paper in library:
        if paper.organization and (name := organization_of(paper, library.people)):
            members.setdefault(slug_of(name), []).append(paper)
    known = (entry for entry in members.items() if len(entry[1]) >= min_papers)
    ordered = sorted(known, key=lambda entry: (-len(entry[1]), entry[0]))
    return {slug: _organization(slug, papers, library.people) for slug, papers in ordered}


def _organization(slug: str, papers: Sequence[Paper], people: People) -> Organization:
    names = Counter(organization_of(paper, people) for paper in papers)
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


def organization_pages(organizations: Mapping[str, Organization], config: Config) -> Iterator[Page]:
    """The page of all organisations and those of each; none where no paper names one."""
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
            feeds=feed_refs(base),
        )
        page = Page(
            url=base,
            template="organization.html",
            title=organization.name,
            description=f"Papers by {organization.name} in {config.title}.",
            shows={"organization": head},
            feeds=feeds_of(base, f"{config.title}: {organization.name}"),
        )
        yield from listing_pages(page, one_group(organization.papers), "excerpts")
