"""The bundled site on loopback below /some/papers/, and pages of Chromium to look at it with."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

PREFIX = "/some/papers"
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


class _Handler(SimpleHTTPRequestHandler):
    """Serves the output folder below PREFIX, its 404.html for what is missing, as Pages does."""

    def translate_path(self, path: str) -> str:
        plain = path.partition("?")[0]
        inside = plain.removeprefix(PREFIX) if plain.startswith(PREFIX + "/") else "/nowhere"
        return super().translate_path(inside)

    def send_error(self, code: int, *_: object, **__: object) -> None:
        body = (Path(self.directory) / "404.html").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(output: Path) -> Iterator[str]:
    """The address, ending in a slash, at which a built site is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(output)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{PREFIX}/"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def address(bundled_site: Path) -> Iterator[str]:
    """The bundled site's address, ending in a slash."""
    with served(bundled_site / "output") as address:
        yield address


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Opens a URL of the site. What the browser complains of fails the test, but for the status of
    a page that was asked for by its address."""
    contexts, complaints = [], []

    def open_(url: str = "/", **settings: object) -> Page:
        context = browser.new_context(**{"viewport": DESKTOP, **settings})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text)
                if message.type == "error" and message.location["url"] != page.url
                else None
            ),
        )
        page.on(
            "request",
            lambda request: (
                complaints.append(f"asked elsewhere: {request.url}")
                if not request.url.startswith((address, "data:"))
                else None
            ),
        )
        page.goto(address + url[1:])
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []
