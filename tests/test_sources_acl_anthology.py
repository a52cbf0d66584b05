"""The ACL Anthology's XML, of all its years."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.config import SourceConfig
from generator.errors import BroadsheetError
from generator.model import Link, Record
from generator.sources import Batch, Client, Fetched, Politeness, Request, Window, fetch_records
from generator.sources.acl_anthology import AclAnthology, open_acl_anthology
from tests.loopback import Call, Server, serve
from tests.mutations import mutated, parse_safely

PAYLOADS = Path(__file__).parent / "payloads"
SAMPLES = Path(__file__).parents[2] / "shared/samples/acl_anthology"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="../shared is not on this machine")
QUICK = Politeness(tries=2, first_wait=0.01, deadline=2.0, silence=1.0)
NEW = (PAYLOADS / "acl_anthology_new.xml").read_bytes()
OLD = (PAYLOADS / "acl_anthology_old.xml").read_bytes()


def source(**options: object) -> AclAnthology:
    options = options or {"collections": ["2031.walks"]}
    return open_acl_anthology(SourceConfig(name="acl", type="acl_anthology", options=options))


def parse(payload: bytes) -> Batch:
    return source().parse(payload, Request(path="content/sources/acl.xml"))


def parse_in(payload: bytes, window: Window, **options: object) -> tuple[Record, ...]:
    opened = source(path="content/sources/acl.xml", **options)
    (request,) = opened.requests(window)
    return opened.parse(payload, request).records


def test_a_paper_is_read_with_its_formulas_and_without_its_mark_up() -> None:
    record = parse(NEW).records[0]
    assert record.title == "Walking in $O(n)$: Robots & robots"
    assert record.abstract == (
        r"At most \(\text{\$}5 < x\), see https://walks.example/ or there."
        "\n\nA second paragraph."
    )
    assert record.authors == ("Karel Čapek", "Ada")
    assert (record.date, record.featured) == (date(2031, 8, 1), date(2031, 7, 20))
    assert (record.key, record.doi) == ("2031.walks-1.1", "10.99999/v1/2031.walks-1.1")
    assert record.venue == "Proceedings of the First Workshop on Walks"
    assert (record.version, record.withdrawn) == (2, False)
    assert record.links == (
        Link(kind="abstract", url="https://aclanthology.org/2031.walks-1.1/"),
        Link(kind="pdf", url="https://aclanthology.org/2031.walks-1.1.pdf"),
        Link(kind="code", url="https://github.com/capek/walks"),
        Link(kind="doi", url="https://doi.org/10.99999/v1/2031.walks-1.1"),
    )


def test_a_retracted_paper_is_marked_and_stays() -> None:
    record = parse(NEW).records[1]
    assert (record.title, record.withdrawn, record.version) == ("Taken Back", True, None)


def test_a_paper_without_a_title_or_an_id_is_left_out_and_the_others_stay() -> None:
    batch = parse(NEW)
    assert len(batch.records) == 2
    assert [str(each) for each in batch.problems] == [
        "content/sources/acl.xml: the paper 2031.walks-1.3 has no title: left out",
        "content/sources/acl.xml: the paper '2031.walks, 1, None' has no id: left out",
    ]


def test_old_ids_are_put_together_and_the_front_matter_is_no_paper() -> None:
    first, second = parse(OLD).records
    assert (first.key, second.key) == ("W99-0701", "W99-0702")
    assert {link.kind: link.url for link in first.links} == {
        "abstract": "https://aclanthology.org/W99-0701/",
        "pdf": "http://letters.example/3/1.pdf",
    }
    assert [link.kind for link in second.links] == ["abstract"]
    assert second.authors == ()


@pytest.mark.parametrize(
    ("collection", "volume", "paper", "name"),
    [
        ("J89", "1", "12", "J89-1012"),
        ("W17", "1", "7", "W17-0107"),
        ("W17", "55", "7", "W17-5507"),
        ("C69", "2", "3", "C69-0203"),
        ("D19", "1", "3", "D19-1003"),
        ("D19", "57", "3", "D19-5703"),
        ("2022.naloma", "1", "5", "2022.naloma-1.5"),
        ("2021.acl", "long", "24", "2021.acl-long.24"),
    ],
)
def test_ids_of_all_years(collection: str, volume: str, paper: str, name: str) -> None:
    xml = f'<collection id="{collection}"><volume id="{volume}"><paper id="{paper}">'
    batch = parse(f"{xml}<title>T</title></paper></volume></collection>".encode())
    assert [record.key for record in batch.records] == [name]


def test_a_year_alone_is_its_first_day_and_a_paper_has_days_of_its_own() -> None:
    first, second = parse(OLD).records
    assert (first.date, second.date) == (date(1999, 1, 1), date(1999, 6, 5))


def test_the_days_asked_for_choose_by_the_day_of_listing() -> None:
    assert len(parse_in(NEW, Window(until=date(2031, 7, 20)))) == 2
    assert parse_in(NEW, Window(until=date(2031, 7, 19))) == ()
    assert parse_in(NEW, Window(), since=date(2031, 7, 21)) == ()
    assert len(parse_in(NEW, Window(since=date(2031, 7, 1)), since=date(2031, 7, 21))) == 2


def test_without_a_day_of_listing_they_choose_by_all_days_the_date_can_mean() -> None:
    since = Window(since=date(1999, 6, 6))
    assert [record.title for record in parse_in(OLD, since)] == ["On Foot"]
    assert parse_in(OLD, Window(since=date(2000, 1, 1))) == ()


def test_each_collection_is_a_file_of_the_repository() -> None:
    requests = list(source(collections=["2031.walks", "W99"]).requests(Window()))
    folder = "https://raw.githubusercontent.com/acl-org/acl-anthology/master/data/xml"
    assert [each.url for each in requests] == [f"{folder}/2031.walks.xml", f"{folder}/W99.xml"]
    assert {each.gap for each in requests} == {1.0}


def test_a_file_of_the_site_needs_no_network() -> None:
    opened = source(path="content/sources/acl.xml")
    assert opened.offline
    assert [each.path for each in opened.requests(Window())] == ["content/sources/acl.xml"]
    assert not source(url="https://example.org/acl.xml").offline


@pytest.mark.parametrize(
    ("payload", "fact"),
    [
        (b"", "is empty where XML is due"),
        (b"<!doctype html><p>Busy", "is a page of HTML where XML is due"),
        (b"404: Not Found", "is not whole: "),
        (NEW[:900], "is not whole: "),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><collection>&b;</collection>', "declares a DOCTYPE"),
        (b"<collection>&b;</collection>", "is not whole: "),
        (b"<modsCollection/>", "is not a collection of the Anthology: its root is 'modsColl"),
        (NEW.decode().encode("utf-16"), "is not UTF-8"),
        (NEW.decode().encode("iso8859-2", "replace"), "is not UTF-8"),
    ],
)
def test_an_answer_of_another_kind_is_refused_as_a_whole(payload: bytes, fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        parse(payload)
    (problem,) = caught.value.problems
    assert problem.where == "content/sources/acl.xml"
    assert problem.fact.startswith(fact)


def test_mark_up_may_be_nested_as_deep_as_a_stranger_likes() -> None:
    deep = "<b>" * 100_000 + "x" + "</b>" * 100_000
    maths = "<tex-math>" * 50_000 + "y" + "</tex-math>" * 50_000
    xml = '<collection id="2031.walks"><volume id="1"><paper id="1">'
    xml += f"<title>{deep}{maths}</title></paper></volume></collection>"
    assert [record.title for record in parse(xml.encode()).records] == ["x$y$"]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([NEW, OLD]).flatmap(mutated))
def test_no_payload_crashes_it(payload: bytes) -> None:
    parse_safely(source(), payload, Request(url="https://example.org/acl.xml"))


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        ({"limit": 3}, "it needs one of 'collections', 'path' and 'url'"),
        ({"path": "a.xml", "url": "https://b.org/c"}, "it needs one of"),
        ({"collections": ["2024.acl-long.1"]}, "'collections' holds '2024.acl-long.1', which is"),
        ({"collections": ["../../x"]}, "'collections' holds '../../x', which is no collection"),
        ({"collections": [2024]}, "'collections' holds '2024', which is not a text"),
        ({"path": "../a.xml"}, "'path' is not a file of the site"),
        ({"collections": ["J89"], "since": "soon"}, "'since' is not a date"),
        ({"collections": ["J89"], "volumes": 1}, "unknown option 'volumes'"),
    ],
)
def test_a_wrong_option_is_located(options: dict[str, object], fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        source(**options)
    assert caught.value.problems[0].where == "content/site.yml"
    assert caught.value.problems[0].fact.startswith(f"source 'acl': {fact}")


def fetch(answer: Callable[[Call], None], limit: int | None = None) -> tuple[Fetched, Server]:
    with serve(answer) as server, Client(QUICK) as client:
        opened = source(collections=["2031.walks", "W99"], endpoint=f"{server.url}/xml")
        window = Window(limit=limit)
        found = fetch_records(opened, "acl", window, client=client, read_file=lambda _: b"")
    return found, server


def test_collections_come_one_after_the_other_also_from_a_busy_server() -> None:
    def answer(call: Call) -> None:
        if call.number == 1:
            call.send(b"slow down", 429, retry_after="0")
        else:
            call.send(NEW if "2031" in call.path else OLD)

    found, server = fetch(answer)
    assert [record.key for record in found.records][:3] == [
        "2031.walks-1.1",
        "2031.walks-1.2",
        "W99-0701",
    ]
    assert not found.failed
    assert [call.path for call in server.calls][1:] == ["/xml/2031.walks.xml", "/xml/W99.xml"]
    assert server.gaps[1] >= 1.0


def test_a_limit_ends_before_the_next_collection() -> None:
    found, server = fetch(lambda call: call.send(NEW), limit=2)
    assert (len(found.records), len(server.calls)) == (2, 1)


def test_a_broken_collection_fails_the_source_with_its_address() -> None:
    found, _ = fetch(lambda call: call.send(NEW if "2031" in call.path else OLD[:200]))
    assert (found.failed, found.records) == (True, ())
    assert "/xml/W99.xml" in found.problems[0].where
    assert found.problems[0].fact.startswith("is not whole")


@needs_samples
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("2001.jeptalnrecital.xml", 61),
        ("2014.lilt.xml", 20),
        ("2021.metanlp_fork_translated.xml", 1),
        ("2022.naloma.xml", 5),
        ("J89.xml", 58),
        ("L06.xml", 4),
    ],
)
def test_every_recorded_collection_is_read_whole(name: str, count: int) -> None:
    batch = parse((SAMPLES / name).read_bytes())
    assert (len(batch.records), batch.problems) == (count, ())
    assert len({record.key for record in batch.records}) == count
    for record in batch.records:
        assert record.title
        assert record.date
        assert record.venue
        assert record.links[0].kind == "abstract"


@needs_samples
def test_recorded_papers_say_what_their_files_say() -> None:
    naloma = parse((SAMPLES / "2022.naloma.xml").read_bytes()).records[2]
    assert naloma.title == "Learning Knowledge with Neural DTS"
    assert naloma.authors == ("Daisuke Bekki", "Ribeka Tanaka", "Yuta Takahashi")
    assert (naloma.date, naloma.featured) == (date(2022, 8, 1), date(2022, 11, 22))
    lrec = parse((SAMPLES / "L06.xml").read_bytes()).records[1]
    assert (lrec.key, len(lrec.authors), lrec.date) == ("L06-1060", 15, date(2006, 5, 1))
    assert lrec.title == "SParseval: Evaluation Metrics for Parsing Speech"
    assert lrec.links[1].url == "http://www.lrec-conf.org/proceedings/lrec2006/pdf/116_pdf.pdf"
    meta = parse((SAMPLES / "2021.metanlp_fork_translated.xml").read_bytes()).records[0]
    assert meta.abstract.startswith("Speech separation is a problem in the field of speech proc")
    assert meta.doi == "10.18653/v1/2021.metanlp-1.7"
    french = parse((SAMPLES / "2001.jeptalnrecital.xml").read_bytes()).records[2]
    assert french.title == "Un corpus français arboré : quelques interrogations"
    assert french.authors[0] == "Anne Abeillé"
    journal = parse((SAMPLES / "J89.xml").read_bytes()).records[8]
    assert (journal.title, journal.authors, journal.key) == ("Briefly Noted", (), "J89-1009")
