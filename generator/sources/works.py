"""What the libraries of works (OpenAlex, Crossref, Semantic Scholar and their like) have in common:
a list of works becomes a batch of records; how works are asked for by name; names of venues.

Owns how a work that cannot be used is told. What stands in a work is its source's business. Pure.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from typing import Any

from generator.errors import Problem, counted, shown
from generator.model import Record
from generator.sources.answers import described, remedy
from generator.sources.identifiers import arxiv_id, bare_doi
from generator.sources.options import Options
from generator.sources.period import Period, is_wanted, printed_period
from generator.sources.source import Batch, Request, left_out, refused
from generator.sources.values import as_day, as_number, as_object, as_text
from generator.text.plain import clean_line

LIMIT = 100
"""Records a search brings where nobody said `limit`."""

_ARXIV_DOI = "10.48550/arxiv."
_ARXIV_VENUE = re.compile(r"(arxiv(\.org)?|corr)( \(cornell university\))?", re.IGNORECASE)


class IdsRequest(Request, frozen=True, kw_only=True):
    """Works asked for by name."""

    ids: tuple[str, ...] = ()
    """As `unanswered` is to compare them."""


def check_ways(options: Options, *ways: tuple[str, ...]) -> None:
    """Notes a problem unless exactly one of the ways to name papers is given, each a group of
    options that go together."""
    given = [way for way in ways if options.given(*way)]
    if not given:
        names = ", ".join(f"'{key}'" for way in ways for key in way)
        options.wrong(f"none of {names} is given", "say what to ask for: one of them is enough")
    elif len(given) > 1:
        first, second = (next(key for key in way if options.given(key)) for way in given[:2])
        hint = "make two sources of them, each with a name of its own"
        options.wrong(f"'{first}' and '{second}' do not go together", hint)


def refuse_error(answer: object, request: Request, *keys: str) -> None:
    """Raises BroadsheetError for an object that says under one of the keys what went wrong."""
    if not isinstance(answer, dict):
        return
    said = next((answer[key] for key in keys if answer.get(key)), None)
    if said is not None:
        text = clean_line(said) if isinstance(said, str) else described(said)
        hint = remedy(request) if request.path else "look at the options of this source"
        raise refused(request, f"answered with the error {shown(text)}", hint)


def refuse_hole(works: Sized, total: int | None, request: Request) -> None:
    """Raises BroadsheetError for a first page without works where the server counts some."""
    if total and not works and request.params.get("cursor") == "*":
        fact = f"is empty though {counted(total, 'work')} are announced"
        raise refused(request, fact, remedy(request))


def read_works(
    works: Iterable[object],
    request: Request,
    read: Callable[[Mapping[str, Any]], Record | str],
    *,
    period: Callable[[Mapping[str, Any]], Period | None],
    following: Request | None = None,
) -> Batch:
    """The batch of an answer's works. `read` gives a work's record, or the fact why it has none;
    `period` the days that its date can mean."""
    records: list[Record] = []
    problems: list[Problem] = []
    for number, work in enumerate(works, 1):
        found = read(work) if isinstance(work, dict) else f"is {described(work)}, not an object"
        if isinstance(found, str):
            problems.append(left_out(request.where, f"record {number} {found}"))
        elif is_wanted(request, period(as_object(work))):
            records.append(found)
    return Batch(records=tuple(records), problems=tuple(problems), following=following)


def period_of(day: object, year: object = None) -> Period | None:
    """The days that a date can mean: one day where it has one, else those of the year."""
    exact = as_day(day)
    if exact:
        return Period(since=exact, until=exact)
    return printed_period(str(as_number(year) or ""))


def unanswered(request: Request, answered: Iterable[str]) -> tuple[Problem, ...]:
    """A problem for each work that was asked for by name and did not come."""
    if not isinstance(request, IdsRequest):
        return ()
    came = {name.lower() for name in answered}
    missing = (name for name in request.ids if name.lower() not in came)
    hint = "look whether it is written right in content/site.yml"
    return tuple(left_out(request.where, f"gives nothing for {shown(n)}", hint) for n in missing)


def parts(names: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    """Names in groups of at most so many."""
    return (tuple(names[start : start + size]) for start in range(0, len(names), size))


def named(fact: str, *names: object) -> str:
    """A fact about a work with the first of its names before it: `(10.1/x) has no title`."""
    name = next(filter(None, (clean_line(as_text(name)) for name in names)), "without an id")
    return f"({name[:60]}) {fact}"


def paper_names(doi: str, *urls: str) -> tuple[str, str]:
    """The arXiv id and the DOI of a work. The DOI that arXiv itself gives a preprint is its id."""
    bare = bare_doi(doi)
    arxiv = next(filter(None, map(arxiv_id, urls)), "")
    if bare.startswith(_ARXIV_DOI):
        return arxiv or arxiv_id(bare.removeprefix(_ARXIV_DOI)), ""
    return arxiv, bare


def printed_venue(*names: str) -> str:
    """The first name of a venue that is one: arXiv is where a preprint lies, not its venue."""
    lines = (clean_line(name) for name in names)
    return next((line for line in lines if line and not _ARXIV_VENUE.fullmatch(line)), "")
