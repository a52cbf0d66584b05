"""new: a site that builds at once, checks clean and is ready to push."""

import subprocess
from pathlib import Path

import pytest

from generator.content import load_config
from generator.errors import BroadsheetError
from generator.new import UNKNOWN_ORIGIN, create_site
from generator.storage.tree import list_files
from tests.command import REPOSITORY, broadsheet, tree


def test_a_new_site_builds_without_papers_and_without_a_broken_link(tmp_path: Path) -> None:
    assert broadsheet("new", "robots", site=tmp_path).returncode == 0
    site = tmp_path / "robots"
    built = broadsheet("build", site=site)
    assert built.returncode == 0, built.stderr
    checked = broadsheet("check", site=site)
    assert checked.stdout == ""
    assert checked.returncode == 0
    assert (site / "output/index.html").exists()


def test_a_pull_fills_it(tmp_path: Path) -> None:
    site = tmp_path / "site"
    create_site(site)
    (site / "content/sources").mkdir()
    (site / "content/sources/papers.json").write_text('[{"title": "Robots", "date": "2025-01-02"}]')
    settings = site / "content/site.yml"
    text = settings.read_text()
    commented = "#  - {name: mine, type: json, path: content/sources/papers.json}"
    assert commented in text
    settings.write_text(text.replace(commented, commented.removeprefix("#")))
    pulled = broadsheet("pull", "--offline", site=site)
    assert pulled.returncode == 0, pulled.stderr
    assert list_files(site, "content/papers") == ["content/papers/2025/robots-2025.md"]
    assert broadsheet("build", site=site).returncode == 0


def test_every_commented_source_of_its_settings_works(tmp_path: Path) -> None:
    create_site(tmp_path / "site")
    settings = tmp_path / "site/content/site.yml"
    settings.write_text(settings.read_text().replace("#  - {", "  - {").replace("daily, t", "b, t"))
    names = [source.name for source in load_config(tmp_path / "site").sources]
    assert names == ["daily", "b", "robotics", "mine"]


def test_title_sources_and_topics_are_the_ones_asked_for(tmp_path: Path) -> None:
    site = tmp_path / "site"
    title = 'Robots: "now" & @SOURCES@ \\ #1'
    create_site(
        site,
        title=title,
        sources=["arxiv:cat:cs.RO", "huggingface", "arxiv:all:a: b"],
        topics=["robotics", "code"],
    )
    config = load_config(site)
    assert config.title == title
    assert [(s.name, s.type) for s in config.sources] == [
        ("arxiv", "arxiv"),
        ("daily", "huggingface"),
        ("arxiv-2", "arxiv"),
    ]
    assert [s.options.get("query") for s in config.sources] == ["cat:cs.RO", None, "all:a: b"]
    assert list_files(site, "content/topics") == [
        "content/topics/code.md",
        "content/topics/robotics.md",
    ]


def test_a_site_is_named_after_its_folder_where_nobody_named_it(tmp_path: Path) -> None:
    create_site(tmp_path / "robot-papers")
    assert load_config(tmp_path / "robot-papers").title == "Robot papers"


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(BroadsheetError) as caught:
        create_site(tmp_path, sources=["hugingface", "arxiv:"], topics=["robotic"])
    told = [f"{found.where}: {found.fact}" for found in caught.value.problems]
    assert told == [
        f"{tmp_path}/: is not empty: it holds 'mine.txt'",
        "--source: 'hugingface' is no source that a site can start with",
        "--source: 'arxiv:' is no source that a site can start with",
        "--topics: there is no topic 'robotic'",
    ]
    assert caught.value.problems[-1].hint == "did you mean 'robotics'?"
    assert list(tree(tmp_path)) == ["mine.txt"]


def test_a_file_is_no_place_for_a_site(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    done = broadsheet("new", "file", site=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("file: not a directory")


def test_an_empty_repository_is_a_fine_place(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    create_site(tmp_path)
    done = subprocess.run(
        ["git", "-C", str(tmp_path), "status", "--porcelain", "--untracked-files=all"],
        capture_output=True,
        text=True,
        check=True,
    )
    new = {line.removeprefix("?? ") for line in done.stdout.splitlines()}
    assert {".github/workflows/pages.yml", ".gitignore", "content/site.yml"} <= new


def test_what_is_built_is_not_committed(tmp_path: Path) -> None:
    create_site(tmp_path / "site")
    ignored = (tmp_path / "site/.gitignore").read_text().splitlines()
    assert {"/output/", "/.broadsheet/", "/.venv/"} <= set(ignored)


def test_the_commands_it_prints_are_the_ones_to_run(tmp_path: Path) -> None:
    done = broadsheet("new", "my papers", site=tmp_path)
    assert "  cd 'my papers'\n  broadsheet pull\n  broadsheet serve\n" in done.stderr
    assert done.stdout == ""


def test_a_broadsheet_of_unknown_origin_is_asked_for(tmp_path: Path) -> None:
    """The tests run a checkout: no package index and no commit can be named for it."""
    done = broadsheet("new", "site", site=tmp_path)
    requirements = (tmp_path / "site/requirements.txt").read_text()
    assert (UNKNOWN_ORIGIN in requirements) == ("Before you push it" in done.stderr)


def test_every_mark_of_the_starter_is_filled_in(tmp_path: Path) -> None:
    create_site(tmp_path / "site", title="A")
    words = ("@NAME@", "@TITLE@", "@DESCRIPTION@", "@SOURCES@", "@REQUIREMENT@")
    for path, content in tree(tmp_path / "site").items():
        assert not [word for word in words if word.encode() in content], path


def test_every_starter_file_reaches_the_new_site(tmp_path: Path) -> None:
    created = create_site(tmp_path / "site")
    assert len(created.paths) == len(list_files(REPOSITORY / "generator/starter", ""))
