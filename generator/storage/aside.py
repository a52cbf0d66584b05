"""Work that a copy of this process does beside it, where the system copies processes at once."""

import contextlib
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

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
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        _do(work, reading, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        try:
            yield lambda: _result(stream.read(), work)
        finally:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)


def _can_copy() -> bool:
    linux = os.name == "posix" and os.uname().sysname == "Linux"
    return linux and threading.active_count() == 1


def _do(work: Callable[[], object], reading: int, writing: int) -> None:
    """In the copy: do the work, hand over what comes of it, and end."""
    try:
        os.close(reading)
        os.nice(_PATIENCE)
        told = pickle.dumps(work(), pickle.HIGHEST_PROTOCOL)
        with os.fdopen(writing, "wb") as stream:
            stream.write(told)
    finally:
        os._exit(0)


def _result(told: bytes, work: Callable[[], _Result]) -> _Result:
    try:
        return pickle.loads(told)  # type: ignore[no-any-return]  # noqa: S301 (our own)
    except (EOFError, pickle.UnpicklingError):
        return work()
