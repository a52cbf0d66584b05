"""Feeds: what a reader, a validator and a second build see of them."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import feedparser
import pytest
from msgspec.structs import replace

from generator.model import Link, Paper, Topic
from generator.publish.feeds import (
    FeedChannel,
    WrittenEntry,
    render_days_feed,
    render_entry,
    render_feeds,
    render_opml,
)

BASE = "https://example.org/papers/"
ATOM = "{http://www.w3.org/2005/Atom}"
CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
TOPICS = {
    "privacy": Topic(slug="privacy", title="Privacy & safety"),
    "robotics": Topic(slug="robotics", title="Robotics"),
}
CHANNEL = FeedChannel(
    title="Daily Papers",
    description="New papers, every day",
    url="/topics/robotics/",
    base="/topics/robotics/",
    author="AK",
)
PAPER = Paper(
    id="2507.22565",
    title="Fine-Tuning at 50% of the Cost",
    abstract="We show a < b & c.\n\nA second paragraph.",
    date=date(2025, 7, 30),
    added=date(2025, 11, 26),
    updated=date(2025, 12, 1),
    authors=("Ada Lovelace", "Émilie du Châtelet"),
    organization="TIGER-Lab",
    topics=("privacy", "no-longer-there"),
    categories=("cs.LG", "cs.CR"),
    links=(
        Link(kind="abstract", url="https://arxiv.org/abs/2507.22565"),
        Link(kind="pdf", url="https://arxiv.org/pdf/2507.22565?a=1&b=2"),
        Link(kind="code", url="https://github.com/a/b"),
        Link(kind="organization", url="https://huggingface.co/TIGER-Lab"),
    ),
    summary="One sentence.",
)
BARE = Paper(id="a-title-2025", title="A Title", added=date(2025, 11, 25), author_count=5)
HOSTILE = (
    "]]> and <![CDATA[",
    "<script>alert(1)</script>",
    "&amp; &lt;b&gt; &#0; &copy",
    "a\x00b\x08c\x0bd\x0ce\x1ff\x7fg\x85h\ufffei\uffff",
    "🦊 family 👩‍👩‍👧 𝓁",
    "שלום עולם مرحبا",
    "\"quoted\" 'single' --> <!-- <?xml ?>",
    "</title></item></channel></rss>",
)


def render(
    papers: Sequence[Paper], channel: FeedChannel = CHANNEL, base_url: str = BASE
) -> dict[str, bytes]:
    files = render_feeds(channel, papers, base_url=base_url, language="en", topics=TOPICS)
    return {file.path.rpartition("/")[2]: file.content for file in files}


def parse(content: bytes) -> Any:
    """As feedparser reads it: nothing it would have to forgive."""
    feed = feedparser.parse(content)
    assert not feed.bozo, feed.get("bozo_exception")
    return feed


def ids(files: dict[str, bytes]) -> list[list[str]]:
    """The entry ids of RSS, Atom and JSON Feed."""
    return [
        [entry.id for entry in parse(files["feed.xml"]).entries],
        [entry.id for entry in parse(files["atom.xml"]).entries],
        [item["id"] for item in json.loads(files["feed.json"])["items"]],
    ]


def test_a_channel_has_three_files_beside_its_page() -> None:
    files = render_feeds(CHANNEL, [PAPER], base_url=BASE, language="en", topics=TOPICS)
    names = ["feed.xml", "atom.xml", "feed.json"]
    assert [file.path for file in files] == [f"topics/robotics/{name}" for name in names]
    home = replace(CHANNEL, url="/", base="/")
    files = render_feeds(home, [], base_url=BASE, language="en", topics=TOPICS)
    assert [file.path for file in files] == names


@pytest.mark.parametrize("name", ["feed.xml", "atom.xml"])
def test_a_reader_sees_title_authors_dates_topics_and_absolute_links(name: str) -> None:
    feed = parse(render([PAPER, BARE])[name])
    first, second = feed.entries
    assert feed.feed.title == "Daily Papers"
    assert feed.feed.link == BASE + "topics/robotics/"
    assert feed.feed.language == "en"
    assert first.title == "Fine-Tuning at 50% of the Cost"
    assert first.link == BASE + "papers/2507.22565/"
    assert [author.name for author in first.authors if "name" in author] == list(PAPER.authors)
    assert [tag.term for tag in first.tags] == ["Privacy & safety", "cs.LG", "cs.CR"]
    assert first.published_parsed[:6] == (2025, 11, 26, 0, 0, 0)
    assert first.updated_parsed[:6] == (2025, 12, 1, 0, 0, 0)
    assert second.updated_parsed[:6] == second.published_parsed[:6] == (2025, 11, 25, 0, 0, 0)


def test_rss_keeps_its_rules() -> None:
    root = ElementTree.fromstring(render([PAPER, BARE])["feed.xml"])
    (channel,) = root
    assert (root.tag, root.get("version")) == ("rss", "2.0")
    for name in ("title", "link", "description", "language", "lastBuildDate"):
        assert len(channel.findall(name)) == 1, name
    (own,) = channel.findall(f"{ATOM}link")
    assert (own.get("rel"), own.get("href")) == ("self", BASE + "topics/robotics/feed.xml")
    for item in channel.findall("item"):
        guid = item.find("guid")
        assert guid is not None
        assert guid.get("isPermaLink") == "false"
        written = item.findtext("pubDate") or ""
        assert re.fullmatch(
            r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000", written
        )
        assert len(item.findall("title")) == len(item.findall("link")) == 1
        assert len(item.findall("description")) == 1
    built = parsedate_to_datetime(channel.findtext("lastBuildDate") or "")
    assert built == datetime(2025, 12, 1, tzinfo=UTC)


def test_atom_keeps_its_rules() -> None:
    feed = ElementTree.fromstring(render([PAPER, BARE])["atom.xml"])
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert feed.tag == f"{ATOM}feed"
    assert links["self"] == BASE + "topics/robotics/atom.xml"
    assert links["alternate"] == BASE + "topics/robotics/"
    assert feed.findtext(f"{ATOM}updated") == "2025-12-01T00:00:00+00:00"
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "AK"
    for element in (feed, *feed.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1, name
    for entry in feed.findall(f"{ATOM}entry"):
        assert len([e for e in entry.findall(f"{ATOM}link") if e.get("rel") == "alternate"]) == 1
        assert len(entry.findall(f"{ATOM}content")) == 1
        assert all((name.text or "").strip() for name in entry.iter(f"{ATOM}name"))


def test_json_feed_keeps_its_rules() -> None:
    feed = json.loads(render([PAPER, BARE])["feed.json"])
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"] == "Daily Papers"
    assert feed["home_page_url"] == BASE + "topics/robotics/"
    assert feed["feed_url"] == BASE + "topics/robotics/feed.json"
    assert (feed["language"], feed["authors"]) == ("en", [{"name": "AK"}])
    for item in feed["items"]:
        assert isinstance(item["id"], str)
        assert item["url"].startswith(BASE)
        assert item["content_html"]
        assert datetime.fromisoformat(item["date_published"]).tzinfo
        assert None not in item.values()
    first, second = feed["items"]
    assert first["authors"] == [{"name": "Ada Lovelace"}, {"name": "Émilie du Châtelet"}]
    assert first["tags"] == ["Privacy & safety", "cs.LG", "cs.CR"]
    assert first["external_url"] == "https://arxiv.org/abs/2507.22565"
    assert first["summary"] == "One sentence."
    assert "authors" not in second


def test_an_entry_shows_who_when_what_and_where() -> None:
    links = (
        '<a href="https://arxiv.org/abs/2507.22565">Abstract</a> · '
        '<a href="https://arxiv.org/pdf/2507.22565?a=1&amp;b=2">PDF</a> · '
        '<a href="https://github.com/a/b">Code</a>'
    )
    html = render_entry(PAPER, base_url=BASE, topics=TOPICS).html
    assert html.split("\n") == [
        "<p>Ada Lovelace, Émilie du Châtelet · TIGER-Lab · published 2025-07-30</p>",
        "<p>We show a &lt; b &amp; c.</p>",
        "<p>A second paragraph.</p>",
        f"<p>{links}</p>",
    ]


def test_authors_who_are_only_counted_are_given_no_names() -> None:
    files = render([BARE])
    assert b"5 authors" in files["feed.xml"]
    assert ElementTree.fromstring(files["feed.xml"]).find(f".//{CREATOR}") is None
    entry = ElementTree.fromstring(files["atom.xml"]).find(f"{ATOM}entry")
    assert entry is not None
    assert entry.find(f"{ATOM}author") is None


def test_a_long_list_of_authors_is_cut_for_people_only() -> None:
    names = tuple(f"Author {number}" for number in range(533))
    entry = render_entry(replace(PAPER, authors=names), base_url=BASE, topics=TOPICS)
    assert "Author 11 and 521 more" in entry.html
    assert "Author 12" not in entry.html
    assert entry.authors == names


def test_entry_ids_depend_on_the_paper_alone() -> None:
    changed = replace(
        PAPER, title="Corrected", abstract="New", added=date(2026, 1, 1), updated=None, topics=()
    )
    elsewhere = render([changed], replace(CHANNEL, title="Other", base="/"), "https://x.org/y/")
    assert ids(elsewhere) == ids(render([PAPER]))


def test_entry_ids_are_the_ones_readers_have_seen_since_the_first_release() -> None:
    assert (
        ids(render([PAPER, BARE]))
        == [
            [
                "urn:uuid:43c68fd8-083c-5373-a56e-6c467050e73d",
                "urn:uuid:ec5206e6-adff-561e-a5e5-0521497c16dd",
            ],
        ]
        * 3
    )


def test_an_empty_feed_is_valid_and_does_not_read_the_clock() -> None:
    files = render([])
    assert parse(files["feed.xml"]).feed.updated_parsed[:3] == (1970, 1, 1)
    assert parse(files["atom.xml"]).feed.updated == "1970-01-01T00:00:00+00:00"
    assert json.loads(files["feed.json"])["items"] == []


def test_a_paper_of_which_only_the_title_is_known_still_makes_a_valid_entry() -> None:
    files = render([Paper(id="x", title="Undated & bare")])
    (item,) = json.loads(files["feed.json"])["items"]
    assert item["content_html"] == "<p>Undated &amp; bare</p>"
    assert parse(files["feed.xml"]).entries[0].published_parsed[:3] == (1970, 1, 1)
    assert parse(files["atom.xml"]).entries[0].published == "1970-01-01T00:00:00+00:00"


def test_a_change_before_the_listing_does_not_precede_it() -> None:
    early = replace(PAPER, updated=date(2025, 1, 1))
    entry = render_entry(early, base_url=BASE, topics=TOPICS)
    assert entry.updated == entry.published == date(2025, 11, 26)


class _Elements(HTMLParser):
    """The names of all elements of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)


def hostile_papers() -> Iterator[Paper]:
    for number, text in enumerate(HOSTILE):
        yield Paper(
            id=f"2507.{number:05}",
            title=text,
            abstract=text,
            added=date(2025, 11, 26),
            authors=(text,),
            organization=text,
            summary=text,
            categories=(text,),
            links=(Link(kind=text, url="https://example.org/?a=1&b='2'"),),
        )


@pytest.mark.parametrize("name", ["feed.xml", "atom.xml"])
def test_hostile_text_stays_text_in_xml(name: str) -> None:
    channel = replace(CHANNEL, title=HOSTILE[1], description=HOSTILE[3], author=HOSTILE[7])
    content = render(list(hostile_papers()), channel)[name]
    feed = parse(content)
    ElementTree.fromstring(content)
    assert len(feed.entries) == len(HOSTILE)
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]", content.decode())


def test_hostile_text_stays_text_in_the_html_of_every_format() -> None:
    feed = json.loads(render(list(hostile_papers()))["feed.json"])
    for item in feed["items"]:
        assert _Elements(item["content_html"]).names == {"p", "a"}
    titles = [item["title"] for item in feed["items"]]
    assert "<script>alert(1)</script>" in titles
    root = ElementTree.fromstring(render(list(hostile_papers()))["feed.xml"])
    assert [item.findtext("title") for item in root.iter("item")] == titles
    assert [item.findtext("description") for item in root.iter("item")] == [
        item["content_html"] for item in feed["items"]
    ]


def test_a_paper_is_rendered_once_for_all_its_feeds() -> None:
    entries: dict[str, WrittenEntry] = {}
    for base in ("/", "/topics/robotics/"):
        channel = replace(CHANNEL, base=base)
        files = render_feeds(
            channel, [PAPER], base_url=BASE, language="en", topics=TOPICS, entries=entries
        )
        assert len(list(files)) == 3
    assert list(entries) == [PAPER.id]
    kept = entries[PAPER.id]
    list(render_feeds(CHANNEL, [PAPER], base_url=BASE, language="", topics={}, entries=entries))
    assert entries[PAPER.id] is kept


def test_the_same_papers_give_the_same_bytes_in_another_process() -> None:
    script = (
        "import hashlib, sys; sys.path[:0] = sys.argv[1:]; from tests import test_feeds as t;"
        "files = t.render([t.PAPER, t.BARE, *t.hostile_papers()]);"
        "print(hashlib.sha256(b''.join(files.values())).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script, *sys.path],
            env={"PYTHONHASHSEED": seed, "TZ": zone},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed, zone in (("0", "UTC"), ("1", "Asia/Tokyo"))
    }
    assert len(digests) == 1


DAYS = FeedChannel(title="By day", description="", url="/archive/", base="/days/")


def days(*listed: tuple[date, Sequence[Paper]], base_url: str = BASE) -> Any:
    (file,) = render_days_feed(DAYS, listed, base_url=base_url, language="en")
    assert file.path == "days/feed.xml"
    return parse(file.content)


def test_the_feed_of_days_has_one_entry_a_day_with_its_papers() -> None:
    feed = days((date(2025, 11, 26), [PAPER, BARE]), (date(2025, 11, 25), [BARE]))
    first, second = feed.entries
    assert first.title == "2025-11-26: 2 papers"
    assert second.title == "2025-11-25: 1 paper"
    assert first.link == BASE + "days/2025-11-26/"
    assert first.summary.count("<li>") == 2
    assert f'<a href="{BASE}papers/2507.22565/">Fine-Tuning at 50% of the Cost</a>' in first.summary
    assert first.published_parsed[:3] == (2025, 11, 26)
    assert first.updated_parsed[:3] == (2025, 12, 1)


def test_a_day_keeps_its_id_whatever_is_in_it_and_wherever_it_is() -> None:
    day = date(2025, 11, 26)
    here, there = days((day, [PAPER])), days((day, []), base_url="https://x.org/")
    assert here.entries[0].id == there.entries[0].id
    assert here.entries[0].id != days((date(2025, 11, 27), [])).entries[0].id


def test_opml_lists_every_channel_in_its_folder() -> None:
    channels = [
        replace(CHANNEL, title='All "papers" & more', url="/", base="/"),
        replace(CHANNEL, title=HOSTILE[1], group="Topics <1>"),
        replace(CHANNEL, title=HOSTILE[3], group="Topics <1>", url="/topics/b/", base="/topics/b/"),
    ]
    file = render_opml(channels, title="Daily Papers", base_url=BASE)
    root = ElementTree.fromstring(file.content)
    assert (file.path, root.tag, root.get("version")) == ("feeds.opml", "opml", "2.0")
    assert root.findtext("head/title") == "Daily Papers"
    first, folder = root.findall("body/outline")
    assert (first.get("text"), first.get("type")) == ('All "papers" & more', "rss")
    assert (first.get("xmlUrl"), first.get("htmlUrl")) == (BASE + "feed.xml", BASE)
    assert folder.get("text") == "Topics <1>"
    assert [outline.get("xmlUrl") for outline in folder] == [
        BASE + "topics/robotics/feed.xml",
        BASE + "topics/b/feed.xml",
    ]
    assert folder[0].get("text") == HOSTILE[1]
