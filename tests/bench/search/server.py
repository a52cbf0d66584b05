"""A server on loopback that sends files as GitHub Pages does: gzip for the types it knows, ETags,
and ten minutes in which nobody need ask again."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from hashlib import blake2b
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.bench.search import sending

JSON = "application/json"
Mounts = Mapping[str, Sequence[Path]]
"""Folders by the first part of the address; the first one that holds a file gives it."""
Made = Callable[[str], bytes | None]
"""Gives JSON for some addresses that have no file."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A browser that is closed hangs up."""


@contextmanager
def serve(mounts: Mounts, made: Made) -> Iterator[str]:
    """The address of a server for as long as the block lasts, without a slash at its end."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            address = unquote(urlsplit(self.path).path)
            path = _find(mounts, address)
            if path is None:
                answer = made(address)
                self._send(404 if answer is None else 200, {"Content-Type": JSON}, answer or b"")
                return
            body, tag = _prepared(path)
            headers = {"ETag": tag, "Cache-Control": "max-age=600", "Vary": "Accept-Encoding"}
            if self.headers.get("If-None-Match") == tag:
                self._send(304, headers, b"")
                return
            if path.suffix in sending.COMPRESSED:
                headers["Content-Encoding"] = "gzip"
            self._send(200, {"Content-Type": sending.content_type(path), **headers}, body)

        def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    with _Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def _find(mounts: Mounts, address: str) -> Path | None:
    """The file at an address; a folder's is its `index.html`."""
    first, _, rest = address.lstrip("/").partition("/")
    inside = f"{rest}index.html" if rest.endswith("/") or not rest else rest
    candidates = (folder / inside for folder in mounts.get(first, ()))
    return next((path for path in candidates if path.is_file()), None)


@lru_cache(maxsize=4_096)
def _prepared(path: Path) -> tuple[bytes, str]:
    body = sending.body(path)
    return body, f'"{blake2b(body, digest_size=8).hexdigest()}"'
