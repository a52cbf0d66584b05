"""The story of a build: whether there is anything to be done, the site that is made if there is,
and what is remembered of it."""

import gc
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from generator.beside import Task, beginning, beside
from generator.errors import Problem, closing
from generator.model import Changes
from generator.publish.weight import Weight
from generator.storage.cache import Cache, installed, open_cache, version_of
from generator.storage.ledger import Ledger, reading_ledger, stamp_of, write_ledger
from generator.storage.staging import check_apart, check_output
from generator.storage.tree import FileStat, bundled, stat_tree

if TYPE_CHECKING:
    from generator.publish.html import Frame
    from generator.site.pages import PaperPages

CACHE = ".broadsheet/cache.sqlite"
_OBJECTS_TO_COLLECT = 50_000
AS_BEFORE = "Nothing was built; the site in the output folder is as before."


class Built(Struct, frozen=True, kw_only=True):
    """What a build did."""

    output: Path
    pages: int
    papers: int
    topics: int
    changes: Changes
    warnings: tuple[Problem, ...]
    """What it does without, to keep to a size."""
    weights: Mapping[str, Weight]
    """The site's files by kind, the heaviest first."""


def build(
    root: Path,
    output: Path | None = None,
    *,
    base_url: str = "",
    drafts: bool = False,
    cached: bool = True,
    jobs: int | None = None,
    executor: Executor | None = None,
    always: bool = False,
    planned: "Callable[[PaperPages, Frame], None] | None" = None,
) -> Built:
    """Build the site at `root` into `output` (default: its output/).

    `cached`: whether to use and keep what builds remember; the site is the same without it.
    `executor` does the work; without one, `jobs` processes do (default: one for each core).
    `planned` is told the plan of a site that was made; `always`: also where nothing has changed.
    Raises BroadsheetError with every problem of the stage that failed; the old site stays."""
    output = output or root / "output"
    with closing(AS_BEFORE), _collecting_seldom():
        check_apart(output, root, ("content", "themes"))
        check_output(output)
        with _memory(root, cached) as memory:
            with reading_ledger(memory, output) as last:
                content = stat_tree(root / "content", "content")
                stamp = stamp_of([*content, *_themes(root)], base_url, drafts)
                is_same = bool(stamp) and last is not None and stamp == last.stamp and not always
                if memory and last and is_same and (ledger := last.head(helping=True)):
                    memory.keep()
                    files = sum(count for count, _ in ledger.weights.values())
                    return _built(output, ledger, Changes(unchanged=files))
                task = Task(
                    root=root,
                    output=output,
                    base_url=base_url,
                    drafts=drafts,
                    content=content,
                    last=last,
                    memory=memory,
                )
                with beginning(task) as compiled, beside(task) as found:
                    import generator.making  # heavy: brought in while others are at work

                    made, changes = generator.making.make_site(
                        task,
                        jobs=jobs,
                        executor=executor,
                        found=found,
                        compiled=compiled,
                        planned=planned,
                    )
            if memory:
                write_ledger(memory, output, replace(made, stamp=stamp))
    return _built(output, made, changes)


def _built(output: Path, ledger: Ledger, changes: Changes) -> Built:
    return Built(
        output=output,
        pages=ledger.pages,
        papers=ledger.papers,
        topics=ledger.topics,
        changes=changes,
        warnings=tuple(Problem(where=w, fact=f, hint=h) for w, f, h in ledger.warnings),
        weights={kind: Weight(*numbers) for kind, numbers in ledger.weights.items()},
    )


def _themes(root: Path) -> Iterator[FileStat]:
    """What is in the folders of themes, of the site and of Broadsheet."""
    yield from stat_tree(root / "themes", "themes")
    for folder in bundled("themes"):
        yield from stat_tree(folder, str(folder))


@contextmanager
def _memory(root: Path, cached: bool) -> Iterator[Cache | None]:
    """What the builds of the site remember, if they may."""
    if not cached:
        yield None
        return
    version = f"{version_of(Path(__file__).parent)} {installed(Path(msgspec.__file__).parent)}"
    with open_cache(root / CACHE, version) as cache:
        yield cache


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Python looks for garbage in cycles less often: programs and libraries of papers have none,
    and to look through them takes a tenth of the time. Processes that are begun meanwhile do the
    same."""
    usual = gc.get_threshold()
    gc.set_threshold(_OBJECTS_TO_COLLECT, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
