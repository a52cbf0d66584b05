"""The preview: a real process, real requests, a real browser."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from generator.build import build
from generator.serve import AHEAD_MOST, add_script, content_type, find_file
from generator.site.pages import PaperPages
from tests.command import REPOSITORY, broadsheet, hears_ctrl_c, tree

PAPER = "content/papers/2025/2507.22565.md"
PAGE = "papers/2507.22565/index.html"
GONE = "content/papers/2025/learning-to-stack-2025.md"
HIDDEN = "content/papers/2024/10.1000-toy.1.md"
PATIENCE = 20.0
"""Seconds for a rebuild to arrive on a busy machine."""


@dataclass(frozen=True, kw_only=True)
class Served:
    """A site being served."""

    site: Path
    port: int
    path: str
    process: subprocess.Popen[str]
    log: Path

    def get(self, url: str, method: str = "GET") -> tuple[int, http.client.HTTPMessage, bytes]:
        """A request with the path as it is, whatever it says."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.putrequest(method, url, skip_accept_encoding=True)
        connection.endheaders()
        answer = connection.getresponse()
        result = answer.status, answer.headers, answer.read()
        connection.close()
        return result

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"

    def state(self, page: str) -> dict[str, Any]:
        """What a browser that looks at a page is told first."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", f"{self.path}__broadsheet__/events?page={page}")
        state = json.loads(connection.getresponse().readline().removeprefix(b"data: "))
        connection.close()
        return dict(state)

    def shown(self, page: str) -> bytes:
        """A page without what the preview adds."""
        return re.sub(
            rb"<script src=[^>]+__broadsheet__[^>]+></script>\n",
            b"",
            self.get(f"{self.path}{page}")[2],
        )

    def built(self, page: str) -> bytes:
        """A page as the last build left it."""
        return (self.site / ".broadsheet/serve" / page).read_bytes()

    @property
    def builds(self) -> int:
        """How often the site was built anew and became another."""
        return len(re.findall("; [1-9][0-9]* files? changed", self.log.read_text()))

    def change(self, path: str, old: str, new: str) -> None:
        place = self.site / path
        place.write_text(place.read_text().replace(old, new))


@contextmanager
def running(site: Path) -> Iterator[subprocess.Popen[str]]:
    """`broadsheet serve`, from its first moment on; it says what it says in serve.log."""
    with (site.parent / "serve.log").open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "generator", "serve", "--port", "0", "-v"],
            cwd=site,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPOSITORY)},
            stdout=stream,
            stderr=stream,
            text=True,
            preexec_fn=hears_ctrl_c,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def serving(site: Path) -> Iterator[Served]:
    """The same, once it serves."""
    log = site.parent / "serve.log"
    with running(site) as process:
        wait(lambda: "Serving at" in log.read_text() or process.poll() is not None)
        line = next(line for line in log.read_text().splitlines() if "Serving at" in line)
        port = int(line.split("127.0.0.1:")[1].split("/")[0])
        yield Served(site=site, port=port, path="/papers/", process=process, log=log)


def wait(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def copy_toy(folder: Path) -> Path:
    site = folder / "site"
    shutil.copytree(REPOSITORY / "tests/toy", site)
    return site


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The toy site, for tests that change nothing."""
    with serving(copy_toy(tmp_path_factory.mktemp("served"))) as running:
        yield running


def test_the_site_is_served_under_its_own_path_and_the_root_leads_there(served: Served) -> None:
    status, headers, _ = served.get("/")
    assert (status, headers["Location"]) == (301, "/papers/")
    assert served.get("/papers")[1]["Location"] == "/papers/"
    status, headers, body = served.get("/papers/")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert headers["Cache-Control"] == "no-cache"
    assert b"Toy Papers" in body


def test_a_folder_without_its_slash_leads_to_the_one_with_it(served: Served) -> None:
    status, headers, _ = served.get("/papers/topics?q=1")
    assert (status, headers["Location"]) == (301, "/papers/topics/?q=1")


def test_canonical_links_name_the_preview_itself(served: Served) -> None:
    feed = served.get("/papers/feed.xml")[2].decode()
    assert f"{served.address}papers/2507.22565/" in feed
    assert "toy.example" not in feed.replace("tag:toy.example", "")


def test_a_missing_page_is_404_html_with_the_status_404(served: Served) -> None:
    status, headers, body = served.get("/papers/no/such/page/")
    built = (served.site / ".broadsheet/serve/404.html").read_bytes()
    assert (status, headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert body.startswith(built[:100])
    assert served.get("/elsewhere/")[0] == 404


@pytest.mark.parametrize(
    "url",
    [
        "/papers/../../content/site.yml",
        "/papers/..%2f..%2fcontent/site.yml",
        "/papers/%2e%2e/%2e%2e/content/site.yml",
        "/papers//etc/passwd",
        "/papers/%2fetc%2fpasswd",
        "/papers/..\\..\\content\\site.yml",
        "/papers/link/passwd",
        "/papers/a%00b",
        "/papers/./feed.xml",
        "/papers/%ff%fe",
    ],
)
def test_nothing_outside_the_folder_is_ever_served(served: Served, url: str) -> None:
    link = served.site / ".broadsheet/serve/link"
    if not link.is_symlink():
        link.symlink_to("/etc")
    status, headers, body = served.get(url)
    assert status == 404
    assert b"root:" not in body
    assert b"curators" not in body
    assert "Location" not in headers


def test_an_answer_to_head_has_no_body(served: Served) -> None:
    status, headers, body = served.get("/papers/", "HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["Content-Length"]) > 500


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("feed.xml", "application/rss+xml; charset=utf-8"),
        ("atom.xml", "application/atom+xml; charset=utf-8"),
        ("feed.json", "application/feed+json"),
        ("index.json", "application/json"),
        ("sitemap.xml", "application/xml; charset=utf-8"),
        ("opensearch.xml", "application/opensearchdescription+xml"),
        ("manifest.webmanifest", "application/manifest+json"),
        ("page.mjs", "text/javascript; charset=utf-8"),
        ("search.js", "text/javascript; charset=utf-8"),
        ("a.woff2", "font/woff2"),
        ("a.ris", "application/x-research-info-systems; charset=utf-8"),
        ("a.unknown-kind", "application/octet-stream"),
    ],
)
def test_every_kind_of_file_has_its_media_type(name: str, kind: str) -> None:
    assert content_type(name) == kind


def test_the_script_comes_from_a_file_and_only_while_serving(served: Served) -> None:
    page = served.get("/papers/")[2].decode()
    assert page.count('<script src="/papers/__broadsheet__/reload.js?version=') == 1
    assert page.index("__broadsheet__") < page.index("</body>")
    kept = tree(served.site / ".broadsheet/serve")
    assert not any(b"__broadsheet__" in content for content in kept.values())
    assert not (served.site / "output").exists()


def test_a_page_without_an_end_still_gets_the_script() -> None:
    assert add_script(b"<p>a", "/a&b/x.js") == b'<p>a<script src="/a&amp;b/x.js"></script>\n'


def test_a_site_being_swapped_is_waited_for(tmp_path: Path) -> None:
    assert find_file(tmp_path / "missing", "index.html") is None
    (tmp_path / "there").mkdir()
    (tmp_path / "there/index.html").write_text("x")
    assert find_file(tmp_path / "there", "") == tmp_path / "there/index.html"


def test_a_change_reloads_the_browser_and_a_mistake_is_shown_in_it(
    tmp_path: Path, browser: Browser
) -> None:
    with serving(copy_toy(tmp_path)) as served:
        page = browser.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{served.address}papers/2507.22565/")
        served.change(PAPER, "title: ", "title: Changed ")
        page.locator("h1", has_text="Changed").wait_for(timeout=PATIENCE * 1e3)

        served.change(PAPER, "title: Changed", "title: [<img src=x onerror=alert(1)> Changed")
        banner = page.locator("#broadsheet-problems")
        banner.wait_for(timeout=PATIENCE * 1e3)
        assert f"{PAPER}:" in banner.inner_text()
        assert "Changed" in page.locator("h1").first.inner_text()
        assert page.locator("#broadsheet-problems img").count() == 0
        assert served.get("/papers/papers/2507.22565/")[0] == 200
        assert f"{PAPER}:" in served.log.read_text()

        served.change(PAPER, "title: [<img src=x onerror=alert(1)> Changed", "title: Mended")
        page.locator("h1", has_text="Mended").wait_for(timeout=PATIENCE * 1e3)
        assert banner.count() == 0
        assert not [text for text in said if "Content Security Policy" in text or "Trusted" in text]
        page.close()


def test_a_theme_made_while_serving_is_seen(tmp_path: Path) -> None:
    with serving(copy_toy(tmp_path)) as served:
        (served.site / "themes/mine/static").mkdir(parents=True)
        (served.site / "themes/mine/theme.yml").write_text("name: Mine\nextends: plain\n")
        (served.site / "themes/mine/static/own.txt").write_text("mine")
        served.change("content/site.yml", "theme: plain", "theme: mine")
        wait(lambda: served.get("/papers/assets/own.txt")[0] == 200)
        (served.site / "themes/mine/static/own.txt").write_text("mine again")
        wait(lambda: served.get("/papers/assets/own.txt")[2] == b"mine again")


def test_a_change_made_during_the_first_build_is_not_lost(tmp_path: Path) -> None:
    site = copy_toy(tmp_path)
    with running(site):
        wait(lambda: any((site / ".broadsheet").glob("*serve*")))
        (site / "content/pages/late.md").write_text("# Late\n")
        wait(lambda: (site / ".broadsheet/serve/late/index.html").exists())


@contextmanager
def held_up(site: Path) -> Iterator[None]:
    """A build begins, and has read the papers, and cannot go on until the block ends: it reads a
    page that is a pipe, which is gone when it has read it."""
    pipe = site / "content/pages/pipe.md"
    os.mkfifo(pipe)
    ends: list[int] = []

    def is_read() -> bool:
        with suppress(OSError):
            ends.append(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        return bool(ends)

    wait(is_read)
    try:
        yield
    finally:
        pipe.unlink()
        os.write(ends[0], b"# Pipe\n")
        os.close(ends[0])


def test_a_saved_page_is_shown_ahead_of_the_build_as_the_build_will_make_it(tmp_path: Path) -> None:
    with serving(copy_toy(tmp_path)) as served:
        with held_up(served.site):
            before, elsewhere = served.state(PAGE), served.state("index.html")
            served.change(PAPER, "long** table", "long** table, a *note*")
            wait(lambda: b"a <em>note</em>" in served.shown(PAGE))
            ahead, told = served.shown(PAGE), served.state(PAGE)
            assert b"a <em>note</em>" not in served.built(PAGE)
            assert told["version"] != before["version"]
            assert served.state("index.html") == elsewhere
        wait(lambda: b"a <em>note</em>" in served.built(PAGE))
        wait(lambda: served.get("/papers/pipe/")[0] == 404)
        wait(lambda: served.builds == 2)
        assert served.shown(PAGE) == served.built(PAGE) == ahead
        assert served.state(PAGE) == told
        assert served.state("index.html") != elsewhere


def test_a_mistake_made_after_a_page_was_shown_ahead_leaves_that_page(tmp_path: Path) -> None:
    with serving(copy_toy(tmp_path)) as served:
        with held_up(served.site):
            served.change(PAPER, "title: ", "title: Good ")
            wait(lambda: b"<h1>Good" in served.shown(PAGE))
            served.change(PAPER, "title: ", "title: [")
        wait(lambda: served.state(PAGE)["problems"])
        assert served.state(PAGE)["problems"][0].startswith(f"{PAPER}:")
        assert b"<h1>Good" in served.shown(PAGE)
        assert b"<h1>Good" not in served.built(PAGE)
        served.change(PAPER, "title: [", "title: Very ")
        wait(lambda: b"<h1>Very Good" in served.built(PAGE))
        wait(lambda: served.shown(PAGE) == served.built(PAGE))
        wait(lambda: not served.state(PAGE)["problems"])


def test_papers_that_come_go_or_hide_are_left_to_the_build(tmp_path: Path) -> None:
    with serving(copy_toy(tmp_path)) as served:
        with held_up(served.site):
            page = (served.site / PAPER).read_text()
            (served.site / PAPER).with_name("new.md").write_text(page)
            (served.site / GONE).unlink()
            served.change(HIDDEN, "title: ", "hidden: true\ntitle: Hidden ")
            served.change(PAPER, "title: ", "title: Marked ")
            wait(lambda: b"<h1>Marked" in served.shown(PAGE))
            assert served.get("/papers/papers/new/")[0] == 404
            assert served.get(f"/papers/papers/{Path(GONE).stem}/")[0] == 200
            assert b"<h1>Hidden" not in served.shown(f"papers/{Path(HIDDEN).stem}/index.html")
        wait(lambda: served.get("/papers/papers/new/")[0] == 200)
        wait(lambda: served.get(f"/papers/papers/{Path(GONE).stem}/")[0] == 404)
        wait(lambda: served.get(f"/papers/papers/{Path(HIDDEN).stem}/")[0] == 404)


def test_many_pages_saved_at_once_lead_to_one_build_and_none_is_shown_ahead(tmp_path: Path) -> None:
    site = copy_toy(tmp_path)
    many = [site / f"content/papers/2025/many-{number}.md" for number in range(AHEAD_MOST + 1)]
    pages = [f"papers/{place.stem}/index.html" for place in many]
    for place in many:
        place.write_text((site / PAPER).read_text())
    with serving(site) as served:
        with held_up(site):
            for place in many:
                place.write_text(place.read_text().replace("title: ", "title: Pulled "))
            wait(lambda: _is_shown_after_another_save(served))
            assert not any(b"<h1>Pulled" in served.shown(page) for page in pages)
        wait(lambda: served.builds == 2)
        assert all(b"<h1>Pulled" in served.built(page) for page in pages)


def _is_shown_after_another_save(served: Served) -> bool:
    """Whether a save that came by itself is shown: what came before has been looked at."""
    if b"<h1>Alone" in served.shown(PAGE):
        return True
    text = (served.site / PAPER).read_text().replace("title: Alone ", "title: ")
    (served.site / PAPER).write_text(text.replace("title: ", "title: Alone "))
    time.sleep(0.3)
    return False


def test_a_site_on_which_nothing_changed_is_planned_if_it_must_be(tmp_path: Path) -> None:
    site, plans = copy_toy(tmp_path), list[PaperPages]()

    def is_left_alone() -> bool:
        plans.clear()
        build(site, planned=lambda pages, _: plans.append(pages))
        return not plans

    wait(is_left_alone)
    before = tree(site / "output")
    built = build(site, always=True, planned=lambda pages, _: plans.append(pages))
    assert [len(list(pages)) for pages in plans] == [3]
    assert not built.changes.written
    assert tree(site / "output") == before


def test_every_browser_hears_the_state_at_once(served: Served) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    connection.request("GET", "/papers/__broadsheet__/events")
    answer = connection.getresponse()
    assert answer.headers["Content-Type"] == "text/event-stream"
    state = json.loads(answer.readline().removeprefix(b"data: "))
    assert state["problems"] == []
    assert state["version"].isdigit()
    connection.close()


def test_ctrl_c_ends_it_cleanly(tmp_path: Path) -> None:
    with serving(copy_toy(tmp_path)) as served:
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(timeout=PATIENCE) == 130
        log = served.log.read_text()
        assert log.endswith("Interrupted.\n")
        assert "Traceback" not in log


def test_a_taken_port_is_named_with_a_way_out(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = broadsheet("serve", "--port", str(port), site=copy_toy(tmp_path))
    assert done.returncode == 1
    assert done.stderr == (
        f"127.0.0.1:{port}: the port is taken by another program\n"
        f"  hint: choose another with --port {port + 1}\n"
    )


def test_a_site_that_cannot_be_built_is_not_served(tmp_path: Path) -> None:
    site = copy_toy(tmp_path)
    (site / PAPER).write_text("---\ntitle: [\n---\n")
    done = broadsheet("serve", "--port", "0", site=site)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{PAPER}:")
    assert not (site / ".broadsheet/serve/index.html").exists()
