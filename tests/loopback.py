"""Real HTTP servers on loopback that answer as a test tells them to, and remember who asked."""

import itertools
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, urlsplit


@dataclass(slots=True)
class Call:
    """One request as the server saw it, and the means to answer it."""

    number: int
    """From 1."""
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    """Names in lower case."""
    at: float
    """Seconds on the monotonic clock."""
    handler: BaseHTTPRequestHandler = field(repr=False)

    def send(self, body: bytes = b"", status: int = 200, **headers: str) -> None:
        """An orderly answer; `content_encoding="gzip"` becomes a header."""
        self.handler.send_response(status)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in {"content-length": str(len(body)), **named}.items():
            self.handler.send_header(name, value)
        self.handler.end_headers()
        self.handler.wfile.write(body)

    def write(self, raw: bytes) -> None:
        """Bytes as they are: for answers no orderly server gives."""
        self.handler.wfile.write(raw)
        self.handler.wfile.flush()


@dataclass(slots=True)
class Server:
    """A server on loopback."""

    url: str
    """`http://127.0.0.1:PORT`"""
    calls: list[Call] = field(default_factory=list)
    """Every request so far."""

    @property
    def gaps(self) -> list[float]:
        """Seconds from each request to the next."""
        times = [call.at for call in self.calls]
        return [after - before for before, after in itertools.pairwise(times)]


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what some tests are about."""


@contextmanager
def serve(answer: Callable[[Call], None], tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server for as long as the block lasts; `answer` runs in a thread of its own. `tls`: it is
    spoken to through that."""
    server = Server(url="")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            at = time.monotonic()
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            params = dict(parse_qsl(parts.query))
            call = Call(len(server.calls) + 1, parts.path, params, headers, at, self)
            server.calls.append(call)
            answer(call)

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    with _Quiet(("127.0.0.1", 0), Handler) as http:
        server.url = f"http{'s' if tls else ''}://127.0.0.1:{http.server_port}"
        if tls:
            http.socket = tls.wrap_socket(http.socket, server_side=True)
        thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()
