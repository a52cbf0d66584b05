"""Work that a copy of this process does beside it, where the system copies processes at once."""

import contextlib
import mmap
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import IO, Any, TypeVar

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
    with in_turn(work) as (waited,):
        yield waited


@contextlib.contextmanager
def in_turn(*works: Callable[[], Any]) -> Iterator[tuple[Callable[[], Any], ...]]:
    """Like `aside` with several pieces of work, which one copy does one after the other. Each
    result is there as soon as its work is done."""
    if not can_copy():
        yield works
        return
    with contextlib.ExitStack() as files:
        # in memory, as a pipe would keep the copy until somebody reads
        told = [files.enter_context(os.fdopen(os.memfd_create("aside"), "w+b")) for _ in works]
        pipes = [os.pipe() for _ in works]  # the copy closes its end, or the system when it is gone
        process = os.fork()
        if process == 0:
            _do(zip(works, told, (end for _, end in pipes), strict=True))
        for _, end in pipes:
            os.close(end)
        try:
            each = zip((ended for ended, _ in pipes), told, works, strict=True)
            yield tuple(partial(_result, *parts) for parts in each)
        finally:
            for ended, _ in pipes:
                os.close(ended)
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)


def can_copy() -> bool:
    """Whether this process can be copied at once."""
    linux = os.name == "posix" and os.uname().sysname == "Linux" and hasattr(os, "memfd_create")
    return linux and threading.active_count() == 1


def _do(parts: Iterable[tuple[Callable[[], object], IO[bytes], int]]) -> None:
    """In the copy: do the works, hand over what comes of each, and end."""
    try:
        os.nice(_PATIENCE)
        for work, told, end in parts:
            pickle.dump(work(), told, pickle.HIGHEST_PROTOCOL)
            told.flush()
            os.close(end)
    finally:
        os._exit(0)


def _result(ended: int, told: IO[bytes], work: Callable[[], _Result]) -> _Result:
    """What came of some work. Another copy may ask, too: where it reads is its own."""
    os.read(ended, 1)
    try:
        with mmap.mmap(told.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return pickle.loads(content)  # type: ignore[no-any-return]  # noqa: S301 (our own)
    except (ValueError, EOFError, pickle.UnpicklingError):  # nothing, or not all of it
        return work()
