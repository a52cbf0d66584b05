"""The products of a site: files that are made at once, of what they name and nothing else.

Owns which products there are besides the search and the few files that tell of the whole site, and
the one rule for when a product is made again: its digest is another. A digest covers what the
product shows, the papers it shows, the settings and templates it reads and the version.
"""

import pickle
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property, lru_cache
from itertools import chain, islice, pairwise
from typing import Any
from zlib import crc32

from msgspec import Struct

from generator.library.packed import digest
from generator.model import File, Library, Paper
from generator.publish.api import ApiItems, render_api_day, render_api_papers, render_api_topic
from generator.publish.citations import ENDINGS, bulk_citations, render_citations
from generator.publish.feeds import FeedChannel, WrittenEntry, render_feeds
from generator.publish.html import AT_ONCE, Frame, PageDigests, PageRenderer
from generator.publish.templates import make_environment
from generator.site.calendar import json_since
from generator.site.page import Page
from generator.site.pages import PAPER, PaperPages, Site

FEEDS = ("feed.xml", "atom.xml", "feed.json")
BATCH = 160
"""Products in a batch."""
_TOGETHER = 64
"""So many papers on average have one digest for all that belongs to them."""
_BESIDE = "papers "
"""What the keys of these begin with; then comes the first paper, but of the newest papers none: one
more comes before the first of them."""
_COUNTED = 8
"""A product that shows many papers counts as one more for each so many of them."""


class Product(Struct, frozen=True):
    """Files that are made at once."""

    kind: str
    """page, paper, feeds, day or topic."""
    name: str
    """Which of its kind: a URL, an id, a day, a slug."""
    papers: tuple[str, ...]
    """Ids of the papers that it needs."""
    body: Any
    """What else it needs: a Page, a FeedChannel, a Topic."""
    digest: str
    endings: tuple[str, ...] = ()
    """Of the files of a paper, day or topic."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Its files."""
        return _PATHS[self.kind](self)

    @property
    def key(self) -> str:
        """Its name among all products."""
        return f"{self.kind} {self.name}"


class Batch(Struct, frozen=True, kw_only=True):
    """Some products with all that making them needs; picklable."""

    frame: bytes
    """A pickled Frame, with what was found out of its templates: unpickled once by whoever makes
    many batches."""
    products: tuple[Product, ...]
    papers: Mapping[str, Paper]


class Plan:
    """The products of a site beside those of an older one. In two steps: lists can be made while
    related papers are still being looked for."""

    def __init__(self, site: Site, frame: Frame, known: Mapping[str, str]) -> None:
        """`known`: the digests of an older site's products, as its plan had them."""
        self._site, self._known = site, known
        self._find = _Digests(site.library, frame)
        self._endings = _endings(_SINGLE, site.config.leave_out)
        self.digests: dict[str, str] = {}
        """Of each product, by its key; of the pages and files of papers side by side in one text:
        a digest of all, then of each paper its id and both digests."""
        self.kept = set[str]()
        """The files of those that the old site has."""
        self._of_files = dict[str, str]()
        """The digests of papers' files that are planned, by paper."""
        self.pages: PaperPages | None = None
        """Of papers, once they are planned."""

    def lists(self) -> list[Product]:
        """The pages that are none of papers, and feeds, as far as they are new; those that show the
        same papers near each other."""
        pages = (self._find.page(page) for page in self._site.lists)
        feeds = (self._find.product("feeds", c.base, i, c) for c, i in _channels(self._site))
        new = list(self._new(chain(pages, feeds)))
        first = {product.papers[0] for product in new if product.papers}
        places = {p: number for number, p in enumerate(self._site.library.papers) if p in first}
        return sorted(new, key=lambda p: places[p.papers[0]] if p.papers else -1)

    def files(self, go_on: Callable[[], bool]) -> Iterator[Product]:
        """What `papers` gives but for pages, as long as the caller wants to go on: it has to wait
        for related papers. Apart from its page, a paper's files take longer to make."""
        for paper in self._site.library.papers:
            if not go_on():
                return
            yield from self._files(paper, self._known_of_each)

    def papers(self, pages: PaperPages) -> Iterator[Product]:
        """The pages of papers, and papers as files for programs, as far as they are new. They are
        planned one by one, so that whoever makes them need not wait for the last."""
        self.pages = pages
        yield from self._new(self._bulk.get("", ()))
        papers = [*self._site.library.papers]
        for start, end in pairwise(_edges(papers)):
            beside, key = papers[start:end], f"{_BESIDE}{papers[start] if start else ''}"
            told = self._find.all_of(beside, pages.told_together(start, end), self._endings)
            if self._known.get(key, "").startswith(told):
                self.digests[key] = self._known[key]
                yield from self._kept(beside)
                continue
            known = _read(self._known[key]) if key in self._known else self._known_of_each
            noted = [told]
            for number, paper in enumerate(beside, start):
                page = self._find.page_of_paper(paper, pages.told(number))
                yield from self._page(paper, page, known, number, pages)
                if paper not in self._of_files:
                    yield from self._files(paper, known)
                noted.append(f"{paper} {page} {self._of_files.pop(paper)}")
            self.digests[key] = "\t".join(noted)

    def _kept(self, papers: Sequence[str]) -> Iterator[Product]:
        """What the old site has of papers stays; lists that they are the first of may be new."""
        self.kept.update([_path_of_page(paper) for paper in papers])
        for ending in self._endings:
            self.kept.update([_path_of_file(paper, ending) for paper in papers])
        for paper in papers:
            yield from self._new(self._bulk.get(paper, ()))

    def _page(
        self, paper: str, told: str, known: "_Known", number: int, pages: PaperPages
    ) -> Iterator[Product]:
        """A paper's page, which becomes a value only if it is new."""
        if known.get(paper, _NOTHING)[0] == told:
            self.kept.add(_path_of_page(paper))
            return
        page = pages.page(number)
        yield Product(kind="page", name=page.url, papers=(paper,), body=page, digest=told)

    def _files(self, paper: str, known: "_Known") -> Iterator[Product]:
        """A paper's files, and those of the lists that it is the first of."""
        self._of_files[paper] = ""
        if self._endings:
            product = self._find.product("paper", paper, (paper,), None, self._endings)
            self._of_files[paper] = product.digest
            yield from self._unless_known(product, known.get(paper, _NOTHING)[1])
        yield from self._new(self._bulk.get(paper, ()))

    @cached_property
    def _known_of_each(self) -> "_Known":
        """The digests of an older site's papers, for where others are side by side now."""
        noted = [value for key, value in self._known.items() if key.startswith(_BESIDE)]
        return {paper: told for value in noted for paper, told in _read(value).items()}

    @cached_property
    def _bulk(self) -> Mapping[str, list[Product]]:
        """The files of days and topics by their first papers."""
        bulk = defaultdict[str, list[Product]](list)
        for product in _files_of_lists(self._site, self._find):
            bulk[next(iter(product.papers), "")].append(product)
        return bulk

    def _new(self, products: Iterable[Product]) -> Iterator[Product]:
        for product in products:
            self.digests[product.key] = product.digest
            yield from self._unless_known(product, self._known.get(product.key, ""))

    def _unless_known(self, product: Product, known: str) -> Iterator[Product]:
        if known == product.digest:
            self.kept.update(product.paths)
        else:
            yield product


_Known = Mapping[str, Sequence[str]]
"""By paper, the digests of its page and of its files."""
_NOTHING = ("", "")


def _read(noted: str) -> dict[str, Sequence[str]]:
    """What is noted of papers side by side, but for the digest of all."""
    each = [told.split(" ") for told in noted.split("\t")[1:]]
    return {paper: told for paper, *told in each}


_SINGLE = {"json": "json", "bib": "bib", "ris": "ris"}
"""The files of a paper, by what a site does without where it has none."""


def _files_of_lists(site: Site, digests: "_Digests") -> Iterator[Product]:
    """The products that hold the papers of a day or topic for programs; as far as the site does not
    do without."""
    left_out = site.config.leave_out
    bulk = _endings({"json": "", "bib": "bulk-bib", "ris": "bulk-ris"}, left_out)
    since = json_since(site.days, left_out)
    for day in site.days.values():
        endings = bulk[1:] if since and day.first < since else bulk
        if endings:
            yield digests.product("day", str(day.first), day.papers, day.first, endings)
    for slug, ids in site.topics.items():
        yield digests.product("topic", slug, ids, endings=bulk)


def _endings(names: Mapping[str, str], left_out: Collection[str]) -> tuple[str, ...]:
    return tuple(ending for ending, name in names.items() if name not in left_out)


def _edges(papers: Sequence[str]) -> list[int]:
    """Where papers that have one digest begin and end: where a name says, so that one more moves no
    other edge."""
    edges = [n for n, paper in enumerate(papers) if n and crc32(paper.encode()) % _TOGETHER == 0]
    return [0, *edges, len(papers)] if papers else []


def _path_of_page(paper: str) -> str:
    return f"papers/{paper}/index.html"


def _path_of_file(paper: str, ending: str) -> str:
    return f"{'api/' if ending == 'json' else ''}papers/{paper}.{ending}"


def _paths_of_list(product: Product) -> tuple[str, ...]:
    folder = f"{product.kind}s/{product.name}"
    return tuple(
        f"api/{folder}.json" if ending == "json" else f"{folder}/papers.{ending}"
        for ending in product.endings
    )


_PATHS: Mapping[str, Callable[[Product], tuple[str, ...]]] = {
    "page": lambda page: (page.body.path,),
    "paper": lambda paper: tuple(_path_of_file(paper.name, ending) for ending in paper.endings),
    "feeds": lambda feeds: tuple(f"{feeds.name[1:]}{file}" for file in FEEDS),
    "day": _paths_of_list,
    "topic": _paths_of_list,
}


class _Digests:
    """Products with their digests."""

    def __init__(self, library: Library, frame: Frame) -> None:
        self._pages = PageDigests(frame)
        self._topics = {slug: digest(topic) for slug, topic in library.topics.items()}
        self._people = digest(library.people)
        known, around = library.digests, cache(self._of_topics)
        self._papers = {
            paper.id: f"{known.get(paper.id) or digest(paper)}{around(paper.topics)}"
            for paper in library
        }
        """Of a paper and all that is said of it elsewhere: its topics, names of people."""
        if frame.around.organizations is not None:
            has_page = frame.around.has_page
            alone = [paper.id for paper in library if paper.organization and not has_page(paper)]
            self._papers |= {paper: f"{self._papers[paper]}-" for paper in alone}
        config = frame.config
        self._base = digest((config.base_url, config.language, "repeats" in config.leave_out))

    def _of_topics(self, slugs: tuple[str, ...]) -> str:
        return digest(slugs, *[self._topics.get(slug, "") for slug in slugs], self._people)

    def page_of_paper(self, paper: str, told: str) -> str:
        """The digest of a paper's page. `told`: what it shows besides the paper."""
        return digest(told, self._pages.of(PAPER), self._papers[paper])

    def all_of(self, papers: Iterable[str], told: Iterable[str], endings: tuple[str, ...]) -> str:
        """A digest of all that belongs to some papers: what their pages and files depend on.
        `told`: what their pages show besides these papers."""
        own = [self._papers[paper] for paper in papers]
        return digest((endings, *told), self._pages.of(PAPER), self._base, *own)

    def page(self, page: Page) -> Product:
        """Another page as a product."""
        papers = tuple(page.papers)
        told = self._of(papers, self._pages.of(page.template), page)
        return Product(kind="page", name=page.url, papers=papers, body=page, digest=told)

    def product(
        self,
        kind: str,
        name: str,
        papers: tuple[str, ...],
        body: Any = None,
        endings: tuple[str, ...] = (),
    ) -> Product:
        """A product of another kind."""
        told = self._of(papers, self._base, (kind, name, body, endings))
        return Product(kind=kind, name=name, papers=papers, endings=endings, body=body, digest=told)

    def _of(self, papers: Iterable[str], frame: str, body: Any) -> str:
        return digest(body, frame, *[self._papers[paper] for paper in papers])


def channels(site: Site) -> Iterator[FeedChannel]:
    """Every channel that has feeds, in the order of the list of feeds."""
    return (channel for channel, _ in _channels(site))


def _channels(site: Site) -> Iterator[tuple[FeedChannel, tuple[str, ...]]]:
    """Every channel with the ids of the papers in its feeds, newest first."""
    config, library = site.config, site.library
    author = ", ".join(config.curators)
    main = FeedChannel(
        title=config.title,
        description=config.description,
        url="/",
        base="/",
        author=author,
        group="Site",
    )
    yield main, tuple(islice(library.papers, config.feed_entries))
    places = [
        (f"/topics/{s}/", library.topics[s].title, "Topics", i) for s, i in site.topics.items()
    ]
    places += [
        (f"/organizations/{slug}/", organization.name, "Organizations", organization.papers)
        for slug, organization in site.organizations.items()
    ]
    for base, title, group, ids in places:
        channel = FeedChannel(
            title=f"{config.title}: {title}",
            description=f"Papers in {config.title}: {title}",
            url=base,
            base=base,
            author=author,
            group=group,
        )
        yield channel, ids[: config.feed_entries]


# -- making them ----------------------------------------------------------------------------------


def batches(products: Iterable[Product], library: Library, frame: Frame) -> Iterator[Batch]:
    """The products in batches that stand for themselves and may be made anywhere."""
    told = frame, make_environment(frame.look).told
    pickled = pickle.dumps(told, pickle.HIGHEST_PROTOCOL)
    for chosen in _in_batches(products):
        ids = dict.fromkeys(paper for product in chosen for paper in product.papers)
        papers = {paper: library.papers[paper] for paper in ids}
        yield Batch(frame=pickled, products=chosen, papers=papers)


def _in_batches(products: Iterable[Product]) -> Iterator[tuple[Product, ...]]:
    chosen, count = list[Product](), 0
    for product in products:
        chosen.append(product)
        count += 1 + len(product.papers) // _COUNTED
        if count >= BATCH:
            yield tuple(chosen)
            chosen, count = [], 0
    if chosen:
        yield tuple(chosen)


def make(batch: Batch) -> Iterator[File]:
    """The files of a batch, one by one: those of a large topic are long. Raises BroadsheetError
    with every failing template once, behind the last file."""
    frame = _frame(batch.frame)
    pages, others = PageRenderer(frame, batch.papers), _Maker(frame, batch.papers)
    kinds = defaultdict[str, list[Product]](list)
    for product in batch.products:
        kinds[product.kind].append(product)
    yield from pages.render([product.body for product in kinds.pop("page", ())])
    yield from others.papers(kinds.pop("paper", ()))
    for product in chain.from_iterable(kinds.values()):
        yield from others.make(product)
    pages.finish()


@lru_cache(maxsize=2)
def _frame(pickled: bytes) -> Frame:
    frame, told = pickle.loads(pickled)  # noqa: S301 (our own)
    make_environment(frame.look).take(told)
    return frame  # type: ignore[no-any-return]


class _Maker:
    """Makes products that are no pages; what several show of a paper is worked out once."""

    def __init__(self, frame: Frame, papers: Mapping[str, Paper]) -> None:
        self._papers = papers
        self._frame = frame
        self._base_url = frame.config.base_url
        repeats = "repeats" not in frame.config.leave_out
        self._items = ApiItems(base_url=self._base_url, topics=frame.around.topics, repeats=repeats)
        self._cited: dict[tuple[str, str], str] = {}
        self._entries: dict[str, WrittenEntry] = {}
        self._make: Mapping[str, Callable[[Product], Iterator[File]]] = {
            "feeds": self._feeds,
            "day": self._day,
            "topic": self._topic,
        }

    def papers(self, products: Sequence[Product]) -> Iterator[File]:
        """The files of papers, which all have those that the site has; what is alike is made for
        some papers at once, as pages are."""
        for start in range(0, len(products), AT_ONCE):
            some = products[start : start + AT_ONCE]
            papers, endings = [paper for p in some for paper in self._shown(p)], some[0].endings
            files = [*render_api_papers(papers, self._items)] if "json" in endings else []
            cited = _cited(some[0])
            files += render_citations(papers, self._base_url, cited, kept=self._cited)
            yield from files

    def make(self, product: Product) -> Iterator[File]:
        """The files of another product."""
        return self._make[product.kind](product)

    def _shown(self, product: Product) -> list[Paper]:
        return [self._papers[paper] for paper in product.papers]

    def _feeds(self, product: Product) -> Iterator[File]:
        return render_feeds(
            product.body,
            self._shown(product),
            base_url=self._base_url,
            language=self._frame.config.language,
            topics=self._frame.around.topics,
            entries=self._entries,
        )

    def _day(self, product: Product) -> Iterator[File]:
        papers = self._shown(product)
        if "json" in product.endings:
            yield render_api_day(product.body, papers, self._items)
        yield from self._citations(product, papers)

    def _topic(self, product: Product) -> Iterator[File]:
        papers = self._shown(product)
        yield render_api_topic(self._frame.around.topics[product.name], papers, self._items)
        yield from self._citations(product, papers)

    def _citations(self, product: Product, papers: Sequence[Paper]) -> Iterator[File]:
        stem = f"{product.kind}s/{product.name}/papers"
        return bulk_citations(stem, papers, self._base_url, _cited(product), kept=self._cited)


def _cited(product: Product) -> tuple[str, ...]:
    return tuple(ending for ending in product.endings if ending in ENDINGS)
