"""What a site does without where it would be too large: the size plan."""

from collections.abc import Callable, Iterator, Mapping
from typing import get_args

from msgspec import Struct
from msgspec.structs import replace

from generator.config import SITE_YML, Config, Extra
from generator.errors import Problem, size_in_words
from generator.model import Library

ROOM = 0.95
"""As much of the limit is planned for: so far off an estimate may be."""
MIN_PAPERS = (2, 3, 5, 10)
"""How many papers an organisation needs for a page where all else does not suffice."""
_LARGE = 90_000
"""Bytes that a paper or topic comes to with all that there may be of it, at the most."""
_WORTH = 0.001
"""What saves a smaller part of the limit stays: it does not help."""
_IN_WORDS: Mapping[Extra, str] = {
    "repeats": "the second copy of each abstract in the static JSON",
    "ris": "the RIS file of each paper",
    "bib": "the BibTeX file of each paper",
    "json": "the JSON file of each paper",
    "bulk-ris": "the RIS files of days and topics",
    "abstracts": "abstracts beyond their first lines, in lists",
    "old-days": "the JSON of days more than a year before the newest",
    "bulk-bib": "the BibTeX files of days and topics",
    "linked-data": "the JSON-LD of each paper",
    "month-titles": "the titles on the pages of months",
}


class Plan(Struct, frozen=True, kw_only=True):
    """The settings a site is made with, and what was decided for it."""

    config: Config
    warnings: tuple[Problem, ...] = ()
    """What it does without, each with what that saves and how to keep it."""


def fit(library: Library, config: Config) -> Plan:
    """The settings with which a site fits into its limit: what can be missed most easily goes
    first, and only as much as must. A site that is far from the limit is not looked at."""
    room = int(config.size_limit * ROOM)
    if (len(library.papers) + len(library.topics)) * _LARGE < room:
        return Plan(config=config)
    from generator.publish.estimate import Estimate  # heavy, and small sites do without

    estimate, warnings = Estimate(library, config.base_url), list[Problem]()
    weight = estimate.total(config)
    for step in _steps(config):
        if weight <= room:
            break
        smaller = step.take(config)
        saved = weight - estimate.total(smaller)
        if saved >= config.size_limit * _WORTH:
            config, weight = smaller, weight - saved
            warnings.append(_left_out(step, saved, config.size_limit))
    if weight > room:
        warnings.append(_too_large(weight, config.size_limit))
    return Plan(config=config, warnings=tuple(warnings))


class _Step(Struct, frozen=True, kw_only=True):
    """One thing less."""

    what: str
    keep: str
    """What to write into site.yml to keep it."""
    take: Callable[[Config], Config]


def _steps(config: Config) -> Iterator[_Step]:
    first, *others = get_args(Extra)
    yield from _without(first, config)
    yield from _fewer_organizations(MIN_PAPERS[0], config)
    for name in others:
        yield from _without(name, config)
    for number in MIN_PAPERS[1:]:
        yield from _fewer_organizations(number, config)


def _without(name: Extra, config: Config) -> Iterator[_Step]:
    if name not in config.keep | config.leave_out:
        yield _Step(
            what=_IN_WORDS[name],
            keep=f"size: {{keep: [{', '.join(sorted(config.keep | {name}))}]}}",
            take=lambda config: replace(config, leave_out=config.leave_out | {name}),
        )


def _fewer_organizations(number: int, config: Config) -> Iterator[_Step]:
    """Pages of small organisations go where the curator has not said which may have one."""
    if config.min_papers == 1:
        yield _Step(
            what=f"the pages and feeds of organisations with fewer than {number} papers",
            keep="organizations: {min_papers: N} with a number above 1 of your own",
            take=lambda config: replace(config, min_papers=number),
        )


def _left_out(step: _Step, saved: int, limit: int) -> Problem:
    told = f"the site does without {step.what}, to stay below {size_in_words(limit)}"
    return Problem(
        where=SITE_YML,
        fact=f"{told}: that saves {size_in_words(saved)}",
        hint=f"to keep it write '{step.keep}'",
    )


def _too_large(weight: int, limit: int) -> Problem:
    return Problem(
        where=SITE_YML,
        fact=f"the site will hold some {size_in_words(weight)} of {size_in_words(limit)}",
        hint="'broadsheet check' says how much it is; keep less, or hide papers",
    )
