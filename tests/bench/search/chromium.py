"""Chromium: from the call to ten results, on loopback, and how long the page stood still."""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from playwright.sync_api import Browser, Page, sync_playwright

from tests.bench.documents import REPOSITORY, read_lines
from tests.bench.search import peers
from tests.bench.search.node import HERE
from tests.bench.search.queries import two_word_queries
from tests.bench.search.server import Made, Mounts, serve
from tests.bench.search.site import Site
from tests.bench.tables import Part, Table, spread

PROGRAM = "/usr/bin/chromium"
COLD, NEXT = 20, 60
"""Queries asked of a browser that knows nothing, and of one page one after the other."""
NOWHERE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
PATIENCE = 30_000
"""ms for an answer."""
TITLES = {
    "ours": "Broadsheet's reader",
    "page": "Broadsheet's page",
    "pagefind": "Pagefind",
    "lunr": "lunr.js",
}


def chromium(site: Site, work: Path, with_peers: bool) -> Part:
    """Ask queries of two words of everybody that holds so many papers."""
    texts = [query.text for query in two_word_queries(site.inputs, COLD + NEXT)]
    mounts = _mounts(site, work, with_peers)
    engines = [name for name in TITLES if name in ("ours", "page") or name in mounts]
    with serve(mounts, _abstracts(site)) as address, _browser() as browser:
        figures = {name: _timed(browser, address, name, texts) for name in engines}
    table = Table(f"ms to ten results of two words in Chromium, {site.inputs.size:,} papers")
    ways = ("cold", "next", "again")
    shares = ("median", "95 %", "worst")
    table.head("", *(f"{way}: {share}" for way in ways for share in shares), "still: 95 %", "worst")
    for name, row in figures.items():
        cells = (row[way] and row[way][share] for way in ways for share in row["cold"])
        table.row(TITLES[name], *cells, row["still"]["most"], row["still"]["worst"])
    table.note("cold: a new browser context, with starting the engine; next: other words in the")
    table.note("same page; again: the same words; still: how long the page stood still at a time")
    table.note(
        "the page: from a key to ten papers drawn, of which 100 ms are its wait for more keys"
    )
    return Part([table], figures)


@contextmanager
def _browser() -> Iterator[Browser]:
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", NOWHERE]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=arguments)
        yield browser
        browser.close()


def _mounts(site: Site, work: Path, with_peers: bool) -> Mounts:
    """Our index stands in a whole site that this repository's content makes."""
    page = _whole_site(work)
    mounts = {place.name: [place] for place in page.iterdir() if place.is_dir()}
    mounts["search"] = [site.folder / "search", page / "search"]
    mounts["reader"], mounts["bench"] = [site.folder / "reader"], [HERE / "browser"]
    if with_peers and (folder := peers.PAGEFIND.built(site.inputs, work)):
        mounts["pagefind"] = [folder / "pagefind"]
    if with_peers and (folder := peers.LUNR.built(site.inputs, work)):
        mounts["lunr"] = [folder, HERE / "node_modules/lunr"]
    return mounts


def _abstracts(site: Site) -> Made:
    """The abstracts from which the page takes passages."""
    kept = {f"/api/papers/{paper['id']}.json": paper for paper in read_lines(site.inputs.plain)}

    def made(address: str) -> bytes | None:
        paper = kept.get(address)
        return orjson.dumps({"summary": paper["abstract"]}) if paper else None

    return made


def _whole_site(work: Path) -> Path:
    """The built site of this repository, without its index."""
    site, output = work / "whole", work / "whole/output"
    if not output.is_dir():
        shutil.copytree(REPOSITORY / "content", site / "content")
        command = [sys.executable, "-m", "generator", "build", "--base-url", "http://127.0.0.1/"]
        environment = {"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin"}
        subprocess.run(command, cwd=site, env=environment, check=True, stdout=sys.stderr)
    return output


def _timed(browser: Browser, address: str, name: str, texts: Sequence[str]) -> dict[str, Any]:
    cold = [_cold(browser, address, name, text) for text in texts[:COLD]]
    after, again = [], []
    with _page(browser, address, name) as page:
        _ask(page, name, texts[0])
        for text in texts[COLD:]:
            after.append(_ask(page, name, text))
            if name != "page":  # which has nothing to do for the same words
                again.append(_ask(page, name, text))
    answers = [*cold, *after, *again]
    given = [answer for answer in answers if answer]
    return {
        "cold": _milliseconds(cold),
        "next": _milliseconds(after),
        "again": _milliseconds(again),
        "still": spread([answer["still"] for answer in given]),
        "unanswered": len(answers) - len(given),
    }


def _milliseconds(answers: Sequence[dict[str, Any] | None]) -> dict[str, float] | None:
    times = [answer["ms"] for answer in answers if answer]
    return spread(times) if times else None


def _cold(browser: Browser, address: str, name: str, text: str) -> dict[str, Any] | None:
    with _page(browser, address, name) as page:
        return _ask(page, name, text)


@contextmanager
def _page(browser: Browser, address: str, name: str) -> Iterator[Page]:
    """A page of a new context that has been loaded and waits."""
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{address}/search/" if name == "page" else f"{address}/bench/page.html")
    if name == "page":
        page.add_script_tag(url=f"{address}/bench/page.js", type="module")
    page.wait_for_function("window.ask !== undefined")
    page.wait_for_load_state("networkidle")
    yield page
    context.close()


def _ask(page: Page, name: str, text: str) -> dict[str, Any] | None:
    """What a page answers; None where it finds fewer than ten papers, or nothing in time."""
    call = "([, text]) => type(text)" if name == "page" else "([name, text]) => ask(name, text)"
    late = f"new Promise((resolve) => setTimeout(resolve, {PATIENCE}, null))"
    answer: dict[str, Any] | None
    answer = page.evaluate(f"(asked) => Promise.race([({call})(asked), {late}])", [name, text])
    return answer
