"""What a page of the site is: URL, template, what it shows; and how a list becomes pages."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from generator.config import Extra
from generator.text.markdown import render_markdown

Density = Literal["abstracts", "excerpts", "titles", "nothing"]
"""How much a list shows of its papers: the abstract whole, its beginning, none of it, or only how
many they are."""
PAGE_SIZE = 30
"""Papers on a page of a listing: with abstracts it stays below 100 KB."""
TITLES_SIZE = 50
"""Papers on a page of a listing of titles."""


class Ref(Struct, frozen=True):
    """A page of the site, or a place outside, to link to."""

    title: str
    url: str


class Feed(Struct, frozen=True):
    """A feed that a page announces."""

    title: str
    type: str
    """Its media type."""
    url: str


class Prose(Struct, frozen=True):
    """Markdown of the curator's; a template prints it as safe HTML."""

    text: str

    def __html__(self) -> str:
        return render_markdown(self.text)

    def __bool__(self) -> bool:
        return bool(self.text)


class Group(Struct, frozen=True):
    """Papers under one heading of a listing."""

    title: str
    """Empty for a listing without headings."""
    url: str
    papers: tuple[str, ...]
    """Ids."""


class Listing(Struct, frozen=True):
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
    density: Density = "abstracts"
    gained: Mapping[str, str] = field(default_factory=dict)
    """By id, what papers on this page gained lately, in words; of those that trend."""


class Page(Struct, frozen=True):
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


def whole_or_begun(leave_out: Collection[Extra]) -> Density:
    """How much lists show that show most."""
    return "excerpts" if "abstracts" in leave_out else "abstracts"


def paginate(
    base: str, groups: Sequence[Group], density: Density = "abstracts"
) -> Iterator[Listing]:
    """The pages of a listing, at least one; a group may go on over pages."""
    total = sum(len(group.papers) for group in groups)
    if density == "nothing":
        yield Listing(
            groups=(), base=base, number=1, pages=1, first=1, total=total, density=density
        )
        return
    size = TITLES_SIZE if density == "titles" else PAGE_SIZE
    pages = max(1, -(-total // size))
    for number in range(1, pages + 1):
        before = (number - 1) * size
        yield Listing(
            groups=tuple(_stretch(groups, before, before + size)),
            base=base,
            number=number,
            pages=pages,
            first=min(total, before + 1),
            total=total,
            density=density,
        )


def _stretch(groups: Iterable[Group], start: int, end: int) -> Iterator[Group]:
    """Groups with those of their papers that stand between two places among all."""
    for group in groups:
        count = len(group.papers)
        if start <= 0 < count <= end:
            yield group
        elif start < count and end > 0:
            yield replace(group, papers=group.papers[max(start, 0) : end])
        start, end = start - count, end - count


def page_url(base: str, number: int) -> str:
    """The URL of a listing's page."""
    return base if number == 1 else f"{base}page/{number}/"


def listing_pages(
    page: Page,
    groups: Sequence[Group],
    density: Density = "abstracts",
    gained: Mapping[str, str] | None = None,
) -> Iterator[Page]:
    """A page and the later pages of its listing. `gained`: what papers gained, in words."""
    for listing in paginate(page.url, groups, density):
        if gained:
            shown = {paper for group in listing.groups for paper in group.papers}
            known = {slug: text for slug, text in gained.items() if slug in shown}
            listing = replace(listing, gained=known)
        title = page.title if listing.number == 1 else f"{page.title}, page {listing.number}"
        url = page_url(page.url, listing.number)
        yield replace(page, url=url, title=title, listing=listing)


def one_group(papers: Sequence[str]) -> tuple[Group, ...]:
    """A listing without headings."""
    return (Group(title="", url="", papers=tuple(papers)),)


def feeds_of(base: str, title: str) -> tuple[Feed, ...]:
    """The three feeds that lie at `base`."""
    return (
        Feed(title=f"{title} (RSS)", type="application/rss+xml", url=f"{base}feed.xml"),
        Feed(title=f"{title} (Atom)", type="application/atom+xml", url=f"{base}atom.xml"),
        Feed(title=f"{title} (JSON Feed)", type="application/feed+json", url=f"{base}feed.json"),
    )


def feed_refs(base: str) -> tuple[Ref, ...]:
    """Links to the three feeds at `base`, called by their formats."""
    names = (("RSS", "feed.xml"), ("Atom", "atom.xml"), ("JSON Feed", "feed.json"))
    return tuple(Ref(title=title, url=base + name) for title, name in names)
