"""A pull brings content/ up to date and never loses what a person wrote."""

import json
from pathlib import Path

import pytest

from generator.library.said import digest
from tests.command import broadsheet, tree

DAY = {"SOURCE_DATE_EPOCH": "1764115200"}
"""2025-11-26."""
NEXT_DAY = {"SOURCE_DATE_EPOCH": "1764201600"}
FIRST = {
    "id": "2507.22565",
    "title": "A robot learns",
    "abstract": "A robot. It learns.",
    "authors": ["Ada Lovelace"],
    "date": "2025-07-30",
    "comments": 2,
}
SECOND = {"id": "2508.00001", "title": "Another", "abstract": "More.", "date": "2025-08-01"}
PAGE = "content/papers/2025/2507.22565.md"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "content/topics").mkdir(parents=True)
    (tmp_path / "content/sources").mkdir()
    (tmp_path / "content/site.yml").write_text(
        "title: Papers\nsources:\n  - {name: list, type: json, path: content/sources/list.json}\n"
    )
    (tmp_path / "content/topics/robotics.md").write_text(
        "---\ntitle: Robotics\nrule: {title: [robot*]}\n---\n"
    )
    list_papers(tmp_path, FIRST, SECOND)
    assert pull(tmp_path).returncode == 0
    return tmp_path


def list_papers(site: Path, *records: dict[str, object]) -> None:
    (site / "content/sources/list.json").write_text(json.dumps(records))


def pull(site: Path, *options: str, day: dict[str, str] = DAY):
    return broadsheet("pull", "--offline", *options, site=site, environment=day)


def edit(site: Path, old: str, new: str) -> None:
    place = site / PAGE
    text = place.read_text()
    assert old in text
    place.write_text(text.replace(old, new))


def test_a_pull_writes_a_page_a_paper(site: Path) -> None:
    assert (site / PAGE).read_text() == (
        "---\ntitle: A robot learns\ndate: 2025-07-30\nadded: 2025-11-26\n"
        "authors: [Ada Lovelace]\ntopics: [robotics]\n"
        "links: {abstract: 'https://arxiv.org/abs/2507.22565', "
        "pdf: 'https://arxiv.org/pdf/2507.22565'}\n"
        "source: list\ncomments: 2\n---\nA robot. It learns.\n"
    )
    assert (site / "content/papers/2025/2508.00001.md").exists()


def test_a_second_pull_changes_nothing(site: Path) -> None:
    before = tree(site)
    done = pull(site, day=NEXT_DAY)
    assert tree(site) == before
    assert "0 new, 0 files changed" in done.stderr


def test_news_from_the_source_goes_in_where_nobody_edited(site: Path) -> None:
    list_papers(site, {**FIRST, "comments": 7, "title": "A robot learns more"}, SECOND)
    pull(site, day=NEXT_DAY)
    text = (site / PAGE).read_text()
    assert "comments: 7\n" in text
    assert "title: A robot learns more\n" in text
    assert "updated: 2025-11-27\n" in text


def test_new_comments_do_not_date_a_page_anew(site: Path) -> None:
    list_papers(site, {**FIRST, "comments": 7}, SECOND)
    pull(site, day=NEXT_DAY)
    assert "updated" not in (site / PAGE).read_text()


def test_a_title_a_person_corrected_stays_and_the_pull_says_so(site: Path) -> None:
    edit(site, "title: A robot learns\n", 'title: "A robot learns!"  # typo of theirs\n')
    list_papers(site, {**FIRST, "title": "A robot learns, v2", "comments": 7}, SECOND)
    done = pull(site)
    text = (site / PAGE).read_text()
    assert 'title: "A robot learns!"  # typo of theirs\n' in text
    assert "comments: 7\n" in text
    assert f"kept {PAGE}: title" in done.stderr


def test_a_field_a_person_deleted_stays_deleted(site: Path) -> None:
    edit(site, "comments: 2\n", "")
    list_papers(site, {**FIRST, "comments": 7}, SECOND)
    pull(site)
    assert "comments" not in (site / PAGE).read_text()


def test_a_topic_a_person_took_out_stays_out(site: Path) -> None:
    edit(site, "topics: [robotics]\n", "topics: []\n")
    pull(site)
    assert "topics: []\n" in (site / PAGE).read_text()


def test_an_abstract_a_person_edited_stays(site: Path) -> None:
    edit(site, "A robot. It learns.", "A robot. *It learns.*")
    list_papers(site, {**FIRST, "abstract": "Anew."}, SECOND)
    pull(site)
    assert "A robot. *It learns.*" in (site / PAGE).read_text()


def test_notes_below_the_abstract_are_never_touched(site: Path) -> None:
    place = site / PAGE
    notes = "\n## Notes\n\n  mine, \ttoo  \n\n\n"
    place.write_text(place.read_text() + notes)
    list_papers(site, {**FIRST, "abstract": "Anew."}, SECOND)
    pull(site)
    assert place.read_text().endswith(f"---\nAnew.\n{notes}")


def test_a_paper_that_leaves_the_list_stays(site: Path) -> None:
    list_papers(site, SECOND)
    pull(site)
    assert (site / PAGE).exists()


def test_a_page_a_person_deleted_stays_deleted(site: Path) -> None:
    (site / PAGE).unlink()
    done = pull(site)
    assert not (site / PAGE).exists()
    assert "left out 1 paper whose page was deleted: 2507.22565" in done.stderr


def test_pages_that_are_all_gone_are_made_anew(site: Path) -> None:
    before = tree(site)
    for place in (site / "content/papers").rglob("*.md"):
        place.unlink()
    pull(site, day=NEXT_DAY)
    assert set(tree(site)) == set(before)


def test_a_changed_rule_reaches_papers_that_no_source_lists_any_more(site: Path) -> None:
    list_papers(site, SECOND)
    (site / "content/topics/learning.md").write_text(
        "---\ntitle: Learning\nrule: {title: [learn*]}\n---\n"
    )
    pull(site)
    assert "topics: [learning, robotics]\n" in (site / PAGE).read_text()


def test_the_same_paper_from_two_sources_is_one_page(site: Path) -> None:
    (site / "content/sources/other.json").write_text(
        json.dumps(
            [
                {
                    "title": "A Robot learns",
                    "authors": ["A. Lovelace"],
                    "venue": "ROBO 7",
                    "date": "2025-01-01",
                    "comments": 9,
                }
            ]
        )
    )
    (site / "content/site.yml").write_text(
        "title: Papers\nsources:\n"
        "  - {name: list, type: json, path: content/sources/list.json}\n"
        "  - {name: other, type: json, path: content/sources/other.json}\n"
    )
    pull(site)
    text = (site / PAGE).read_text()
    assert "venue: ROBO 7\n" in text
    assert "comments: 2\n" in text
    assert len(list((site / "content/papers").rglob("*.md"))) == 2


def test_a_less_trusted_source_pulled_alone_does_not_take_over(site: Path) -> None:
    test_the_same_paper_from_two_sources_is_one_page(site)
    before = tree(site / "content/papers")
    pull(site, "--source", "other")
    assert tree(site / "content/papers") == before


def test_two_titles_with_one_slug_are_two_papers(site: Path) -> None:
    papers = [{"id": "Toy.A", "title": "One"}, {"id": "toy.a", "title": "Two"}]
    list_papers(site, *papers)
    pull(site)
    pages = sorted(p.name for p in (site / "content/papers/undated").glob("*.md"))
    assert len(pages) == 2
    before = tree(site)
    pull(site)
    assert tree(site) == before


def test_a_failed_source_leaves_its_papers_and_the_others_arrive(site: Path) -> None:
    (site / "content/site.yml").write_text(
        "title: Papers\nsources:\n"
        "  - {name: broken, type: json, path: content/sources/broken.json}\n"
        "  - {name: list, type: json, path: content/sources/list.json}\n"
    )
    (site / "content/sources/broken.json").write_text('[{"title": "cut o')
    list_papers(site, FIRST, SECOND, {"title": "A third", "date": "2025-03-03"})
    done = pull(site)
    assert done.returncode == 0
    assert "broken" in done.stderr
    assert (site / "content/papers/2025/a-third-2025.md").exists()
    status = json.loads((site / "content/.pulled/status.json").read_text())
    assert status["sources"]["broken"]["state"] == "failed"
    assert status["sources"]["list"]["state"] == "ok"


def test_a_list_that_shrank_absurdly_is_not_believed(site: Path) -> None:
    many = [{"title": f"Paper number {n}"} for n in range(100)]
    list_papers(site, *many)
    pull(site)
    before = tree(site / "content/papers")
    list_papers(site, *many[:5])
    done = pull(site)
    assert done.returncode == 1
    assert "gave 5 papers where it gave 100 last time" in done.stderr
    assert tree(site / "content/papers") == before
    assert pull(site, "--allow-shrink").returncode == 0


def test_a_dry_run_says_what_would_change_and_writes_nothing(site: Path) -> None:
    list_papers(site, {**FIRST, "comments": 7}, SECOND)
    before = tree(site)
    done = pull(site, "--dry-run", "-v")
    assert tree(site) == before
    assert f"would write {PAGE}" in done.stderr


def test_a_pull_killed_between_its_pages_and_its_state_goes_on(site: Path) -> None:
    """Of two papers with new titles, one page was written when the pull was killed."""
    state = next((site / "content/.pulled/papers").glob("*.jsonl"))
    old, other = state.read_text(), (site / "content/papers/2025/2508.00001.md").read_text()
    list_papers(site, {**FIRST, "title": "A robot learns more"}, {**SECOND, "title": "Yet another"})
    pull(site)
    papers = (site / "content/papers").rglob("*.md")
    pending = {
        "pages": {place.stem: digest(place.read_text()) for place in papers},
        "said": {f"content/.pulled/papers/{state.name}": state.read_text()},
    }
    (site / "content/papers/2025/2508.00001.md").write_text(other)
    state.write_text(old)
    (site / ".broadsheet/pending.json").write_text(json.dumps(pending))
    last = ({**FIRST, "title": "A robot learns most"}, {**SECOND, "title": "The other"})
    list_papers(site, *last)
    done = pull(site)
    assert "kept" not in done.stderr
    assert "title: A robot learns most\n" in (site / PAGE).read_text()
    told = [json.loads(line)["changes"] for line in state.read_text().splitlines()]
    assert [[before for _, _, before in changes] for changes in told] == [
        ["A robot learns", "A robot learns more"],
        ["Another"],
    ]
    assert not (site / ".broadsheet/pending.json").exists()


def test_a_pull_killed_before_its_pages_are_written_leaves_nothing(site: Path) -> None:
    for nonsense in ("", "{", "[]", '{"pages": {}, "said": {"x": "y"}}'):
        (site / ".broadsheet/pending.json").write_text(nonsense)
        assert "0 new, 0 files changed" in pull(site).stderr
        assert not (site / ".broadsheet/pending.json").exists()


def test_an_answer_to_an_unknown_source_names_the_nearest(site: Path) -> None:
    done = pull(site, "--source", "lits")
    assert done.returncode == 1
    assert done.stderr == (
        "--source: there is no source 'lits'\n  hint: did you mean 'list'?\nNothing was changed.\n"
    )


def test_a_record_that_no_page_can_hold_is_left_out_and_the_site_still_builds(site: Path) -> None:
    before = tree(site / "content/papers")
    unread = {"id": "2508.00009", "title": "Huge", "authors": ["Ada Lovelace"] * 90_000}
    counted = {"id": "2508.00008", "title": "Much liked", "upvotes": 10**30}
    doubtful = {"id": "2508.00007", "title": "Odd", "doi": "10.1234/{x}\ud800"}
    list_papers(site, {**FIRST, "comments": 10**30}, SECOND, unread, counted, doubtful)
    done = pull(site)
    assert done.returncode == 0
    assert "2508.00009.md:2: the YAML is longer than 1000000 characters: left out" in done.stderr
    assert "2508.00008.md:6: 'upvotes' is too large: '" in done.stderr
    assert f"{PAGE}:9: 'comments' is too large: '" in done.stderr
    assert set(tree(site / "content/papers")) == {*before, "undated/2508.00007.md"}
    assert (site / PAGE).read_bytes() == before["2025/2507.22565.md"]
    assert broadsheet("build", site=site).returncode == 0
    list_papers(site, {**FIRST, "comments": 3}, SECOND, {**counted, "upvotes": 3})
    assert "1 new" in pull(site).stderr
    assert "comments: 3\n" in (site / PAGE).read_text()


def test_when_every_source_fails_the_pages_stay_and_the_status_says_so(site: Path) -> None:
    pages = tree(site / "content/papers")
    (site / "content/sources/list.json").write_text("<html>Sign in</html>")
    done = pull(site, day=NEXT_DAY)
    assert done.returncode == 1
    assert done.stderr.endswith("No source gave papers; no page was changed.\n")
    assert tree(site / "content/papers") == pages
    status = json.loads((site / "content/.pulled/status.json").read_text())
    assert status["sources"]["list"]["state"] == "failed"
    assert "HTML" in status["sources"]["list"]["detail"]
    assert status["sources"]["list"]["papers"] == 2


def test_a_page_with_windows_line_ends_changes_in_the_lines_that_are_news(site: Path) -> None:
    place = site / PAGE
    before = b"\xef\xbb\xbf" + place.read_bytes().replace(b"\n", b"\r\n")
    place.write_bytes(before)
    assert "0 files changed" in pull(site).stderr
    assert place.read_bytes() == before
    list_papers(site, {**FIRST, "comments": 7}, SECOND)
    pull(site)
    assert place.read_bytes() == before.replace(b"comments: 2", b"comments: 7")


@pytest.mark.parametrize(
    "line",
    [
        "<<<<<<< HEAD",
        '{"id":"x","days":"2025-11-26","said":{}}',
        '{"id":"x","days":["../../x"],"said":{}}',
        '{"id":"../x","days":[],"said":{}}',
        '{"id":"x","days":[],"said":null}',
        '{"id":"x","days":[],"said":{"list":{"title":7}}}',
        "[]",
        "",
    ],
)
def test_a_damaged_line_of_the_state_is_told_and_nothing_is_changed(site: Path, line: str) -> None:
    state = next((site / "content/.pulled/papers").glob("*.jsonl"))
    state.write_text(state.read_text() + f"{line}\n")
    before = tree(site)
    done = pull(site)
    assert done.returncode == 1
    assert f"content/.pulled/papers/{state.name}:3: is not a line that a pull writes" in done.stderr
    assert tree(site) == before


BARE = {"title": "A papre without an id", "abstract": "Bare.", "date": "2025-03-01"}


def test_a_corrected_title_stays_one_page_though_the_source_gives_no_id(site: Path) -> None:
    list_papers(site, BARE)
    pull(site)
    place = site / "content/papers/2025/a-papre-without-an-id-2025.md"
    place.write_text(place.read_text().replace("papre", "paper"))
    pages = tree(site / "content/papers")
    for _ in range(2):
        done = pull(site)
        assert "1 paper from 1 source: 0 new" in done.stderr
        assert "kept content/papers/2025/a-papre-without-an-id-2025.md: title" in done.stderr
        assert tree(site / "content/papers") == pages
    list_papers(site, {**BARE, "comments": 3})
    pull(site)
    assert "comments: 3" in place.read_text()


def test_two_papers_of_one_title_in_different_years_stay_two(site: Path) -> None:
    list_papers(site, BARE)
    pull(site)
    list_papers(site, BARE, {**BARE, "date": "2024-03-01"})
    assert ": 1 new" in pull(site).stderr
    before = tree(site)
    assert ": 0 new, 0 files changed" in pull(site).stderr
    assert tree(site) == before


def test_a_window_that_ends_before_it_begins_is_refused(site: Path) -> None:
    done = pull(site, "--since", "2025-12-01", "--until", "2025-11-01")
    assert done.returncode == 1
    assert done.stderr.startswith("--since: 2025-12-01 is after --until 2025-11-01\n  hint: ")


def test_a_dry_run_shows_every_line_that_would_change_and_changes_none(site: Path) -> None:
    third = {"id": "2509.00001", "title": "A third", "abstract": "New.", "date": "2025-09-01"}
    list_papers(site, {**FIRST, "title": "A robot learns more"}, SECOND, third)
    before = tree(site)
    done = pull(site, "--dry-run", day=NEXT_DAY)
    assert done.returncode == 0
    assert tree(site) == before
    assert f"--- {PAGE}\n+++ {PAGE}\n" in done.stdout
    assert "\n-title: A robot learns\n+title: A robot learns more\n" in done.stdout
    assert "--- /dev/null\n+++ content/papers/2025/2509.00001.md\n" in done.stdout
    assert ".pulled" not in done.stdout
    assert "would change" in done.stderr


def test_a_papers_page_tells_what_a_source_changed(site: Path) -> None:
    list_papers(site, {**FIRST, "title": "A robot learns $more$"}, SECOND)
    pull(site, day=NEXT_DAY)
    list_papers(site, {**FIRST, "title": "A robot learns most"}, SECOND)
    pull(site, day=NEXT_DAY)
    assert broadsheet("build", site=site).returncode == 0
    page = (site / "output/papers/2507.22565/index.html").read_text()
    assert "Title changed; it was “A robot learns more”" in page
    assert page.index("it was “A robot learns more”") < page.index("it was “A robot learns”")
    assert "What changed" not in (site / "output/papers/2508.00001/index.html").read_text()


def test_a_withdrawn_paper_stays_and_says_so(site: Path) -> None:
    edit(site, "source: list\n", "source: list\nwithdrawn: true\n")
    assert broadsheet("build", site=site).returncode == 0
    assert "Withdrawn." in (site / "output/papers/2507.22565/index.html").read_text()


def test_a_rule_finds_people_under_all_their_names(site: Path) -> None:
    (site / "content/topics/lovelace.md").write_text(
        "---\ntitle: Lovelace\nrule: {authors: [Augusta Ada King]}\n---\n"
    )
    pull(site)
    assert "topics: [robotics]\n" in (site / PAGE).read_text()
    (site / "content/people.yml").write_text("authors: {Ada Lovelace: [Augusta Ada King]}\n")
    pull(site)
    assert "topics: [robotics, lovelace]\n" in (site / PAGE).read_text()
