"""tests/toy/ is a small site with every kind of page; tests/golden/ is all that is built of it.

But for the shards of the search: the golden manifest names them, and their names change with what
is in them. How zlib packs it may differ from machine to machine."""

import os
import shutil
from pathlib import Path

from tests.command import broadsheet, tree

HERE = Path(__file__).parent


def build_toy(folder: Path) -> Path:
    """The toy site, built; its output folder."""
    shutil.copytree(HERE / "toy", folder)
    done = broadsheet("build", site=folder)
    assert done.returncode == 0, done.stderr
    return folder / "output"


def test_the_toy_site_is_built_as_the_golden_one(tmp_path: Path) -> None:
    output = build_toy(tmp_path / "site")
    golden = HERE / "golden"
    if os.environ.get("UPDATE_GOLDEN"):
        shutil.rmtree(golden, ignore_errors=True)
        shutil.copytree(output, golden, ignore=shutil.ignore_patterns("*.bin"))
    built = {path: content for path, content in tree(output).items() if not path.endswith(".bin")}
    expected = tree(golden)
    assert sorted(built) == sorted(expected)
    for path, content in expected.items():
        assert built[path] == content, path


def test_building_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    assert tree(build_toy(tmp_path / "one")) == tree(build_toy(tmp_path / "two"))
