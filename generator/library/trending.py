"""Which papers trend: what they gained, and less of it the longer ago. Never asks for today.

Each upvote, comment or star counts from the day a pull first saw it and is worth half as much every
HALF_LIFE days. With exponential decay the order of papers does not depend on the day it is asked
for, only on what happened when: Cormode, Shkapenyuk, Srivastava and Xu, "Forward Decay: A Practical
Time Decay Model for Streaming Systems", ICDE 2009. What a paper had before anybody watched is
spread evenly over the days since its publication.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

from generator.library.signals import COUNTS, gains, newest_day
from generator.model import Library, Observation, Paper

HALF_LIFE = 7
"""Days."""
WEIGHTS: Mapping[str, float] = {"upvotes": 1, "comments": 2, "stars": 0.1}
MOST = 90
"""Papers in the list."""
WEEK = timedelta(days=7)
_counts_of = attrgetter(*COUNTS)
_DAILY = 0.5 ** (1 / HALF_LIFE)
"""What is left of a day's worth the day after."""


class _Gain(NamedTuple):
    """So many more, evenly from a day to another."""

    name: str
    amount: int
    first: date
    last: date


def rank(library: Library) -> tuple[str, ...]:
    """Ids of the papers that trend, the highest first; equals as they stand in the library."""
    day = _newest_day(library)
    signals = library.signals
    counted = [p for p in library if any(_counts_of(p)) or p.id in signals]
    scores = {paper.id: score(paper, signals.get(paper.id, ()), day) for paper in counted}
    found = [slug for slug, worth in scores.items() if worth > 0]
    return tuple(sorted(found, key=lambda slug: -scores[slug])[:MOST])


def _newest_day(library: Library) -> date:
    """The newest day that anything is known of."""
    listed = (paper.added for paper in library if paper.added)
    return newest_day(library.signals) or max(listed, default=date.min)


def score(paper: Paper, series: Sequence[Observation], day: date) -> float:
    """What a paper's gains are worth on a day."""
    worth = sum(
        WEIGHTS[gain.name] * gain.amount * _worth(gain.first, gain.last, day)
        for name in COUNTS
        for gain in _gains(paper, series, name)
    )
    return max(0.0, round(worth, 4))


def _gains(paper: Paper, series: Sequence[Observation], name: str) -> Iterator[_Gain]:
    """How one of a paper's counts came to be what it is; it may have fallen, too."""
    seen = [(each.day, each.counts[name]) for each in series if name in each.counts]
    count = getattr(paper, name)
    if not seen and count and paper.added:
        seen = [(paper.added, count)]
    for day, amount in seen[:1]:
        first = min(day, paper.date or paper.added or day)
        yield _Gain(name, amount, first, day)
    for (_, before), (day, after) in pairwise(seen):
        yield _Gain(name, after - before, day, day)


def _worth(first: date, last: date, day: date) -> float:
    """What is left on a day of a gain of one that came evenly from `first` to `last`."""
    days = (last - first).days + 1
    spread = (1 - _DAILY**days) / (1 - _DAILY) / days
    return float(spread * _DAILY ** max(0, (day - last).days))


def risen(library: Library) -> tuple[date | None, dict[str, dict[str, int]]]:
    """The newest day that was observed, and by id what papers gained in the week up to it."""
    day = newest_day(library.signals)
    if day is None:
        return None, {}
    found = (
        (slug, gains(series, day - WEEK))
        for slug, series in library.signals.items()
        if slug in library.papers
    )
    return day, {slug: gained for slug, gained in found if gained}


def rule_in_words() -> tuple[str, ...]:
    """How papers come to trend, for their page."""
    comment, star = WEIGHTS["comments"], WEIGHTS["stars"]
    return (
        f"An upvote counts 1, a comment {comment:g}, a star of its code {star:g}.",
        f"Each counts from the day it was first seen, and half as much every {HALF_LIFE} days.",
        "What a paper had before it was watched counts as if it had come evenly since it appeared.",
        f"The list ends after {MOST} papers.",
    )
