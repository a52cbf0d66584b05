"""The counts that sources gave over time: upvotes, comments, stars. Reads and writes nothing.

Owns the lines of content/.pulled/signals/: one a paper and day, with the counts that were new or no
longer what they had been. A count that stays is not written again.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from msgspec import Struct

from generator.errors import problem
from generator.library.identity import Candidate
from generator.library.said import Said
from generator.model import Observation, Record
from generator.text.slug import is_paper_slug

SIGNALS = "content/.pulled/signals"
COUNTS = ("upvotes", "comments", "stars")
"""What is counted, in the order of a line."""
_MOST = 2**53 - 1
"""As on a page."""


class Seen(Struct, frozen=True, kw_only=True):
    """What a paper was seen to have on a day."""

    slug: str
    day: date
    counts: Mapping[str, int]


def parse_signals(files: Mapping[str, str]) -> dict[str, tuple[Observation, ...]]:
    """By id, each paper's observations, the earliest first, in the texts of the files by path.
    Raises BroadsheetError, located."""
    found: dict[str, dict[date, dict[str, int]]] = {}
    for path, text in files.items():
        for number, line in enumerate(text.removesuffix("\n").split("\n"), start=1):
            try:
                seen = _parse_line(line)
            except (ValueError, KeyError, TypeError, AttributeError):
                hint = "take the file back from git, or take out the line"
                where = f"{path}:{number}"
                raise problem(where, "is not a line that a pull writes", hint) from None
            found.setdefault(seen.slug, {}).setdefault(seen.day, {}).update(seen.counts)
    return {
        slug: tuple(Observation(day=day, counts=days[day]) for day in sorted(days))
        for slug, days in found.items()
    }


def _parse_line(line: str) -> Seen:
    """Raises ValueError, KeyError, TypeError or AttributeError where it is none."""
    counts = json.loads(line)
    slug, day = counts.pop("id"), date.fromisoformat(counts.pop("day"))
    if not is_paper_slug(slug) or not counts:
        raise ValueError("no id, or no counts")
    for name, count in counts.items():
        if name not in COUNTS or type(count) is not int or not 0 <= count <= _MOST:
            raise ValueError("no count")
    return Seen(slug=slug, day=day, counts=counts)


def seen_on(
    days: Mapping[str, date], counts: Mapping[str, Mapping[str, Mapping[str, int]]]
) -> Iterator[Seen]:
    """What was seen, in the counts by id and source. `days`: by source, the day it speaks of."""
    for slug, told in counts.items():
        for source, found in told.items():
            yield Seen(slug=slug, day=days[source], counts=found)


def add_seen(
    signals: Mapping[str, tuple[Observation, ...]], seen: Iterable[Seen]
) -> dict[str, str]:
    """The new text of every file, by path, that something seen on a day changes."""
    changed: dict[str, tuple[Observation, ...]] = {}
    paths = set()
    for each in sorted(seen, key=lambda each: each.day):
        before = changed.get(each.slug, signals.get(each.slug, ()))
        after = _with(before, each)
        if after != before:
            changed[each.slug] = after
            paths.add(_path(each.day))
    return _format({**signals, **changed}, paths) if paths else {}


def _with(series: Sequence[Observation], seen: Seen) -> tuple[Observation, ...]:
    """A paper's observations and one more. Of a day that has one, the later word counts."""
    before = latest(each for each in series if each.day < seen.day)
    that_day = latest(each for each in series if each.day == seen.day)
    counts = {
        name: count
        for name, count in {**that_day, **seen.counts}.items()
        if name in that_day or before.get(name) != count
    }
    others = [each for each in series if each.day != seen.day]
    told = [Observation(day=seen.day, counts=counts)] if counts else []
    return tuple(sorted([*others, *told], key=lambda each: each.day))


def latest(series: Iterable[Observation]) -> dict[str, int]:
    """Each count as it was told last."""
    counts: dict[str, int] = {}
    for each in series:
        counts |= each.counts
    return counts


def _path(day: date) -> str:
    return f"{SIGNALS}/{str(day)[:7]}.jsonl"


def _format(signals: Mapping[str, tuple[Observation, ...]], paths: Iterable[str]) -> dict[str, str]:
    lines: dict[str, list[tuple[date, str, str]]] = {path: [] for path in sorted(paths)}
    for slug, series in signals.items():
        for each in series:
            if (path := _path(each.day)) in lines:
                lines[path].append((each.day, slug, _format_line(slug, each)))
    return {
        path: "".join(f"{line}\n" for _, _, line in sorted(found)) for path, found in lines.items()
    }


def _format_line(slug: str, seen: Observation) -> str:
    counts = {name: seen.counts[name] for name in COUNTS if name in seen.counts}
    return json.dumps({"day": str(seen.day), "id": slug, **counts}, separators=(",", ":"))


def told_counts(
    candidate: Candidate, said: Said, trust: Sequence[str]
) -> dict[str, dict[str, int]]:
    """By source, the counts that it gives of a paper now and that nobody more trusted speaks of,
    now or earlier: a page's counts come from the same sources."""
    told: dict[str, dict[str, int]] = {}
    for source, record in candidate.records:
        for name, count in _counts(record).items():
            told.setdefault(source, {}).setdefault(name, count)
    kept: dict[str, dict[str, int]] = {}
    for name in COUNTS:
        for source in [*trust, *(source for source in told if source not in trust)]:
            if name in told.get(source, {}):
                kept.setdefault(source, {})[name] = told[source][name]
                break
            if name in said.fields.get(source, {}):
                break
    return kept


def _counts(record: Record) -> dict[str, int]:
    counts = ((name, getattr(record, name)) for name in COUNTS)
    return {name: count for name, count in counts if count is not None and 0 <= count <= _MOST}


def newest_day(signals: Mapping[str, tuple[Observation, ...]]) -> date | None:
    """The day of the newest observation of all."""
    return max((series[-1].day for series in signals.values()), default=None)


def gains(series: Sequence[Observation], since: date) -> dict[str, int]:
    """By how much each count rose after the day `since`, as far as it was watched: what it was
    when it was first seen is no gain."""
    now, first = latest(series), latest(reversed(series))
    then = {**first, **latest(each for each in series if each.day <= since)}
    return {
        name: now[name] - then[name] for name in COUNTS if name in now and now[name] > then[name]
    }
