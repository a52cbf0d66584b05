"""Stretches of days: those a pull asks for, and those a printed date can mean.

A bibliography prints `2022`, `August 2022` or `25--27 Jul`, which is no day yet. The day a paper is
given is the first of those it can mean; whether it lies in what was asked for is decided by all of
them, so that asking from the middle of a month or year on loses nothing of it. Pure.
"""

import re
from calendar import monthrange
from datetime import date

from msgspec import Struct

from generator.sources.source import Request, Window

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR = re.compile(r"[12]\d{3}", re.ASCII)
_MONTH = re.compile(rf"(?<![^\W\d_])({'|'.join(_MONTHS)})", re.IGNORECASE)
_NUMBER = re.compile(r"(?<!\d)\d{1,2}(?!\d)", re.ASCII)


class Period(Struct, frozen=True, kw_only=True):
    """The days from one to another, both included."""

    since: date | None = None
    """None: from the beginning of time."""
    until: date | None = None
    """None: to its end."""

    def meets(self, other: "Period") -> bool:
        """Whether the two have a day in common."""
        return _not_after(self.since, other.until) and _not_after(other.since, self.until)


class PeriodRequest(Request, frozen=True, kw_only=True):
    """A request whose answer holds more days than are wanted: the service cannot choose."""

    period: Period = Period()


def wanted_period(window: Window, since: date | None, until: date | None) -> Period:
    """What a pull wants of a source with these options: the window's first day wins, of the last
    days the earlier one."""
    last = min(filter(None, (window.until, until)), default=None)
    return Period(since=window.since or since, until=last)


def is_wanted(request: Request, period: Period | None) -> bool:
    """Whether a record of these days was asked for. One without a date always is."""
    if period is None or not isinstance(request, PeriodRequest):
        return True
    return request.period.meets(period)


def printed_period(year: str, month: str = "") -> Period | None:
    """The days a year can mean, as precise as the month's text makes it: `August`, `8`, `Dec`,
    `25--27 Jul` (its first day), `28 Nov--09 Dec`. None where the year is none."""
    if not _YEAR.fullmatch(year.strip()):
        return None
    number, named = int(year), _MONTH.search(month)
    figures = [int(each) for each in _NUMBER.findall(month)]
    if named:
        return _in_month(number, _MONTHS.index(named[1].lower()) + 1, figures)
    if len(figures) == 1 and 1 <= figures[0] <= 12:
        return _in_month(number, figures[0], [])
    return Period(since=date(number, 1, 1), until=date(number, 12, 31))


def _in_month(year: int, month: int, figures: list[int]) -> Period:
    """The day that the first figure names, else the whole month."""
    length = monthrange(year, month)[1]
    if figures and 1 <= figures[0] <= length:
        day = date(year, month, figures[0])
        return Period(since=day, until=day)
    return Period(since=date(year, month, 1), until=date(year, month, length))


def _not_after(first: date | None, last: date | None) -> bool:
    return first is None or last is None or first <= last
