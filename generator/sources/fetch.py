"""Walks a source: its requests, the pages that follow, the limit. One failure fails the source.

Owns the walk. Knows neither formats nor how a request is made.
"""

from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from generator.errors import BroadsheetError, Problem, problem
from generator.model import Record
from generator.sources.http import Client
from generator.sources.recorded import Recorded
from generator.sources.source import Batch, Request, Source, Window
from generator.storage.recordings import Recordings, unwritten
from generator.text.plain import clean_line

_STEP = 20
"""So many requests are made from one word of progress to the next."""
MOST_PAGES = 1_000
"""Pages that may follow one start; a server that answers more is not counting."""


class Fetched(Struct, frozen=True, kw_only=True):
    """All a source said in one pull."""

    records: tuple[Record, ...] = ()
    """Empty where the source failed: then nothing of its papers changes."""
    problems: tuple[Problem, ...] = ()
    failed: bool = False
    """Whether the source as a whole failed; then `problems` says why."""
    missing: int = 0
    """Requests that have no recorded answer, where nothing else could be asked."""
    resumed: int = 0
    """Answers that a pull which did not end had got already."""


def fetch_records(
    source: Source,
    name: str,
    window: Window,
    *,
    client: Client,
    read_file: Callable[[str], bytes],
    recordings: Recordings | None = None,
    offline: bool = False,
    progress: Callable[[str], None] = lambda line: None,
) -> Fetched:
    """Every record of the source in the window, at most as many as the window's limit or else the
    source's own. `name` is its name in site.yml; `read_file` reads a file of the site and raises
    BroadsheetError where it cannot. `recordings`: what servers answered before, and where the
    answers are kept; `offline`: nothing else is asked. `progress` is told now and then how far a
    long walk has come."""
    limit = source.limit if window.limit is None else window.limit
    records: list[Record] = []
    problems: list[Problem] = []
    network = Recorded(client, recordings or unwritten(), name, offline=offline)
    try:
        for batch in _batches(source, window, network, read_file, progress):
            records.extend(islice(batch.records, None if limit is None else limit - len(records)))
            problems.extend(batch.problems)
            if limit is not None and len(records) >= limit:
                break
    except BroadsheetError as error:
        return Fetched(problems=_named(name, error.problems), failed=True)
    return Fetched(
        records=tuple(records),
        problems=_named(name, problems),
        missing=network.missing,
        resumed=network.resumed,
    )


def _batches(
    source: Source,
    window: Window,
    network: Recorded,
    read_file: Callable[[str], bytes],
    progress: Callable[[str], None],
) -> Iterator[Batch]:
    starts = list(source.requests(window))
    for number, start in enumerate(starts):
        if number and number % _STEP == 0:
            progress(f"{number} of {len(starts)} requests done")
        network.start()
        yield from _chain(source, start, network, read_file)


def _chain(
    source: Source, start: Request, network: Recorded, read_file: Callable[[str], bytes]
) -> Iterator[Batch]:
    """A request and the pages that follow it."""
    request: Request | None = start
    seen: set[bytes] = set()
    while request is not None:
        payload = read_file(request.path) if request.path else network.get(request)
        if payload is None:
            return
        digest = blake2b(payload, digest_size=16).digest()
        if digest in seen:
            yield Batch(problems=(_repeated(request),))
            return
        seen.add(digest)
        if len(seen) > MOST_PAGES:
            raise problem(request.where, f"has no end: {MOST_PAGES} pages, and one more")
        try:
            batch = source.parse(payload, request)
        except BroadsheetError:
            network.refuse()
            raise
        yield batch
        request = batch.following


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
