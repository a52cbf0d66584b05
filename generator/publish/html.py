"""Pages to HTML files, in batches that stand for themselves and may be rendered anywhere."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import jinja2
from markupsafe import Markup

from generator.config import Config
from generator.errors import BroadsheetError, Problem
from generator.model import File, Paper, People, Topic
from generator.publish.addresses import absolute_url
from generator.publish.api import api_endpoints, api_fields
from generator.publish.citations import citation_tags, json_ld
from generator.publish.theme import Look, make_environment, template_problem
from generator.publish.views import (
    PageView,
    SiteView,
    view_listing,
    view_nav,
    view_paper,
    view_shows,
)
from generator.site.page import Page, Ref
from generator.site.pages import Site
from generator.text.plain import excerpt, plain_text, plain_title

BATCH_PAGES = 64
_UNDER_WAY = 16
"""Batches that wait, run or have just been rendered, when others render them."""
_DESCRIPTION_LENGTH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What all pages of a site share."""

    config: Config
    look: Look
    nav: tuple[Ref, ...]
    topics: Mapping[str, Topic]
    people: People
    site: SiteView
    examples: Mapping[str, Any]
    """A paper, a day and a topic that exist, for the page about the static JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Some pages with all that rendering them needs; picklable."""

    frame: Frame
    pages: tuple[Page, ...]
    papers: Mapping[str, Paper]
    """The papers that the pages show, by id."""


def make_frame(site: Site, look: Look, generator: str) -> Frame:
    """The frame of a planned site. `generator`: the program's name and version."""
    config, library = site.config, site.library
    newest = next(iter(site.days.values()), None)
    view = SiteView(
        title=config.title,
        description=config.description,
        language=config.language,
        curators=config.curators,
        base_url=config.base_url,
        options=dict(look.options),
        edition=newest.first if newest else None,
        edition_url=newest.url if newest else "/",
        paper_count=len(library.papers),
        topic_count=len(library.topics),
        organization_count=len(site.organizations),
        pages=tuple(Ref(title=note.title, url=f"/{note.slug}/") for note in library.pages.values()),
        generator=generator,
    )
    examples = {
        "paper": next(iter(library.papers), ""),
        "day": newest.first if newest else None,
        "topic": next(iter(library.topics), ""),
    }
    return Frame(
        config=config,
        look=look,
        nav=site.nav,
        topics=library.topics,
        people=library.people,
        site=view,
        examples=examples,
    )


def render_pages(site: Site, frame: Frame, executor: Executor | None = None) -> Iterator[File]:
    """Every page of the site as a file, in the order of the plan.

    `executor` does the batches elsewhere; None does them here. Raises BroadsheetError where a
    template fails, every failure once."""
    problems: dict[Problem, None] = {}
    for result in _results(_batches(site, frame), executor):
        try:
            yield from result()
        except BroadsheetError as error:
            problems |= dict.fromkeys(error.problems)
    if problems:
        raise BroadsheetError(problems)


def _results(
    batches: Iterator[Batch], executor: Executor | None
) -> Iterator[Callable[[], list[File]]]:
    """What gives each batch's files, in order; elsewhere, only a few batches are under way at once,
    so that neither they nor their files pile up."""
    if executor is None:
        yield from (partial(render_batch, batch) for batch in batches)
        return
    waiting: deque[Future[list[File]]] = deque()
    for batch in batches:
        waiting.append(executor.submit(render_batch, batch))
        if len(waiting) >= _UNDER_WAY:
            yield waiting.popleft().result
    yield from (future.result for future in waiting)


def _batches(site: Site, frame: Frame) -> Iterator[Batch]:
    pages = iter(site.pages)
    while chunk := tuple(islice(pages, BATCH_PAGES)):
        ids = dict.fromkeys(paper for page in chunk for paper in page.papers)
        papers = {paper: site.library.papers[paper] for paper in ids}
        yield Batch(frame=frame, pages=chunk, papers=papers)


def render_batch(batch: Batch) -> list[File]:
    """The batch's pages as files. Raises BroadsheetError with every failing template once."""
    environment = make_environment(batch.frame.look)
    files: list[File] = []
    problems: dict[Problem, None] = {}
    for page in batch.pages:
        try:
            files.append(_render_page(page, batch, environment))
        except jinja2.TemplateError as error:
            problems[template_problem(error, page.template)] = None
    if problems:
        raise BroadsheetError(problems)
    return files


def _render_page(page: Page, batch: Batch, environment: jinja2.Environment) -> File:
    template = environment.get_template(page.template)
    html = template.render(_variables(page, batch))
    return File(path=page.path, content=html.encode("utf-8"))


def _variables(page: Page, batch: Batch) -> dict[str, Any]:
    frame = batch.frame
    links = _Links(page.url, frame.config.base_path, dict(frame.look.assets))
    variables: dict[str, Any] = {
        "site": frame.site,
        "nav": view_nav(frame.nav, page.url),
        "href": links.href,
        "asset": links.asset,
        **view_shows(page.shows),
    }
    canonical = absolute_url(frame.config.base_url, page.url)
    meta: tuple[tuple[str, str], ...] = ()
    linked_data, title, description = "", page.title, page.description
    if page.listing is not None:
        variables["listing"] = view_listing(page.listing, batch.papers, frame.topics, frame.people)
    if page.paper:
        paper = batch.papers[page.paper]
        variables["paper"] = view_paper(paper, frame.topics, frame.people, canonical)
        meta = citation_tags(paper, url=canonical)
        linked_data = json_ld(paper, url=canonical, site_title=frame.config.title)
        title = plain_title(paper.title)
        description = description or plain_text(paper.abstract)
    if page.template == "api.html":
        variables["endpoints"] = api_endpoints(**frame.examples)
        variables["fields"] = api_fields()
    variables["page"] = PageView(
        url=page.url,
        title=title,
        description=_description(description or frame.config.description),
        kind=page.template.removesuffix(".html"),
        canonical=canonical,
        noindex=page.noindex,
        feeds=page.feeds,
        json_ld=Markup(linked_data),  # noqa: S704 (made safe for a script element there)
        meta=meta,
    )
    return variables


def _description(text: str) -> str:
    shown, rest = excerpt(" ".join(text.split()), _DESCRIPTION_LENGTH)
    return f"{shown.rstrip(' ,;:')} …" if rest and not shown.endswith(".") else shown


class _Links:
    """Hrefs from one page to the others: relative, so that the site works under any path; the 404
    page, which is shown at any depth, has absolute ones."""

    def __init__(self, url: str, base_path: str, assets: Mapping[str, str]) -> None:
        self._from = url
        self._base_path = base_path
        self._assets = assets

    def href(self, url: str) -> str:
        """The href of a URL of the site (`/topics/`, `/feed.xml`); other URLs as they are."""
        if not url.startswith("/"):
            return url
        if self._from == "/404.html":
            return self._base_path + url[1:]
        return relative(self._from, url)

    def asset(self, path: str) -> str:
        """The href of a file of the theme's static/, with its content's hash."""
        place = f"/{path}" if path.startswith("search/") else f"/assets/{path}"
        try:
            return f"{self.href(place)}?v={self._assets[path]}"
        except KeyError:
            raise jinja2.TemplateRuntimeError(f"no static file '{path}'") from None


def relative(base: str, url: str) -> str:
    """The relative reference from the page at `base` to `url`, both from the site's root."""
    here, there = base.split("/")[1:-1], url.split("/")[1:]
    shared = 0
    while shared < min(len(here), len(there) - 1) and here[shared] == there[shared]:
        shared += 1
    reference = "../" * (len(here) - shared) + "/".join(there[shared:])
    return reference or "./"


def sitemap_entries(pages: Iterable[Page], papers: Mapping[str, Paper]) -> list[tuple[str, Any]]:
    """The URLs for search engines, a paper's with the day it last changed."""
    entries = []
    for page in pages:
        if not page.noindex:
            paper = papers.get(page.paper)
            entries.append((page.url, (paper.updated or paper.added) if paper else None))
    return entries
