"""What a pull finds out beyond its sources: trusted least, asked for once, and never a danger."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from generator.config import SourceConfig
from generator.library.identity import Listed
from generator.library.said import ENRICH_ARXIV, Said
from generator.model import Link, Paper, Record
from generator.sources import Fetched
from generator.sources.arxiv import ENDPOINT
from generator.sources.enrichment import (
    MOST,
    OLDER,
    answers_for,
    ask_arxiv,
    lacking,
    remember_silence,
)
from generator.sources.source import ARXIV_GAP, Window
from tests.command import broadsheet, tree
from tests.loopback import Call, Server, serve

TODAY = date(2025, 11, 26)
DAY = {"SOURCE_DATE_EPOCH": "1764115200"}
"""The same."""
NEXT_DAY = {"SOURCE_DATE_EPOCH": "1764201600"}
PAGE = "content/papers/2025/2511.00001.md"


# -- which papers are asked about ------------------------------------------------------------------


def page(number: int, **fields: object) -> tuple[str, Paper]:
    paper = Paper(id=f"2511.{number:05d}", title=f"Paper {number}", added=TODAY)
    return "", replace(paper, **fields)


def pages(*found: tuple[str, Paper]) -> dict[str, tuple[str, Paper]]:
    return {paper.id: (text, paper) for text, paper in found}


def record(number: int, **fields: object) -> Record:
    return replace(Record(title=f"Paper {number}", arxiv=f"2511.{number:05d}"), **fields)


def listed(*records: Record) -> list[Listed]:
    return [Listed(source="daily", day=TODAY, records=records)]


def test_papers_of_this_pull_come_first_then_the_newest_older_ones() -> None:
    old = page(1, added=TODAY - timedelta(days=9)), page(2), page(3, categories=("cs.CL",))
    ids = lacking(listed(record(4), record(2), record(4)), pages(*old), {})
    assert ids == ("2511.00004", "2511.00002", "2511.00001")


def test_nobody_is_asked_about_what_somebody_told() -> None:
    told = record(1), record(1, categories=("cs.AI",)), Record(title="No arXiv")
    known = pages(page(2, categories=("cs.CL",)), page(3, hidden=True))
    assert lacking(listed(*told, record(2), record(3)), known, {}) == ()


@pytest.mark.parametrize("fields", [{ENRICH_ARXIV: {}}, {"other": {"categories": "0123456789ab"}}])
def test_a_paper_is_asked_about_once_even_if_a_person_took_out_the_answer(
    fields: dict[str, dict[str, str]],
) -> None:
    said = {"2511.00001": Said(fields=fields)}
    assert lacking(listed(record(1)), pages(page(1)), said) == ()


def test_a_page_that_a_person_deleted_is_not_asked_about() -> None:
    assert lacking(listed(record(1)), {}, {"2511.00001": Said(days=("2025-11-20",))}) == ()


def test_a_page_named_after_its_title_is_known_by_its_link() -> None:
    link = Link(kind="abstract", url="https://arxiv.org/abs/hep-th/9901001v2")
    text, paper = page(1, links=(link,))
    known = pages((text, replace(paper, id="on-branes-1999")))
    assert lacking([], known, {}) == ("hep-th/9901001",)
    known = pages((text, replace(paper, id="on-branes-1999", categories=("hep-th",))))
    assert lacking(listed(Record(title="B", arxiv="hep-th/9901001")), known, {}) == ()


def test_a_pull_asks_about_so_many_and_no_more() -> None:
    old = pages(*(page(number) for number in range(OLDER + 5)))
    assert len(lacking([], old, {})) == OLDER
    assert len(lacking(listed(*(record(n) for n in range(MOST + 5))), {}, {})) == MOST


def test_arxiv_is_asked_by_the_hundred_in_its_own_time() -> None:
    source = ask_arxiv([f"2511.{n:05d}" for n in range(250)], ())
    requests = list(source.requests(Window(limit=3)))
    assert [len(request.params["id_list"].split(",")) for request in requests] == [100, 100, 50]
    assert {request.gap for request in requests} == {ARXIV_GAP}
    assert {request.url for request in requests} == {ENDPOINT}


def test_arxiv_is_asked_where_the_sites_own_source_asks_it() -> None:
    def config(**options: object) -> SourceConfig:
        return SourceConfig(name="a", type="arxiv", options=options)

    feed = config(feed=["cs.AI"], endpoint="http://127.0.0.1:1/feeds")
    query = config(query="all:x", endpoint="http://127.0.0.1:2/query")
    (request,) = ask_arxiv(["2511.00001"], [feed, query]).requests(Window())
    assert request.url == "http://127.0.0.1:2/query"


def test_a_server_cannot_speak_of_papers_it_was_not_asked_about() -> None:
    got = Fetched(records=(record(1), record(2)))
    told = answers_for(["2511.00001", "2511.00003"], got, TODAY)
    assert [r.arxiv for batch in told.listed for r in batch.records] == ["2511.00001"]
    assert told.silent == ("2511.00003",)


@pytest.mark.parametrize("got", [Fetched(failed=True), Fetched(missing=1)])
def test_a_failure_is_not_taken_for_silence(got: Fetched) -> None:
    told = answers_for(["2511.00001"], got, TODAY)
    assert (told.listed, told.silent) == ((), ())


def test_silence_is_noted_once_a_paper_is_two_weeks_here() -> None:
    here = pages(page(1), page(2, added=TODAY - timedelta(days=20)))
    noted = remember_silence({}, ["2511.00001", "2511.00002", "2511.00003"], here, TODAY)
    assert noted == {"2511.00002": Said(fields={ENRICH_ARXIV: {}})}


# -- through the program ---------------------------------------------------------------------------


def atom(ids: list[str]) -> bytes:
    entries = "".join(
        f"<entry><id>http://arxiv.org/abs/{arxiv}v2</id><title>Title at arXiv</title>"
        "<summary>Abstract at arXiv.</summary><published>2025-11-01T00:00:00Z</published>"
        "<author><name>Ada Lovelace</name></author><arxiv:journal_ref>J. 7</arxiv:journal_ref>"
        f"<arxiv:doi>10.1234/{arxiv}</arxiv:doi><category term='cs.RO'/></entry>"
        for arxiv in ids
    )
    return (
        "<?xml version='1.0' encoding='UTF-8'?><feed xmlns='http://www.w3.org/2005/Atom' "
        "xmlns:arxiv='http://arxiv.org/schemas/atom'><title>t</title>"
        f"<id>i</id><updated>2025-11-26T00:00:00Z</updated>{entries}</feed>"
    ).encode()


class Arxiv:
    """What the server answers, and may be told to do otherwise."""

    def __init__(self) -> None:
        self.unknown: set[str] = set()
        self.broken = False

    def __call__(self, call: Call) -> None:
        if self.broken:
            call.send(b"no", status=404)
            return
        ids = call.params.get("id_list", "").split(",")
        call.send(atom([arxiv for arxiv in ids if arxiv and arxiv not in self.unknown]))


@contextmanager
def site(folder: Path, enrich: str = "{arxiv: true}") -> Iterator[tuple[Path, Server, Arxiv]]:
    """A site with a list in a file, and arXiv on loopback."""
    arxiv = Arxiv()
    with serve(arxiv) as server:
        (folder / "content/sources").mkdir(parents=True)
        (folder / "content/topics").mkdir()
        (folder / "content/topics/robotics.md").write_text(
            "---\ntitle: Robotics\nrule: {categories: [cs.RO]}\n---\n"
        )
        (folder / "content/site.yml").write_text(
            f"title: Papers\nenrich: {enrich}\nsources:\n"
            "  - {name: list, type: json, path: content/sources/list.json}\n"
            f"  - {{name: at-arxiv, type: arxiv, query: 'all:x', endpoint: '{server.url}/api'}}\n"
        )
        listed_now(folder, {"id": "2511.00001", "title": "Title", "abstract": "Abstract."})
        yield folder, server, arxiv


def listed_now(site: Path, *records: dict[str, object]) -> None:
    (site / "content/sources/list.json").write_text(json.dumps(records))


def pull(site: Path, *options: str, day: dict[str, str] = DAY):
    return broadsheet("pull", "--source", "list", *options, site=site, environment=day)


def test_arxiv_fills_in_what_the_source_did_not_say_and_nothing_else(tmp_path: Path) -> None:
    with site(tmp_path) as (root, server, _):
        done = pull(root)
        assert "enrich: arxiv: asking for 1 paper …" in done.stderr
        text = (root / PAGE).read_text()
        before = tree(root / "content")
        again = pull(root, day=NEXT_DAY)
        assert "0 files changed" in again.stderr
        assert tree(root / "content") == before
        assert len(server.calls) == 1
    assert text.startswith("---\ntitle: Title\ndate: 2025-11-01\n")
    for line in (
        "authors: [Ada Lovelace]",
        "topics: [robotics]",
        "source: list",
        "venue: J. 7",
        "categories: [cs.RO]",
        "version: 2",
    ):
        assert f"\n{line}\n" in text
    assert "doi: 'https://doi.org/10.1234/2511.00001'" in text
    assert text.endswith("---\nAbstract.\n")


def test_what_a_person_took_out_or_wrote_stays(tmp_path: Path) -> None:
    with site(tmp_path) as (root, _, _):
        pull(root)
        place = root / PAGE
        text = place.read_text().replace("venue: J. 7\n", "")
        place.write_text(text.replace("categories: [cs.RO]", "categories: [cs.RO, cs.CL]"))
        edited = place.read_text()
        assert edited != text
        pull(root, day=NEXT_DAY)
        assert place.read_text() == edited


def test_a_source_that_comes_to_say_it_is_believed_more(tmp_path: Path) -> None:
    with site(tmp_path) as (root, _, _):
        pull(root)
        more = {"venue": "Conference", "authors": ["A. Lovelace"], "date": "2025-11-02"}
        listed_now(root, {"id": "2511.00001", "title": "Title", "abstract": "Abstract.", **more})
        pull(root)
        text = (root / PAGE).read_text()
    assert "venue: Conference\n" in text
    assert "authors: [A. Lovelace]\n" in text
    assert "date: 2025-11-02\n" in text


def test_older_pages_are_filled_in_too_and_no_change_is_told_of_them(tmp_path: Path) -> None:
    with site(tmp_path, enrich="{arxiv: false}") as (root, server, _):
        pull(root)
        settings = root / "content/site.yml"
        settings.write_text(settings.read_text().replace("arxiv: false", "arxiv: true"))
        listed_now(root, {"id": "2511.00002", "title": "Another", "abstract": "More."})
        assert server.calls == []
        pull(root, day=NEXT_DAY)
        assert server.calls[0].params["id_list"] == "2511.00002,2511.00001"
    text = (root / "content/papers/undated/2511.00001.md").read_text()
    assert "categories: [cs.RO]\n" in text
    assert "updated" not in text
    state = "".join(p.read_text() for p in (root / "content/.pulled/papers").glob("*.jsonl"))
    assert '"changes"' not in state


def test_when_arxiv_fails_the_papers_arrive_without_and_the_next_pull_asks_again(
    tmp_path: Path,
) -> None:
    with site(tmp_path) as (root, _, arxiv):
        arxiv.broken = True
        done = pull(root)
        assert done.returncode == 0
        assert "enrich: arxiv, http://127.0.0.1:" in done.stderr
        place = root / "content/papers/undated/2511.00001.md"
        assert "categories" not in place.read_text()
        status = json.loads((root / "content/.pulled/status.json").read_text())
        assert {entry["state"] for entry in status["sources"].values()} == {"ok"}
        arxiv.broken = False
        pull(root)
        assert "categories: [cs.RO]\n" in place.read_text()


def test_a_paper_that_arxiv_does_not_know_is_not_asked_about_for_ever(tmp_path: Path) -> None:
    later = {"SOURCE_DATE_EPOCH": str(1764115200 + 20 * 86_400)}
    with site(tmp_path) as (root, server, arxiv):
        arxiv.unknown = {"2511.00001"}
        for day in (DAY, NEXT_DAY, later):
            assert pull(root, day=day).returncode == 0
        assert len(server.calls) == 3
        before = tree(root / "content")
        assert pull(root, day=later).returncode == 0
        assert len(server.calls) == 3
        assert tree(root / "content") == before


def test_without_the_network_arxivs_answers_are_read_again(tmp_path: Path) -> None:
    with site(tmp_path) as (root, server, _):
        assert pull(root, "--offline").returncode == 0
        assert server.calls == []
        pull(root)
        pulled = tree(root / "content")
        for folder in ("papers", ".pulled"):
            shutil.rmtree(root / "content" / folder)
    assert pull(root, "--offline").returncode == 0
    found = tree(root / "content")
    assert found["papers/2025/2511.00001.md"] == pulled["papers/undated/2511.00001.md"]


# -- code in abstracts -----------------------------------------------------------------------------

CODE = "https://github.com/ada/engine"


def coded(**more: object) -> dict[str, object]:
    return {"id": "2511.00001", "title": "Title", "abstract": f"Code: {CODE}.", **more}


def test_a_repository_in_an_abstract_is_the_code_until_a_source_names_another(
    tmp_path: Path,
) -> None:
    with site(tmp_path, enrich="{}") as (root, server, _):
        place = root / "content/papers/undated/2511.00001.md"
        listed_now(root, coded())
        pull(root)
        assert f"code: '{CODE}'" in place.read_text()
        before = tree(root / "content")
        assert "0 files changed" in pull(root, day=NEXT_DAY).stderr
        assert tree(root / "content") == before
        listed_now(root, coded(code="https://github.com/ada/difference"))
        pull(root)
        assert "code: 'https://github.com/ada/difference'" in place.read_text()
        assert server.calls == []


def test_a_code_link_that_a_person_took_out_or_wrote_stays(tmp_path: Path) -> None:
    with site(tmp_path, enrich="{}") as (root, _, _):
        place = root / "content/papers/undated/2511.00001.md"
        listed_now(root, coded())
        pull(root)
        for mine in ("", "code: 'https://github.com/mine/own', "):
            text = place.read_text()
            edited = text.replace(f", code: '{CODE}'", "").replace(
                "{abstract:", f"{{{mine}abstract:"
            )
            assert edited != text
            place.write_text(edited)
            done = pull(root)
            assert place.read_text() == edited
            assert f"links.code (enrich: code says '{CODE}')" in done.stderr


def test_a_site_may_do_without_links_from_abstracts(tmp_path: Path) -> None:
    with site(tmp_path, enrich="{code: false}") as (root, _, _):
        listed_now(root, coded())
        pull(root)
        assert "code:" not in (root / "content/papers/undated/2511.00001.md").read_text()


def test_the_setting_is_read_strictly(tmp_path: Path) -> None:
    with site(tmp_path, enrich="{arxiv: yes please, cod: true}") as (root, _, _):
        done = pull(root)
    assert done.returncode == 1
    assert (
        "content/site.yml:2: 'enrich.arxiv' is neither true nor false: 'yes please'" in done.stderr
    )
    assert "content/site.yml:2: unknown key 'cod'\n  hint: did you mean 'code'?" in done.stderr
