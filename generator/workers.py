"""Who does the work of a build: this process with copies of it, or an executor that was given."""

import ctypes
import gc
import multiprocessing
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, ParamSpec, TypeVar, cast

_P = ParamSpec("_P")
_T = TypeVar("_T")
WORTH_PROCESSES = 400
"""Below so many papers to look at, or products to make, processes cost more than they save."""
_INTERVAL = 0.0005
"""Seconds after which a thread that works lets another go on: those that talk to processes ask for
it at each part of what they send or are sent, and a process waits for them meanwhile."""
_ANY = 32
"""So many workers others may have."""
_LEAN = 0.2
"""After so many seconds of work a process gives back memory."""
_SPENT = list[float]()
"""The seconds that each piece of work has taken here since then."""
_LIBRARY = ctypes.CDLL(None) if os.name == "posix" else None
_ARENA_MAX = -8
_PIPE = 1 << 20
"""Bytes of a pipe: as many as Linux gives anybody (pipe(7))."""
_AHEAD = 2
"""Pieces of work that a process has at most: one that it does, and what it does next."""


class Workers:
    """The executor given, or as many processes as there are jobs, this one among them; the others
    begin where they are worth it."""

    def __init__(self, jobs: int | None, executor: Executor | None) -> None:
        self._jobs = jobs or os.cpu_count() or 1
        self._given = executor
        self._team: _Team | None = None

    def for_(self, count: int) -> Executor | None:
        """Who does so many pieces of work; None for whoever asks."""
        if self._given:
            return self._given if count >= WORTH_PROCESSES else None
        if self._team is None and self._jobs > 1 and count >= WORTH_PROCESSES:
            self._team = _Team(self._jobs - 1)
        return self._team

    @property
    def jobs(self) -> int:
        """How many pieces of work are done at once, as far as is known."""
        return _ANY if self._given else self._jobs

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        if self._team:
            self._team.shutdown(cancel_futures=True)


class _Team(Executor):
    """Some processes and whoever waits for them: who waits for a result does meanwhile what nobody
    has begun. So one process less has to be told of papers, and nobody is idle."""

    def __init__(self, processes: int) -> None:
        context = multiprocessing.get_context(_start_method())
        _share_memory()
        gc.freeze()
        # they may begin where nobody collects (`load_library`)
        self._pool = ProcessPoolExecutor(processes, mp_context=context, initializer=gc.enable)
        _widen(self._pool)
        self._processes = processes
        self._left = deque[_Work]()
        self._given = list[_Work]()
        """What processes have, and what they are done with."""
        self._first: _Work | None = None
        """What came when nobody had anything to do."""
        self._lock = threading.RLock()
        self._interval = sys.getswitchinterval()
        sys.setswitchinterval(_INTERVAL)

    def submit(
        self, do: Callable[_P, _T], /, *args: _P.args, **keywords: _P.kwargs
    ) -> "Future[_T]":
        """Have something done. What comes first, when nobody has anything to do, may be long:
        nothing waits behind it for the same process."""
        work = _Work(self, partial(do, *args, **keywords))
        with self._lock:
            if not (self._left or self._away()):
                self._first = work
            self._left.append(work)
            self._hand_out()
        return cast("Future[_T]", work)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the processes end; what nobody has begun is left undone."""
        with self._lock:
            self._left.clear()
        self._pool.shutdown(wait, cancel_futures=cancel_futures)
        sys.setswitchinterval(self._interval)

    def do_one(self) -> bool:
        """Do what is to be done first; False where everything has been begun."""
        with self._lock:
            work = self._left.popleft() if self._left else None
        if work is None:
            return False
        work.do()
        return True

    def drop(self, work: "_Work") -> None:
        """Nobody is to begin this any more."""
        with self._lock, suppress(ValueError):
            self._left.remove(work)

    def _away(self) -> int:
        """How many pieces of work processes have. Asked of the work: whoever waited for it knows
        that it is done before the pool tells."""
        self._given = [work for work in self._given if not work.done()]
        return len(self._given)

    def _most(self) -> int:
        """How many they may have: nothing that waits when little is left, as somebody else could do
        it, or as long as what came first, which may be long, is not done."""
        if len(self._left) <= self._processes or not (self._first and self._first.done()):
            return self._processes
        return _AHEAD * self._processes

    def _hand_out(self) -> None:
        """Give processes what they have time for."""
        while self._left and self._away() < self._most():
            work = self._left.popleft()
            try:
                given = work.give(self._pool)
            except BrokenExecutor:  # the others are lost: what is left is done here
                self._left.appendleft(work)
                self._processes = 0
                return
            self._given.append(work)
            given.add_done_callback(partial(self._take, work))  # which may be done already

    def _take(self, work: "_Work", done: Future[Any]) -> None:
        """A process has done something, and is given something else to do. Not where it was lost:
        the pool is locked then, and `submit` may wait for it with the lock of the team."""
        if done.cancelled():
            return
        if isinstance(done.exception(), BrokenExecutor):
            _read_no_more(self._pool)
            return
        work.forget()
        with self._lock:
            self._hand_out()


class _Work(Future[Any]):
    """What somebody does once."""

    def __init__(self, team: _Team, call: Callable[[], Any]) -> None:
        super().__init__()
        self._team, self._call = team, call
        self._given: Future[Any] | None = None

    def give(self, pool: Executor) -> Future[Any]:
        """Have others do it."""
        self._given = pool.submit(_do, self._call)
        return self._given

    def do(self) -> None:
        """Do it here."""
        try:
            self.set_result(_do(self._call))
        except Exception as error:
            self.set_exception(error)
        self.forget()

    def forget(self) -> None:
        """It is done: what it was made of may be much."""
        self._call = _nothing

    def result(self, timeout: float | None = None) -> Any:
        """What comes of it; meanwhile the caller does what nobody has begun. What a process had
        that is lost is done here."""
        while not self.done() and self._team.do_one():
            pass
        if self._given is None:
            return super().result(timeout)
        try:
            return self._given.result(timeout)
        except BrokenExecutor:
            return self._call()

    def done(self) -> bool:
        """Whether something came of it."""
        return self._given.done() if self._given else super().done()

    def cancel(self) -> bool:
        """Leave it undone, if that is still possible."""
        self._team.drop(self)
        return self._given.cancel() if self._given else super().cancel()


def _read_no_more(pool: ProcessPoolExecutor) -> None:
    """Let nobody be sent anything by a broken pool. This process, too, may read what it sends, so
    that the thread which sends would wait for ever for a reader, and the pool for the thread:
    CPython's issue gh-94777, of which Debian's 3.11.2 is not free."""
    calls = getattr(pool, "_call_queue", None)
    reader = getattr(calls, "_reader", None)
    if reader:
        reader.close()


def _widen(pool: ProcessPoolExecutor) -> None:
    """Let a pipe hold a whole piece of work, where the system lets it (`F_SETPIPE_SZ` of Linux's
    fcntl.h): a process that is sent one waits for a thread at each part of it, otherwise."""
    with suppress(ImportError, AttributeError, OSError):
        import fcntl

        for name in ("_call_queue", "_result_queue"):
            pipe = getattr(pool, name)._writer.fileno()
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)


def _do(call: Callable[[], Any]) -> Any:
    """What comes of a call. Now and then free memory is given back."""
    start = time.monotonic()
    result = call()
    _SPENT.append(time.monotonic() - start)
    if sum(_SPENT) > _LEAN:
        _SPENT.clear()
        give_back()
    return result


def give_back() -> None:
    """Give memory that is free to the system; the C library keeps it for what comes."""
    trim = getattr(_LIBRARY, "malloc_trim", None)
    if trim:
        trim(0)


def _share_memory() -> None:
    """Let all threads of this process take memory from one place (`M_ARENA_MAX` of glibc's
    malloc.h): those that talk to processes keep much of it free, each for itself, otherwise."""
    choose = getattr(_LIBRARY, "mallopt", None)
    if choose:
        choose(_ARENA_MAX, 1)


def _nothing() -> None:
    """Stands for what was done."""


def _start_method() -> str:
    """How processes begin: as copies of this one, which is quick, unless it has threads, whose
    locks they would copy too."""
    methods = multiprocessing.get_all_start_methods()
    if "fork" in methods and os.uname().sysname == "Linux" and threading.active_count() == 1:
        return "fork"
    return "forkserver" if "forkserver" in methods else "spawn"
