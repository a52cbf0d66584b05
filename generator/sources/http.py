"""The one way to the network: polite, patient, and never trusting what comes back.

Owns retries, deadlines, size caps, redirects, the gap between two requests to a host, and when a
host is left alone; the only module that imports httpx, and the only one of sources/ that looks at
a clock. One connection at a time to each host, whichever source asks. Does not know what an answer
means.
"""

import ipaddress
import logging
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin

import httpx
import stamina
from msgspec import Struct

from generator import __version__
from generator.errors import BroadsheetError, Problem, shown
from generator.sources.source import ARXIV_GAP

USER_AGENT = f"broadsheet/{__version__}"
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NOT_MODIFIED = 304
_CENTURY = 1e8
"""A reset beyond so many seconds is a time of day, not a wait."""
_RATE = re.compile(r"\b(r|t|remaining|reset)\s*=\s*(\d{1,9})\b")
_LATER = "try again later; nothing of this source was changed"
_LOOK = "look at the URL in a browser, and at the options of this source in content/site.yml"

logging.getLogger("stamina").addHandler(logging.NullHandler())


class Politeness(Struct, frozen=True, kw_only=True):
    """How long and how much. Durations in seconds, sizes in bytes."""

    tries: int = 4
    """How often a request is made at most."""
    first_wait: float = 1.0
    """Before the second try; doubled before each further one, with as much jitter."""
    longest_wait: float = 60.0
    """The ceiling of a wait. A server that asks for a longer one (Retry-After) is left alone."""
    patience: float = 300.0
    """No new try after so long."""
    deadline: float = 60.0
    """For one try, redirects included, from the request to the last byte, however it drips."""
    silence: float = 20.0
    """For a server that says nothing at all, when connecting or between two bytes."""
    most_transferred: int = 32 * 1024 * 1024
    """Bytes of an answer as they come over the wire."""
    most_bytes: int = 128 * 1024 * 1024
    """Bytes of an answer once decompressed."""
    redirects: int = 5
    """How many redirects one request may follow."""
    longest_pause: float = 330.0
    """How long to wait at most for a host that says that its allowance is used up: Hugging Face
    counts in windows of five minutes (https://huggingface.co/docs/hub/rate-limits)."""


class RequestError(BroadsheetError):
    """A request that came to nothing. `status` is the HTTP status, None where there was none."""

    def __init__(self, where: str, fact: str, hint: str, status: int | None) -> None:
        super().__init__([Problem(where=where, fact=fact, hint=hint)])
        self.status = status


class _TryError(Exception):
    """One try that failed. `again`: whether another makes sense, or in how many seconds."""

    def __init__(
        self, fact: str, hint: str = "", *, again: bool | float = False, status: int | None = None
    ) -> None:
        super().__init__(fact)
        self.fact, self.hint, self.again, self.status = fact, hint, again, status


class Answer(Struct, frozen=True, kw_only=True):
    """What a server answered."""

    body: bytes | None
    """Decompressed; None where the version that the asker has still holds."""
    etag: str = ""
    modified: str = ""
    """Its ETag and Last-Modified, for the next time."""


class Client:
    """Fetches bytes. A context manager; may be shared by threads.

    `contact`: a URL that tells a server's keeper who asks; it stands in the User-Agent."""

    def __init__(self, politeness: Politeness | None = None, *, contact: str = "") -> None:
        self._politeness = politeness or Politeness()
        self._agent = f"{USER_AGENT} (+{contact})" if contact else USER_AGENT
        self._tls: ssl.SSLContext | None = None
        self._lanes: dict[str, _Lane] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for lane in self._lanes.values():
            lane.close()

    def get(self, url: str, params: Mapping[str, str] | None = None, *, gap: float = 0.0) -> bytes:
        """The body of the answer to a GET, as by `fetch`."""
        return self.fetch(url, params, gap=gap).body or b""

    def fetch(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        *,
        gap: float = 0.0,
        etag: str = "",
        modified: str = "",
    ) -> Answer:
        """The answer to a GET. `gap`: seconds between two requests to this host, at least; arXiv's
        own hosts get theirs in any case. `etag`, `modified`: of the version that is here already
        (RFC 9110, section 13). Raises RequestError; a host that failed for good is not asked
        again."""
        target = whole_url(url, params or {})
        known = {"If-None-Match": etag, "If-Modified-Since": modified}
        headers = {name: value for name, value in known.items() if value}
        tries = 0
        try:
            for attempt in self._attempts():
                with attempt:
                    tries = attempt.num
                    return self._try(target, gap, headers)
        except _TryError as error:
            fact = f"{error.fact} after {tries} tries" if tries > 1 else error.fact
            if error.again is not False or error.status in _RETRIED:
                self._lane(target, gap).broken = True
            raise RequestError(str(target), fact, error.hint, error.status) from error
        raise AssertionError("a retry context ends with an answer or an error")

    def _attempts(self) -> Iterator[stamina.Attempt]:
        polite = self._politeness
        return iter(
            stamina.retry_context(
                on=lambda error: error.again if isinstance(error, _TryError) else False,
                attempts=polite.tries,
                timeout=polite.patience,
                wait_initial=polite.first_wait,
                wait_max=polite.longest_wait,
                wait_jitter=polite.first_wait,
            )
        )

    def _try(self, target: httpx.URL, gap: float, headers: Mapping[str, str]) -> Answer:
        """One try: the request and the redirects it leads to."""
        left = self._politeness.deadline
        url = target
        for _ in range(self._politeness.redirects + 1):
            lane = self._lane(url, gap)
            answer = lane.get(url, left, headers)
            if isinstance(answer, Answer):
                return answer
            url = _redirected(target, url, answer.location)
            left -= answer.seconds
        raise _TryError(f"redirects more than {self._politeness.redirects} times", _LOOK)

    def _lane(self, url: httpx.URL, gap: float) -> "_Lane":
        host = url.host.lower().rstrip(".")
        arxiv = host == "arxiv.org" or host.endswith(".arxiv.org")
        key = "arxiv.org" if arxiv else host
        with self._lock:
            lane = self._lanes.get(key)
            if lane is None:
                self._tls = self._tls or httpx.create_ssl_context()
                lane = self._lanes[key] = _Lane(self._politeness, self._agent, self._tls)
            lane.gap = max(lane.gap, gap, ARXIV_GAP if arxiv else 0.0)
        return lane


def whole_url(url: str, params: Mapping[str, str]) -> httpx.URL:
    """A URL with its parameters. Raises RequestError where it is none."""
    try:
        return httpx.URL(url).copy_merge_params(params)
    except httpx.InvalidURL as error:
        raise RequestError(url, f"is not a URL: {error}", "", None) from None


class _Redirect(Struct, frozen=True):
    location: str
    """As the server wrote it."""
    seconds: float
    """What it took of the deadline."""


class _Lane:
    """One host: one connection, one request at a time, a gap between two."""

    def __init__(self, politeness: Politeness, agent: str, tls: ssl.SSLContext) -> None:
        self.gap = 0.0
        self.broken = False
        """Whether a request failed for good: then others wait for the next pull."""
        self._politeness = politeness
        self._next = 0.0
        self._lock = threading.Lock()
        self._socket: Any = None
        self._expired = threading.Event()
        self._client = httpx.Client(
            headers={"User-Agent": agent, "Accept-Encoding": "gzip", "Accept": "*/*"},
            limits=httpx.Limits(max_connections=1),
            timeout=politeness.silence,
            verify=tls,
            event_hooks={"response": [_set_location_aside]},
        )

    def close(self) -> None:
        self._client.close()

    def get(
        self, url: httpx.URL, deadline: float, headers: Mapping[str, str]
    ) -> Answer | _Redirect:
        """The answer, or where the server sends us instead. Raises _TryError."""
        if url.scheme not in ("http", "https") or not url.host:
            raise _TryError("is not an http(s) URL", _LOOK)
        with self._lock:
            if self.broken:
                raise _TryError(f"was not asked: {url.host} failed before in this pull", _LATER)
            time.sleep(max(0.0, self._next - time.monotonic()))
            started = time.monotonic()
            with self._until(deadline), self._answer(url, headers) as answer:
                self._heed(answer.headers)
                if location := answer.extensions.get("location"):
                    return _Redirect(location, time.monotonic() - started)
                if answer.status_code == _NOT_MODIFIED and headers:
                    return Answer(body=None)
                if not answer.is_success:
                    raise _refusal(answer, self._politeness)
                return Answer(
                    body=_body(answer, self._politeness),
                    etag=answer.headers.get("etag", ""),
                    modified=answer.headers.get("last-modified", ""),
                )

    def _heed(self, headers: httpx.Headers) -> None:
        """Waits, before the next request, for an allowance that is used up."""
        pause = min(rate_limit_pause(headers), self._politeness.longest_pause)
        self._next = max(self._next, time.monotonic() + pause)

    @contextmanager
    def _until(self, deadline: float) -> Iterator[None]:
        """Cuts the connection when the deadline is over, whatever is being waited for."""
        self._expired = expired = threading.Event()
        timer = threading.Timer(max(0.0, deadline), self._expire)
        timer.daemon = True
        timer.start()
        late = f"did not answer in full within {self._politeness.deadline:g} s"
        try:
            yield
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            fact = late if expired.is_set() else _broken_off(error, self._politeness)
            raise _TryError(fact, _LATER, again=True) from error
        finally:
            timer.cancel()
        if expired.is_set():
            raise _TryError(late, _LATER, again=True)

    def _expire(self) -> None:
        self._expired.set()
        if self._socket is not None:
            _cut(self._socket)

    @contextmanager
    def _answer(self, url: httpx.URL, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        request = self._client.build_request(
            "GET", url, headers=dict(headers), extensions={"trace": self._trace}
        )
        try:
            answer = self._client.send(request, stream=True, follow_redirects=False)
        finally:
            # Counted from the answer, so that the server too sees the whole gap.
            self._next = time.monotonic() + self.gap
        try:
            yield answer
        finally:
            answer.close()

    def _trace(self, event: str, details: Mapping[str, Any]) -> None:
        """httpcore's report of what it does: keeps the socket, for the deadline."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = details["return_value"].get_extra_info("socket")
            if self._expired.is_set():
                _cut(self._socket)


def _set_location_aside(answer: httpx.Response) -> None:
    """Keeps httpx from looking at a redirect, which it does even where it is not to follow."""
    if answer.status_code in _REDIRECTS and "location" in answer.headers:
        answer.extensions["location"] = answer.headers.pop("location")


def _cut(connection: Any) -> None:
    """Ends both directions of a socket, so that whoever waits for it wakes up."""
    with suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def _broken_off(error: Exception, politeness: Politeness) -> str:
    if isinstance(error, httpx.TimeoutException):
        return f"said nothing for {politeness.silence:g} s"
    if isinstance(error, httpx.ConnectError):
        return f"cannot be reached ({error})"
    if isinstance(error, httpx.RemoteProtocolError) and "complete" in str(error):
        return "broke off before the end of its answer"
    return f"broke off ({error or type(error).__name__})"


def _refusal(answer: httpx.Response, politeness: Politeness) -> _TryError:
    """What to make of an answer that is no success."""
    status = answer.status_code
    fact = f"answered {status} {answer.reason_phrase[:60]}".rstrip()
    if status not in _RETRIED:
        return _TryError(fact, _HINTS.get(status, _LOOK), status=status)
    wait = retry_after(answer.headers.get("retry-after", ""), datetime.now(UTC))
    if wait is not None and wait > politeness.longest_wait:
        hint = f"it asks to be left alone for {wait:.0f} s: try again then"
        return _TryError(fact, hint, status=status)
    return _TryError(fact, _LATER, again=True if wait is None else wait, status=status)


_HINTS = {
    400: "look at the options of this source in content/site.yml",
    401: "the address asks for a login, which Broadsheet does not have",
    403: "the server does not let programs read this address",
    404: "look at the options of this source in content/site.yml",
    410: "the address is gone for good: look for its successor",
}


def rate_limit_pause(headers: Mapping[str, str]) -> float:
    """Seconds that a server asks for before the next request; 0 where it does not.

    Read are `RateLimit` in both forms of the IETF's drafts (`"api";r=0;t=55`, as Hugging Face has
    it, and `limit=100, remaining=0, reset=55`), the older `(X-)RateLimit-Remaining` with
    `-Reset`, and Crossref's `X-Rate-Limit-Limit` per `X-Rate-Limit-Interval` (`50`, `1s`)."""
    told = dict(_RATE.findall(headers.get("ratelimit", "")))
    left = told.get("r") or told.get("remaining") or _either(headers, "remaining")
    wait = told.get("t") or told.get("reset") or _either(headers, "reset")
    if left == "0" and wait.isascii() and wait.isdigit():
        return float(wait) if float(wait) < _CENTURY else 0.0
    most, per = headers.get("x-rate-limit-limit", ""), headers.get("x-rate-limit-interval", "")
    if re.fullmatch("[1-9][0-9]{0,8}", most) and re.fullmatch("[0-9]{1,8}s?", per):
        return int(per.removesuffix("s")) / int(most)
    return 0.0


def _either(headers: Mapping[str, str], name: str) -> str:
    return headers.get(f"ratelimit-{name}") or headers.get(f"x-ratelimit-{name}") or ""


def retry_after(text: str, now: datetime) -> float | None:
    """Seconds to wait according to a Retry-After header: a number of seconds or an HTTP date
    (RFC 9110, section 10.2.3). None where it says neither. A date that is over means 0."""
    if text.strip().isascii() and text.strip().isdigit():
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - now).total_seconds())


def _body(answer: httpx.Response, politeness: Politeness) -> bytes:
    """The whole body, decompressed within the caps."""
    encoding = answer.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        return b"".join(_capped(answer, min(politeness.most_transferred, politeness.most_bytes)))
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise _TryError(f"came in an encoding nobody asked for: '{encoding[:40]}'", _LATER)
    return _decompressed(_capped(answer, politeness.most_transferred), politeness.most_bytes)


def _capped(answer: httpx.Response, most: int) -> Iterator[bytes]:
    size = 0
    for chunk in answer.iter_raw():
        size += len(chunk)
        if size > most:
            raise _too_large(most)
        yield chunk


def _decompressed(chunks: Iterator[bytes], most: int) -> bytes:
    """gzip or zlib, without ever holding more than `most` bytes and one chunk."""
    inflater = zlib.decompressobj(wbits=47)
    parts: list[bytes] = []
    room = most
    for chunk in chunks:
        try:
            part = inflater.decompress(chunk, room + 1)
        except zlib.error:
            raise _TryError("came in gzip that cannot be unpacked", _LATER, again=True) from None
        room -= len(part)
        if room < 0:
            raise _too_large(most)
        if inflater.unused_data:
            raise _TryError("came in gzip with something after its end", _LATER)
        parts.append(part)
    if not inflater.eof:
        raise _TryError("broke off before the end of its answer", _LATER, again=True)
    return b"".join(parts)


def _too_large(most: int) -> _TryError:
    size = f"{most / 1024**2:.0f} MB" if most >= 1024**2 else f"{most} bytes"
    return _TryError(
        f"is larger than {size}", "ask for less at a time: a shorter window or 'limit'"
    )


def _redirected(first: httpx.URL, url: httpx.URL, location: str) -> httpx.URL:
    """Where a redirect leads. Raises _TryError where it must not be followed: to anything but
    http(s), or from the outside into a private network."""
    try:
        target = httpx.URL(urljoin(str(url), location))
    except (httpx.InvalidURL, ValueError):
        raise _TryError("redirects to something that is not a URL", _LOOK) from None
    if target.scheme not in ("http", "https") or not target.host:
        raise _TryError(f"redirects to {shown(location)}, which is not http(s)", _LOOK)
    if target.host.lower() != first.host.lower() and _is_private(target):
        fact = f"redirects to {shown(location)}, an address of a private network"
        raise _TryError(fact, _LOOK)
    return target


def _is_private(url: httpx.URL) -> bool:
    """Whether any address of the host is not a public one; False where it has none (then the
    connection fails by itself)."""
    try:
        found = socket.getaddrinfo(url.host, url.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return any(not _is_public(str(each[4][0])) for each in found)


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address.sixtofour or address
    return address.is_global and not address.is_multicast
