"""What templates see of papers and listings, as themes/README.md promises their authors."""

import datetime
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus

from markupsafe import Markup
from msgspec import Struct

from generator.config import Extra
from generator.library.people import organization_of
from generator.library.topics import subject_of, why_topics
from generator.model import Paper, People, Topic
from generator.publish.citations import abstract_line, bibtex
from generator.site.groups import handle
from generator.site.page import Density, Feed, Listing, Prose, Ref, page_url
from generator.site.pages import RelatedRows
from generator.text.markdown import render_markdown
from generator.text.plain import excerpt, plain_title, title_html
from generator.text.slug import slugify

_NAMED_AUTHORS = 3
_BUTTONS = (
    ("pdf", "PDF"),
    ("abstract", "Abstract"),
    ("code", "Code"),
    ("project", "Project page"),
    ("huggingface", "Discussion"),
    ("doi", "DOI"),
)
_READABLE = ("pdf", "abstract", "doi")
"""Kinds of link that lead to the paper itself."""
_FIND = (
    ("arXiv", "https://arxiv.org/search/?searchtype=title&query="),
    ("Google Scholar", "https://scholar.google.com/scholar?q="),
)
_WORDS_ONLY = re.compile("[A-Za-z0-9_.~ -]*").fullmatch
"""Whether a text stands in a query as it is, but for its blanks (RFC 3986, section 2.3)."""


class SiteView(Struct, frozen=True, kw_only=True, eq=False):
    """`site` in every template."""

    title: str
    description: str
    language: str
    curators: tuple[str, ...]
    base_url: str
    options: Mapping[str, Any]
    edition: datetime.date | None
    edition_url: str
    year: int | None
    paper_count: int
    topic_count: int
    has_organizations: bool
    pages: tuple[Ref, ...]
    generator: str


class PageView(Struct, frozen=True, kw_only=True):
    """`page` in every template."""

    url: str
    title: str
    description: str
    kind: str
    canonical: str
    noindex: bool
    feeds: tuple[Feed, ...]
    json_ld: Markup
    meta: tuple[tuple[str, str], ...]


class NavView(Struct, frozen=True, kw_only=True):
    """A place in the navigation."""

    title: str
    url: str
    current: bool


class TopicView(Struct, frozen=True, kw_only=True):
    """A paper's topic."""

    title: str
    url: str
    slug: str
    why: str = ""


class OrganizationView(Struct, frozen=True, kw_only=True):
    """A paper's organisation."""

    name: str
    url: str
    """Empty where it has no page."""
    handle: str
    external_url: str


class Card(Struct, kw_only=True, eq=False):
    """A paper in a list. Nobody changes it, but to freeze it would take longer than to fill it."""

    id: str
    url: str
    title: Markup
    authors: str
    organization: OrganizationView | None
    date: datetime.date | None
    added: datetime.date | None
    topics: tuple[TopicView, ...]
    upvotes: int | None
    comments: int | None
    stars: int | None
    code: str
    summary: str
    excerpt: str
    rest: str
    gained: str = ""


class DayView(Struct, frozen=True, kw_only=True):
    """A day a paper was also listed on."""

    date: datetime.date
    url: str


class Button(Struct, frozen=True, kw_only=True):
    """A link out of the site."""

    kind: str
    title: str
    url: str


class PaperView(Card, kw_only=True, eq=False):
    """A paper on its own page."""

    abstract: Markup
    notes: Markup
    authors_list: tuple[str, ...]
    author_count: int | None
    buttons: tuple[Button, ...]
    find: tuple[Ref, ...]
    published: datetime.date | None
    featured: tuple[DayView, ...]
    day_url: str
    updated: datetime.date | None
    version: int | None
    withdrawn: bool
    venue: str
    categories: tuple[str, ...]
    keywords: tuple[str, ...]
    bibtex: str
    bib_url: str
    ris_url: str
    json_url: str
    source: str
    extra: Mapping[str, Any]


class GroupView(Struct, frozen=True, kw_only=True):
    """Papers under one heading."""

    title: str
    url: str
    cards: tuple[Card, ...]


class PageLink(Struct, frozen=True, kw_only=True):
    """A page of a listing."""

    number: int
    url: str
    current: bool


class ListingView(Struct, frozen=True, kw_only=True):
    """A page of a list of papers."""

    groups: tuple[GroupView, ...]
    number: int
    pages: int
    total: int
    first: int
    last: int
    newer: str
    older: str
    links: tuple[PageLink | None, ...]


class Around(Struct, frozen=True, kw_only=True):
    """What a paper is shown by besides itself."""

    topics: Mapping[str, Topic]
    people: People
    organizations: Collection[str] | None = None
    """Slugs of the organisations that have a page; None where all have."""
    leave_out: Collection[Extra] = ()
    """What the site does without."""

    def has_page(self, paper: Paper) -> bool:
        """Whether the paper's organisation has one."""
        if self.organizations is None or not paper.organization:
            return bool(paper.organization)
        return _slug(organization_of(paper, self.people)) in self.organizations


@lru_cache(maxsize=4096)
def _slug(name: str) -> str:
    return slugify(name)


class Cards:
    """Papers as lists show them, each made once: a list that shows one again finds the same."""

    def __init__(self, papers: Mapping[str, Paper], around: "Around") -> None:
        self._papers = papers
        self._around = around
        self._made: dict[tuple[str, Density, str], Card] = {}
        self._known: dict[str, dict[str, Any]] = {}

    def of(self, paper: str, density: Density = "abstracts", gained: str = "") -> Card:
        """The paper with this id. `gained`: what it gained lately, in words."""
        made = self._made.get((paper, density, gained))
        if made is None:
            known, shown = self.known(paper), _SHOWN[density](self._papers[paper])
            self._made[paper, density, gained] = made = Card(**known, **shown, gained=gained)
        return made

    def known(self, paper: str) -> dict[str, Any]:
        """What every card of a paper says of it, by name; the rest is text."""
        if paper not in self._known:
            self._known[paper] = _known(self._papers[paper], self._around)
        return self._known[paper]


_Text = Mapping[str, Any]


def _whole(paper: Paper) -> _Text:
    shown, rest = _excerpt(abstract_line(paper))
    return {"summary": paper.summary, "excerpt": shown, "rest": rest}


def _begun(paper: Paper) -> _Text:
    """The sentence that sums a paper up, or else how its abstract begins."""
    if paper.summary:
        return {**_NO_TEXT, "summary": paper.summary}
    shown, rest = _excerpt(abstract_line(paper))
    is_cut = shown and rest and shown[-1] not in ".!?"
    return {**_NO_TEXT, "excerpt": f"{shown} …" if is_cut else shown}


_NO_TEXT = {"summary": "", "excerpt": "", "rest": ""}
_SHOWN: Mapping[Density, Callable[[Paper], _Text]] = {
    "abstracts": _whole,
    "excerpts": _begun,
    "titles": lambda _: _NO_TEXT,
    "nothing": _whole,
}
"""The text that cards show in lists that show so much."""


def _known(paper: Paper, around: Around) -> dict[str, Any]:
    topics = around.topics
    return {
        "id": paper.id,
        "url": f"/papers/{paper.id}/",
        "title": _title(paper.title),
        "authors": authors_line(paper),
        "organization": _organization(paper, around),
        "date": paper.date,
        "added": paper.added,
        "topics": tuple([_topic(topics[slug]) for slug in paper.topics if slug in topics]),
        "upvotes": paper.upvotes,
        "comments": paper.comments,
        "stars": paper.stars,
        "code": paper.link("code"),
    }


_excerpt = lru_cache(maxsize=2048)(excerpt)


@lru_cache(maxsize=1 << 12)
def _title(title: str) -> Markup:
    return Markup(title_html(title))  # noqa: S704 (escaped there)


def authors_line(paper: Paper) -> str:
    """`Ada Lovelace, Blaise Pascal and 3 more`, or `5 authors` where only the number is known."""
    names = paper.authors
    if not names:
        count = paper.author_count
        return "" if not count else "1 author" if count == 1 else f"{count} authors"
    if len(names) > _NAMED_AUTHORS + 1:
        return f"{', '.join(names[:_NAMED_AUTHORS])} and {len(names) - _NAMED_AUTHORS} more"
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _organization(paper: Paper, around: Around) -> OrganizationView | None:
    if not paper.organization:
        return None
    name = organization_of(paper, around.people) if around.has_page(paper) else ""
    return _group(paper.organization, name, paper.link("organization"))


@lru_cache(maxsize=4096)
def _group(name: str, page: str, external: str) -> OrganizationView:
    """An organisation. `page`: the name that its page is called after, "" where it has none."""
    return OrganizationView(
        name=name,
        url=f"/organizations/{_slug(page)}/" if page else "",
        handle=handle(external),
        external_url=external,
    )


def _topic(topic: Topic, why: str = "") -> TopicView:
    return TopicView(title=topic.title, url=f"/topics/{topic.slug}/", slug=topic.slug, why=why)


def view_papers(
    papers: Sequence[Paper],
    around: Around,
    page_urls: Sequence[str],
    known: Sequence[Mapping[str, Any]],
) -> list[PaperView]:
    """Papers as their own pages show them. Of each, `page_urls`: the page's absolute URL; `known`:
    what its cards say of it. What is alike is done for all papers at once, which takes a processor
    less time than to do everything for one after the other."""
    found = zip(
        papers,
        known,
        [_whole(paper) for paper in papers],
        [_topics(paper, around) for paper in papers],
        [render_markdown(paper.abstract) for paper in papers],
        [bibtex(paper, url) for paper, url in zip(papers, page_urls, strict=True)],
        strict=True,
    )
    return [_view(around.leave_out, *each) for each in found]


def _view(
    leave_out: Collection[Extra],
    paper: Paper,
    known: Mapping[str, Any],
    text: _Text,
    topics: tuple[TopicView, ...],
    abstract: str,
    entry: str,
) -> PaperView:
    base = f"/papers/{paper.id}"
    return PaperView(
        **{**known, **text, "topics": topics},
        abstract=Markup(abstract),  # noqa: S704 (sanitised by `render_markdown`)
        notes=Markup(render_markdown(paper.notes)),  # noqa: S704 (sanitised there)
        authors_list=paper.authors,
        author_count=paper.author_count,
        buttons=_buttons(paper),
        find=() if any(paper.link(kind) for kind in _READABLE) else _find(paper),
        published=paper.date,
        featured=tuple(
            [DayView(date=day, url=f"/days/{day}/") for day in paper.featured if day != paper.added]
        ),
        day_url=f"/days/{paper.added}/",
        updated=paper.updated,
        version=paper.version,
        withdrawn=paper.withdrawn,
        venue=paper.venue,
        categories=paper.categories,
        keywords=paper.keywords,
        bibtex=entry,
        bib_url="" if "bib" in leave_out else f"{base}.bib",
        ris_url="" if "ris" in leave_out else f"{base}.ris",
        json_url="" if "json" in leave_out else f"/api{base}.json",
        source=paper.source,
        extra=paper.extra,
    )


def _topics(paper: Paper, around: Around) -> tuple[TopicView, ...]:
    """Its topics, and why their rules caught it; one given by hand has no reason."""
    shown = [around.topics[slug] for slug in paper.topics if slug in around.topics]
    named = [topic for topic in shown if topic.rule]
    why = why_topics(subject_of(paper, around.people), named) if named else {}
    return tuple([_topic(topic, why.get(topic.slug, "")) for topic in shown])


def _buttons(paper: Paper) -> tuple[Button, ...]:
    titles = dict(_BUTTONS)
    kinds = [kind for kind, _ in _BUTTONS if paper.link(kind)]
    own = [link.kind for link in paper.links if link.kind not in titles]
    return tuple(
        Button(kind=kind, title=titles.get(kind, kind.capitalize()), url=paper.link(kind))
        for kind in [*kinds, *(kind for kind in own if kind != "organization")]
    )


def _find(paper: Paper) -> tuple[Ref, ...]:
    words = plain_title(paper.title)
    query = words.replace(" ", "+") if _WORDS_ONLY(words) else quote_plus(words)
    return tuple(Ref(title=title, url=url + query) for title, url in _FIND)


def view_listing(listing: Listing, cards: Cards) -> ListingView:
    """A page of a list, its papers as cards."""
    groups = tuple(
        GroupView(
            title=group.title,
            url=group.url,
            cards=tuple(
                cards.of(paper, listing.density, listing.gained.get(paper, ""))
                for paper in group.papers
            ),
        )
        for group in listing.groups
    )
    return ListingView(
        groups=groups,
        number=listing.number,
        pages=listing.pages,
        total=listing.total,
        first=listing.first,
        last=listing.first + sum(len(group.cards) for group in groups) - 1,
        newer=page_url(listing.base, listing.number - 1) if listing.number > 1 else "",
        older=page_url(listing.base, listing.number + 1) if listing.number < listing.pages else "",
        links=_page_links(listing),
    )


def _page_links(listing: Listing) -> tuple[PageLink | None, ...]:
    """First, last and the neighbours; None where numbers are left out."""
    if listing.pages < 2:
        return ()
    near = range(listing.number - 1, listing.number + 2)
    numbers = sorted({1, listing.pages, *near} & set(range(1, listing.pages + 1)))
    links: list[PageLink | None] = []
    for before, number in zip([0, *numbers], numbers, strict=False):
        if number - before > 1:
            links.append(None)
        url = page_url(listing.base, number)
        links.append(PageLink(number=number, url=url, current=number == listing.number))
    return tuple(links)


def view_shows(shows: Mapping[str, Any]) -> dict[str, Any]:
    """Variables that a page carries ready made."""
    return {name: _printed(value) for name, value in shows.items()}


def _printed(value: Any) -> Any:
    if isinstance(value, RelatedRows):
        return value.rows()
    return Markup(value.__html__()) if isinstance(value, Prose) else value  # noqa: S704


def view_nav(nav: tuple[Ref, ...], url: str) -> tuple[NavView, ...]:
    """The navigation, with the place that `url` belongs to marked."""
    return _marked(nav, tuple(_is_within(url, ref.url) for ref in nav))


@lru_cache(maxsize=64)
def _marked(nav: tuple[Ref, ...], current: tuple[bool, ...]) -> tuple[NavView, ...]:
    return tuple(
        NavView(title=ref.title, url=ref.url, current=is_current)
        for ref, is_current in zip(nav, current, strict=True)
    )


def _is_within(url: str, place: str) -> bool:
    if place == "/":
        return url == "/" or url.startswith("/page/")
    periods = ("/days/", "/weeks/", "/months/")
    return url.startswith(place) or (place == "/archive/" and url.startswith(periods))
