"""What a copy of this process finds out beside a build: of all papers together, which of them are
related, and the search; of a new site, its templates compiled.

Of a site that is there already both are mostly as they were, and a copy of this process brings them
up to date. It begins as soon as the papers are loaded, before the build brings in what it needs
itself.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from generator.model import File, Kept
from generator.storage.aside import aside, can_copy, in_turn
from generator.storage.cache import Cache
from generator.storage.ledger import LastSite
from generator.storage.tree import FileStat

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from generator.library.related import Relations
    from generator.model import Library
    from generator.publish.budget import Plan
    from generator.publish.theme import Theme

TEMPLATES = "templates"
"""Under which compiled templates are remembered."""
_Result = TypeVar("_Result")
_Noted = tuple[_Result, set[str], dict[str, bytes]]
"""What was found, and what the cache is to know of it (`Cache.noted`)."""


class Task(Struct, frozen=True, kw_only=True):
    """Which site is to be built, and what is there of it."""

    root: Path
    output: Path
    base_url: str
    drafts: bool
    content: Sequence[FileStat]
    """What is in content/, as `stat_tree` gives it."""
    last: LastSite | None
    """The site that was left in `output`, if any was."""
    memory: Cache | None
    """What builds remember, if they may."""


class Loaded(Struct, frozen=True):
    """What a site is made of."""

    theme: "Theme"
    library: "Library"
    fitted: "Plan"
    """The settings that it is made with."""


class Beside(Struct, frozen=True):
    """What a copy of this process is finding out, and of what. Each is waited for when it is asked
    for."""

    loaded: Loaded
    related: "Callable[[], Relations]"
    search: Callable[[], list[File | Kept]]
    """The files of the search; those of the last site that stay are told by name."""
    stop: Callable[[], None]
    """Leave it undone, as the last site is not as it was left."""


class Previous:
    """The files of the site that was built last, which is as its build left it."""

    def __init__(self, output: Path, paths: Collection[str]) -> None:
        """`paths`: of its files."""
        self._output, self._paths = output, paths

    def __contains__(self, path: str) -> bool:
        return path in self._paths

    def get(self, path: str) -> bytes | None:
        """The content of one, or None."""
        try:
            return (self._output / path).read_bytes()
        except OSError:
            return None


def load(task: Task, readers: "Executor | None" = None) -> Loaded:
    """What the site is made of; `readers` read pages that are not known. Raises BroadsheetError
    with every problem of what fails first: settings, theme, pages."""
    from generator.content import load_config, load_library, load_theme  # heavy
    from generator.publish.budget import fit

    config = load_config(task.root, task.base_url)
    theme = load_theme(task.root, config)
    library = load_library(
        task.root, drafts=task.drafts, memory=task.memory, executor=readers, found=task.content
    )
    return Loaded(theme, library, fit(library, config))


@contextmanager
def beside(task: Task) -> Iterator[Beside | None]:
    """Load what the site is made of, and begin to find it out. None where there was no site before,
    or nobody can do it. Raises BroadsheetError with every problem of what is loaded.

    Until the end, what builds remember is not written: the copy reads it."""
    memory, last = task.memory, task.last
    if memory is None or last is None or not can_copy():
        yield None
        return
    loaded = load(task)
    library, leave_out = loaded.library, loaded.fitted.config.leave_out

    def related(own: Cache) -> "Relations":
        from generator.library.related import relate  # heavy, as all that only the copy brings in

        return relate(library, own, library.digests)

    def search(own: Cache) -> list[File | Kept]:
        from generator.publish.search import render_search

        if last.head() is None:
            return []
        previous = Previous(task.output, last.files)
        files = render_search(library, None, own, previous, abstracts="json" not in leave_out)
        return list(files)

    with ExitStack() as stack:
        stack.enter_context(memory.being_read())
        works = _noting(memory, related), _noting(memory, search)
        first, second = stack.enter_context(in_turn(*works))
        waited = _noted(memory, first), _noted(memory, second)
        yield Beside(loaded, *waited, stack.close)


@contextmanager
def beginning(task: Task) -> Iterator[Callable[[], bytes] | None]:
    """Begin to compile the templates of a new site, while the build brings in all else that it
    needs. Gives what tells them, as `publish.templates.ready_templates` gives them to be
    remembered, once they are compiled; None where nobody does it."""
    memory = task.memory
    if task.last or (memory and memory.get(TEMPLATES)) or not can_copy():
        yield None
        return
    from generator.content import load_config, load_theme  # heavy, and needed by both

    def compiled() -> bytes:
        from generator.publish.templates import ready_templates

        config = load_config(task.root, task.base_url)
        return ready_templates(load_theme(task.root, config).look, None)

    with aside(compiled) as told:
        yield told


def _noting(memory: Cache, work: Callable[[Cache], _Result]) -> Callable[[], _Noted[_Result]]:
    """Some work on the cache as it is on disk, with what it notes."""

    def noting() -> _Noted[_Result]:
        with memory.again() as own:
            return work(own), *own.noted

    return noting


def _noted(memory: Cache, waited: Callable[[], _Noted[_Result]]) -> Callable[[], _Result]:
    """What some work gives, after what it noted is remembered."""

    def result() -> _Result:
        done, used, values = waited()
        memory.add(used, values)
        return done

    return result
