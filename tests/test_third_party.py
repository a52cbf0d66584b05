"""Another package adds a type of source by an entry point, as README.md describes it."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command import REPOSITORY, broadsheet
from tests.loopback import Call, Server, serve

PACKAGE = Path(__file__).parent / "third_party"
LIST = (
    "2025-11-20\tA robot learns\thttps://arxiv.org/abs/2507.22565v2\n"
    "a paper of which somebody forgot the day\n"
    "2025-11-27\tAnother\thttps://example.org/another.html\n"
)


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, str]:
    """The environment of a program beside which the package is installed."""
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    place = tmp_path / "installed"
    about = place / f"broadsheet_seminar-{project['version']}.dist-info"
    about.mkdir(parents=True)
    (place / "broadsheet_seminar.py").write_text((PACKAGE / "broadsheet_seminar.py").read_text())
    (about / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    lines = [
        line
        for group, entries in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {place}" for name, place in entries.items()))
    ]
    (about / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return {"PYTHONPATH": f"{REPOSITORY}:{place}", "SOURCE_DATE_EPOCH": "1764115200"}


@pytest.fixture
def server() -> Iterator[Server]:
    def answer(call: Call) -> None:
        call.send(LIST.encode())

    with serve(answer) as server:
        yield server


def make_site(folder: Path, source: str) -> Path:
    (folder / "content").mkdir(parents=True)
    (folder / "content/site.yml").write_text(f"title: Papers\nsources:\n  - {{{source}}}\n")
    return folder


def test_its_papers_arrive_and_its_problems_are_told(
    tmp_path: Path, installed: dict[str, str], server: Server
) -> None:
    site = make_site(tmp_path / "site", f"name: mondays, type: seminar, url: '{server.url}/list'")
    done = broadsheet("pull", site=site, environment=installed)
    assert done.returncode == 0, done.stderr
    assert (
        f"mondays, {server.url}/list: line 2: is not a day, a title and an address: left out"
        in (done.stderr)
    )
    text = (site / "content/papers/undated/2507.22565.md").read_text()
    assert "added: 2025-11-20\n" in text
    assert "pdf: 'https://arxiv.org/pdf/2507.22565'" in text
    assert ": 2 new, " in done.stderr
    assert "0 files changed" in broadsheet("pull", site=site, environment=installed).stderr


def test_its_options_are_checked_like_all_others(tmp_path: Path, installed: dict[str, str]) -> None:
    site = make_site(tmp_path / "site", "name: mondays, type: seminar, ulr: 'https://x.example'")
    done = broadsheet("pull", site=site, environment=installed)
    assert done.returncode == 1
    assert done.stderr == (
        "content/site.yml: source 'mondays': 'url' is missing\n"
        "  hint: add the address of the list\n"
        "content/site.yml: source 'mondays': unknown option 'ulr'\n"
        "  hint: did you mean 'url'?\nNothing was changed.\n"
    )


def test_its_type_is_among_those_that_are_known(tmp_path: Path, installed: dict[str, str]) -> None:
    site = make_site(tmp_path / "site", "name: mondays, type: seminra")
    told = broadsheet("pull", site=site, environment=installed).stderr
    assert "unknown type 'seminra'\n  hint: did you mean 'seminar'?" in told
    without = {"SOURCE_DATE_EPOCH": "1764115200"}
    told = broadsheet("pull", site=site, environment=without).stderr
    assert "seminar" not in told.replace("seminra", "")


def test_the_readme_shows_this_very_package() -> None:
    readme = (REPOSITORY / "README.md").read_text()
    section = readme.split("### A source of your own\n")[1].split("\n## ")[0]
    shown = dict(re.findall(r"```(python|toml)\n(.*?)```", section, re.DOTALL))
    assert shown["python"] == (PACKAGE / "broadsheet_seminar.py").read_text()
    assert shown["toml"] in (PACKAGE / "pyproject.toml").read_text()
