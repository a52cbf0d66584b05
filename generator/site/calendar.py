"""Days, ISO weeks and months that papers were listed in, and the archive made of them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from generator.model import Paper

RECENT_DAYS = 365
"""So many days before the newest have their JSON on a site that leaves that of old days out."""
RECENT_MONTHS = 12
"""So many of the newest months show their days in the archive; all show them on their pages."""


class Period(Struct, frozen=True, kw_only=True):
    """A day, week or month with papers."""

    kind: str
    """`day`, `week` or `month`."""
    slug: str
    """`2025-11-26`, `2025-W48` or `2025-11`."""
    title: str
    """For people: `26 November 2025`, `Week 48, 2025`, `November 2025`."""
    first: date
    """Its first day."""
    papers: tuple[str, ...]
    """Ids, newest first."""

    @property
    def url(self) -> str:
        """`/days/2025-11-26/`."""
        return f"/{self.kind}s/{self.slug}/"


class DayRow(Struct, frozen=True, kw_only=True):
    """A day in the archive."""

    date: date
    url: str
    count: int


class PeriodRow(Struct, frozen=True, kw_only=True):
    """A month in the archive, with its weeks and days."""

    first: date
    title: str
    url: str
    count: int
    weeks: tuple["WeekRow", ...]
    days: tuple[DayRow, ...]


class WeekRow(Struct, frozen=True, kw_only=True):
    """A week in the archive."""

    title: str
    url: str
    count: int


class YearRow(Struct, frozen=True, kw_only=True):
    """A year in the archive."""

    year: int
    count: int
    months: tuple[PeriodRow, ...]


def long_date(day: date) -> str:
    """`26 November 2025`; English, whatever the machine's locale."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip


class Calendar(Struct, frozen=True, kw_only=True):
    """By slug, the days, ISO weeks and months with papers, newest first."""

    days: Mapping[str, Period]
    weeks: Mapping[str, Period]
    months: Mapping[str, Period]


def make_calendar(papers: Iterable[Paper]) -> Calendar:
    """The calendar of some papers: each stands on every day it was featured, in their order."""
    days, weeks, months = dict[date, list[str]](), dict[date, list[str]](), dict[date, list[str]]()
    places: dict[date, tuple[list[str], ...]] = {}
    for paper in papers:
        for day in paper.featured:
            place = places.get(day)
            if place is None:
                week = weeks.setdefault(_monday(day), [])
                month = months.setdefault(day.replace(day=1), [])
                places[day] = place = days.setdefault(day, []), week, month
            for members in place:  # two days of a paper may be in one week
                if not members or members[-1] != paper.id:
                    members.append(paper.id)
    return Calendar(
        days=_periods("day", days, str, long_date),
        weeks=_periods("week", weeks, week_slug, _week_title),
        months=_periods("month", months, month_slug, _month_title),
    )


def _periods(
    kind: str,
    members: Mapping[date, Sequence[str]],
    slug: Callable[[date], str],
    title: Callable[[date], str],
) -> dict[str, Period]:
    return {
        slug(day): Period(
            kind=kind, slug=slug(day), title=title(day), first=day, papers=tuple(members[day])
        )
        for day in sorted(members, reverse=True)
    }


def json_since(days: Mapping[str, Period], leave_out: Collection[str]) -> date | None:
    """The first day with a JSON file, of a site's days, newest first; None where all have one."""
    newest = next(iter(days.values()), None)
    if newest is None or "old-days" not in leave_out:
        return None
    return newest.first - timedelta(days=RECENT_DAYS)


def week_slug(day: date) -> str:
    """The ISO 8601 week a day is in: `2025-W48`."""
    year, week, _ = day.isocalendar()
    return f"{year:04d}-W{week:02d}"


def month_slug(day: date) -> str:
    """`2025-11`."""
    return f"{day.year:04d}-{day.month:02d}"


def _week_title(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"Week {week}, {year}"


def _month_title(day: date) -> str:
    return f"{MONTHS[day.month - 1]} {day.year}"


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def month_rows(
    days: Mapping[str, Period], weeks: Mapping[str, Period], months: Mapping[str, Period]
) -> tuple[PeriodRow, ...]:
    """The months, newest first, with their weeks and days. A week stands in the month of its
    first day that has papers, counted from the newest."""
    day_rows: dict[str, list[DayRow]] = {}
    week_rows: dict[str, dict[str, WeekRow]] = {}
    for day in days.values():
        slug = month_slug(day.first)
        row = DayRow(date=day.first, url=day.url, count=len(day.papers))
        day_rows.setdefault(slug, []).append(row)
        week = weeks[week_slug(day.first)]
        row_of_week = WeekRow(title=week.title, url=week.url, count=len(week.papers))
        week_rows.setdefault(slug, {})[week.slug] = row_of_week
    return tuple(
        PeriodRow(
            first=month.first,
            title=month.title,
            url=month.url,
            count=len(month.papers),
            weeks=tuple(week_rows[month.slug].values()),
            days=tuple(day_rows[month.slug]),
        )
        for month in months.values()
    )


def archive(months: Iterable[PeriodRow]) -> tuple[YearRow, ...]:
    """The years, newest first, with their months. Those before the newest RECENT_MONTHS are without
    weeks and days, which stand on their own pages: an archive of decades is no page to load."""
    years: dict[int, list[PeriodRow]] = {}
    for place, month in enumerate(months):
        shown = month if place < RECENT_MONTHS else replace(month, weeks=(), days=())
        years.setdefault(month.first.year, []).append(shown)
    return tuple(
        YearRow(year=year, count=sum(month.count for month in rows), months=tuple(rows))
        for year, rows in years.items()
    )
