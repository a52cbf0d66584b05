"""add: papers by id, address or file, merged as a pull merges them."""

import datetime
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generator.add import Added, Wish, add
from generator.content import load_said
from generator.errors import BroadsheetError
from generator.pull import BY_HAND, Wanted, pull
from generator.sources import Politeness, Request
from generator.sources.files import file_type
from generator.sources.naming import Name, read_name
from generator.sources.paper_page import PaperPage
from generator.storage.tree import list_files
from tests.command import broadsheet, tree
from tests.services import services

TODAY = datetime.date(2025, 11, 26)
LATER = datetime.date(2025, 12, 3)
DAY = {"SOURCE_DATE_EPOCH": "1764115200"}
ATTENTION = {"1706.03762": "Attention"}
HASTY = Politeness(tries=1, silence=2, deadline=3)


def run(site: Path, *whats: str, today: datetime.date = TODAY, **wish: Any) -> Added:
    return add(site, Wish(whats=whats, **wish), today=today, politeness=HASTY)


def told(error: pytest.ExceptionInfo[BroadsheetError]) -> list[str]:
    return [f"{found.where}: {found.fact}" for found in error.value.problems]


def pages(site: Path) -> list[str]:
    return list_files(site, "content/papers")


def page(site: Path, number: int = 0) -> str:
    return (site / pages(site)[number]).read_text()


# -- ids and addresses ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("2507.22565", Name(arxiv="2507.22565")),
        ("arXiv:2507.22565v3", Name(arxiv="2507.22565")),
        ("hep-th/9901001", Name(arxiv="hep-th/9901001")),
        ("https://arxiv.org/pdf/2507.22565v2.pdf", Name(arxiv="2507.22565")),
        ("http://export.arxiv.org/abs/math.GT/0309136?x=1", Name(arxiv="math.GT/0309136")),
        ("https://huggingface.co/papers/2507.22565", Name(arxiv="2507.22565")),
        ("https://doi.org/10.48550/arXiv.2507.22565", Name(arxiv="2507.22565")),
        ("doi:10.1000/ABC", Name(doi="10.1000/abc")),
        ("https://dl.acm.org/doi/pdf/10.1145/3292500.3330701", Name(doi="10.1145/3292500.3330701")),
        ("https://x.org/content/10.1101/2020.01v1.full.pdf", Name(doi="10.1101/2020.01")),
        ("https://x.org/doi/10.21203/rs.3.rs-1/v1", Name(doi="10.21203/rs.3.rs-1/v1")),
        ("https://openreview.net/forum?id=abc", Name(url="https://openreview.net/forum?id=abc")),
        ("https://huggingface.co/a/2507.22565", Name(url="https://huggingface.co/a/2507.22565")),
        ("2599.99999", None),
        ("refs.bib", None),
        ("javascript:alert(1)", None),
        ("https://ada:secret@example.org/", None),
    ],
)
def test_every_way_to_write_a_name_is_understood(written: str, name: Name | None) -> None:
    assert read_name(written) == name


@pytest.mark.parametrize("what", ["1706.03762", "https://arxiv.org/abs/1706.03762v7"])
def test_a_paper_of_arxiv_gets_a_page_of_today(tmp_path: Path, what: str) -> None:
    with services(tmp_path, arxiv=ATTENTION):
        done = run(tmp_path, what)
    assert pages(tmp_path) == ["content/papers/2017/1706.03762.md"]
    assert [paper.title for paper in done.new] == ["Attention"]
    assert done.problems == ()
    text = page(tmp_path)
    assert "\nadded: 2025-11-26\n" in text
    assert f"\nsource: {BY_HAND}\n" in text
    assert "\ntopics: [robotics]\n" in text


def test_a_doi_is_asked_of_crossref(tmp_path: Path) -> None:
    with services(tmp_path, crossref={"10.1000/a,b": "", "10.1000/abc": "Symmetry"}):
        run(tmp_path, "https://doi.org/10.1000/ABC")
    assert pages(tmp_path) == ["content/papers/2024/10.1000-abc.md"]
    assert "Emmy Noether" in page(tmp_path)


def test_an_old_id_is_found_with_and_without_its_subject_class(tmp_path: Path) -> None:
    """arXiv leaves the class out of its answer."""
    with services(tmp_path, arxiv={"math.GT/0309136": "Ricci"}, sent={"math.GT/": "math/"}):
        assert [paper.title for paper in run(tmp_path, "math.GT/0309136").new] == ["Ricci"]


def test_papers_of_one_service_are_asked_for_at_once(tmp_path: Path) -> None:
    known = {f"2511.{number:05d}": f"Paper {number}" for number in range(1, 60)}
    with services(tmp_path, arxiv=known) as server:
        done = run(tmp_path, *known)
    assert len(done.new) == len(known)
    assert len(server.calls) == 1


def test_one_paper_under_two_names_is_one_page(tmp_path: Path) -> None:
    with services(tmp_path, arxiv=ATTENTION):
        done = run(tmp_path, "1706.03762", "https://huggingface.co/papers/1706.03762", "1706.03762")
    assert len(done.new) == 1
    assert done.problems == ()


def test_what_is_wrong_is_told_at_once_and_what_is_right_is_added(tmp_path: Path) -> None:
    with services(tmp_path, arxiv=ATTENTION) as server:
        nowhere = f"{server.url}/nowhere"
        done = run(tmp_path, "nothing.bib", "2511.99999", "1706.03762", "10.1/lost", nowhere)
    assert pages(tmp_path) == ["content/papers/2017/1706.03762.md"]
    facts = sorted(f"{found.where}: {found.fact}" for found in done.problems)
    assert len(facts) == 4
    assert facts[0].startswith("10.1/lost: is neither")
    assert facts[1] == "2511.99999: arXiv knows no paper '2511.99999'"
    assert facts[2].startswith("nothing.bib: is neither an arXiv id")
    assert facts[3] == f"page, {nowhere}: answered 404 Not Found"
    assert "site.yml" not in "".join(found.hint for found in done.problems)


def test_nothing_found_is_nothing_changed(tmp_path: Path) -> None:
    with services(tmp_path):
        before = tree(tmp_path)
        with pytest.raises(BroadsheetError) as caught:
            run(tmp_path, "2511.99999", "10.1000/lost")
    assert len(caught.value.problems) == 2
    assert caught.value.closing == "Nothing was changed."
    assert tree(tmp_path) == before


def test_without_a_network_the_service_is_named(tmp_path: Path) -> None:
    with services(tmp_path):
        pass
    with pytest.raises(BroadsheetError) as caught:
        run(tmp_path, "1706.03762")
    (found,) = told(caught)
    assert re.match(r"arXiv, http://127\.0\.0\.1:\d+/api\?.*: cannot be reached", found)


def test_an_unknown_topic_is_told_before_anybody_is_asked(tmp_path: Path) -> None:
    with services(tmp_path, arxiv=ATTENTION) as server:
        with pytest.raises(BroadsheetError) as caught:
            run(tmp_path, "1706.03762", topics=("robotic", "code"))
        assert server.calls == []
    assert told(caught) == ["--topic: there is no topic 'robotic'"]
    assert caught.value.problems[0].hint == "did you mean 'robotics'?"


# -- the curator's word ---------------------------------------------------------------------------


def other(title: str, **fields: object) -> str:
    """A source's word on the same paper."""
    return json.dumps([{"id": "1706.03762", "title": title, **fields}])


@pytest.fixture
def enriched(tmp_path: Path) -> Iterator[Path]:
    """A site that had a paper added by hand, in a topic; its source then lists it, too."""
    listed = "  - {name: list, type: json, path: content/sources/list.json}\n"
    with services(tmp_path, arxiv=ATTENTION, sources=listed):
        run(tmp_path, "1706.03762", topics=("theory",))
        (tmp_path / "content/sources").mkdir()
        (tmp_path / "content/sources/list.json").write_text(
            other("Attention Is All You Need", venue="NIPS", topics=["code"])
        )
        yield tmp_path


def test_a_source_makes_it_better_without_a_fight(enriched: Path) -> None:
    done = pull(enriched, Wanted(sources=("list",)), today=LATER)
    assert done.new == 0
    assert [kept for kept in done.kept if "topics" not in kept] == []
    text = page(enriched)
    assert "\ntitle: Attention Is All You Need\n" in text
    assert "\nvenue: NIPS\n" in text
    assert "We attend to Attention" in text


def test_the_topic_survives_later_pulls(enriched: Path) -> None:
    assert "\ntopics: [robotics, theory]\n" in page(enriched)
    for _ in range(2):
        pull(enriched, Wanted(sources=("list",)), today=LATER)
        assert "\ntopics: [robotics, theory]\n" in page(enriched)


def test_a_second_pull_changes_nothing(enriched: Path) -> None:
    pull(enriched, Wanted(sources=("list",)), today=LATER)
    before = tree(enriched / "content")
    pull(enriched, Wanted(sources=("list",)), today=LATER)
    assert tree(enriched / "content") == before


def test_what_its_file_says_of_topics_survives_later_pulls(tmp_path: Path) -> None:
    with services(tmp_path, sources="  - {name: list, type: json, path: content/list.json}\n"):
        (tmp_path / "mine.json").write_text(other("Attention", topics=["theory"]))
        run(tmp_path, str(tmp_path / "mine.json"))
        (tmp_path / "content/list.json").write_text(other("Attention", upvotes=3))
        done = pull(tmp_path, Wanted(sources=("list",)), today=LATER)
    assert done.kept == ()
    assert "\ntopics: [theory]\n" in page(tmp_path)
    assert "\nupvotes: 3\n" in page(tmp_path)


def test_a_paper_that_is_here_gets_the_day_and_the_topic_and_nothing_else(tmp_path: Path) -> None:
    listed = "  - {name: list, type: json, path: content/list.json}\n"
    with services(tmp_path, arxiv=ATTENTION, sources=listed):
        (tmp_path / "content/list.json").write_text(other("My title"))
        pull(tmp_path, Wanted(sources=("list",)), today=TODAY)
        place = tmp_path / pages(tmp_path)[0]
        mine = place.read_text().replace("title: My title", "title: 'Mine' # by hand")
        place.write_text(mine)
        done = run(tmp_path, "1706.03762", topics=("code",), today=LATER)
        assert (done.new, [paper.title for paper in done.here]) == ((), ["Mine"])
        words = place.read_text()
        added = ["featured: [2025-11-26, 2025-12-03]", "topics: [code]"]
        assert [line for line in words.splitlines() if line not in added] == mine.splitlines()
        assert all(line in words for line in added)
        assert load_said(tmp_path)["1706.03762"].days == ("2025-11-26", "2025-12-03")
        assert run(tmp_path, "1706.03762", topics=("code",), today=LATER).written == ()


def test_a_page_that_a_person_wrote_stays_a_persons(tmp_path: Path) -> None:
    """What stands on it does not become a source's word that a later pull may replace."""
    listed = "  - {name: list, type: json, path: content/list.json}\n"
    with services(tmp_path, arxiv=ATTENTION, sources=listed):
        (tmp_path / "content/papers/2017").mkdir(parents=True)
        place = tmp_path / "content/papers/2017/1706.03762.md"
        place.write_text("---\ntitle: Mine\nadded: 2025-11-26\n---\n")
        assert run(tmp_path, "1706.03762").written == ()
        (tmp_path / "content/list.json").write_text(other("Theirs"))
        pull(tmp_path, Wanted(sources=("list",)), today=LATER)
        assert "\ntitle: Mine\n" in place.read_text()


def test_a_page_that_was_deleted_comes_back_when_it_is_asked_for(tmp_path: Path) -> None:
    with services(tmp_path, arxiv=ATTENTION | {"2511.00001": "Other"}):
        run(tmp_path, "1706.03762", "2511.00001")
        (tmp_path / "content/papers/2017/1706.03762.md").unlink()
        done = run(tmp_path, "1706.03762", today=LATER)
        assert [paper.id for paper in done.new] == ["1706.03762"]
        assert "\nadded: 2025-12-03\n" in (tmp_path / done.new[0].path).read_text()


def test_a_twin_is_added_only_when_somebody_insists(tmp_path: Path) -> None:
    with services(tmp_path, arxiv=ATTENTION | {"2511.00001": "Attention!"}):
        run(tmp_path, "1706.03762")
        with pytest.raises(BroadsheetError) as caught:
            run(tmp_path, "2511.00001")
        assert told(caught) == [
            "2511.00001: has the title of content/papers/2017/1706.03762.md: not added"
        ]
        assert "--twins" in caught.value.problems[0].hint
        assert len(run(tmp_path, "2511.00001", twins=True).new) == 1


def test_other_pages_stay_as_they_are_though_a_rule_changed(tmp_path: Path) -> None:
    with services(tmp_path, arxiv=ATTENTION | {"2511.00001": "Other"}):
        run(tmp_path, "1706.03762")
        (tmp_path / "content/topics/code.md").write_text(
            "---\ntitle: Code\nrule: {title: [attention, other]}\n---\n"
        )
        done = run(tmp_path, "2511.00001")
    assert done.new[0].topics == ("code", "robotics")
    assert "\ntopics: [robotics]\n" in (tmp_path / "content/papers/2017/1706.03762.md").read_text()


def test_a_source_cannot_be_named_as_the_hand_is(tmp_path: Path) -> None:
    mine = f"  - {{name: {BY_HAND}, type: json, path: a.json}}\n"
    with services(tmp_path, sources=mine), pytest.raises(BroadsheetError) as caught:
        run(tmp_path, "1706.03762")
    assert "stands for papers that 'add' brought" in told(caught)[0]


def test_a_dry_run_shows_the_page_and_writes_nothing(tmp_path: Path) -> None:
    with services(tmp_path, arxiv=ATTENTION):
        before = tree(tmp_path)
        done = broadsheet("add", "1706.03762", "--dry-run", site=tmp_path, environment=DAY)
    assert done.returncode == 0, done.stderr
    assert "+title: Attention\n" in done.stdout
    assert "would add content/papers/2017/1706.03762.md: Attention\n" in done.stderr
    assert "1 paper would be added, 0 already here, 2 files would change.\n" in done.stderr
    assert tree(tmp_path) == before


def test_the_command_tells_what_it_did_and_fails_where_something_failed(tmp_path: Path) -> None:
    with services(tmp_path, arxiv=ATTENTION):
        done = broadsheet("add", "1706.03762", "--topic", "code", site=tmp_path, environment=DAY)
        assert (done.returncode, done.stdout) == (0, "")
        assert "added content/papers/2017/1706.03762.md: Attention\n" in done.stderr
        half = broadsheet("add", "1706.03762", "lost.ris", site=tmp_path, environment=DAY)
        assert half.returncode == 1
        assert "already here: content/papers/2017/1706.03762.md: Attention\n" in half.stderr
        assert "lost.ris: is neither" in half.stderr
    built = broadsheet("build", site=tmp_path)
    assert built.returncode == 0, built.stderr


# -- files ----------------------------------------------------------------------------------------

BIBTEX = """@article{smith2020, title={On {Robots}}, author={Smith, Ada}, year={2020}}
@misc{x, title={Attention}, eprint={1706.03762}, archivePrefix={arXiv}}
"""
RIS = "TY  - JOUR\nTI  - On Rest\nAU  - Smith, Ada\nPY  - 2021\nDO  - 10.1000/rest\nER  - \n"
CSL = [{"id": "a", "type": "article", "title": "On Wheels", "author": [{"family": "Smith"}]}]


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.bib", "", "bibtex"),
        ("a.txt", BIBTEX, "bibtex"),
        ("A.RIS", "", "ris"),
        ("citation", RIS, "ris"),
        ("a.csv", "title\n", "csv"),
        ("a.json", '[{"title": "A"}]', "json"),
        ("a.jsonl", '{"title": "A"}\n{"title": "B"}', "json"),
        ("a.json", json.dumps(CSL), "crossref"),
        ("export", '\ufeff [{"title": "A", "DOI": "10.1/x"}]', "crossref"),
    ],
)
def test_a_file_is_known_by_its_ending_and_by_what_stands_in_it(
    name: str, content: str, kind: str
) -> None:
    assert file_type(name, content.encode()) == kind


@pytest.mark.parametrize(
    ("name", "content", "title"),
    [
        ("a.bib", BIBTEX, "On Robots"),
        ("a.ris", RIS, "On Rest"),
        ("a.json", json.dumps(CSL), "On Wheels"),
        ("a.jsonl", '{"title": "On Lines"}', "On Lines"),
        ("a.csv", "title,date\nOn Tables,2020-01-02\n", "On Tables"),
    ],
)
def test_the_papers_of_a_file_are_added(
    tmp_path: Path, name: str, content: str, title: str
) -> None:
    with services(tmp_path):
        (tmp_path / name).write_text(content)
        done = run(tmp_path, str(tmp_path / name))
    assert title in [paper.title for paper in done.new]
    assert done.problems == ()


def test_what_is_wrong_in_a_file_is_told_with_its_place(tmp_path: Path) -> None:
    with services(tmp_path):
        place = tmp_path / "a.jsonl"
        place.write_text('{"title": "A"}\n{"title": 7}\n')
        done = run(tmp_path, str(place))
    assert [paper.title for paper in done.new] == ["A"]
    assert {found.where for found in done.problems} == {f"{place}:2"}


@pytest.mark.parametrize("content", [b"", b"\x00\xff\x00", b"hello", b"%PDF-1.7"])
def test_a_file_of_another_kind_is_told_by_its_name(tmp_path: Path, content: bytes) -> None:
    with services(tmp_path):
        place = tmp_path / "a:b.txt"
        place.write_bytes(content)
        with pytest.raises(BroadsheetError) as caught:
            run(tmp_path, str(place), str(tmp_path), "x" * 5000)
    facts = told(caught)
    assert facts[0] == f"{place}: is no list of papers that Broadsheet reads"
    assert all("is neither an arXiv id" in fact for fact in facts[1:])


def test_keys_that_repeat_from_file_to_file_do_not_make_two_papers_one(tmp_path: Path) -> None:
    with services(tmp_path):
        for number in (1, 2):
            place = tmp_path / f"{number}.json"
            place.write_text(json.dumps([{"id": "smith2020", "title": f"Paper {number}"}]))
            assert len(run(tmp_path, str(place)).new) == 1
    assert [path.rpartition("/")[2] for path in pages(tmp_path)] == ["paper-1.md", "paper-2.md"]


@pytest.mark.parametrize("form", ["jsonl", "csl", "csv", "bibtex", "ris"])
def test_what_one_site_exports_another_adds(tmp_path: Path, form: str) -> None:
    ending = {"csl": "json", "bibtex": "bib"}.get(form, form)
    first, second = tmp_path / "first", tmp_path / "second"
    with services(first, arxiv=ATTENTION):
        run(first, "1706.03762")
    with services(second):
        exported = tmp_path / f"papers.{ending}"
        made = broadsheet("export", form, "--output", str(exported), site=first)
        assert made.returncode == 0, made.stderr
        done = run(second, str(exported))
    assert [paper.id for paper in done.new] == ["1706.03762"]


# -- pages of the web -----------------------------------------------------------------------------

SCHOLAR = b"""<!doctype html><html><head><title>Log in | Publisher</title>
<meta name="citation_title" content="On &amp;amp; &lt;i&gt;Robots&lt;/i&gt; &quot;now&quot;">
<meta name="citation_author" content="Lovelace, Ada"><meta name="citation_author"
content="Emmy Noether"><meta name="citation_publication_date" content="2024/05/17">
<meta name="citation_journal_title" content="Robots Today">
<meta name="citation_pdf_url" content="https://example.org/a.pdf">
<meta property="og:title" content="Publisher: robots"><meta name="description" content="Robots.">
</head><body>text</body></html>"""
LINKED = b"""<html><head><script type="application/ld+json">{"@graph": [{"@type": "WebPage"},
{"@type": ["ScholarlyArticle"], "headline": "On Graphs", "author": [{"name": "Ada Lovelace"}],
"datePublished": "2023-02", "description": "Of <b>graphs</b>.",
"identifier": {"@type": "PropertyValue", "value": "10.1000/graphs"}}]}</script></head></html>"""


def parse(payload: bytes) -> Any:
    url = "https://example.org/a"
    (record,) = PaperPage(url=url).parse(payload, Request(url=url)).records
    return record


def test_the_tags_for_scholars_are_read() -> None:
    record = parse(SCHOLAR)
    assert record.title == 'On & Robots "now"'
    assert record.authors == ("Ada Lovelace", "Emmy Noether")
    assert record.date == datetime.date(2024, 5, 17)
    assert record.venue == "Robots Today"
    assert record.abstract == "Robots."
    links = {link.kind: link.url for link in record.links}
    assert links == {"abstract": "https://example.org/a", "pdf": "https://example.org/a.pdf"}


def test_linked_data_is_read() -> None:
    record = parse(LINKED)
    assert (record.title, record.doi) == ("On Graphs", "10.1000/graphs")
    assert record.authors == ("Ada Lovelace",)
    assert record.date == datetime.date(2023, 2, 1)
    assert record.abstract == "Of graphs."


def test_a_title_for_sharing_will_do() -> None:
    assert parse(b'<html><meta property="og:title" content="A post">').title == "A post"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-05-17T10:00:00Z", "2024-05-17"),
        ("May 2024", "2024-05-01"),
        ("2024/5", "2024-05-01"),
        ("2024", "2024-01-01"),
        ("2024/13/40", "None"),
        ("soon", "None"),
    ],
)
def test_a_printed_date_is_a_day(text: str, day: str) -> None:
    html = f'<html><meta name=citation_title content=A><meta name=citation_date content="{text}">'
    assert str(parse(html.encode()).date) == day


@pytest.mark.parametrize(
    ("payload", "fact"),
    [
        (b"%PDF-1.7 ...", "is a PDF"),
        (b'{"title": "A"}', "is not a page of HTML"),
        (b"", "is not a page of HTML"),
        (b"<html><title>Log in</title><![<![", "has no title for search engines"),
        (b'<html><script type="application/ld+json">' + b"[" * 9999, "has no title"),
    ],
)
def test_a_page_that_tells_of_no_paper_is_refused(payload: bytes, fact: str) -> None:
    with pytest.raises(BroadsheetError, match=fact):
        parse(payload)


@pytest.mark.parametrize(
    "piece",
    [
        *("<!--", "<!doctype ", "<![", "<?", "</", "&#", "<textarea><", "<script>", "<script></"),
        *("<a ", "<a b='", "<a" + " " * 50, "<meta name=a content='<b>"),
    ],
)
def test_a_hostile_page_takes_no_time(piece: str) -> None:
    began = time.monotonic()
    with pytest.raises(BroadsheetError):
        parse(("<html>" + piece * (2_000_000 // len(piece))).encode())
    assert time.monotonic() - began < 5


def test_a_page_that_names_an_id_leads_to_whoever_knows_it(tmp_path: Path) -> None:
    names = b"<html><meta name=citation_title content=Our><meta name=citation_arxiv_id content="
    paper = {"/paper": names + b'"1706.03762">'}
    with services(tmp_path, arxiv=ATTENTION, pages=paper) as server:
        done = run(tmp_path, f"{server.url}/paper")
    assert [(paper.id, paper.title) for paper in done.new] == [("1706.03762", "Attention")]


def test_a_page_whose_doi_crossref_does_not_know_counts_itself(tmp_path: Path) -> None:
    with services(tmp_path, pages={"/paper": LINKED}) as server:
        done = run(tmp_path, f"{server.url}/paper")
    assert [paper.id for paper in done.new] == ["10.1000-graphs"]
