"""The story of a build: content/ is loaded, the site is planned, its pages are rendered, and the
whole is put in output/'s place."""

import math
import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from generator import __version__
from generator.content import load_config, load_library, load_theme
from generator.errors import closing
from generator.model import Changes, File, Paper
from generator.publish.api import (
    ApiItems,
    render_api_daily_papers,
    render_api_day,
    render_api_index,
    render_api_papers,
    render_api_topic,
)
from generator.publish.citations import bulk_citations, render_citations
from generator.publish.feeds import (
    FeedChannel,
    FeedEntry,
    render_days_feed,
    render_feeds,
    render_opml,
)
from generator.publish.html import make_frame, render_pages, sitemap_entries
from generator.publish.search import Memory, render_search
from generator.publish.sitemap import (
    ICON,
    nojekyll,
    opensearch,
    render_sitemap,
    robots,
    web_manifest,
)
from generator.publish.theme import Theme
from generator.site.pages import Site, plan_site
from generator.storage.cache import open_cache, version_of
from generator.storage.staging import check_apart, check_output, replace_tree

CACHE = ".broadsheet/cache.sqlite"
PROGRAM = f"Broadsheet {__version__}"
_PAGES_FOR_PROCESSES = 400
"""Below so many pages, starting processes costs more than it saves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What a build did."""

    output: Path
    pages: int
    papers: int
    topics: int
    changes: Changes


def build(
    root: Path,
    output: Path | None = None,
    *,
    base_url: str = "",
    drafts: bool = False,
    cached: bool = True,
    jobs: int | None = None,
    executor: Executor | None = None,
) -> Built:
    """Build the site at `root` into `output` (default: its output/).

    `cached`: whether to use and keep what builds remember; the site is the same without it.
    `executor` renders the pages; without one, `jobs` processes do (default: one for each core).
    Raises BroadsheetError with every problem of the stage that failed; the old site stays."""
    output = output or root / "output"
    with closing("Nothing was built; the site in the output folder is as before."):
        check_apart(output, root, ("content", "themes"))
        check_output(output)
        config = load_config(root, base_url)
        theme = load_theme(root, config)
        site = plan_site(load_library(root, drafts=drafts), config)
        with _workers(len(site.pages), jobs, executor) as workers, _memory(root, cached) as memory:
            changes = replace_tree(output, render_site(site, theme, workers, memory))
    return Built(
        output=output,
        pages=len(site.pages),
        papers=len(site.library.papers),
        topics=len(site.topics),
        changes=changes,
    )


def render_site(
    site: Site, theme: Theme, executor: Executor | None = None, memory: Memory | None = None
) -> Iterator[File]:
    """Every file of the site, one at a time."""
    config = site.config
    yield from theme.static
    yield from render_pages(site, make_frame(site, theme.look, PROGRAM), executor)
    yield from _feeds(site)
    yield from _api(site)
    yield from _citations(site)
    yield from render_search(site.library, executor, memory)
    yield from render_sitemap(sitemap_entries(site.pages, site.library.papers), config.base_url)
    yield robots(config.base_url)
    icon = ICON if any(file.path == ICON for file in theme.static) else ""
    yield opensearch(config.title, config.description, config.base_url, config.language, icon)
    yield web_manifest(config.title, config.description, config.language, icon)
    yield nojekyll()


@contextmanager
def _memory(root: Path, cached: bool) -> Iterator[Memory | None]:
    """What the builds of the site remember, if they may."""
    if not cached:
        yield None
        return
    with open_cache(root / CACHE, version_of(Path(__file__).parent)) as cache:
        yield cache


@contextmanager
def _workers(pages: int, jobs: int | None, executor: Executor | None) -> Iterator[Executor | None]:
    """The executor given, or processes where they are worth their start."""
    jobs = jobs or os.cpu_count() or 1
    if executor is not None or jobs == 1 or pages < _PAGES_FOR_PROCESSES:
        yield executor
        return
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(min(jobs, math.ceil(pages / 100)), mp_context=context) as pool:
        yield pool


def _papers(site: Site, ids: tuple[str, ...]) -> list[Paper]:
    return [site.library.papers[paper] for paper in ids]


def _feeds(site: Site) -> Iterator[File]:
    config, library = site.config, site.library
    channels, entries = [], dict[str, FeedEntry]()
    for channel, ids in _channels(site):
        channels.append(channel)
        yield from render_feeds(
            channel,
            _papers(site, ids[: config.feed_entries]),
            base_url=config.base_url,
            language=config.language,
            topics=library.topics,
            entries=entries,
        )
    daily = FeedChannel(
        title=f"{config.title}: one entry a day",
        description=config.description,
        url="/archive/",
        base="/days/",
        author=", ".join(config.curators),
        group="Site",
    )
    days = [(day.first, _papers(site, day.papers)) for day in site.days.values()]
    yield from render_days_feed(
        daily, days[: config.feed_entries], base_url=config.base_url, language=config.language
    )
    yield render_opml(channels, title=config.title, base_url=config.base_url)


def _channels(site: Site) -> Iterator[tuple[FeedChannel, tuple[str, ...]]]:
    """Every channel with the ids of its papers, newest first."""
    config, library = site.config, site.library
    author = ", ".join(config.curators)
    yield (
        FeedChannel(
            title=config.title,
            description=config.description,
            url="/",
            base="/",
            author=author,
            group="Site",
        ),
        tuple(library.papers),
    )
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
        yield channel, ids


def _api(site: Site) -> Iterator[File]:
    config, library = site.config, site.library
    items = ApiItems(base_url=config.base_url, topics=library.topics)
    yield from render_api_papers(library, items)
    yield render_api_daily_papers(library, items)
    for day in site.days.values():
        yield render_api_day(day.first, _papers(site, day.papers), items)
    for slug, ids in site.topics.items():
        yield render_api_topic(library.topics[slug], _papers(site, ids), items)
    yield render_api_index(
        title=config.title,
        description=config.description,
        generator=PROGRAM,
        base_url=config.base_url,
        papers=len(library.papers),
        days=[(day.first, len(day.papers)) for day in site.days.values()],
        topics=[(library.topics[slug], len(ids)) for slug, ids in site.topics.items()],
    )


def _citations(site: Site) -> Iterator[File]:
    base_url, kept = site.config.base_url, dict[str, tuple[str, str]]()
    yield from render_citations(site.library, base_url, kept=kept)
    for slug, ids in site.topics.items():
        yield from bulk_citations(f"topics/{slug}/papers", _papers(site, ids), base_url, kept=kept)
    for day in site.days.values():
        yield from bulk_citations(
            f"days/{day.slug}/papers", _papers(site, day.papers), base_url, kept=kept
        )
