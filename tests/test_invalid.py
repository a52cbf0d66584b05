"""tests/invalid/CASE/ is a broken site, `command` what is run on it, `expected.txt` its answer."""

import os
import shutil
from pathlib import Path

import pytest

from tests.command import broadsheet, tree

HERE = Path(__file__).parent / "invalid"
CASES = sorted(place.name for place in HERE.iterdir())


@pytest.mark.parametrize("case", CASES)
def test_a_broken_site_is_told_what_and_where_and_nothing_is_written(
    case: str, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    shutil.copytree(HERE / case, site)
    command = (site / "command").read_text().split()
    before = tree(site)

    done = broadsheet(*command, site=site)

    expected = HERE / case / "expected.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_text(done.stderr)
    assert done.stderr == expected.read_text()
    assert done.stdout == ""
    assert done.returncode == 1
    shutil.rmtree(site / ".broadsheet", ignore_errors=True)  # what may be deleted at any time
    assert tree(site) == before


def test_a_failed_build_leaves_the_old_site(tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(HERE.parent / "toy", site)
    assert broadsheet("build", site=site).returncode == 0
    old = tree(site / "output")
    (site / "content/papers/2025/2507.22565.md").write_text("---\ntitle: [\n---\n")

    done = broadsheet("build", site=site)

    assert done.returncode == 1
    assert "2507.22565.md" in done.stderr
    assert tree(site / "output") == old
