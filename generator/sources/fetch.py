"""Walks a source: its requests, the pages that follow, the limit. One failure fails the source.

Owns the walk. Knows neither formats nor how a request is made.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import islice

from generator.errors import BroadsheetError, Problem, problem
from generator.model import Record
from generator.sources.http import Client, RequestError
from generator.sources.source import Batch, Request, Source, Window
from generator.text.plain import clean_line

MOST_PAGES = 1_000
"""Pages that may follow one start; a server that answers more is not counting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """All a source said in one pull."""

    records: tuple[Record, ...] = ()
    """Empty where the source failed: then nothing of its papers changes."""
    problems: tuple[Problem, ...] = ()
    failed: bool = False
    """Whether the source as a whole failed; then `problems` says why."""


def fetch_records(
    source: Source,
    name: str,
    window: Window,
    *,
    client: Client,
    read_file: Callable[[str], bytes],
) -> Fetched:
    """Every record of the source in the window, at most as many as the window's limit or else the
    source's own. `name` is its name in site.yml; `read_file` reads a file of the site and raises
    BroadsheetError where it cannot."""
    limit = source.limit if window.limit is None else window.limit
    records: list[Record] = []
    problems: list[Problem] = []
    try:
        for batch in _batches(source, window, client, read_file):
            records.extend(islice(batch.records, None if limit is None else limit - len(records)))
            problems.extend(batch.problems)
            if limit is not None and len(records) >= limit:
                break
    except BroadsheetError as error:
        return Fetched(problems=_named(name, error.problems), failed=True)
    return Fetched(records=tuple(records), problems=_named(name, problems))


def _batches(
    source: Source, window: Window, client: Client, read_file: Callable[[str], bytes]
) -> Iterator[Batch]:
    for start in source.requests(window):
        request: Request | None = start
        seen: set[bytes] = set()
        while request is not None:
            payload = _answer(request, client, read_file)
            if payload is None:
                break
            digest = blake2b(payload, digest_size=16).digest()
            if digest in seen:
                yield Batch(problems=(_repeated(request),))
                break
            seen.add(digest)
            if len(seen) > MOST_PAGES:
                raise problem(request.where, f"has no end: {MOST_PAGES} pages, and one more")
            batch = source.parse(payload, request)
            yield batch
            request = batch.following


def _answer(request: Request, client: Client, read_file: Callable[[str], bytes]) -> bytes | None:
    """The answer's bytes; None where the server says that there is nothing."""
    if request.path:
        return read_file(request.path)
    try:
        return client.get(request.url, request.params, gap=request.gap)
    except RequestError as error:
        if error.status in request.absent:
            return None
        raise


def _repeated(request: Request) -> Problem:
    fact = "repeats a page it gave before: stopped there"
    return Problem(where=request.where, fact=fact, hint="the server may not know about pages")


def _named(name: str, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems at a URL, with the name of the source before it; those at a file as they are. What
    a stranger's answer brought into them loses its control characters: they go to a terminal."""
    return tuple(
        replace(
            each,
            where=f"{name}, {each.where}" if "://" in each.where else each.where,
            fact=clean_line(each.fact),
        )
        for each in problems
    )
