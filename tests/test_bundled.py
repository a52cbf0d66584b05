"""The bundled list: what it says stands on its pages, exactly; the committed content is what a
pull makes of it."""

import shutil
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import feedparser
import pytest

from generator.config import SourceConfig
from generator.model import Record
from generator.sources import Window, open_source
from tests.command import REPOSITORY, broadsheet, tree

LISTING = "content/sources/daily-papers-2025-11-26.txt"


@pytest.fixture(scope="module")
def records() -> tuple[Record, ...]:
    """What the listing says, in its order."""
    options = {"path": LISTING, "date": __import__("datetime").date(2025, 11, 26)}
    source = open_source(SourceConfig(name="bundled", type="listing", options=options))
    (request,) = source.requests(Window())
    batch = source.parse((REPOSITORY / LISTING).read_bytes(), request)
    assert batch.problems == ()
    return batch.records


class _Text(HTMLParser):
    """The text of an HTML page as people read it."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.links: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("a", "link", "script", "img"):
            self.links += [value for name, value in attrs if name in ("href", "src") and value]
        if tag in ("p", "div", "section", "h1", "h2", "dd", "dt", "li"):
            self.parts.append(" ")


def read(place: Path) -> _Text:
    page = _Text()
    page.feed(place.read_text())
    return page


def words(text: str) -> str:
    return " ".join(text.split())


def test_the_list_holds_what_the_capture_holds(records: tuple[Record, ...]) -> None:
    assert len(records) == 92
    assert sum(record.author_count is not None for record in records) == 82
    assert sum(bool(record.organization) for record in records) == 5
    assert sum(record.comments is not None for record in records) == 29
    assert sum(record.comments or 0 for record in records) == 75


def test_everything_the_list_says_stands_on_the_papers_page(
    records: tuple[Record, ...], bundled_site: Path
) -> None:
    pages = {}
    for place in (bundled_site / "output/papers").glob("*/index.html"):
        page = read(place)
        pages[words("".join(page.parts))] = place
    assert len(pages) == 92
    for record in records:
        found = [
            text for text in pages if words(record.title) in text and words(record.abstract) in text
        ]
        assert len(found) == 1, record.title
        (text,) = found
        if record.author_count is not None:
            assert f"{record.author_count} authors" in text or record.author_count == 1
        if record.organization:
            assert record.organization in text
            handle = next(link.url for link in record.links if link.kind == "organization")
            assert f"@{handle.rpartition('/')[2]}" in text
        if record.date is not None:
            day = record.date
            assert f"{day.day} {day:%B} {day.year}" in text
        if record.comments is not None:
            assert f"{record.comments} comment" in text or f"Comments {record.comments}" in text


def test_the_committed_content_is_what_a_pull_makes(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "content", tmp_path / "content")
    for folder in ("papers", "topics", ".pulled"):
        shutil.rmtree(tmp_path / "content" / folder)
    assert broadsheet("pull", "--offline", site=tmp_path).returncode == 0
    assert tree(tmp_path / "content") == tree(REPOSITORY / "content")


def test_a_second_pull_changes_nothing(bundled_site: Path) -> None:
    before = tree(bundled_site / "content")
    done = broadsheet("pull", "--offline", site=bundled_site)
    assert "0 new, 0 files changed" in done.stderr
    assert tree(bundled_site / "content") == before


def test_every_paper_is_in_one_to_four_topics(bundled_site: Path) -> None:
    from generator.content import load_library

    library = load_library(bundled_site)
    assert {
        paper.id: len(paper.topics) for paper in library if not 1 <= len(paper.topics) <= 4
    } == {}
    assert 15 <= len(library.topics) <= 25


def test_every_feed_is_read_without_complaint(bundled_site: Path) -> None:
    feeds = [
        place
        for name in ("feed.xml", "atom.xml", "feed.json")
        for place in (bundled_site / "output").rglob(name)
    ]
    assert len(feeds) >= 3 * 20
    for place in feeds:
        if place.suffix == ".xml":
            parsed = feedparser.parse(place.read_bytes())
            assert not parsed.bozo, place
            assert parsed.entries, place


def test_no_link_of_the_site_leads_nowhere(bundled_site: Path) -> None:
    output = bundled_site / "output"
    base = "https://example.org/some/papers/"
    broken = []
    for place in output.rglob("*.html"):
        path = place.relative_to(output).as_posix().removesuffix("index.html")
        for link in read(place).links:
            url = urljoin(base + path, link)
            if not url.startswith(base):
                assert urlsplit(url).scheme in ("https", "http", "mailto"), url
                continue
            target = unquote(urlsplit(url).path.removeprefix("/some/papers/"))
            file = output / (
                target + "index.html" if target.endswith("/") or not target else target
            )
            if not file.is_file():
                broken.append((path, link))
    assert broken == []


def test_a_link_that_lost_characters_stays_text(bundled_site: Path) -> None:
    for place in (bundled_site / "output").rglob("*.html"):
        for link in read(place).links:
            assert not set(link) & set("\\{}^` "), (place, link)
