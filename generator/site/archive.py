"""The archive: a page for every day, week and month that papers were listed in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from generator.model import Library
from generator.site.calendar import (
    Period,
    archive,
    group_months,
    group_weeks,
    month_slug,
    week_slug,
)
from generator.site.page import Density, Page, Prose, Ref, listing_pages, one_group


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodHead:
    """What stands above the papers of a day, week or month."""

    title: str
    kind: str
    url: str
    count: int
    note: Prose
    earlier: Ref | None
    later: Ref | None
    up: Ref


def archive_pages(library: Library, days: Mapping[str, Period]) -> Iterator[Page]:
    """The archive and the pages of every day, week and month, newest first."""
    weeks, months = group_weeks(library), group_months(library)
    yield Page(
        url="/archive/",
        template="archive.html",
        title="Archive",
        description="All papers by the day they were listed.",
        shows={"years": archive(days, weeks, months)},
    )
    for periods in (days, weeks, months):
        order = list(periods.values())
        around = zip([None, *order[:-1]], [*order[1:], None], strict=True) if order else ()
        for period, (later, earlier) in zip(order, around, strict=True):
            up = _above(period, weeks, months)
            yield from _period_pages(library, period, earlier, later, up)


def _above(period: Period, weeks: Mapping[str, Period], months: Mapping[str, Period]) -> Ref:
    if period.kind == "day":
        week = weeks[week_slug(period.first)]
        return Ref(title=week.title, url=week.url)
    if period.kind == "week" and month_slug(period.first) in months:
        month = months[month_slug(period.first)]
        return Ref(title=month.title, url=month.url)
    return Ref(title="Archive", url="/archive/")


def _period_pages(
    library: Library, period: Period, earlier: Period | None, later: Period | None, up: Ref
) -> Iterator[Page]:
    note = library.days.get(period.slug) if period.kind == "day" else None
    head = PeriodHead(
        title=period.title,
        kind=period.kind,
        url=period.url,
        count=len(period.papers),
        note=Prose(text=note.body if note else ""),
        earlier=Ref(title=earlier.title, url=earlier.url) if earlier else None,
        later=Ref(title=later.title, url=later.url) if later else None,
        up=up,
    )
    page = Page(
        url=period.url,
        template=f"{period.kind}.html",
        title=period.title,
        description=f"Papers listed: {period.title}.",
        shows={"period": head},
        noindex=period.kind == "week",
    )
    density: Density = "abstracts" if period.kind == "day" else "titles"
    return listing_pages(page, one_group(period.papers), density)
