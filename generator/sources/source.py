"""What a source is: it says what to ask for and reads the answers. It never asks by itself.

Owns the types every source shares. Fetching is `fetch.py`, the network `http.py`.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Protocol
from urllib.parse import urlencode

from msgspec import Struct, field

from generator.errors import BroadsheetError, Problem, problem
from generator.model import Record

ARXIV_GAP = 3.0
"""Seconds between two requests to arXiv, at least: https://info.arxiv.org/help/api/tou.html."""


class Window(Struct, frozen=True, kw_only=True):
    """Which part of a source a pull wants."""

    since: date | None = None
    """The first day; None: what the source's options say."""
    until: date | None = None
    """The last day; a pull that was given none passes today."""
    limit: int | None = None
    """At most so many records of this source; None: what the source's options say."""


class Request(Struct, frozen=True, kw_only=True):
    """One thing to ask for: a page of a server, or a file of the site."""

    url: str = ""
    """Absolute http(s) URL without the parameters."""
    path: str = ""
    """A file of the site: relative POSIX path. Exactly one of `url` and `path` is given."""
    params: Mapping[str, str] = field(default_factory=dict)
    """The query of the URL."""
    gap: float = 0.0
    """Seconds from one request to this host to the next, at least."""
    absent: tuple[int, ...] = ()
    """HTTP statuses that mean 'nothing there' for this request, not that the source failed."""

    def __post_init__(self) -> None:
        if bool(self.url) == bool(self.path):
            raise ValueError("a request has either a url or a path")

    @property
    def where(self) -> str:
        """The place as a message names it: the whole URL, or the path."""
        if self.path or not self.params:
            return self.path or self.url
        return f"{self.url}?{urlencode(self.params, safe=':/,')}"


class Batch(Struct, frozen=True, kw_only=True):
    """What one answer holds."""

    records: tuple[Record, ...] = ()
    problems: tuple[Problem, ...] = ()
    """Parts of the answer that were left out; the rest counts."""
    following: Request | None = None
    """The next page."""


class Source(Protocol):
    """A place papers come from, with its options already checked."""

    @property
    def offline(self) -> bool:
        """Whether it reads only files of the site."""

    @property
    def limit(self) -> int | None:
        """At most so many records a pull, unless the window says otherwise."""

    def requests(self, window: Window) -> Iterator[Request]:
        """Where to start: requests that do not depend on each other, newest day first."""

    def parse(self, payload: bytes, request: Request) -> Batch:
        """What an answer holds. Pure. Raises BroadsheetError when the answer as a whole is not
        what it should be: then nothing of it is used."""


def left_out(where: str, fact: str, hint: str = "") -> Problem:
    """A record that cannot be used, beside others that can."""
    return Problem(where=where, fact=f"{fact}: left out", hint=hint)


def refused(request: Request, fact: str, hint: str = "") -> BroadsheetError:
    """An answer that is not what it should be, as a whole."""
    return problem(request.where, fact, hint)
