"""The page of a paper that was saved, from what the last build planned: long before the next build
has made all that changes with it."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from generator.errors import BroadsheetError
from generator.library.pages import parse_paper
from generator.model import File
from generator.publish.html import Frame, PageRenderer
from generator.site.page import Page
from generator.site.pages import PaperPages
from generator.storage.tree import read_text


class Plan(Struct, frozen=True, kw_only=True):
    """What the pages of papers are made of besides the papers themselves."""

    frame: Frame
    pages: Mapping[str, Page]
    """By the paper's path in content/."""


def plan_ahead(pages: PaperPages, frame: Frame) -> Plan:
    """What is kept of a planned site: no papers, which take most of the memory."""
    return Plan(frame=frame, pages={page.source: page for page in pages})


def make_ahead(root: Path, path: str, plan: Plan) -> File | None:
    """The page of the site for the paper at `path`, as it is there now; what stands around it and
    which papers are related stay as planned. None where only a build can tell what becomes of it:
    the paper is new, gone, hidden or wrong, or another one."""
    page = plan.pages.get(path)
    if page is None:
        return None
    try:
        paper = parse_paper(read_text(root, path), path, plan.frame.around.topics)
        if paper.id != page.paper or paper.hidden or paper.draft:
            return None
        renderer = PageRenderer(plan.frame, {paper.id: paper})
        files = list(renderer.render([replace(page, title=paper.title, description=paper.summary)]))
        renderer.finish()
    except BroadsheetError:  # the build tells it
        return None
    return files[0]
