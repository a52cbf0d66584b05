"""A build that makes only what is new leaves what a build from nothing would: after edits of every
kind, one after the other, and whatever became of what it remembers."""

import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.build import CACHE, build
from generator.errors import BroadsheetError
from generator.library.pages import format_paper
from generator.making import LINKED_MOST
from generator.storage.cache import installed
from generator.storage.ledger import stamp_of
from generator.storage.tree import stat_tree, write_text
from tests.command import REPOSITORY, tree
from tests.test_site import library

HERE = Path(__file__).parent
EDITS = 50
WORDS = (
    "graph",
    "neural",
    "toy",
    "trains",
    "brake",
    "bricks",
    "learn",
    "privacy",
    "$x^2$",
    "*much*",
)
Edit = Callable[[Path, random.Random], None]


def words(dice: random.Random, count: int = 8) -> str:
    return " ".join(dice.choices(WORDS, k=count))


def pages(site: Path, folder: str = "papers") -> list[Path]:
    return sorted((site / "content" / folder).rglob("*.md"))


def a_paper_comes(site: Path, dice: random.Random) -> None:
    number, day = dice.randrange(10_000), dice.randint(1, 28)
    topics = dice.sample(sorted(place.stem for place in pages(site, "topics")), k=1)
    text = (
        f"---\ntitle: '{words(dice)}'\ndate: 2024-03-{day:02}\nadded: 2025-11-{day:02}\n"
        f"authors: [Ada {words(dice, 1)!r}]\norganization: {dice.choice(['Toy Lab', 'Lab B'])}\n"
        f"topics: [{topics[0]}]\n---\n{words(dice, 40)}\n"
    )
    write_text(site, f"content/papers/2024/2403.{number:05}.md", text)


def a_paper_goes(site: Path, dice: random.Random) -> None:
    if len(found := pages(site)) > 2:
        dice.choice(found).unlink()


def a_line_changes(site: Path, dice: random.Random) -> None:
    place = dice.choice(pages(site))
    head, body = place.read_text().split("\n---\n", 1)
    lines = [line for line in head.split("\n") if not line.startswith(("upvotes:", "title:"))]
    lines += [f"title: '{words(dice)}'", f"upvotes: {dice.randrange(50)}"]
    place.write_text("\n".join(lines) + "\n---\n" + body)


def an_abstract_changes(site: Path, dice: random.Random) -> None:
    place = dice.choice(pages(site))
    head, _ = place.read_text().split("\n---\n", 1)
    place.write_text(f"{head}\n---\n{words(dice, 30)}\n\n## Notes\n\n{words(dice, 5)}\n")


def a_topic_changes(site: Path, dice: random.Random) -> None:
    place = dice.choice(pages(site, "topics"))
    rule = f"rule:\n  text: [{dice.choice(['brake', 'brick*', 'privacy'])}]\n  mentions: 1\n"
    place.write_text(f"---\ntitle: Topic {words(dice, 1)!r}\n{rule}---\n{words(dice)}\n")


def a_setting_changes(site: Path, dice: random.Random) -> None:
    place = site / "content/site.yml"
    lines = [each for each in place.read_text().split("\n") if not each.startswith("title:")]
    place.write_text("\n".join([f"title: Papers {dice.randrange(3)}", *lines]))


def what_is_left_out_changes(site: Path, dice: random.Random) -> None:
    place = site / "content/site.yml"
    lines = [
        each
        for each in place.read_text().split("\n")
        if not each.startswith(("size:", "organizations:"))
    ]
    names = dice.sample(["repeats", "ris", "bib", "json", "bulk-ris", "linked-data"], k=2)
    size = f"size: {{leave_out: [{', '.join(names)}]}}"
    least = f"organizations: {{min_papers: {dice.randint(1, 3)}}}"
    place.write_text("\n".join([*lines, *dice.sample([size, least], k=dice.randint(0, 2))]) + "\n")


def a_template_changes(site: Path, dice: random.Random) -> None:
    name = dice.choice(["paper", "base", "home", "topic", "day"])
    source = (HERE.parent / f"themes/plain/templates/{name}.html").read_text()
    write_text(site, f"themes/mine/templates/{name}.html", f"{source}<!-- {words(dice, 1)} -->")


def a_static_file_changes(site: Path, dice: random.Random) -> None:
    write_text(site, "themes/mine/static/mine.css", f"/* {words(dice, 2)} */")


def a_note_changes(site: Path, dice: random.Random) -> None:
    write_text(site, f"content/pages/{dice.choice(['about', 'imprint'])}.md", words(dice))


def a_name_changes(site: Path, dice: random.Random) -> None:
    alias = dice.choice(["Lab B", "Laboratory B"])
    text = f"organizations:\n  Toy Lab: [{alias}]\n"
    write_text(site, "content/people.yml", text)


KINDS: dict[Edit, int] = {
    a_paper_comes: 6,
    a_paper_goes: 3,
    a_line_changes: 6,
    an_abstract_changes: 4,
    a_topic_changes: 2,
    a_setting_changes: 1,
    what_is_left_out_changes: 2,
    a_template_changes: 2,
    a_static_file_changes: 1,
    a_note_changes: 1,
    a_name_changes: 1,
}


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    site = tmp_path / "site"
    shutil.copytree(HERE / "toy", site)
    write_text(site, "themes/mine/theme.yml", "name: Mine\nextends: plain\n")
    settings = (site / "content/site.yml").read_text().replace("theme: plain", "theme: mine")
    (site / "content/site.yml").write_text(settings)
    return site


def built(site: Path, output: Path | None = None) -> dict[str, bytes] | str:
    """What a build leaves, from nothing if it goes elsewhere; or what it says that is wrong."""
    try:
        build(site, output, cached=output is None, jobs=1)
    except BroadsheetError as error:
        return str(error)
    return tree(output or site / "output")


def clean(site: Path) -> dict[str, bytes] | str:
    elsewhere = site.parent / "clean"
    shutil.rmtree(elsewhere, ignore_errors=True)
    return built(site, elsewhere)


@pytest.mark.parametrize("seed", range(4))
def test_after_every_edit_the_site_is_as_if_it_were_built_from_nothing(
    toy: Path, seed: int
) -> None:
    dice, sites = random.Random(seed), 0
    for _ in range(EDITS):
        for edit in dice.choices([*KINDS], [*KINDS.values()], k=dice.choice([1, 1, 1, 3])):
            edit(toy, dice)
        found = built(toy)
        assert found == clean(toy)
        sites += isinstance(found, dict)
    assert sites > EDITS * 0.8


def test_many_papers_make_the_same_site_by_any_number_of_jobs_and_with_what_is_remembered(
    toy: Path,
) -> None:
    settings = toy / "content/site.yml"
    settings.write_text(settings.read_text().replace("theme: mine", "theme: broadsheet"))
    dice = random.Random(3)
    for number in range(2_100):
        rare = " ".join(f"w{dice.randrange(400)}x" for _ in range(6))
        text = f"---\ntitle: 'Größe {words(dice, 3)}'\nadded: 2025-{number % 12 + 1:02}-11\n"
        folder = f"content/papers/{2014 + number % 12}"
        write_text(toy, f"{folder}/p{number}.md", f"{text}---\n{words(dice)} {rare} naïve.\n")
    build(toy, toy.parent / "one", cached=False, jobs=1)
    expected = tree(toy.parent / "one")
    assert sum(b"Related papers" in page for page in expected.values()) > 2_000
    for jobs in (2, 3):
        build(toy, jobs=jobs)
        assert tree(toy / "output") == expected
        shutil.rmtree(toy / "output")
    build(toy, jobs=2)
    assert tree(toy / "output") == expected


def delete(place: Path) -> None:
    place.unlink()


def truncate(place: Path) -> None:
    place.write_bytes(place.read_bytes()[: place.stat().st_size // 2])


def spoil(place: Path) -> None:
    content = bytearray(place.read_bytes())
    content[len(content) // 3 : len(content) // 2] = b"\xff" * 100
    place.write_bytes(content)


@pytest.mark.parametrize("accident", [delete, truncate, spoil])
def test_what_is_remembered_may_get_lost(toy: Path, accident: Callable[[Path], None]) -> None:
    dice = random.Random(7)
    for _ in range(3):
        built(toy)
        a_line_changes(toy, dice)
        accident(toy / CACHE)
        assert built(toy) == clean(toy)


@pytest.mark.parametrize("name", ["index.html", "papers/2507.22565/index.html", "feed.xml"])
@pytest.mark.parametrize("edited", [False, True])
def test_what_somebody_did_to_the_output_is_undone(toy: Path, name: str, edited: bool) -> None:
    whole = built(toy)
    place = toy / "output" / name
    place.write_text("edited") if edited else place.unlink()
    (toy / "output/stray.html").write_text("stray")
    assert built(toy) == whole


def test_a_file_that_was_edited_alone_is_made_again(toy: Path) -> None:
    """Whoever looks at it: a build in which nothing is new looks at a part of the site itself."""
    whole = built(toy)
    assert isinstance(whole, dict)
    for name in sorted(whole)[::12]:
        place = toy / "output" / name
        place.write_bytes(b"e" * place.stat().st_size)
        assert built(toy) == whole


def test_links_beside_the_pages_are_no_obstacle(toy: Path) -> None:
    """An editor's lock leads nowhere; a linked folder may lead anywhere."""
    lock = toy / "content/papers/.#2507.22565.md"
    lock.symlink_to("somebody@some.host.1234:5678")
    whole = built(toy)
    assert isinstance(whole, dict)
    assert built(toy) == whole
    lock.unlink()
    (toy / "themes/again").symlink_to(toy / "themes")
    assert stamp_of(stat_tree(toy / "themes", "themes")) == ""


def test_another_version_of_a_library_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "Jinja2-3.1.6.dist-info").mkdir()
    before = installed(tmp_path / "orjson")
    assert installed(tmp_path / "jinja2") == before
    (tmp_path / "Jinja2-3.1.6.dist-info").rename(tmp_path / "Jinja2-99.0.dist-info")
    assert installed(tmp_path / "orjson") != before


def test_in_a_large_site_what_is_new_is_moved_in(tmp_path: Path) -> None:
    """The files that stay are left where they are."""
    site = tmp_path / "site"
    write_text(site, "content/site.yml", "title: Papers\ntheme: plain\n")
    for topic in ("even", "odd"):
        write_text(site, f"content/topics/{topic}.md", "---\ntitle: Topic\n---\n")
    for paper in library(LINKED_MOST // 4 + 10):
        write_text(site, f"content/papers/2025/{paper.id}.md", format_paper(paper))
    built(site)
    page = site / "content/papers/2025/paper-17.md"
    page.write_text(page.read_text().replace("Paper 17", "Quixotic"))
    (site / "content/papers/2025/paper-18.md").unlink()
    stays = site / "output/papers/paper-200/index.html"
    before = stays.stat()
    done = build(site)
    assert 10 < len(done.changes.written) < 200
    assert "papers/paper-18/index.html" in done.changes.removed
    assert tree(site / "output") == clean(site)
    assert (stays.stat().st_ino, stays.stat().st_nlink) == (before.st_ino, 1)
    write_text(
        site, "content/site.yml", "title: Papers\ntheme: plain\nbase_url: https://p.example/\n"
    )
    assert len(build(site).changes.written) > LINKED_MOST // 2
    assert tree(site / "output") == clean(site)
    assert not list(site.glob(".output.*"))


def test_pages_in_a_linked_folder_are_read(toy: Path) -> None:
    """A link is looked through by the second of two ways, and is no reason to build nothing."""
    write_text(
        toy,
        "more/2511.00017.md",
        "---\ntitle: Linked\ndate: 2019-01-02\nadded: 2025-11-20\n---\nBricks.\n",
    )
    (toy / "content/papers/2019").symlink_to(toy / "more")
    assert built(toy) == clean(toy)
    page = toy / "output/papers/2511.00017/index.html"
    assert "Linked" in page.read_text()
    write_text(
        toy,
        "more/2511.00017.md",
        "---\ntitle: Again\ndate: 2019-01-02\nadded: 2025-11-20\n---\nBricks.\n",
    )
    assert built(toy) == clean(toy)
    assert "Again" in page.read_text()


ONE_MORE = "One more sentence."
BUILD = """
import sys
from pathlib import Path
from generator.build import build
build(Path())
print("numpy" in sys.modules)
"""
WITH_A_THREAD = """
import threading
ended = threading.Event()
threading.Thread(target=ended.wait, daemon=True).start()  # nobody copies a process with threads
"""


@pytest.mark.skipif(sys.platform != "linux", reason="processes are copied on Linux only")
@pytest.mark.parametrize(("before", "finds_itself"), [("", False), (WITH_A_THREAD, True)])
def test_what_copies_of_the_process_work_out_is_what_it_would_itself(
    toy: Path, before: str, finds_itself: bool
) -> None:
    """Whoever finds related papers brings in numpy."""
    built(toy)
    page = toy / "content/papers/2025/2507.22565.md"
    write_text(toy, page.relative_to(toy).as_posix(), f"{page.read_text()}\n{ONE_MORE}\n")
    told = subprocess.run(
        [sys.executable, "-c", before + BUILD],
        cwd=toy,
        env={"PYTHONPATH": str(REPOSITORY)},
        check=True,
        timeout=120,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert told.stdout == f"{finds_itself}\n"
    made = tree(toy / "output")
    assert any(ONE_MORE.encode() in content for content in made.values())
    assert made == clean(toy)


@pytest.mark.skipif(sys.platform != "linux", reason="processes are copied on Linux only")
@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("before", ["", WITH_A_THREAD])
def test_what_a_copy_begins_for_a_new_site_is_what_the_process_would_itself(
    toy: Path, before: str, cached: bool
) -> None:
    subprocess.run(
        [sys.executable, "-c", before + BUILD.replace("Path()", f"Path(), cached={cached}")],
        cwd=toy,
        env={"PYTHONPATH": str(REPOSITORY)},
        check=True,
        timeout=120,
        stdout=subprocess.PIPE,
    )
    assert tree(toy / "output") == clean(toy)
    assert built(toy) == clean(toy)  # what was remembered is as good as new


def test_a_mistake_in_a_new_site_is_told_once(toy: Path) -> None:
    write_text(toy, "content/papers/2025/2507.22565.md", "---\ntitle: ''\nadded: 1\n---\n")
    with pytest.raises(BroadsheetError) as caught:
        build(toy)
    assert [problem.fact for problem in caught.value.problems] == [
        "'title' is empty: ''",
        "'added' is not a date: '1'",
    ]
    assert not (toy / "output").exists()
