"""How large a site will be: an estimate from its papers alone, before anything is made.

It follows from how many papers there are, how long their texts are, how many lists they stand in.
The numbers in it are what the shipped templates and formats write around texts; tests hold the
sum to what is built. Of a theme with other pages it is off by as much as these differ.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from operator import attrgetter
from zlib import crc32

from msgspec import Struct
from msgspec.structs import replace

from generator.config import Config, Extra
from generator.library.people import known_organization
from generator.library.trending import MOST
from generator.model import Library, Paper
from generator.publish.api import DAILY_PAPERS, TOPIC_PAPERS
from generator.publish.weight import CITATIONS, FEEDS, JSON, LISTS, PAPERS, REST, SEARCH, THEME
from generator.site.calendar import RECENT_DAYS
from generator.site.page import PAGE_SIZE, TITLES_SIZE
from generator.site.pages import HOME_PAPERS
from generator.text.slug import slugify

_LOOKED_AT = 4_000
"""Papers whose texts are measured where there are many more."""
_READABLE = ("pdf", "abstract", "doi")


class _Paper(Struct, frozen=True, kw_only=True):
    """The papers of a site, evened out: numbers and UTF-8 bytes a paper."""

    id: float
    title: float
    abstract: float
    authors: float
    names: float
    byline: float
    """Of the authors that a list names."""
    has_organization: float
    organization: float
    has_topics: float
    topics: float
    topic_names: float
    """Their titles and slugs."""
    links: float
    addresses: float
    has_code: float
    unreadable: float
    """How many have no link to the paper itself."""
    has_summary: float
    summary: float
    keywords: float
    keyword_names: float
    signals: float
    """Counts of upvotes, comments and stars."""
    venue: float
    notes: float
    related: float
    base: int
    """Of the site's address."""

    @property
    def excerpt(self) -> float:
        """What a list shows of an abstract first."""
        return min(self.abstract, 207)


def _even_out(library: Library, base_url: str) -> _Paper:
    """Of many papers those are looked at whose ids say so, which are the same when one is added."""
    share = len(library.papers) // _LOOKED_AT or 1
    papers = [paper for paper in library if not crc32(paper.id.encode()) % share]
    count = max(len(papers), 1)

    def mean(values: Iterable[float]) -> float:
        return sum(values) / count

    named = {slug: len(slug) + _size(topic.title) for slug, topic in library.topics.items()}
    return _Paper(
        id=mean(len(paper.id) for paper in papers),
        title=mean(_size(paper.title) for paper in papers),
        abstract=mean(_size(paper.abstract) for paper in papers),
        authors=mean(len(paper.authors) for paper in papers),
        names=mean(sum(map(_size, paper.authors)) for paper in papers),
        byline=mean(_byline(paper) for paper in papers),
        has_organization=mean(bool(paper.organization) for paper in papers),
        organization=mean(len(paper.organization) for paper in papers),
        has_topics=mean(bool(paper.topics) for paper in papers),
        topics=mean(len(paper.topics) for paper in papers),
        topic_names=mean(sum(named.get(slug, 0) for slug in paper.topics) for paper in papers),
        links=mean(len(paper.links) for paper in papers),
        addresses=mean(sum(len(link.url) for link in paper.links) for paper in papers),
        has_code=mean(any(link.kind == "code" for link in paper.links) for paper in papers),
        unreadable=mean(
            not any(link.kind in _READABLE for link in paper.links) for paper in papers
        ),
        has_summary=mean(bool(paper.summary) for paper in papers),
        summary=mean(_size(paper.summary) for paper in papers),
        keywords=mean(len(paper.keywords) for paper in papers),
        keyword_names=mean(sum(map(_size, paper.keywords)) for paper in papers),
        signals=mean(map(_signals, papers)),
        venue=mean(_size(paper.venue) for paper in papers),
        notes=mean(len(paper.notes) for paper in papers),
        related=5 * len(library.papers) / (len(library.papers) + 150),
        base=len(base_url),
    )


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _signals(paper: Paper) -> int:
    return sum(count is not None for count in (paper.upvotes, paper.comments, paper.stars))


def _byline(paper: Paper) -> int:
    names = paper.authors
    if not names:
        return 9 if paper.author_count else 0
    shown = names if len(names) <= 4 else names[:3]
    return sum(map(_size, shown)) + 2 * len(shown) + (11 if len(names) > 4 else 2)


# -- what a paper weighs in each place ------------------------------------------------------------


def _card(p: _Paper) -> float:
    """Its title in a list, with authors, date, topics, code and counts."""
    group = 37 * p.has_organization + 2 * p.organization
    topics = 64 * p.has_topics + 39 * p.topics + p.topic_names
    counts = 22 * p.signals + 75 * min(p.signals, 1)
    return 183 + p.id + p.title + p.byline + group + topics + counts + 150 * p.has_code


def _begun(p: _Paper) -> float:
    """Its summary, or how its abstract begins."""
    return 54 + p.summary + (1 - p.has_summary) * p.excerpt


def _rest(p: _Paper) -> float:
    """What a list shows of its abstract besides."""
    return 55 + 1.01 * (p.abstract - (1 - p.has_summary) * p.excerpt) if p.abstract else 0


def _page(p: _Paper, left_out: Collection[Extra]) -> float:
    """Its own page."""
    neighbours = (p.related + 2) * (p.id + p.title + 75)
    linked = 0 if "linked-data" in left_out else 140 + p.title + p.names + 29 * p.authors
    files = (45 + p.id) * sum(name not in left_out for name in ("ris", "bib", "json"))
    found = p.unreadable * (225 + 2.2 * p.title + p.id + p.base)
    authors = 3 * p.names + 50 * p.authors
    topics = 105 * p.has_topics + 105 * p.topics + p.topic_names
    links = 40 * p.links + 2 * p.addresses
    texts = 1.045 * p.abstract + min(p.abstract, 140) + 4 * p.title + 3 * p.venue + p.notes
    group = 60 * p.has_organization + 3 * p.organization
    words = 60 * min(p.keywords, 1) + p.keyword_names + 2 * p.keywords + 42 * p.signals
    rest = 2_760 + 2 * p.id + p.base + group + words
    return rest + neighbours + linked + files + found + authors + topics + links + texts


def _item(p: _Paper, left_out: Collection[Extra]) -> float:
    """Its JSON."""
    texts = (1 if "repeats" in left_out else 2) * p.abstract + 2 * p.title
    group = 100 * p.has_organization + 2 * p.organization
    known = p.addresses + 15 * p.links + p.topic_names / 2 + 2 * p.id + p.base + p.venue
    words = p.summary + p.keyword_names + 3 * p.keywords + 22 * p.signals + 60 * p.has_code
    return 345 + texts + p.names + 27 * p.authors + known + group + words


def _bib(p: _Paper) -> float:
    return 105 + 1.06 * p.title + p.names + 5 * p.authors + p.venue + 2 * p.id + p.base


def _ris(p: _Paper) -> float:
    texts = p.abstract + p.title + p.names + p.venue
    return 105 + texts + 8 * p.authors + 2 * p.id + p.base + p.addresses / 2


def _entry(p: _Paper) -> float:
    """Its entry in one feed."""
    texts = 1.04 * p.abstract + p.title + 2 * p.names
    words = p.summary + 1.5 * p.topic_names + 30 * p.topics + p.addresses + 30 * p.links
    return 350 + texts + 26 * p.authors + p.id + p.base + words


# -- the site -------------------------------------------------------------------------------------


class _Lists(Struct, frozen=True, kw_only=True):
    """How many papers stand in lists."""

    papers: int
    home: int
    days: tuple[int, ...]
    recent: int
    """Papers of recent days."""
    topics: tuple[int, ...]
    organizations: tuple[int, ...]

    @property
    def dated(self) -> int:
        """Papers of all days."""
        return sum(self.days)

    def feeds(self, entries: int) -> int:
        """Entries in one format of all feeds, which hold so many at most."""
        groups = (self.papers, *self.topics, *self.organizations)
        return sum(min(entries, count) for count in groups)

    def pages(self, left_out: Collection[Extra]) -> int:
        """How many pages they fill."""
        whole = (*self.days, *self.topics, *self.organizations, self.home)
        weeks, months = -(-len(self.days) // 7), -(-len(self.days) // 30)
        titles = self.dated * (1 if "month-titles" in left_out else 2)
        return sum(-(-n // PAGE_SIZE) for n in whole) + weeks + months + titles // TITLES_SIZE


class Estimate:
    """What a site with these papers will weigh."""

    def __init__(self, library: Library, base_url: str) -> None:
        self._paper = _even_out(library, base_url)
        self._lists = _count_lists(library)

    def total(self, config: Config) -> int:
        """Bytes of the site, made with these settings."""
        return sum(self.by_kind(config).values())

    def by_kind(self, config: Config) -> dict[str, int]:
        """The same by kind, the kinds as `weigh` has them."""
        p, left_out = self._paper, config.leave_out
        known = tuple(n for n in self._lists.organizations if n >= config.min_papers)
        lists = replace(self._lists, organizations=known)
        theme, html = 85_000, 140_000
        weights = {
            PAPERS: lists.papers * _page(p, left_out),
            LISTS: html + sum(_of_lists(p, lists, left_out)),
            CITATIONS: sum(_of_citations(p, lists, left_out)),
            JSON: _items(lists, left_out) * _item(p, left_out) + 170 * len(lists.days),
            FEEDS: sum(_of_feeds(p, lists, config.feed_entries)),
            SEARCH: 130_000 + lists.papers * 0.385 * (p.abstract + p.title + p.names),
            THEME: theme,
            REST: (lists.papers + lists.pages(left_out)) * (p.base + p.id + 65),
        }
        return {kind: round(weight) for kind, weight in weights.items()}


def _count_lists(library: Library) -> _Lists:
    papers = library.papers.values()
    days = Counter(chain.from_iterable(map(attrgetter("featured"), papers)))
    newest = max(days, default=None)
    recent = (n for day, n in days.items() if newest and (newest - day).days <= RECENT_DAYS)
    groups = Counter[str]()
    for printed, count in Counter(map(attrgetter("organization"), papers)).items():
        if name := known_organization(printed, library.people):
            groups[slugify(name)] += count
    topics = Counter(chain.from_iterable(map(attrgetter("topics"), papers)))
    return _Lists(
        papers=len(library.papers),
        home=min(len(library.papers), HOME_PAPERS),
        days=tuple(days.values()),
        recent=sum(recent),
        topics=tuple(topics[slug] for slug in library.topics),
        organizations=tuple(groups.values()),
    )


def _of_lists(p: _Paper, lists: _Lists, left_out: Collection[Extra]) -> Iterator[float]:
    begun = _card(p) + _begun(p)
    whole = begun + (0 if "abstracts" in left_out else _rest(p))
    yield (lists.dated + lists.home + min(MOST, lists.papers) * min(p.signals, 1)) * whole
    yield (sum(lists.topics) + sum(lists.organizations)) * begun
    yield lists.dated * _card(p) * (1 if "month-titles" in left_out else 2)
    yield 2_810 * lists.pages(left_out)
    yield 1_600 * len(lists.topics) + 600 * len(lists.organizations) + 150 * len(lists.days)


def _of_citations(p: _Paper, lists: _Lists, left_out: Collection[Extra]) -> Iterator[float]:
    bulk = lists.dated + sum(lists.topics)
    for ending, size in (("bib", _bib(p)), ("ris", _ris(p))):
        yield 0 if ending in left_out else size * lists.papers
        yield 0 if f"bulk-{ending}" in left_out else size * bulk


def _items(lists: _Lists, left_out: Collection[Extra]) -> int:
    """Papers in all JSON files."""
    dated = lists.recent if "old-days" in left_out else lists.dated
    single = 0 if "json" in left_out else lists.papers
    newest = min(lists.papers, DAILY_PAPERS)
    return dated + single + newest + sum(min(TOPIC_PAPERS, count) for count in lists.topics)


def _of_feeds(p: _Paper, lists: _Lists, entries: int) -> Iterator[float]:
    yield 3 * lists.feeds(entries) * _entry(p)
    yield 2_000 * (1 + len(lists.topics) + len(lists.organizations))
    days = max(len(lists.days), 1)
    yield min(entries, days) * lists.dated / days * (p.title + p.names + p.id + p.base + 75)
