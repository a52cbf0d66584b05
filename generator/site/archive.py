"""The archive: a page for every day, week and month that papers were listed in."""

from collections.abc import Collection, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from generator.config import Extra
from generator.model import Library
from generator.site.calendar import (
    Calendar,
    Period,
    PeriodRow,
    archive,
    month_rows,
    month_slug,
    week_slug,
)
from generator.site.page import (
    Density,
    Page,
    Prose,
    Ref,
    listing_pages,
    one_group,
    whole_or_begun,
)


class PeriodHead(Struct, frozen=True, kw_only=True):
    """What stands above the papers of a day, week or month."""

    title: str
    kind: str
    url: str
    count: int
    note: Prose
    earlier: Ref | None = None
    later: Ref | None = None
    up: Ref
    month: PeriodRow | None
    """Of a month, its weeks and days."""


def archive_pages(
    library: Library, calendar: Calendar, leave_out: Collection[Extra]
) -> Iterator[Page]:
    """The archive and the pages of every day, week and month, newest first. `leave_out`: what the
    site does without."""
    days, weeks, months = calendar.days, calendar.weeks, calendar.months
    rows = month_rows(days, weeks, months)
    yield Page(
        url="/archive/",
        template="archive.html",
        title="Archive",
        description="All papers by the day they were listed.",
        shows={"years": archive(rows)},
    )
    inside = {row.url: row for row in rows}
    for periods in (days, weeks, months):
        order = list(periods.values())
        around = zip([None, *order[:-1]], [*order[1:], None], strict=True) if order else ()
        for period, (later, earlier) in zip(order, around, strict=True):
            head = _head(library, period, _above(period, weeks, months), inside.get(period.url))
            head = replace(head, earlier=_ref(earlier), later=_ref(later))
            yield from _period_pages(period, head, leave_out)


def _above(period: Period, weeks: Mapping[str, Period], months: Mapping[str, Period]) -> Ref:
    if period.kind == "day":
        week = weeks[week_slug(period.first)]
        return Ref(title=week.title, url=week.url)
    if period.kind == "week" and month_slug(period.first) in months:
        month = months[month_slug(period.first)]
        return Ref(title=month.title, url=month.url)
    return Ref(title="Archive", url="/archive/")


def _ref(period: Period | None) -> Ref | None:
    return Ref(title=period.title, url=period.url) if period else None


def _head(library: Library, period: Period, up: Ref, month: PeriodRow | None) -> PeriodHead:
    note = library.days.get(period.slug) if period.kind == "day" else None
    return PeriodHead(
        title=period.title,
        kind=period.kind,
        url=period.url,
        count=len(period.papers),
        note=Prose(text=note.body if note else ""),
        up=up,
        month=month,
    )


def _period_pages(period: Period, head: PeriodHead, leave_out: Collection[Extra]) -> Iterator[Page]:
    page = Page(
        url=period.url,
        template=f"{period.kind}.html",
        title=period.title,
        description=f"Papers listed: {period.title}.",
        shows={"period": head},
        noindex=period.kind == "week",
    )
    return listing_pages(page, one_group(period.papers), _density(period, leave_out))


def _density(period: Period, leave_out: Collection[Extra]) -> Density:
    if period.kind == "day":
        return whole_or_begun(leave_out)
    if period.kind == "month" and "month-titles" in leave_out:
        return "nothing"
    return "titles"
