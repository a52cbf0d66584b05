"""The story of a preview: build the site, serve it on this machine under its own path, build it
again when content/ or themes/ change, and tell the browser.

The site is built into .broadsheet/serve/ for the address it is served at; output/ stays as it is.
Pages of papers that were saved are shown ahead of the build that follows.
"""

import errno
import html
import json
import mimetypes
import os
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, quote, unquote

import watchfiles
from msgspec import Struct, field

from generator.ahead import Plan, make_ahead, plan_ahead
from generator.build import Built, build
from generator.content import load_config
from generator.errors import BroadsheetError, counted, problem
from generator.model import File
from generator.publish.html import Frame
from generator.site.pages import PaperPages
from generator.storage.tree import bundled, exists, newest_change

HOST = "127.0.0.1"
FOLDER = ".broadsheet/serve"
RELOAD = "__broadsheet__/reload.js"
EVENTS = "__broadsheet__/events"
"""What the preview serves besides the site, below its path."""
_SCRIPT = Path(__file__).with_name("reload.js")
_SWAP_SECONDS = 0.5
"""How long the folder may be missing while a new site is put in its place."""
_ALIVE_SECONDS = 15.0
"""How often a silent stream of events shows that it is still there."""
_LOOK_SECONDS = 0.5
"""How often to look whether a folder to watch has come or gone; how late, at most, it is known what
changed before the watch stood."""
_BURST_SECONDS = 5
"""How long files that change one after the other, without a rest, are waited for."""
AHEAD_MOST = 16
"""So many pages are shown ahead of a build: who saves more at once is no person with an editor."""

_TYPES_BY_NAME = {
    "feed.xml": "application/rss+xml; charset=utf-8",
    "atom.xml": "application/atom+xml; charset=utf-8",
    "feed.json": "application/feed+json",
    "opensearch.xml": "application/opensearchdescription+xml",
}
_TYPES = {
    ".bib": "application/x-bibtex; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".opml": "text/x-opml; charset=utf-8",
    ".ris": "application/x-research-info-systems; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".xml": "application/xml; charset=utf-8",
}


def serve(
    root: Path,
    *,
    port: int,
    open_browser: bool,
    tell: Callable[[str], None],
    explain: Callable[[str], None],
    complain: Callable[[object], None],
) -> None:
    """Serve the site at `root` until interrupted (KeyboardInterrupt is passed on).

    `port` 0: any free one. `tell`, `explain` and `complain` print a line each. Raises
    BroadsheetError when the port is taken or the first build fails."""
    preview = _Preview(root / FOLDER, base_path=load_config(root).base_path)
    with _listen(port, preview, explain) as server:
        url = f"http://{HOST}:{server.server_port}{preview.base_path}"
        began = time.time_ns()
        tell(_in_words(build(root, preview.folder, base_url=url, planned=preview.take)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tell(f"Serving at {url} (stop with Ctrl-C)")
        if open_browser:
            webbrowser.open(url)
        try:
            with _watching(root, began, preview) as bursts:
                if preview.plan is None:
                    _rebuild(root, url, preview, tell, complain, always=True)
                while bursts.wait():
                    _rebuild(root, url, preview, tell, complain)
        finally:
            preview.stop()
            server.shutdown()


def _in_words(built: Built) -> str:
    papers, topics = counted(built.papers, "paper"), counted(built.topics, "topic")
    return f"Built {papers}, {topics}, {counted(built.pages, 'page')}."


# -- what is shown --------------------------------------------------------------------------------


class _Ahead(Struct, frozen=True):
    """A page that is shown ahead of the build that will make it."""

    content: bytes
    build: int
    """How many builds had begun before: the next one knows what it shows."""


class _Preview(Struct):
    """What browsers are shown: the built site, pages ahead of it, and what is wrong with it now."""

    folder: Path
    base_path: str
    """`/` or `/papers/`."""
    version: int = field(default_factory=time.time_ns)
    """Another one after every build that changed something."""
    problems: tuple[str, ...] = ()
    """Why the newest build failed; the site is then the one before."""
    stopped: bool = False
    plan: Plan | None = None
    """Of the site that is in the folder, once there is one."""
    _builds: int = 0
    _ahead: dict[str, _Ahead] = field(default_factory=dict)
    _versions: dict[str, int] = field(default_factory=dict)
    """Of pages that were shown ahead, and have not changed since."""
    _latest: int = 0
    _news: threading.Condition = field(default_factory=threading.Condition)

    def take(self, pages: PaperPages, frame: Frame) -> None:
        """A site was planned and made."""
        self.plan = plan_ahead(pages, frame)

    def has_room(self, pages: int) -> bool:
        """Whether so many more may be shown ahead."""
        return len(self._ahead) + pages <= AHEAD_MOST

    def show_ahead(self, page: File, source: str) -> None:
        """Show a page instead of the one there is, until a build that begins later is done. What
        was wrong with the file that it is made of is mended."""
        with self._news:
            if self._shown(page.path) != page.content:
                self._versions[page.path] = self._next_version()
            self._ahead[page.path] = _Ahead(page.content, self._builds)
            self.problems = tuple(p for p in self.problems if not p.startswith(f"{source}:"))
            self._news.notify_all()

    def begin(self) -> None:
        """A build begins, which sees all that was saved before."""
        with self._news:
            self._builds += 1

    def show(self, problems: tuple[str, ...], *, changed: bool) -> None:
        """After a build: what was wrong, or that the site is another. What was shown ahead of it
        goes, unless it failed; whoever looks at such a page is told only if the site has another.
        """
        with self._news:
            self.problems = problems
            made = [path for path, page in self._ahead.items() if page.build < self._builds]
            over = {path: self._ahead.pop(path).content for path in made if not problems}
            if changed:
                self.version = self._next_version()
            for path in list(self._versions.keys() - self._ahead.keys()):
                is_same = self._shown(path) == over[path] if path in over else not changed
                if not is_same:
                    del self._versions[path]
            self._news.notify_all()

    def page(self, place: Path) -> tuple[int, bytes]:
        """A file of the site as it is shown now. Its version is never newer than its content."""
        path = place.relative_to(self.folder).as_posix()
        with self._news:
            version, ahead = self._version_of(path), self._ahead.get(path)
        return version, ahead.content if ahead else place.read_bytes()

    def stop(self) -> None:
        """Ends every stream of events."""
        with self._news:
            self.stopped = True
            self._news.notify_all()

    def states(self, path: str) -> Iterator[str]:
        """What whoever looks at a page is told, as JSON, now and after each change; empty where
        nothing changed for a while."""
        last = ""
        while True:
            with self._news:
                state = self._state(path)
                if state == last and not self.stopped:
                    self._news.wait(_ALIVE_SECONDS)
                    state = self._state(path)
                if self.stopped:
                    return
            yield state if state != last else ""
            last = state

    def _state(self, path: str) -> str:
        return json.dumps({"version": str(self._version_of(path)), "problems": self.problems})

    def _version_of(self, path: str) -> int:
        return self._versions.get(path, self.version)

    def _next_version(self) -> int:
        self._latest = max(self._latest, self.version) + 1
        return self._latest

    def _shown(self, path: str) -> bytes | None:
        if path in self._ahead:
            return self._ahead[path].content
        try:
            return (self.folder / path).read_bytes()
        except OSError:
            return None


# -- watching and rebuilding ----------------------------------------------------------------------


class _Bursts:
    """Changes to what a site is made of, as whoever builds hears of them: however many came while
    it was building, it hears once."""

    def __init__(self) -> None:
        self._came = threading.Event()
        self._failure: BaseException | None = None

    def add(self, failure: BaseException | None = None) -> None:
        """Some files changed, or why nobody watches them any more."""
        self._failure = failure
        self._came.set()

    def wait(self) -> bool:
        """True once something has changed. Raises what the watch failed of."""
        self._came.wait()
        self._came.clear()
        if self._failure:
            raise self._failure
        return True


@contextmanager
def _watching(root: Path, began: int, preview: _Preview) -> Iterator[_Bursts]:
    """Watch beside the builds, and show ahead of them what can be."""
    bursts, stop = _Bursts(), threading.Event()

    def watch() -> None:
        try:
            for changed in _changes(root, began, stop):
                _show_ahead(root, changed, preview)
                bursts.add()
        except BaseException as failure:
            bursts.add(failure)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield bursts
    finally:
        stop.set()
        thread.join()


def _show_ahead(root: Path, changed: set[str], preview: _Preview) -> None:
    """Of the files that changed, show the pages of papers that can be shown at once."""
    plan = preview.plan
    if plan and preview.has_room(len(changed)):
        for path in sorted(changed):
            page = make_ahead(root, path, plan)
            if page:
                preview.show_ahead(page, path)


def _changes(root: Path, began: int, stop: threading.Event) -> Iterator[set[str]]:
    """The files of each burst of changes to what a site is made of, from the moment `began`
    (nanoseconds since 1970) on, by their paths in the site: what happened before the watch stood is
    not lost, and has no paths."""
    watched: list[Path] = []
    while not stop.is_set():
        moved, watched = bool(watched), _watched(root)
        unwatched = True
        for changes in watchfiles.watch(
            *watched,
            yield_on_timeout=True,
            rust_timeout=int(_LOOK_SECONDS * 1000),
            debounce=_BURST_SECONDS * 1000,
            stop_event=stop,
        ):
            if changes or (unwatched and (moved or _newest(root) > began)):
                yield {os.path.relpath(place, root) for _, place in changes}
            unwatched = False
            if watched != _watched(root):
                break


def _newest(root: Path) -> int:
    return max(newest_change(root, folder)[0] for folder in ("content", "themes"))


def _watched(root: Path) -> list[Path]:
    """The folders a site is made of, those of the themes that came along included."""
    own = [root / name for name in ("content", "themes") if exists(root, name)]
    return [*own, *(home for home in bundled("themes") if home.resolve() not in _resolved(own))]


def _resolved(folders: list[Path]) -> list[Path]:
    return [folder.resolve() for folder in folders]


def _rebuild(
    root: Path,
    url: str,
    preview: _Preview,
    tell: Callable[[str], None],
    complain: Callable[[object], None],
    *,
    always: bool = False,
) -> None:
    """Build again. `always`: for the plan, also where nothing has changed; then nothing is told."""
    preview.begin()
    try:
        built = build(root, preview.folder, base_url=url, always=always, planned=preview.take)
    except BroadsheetError as error:
        problems = tuple(map(str, error.problems))
        for line in problems:
            complain(line)
        complain("The site shown is the one before.")
        preview.show(problems, changed=False)
    else:
        changed = len(built.changes.written) + len(built.changes.removed)
        if changed or not always:
            tell(f"{_in_words(built)[:-1]}; {counted(changed, 'file')} changed.")
        preview.show((), changed=changed > 0)


# -- serving --------------------------------------------------------------------------------------


class _Server(ThreadingHTTPServer):
    """One preview on one port."""

    request_queue_size = 128
    """Connections that may wait: a browser opens many at once."""

    def __init__(self, port: int, preview: _Preview, explain: Callable[[str], None]) -> None:
        self.preview = preview
        self.explain = explain
        super().__init__((HOST, port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away is no error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _listen(port: int, preview: _Preview, explain: Callable[[str], None]) -> _Server:
    try:
        return _Server(port, preview, explain)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        fact = "the port is taken by another program" if taken else str(error.strerror).lower()
        hint = f"choose another with --port {port + 1}" if port >= 1024 else "try --port 8000"
        raise problem(f"{HOST}:{port}", fact, hint) from None


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD for files of the built site, and the two addresses of our own."""

    server_version = "Broadsheet"

    @property
    def preview(self) -> _Preview:
        """What is served."""
        return cast(_Server, self.server).preview

    def do_GET(self) -> None:
        """The whole answer."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """The answer's head."""
        self._answer(with_body=False)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Requests are told with -v only."""
        cast(_Server, self.server).explain(format % args)

    def _answer(self, *, with_body: bool) -> None:
        try:
            self._route(with_body=with_body)
        except FileNotFoundError:  # a new site was put in place between finding and reading
            self._route(with_body=with_body)

    def _route(self, *, with_body: bool) -> None:
        base = self.preview.base_path
        path, _, query = self.path.partition("?")
        if not path.startswith(base):
            wanted = base if path in ("/", base.rstrip("/")) else ""
            return self._redirect(wanted, query) if wanted else self._missing(with_body=with_body)
        inner = unquote(path.removeprefix(base))
        if inner == EVENTS:
            return self._events(parse_qs(query).get("page", [""])[0], with_body=with_body)
        if inner == RELOAD:
            return self._send(_SCRIPT.read_bytes(), _TYPES[".js"], with_body=with_body)
        place = find_file(self.preview.folder, inner)
        if place is None:
            return self._missing(with_body=with_body)
        if place.is_dir():
            return self._redirect(f"{path}/", query)
        return self._send_file(place, HTTPStatus.OK, with_body=with_body)

    def _redirect(self, path: str, query: str) -> None:
        location = quote(unquote(path)) + (f"?{query}" if query else "")
        self._head(HTTPStatus.MOVED_PERMANENTLY, "text/plain", 0, Location=location)

    def _missing(self, *, with_body: bool) -> None:
        page = find_file(self.preview.folder, "404.html")
        if page is not None:
            return self._send_file(page, HTTPStatus.NOT_FOUND, with_body=with_body)
        return self._send(b"not found\n", _TYPES[".txt"], HTTPStatus.NOT_FOUND, with_body=with_body)

    def _send_file(self, place: Path, status: HTTPStatus, *, with_body: bool) -> None:
        kind = content_type(place.name)
        version, content = self.preview.page(place)
        if kind == _TYPES[".html"]:
            page = quote(place.relative_to(self.preview.folder).as_posix())
            src = f"{self.preview.base_path}{RELOAD}?version={version}&page={page}"
            content = add_script(content, src)
        self._send(content, kind, status, with_body=with_body)

    def _send(
        self, content: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK, *, with_body: bool
    ) -> None:
        self._head(status, kind, len(content))
        if with_body:
            self.wfile.write(content)

    def _head(self, status: HTTPStatus, kind: str, length: int | None, **more: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        for name, value in more.items():
            self.send_header(name, value)
        self.end_headers()

    def _events(self, page: str, *, with_body: bool) -> None:
        self._head(HTTPStatus.OK, "text/event-stream", None)
        for state in self.preview.states(page) if with_body else ():
            self.wfile.write(f"data: {state}\n\n".encode() if state else b":\n\n")
            self.wfile.flush()


def find_file(folder: Path, inner: str) -> Path | None:
    """The file or, without a `/` at the end, the folder that a path below the site's names; None
    where there is none inside `folder`. Waits out the moment in which a new site is put there."""
    parts = inner.split("/")
    if any(part in ("", ".", "..") for part in parts[:-1]) or set(inner) & set("\\\0"):
        return None
    if parts[-1] in (".", ".."):
        return None
    deadline = time.monotonic() + _SWAP_SECONDS
    while not folder.is_dir() and time.monotonic() < deadline:
        time.sleep(0.01)
    place = folder / (f"{inner}index.html" if not parts[-1] else inner)
    inside = place.resolve().is_relative_to(folder.resolve())
    return place if inside and place.exists() else None


def content_type(name: str) -> str:
    """The media type of a file of the site by its name."""
    known = _TYPES_BY_NAME.get(name) or _TYPES.get(Path(name).suffix.lower())
    return known or mimetypes.guess_type(name)[0] or "application/octet-stream"


def add_script(page: bytes, src: str) -> bytes:
    """A page with a script element before its end; the page's own policy allows this origin."""
    script = f'<script src="{html.escape(src)}"></script>\n'.encode()
    before, end, after = page.rpartition(b"</body>")
    return before + script + end + after if end else page + script
