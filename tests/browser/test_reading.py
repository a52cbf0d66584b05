"""A reader scans, opens, goes on; on a desk, on a phone, in the dark, without JavaScript."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import DESKTOP, PHONE
from tests.command import REPOSITORY

AXE = REPOSITORY / "tests/node/node_modules/axe-core/axe.min.js"
PAPER = "/papers/actor-critics-can-achieve-optimal-sample-efficiency-2025/"
PAGES = {
    "home": "/",
    "later": "/page/2/",
    "paper": PAPER,
    "topics": "/topics/",
    "topic": "/topics/robotics/",
    "trending": "/trending/",
    "organizations": "/organizations/",
    "organization": "/organizations/tiger-lab/",
    "archive": "/archive/",
    "day": "/days/2025-11-26/",
    "week": "/weeks/2025-W48/",
    "month": "/months/2025-11/",
    "search": "/search/?q=reward",
    "feeds": "/feeds/",
    "status": "/status/",
    "api": "/api/",
}
Open = Callable[..., Page]


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(open_page: Open, name: str, scheme: str, viewport: dict) -> None:
    assert AXE.exists(), "axe-core is missing: run 'make test', which installs it"
    page = open_page(PAGES[name], viewport=viewport, color_scheme=scheme, bypass_csp=True)
    if name == "search":
        page.wait_for_selector(".papers li")
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    told = [(v["id"], [node["html"][:200] for node in v["nodes"]][:3]) for v in found["violations"]]
    assert told == []


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_never_scrolls_sideways(open_page: Open, name: str) -> None:
    page = open_page(PAGES[name], viewport={"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("name", PAGES)
def test_every_page_has_one_heading_and_its_landmarks(open_page: Open, name: str) -> None:
    page = open_page(PAGES[name], java_script_enabled=True)
    assert page.locator("h1").count() == 1
    assert page.locator("main").count() == 1
    assert page.locator("header nav, nav").count() >= 1


@pytest.mark.parametrize("name", ["home", "topic", "trending", "day", "month", "organization"])
def test_a_list_stays_light(open_page: Open, bundled_site: Path, name: str) -> None:
    page = open_page(PAGES[name])
    assert page.evaluate("document.querySelectorAll('*').length") <= 1400
    file = bundled_site / "output" / PAGES[name][1:] / "index.html"
    assert file.stat().st_size <= 100_000


def test_reading_needs_no_javascript(open_page: Open) -> None:
    page = open_page("/", java_script_enabled=False)
    page.locator(".paper details summary").first.click()
    assert page.locator(".paper details[open]").first.inner_text().strip()
    page.locator(".paper-title a").first.click()
    assert page.locator(".abstract").inner_text().strip()
    page.goto(page.url.split("/papers/actor")[0].split("/some/papers/")[0] + "/some/papers/search/")
    assert "JavaScript" in page.locator("main").inner_text()


def test_one_goes_from_paper_to_topic_to_older_papers(open_page: Open) -> None:
    page = open_page(PAPER)
    page.locator("main a[href*='topics/']").first.click()
    assert "/topics/" in page.url
    assert page.locator(".paper").count() >= 2


def test_the_list_goes_on_over_pages_and_back(open_page: Open) -> None:
    page = open_page("/")
    first = page.locator(".paper-title").first.inner_text()
    page.locator("a[rel=next]").first.click()
    assert page.url.endswith("/page/2/")
    page.locator("a[rel=prev]").first.click()
    assert page.locator(".paper-title").first.inner_text() == first


def test_the_dark_switch_is_kept_and_does_not_flash(open_page: Open) -> None:
    page = open_page("/", color_scheme="light")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    switch = page.locator("button[data-theme-switch], .theme-switch").first
    for _ in range(3):
        switch.click()
        if page.evaluate("getComputedStyle(document.body).backgroundColor") != before:
            break
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark != before
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark


def test_a_missing_page_offers_a_search_for_what_its_address_says(open_page: Open) -> None:
    page = open_page("/search/")
    with pytest.raises(AssertionError):
        assert page.goto(page.url.replace("search/", "papers/actor-critics/")).ok
    assert "actor critics" in page.locator("main input[name=q]").input_value().replace("-", " ")
    page.locator("main form button").first.click()
    page.wait_for_selector(".papers li")


def test_the_bibtex_of_a_paper_can_be_copied(open_page: Open) -> None:
    page = open_page(PAPER)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("button", has_text="Copy").first.click()
    page.wait_for_function("navigator.clipboard.readText().then((t) => t.includes('@'))")
