"""Any feed, of any dialect: what it says of papers, and what must be refused."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.config import SourceConfig
from generator.errors import BroadsheetError
from generator.model import Record
from generator.sources import Batch, Request
from generator.sources.feed import open_feed
from tests.mutations import mutated

PAYLOADS = Path(__file__).parent / "payloads"
PAYLOAD = (PAYLOADS / "feed.xml").read_bytes()
JSON = (PAYLOADS / "feed.json").read_bytes()
SAMPLES = Path(__file__).parents[2] / "shared/samples"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="../shared is not on this machine")


def parse(payload: bytes, **options: object) -> Batch:
    config = SourceConfig(name="ours", type="feed", options={"path": "x.xml", **options})
    return open_feed(config).parse(payload, Request(path="x.xml"))


def item(inner: str, head: str = '<rss version="2.0"><channel>') -> Record:
    text = f"{head}<item><title>T</title>{inner}</item></channel></rss>"
    (record,) = parse(text.encode()).records
    return record


def test_an_item_of_rss_is_read_as_plain_text() -> None:
    record = parse(PAYLOAD).records[0]
    assert record.title == "Trains & Thought for $a<b$ 🚂"
    assert record.abstract == "We show that <EOS> is a token, and 1 < 2."
    assert record.authors == ("Ada Lovelace", "Erdős Pál")
    assert (record.arxiv, record.key) == ("2608.00001", "")
    assert (record.date, record.featured) == (date(2026, 8, 22), date(2026, 8, 22))
    assert (record.categories, record.keywords) == (("cs.LG",), ("trains",))


def test_namespaces_count_and_their_prefixes_do_not() -> None:
    record = parse(PAYLOAD).records[1]
    assert record.abstract == "One.\n\nTwo…\n\ngoes on."
    assert record.authors == ("Emmy Noether", "Karel Čapek")
    assert (record.organization, record.venue) == ("Toy Lab", "Journal of Toys")
    assert (record.arxiv, record.doi, record.key) == ("2601.00002", "10.1000/toys.2", "toys-2")


def test_a_paper_older_than_its_item_is_dated_by_its_arxiv_id() -> None:
    record = parse(PAYLOAD).records[1]
    assert (record.date, record.featured) == (date(2026, 1, 1), date(2026, 8, 22))


def test_an_item_without_a_title_is_left_out_and_the_others_stay() -> None:
    batch = parse(PAYLOAD)
    assert len(batch.records) == 3
    (problem,) = batch.problems
    assert (problem.where, problem.fact) == ("x.xml", "item 3 ('toys-3') has no title: left out")


def test_what_a_text_cites_is_not_its_identifier_and_an_unsafe_address_no_link() -> None:
    record = parse(PAYLOAD).records[2]
    assert (record.doi, record.arxiv, record.links, record.date) == ("", "", (), None)


def test_since_and_until_are_about_the_day_of_an_item() -> None:
    titles = [r.title for r in parse(PAYLOAD, since=date(2026, 8, 22)).records]
    assert len(titles) == 3
    titles = [r.title for r in parse(PAYLOAD, since=date(2026, 8, 23)).records]
    assert titles == ["No Paper's Address"]


def test_a_json_feed_is_read() -> None:
    first, second = parse(JSON).records
    assert (first.title, first.abstract) == ("Trains", "One.\n\nTwo.")
    assert (first.doi, first.key) == ("10.1000/toys.1", "toys-1")
    assert (first.authors, first.keywords) == (("Ada Lovelace",), ("trains",))
    assert (first.categories, first.featured) == (("cs.LG",), date(2026, 8, 21))
    assert (second.title, second.authors, second.featured) == ("Old Shape", ("Emmy Noether",), None)
    assert [problem.fact for problem in parse(JSON).problems] == ["item 2 has no title: left out"]


def test_an_entry_of_atom_and_an_item_of_rss_1_and_of_rss_091_are_read() -> None:
    atom = b"""<feed xmlns="http://www.w3.org/2005/Atom"><entry><title type="text">A &lt; B</title>
      <id>urn:x:1</id><link href="https://toys.example/1"/><updated>2026-08-21T00:00:00Z</updated>
      <author><name>Ada Lovelace</name></author><author><name>Alan Turing</name></author>
      <link rel="enclosure" type="application/pdf" href="https://toys.example/1.pdf"/>
      <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>One.</p><p>Two.</p></div>
      </content></entry></feed>"""
    (record,) = parse(atom).records
    assert (record.title, record.abstract) == ("A < B", "One.\n\nTwo.")
    assert (record.authors, record.key) == (("Ada Lovelace", "Alan Turing"), "urn:x:1")
    assert [link.kind for link in record.links] == ["abstract", "pdf"]
    rdf = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
      xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
      <channel rdf:about="x"><title>c</title></channel><item rdf:about="https://toys.example/1">
      <title>A</title><link>https://toys.example/1</link><dc:creator>Ada Lovelace</dc:creator>
      <dc:date>2026-08-21</dc:date><dc:identifier>doi:10.1000/toys.1</dc:identifier></item>
      </rdf:RDF>"""
    (record,) = parse(rdf).records
    assert (record.authors, record.doi) == (("Ada Lovelace",), "10.1000/toys.1")
    assert record.featured == date(2026, 8, 21)
    netscape = (
        b'<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN"'
        b' "http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel>'
        b"<item><title>A</title><link>https://toys.example/1</link></item></channel></rss>"
    )
    assert [record.title for record in parse(netscape).records] == ["A"]


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("<author>ada@toys.example (Ada Lovelace)</author>", ("Ada Lovelace",)),
        ("<author>Lovelace, Ada</author>", ("Ada Lovelace",)),
        ("<author>Ada Lovelace, Alan Turing and Emmy Noether</author>", 3),
        ("<author>Ada Lovelace et al.</author>", ()),
        ("<description>Authors: Ada Lovelace, Alan Turing</description>", 2),
    ],
)
def test_names_stand_one_by_one_or_in_a_list(written: str, names: tuple[str, ...] | int) -> None:
    found = item(written).authors
    assert (len(found) if isinstance(names, int) else found) == names


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", ""),
        ("utf-8-sig", "utf-8"),
        ("utf-8", "iso-8859-1"),
        ("latin-1", "ISO-8859-1"),
        ("cp1252", "windows-1252"),
        ("utf-16", "utf-16"),
        ("utf-8", "unicode_escape"),
    ],
)
def test_a_feed_is_read_in_the_encoding_it_has(encoding: str, declared: str) -> None:
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    text = f'{head}<rss version="2.0"><channel><item><title>Größe</title></item></channel></rss>'
    (record,) = parse(text.encode(encoding)).records
    assert record.title == "Größe"


BOMB = b'<!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss version="2.0">&b;</rss>'

MANY = b'<rss version="2.0">' + b"".join(b'<x%d:a xmlns:x%d="u"/>' % (n, n) for n in range(200))


@pytest.mark.parametrize(
    ("payload", "fact"),
    [
        (b"", "is empty where a feed is due"),
        (b"<!DOCTYPE html><html>", "is a page of HTML where a feed is due"),
        (b"Rate exceeded.", "is not whole: syntax error at line 1"),
        (BOMB, "declares a DOCTYPE of its own, which is not read"),
        (b"<opml><body/></opml>", "is not a feed, though it is XML"),
        (b"<a>" * 200, "nests more than 100 elements"),
        (MANY, "declares more than 100 namespaces"),
        (b'<rss version="2.0"><x:y/></rss>', "is not whole: unbound prefix at line 1"),
        (b'{"items": {}}', "holds an object with the keys 'items' where a JSON Feed is due"),
        (b'{"items": [', "is not JSON: "),
        (b'<rss version="2.0"><channel>\xff', "is not UTF-8: byte 28 (line 1) is 0xff"),
    ],
)
def test_an_answer_that_is_no_feed_is_refused_as_a_whole(payload: bytes, fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        parse(payload)
    (problem,) = caught.value.problems
    assert problem.where == "x.xml"
    assert problem.fact.startswith(fact)


@pytest.mark.parametrize("kept", range(100, len(PAYLOAD) - 20, 157))
def test_a_feed_that_was_cut_off_is_refused(kept: int) -> None:
    with pytest.raises(BroadsheetError, match=r"is not whole|is not UTF-8"):
        parse(PAYLOAD[:kept])


@settings(max_examples=150, deadline=None)
@given(mutated(PAYLOAD) | mutated(JSON))
def test_nothing_that_comes_can_make_it_fail(payload: bytes) -> None:
    try:
        batch = parse(payload)
    except BroadsheetError:
        return
    assert all(record.title and "\n" not in record.title for record in batch.records)


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(("pubDate", "author", "guid", "link", "category", "description", "enclosure")),
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Z")), max_size=60),
)
def test_any_text_may_stand_in_any_element(name: str, text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    assert item(f"<{name}>{escaped}</{name}>").title == "T"


@needs_samples
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("feeds/hepml_hep-applications.xml", 104),
        ("feeds/paramita619_edge_ai_daily.xml", 10),
        ("hf_pages/azuresilent_feed_main.xml", 45),
        ("arxiv_rss/atom_cs.AI_2025_first_half.xml", 43),
        ("arxiv_rss/rss_cs.CL_2026-08-01_weekend_empty.xml", 0),
        ("arxiv_atom/q_testing_100.xml", 100),
    ],
)
def test_every_recorded_feed_is_read_whole(name: str, count: int) -> None:
    batch = parse((SAMPLES / name).read_bytes())
    assert (len(batch.records), batch.problems) == (count, ())
    for record in batch.records:
        assert record.title
        assert record.abstract
        assert record.featured
        assert "</" not in record.abstract


@needs_samples
def test_recorded_items_are_what_their_feeds_say() -> None:
    storm = parse((SAMPLES / "hf_pages/azuresilent_feed_main.xml").read_bytes()).records[0]
    assert storm.title.startswith("STORM: Slot-based Task-aware Object-centric Representation")
    assert storm.authors == ("Alexandre Chapin", "Emmanuel Dellandréa", "Liming Chen")
    assert (storm.arxiv, storm.featured) == ("2601.20381", date(2026, 2, 1))
    assert storm.abstract.startswith("Visual foundation models provide strong perceptual features")
    assert "AI summary" not in storm.abstract
    hep = parse((SAMPLES / "feeds/hepml_hep-applications.xml").read_bytes()).records
    assert (hep[1].arxiv, hep[1].date) == ("2604.26581", date(2026, 4, 1))
    assert "hep-ex" in hep[0].categories
    edge = parse((SAMPLES / "feeds/paramita619_edge_ai_daily.xml").read_bytes()).records[0]
    assert "[大V/权威] Inherent, founded by DeepMind alumni" in edge.title
    assert edge.abstract.startswith("📊 Score: 390")


@needs_samples
def test_the_recorded_feed_that_was_cut_off_is_refused() -> None:
    with pytest.raises(BroadsheetError, match="is not whole: no element found at line 25"):
        parse((SAMPLES / "arxiv_rss/atom_cs.AI_2025_cut_off.xml").read_bytes())
