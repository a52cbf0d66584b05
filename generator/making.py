"""A site, made: content/ is loaded, the site is planned, what is new of it is made by several at
once, and put in place."""

import gc
import importlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING

from msgspec import Struct

from generator import __version__
from generator.beside import TEMPLATES, Beside, Previous, Task, load
from generator.config import Config
from generator.errors import BroadsheetError, Problem
from generator.library.memory import Notes
from generator.library.related import (
    Relations,
    relate,
    relate_elsewhere,
    relate_read,
    relations,
)
from generator.model import Changes, File, Kept, Library
from generator.publish.api import ApiItems, render_api_daily_papers, render_api_index
from generator.publish.feeds import FeedChannel, render_days_feed, render_opml
from generator.publish.html import Frame, make_frame, sitemap_entries
from generator.publish.products import (
    BATCH,
    Batch,
    Plan,
    Product,
    batches,
    channels,
    make,
)
from generator.publish.sitemap import (
    ICON,
    nojekyll,
    opensearch,
    render_sitemap,
    robots,
    web_manifest,
)
from generator.publish.templates import ready_templates
from generator.publish.theme import Theme
from generator.publish.weight import Weight, weigh, weigh_again
from generator.site.calendar import json_since
from generator.site.pages import PaperPages, Site, plan_site
from generator.storage.aside import aside
from generator.storage.cache import Cache
from generator.storage.ledger import Ledger
from generator.storage.staging import (
    Old,
    Place,
    Seal,
    Staging,
    Written,
    is_in_reach,
    staging,
    write_files,
)
from generator.workers import WORTH_PROCESSES, Workers, give_back

if TYPE_CHECKING:
    from generator.library.wording import Reading

PROGRAM = f"Broadsheet {__version__}"
LINKED_MOST = 1_000
"""So many unchanged files are linked into a new site; where there are more, what is new is moved in
among them."""
_FEW = 2_000
"""So few papers are read for the search and once more for related papers."""
_UNDER_WAY = 64
"""Batches that wait, run or have just been made, when others make them: so many at most, and for
each process of this machine fewer, as they are large."""
_OF_A_JOB, _AT_FIRST = 4, 16
_Made = tuple[list[Written], list[File]]
"""What was staged of a batch, and what is still to be staged."""


class _Awaited(Struct, frozen=True):
    """Related papers that are looked for."""

    found: Callable[[], Relations]
    """Tells them, once; whoever asks waits for them."""
    is_looked_for: Callable[[], bool] = lambda: False
    """Whether somebody else is still at it."""


def make_site(
    task: Task,
    *,
    jobs: int | None,
    executor: Executor | None,
    found: Beside | None,
    compiled: Callable[[], bytes] | None,
    planned: Callable[[PaperPages, Frame], None] | None,
) -> tuple[Ledger, Changes]:
    """Make what the old site has not, and put the new site in its place. Gives the new ledger, and
    what differs; `planned` is told the plan of the site that is in place.

    The search and the related papers, which look at all papers, are begun first: others work on
    them side by side, or are finding them out already (`found`). `compiled` tells the templates
    that others compile meanwhile, as `ready_templates` gives them.
    Raises BroadsheetError with every problem of the stage that failed."""
    output, memory = task.output, task.memory
    if found is None:  # heavy: before there are others, who then have it
        importlib.import_module("generator.publish.search")
    with Workers(jobs, executor) as workers:
        # whoever is elsewhere may not see the pages, and after a build few are unknown
        readers = None if executor or task.last else workers.for_(len(task.content))
        loaded = found.loaded if found else load(task, readers)
        theme, library, fitted = loaded.theme, loaded.library, loaded.fitted
        ledger, previous, found = _before(task, found)
        config = fitted.config
        others = workers.for_(0 if previous else len(library.papers))
        related, search = (
            (_Awaited(found.related), found.search)
            if found
            else _all_papers(library, others, memory, previous, config)
        )
        _ready_templates(theme, memory, compiled)
        site = plan_site(library, config)
        frame = make_frame(site, theme.look, PROGRAM)
        plan = Plan(site, frame, ledger.digests if ledger else {})
        whole = ledger is None or len(ledger.sizes) <= LINKED_MOST
        with (
            staging(output, whole=whole) as stage,
            aside(lambda: write_files(stage.place, _site_files(site, theme))) as rest,
        ):

            def stage_others() -> None:
                stage.write(_new(search(), plan.kept))
                stage.add(rest())

            stage.write(theme.static)
            products = _products(plan, site, related)
            make_new = partial(_make_new, stage, workers, batches(products, library, frame), memory)
            if previous:  # copies of this process may still be at the others
                make_new()
                stage_others()
            else:
                make_new(meanwhile=stage_others)
            old = Old(paths=ledger.sizes, seal=ledger.seal) if ledger else None
            changes, seal = stage.publish(plan.kept, old)
    if planned and plan.pages is not None:
        planned(plan.pages, frame)
    sizes, weights = _sizes(stage.sizes, ledger, changes)
    return _ledger(site, fitted.warnings, plan.digests, sizes, weights, seal), changes


def _before(
    task: Task, found: Beside | None
) -> tuple[Ledger | None, Previous | None, Beside | None]:
    """The last site, its files, and what is being found out beside; nothing of it where the site is
    not as it was left."""
    ledger = task.last.ledger() if task.last else None
    if ledger:
        return ledger, Previous(task.output, ledger.sizes), found
    if found:
        found.stop()
    return None, None, None


def _ready_templates(
    theme: Theme, memory: Cache | None, compiled: Callable[[], bytes] | None
) -> None:
    """Have the templates compiled: by a copy of this process, if it was asked to, else here, as far
    as they are not remembered."""
    known = memory.get(TEMPLATES) if memory else None
    told = ready_templates(theme.look, compiled() if compiled else known)
    if memory and told != known:
        memory.put(TEMPLATES, told)


def _sizes(
    made: Mapping[str, int], before: Ledger | None, changes: Changes
) -> tuple[Mapping[str, int], Mapping[str, Weight]]:
    """The bytes of all files by path, and what the kinds of them weigh. `made`: of those that were
    staged; the others are those of the site before."""
    if before is None:
        return made, weigh(made)
    left = dict.fromkeys([*changes.removed, *(before.sizes.keys() & made.keys())])
    gone = {path: before.sizes[path] for path in left}
    weights = {kind: Weight(*numbers) for kind, numbers in before.weights.items()}
    sizes = {**before.sizes, **made}
    for path in changes.removed:
        del sizes[path]
    return sizes, weigh_again(weights, gone, made)


def _ledger(
    site: Site,
    warnings: Iterable[Problem],
    digests: Mapping[str, str],
    sizes: Mapping[str, int],
    weights: Mapping[str, Weight],
    seal: Seal,
) -> Ledger:
    """What is to be noted of a site that was made; whoever knows its stamp adds it."""
    return Ledger(
        seal=seal,
        stamp="",
        pages=len(site.library.papers) + len(site.lists),
        papers=len(site.library.papers),
        topics=len(site.topics),
        warnings=[(each.where, each.fact, each.hint) for each in warnings],
        weights={kind: (each.files, each.bytes) for kind, each in weights.items()},
        digests=digests,
        sizes=sizes,
    )


def _products(plan: Plan, site: Site, related: _Awaited) -> Iterator[Product]:
    """All products that are new. Lists come first, and files, as long as related papers are still
    being looked for."""
    yield from plan.lists()
    yield from plan.files(related.is_looked_for)
    yield from plan.papers(PaperPages(site, related.found()))


def _make_new(
    stage: Staging,
    workers: Workers,
    waiting: Iterator[Batch],
    memory: Cache | None,
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """Make products and stage their files; `meanwhile` is done as soon as others are at it. Raises
    BroadsheetError with the problems of all that failed."""
    problems = dict[Problem, None]()
    first = list(islice(waiting, WORTH_PROCESSES // BATCH + 1))
    others = workers.for_(BATCH * len(first))
    every = chain(first, waiting)
    for result in _results(every, stage.place, others, workers.jobs, meanwhile):
        try:
            written, files = result()
        except BroadsheetError as error:
            problems |= dict.fromkeys(error.problems)
            continue
        stage.add(written)
        stage.write(files)
        if memory:
            memory.settle()
    if problems:
        raise BroadsheetError(sorted(problems, key=lambda problem: problem.where))


def _all_papers(
    library: Library,
    others: Executor | None,
    memory: Cache | None,
    previous: Previous | None,
    config: Config,
) -> tuple[_Awaited, Callable[[], Iterable[File | Kept]]]:
    """Begin to find out which papers are related, and to make the search; what is given tells each,
    once. Both need the words of all papers: these are read for the search, and where others work on
    it, one of them relates the papers by what was read; a few papers it reads itself, as it would
    be idle until they are."""
    from generator.publish.search import render_search

    waiting = list["Future[Notes]"]()
    if others and len(library.papers) <= _FEW:
        waiting.append(others.submit(relate_elsewhere, [*library], library.digests))

    def relate_others(readings: "list[Reading]") -> None:
        if others:
            waiting.append(others.submit(relate_read, readings, library.digests))
            give_back()  # of what others gave

    told = relate_others if others and not waiting else None

    def related() -> Relations:
        if waiting:
            return _noted(waiting.pop().result(), memory)
        return relate(library, memory, library.digests)

    has_json = "json" not in config.leave_out
    files = render_search(library, others, memory, previous, abstracts=has_json, told=told)
    search = _begun(files) if others else lambda: files
    return _Awaited(related, lambda: any(not work.done() for work in waiting)), search


def _noted(notes: Notes, memory: Cache | None) -> Relations:
    """Which papers are related, as others found out, after what they noted is remembered."""
    if memory:
        for key, value in notes.items():
            memory.put(key, value)
    return relations(notes)


def _begun(files: Iterable[File | Kept]) -> Callable[[], Iterable[File | Kept]]:
    """What gives the same files; whoever makes them has begun to."""
    left = iter(files)
    first = list(islice(left, 1))
    return lambda: chain(first, left)


def _new(files: Iterable[File | Kept], kept: set[str]) -> Iterator[File]:
    """The files that are new; the paths of the others are added to those that are kept."""
    for file in files:
        if isinstance(file, Kept):
            kept.add(file.path)
        else:
            yield file


def _results(
    waiting: Iterator[Batch],
    place: Place,
    executor: Executor | None,
    jobs: int,
    meanwhile: Callable[[], None],
) -> Iterator[Callable[[], _Made]]:
    """What gives the result of each batch, in order; elsewhere, only a few batches are under way at
    once, so that they do not pile up."""
    if executor is None:
        meanwhile()
        yield from (partial(_make, batch, place) for batch in waiting)
        return
    give_back()  # what was sent to those who look at all papers
    begun = (executor.submit(_make, batch, place) for batch in waiting)
    under_way = deque(islice(begun, min(_UNDER_WAY, _AT_FIRST * jobs)))
    meanwhile()
    give_back()  # of what others gave to be staged
    while under_way:
        yield under_way.popleft().result
        if len(under_way) < min(_UNDER_WAY, _OF_A_JOB * jobs):
            under_way.extend(islice(begun, 1))
    give_back()


def _make(batch: Batch, place: Place) -> _Made:
    """The files of a batch, staged where that can be done here. What templates leave in cycles, as
    macros do, holds whole pages, and goes at once."""
    files = make(batch)
    made: _Made = (write_files(place, files), []) if is_in_reach(place) else ([], list(files))
    gc.collect(0)
    return made


def _site_files(site: Site, theme: Theme) -> Iterator[File]:
    """The few files that tell of the whole site."""
    config, library, left_out = site.config, site.library, site.config.leave_out
    repeats = "repeats" not in left_out
    items = ApiItems(base_url=config.base_url, topics=library.topics, repeats=repeats)
    yield render_api_daily_papers(library, items)
    yield render_api_index(
        title=config.title,
        description=config.description,
        generator=PROGRAM,
        base_url=config.base_url,
        papers=len(library.papers),
        days=[(day.first, len(day.papers)) for day in site.days.values()],
        topics=[(library.topics[slug], len(ids)) for slug, ids in site.topics.items()],
        left_out=left_out,
        since=json_since(site.days, left_out),
    )
    yield from _days_feed(site)
    yield render_opml(list(channels(site)), title=config.title, base_url=config.base_url)
    yield from render_sitemap(sitemap_entries(site), config.base_url)
    yield robots(config.base_url)
    icon = ICON if any(file.path == ICON for file in theme.static) else ""
    yield opensearch(config.title, config.description, config.base_url, config.language, icon)
    yield web_manifest(config.title, config.description, config.language, icon)
    yield nojekyll()


def _days_feed(site: Site) -> Iterator[File]:
    config = site.config
    daily = FeedChannel(
        title=f"{config.title}: one entry a day",
        description=config.description,
        url="/archive/",
        base="/days/",
        author=", ".join(config.curators),
        group="Site",
    )
    newest = islice(site.days.values(), config.feed_entries)
    days = [(day.first, [site.library.papers[paper] for paper in day.papers]) for day in newest]
    return render_days_feed(daily, days, base_url=config.base_url, language=config.language)
