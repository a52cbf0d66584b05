"""Pages to HTML files: what a template sees, and what its pages depend on."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

import jinja2
from markupsafe import Markup
from msgspec import Struct

from generator.config import Config
from generator.errors import BroadsheetError, Problem
from generator.model import File, Paper
from generator.publish.addresses import absolute_url
from generator.publish.api import api_endpoints, api_fields
from generator.publish.citations import abstract_line, citation_tags, json_ld
from generator.publish.templates import make_environment, template_problem
from generator.publish.theme import Look
from generator.publish.views import (
    Around,
    Cards,
    PageView,
    PaperView,
    SiteView,
    view_listing,
    view_nav,
    view_papers,
    view_shows,
)
from generator.site.page import Page, Ref
from generator.site.pages import Site, paper_url
from generator.text.plain import clean_line, excerpt, plain_title

API = "api.html"
_PAPERS = "/papers/"
_DESCRIPTION_LENGTH = 150
AT_ONCE = 16
"""So many pages are made side by side."""


class Frame(Struct, frozen=True, kw_only=True):
    """What all pages of a site share."""

    config: Config
    look: Look
    nav: tuple[Ref, ...]
    around: Around
    site: SiteView
    examples: Mapping[str, Any]
    """A paper, a day and a topic that exist, for the page about the static JSON."""


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
        year=newest.first.year if newest else None,
        paper_count=len(library.papers),
        topic_count=len(library.topics),
        has_organizations=bool(site.organizations),
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
        around=Around(
            topics=library.topics,
            people=library.people,
            organizations=frozenset(site.organizations) if config.min_papers > 1 else None,
            leave_out=config.leave_out,
        ),
        site=view,
        examples=examples,
    )


class PageDigests:
    """What a template's pages depend on besides what they show: settings, templates, the theme's
    files. Of a site, a template and the navigation only what the templates read."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._environment = make_environment(frame.look)
        self._known: dict[str, str] = {}

    def of(self, template: str) -> str:
        """A digest for all pages that are made by a template."""
        if template not in self._known:
            self._known[template] = self._digest(template)
        return self._known[template]

    def _digest(self, template: str) -> str:
        frame, reads = self._frame, self._environment.reads(template)
        names = {path[1] if len(path) > 1 else "" for path in reads.paths if path[0] == "site"}
        fields = SiteView.__struct_fields__
        shown = [f"{f}={getattr(frame.site, f)!r}" for f in fields if {f, ""} & names]
        chosen = frame.config
        config = (chosen.title, chosen.description, chosen.base_url, sorted(chosen.leave_out))
        look = (frame.look.assets, frame.look.options, self._environment.digest(reads.templates))
        nav = frame.nav if any(path[0] == "nav" for path in reads.paths) else ()
        examples = frame.examples if template == API else ()
        told = repr((shown, config, look, nav, examples))
        return blake2b(told.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


class _Shown(NamedTuple):
    """What a page shows of its paper."""

    paper: PaperView
    meta: tuple[tuple[str, str], ...]
    json_ld: str
    title: str
    description: str


class PageRenderer:
    """Renders pages that show some papers; a paper that stands on several is looked at once."""

    def __init__(self, frame: Frame, papers: Mapping[str, Paper]) -> None:
        self._frame = frame
        self._papers = papers
        self._environment = make_environment(frame.look)
        self._cards = Cards(papers, frame.around)
        self._problems: dict[Problem, None] = {}

    def render(self, pages: Sequence[Page]) -> Iterator[File]:
        """The pages as files, but for those whose template fails, which `finish` tells. What is
        alike is done for some pages at once, as `view_papers` does it."""
        for start in range(0, len(pages), AT_ONCE):
            some = pages[start : start + AT_ONCE]
            variables = zip(some, self._variables(some), strict=True)
            made = [self._html(page.template, seen) for page, seen in variables]
            for page, html in zip(some, made, strict=True):
                if html is not None:
                    yield File(path=page.path, content=html)

    def _html(self, template: str, variables: Mapping[str, Any]) -> bytes | None:
        try:
            return self._environment.get_template(template).render(variables).encode("utf-8")
        except Exception as error:  # a template may do anything
            self._problems[template_problem(error, template)] = None
            return None

    def finish(self) -> None:
        """Raises BroadsheetError with every failing template once."""
        self._environment.forget()
        if self._problems:
            raise BroadsheetError(self._problems)

    def _variables(self, pages: Sequence[Page]) -> Iterator[dict[str, Any]]:
        shown = self._shown([page for page in pages if page.paper])
        return (self._variables_of(page, shown.get(page.url)) for page in pages)

    def _shown(self, pages: Sequence[Page]) -> Mapping[str, _Shown]:
        """By URL, what pages of papers show of them."""
        config = self._frame.config
        papers = [self._papers[page.paper] for page in pages]
        has_json_ld = "linked-data" not in config.leave_out
        found = zip(
            view_papers(
                papers,
                self._frame.around,
                [absolute_url(config.base_url, page.url) for page in pages],
                [self._cards.known(paper.id) for paper in papers],
            ),
            [citation_tags(paper) for paper in papers],
            [json_ld(paper) if has_json_ld else "" for paper in papers],
            [plain_title(paper.title) for paper in papers],
            [clean_line(p.description) or abstract_line(self._papers[p.paper]) for p in pages],
            strict=True,
        )
        return {page.url: _Shown(*each) for page, each in zip(pages, found, strict=True)}

    def _variables_of(self, page: Page, shown: _Shown | None) -> dict[str, Any]:
        frame = self._frame
        root, near = root_from(page.url, frame.config.base_path), _PAPERS if page.paper else ""
        links = _links(root, near, frame.look.assets)
        variables: dict[str, Any] = {
            "site": frame.site,
            "nav": view_nav(frame.nav, page.url),
            "href": links.href,
            "asset": links.asset,
            **view_shows(page.shows),
        }
        if page.listing is not None:
            variables["listing"] = view_listing(page.listing, self._cards)
        if shown:
            variables["paper"] = shown.paper
        if page.template == API:
            left_out = frame.config.leave_out
            variables["endpoints"] = api_endpoints(**frame.examples, left_out=left_out)
            variables["fields"] = api_fields(left_out)
        described = shown.description if shown else clean_line(page.description)
        variables["page"] = PageView(
            url=page.url,
            title=shown.title if shown else page.title,
            description=_description(described or clean_line(frame.config.description)),
            kind=page.template.removesuffix(".html"),
            canonical=absolute_url(frame.config.base_url, page.url),
            noindex=page.noindex,
            feeds=page.feeds,
            json_ld=Markup(shown.json_ld if shown else ""),  # noqa: S704 (made safe for scripts)
            meta=shown.meta if shown else (),
        )
        return variables


def _description(text: str) -> str:
    shown, rest = excerpt(text, _DESCRIPTION_LENGTH)
    return f"{shown.rstrip(' ,;:')} …" if rest and not shown.endswith(".") else shown


class Links:
    """Hrefs from the pages at one depth to the others: relative, so that the site works under any
    path; the 404 page, which is shown at any depth, has absolute ones. One for all these pages:
    parts of them that are the same are known by it. `near`: the folder that the pages lie in
    side by side, as papers do; they reach each other by a shorter way."""

    def __init__(self, root: str, assets: Mapping[str, str], near: str = "") -> None:
        self._root = root
        self._assets = assets
        self._near = near
        self._known: dict[str, str] = {}
        """The hrefs of static files that were asked for."""

    def href(self, url: str) -> str:
        """The href of a URL of the site (`/topics/`, `/feed.xml`); other URLs as they are."""
        if self._near and url.startswith(self._near):
            return f"../{url.removeprefix(self._near)}"
        return (self._root + url[1:] or "./") if url.startswith("/") else url

    def asset(self, path: str) -> str:
        """The href of a file of the theme's static/, with its content's hash."""
        if path not in self._known:
            place = f"/{path}" if path.startswith("search/") else f"/assets/{path}"
            if path not in self._assets:
                raise jinja2.TemplateRuntimeError(f"no static file '{path}'")
            self._known[path] = f"{self.href(place)}?v={self._assets[path]}"
        return self._known[path]


def root_from(url: str, base_path: str) -> str:
    """The way from a page to the site's root: `../../` from `/topics/robotics/`."""
    return base_path if url == "/404.html" else "../" * (url.count("/") - 1)


@lru_cache(maxsize=64)
def _links(root: str, near: str, assets: tuple[tuple[str, str], ...]) -> Links:
    return Links(root, dict(assets), near)


def sitemap_entries(site: Site) -> list[tuple[str, Any]]:
    """The URLs for search engines, a paper's with the day it last changed."""
    lists = [(page.url, None) for page in site.lists if not page.noindex]
    papers = [(paper_url(paper.id), paper.updated or paper.added) for paper in site.library]
    return [*lists, *papers]
