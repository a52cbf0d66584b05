"""What several rooms' tests share: the bundled site, built once a process."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.command import REPOSITORY, broadsheet

CHROMIUM = "/usr/bin/chromium"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, which finds no host but this one: the only browser of a process, since
    Playwright takes one at a time. A machine without it fails the tests; it does not skip them."""
    assert Path(CHROMIUM).exists(), "chromium is missing: apt-get install chromium"
    nowhere = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", nowhere]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def bundled_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this repository's site, built for the address of `served_site`."""
    site = tmp_path_factory.mktemp("bundled")
    shutil.copytree(REPOSITORY / "content", site / "content")
    done = broadsheet("build", "--base-url", "https://example.org/some/papers/", site=site)
    assert done.returncode == 0, done.stderr
    return site
