"""Work that a copy of this process does beside it, where the system copies processes at once."""

import contextlib
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterator
from typing import IO, TypeVar

_Result = TypeVar("_Result")
_PATIENCE = 2
"""How nice a copy is to the process that it works for: where there are more of them than cores, the
copies share one, and who waits for all of them has another."""


@contextlib.contextmanager
def aside(work: Callable[[], _Result]) -> Iterator[Callable[[], _Result]]:
    """Begin some work in a copy of this process, which sees all values as they are now. What is
    given waits for the result, which is picklable; whoever does not wait leaves the work undone.

    Where processes cannot be copied, or this one has threads, whose locks would be copied too, or
    the copy fails, the work is done when somebody waits for it, and raises what it raises."""
    if not _can_copy():
        yield work
        return
    with os.fdopen(os.memfd_create("aside"), "w+b") as told:
        ended, end = os.pipe()  # the system closes its end when the copy is gone
        process = os.fork()
        if process == 0:
            _do(work, told)
        os.close(end)
        try:
            yield lambda: _result(ended, told, work)
        finally:
            os.close(ended)
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)


def _can_copy() -> bool:
    linux = os.name == "posix" and os.uname().sysname == "Linux" and hasattr(os, "memfd_create")
    return linux and threading.active_count() == 1


def _do(work: Callable[[], object], told: IO[bytes]) -> None:
    """In the copy: do the work, hand over what comes of it, and end: in memory, as a pipe would
    keep the copy until somebody reads."""
    try:
        os.nice(_PATIENCE)
        pickle.dump(work(), told, pickle.HIGHEST_PROTOCOL)
        told.flush()
    finally:
        os._exit(0)


def _result(ended: int, told: IO[bytes], work: Callable[[], _Result]) -> _Result:
    os.read(ended, 1)
    told.seek(0)
    try:
        return pickle.load(told)  # type: ignore[no-any-return]  # noqa: S301 (our own)
    except (EOFError, pickle.UnpicklingError):
        return work()
