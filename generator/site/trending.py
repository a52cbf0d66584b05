"""The page of papers that trend, and how a paper's page tells what it gained."""

from collections.abc import Iterator, Mapping
from datetime import date

from msgspec import Struct

from generator.config import Config
from generator.errors import counted
from generator.library.signals import newest_day
from generator.library.trending import rank, risen, rule_in_words
from generator.model import Library
from generator.site.page import Page, listing_pages, one_group, whole_or_begun

URL = "/trending/"


class Rise(Struct, frozen=True, kw_only=True):
    """What a paper gained in the week up to a day."""

    text: str
    """`12 upvotes and 1 comment`."""
    until: date


class TrendingHead(Struct, frozen=True, kw_only=True):
    """What stands above the papers that trend."""

    rule: tuple[str, ...]
    """How they come to, in sentences."""
    until: date | None
    """The newest day that was observed."""


def rises(library: Library) -> dict[str, Rise]:
    """By id, what papers gained in the newest week."""
    until, gained = risen(library)
    if until is None:
        return {}
    return {slug: Rise(text=_in_words(gains), until=until) for slug, gains in gained.items()}


def _in_words(gains: Mapping[str, int]) -> str:
    *most, last = (counted(gain, name.removesuffix("s")) for name, gain in gains.items())
    return " and ".join(filter(None, (", ".join(most), last)))


def trending_pages(library: Library, rises: Mapping[str, Rise], config: Config) -> Iterator[Page]:
    """The page of papers that trend, and its later pages; the first one where there are none."""
    papers = rank(library)
    page = Page(
        url=URL,
        template="trending.html",
        title="Trending",
        description=f"The papers of {config.title} that gain most readers.",
        shows={
            "trending": TrendingHead(
                rule=rule_in_words(),
                until=newest_day(library.signals),
            )
        },
        noindex=not papers,
    )
    gained = {slug: rise.text for slug, rise in rises.items()}
    density = whole_or_begun(config.leave_out)
    return listing_pages(page, one_group(papers), density, gained)
