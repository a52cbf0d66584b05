"""The search page and the search box in Chromium."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, Page, expect

Open = Callable[..., Page]


def question(page: Page) -> dict[str, list[str]]:
    """What the URL asks for."""
    return parse_qs(urlsplit(page.url).query)


def status(page: Page, text: str | re.Pattern[str]) -> None:
    expect(page.locator("#search-status")).to_have_text(text)


def ask(page: Page, words: str) -> None:
    page.locator("#search-q").fill(words)
    expect(page).to_have_url(re.compile(r"[?&]q="))


def test_answers_come_while_typing_and_mark_what_was_found(open_page: Open) -> None:
    page = open_page("/search/")
    expect(page.locator("#search-q")).to_be_focused()
    page.keyboard.type("actor-critic")
    status(page, re.compile(r"^\d+ papers$"))
    expect(page.locator(".paper-title mark").first).to_have_text(re.compile("actor", re.IGNORECASE))
    assert question(page) == {"q": ["actor-critic"]}


def test_an_address_holds_the_whole_question(open_page: Open) -> None:
    page = open_page("/search/?q=learning&sort=date&year=2025&code=1")
    status(page, re.compile(r"^\d+ papers?$"))
    expect(page.locator("[name=year]")).to_have_value("2025")
    expect(page.locator("[name=sort]")).to_have_value("date")
    expect(page.locator("[name=code]")).to_be_checked()
    days = page.locator(".paper time").evaluate_all("all => all.map(one => one.dateTime)")
    assert days
    assert days == sorted(days, reverse=True)
    assert all(day.startswith("2025") for day in days)


def test_back_takes_the_last_filter_away_and_then_the_words(open_page: Open) -> None:
    page = open_page("/search/")
    ask(page, "reinforcement")
    status(page, re.compile("papers$"))
    unfiltered = page.locator("#search-status").text_content()
    page.locator("[name=topic]").select_option(index=1)
    expect(page).to_have_url(re.compile("topic="))
    page.go_back()
    status(page, str(unfiltered))
    expect(page.locator("[name=topic]")).to_have_value("")
    page.go_back()
    expect(page.locator("#search-q")).to_have_value("")
    status(page, "")


def test_a_found_paper_opens_and_back_returns_to_the_results(open_page: Open) -> None:
    page = open_page("/search/?q=policy")
    page.locator(".paper-title a").first.click()
    expect(page).to_have_url(re.compile("/papers/[^/]+/$"))
    page.go_back()
    expect(page.locator(".paper-title").first).to_be_visible()
    assert question(page) == {"q": ["policy"]}


def test_more_results_are_shown_and_the_address_remembers_how_many(open_page: Open) -> None:
    page = open_page("/search/?q=model")
    expect(page.locator("li.paper")).to_have_count(20)
    page.locator("#search-more button").click()
    expect(page.locator("li.paper")).to_have_count(40)
    expect(page.locator("li.paper").nth(20).locator("a").first).to_be_focused()
    page.reload()
    expect(page.locator("li.paper")).to_have_count(40)


def test_nothing_found_offers_a_way_on(open_page: Open) -> None:
    page = open_page("/search/?q=reinforcemnet&year=1999")
    status(page, "0 papers")
    page.get_by_role("link", name="Search for reinforc").click()
    status(page, re.compile(r"^[1-9]\d* papers?$"))


def test_hostile_questions_are_words(open_page: Open) -> None:
    page = open_page(
        "/search/?q=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E&topic=%3Cb%3E&org=__proto__&year=x&n=-1"
    )
    status(page, "0 papers")
    assert page.locator("main img").count() == 0


def test_offline_is_said_and_ends_with_the_connection(browser: Browser, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}search/?q=policy")
    status(page, re.compile("papers$"))
    context.set_offline(True)
    ask(page, "unheard~1")
    status(page, "You are offline")
    context.set_offline(False)
    status(page, re.compile("papers?$"))
    context.close()


def test_without_javascript_the_page_leads_on(open_page: Open) -> None:
    page = open_page("/search/?q=policy", java_script_enabled=False)
    for place in ("topics", "archive", "feeds"):
        assert page.locator(f"main a[href$='{place}/']").is_visible()
    assert not page.locator(".search-filters").is_visible()


def test_keys_lead_to_the_search_box_but_not_while_typing(open_page: Open) -> None:
    page = open_page("/topics/")
    box = page.locator(".quick input")
    page.keyboard.press("/")
    expect(box).to_be_focused()
    page.keyboard.type("a/b")
    expect(box).to_have_value("a/b")
    page.keyboard.press("Escape")
    expect(box).not_to_be_focused()
    page.keyboard.press("Control+k")
    expect(box).to_be_focused()
    page.keyboard.type("policy")
    page.keyboard.press("Enter")
    expect(page.locator("#search-q")).to_have_value("policy")


def test_keys_can_be_switched_off(open_page: Open) -> None:
    page = open_page("/search/")
    page.locator("#search-keys").uncheck()
    page.goto(page.url.replace("search/", "topics/"))
    page.keyboard.press("/")
    expect(page.locator(".quick input")).not_to_be_focused()
