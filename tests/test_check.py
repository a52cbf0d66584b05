"""check: what is wrong is told with its place, what may be meant is a warning."""

import os
import shutil
from pathlib import Path

import pytest

from generator.check import Checked, check
from generator.config import PAGES_LIMIT
from generator.errors import size_in_words
from tests.command import REPOSITORY, broadsheet

PAPER = "content/papers/2025/2507.22565.md"


@pytest.fixture(scope="module")
def built_toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy site, built; for copying."""
    folder = tmp_path_factory.mktemp("toy") / "site"
    shutil.copytree(REPOSITORY / "tests/toy", folder)
    assert broadsheet("build", site=folder).returncode == 0
    return folder


@pytest.fixture
def site(built_toy: Path, tmp_path: Path) -> Path:
    """The toy site, built, for this test alone."""
    return shutil.copytree(built_toy, tmp_path / "site")


def add(place: Path, text: str) -> None:
    """HTML at the end of a built page's body."""
    place.write_text(place.read_text().replace("</body>", f"\n{text}\n</body>"))


def facts(found: Checked) -> list[str]:
    return [f"{each.where}: {each.fact}" for each in found.problems]


def warnings(found: Checked) -> list[str]:
    return [f"{each.where}: {each.fact}" for each in found.warnings]


def test_a_sound_site_has_no_problem(site: Path) -> None:
    found = check(site)
    assert facts(found) == []
    assert found.pages > 10
    assert found.links > 50
    assert sum(weight.bytes for weight in found.weights.values()) > 10_000


def test_the_bundled_site_has_no_problem_and_no_broken_link(bundled_site: Path) -> None:
    found = check(bundled_site)
    assert facts(found) == []
    assert (found.papers, found.topics) == (92, 25)
    assert found.links > 4_000


def test_every_problem_of_content_is_told_at_once(site: Path) -> None:
    (site / PAPER).write_text("---\ntitle: A\ndate: 2025-13-01\ntopics: [no-such]\n---\n")
    (site / "content/topics/new.md").write_text("no front matter")
    settings = site / "content/site.yml"
    settings.write_text(settings.read_text().replace("type: json", "type: jsn"))
    told = facts(check(site))
    assert any(f"{PAPER}:3: 'date' is not a date" in fact for fact in told)
    assert any("content/topics/new.md:1:" in fact for fact in told)
    assert any("unknown type 'jsn'" in fact for fact in told)


def test_two_pages_of_one_address_are_told(site: Path) -> None:
    (site / "content/pages/topics.md").write_text("# Mine\n")
    assert any("/topics/" in fact for fact in facts(check(site)))


def test_a_key_the_schema_does_not_know_is_a_warning_with_its_line(site: Path) -> None:
    place = site / PAPER
    place.write_text(place.read_text().replace("---\n", "---\nauthor: [Ada]\n", 1))
    (found,) = [w for w in check(site).warnings if w.where == f"{PAPER}:2"]
    assert found.fact == "'author' is no key of a paper; templates see it as paper.extra"
    assert found.hint == "did you mean 'authors'?"


def test_two_papers_of_one_title_are_suspected_to_be_one(site: Path) -> None:
    (site / "content/papers/2025/one.md").write_text(
        "---\ntitle: Naïve Toys!\ndate: 2025-01-01\n---\n"
    )
    (site / "content/papers/2025/two.md").write_text(
        "---\ntitle: naive toys\ndate: 2025-01-02\n---\n"
    )
    told = warnings(check(site))
    assert "content/papers/2025/two.md: has the title of content/papers/2025/one.md" in told


def test_topics_without_papers_and_papers_without_topics_are_warnings(site: Path) -> None:
    (site / "content/topics/empty.md").write_text("---\ntitle: Empty\n---\n")
    (site / "content/papers/2025/alone.md").write_text("---\ntitle: Alone\ndate: 2025-01-01\n---\n")
    told = warnings(check(site))
    assert "content/topics/empty.md: has no paper" in told
    assert any(t.startswith("content/papers: ") and "alone" in t for t in told)


def test_a_site_without_papers_is_not_told_that_its_topics_are_empty(tmp_path: Path) -> None:
    assert broadsheet("new", "site", site=tmp_path).returncode == 0
    assert warnings(check(tmp_path / "site")) == []


@pytest.mark.parametrize(
    ("link", "fact"),
    [
        (
            '<a href="../../nowhere/">x</a>',
            "the link '../../nowhere/' leads to no file of the site",
        ),
        ("<a href='/papers/gone/'>x</a>", "the link '/papers/gone/' leads to no file of the site"),
        ("<a href=/other/>x</a>", "the link '/other/' leads to no file of the site"),
        ('<img src="../missing.svg" alt="">', "'../missing.svg' leads to no file of the site"),
        ('<a href="../../../../../../x/">x</a>', "leads to no file of the site"),
        ('<a href="https://toy.example/papers/nope/">x</a>', "papers/nope/' leads to no file"),
        ('<a href="#nothing">x</a>', "leads to no element"),
        ('<a href="../../#nothing">x</a>', "leads to no element: index.html has no id 'nothing'"),
        ('<a title="a > b" href="gone.html">x</a>', "the link 'gone.html'"),
    ],
)
def test_a_link_that_leads_nowhere_is_told_with_its_line(site: Path, link: str, fact: str) -> None:
    page = site / "output/papers/2507.22565/index.html"
    add(page, link)
    line = page.read_text().splitlines().index(link) + 1
    (told,) = facts(check(site))
    assert told.startswith(f"output/papers/2507.22565/index.html:{line}: ")
    assert fact in told


@pytest.mark.parametrize(
    "link",
    [
        '<a href="https://elsewhere.example/nope/">x</a>',
        '<a href="//elsewhere.example/nope/">x</a>',
        '<a href="mailto:ada@example.org">x</a>',
        '<a href="#top">x</a>',
        '<a href="../../search/?q=a%20b&amp;topic=x">x</a>',
        '<a href="../../topics">x</a>',
        '<a href="">x</a>',
        '<p id="h&eacute;re"><a href="#h%C3%A9re">x</a></p>',
        '<!-- <a href="gone/">x</a> -->',
        '<code>href="gone/"</code>',
    ],
)
def test_what_leads_out_or_arrives_is_no_problem(site: Path, link: str) -> None:
    add(site / "output/papers/2507.22565/index.html", link)
    assert facts(check(site)) == []


def test_a_link_broken_on_every_page_is_told_once(site: Path) -> None:
    pages = sorted((site / "output").rglob("*.html"))
    for page in pages:
        add(page, '<a href="/papers/gone/">x</a>')
    (told,) = facts(check(site))
    assert told.endswith(f"as on {len(pages) - 1} more pages")


def test_a_stylesheet_that_names_a_missing_file_is_told(site: Path) -> None:
    (site / "output/assets/mine.css").write_text('a { background: url("gone.svg") }')
    (told,) = facts(check(site))
    assert told.startswith("output/assets/mine.css:1: the link 'gone.svg'")


@pytest.mark.parametrize(
    ("path", "content", "fact"),
    [
        ("feed.xml", "<rss><channel></rss>", "is not well-formed XML"),
        ("atom.xml", "<rss/>", "is no feed"),
        ("feed.json", "{", "is not JSON"),
        ("feed.json", "[]", "is no JSON Feed"),
        ("manifest.webmanifest", "{]", "is not JSON"),
    ],
)
def test_a_feed_that_does_not_parse_is_told(site: Path, path: str, content: str, fact: str) -> None:
    (site / "output" / path).write_text(content)
    (told,) = facts(check(site))
    assert told.startswith(f"output/{path}")
    assert fact in told


def test_a_page_the_sitemap_names_but_nobody_built_is_told(site: Path) -> None:
    (site / "output/papers/2507.22565/index.html").unlink()
    told = facts(check(site))
    assert any("sitemap.xml" in t or "papers/2507.22565" in t for t in told)


def test_a_site_built_for_another_address_is_judged_by_that_one(site: Path) -> None:
    address = "https://you.example/a/b/"
    assert broadsheet("build", "--base-url", address, site=site).returncode == 0
    assert facts(check(site)) == []


def test_a_site_too_large_for_github_pages_is_told(site: Path) -> None:
    with (site / "output/large.bin").open("wb") as stream:
        stream.truncate(int(PAGES_LIMIT * 0.95))
    found = check(site)
    assert facts(found) == []
    assert any("GitHub Pages takes 1 GB" in w for w in warnings(found))
    with (site / "output/large.bin").open("wb") as stream:
        stream.truncate(PAGES_LIMIT)
    (told,) = check(site).problems
    assert "GitHub Pages takes 1 GB" in told.fact
    assert told.hint.startswith("largest are the rest 1.0 GB")


def test_a_site_older_than_its_content_is_a_warning(site: Path) -> None:
    before = warnings(check(site))
    later = (site / "output").stat().st_mtime + 10
    os.utime(site / PAPER, (later, later))
    assert warnings(check(site)) == [*before, f"output/: is older than {PAPER}"]


def test_a_folder_that_is_no_built_site_is_told(site: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "a.html").write_text("x")
    assert facts(check(site, foreign)) == [f"{foreign}/: was not made by broadsheet"]


def test_problems_are_the_answer_and_warnings_are_marked(site: Path) -> None:
    place = site / PAPER
    place.write_text(place.read_text().replace("---\n", "---\nfoo: 1\n", 1))
    assert broadsheet("build", site=site).returncode == 0
    done = broadsheet("check", site=site)
    assert done.returncode == 0
    assert f"{PAPER}:2: warning: 'foo' is no key of a paper" in done.stdout
    assert done.stderr.endswith(f"Problems: 0, warnings: {done.stdout.count('warning: ')}.\n")
    assert broadsheet("check", "-q", site=site).stdout == ""
    add(site / "output/index.html", '<a href="gone/">x</a>')
    done = broadsheet("check", "-q", site=site)
    assert done.returncode == 1
    assert done.stdout.startswith("output/index.html:")
    assert done.stderr == ""


def test_sizes_are_counted_as_github_counts() -> None:
    sizes = (999, 1_000, 9_400_000, 1_000_000_000)
    assert [size_in_words(n) for n in sizes] == ["999 bytes", "1.0 KB", "9.4 MB", "1.0 GB"]


def test_a_text_that_speaks_of_links_has_none(site: Path) -> None:
    add(site / "output/index.html", "<p title=\"<img src=x href='y.html' id=main>\">a</p>")
    assert facts(check(site)) == []
