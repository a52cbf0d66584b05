"""Work on other machines: the workers of a Dask scheduler as an executor.

Owns what can go wrong there, and that whoever works there has what is here: another version would
leave other bytes. A worker that is lost loses nothing, since Dask gives its work to others; what
was done twice is written twice.
"""

import asyncio
import logging
import pickle
import platform
import re
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from generator import __version__
from generator.errors import BroadsheetError, Problem, problem
from generator.storage.cache import version_of

if TYPE_CHECKING:
    from distributed import Client

_WHERE = "--dask"
_PATIENCE = 5
"""Seconds to wait for the scheduler, and for its first worker."""
_LOOK = 0.5
"""Seconds after which somebody who waits looks whether the scheduler is still there."""
_INSTALL = "pip install 'broadsheet[dask]'"
_TURN = Lock()
"""Threads of a worker take turns: side by side they would not be faster."""
_P = ParamSpec("_P")
_T = TypeVar("_T")


@contextmanager
def connect(address: str) -> Iterator[Executor]:
    """An executor that has the work done by the workers of the Dask scheduler at `address`.

    Raises BroadsheetError where there is none, where a worker has not what is here, and where the
    block fails because the cluster does. Dask's own messages are not shown."""
    try:
        from distributed import KilledWorker
    except ModuleNotFoundError:
        raise problem(_WHERE, "Dask is not installed", _INSTALL) from None
    with _quiet(), _client(address) as client:
        _check_workers(client)
        try:
            yield _Workers(client)
        except KilledWorker:
            hint = "give the workers more memory; their logs say more"
            raise problem(_WHERE, "one piece of work ended worker after worker", hint) from None
        except CancelledError:
            raise problem(_WHERE, f"the scheduler at '{address}' went away") from None


@contextmanager
def _client(address: str) -> "Iterator[Client]":
    """A client of a scheduler that has workers."""
    from distributed import Client

    try:
        with ThreadPoolExecutor(1) as other:  # here, a loop may be running already
            other.submit(lambda: asyncio.run(asyncio.wait_for(_call(address), _PATIENCE))).result()
        client = Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, TypeError, ValueError):
        hint = "start one with 'dask scheduler', which tells its address"
        raise problem(_WHERE, f"no scheduler answers at '{address}'", hint) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError:
            hint = f"start some: dask worker {address}"
            raise problem(_WHERE, f"the scheduler at '{address}' has no workers", hint) from None
        yield client


async def _call(address: str) -> None:
    """Nothing, if Dask answers there. Its client would wait for ever for another server."""
    from distributed import Security
    from distributed.comm.core import connect

    settings = Security().get_connection_args("client")
    answering = await connect(address, timeout=_PATIENCE, **settings)
    await answering.close()


def _check_workers(client: "Client") -> None:
    try:
        client.run(_compare, _here())
    except BroadsheetError:
        raise
    except Exception as error:  # Dask tells by some Exception that a module is missing there
        hint = f"on every worker: {_INSTALL}"
        raise problem(_WHERE, f"a worker cannot run Broadsheet: {error}", hint) from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Dask keeps its warnings and what it logs to itself."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"distributed\b")
            yield
    finally:
        logging.disable(before)


class _Workers(Executor):
    """What is submitted is done by a worker that has what is here. Calls go as bytes, so that
    Dask need not look into them and nobody else can misread them."""

    def __init__(self, client: "Client") -> None:
        self._client = client
        self._executor = client.get_executor(pure=False)

    def submit(
        self, do: Callable[_P, _T], /, *args: _P.args, **keywords: _P.kwargs
    ) -> "Future[_T]":
        call = pickle.dumps((do, args, keywords), pickle.HIGHEST_PROTOCOL)
        return _Awaited(self._executor.submit(_do, _here(), call), self._client)


class _Awaited(Future[_T]):
    """What a worker is doing, as long as the scheduler is there. Dask forgets what was done when it
    goes away before the result came, and what it is asked for just then."""

    def __init__(self, done: Future[_T], client: "Client") -> None:
        super().__init__()
        self._done, self._client = done, client

    def result(self, timeout: float | None = None) -> _T:
        """What comes of it, however long that takes. Raises CancelledError where nothing will."""
        while True:
            try:
                return self._done.result(_LOOK if timeout is None else timeout)
            except TimeoutError:
                if self._done.done() or timeout is not None:
                    raise
                if self._client.status != "running":
                    raise CancelledError from None

    def done(self) -> bool:
        """Whether something came of it."""
        return self._done.done()

    def cancel(self) -> bool:
        """Leave it undone, if that is still possible."""
        return self._done.cancel()


def _do(told: Mapping[str, str], call: bytes) -> object:
    """What a call gives, on a worker."""
    _compare(told)
    with _TURN:
        do, args, keywords = pickle.loads(call)  # noqa: S301 (our own)
        return do(*args, **keywords)


def _compare(told: Mapping[str, str]) -> None:
    """Raises BroadsheetError unless there is here what was told."""
    here = _here()
    if here != told:
        where = f"the worker on {platform.node()}"
        raise BroadsheetError(
            Problem(
                where=_WHERE,
                fact=f"{where} has {name} {here.get(name, 'not at all')}, not {told.get(name)}",
                hint="install the same on every worker",
            )
            for name in {**told, **here}
            if here.get(name) != told.get(name)
        )


@lru_cache(maxsize=1)
def _here() -> Mapping[str, str]:
    """What decides the bytes of a site beside its content, by name: a version of each."""
    code = version_of(Path(__file__).parent)[:8]
    return {
        "Broadsheet": f"{__version__} ({code})",
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
        **dict(_libraries()),
    }


def _libraries() -> Iterator[tuple[str, str]]:
    """Names and versions of what Broadsheet needs; of none where it was not installed."""
    with suppress(metadata.PackageNotFoundError):
        for line in metadata.requires("broadsheet") or ():
            if "extra ==" not in line:
                name = re.split(r"[^\w.-]", line)[0]
                yield name, metadata.version(name)
