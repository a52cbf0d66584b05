"""Work beside this process: its result comes back, whatever becomes of the copy that does it."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from generator.storage.aside import aside


@contextmanager
def another_thread() -> Iterator[None]:
    """While there is one, no process is copied."""
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def fail() -> int:
    raise ValueError("nothing comes of this")


def die_elsewhere(here: int) -> int:
    """Give a number in this process; be killed in any other."""
    if os.getpid() != here:
        os.kill(os.getpid(), signal.SIGKILL)
    return 7


def test_the_result_of_a_copy_comes_back_and_the_copy_is_gone() -> None:
    with aside(lambda: (os.getpid(), b"x" * 5_000_000)) as result:
        process, told = result()
    assert (process != os.getpid()) == (os.uname().sysname == "Linux")
    assert told == b"x" * 5_000_000
    with pytest.raises(ProcessLookupError):
        os.kill(process if process != os.getpid() else 2**22 + 1, 0)


def test_with_threads_the_work_is_done_here() -> None:
    with another_thread(), aside(os.getpid) as result:
        assert result() == os.getpid()


def test_what_the_work_raises_is_raised_where_the_result_is_asked_for() -> None:
    with aside(fail) as result, pytest.raises(ValueError, match="nothing comes of this"):
        result()


def test_work_whose_copy_is_killed_is_done_here() -> None:
    here = os.getpid()
    with aside(lambda: die_elsewhere(here)) as result:
        assert result() == 7


def test_nobody_waits_for_a_result_that_is_not_asked_for() -> None:
    began = time.monotonic()
    with pytest.raises(KeyError), aside(lambda: time.sleep(600)):
        raise KeyError
    assert time.monotonic() - began < 300
