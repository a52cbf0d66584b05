"""What several rooms' tests share: the bundled site, built once a process."""

import shutil
from pathlib import Path

import pytest

from tests.command import REPOSITORY, broadsheet


@pytest.fixture(scope="session")
def bundled_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this repository's site, built for the address of `served_site`."""
    site = tmp_path_factory.mktemp("bundled")
    shutil.copytree(REPOSITORY / "content", site / "content")
    done = broadsheet("build", "--base-url", "https://example.org/some/papers/", site=site)
    assert done.returncode == 0, done.stderr
    return site
