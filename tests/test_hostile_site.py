"""Strangers' text is text from the source to the screen: every hostile text of tests/hostile/ goes
through every field that a source or a page has, by the real commands, and nothing comes of it in
files, feeds, a browser without a policy, or the terminal."""

import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from html import unescape
from http.server import ThreadingHTTPServer
from pathlib import Path
from subprocess import CompletedProcess
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame

from generator.text.plain import clean_line
from tests.browser.conftest import PREFIX, _Handler
from tests.command import broadsheet, tree
from tests.hostile import site as hostile
from tests.hostile.inspector import inspect, inspect_fragment, is_harmless
from tests.loopback import Call, serve

STEERING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What no line on a terminal may hold, and no page, feed or citation either."""
PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")
ATOM = "{http://www.w3.org/2005/Atom}"


@dataclass(frozen=True, slots=True)
class Made:
    """The hostile site, pulled and built, and what the commands said."""

    folder: Path
    said: dict[str, CompletedProcess[str]]
    pages: dict[str, str]
    """HTML by path."""
    files: dict[str, bytes]
    """Everything built, by path."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("around") / "site"
    items = json.dumps(list(hostile.daily_items())).encode()
    with serve(lambda call: call.send(items)) as source:
        hostile.write_site(folder, source.url)
        said = {"pull": broadsheet("pull", "-v", site=folder, environment=hostile.CLOCK)}
    for command in (["build", "-v"], ["check"], ["status"], ["status", "--json"]):
        name = " ".join(command)
        said[name] = broadsheet(*command, site=folder, environment=hostile.CLOCK)
    files = tree(folder / "output")
    pages = {path: body.decode() for path, body in files.items() if path.endswith(".html")}
    return Made(folder, said, pages, files)


def one_line(text: str) -> str:
    return " ".join(text.split())


# -- what is built --------------------------------------------------------------------------------


def test_the_inspector_sees_what_it_looks_for() -> None:
    page = (
        "<!DOCTYPE html><meta http-equiv=Content-Security-Policy content=x><script>ran=1</script>"
        "<a onclick=x href='java\tscript:x' id=x><iframe><!-- --><base href=//evil.example>"
    )
    assert inspect(page).wrong == [
        "the declaration DOCTYPE html",
        "the policy {'http-equiv': 'Content-Security-Policy', 'content': 'x'} after 0 scripts",
        "<script {}>",
        "a script that says ran=1",
        "onclick=x",
        "href=java\tscript:x",
        "id=x",
        "<iframe>",
        "the comment  ",
        "<base>",
        "href=//evil.example",
    ]


def test_the_commands_do_their_work(made: Made) -> None:
    assert made.said["pull"].returncode == 0
    assert made.said["build -v"].returncode == 0, made.said["build -v"].stderr
    problems = re.findall("^output/.*", made.said["check"].stdout, re.MULTILINE)
    assert [line for line in problems if " leads to no file of the site" not in line] == []
    assert len(made.pages) > 800


def test_no_page_holds_anything_of_a_strangers_making(made: Made) -> None:
    wrong = {path: found for path, page in made.pages.items() if (found := inspect(page).wrong)}
    assert wrong == {}


def test_every_text_is_shown_as_text_in_every_field(made: Made) -> None:
    missing = []
    for number, text in enumerate(hostile.TEXTS):
        shown = inspect(made.pages[f"papers/a{number}/index.html"]).text
        line = clean_line(text)
        expected = (f"{line}, Ada", f"Venue{line}", f"{line}, end")
        missing += [(number, words) for words in expected if one_line(words) not in shown]
    assert missing == []
    listings = "".join(made.pages[path] for path in made.pages if re.match("index|page/", path))
    assert len(set(re.findall(r'"(?:\.\./)*papers/(a\d+)/"', listings))) == len(hostile.TEXTS)


def test_curators_texts_are_shown_too(made: Made) -> None:
    everything = inspect(made.pages["papers/c0/index.html"]).text
    first = [clean_line(text) for text in hostile.chunks(hostile.TEXTS, 16)[0]]
    assert f"Subject{', '.join(first)}" in everything
    assert "{{ 7*191 }}" in inspect(made.pages["index.html"]).text
    assert "1337" not in made.pages["index.html"]


def test_linked_data_is_json_that_cannot_leave_its_element(made: Made) -> None:
    papers = [path for path in made.pages if re.fullmatch(r"papers/[^/]+/index\.html", path)]
    assert len(papers) > 400
    for path in papers:
        (text,) = inspect(made.pages[path]).linked_data
        assert not set("<>&\u2028\u2029") & set(text)
        assert json.loads(text)["@type"] == "ScholarlyArticle"


def test_every_xml_and_json_file_parses(made: Made) -> None:
    parsed = Counter[str]()
    for path, body in made.files.items():
        ending = path.rpartition(".")[2]
        if ending in ("xml", "opml"):
            root = ElementTree.fromstring(body)
            assert not any(STEERING.search(text) for text in root.itertext()), path
        elif ending in ("json", "webmanifest"):
            json.loads(body)
        else:
            continue
        parsed[ending] += 1
    assert parsed["xml"] > 400
    assert parsed["json"] > 400


def test_feeds_carry_text_only(made: Made) -> None:
    contents: list[str] = []
    links: list[str] = []
    for path in ("feed.xml", "atom.xml", *(p for p in made.files if p.startswith("topics/"))):
        if path.endswith(".xml"):
            root = ElementTree.fromstring(made.files[path])
            found = (*root.iter("description"), *root.iter(f"{ATOM}content"))
            contents += [element.text or "" for element in found][1:]
            links += [element.text or "" for element in root.iter("link")]
            links += [element.get("href", "") for element in root.iter(f"{ATOM}link")]
    items = json.loads(made.files["feed.json"])["items"]
    contents += [item["content_html"] for item in items]
    links += [item.get("external_url", "") for item in items]
    assert len(contents) > 1000
    for content in contents:
        assert inspect_fragment(content) == []
        links += map(unescape, re.findall(r'href="([^"]*)"', content))
    assert [link for link in links if not is_harmless(link)] == []


def test_the_json_api_gives_addresses_or_nothing(made: Made) -> None:
    papers = [body for path, body in made.files.items() if path.startswith("api/papers/")]
    links = [link for body in papers for link in json.loads(body).get("links", {}).values()]
    assert len(papers) > 400
    assert len(links) > 300
    assert [link for link in links if not re.match("https?://", link)] == []


def test_citations_keep_their_lines(made: Made) -> None:
    for path, body in made.files.items():
        if path.endswith(".ris"):
            lines = body.decode().replace("\r\n", "\n").rstrip("\n").split("\n")
            wrong = [line for line in lines if line and not re.match(r"[A-Z][A-Z0-9]  - ?", line)]
            assert wrong == [], path
        if path.endswith((".ris", ".bib")):
            assert not STEERING.search(body.decode().replace("\r\n", "\n")), path
        if path.startswith("papers/") and path.endswith(".bib"):
            text = body.decode()
            assert text.count("\n@") + text.startswith("@") == 1, path
            assert text.count("{") == text.count("}"), path


def test_no_page_or_feed_holds_control_characters(made: Made) -> None:
    text = {path: page for path, page in made.pages.items() if STEERING.search(page)}
    assert sorted(text) == []


# -- where it lies --------------------------------------------------------------------------------


def test_no_file_leaves_the_site(made: Made) -> None:
    around = {path.name for path in made.folder.parent.iterdir()}
    assert around == {"site"}
    assert {path.name for path in made.folder.iterdir()} <= {"content", "output", ".broadsheet"}
    assert not [path for path in made.folder.rglob("*") if path.is_symlink()]


def test_every_path_is_one_that_any_system_takes(made: Made) -> None:
    papers = list(tree(made.folder / "content/papers"))
    built = [path for path in made.files if path not in (".nojekyll", ".broadsheet")]
    for path in (*papers, *built):
        assert PATH.fullmatch(path), path
        for name in path.split("/"):
            assert len(name) <= 110
            assert not re.match(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", name, re.IGNORECASE), path
            assert ".." not in name
            assert not name.endswith(".")
    assert len({path.lower() for path in built}) == len(built)
    assert len(papers) > 400


def test_every_id_has_a_page_of_its_own(made: Made) -> None:
    titles = {inspect(page).text for path, page in made.pages.items() if path.startswith("papers/")}
    for number in range(len(hostile.TEXTS), len(hostile.TEXTS) + len(hostile.IDS)):
        assert sum(f"Links {number} · " in text for text in titles) == 1, number


# -- what the terminal is told --------------------------------------------------------------------


def test_nothing_steers_the_terminal(made: Made) -> None:
    for name, done in made.said.items():
        assert STEERING.findall(done.stdout + done.stderr) == [], name
    assert json.loads(made.said["status --json"].stdout)["title"] == hostile.BREAKOUT
    told = made.said["pull"].stderr
    assert told.count(": left out") > 1000
    assert r"\x1b]0;owned\x07" in told
    assert r"\x1b[2J\x1b[H" in told
    assert not any(line.startswith("Built without") for line in told.splitlines())


def _answer(call: Call) -> None:
    """A refusal, an address to go to, or an error in JSON, in the words of a hostile text."""
    kind, number = call.path.strip("/").split("-")
    text = hostile.TERMINALS[int(number)]
    raw = text.encode("utf-8", "surrogatepass").replace(b"\n", b" ").replace(b"\r", b" ")
    if kind == "reason":
        call.write(b"HTTP/1.1 404 " + raw + b"\r\ncontent-length: 0\r\n\r\n")
    elif kind == "elsewhere":
        call.write(b"HTTP/1.1 302 Found\r\nlocation: ftp://" + raw + b"\r\n\r\n")
    else:
        call.send(json.dumps({"title": "A", "date": text, "url": text}).encode())


def test_a_server_cannot_steer_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    names = [f"record-{number}" for number in range(len(hostile.TERMINALS))]
    with serve(_answer) as server:
        sources = [
            {"name": name, "type": "json", "url": f"{server.url}/{name}"}
            for name in [*names, "reason-3", "reason-8", "elsewhere-8"]
        ]
        settings = json.dumps({"title": "A", "sources": sources})
        (tmp_path / "content/site.yml").write_text(settings)
        done = broadsheet("pull", "-v", site=tmp_path, environment=hostile.CLOCK)
    assert done.returncode == 1
    assert STEERING.findall(done.stdout + done.stderr) == []
    assert r"\x1b]0;owned\x07" in done.stderr
    assert "Traceback" not in done.stderr


def test_files_and_settings_cannot_steer_the_terminal(tmp_path: Path) -> None:
    content = tmp_path / "content"
    (content / "papers/2025").mkdir(parents=True)
    escape = r'"\e]0;owned\a\e[2J"'
    (content / "site.yml").write_text(f"title: {escape}\nlanguage: {escape}\n{escape}: 1\n")
    for name in ("\x1b[2J.md", "a\nb.md", "\u202eb.md", "\x9b2J.md"):
        (content / "papers/2025" / name).write_text(f"---\ntitle: {escape}\ndate: {escape}\n---\n")
    (content / "\x1b]0;owned\x07").mkdir()
    (content / "\x1b]0;owned\x07/\x1b[2J.md").write_text("a")
    for command in (["pull"], ["build"], ["check"], ["status"], ["build", "--base-url", "\x1b[2J"]):
        done = broadsheet(*command, site=tmp_path, environment=hostile.CLOCK)
        assert done.returncode == 1
        assert r"\x1b[2J" in done.stderr + done.stdout
        assert STEERING.findall(done.stdout + done.stderr) == []


ADDRESSES = [
    "javascript:ran=1",
    "JaVa\tScRiPt:ran=1",
    " javascript:ran=1",
    "data:text/html,<script>ran=1</script>",
    "vbscript:x",
    "//evil.example",
    "https://evil.example/\"'><script>ran=1</script>",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_option_that_is_no_address_stops_the_build(tmp_path: Path, address: str) -> None:
    (tmp_path / "content").mkdir()
    options = json.dumps({"subscribe_url": address})
    (tmp_path / "content/site.yml").write_text(f"title: A\ntheme_options: {options}\n")
    done = broadsheet("build", site=tmp_path)
    assert done.returncode == 1
    assert (
        "content/site.yml:2: 'theme_options.subscribe_url' is not a web address: '" in done.stderr
    )
    assert not (tmp_path / "output").exists()


# -- in a browser ---------------------------------------------------------------------------------

PROBE = """() => {
    for (const element of document.querySelectorAll('details')) element.open = true;
    for (const element of document.querySelectorAll('body *'))
        for (const type of ['mouseover', 'focus', 'error', 'load', 'toggle', 'animationstart'])
            element.dispatchEvent(new Event(type, {bubbles: true, cancelable: true}));
    return {
        ran: typeof window.ran,
        links: [...document.querySelectorAll('[href],[src]')]
            .map(element => new URL(element.href?.baseVal ?? element.href ?? element.src).protocol),
        strangers: document.querySelectorAll(
            'iframe,object,embed,base,style,audio,video,script:not([src],[type$=json])').length,
    };
}"""
RESULT_ELEMENTS = ("li", "h2", "a", "p", "span", "time", "mark", "div", "ul")
FRAMES = """urls => Promise.all(urls.map(url => new Promise(done => {
    const frame = document.createElement('iframe');
    frame.onload = done;
    frame.src = url;
    document.body.append(frame);
})))"""
QUIET = {"ran": "undefined", "strangers": 0}


class Watch:
    """A context without any policy in which everything that acts is noted."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.address, self.origin = address, address.removesuffix(f"{PREFIX[1:]}/")
        self.acted: list[str] = []
        self.page = context.new_page()
        self.page.on("dialog", self._dismiss)
        self.page.on("popup", lambda popup: self.acted.append(f"popup {popup.url}"))
        self.page.on("pageerror", lambda error: self.acted.append(f"error {error}"))
        self.page.on("request", self._note)

    def _dismiss(self, dialog) -> None:
        self.acted.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _note(self, request) -> None:
        if not request.url.startswith((self.origin, "data:image/")):
            self.acted.append(f"asked for {request.url}")

    def open(self, path: str) -> dict[str, object]:
        """What the probe finds on a page."""
        self.page.goto(self.address + path, wait_until="load")
        return _probe(self.page.main_frame)

    def open_many(self, paths: list[str]) -> dict[str, object]:
        """What the probe finds, by path, where it finds anything: pages in frames of one page."""
        self.page.goto(f"{self.address}robots.txt")
        self.page.evaluate(FRAMES, [self.address + path for path in paths])
        frames = {frame.url.removeprefix(self.address): frame for frame in self.page.frames[1:]}
        assert set(frames) == set(paths)
        found = {path: _probe(frame) for path, frame in frames.items()}
        return {path: each for path, each in found.items() if each != QUIET}


def _probe(frame: Frame) -> dict[str, object]:
    frame.evaluate(PROBE)
    found = frame.evaluate(PROBE)
    schemes = set(found.pop("links"))
    assert schemes <= {"http:", "https:", "mailto:"}, (frame.url, schemes)
    return found


@pytest.fixture(scope="module")
def address(made: Made) -> Iterator[str]:
    """The hostile site on loopback, below the sub-path it was built for."""
    handler = partial(_Handler, directory=str(made.folder / "output"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{PREFIX}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def watch(browser: Browser, address: str) -> Iterator[Watch]:
    context = browser.new_context(bypass_csp=True)
    yield Watch(context, address)
    context.close()


def test_the_watch_notices_what_acts(made: Made, watch: Watch) -> None:
    page = made.pages["papers/a0/index.html"]
    running = [
        "<script>ran=1</script>",
        "<img src=x onerror=ran=1>",
        "<details ontoggle=ran=1><summary>x</summary></details>",
        "<a href=# onfocus=ran=1>x</a>",
    ]
    paths = [f"papers/a0/control-{number}.html" for number in range(len(running) + 1)]
    for path, added in zip(paths, [*running, "<img src=//evil.example/x><base>"], strict=True):
        (made.folder / "output" / path).write_text(page.replace("<main", f"{added}<main", 1))
    assert [watch.open(path)["ran"] for path in paths[:-1]] == ["number"] * len(running)
    assert watch.acted == []
    found = watch.open_many(paths)
    assert [found[path]["ran"] for path in paths] == ["number"] * len(running) + ["undefined"]
    assert found[paths[-1]]["strangers"] == 1
    assert watch.acted == ["asked for http://evil.example/x"]
    watch.acted.clear()
    for path in paths:
        (made.folder / "output" / path).unlink()


@pytest.mark.parametrize(
    "path",
    ["", "page/2/", "topics/", "topics/t3/", "organizations/", "papers/c2/", "papers/a55/", "p4/",
     f"days/{hostile.DAY}/", "feeds/", "status/", "archive/", "api/", "404.html", "search/"],
)  # fmt: skip
def test_nothing_runs_in_a_browser_without_a_policy(watch: Watch, path: str) -> None:
    assert watch.open(path) == QUIET
    assert watch.acted == []


def test_nothing_runs_on_any_page_that_shows_a_text(made: Made, watch: Watch) -> None:
    """Every listing and every page a person wrote, which together show all texts in all fields,
    and some of the papers' own and the organisations' pages."""
    written = re.compile(r"papers/c\d+/|(?!papers/|organizations/.*/|search/)")
    paths = [path for path in made.pages if written.match(path)]
    others = [path for path in made.pages if path not in paths][::12]
    for some in hostile.chunks([*paths, *others], 40):
        assert watch.open_many(list(some)) == {}
    assert watch.acted == []
    assert len(paths) > 100


QUERIES = [
    hostile.BREAKOUT,
    "script ran onerror",
    "title:img +javascript -nothing",
    "*",
    "constructor __proto__ toString",
    "__proto__~2 a^9999999999",
    "title:title:title:",
    "\u202e\x1b[2J\x00",
]


@pytest.mark.parametrize("query", QUERIES)
def test_hostile_queries_and_results_are_text(watch: Watch, query: str) -> None:
    filters = {"org": hostile.SCRIPTS[60], "topic": "__proto__"} if "proto" in query else {}
    watch.open("search/?" + urlencode({"q": query, **filters, "n": "300"}))
    watch.page.wait_for_function(
        "document.getElementById('search-status').textContent.match(/paper/)"
    )
    assert _probe(watch.page.main_frame) == QUIET
    assert watch.page.input_value("#search-q") == query.replace("\n", " ")
    results = watch.page.locator("#search-results > li").count()
    assert bool(results) == (not filters)
    markup = watch.page.evaluate("document.getElementById('search-results').innerHTML")
    assert set(re.findall("<([a-z0-9]+)", markup)) <= set(RESULT_ELEMENTS)
    assert watch.acted == []
