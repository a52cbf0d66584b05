"""The search page, the search box of every page and the search of the 404 page, in Chromium."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import DESKTOP, PHONE, served
from tests.browser.test_reading import AXE
from tests.command import broadsheet

Open = Callable[..., Page]
ANY_PAPERS = re.compile(r"^[1-9][\d,]* papers?$")
WITHOUT_WORKERS = "delete window.Worker"


def question(page: Page) -> dict[str, list[str]]:
    """What the URL asks for."""
    return parse_qs(urlsplit(page.url).query)


def status(page: Page, text: str | re.Pattern[str]) -> None:
    expect(page.locator("#search-status")).to_have_text(text)


def ask(page: Page, words: str) -> None:
    page.locator("#search-q").fill(words)
    expect(page).to_have_url(re.compile(r"[?&]q="))


def titles(page: Page) -> list[str]:
    return page.locator("#search-results .paper-title").all_inner_texts()


def slow(context_or_page: object, pattern: str, seconds: float) -> None:
    """Answers requests late."""
    expression = re.compile(pattern)

    def late(route: Route) -> None:
        route.request.frame.page.wait_for_timeout(seconds * 1000)
        route.continue_()

    context_or_page.route(expression, late)  # type: ignore[attr-defined]


# ------------------------------------------------------------------------------------ Answers


def test_answers_come_while_typing_and_mark_what_was_found(open_page: Open) -> None:
    page = open_page("/search/")
    expect(page.locator("#search-q")).to_be_focused()
    page.keyboard.type("actor-critic")
    status(page, ANY_PAPERS)
    expect(page.locator(".paper-title mark").first).to_have_text(re.compile("actor", re.IGNORECASE))
    assert question(page) == {"q": ["actor-critic"]}


def test_an_address_holds_the_whole_question(open_page: Open) -> None:
    page = open_page("/search/?q=learning&sort=date&year=2025&code=1&all=1")
    status(page, ANY_PAPERS)
    expect(page.locator("[name=year]")).to_have_value("2025")
    expect(page.locator("[name=sort]")).to_have_value("date")
    expect(page.locator("[name=code]")).to_be_checked()
    expect(page.locator("[name=all]")).to_be_checked()
    days = page.locator(".paper time").evaluate_all("all => all.map(one => one.dateTime)")
    assert days
    assert days == sorted(days, reverse=True)
    assert all(day.startswith("2025") for day in days)


def test_back_takes_the_last_filter_away_and_then_the_words_and_forward_brings_them(
    open_page: Open,
) -> None:
    page = open_page("/search/")
    ask(page, "reinforcement")
    status(page, ANY_PAPERS)
    unfiltered = str(page.locator("#search-status").text_content())
    page.locator("[name=topic]").select_option(index=1)
    expect(page).to_have_url(re.compile("topic="))
    topic = question(page)["topic"]
    page.go_back()
    status(page, unfiltered)
    expect(page.locator("[name=topic]")).to_have_value("")
    page.go_back()
    expect(page.locator("#search-q")).to_have_value("")
    status(page, re.compile("papers in all$"))
    page.go_forward()
    status(page, unfiltered)
    page.go_forward()
    expect(page.locator("[name=topic]")).to_have_value(topic[0])


def test_a_found_paper_opens_and_back_returns_to_its_place_among_the_results(
    open_page: Open,
) -> None:
    page = open_page("/search/?q=policy&n=30")
    expect(page.locator("li.paper")).to_have_count(30)
    link = page.locator(".paper-title a").nth(24)
    link.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    assert before > 1000
    link.click()
    expect(page).to_have_url(re.compile("/papers/[^/]+/$"))
    page.go_back()
    expect(page.locator("li.paper")).to_have_count(30)
    page.wait_for_function("before => Math.abs(scrollY - before) < 5", arg=before)
    assert question(page) == {"q": ["policy"], "n": ["30"]}


def test_more_results_are_shown_and_the_address_remembers_how_many(open_page: Open) -> None:
    page = open_page("/search/?q=model")
    expect(page.locator("li.paper")).to_have_count(10)
    first = titles(page)
    page.locator("#search-more button").click()
    expect(page.locator("li.paper")).to_have_count(30)
    expect(page.locator("li.paper").nth(10).locator("a").first).to_be_focused()
    assert titles(page)[:10] == first
    assert question(page)["n"] == ["30"]
    page.reload()
    expect(page.locator("li.paper")).to_have_count(30)


def test_a_half_typed_word_counts_as_the_word_it_may_become(open_page: Open) -> None:
    page = open_page("/search/")
    ask(page, "policy optimi")
    expect(page.locator(".search-note")).to_have_text("Showing results for optimization")
    marked = page.locator("mark", has_text=re.compile("^optimi", re.IGNORECASE))
    expect(marked.first).to_be_visible()
    assert question(page) == {"q": ["policy optimi"]}


def test_the_results_stay_until_the_next_ones_come(open_page: Open) -> None:
    page = open_page("/search/?q=policy")
    status(page, ANY_PAPERS)
    page.evaluate("""() => {
        window.emptied = 0;
        const list = document.getElementById("search-results");
        new MutationObserver(() => list.children.length || window.emptied++).observe(
            list, { childList: true });
    }""")
    page.locator("#search-q").click()
    page.keyboard.press("End")
    page.keyboard.type(" gradient optimization", delay=30)
    expect(page).to_have_url(re.compile("gradient.optimization$"))
    status(page, ANY_PAPERS)
    assert page.evaluate("window.emptied") == 0


def test_a_word_that_nothing_has_is_told_only_after_a_pause(open_page: Open) -> None:
    page = open_page("/search/?q=policy")
    status(page, ANY_PAPERS)
    page.locator("#search-q").fill("xq")
    expect(page).to_have_url(re.compile("q=xq"))
    page.wait_for_timeout(150)
    assert page.locator("li.paper").count() == 10
    status(page, "0 papers")
    expect(page.locator("#search-empty h2")).to_have_text("Nothing found")


def test_all_the_words_must_be_there_where_the_switch_says_so(open_page: Open) -> None:
    page = open_page("/search/?q=policy+gradient")
    status(page, ANY_PAPERS)
    either = int(str(page.locator("#search-status").text_content()).split()[0])
    page.get_by_label("All the words").check()
    expect(page).to_have_url(re.compile("all=1"))
    status(page, re.compile(f"^(?!{either} )"))
    status(page, ANY_PAPERS)
    both = int(str(page.locator("#search-status").text_content()).split()[0])
    assert 0 < both < either
    page.goto(page.url.replace("gradient", "unheardof"))
    status(page, "0 papers")
    page.get_by_role("link", name="Search for any of the words").click()
    status(page, ANY_PAPERS)
    assert "all" not in question(page)


def test_a_misspelt_word_offers_its_nearest_known_word(open_page: Open) -> None:
    page = open_page("/search/?q=reinforcemnet")
    status(page, "0 papers")
    page.locator("#search-empty").get_by_role("link", name="reinforcement").click()
    status(page, ANY_PAPERS)
    assert question(page) == {"q": ["reinforcement"]}


def test_a_misspelt_word_beside_known_ones_is_asked_about_beside_the_results(
    open_page: Open,
) -> None:
    page = open_page("/search/?q=reinforcemnet+learning&year=2025")
    status(page, ANY_PAPERS)
    expect(page.locator(".search-note")).to_have_text("Did you mean reinforcement learning?")
    page.locator(".search-note a").click()
    expect(page.locator("#search-q")).to_have_value("reinforcement learning")
    assert question(page) == {"q": ["reinforcement learning"], "year": ["2025"]}


def test_the_passage_that_was_meant_takes_the_place_of_the_excerpt_and_nothing_moves(
    open_page: Open,
) -> None:
    page = open_page("/search/?q=")
    slow(page, r"/api/papers/", 0.3)
    ask(page, "dataset benchmarks")
    waiting = page.locator(".awaits:not(.improved)")
    expect(waiting.first).to_be_visible()
    bottoms = "all => all.map(one => Math.round(one.getBoundingClientRect().bottom + scrollY))"
    before = page.locator("li.paper").evaluate_all(bottoms)
    expect(waiting).to_have_count(0, timeout=20_000)
    expect(page.locator(".improved mark").first).to_be_attached()
    assert page.locator("li.paper").evaluate_all(bottoms) == before


def test_nothing_found_offers_a_way_on(open_page: Open) -> None:
    page = open_page("/search/?q=robotic+quirkology&year=1999&all=1")
    status(page, "0 papers")
    page.get_by_role("link", name="Search without the filters").click()
    status(page, "0 papers")
    assert question(page) == {"q": ["robotic quirkology"], "all": ["1"]}
    for place in ("topics", "archive", "topics/robotics"):
        expect(page.locator(f"#search-empty a[href$='/{place}/']")).to_be_visible()


def test_the_beginning_says_how_to_ask_and_offers_topics(open_page: Open) -> None:
    page = open_page("/search/")
    status(page, "92 papers in all")
    expect(page.get_by_role("heading", name="How to ask")).to_be_visible()
    page.locator(".search-topics a").first.click()
    status(page, ANY_PAPERS)
    assert list(question(page)) == ["topic"]
    expect(page.get_by_role("heading", name="How to ask")).not_to_be_visible()


@pytest.mark.parametrize(
    "query",
    [
        "<img src=x onerror=alert(1)>",
        "attention:",
        "~",
        "+",
        "-",
        "a^9999999999 b~99",
        '"quoted \\ words',
        "注意力 γ-divergence",
        "\u202e\u0000%00",
        "constructor __proto__ hasOwnProperty",
        "*** title:*",
        "x" * 3000,
    ],
)
def test_whatever_is_typed_is_words(open_page: Open, query: str) -> None:
    page = open_page(f"/search/?q={quote(query)}")
    status(page, re.compile("papers?$"))
    assert page.locator(".search-found img").count() == 0
    assert page.locator("#search-empty h2", has_text="does not answer").count() == 0


def test_hostile_addresses_are_told_to_find_nothing(open_page: Open) -> None:
    page = open_page("/search/?q=policy&topic=%3Cb%3E&org=__proto__&year=x&n=-1&sort=%3Ci%3E")
    status(page, "0 papers")
    assert page.locator("main :is(b, i)").count() == 0
    expect(page.locator(".search-chosen li")).to_have_count(3)
    page = open_page("/search/?q=policy&n=1e99")
    status(page, ANY_PAPERS)
    assert page.locator("li.paper").count() <= 500


def test_words_without_end_fit_a_small_phone(open_page: Open) -> None:
    words = f"q={'x' * 390}&org={'W' * 190}&topic={'y' * 80}&code=1"
    page = open_page(f"/search/?{words}", viewport={"width": 320, "height": 640})
    status(page, "0 papers")
    assert page.evaluate("document.documentElement.scrollWidth") == 320


# ------------------------------------------------------------------------------------ Filters


def test_filters_offer_their_values_with_the_papers_each_would_give(open_page: Open) -> None:
    page = open_page("/search/?q=model")
    option = page.locator("[name=topic] option").nth(2)
    expect(option).to_have_text(re.compile(r"\(\d+\)$"))
    promised = re.findall(r"\((\d+)\)$", str(option.text_content()))[0]
    page.locator("[name=topic]").select_option(index=2)
    status(page, re.compile(f"^{promised} papers?$"))


def test_chosen_filters_stand_beside_the_results_and_can_be_taken_away(open_page: Open) -> None:
    page = open_page("/search/?q=learning&year=2025&code=1&org=tiger-lab&sort=date&all=1")
    chosen = page.locator(".search-chosen li")
    expect(chosen).to_have_count(5)
    page.get_by_role("button", name="Remove All the words").click()
    page.get_by_role("button", name="Remove Newest first").click()
    expect(page.locator("[name=sort]")).to_have_value("")
    expect(page.locator("[name=all]")).not_to_be_checked()
    expect(chosen).to_have_count(3)
    page.get_by_role("button", name="Remove 2025").click()
    expect(chosen).to_have_count(2)
    expect(page.locator("[name=year]")).to_have_value("")
    assert "year" not in question(page)
    page.get_by_role("button", name="Remove tiger-lab").click()
    expect(page.locator("[name=org]")).to_have_value("")
    expect(chosen).to_have_text(["With code×"])


def test_an_organization_is_found_by_a_part_of_its_name(open_page: Open) -> None:
    page = open_page("/search/?q=learning")
    offered = page.locator("#organizations option")
    expect(offered.first).to_be_attached()
    page.locator("[name=org]").focus()
    page.keyboard.type("tiger")
    expect(offered).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("org=TIGER-Lab"))
    expect(page.locator("[name=org]")).to_have_value("TIGER-Lab")
    status(page, ANY_PAPERS)


def test_of_many_organizations_the_most_frequent_are_offered_and_all_can_be_found(
    browser: Browser, tmp_path: Path
) -> None:
    papers = [
        {"id": f"p{number}", "title": f"Paper {number}", "organization": f"Institute {name}"}
        for number, name in enumerate([*range(80), 77])
    ]
    sources = [{"name": "list", "type": "json", "path": "papers.json"}]
    (tmp_path / "content").mkdir()
    (tmp_path / "content/site.yml").write_text(
        json.dumps({"title": "Many", "base_url": "https://example.org/", "sources": sources})
    )
    (tmp_path / "papers.json").write_text(json.dumps(papers))
    for command in (["pull", "--offline"], ["build"]):
        done = broadsheet(*command, site=tmp_path)
        assert done.returncode == 0, done.stderr
    page = browser.new_page()
    with served(tmp_path / "output") as address:
        page.goto(f"{address}search/?q=paper")
        offered = page.locator("#organizations option")
        expect(offered).to_have_count(50)
        expect(offered.first).to_have_attribute("value", "Institute 77")
        page.locator("[name=org]").fill("institute 79")
        expect(offered).to_have_count(1)
        page.keyboard.press("Enter")
        status(page, "1 paper")
        expect(page.locator(".search-chosen li")).to_have_text(["Institute 79×"])
    page.close()


def test_a_phone_asks_for_the_counts_only_once_the_filters_are_opened(open_page: Open) -> None:
    page = open_page("/about:blank", viewport=PHONE)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page.url.replace("about:blank", "search/?q=model"))
    status(page, ANY_PAPERS)
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if "/search/facets/" in url]
    expect(page.locator("[name=topic]")).not_to_be_visible()
    page.locator(".search-filters summary").click()
    expect(page.locator("[name=topic] option").nth(2)).to_be_attached()
    assert [url for url in asked if "/search/facets/" in url]


# -------------------------------------------------------------------------------------- Worker


def test_a_worker_holds_the_index_and_the_page_is_never_blocked(open_page: Open) -> None:
    page = open_page("/search/")
    status(page, re.compile("in all$"))
    assert [urlsplit(worker.url).path for worker in page.workers] == [
        "/some/papers/search/worker.js"
    ]
    page.evaluate("""() => {
        window.blocked = [];
        new PerformanceObserver((list) => list.getEntries().forEach(
            (entry) => window.blocked.push(entry.duration))).observe({ type: "longtask" });
    }""")
    page.keyboard.type("reinforcement learning agents", delay=20)
    expect(page).to_have_url(re.compile("agents$"))
    expect(page.locator("li.paper")).to_have_count(10)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.blocked") == []


def test_the_page_itself_answers_where_workers_are_missing(browser: Browser, address: str) -> None:
    context = browser.new_context()
    context.add_init_script(WITHOUT_WORKERS)
    page = context.new_page()
    page.goto(f"{address}search/?q=policy")
    status(page, ANY_PAPERS)
    expect(page.locator("[name=topic] option").nth(2)).to_be_attached()
    assert page.workers == []
    context.close()


def test_the_page_itself_answers_where_the_worker_does_not_start(
    browser: Browser, address: str
) -> None:
    context = browser.new_context()
    context.add_init_script("""window.Worker = class extends Worker {
        constructor(url, options) { super(trustedTypes.createPolicy("elsewhere", {
            createScriptURL: () => `${url}.missing` }).createScriptURL(""), options); } };""")
    page = context.new_page()
    page.goto(f"{address}search/?q=policy")
    status(page, ANY_PAPERS)
    context.close()


# ------------------------------------------------------------------------------ Slow and broken


def test_offline_is_said_and_ends_with_the_connection(browser: Browser, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}search/?q=policy")
    status(page, ANY_PAPERS)
    context.set_offline(True)
    ask(page, "unheard~1")
    status(page, "You are offline")
    context.set_offline(False)
    status(page, re.compile("papers?$"))
    context.close()


def test_a_failure_is_told_and_can_be_tried_again(browser: Browser, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    context.route("**/search/manifest.json", lambda route: route.fulfill(status=503))
    page.goto(f"{address}search/?q=policy")
    expect(page.locator("#search-empty h2")).to_have_text("The search does not answer")
    context.unroute("**/search/manifest.json")
    page.get_by_role("button", name="Try again").click()
    status(page, ANY_PAPERS)
    expect(page.locator("#search-empty")).not_to_be_visible()
    context.close()


def test_a_slow_answer_is_announced(browser: Browser, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    slow(context, r"/search/manifest\.json", 1)
    page.goto(f"{address}search/?q=policy", wait_until="commit")
    status(page, "Searching …")
    expect(page.locator(".search-found")).to_have_attribute("aria-busy", "true")
    status(page, ANY_PAPERS)
    expect(page.locator(".search-found")).to_have_attribute("aria-busy", "false")
    context.close()


def test_where_the_script_does_not_come_the_page_says_so(browser: Browser, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    context.route("**/search/page.js*", lambda route: route.abort())
    page.goto(f"{address}search/")
    expect(page.locator(".search-still")).to_be_visible(timeout=10_000)
    context.close()


@pytest.mark.parametrize("url", ["/search/", "/search/?q=policy+gradient&year=2025&code=1"])
@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desktop", "phone"])
def test_nothing_jumps_while_the_page_arrives(
    open_page: Open, url: str, viewport: dict[str, int] | None
) -> None:
    page = open_page(url, **({"viewport": viewport} if viewport else {}))
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)
    shift = page.evaluate("""() => new Promise((done) => {
        let sum = 0;
        new PerformanceObserver((list) => list.getEntries().forEach((e) => (sum += e.value)))
            .observe({ type: "layout-shift", buffered: true });
        setTimeout(() => done(sum), 200);
    })""")
    assert shift < 0.01


def test_without_javascript_the_page_leads_on(open_page: Open) -> None:
    page = open_page("/search/?q=policy", java_script_enabled=False)
    for place in ("topics", "archive", "feeds"):
        assert page.locator(f"main a[href$='{place}/']").first.is_visible()
    assert not page.locator(".search-filters").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize(
    ("url", "ready", "press"),
    [
        ("/search/", ".search-topics a", ""),
        ("/search/?q=reinforcemnet&year=1999&all=1", "#search-empty h2", ""),
        ("/search/?q=policy+optimi&year=2025&code=1", ".search-note strong", ""),
        ("/search/?q=policy", "li.paper", "?"),
        ("/papers/actor-critics/", ".lookup-found li", ""),
    ],
    ids=["beginning", "nothing", "filters", "keys", "missing"],
)
def test_axe_finds_nothing_in_any_state(
    open_page: Open, url: str, ready: str, press: str, viewport: dict[str, int], scheme: str
) -> None:
    page = open_page(url, viewport=viewport, color_scheme=scheme, bypass_csp=True)
    page.wait_for_selector(ready)
    if press:
        page.keyboard.press(press)
    elif page.locator(".search-filters").count():
        page.evaluate("document.querySelector('.search-filters').open = true")
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in found["violations"]] == []


# ---------------------------------------------------------------------------------------- Keys


def test_keys_lead_to_the_search_box_but_not_while_typing(open_page: Open) -> None:
    page = open_page("/topics/")
    box = page.locator(".quick input")
    page.keyboard.press("/")
    expect(box).to_be_focused()
    page.keyboard.type("a/b")
    expect(box).to_have_value("a/b")
    page.keyboard.press("Escape")
    expect(box).not_to_be_focused()
    expect(box).to_have_value("a/b")
    page.keyboard.press("Control+k")
    expect(box).to_be_focused()
    page.keyboard.type("policy")
    page.keyboard.press("Enter")
    expect(page.locator("#search-q")).to_have_value("policy")


def test_keys_walk_through_the_results_and_open_one(open_page: Open) -> None:
    page = open_page("/search/?q=policy")
    links = page.locator(".paper-title a")
    expect(links).to_have_count(10)
    for key, place in [("j", 0), ("j", 1), ("ArrowDown", 2), ("k", 1), ("ArrowUp", 0), ("k", 0)]:
        page.keyboard.press(key)
        expect(links.nth(place)).to_be_focused()
    for _ in range(12):
        page.keyboard.press("j")
    expect(links.nth(9)).to_be_focused()
    expect(links.nth(9)).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(page.locator("#search-q")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(links.first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/papers/[^/]+/$"))


def test_keys_are_letters_while_one_types(open_page: Open) -> None:
    page = open_page("/search/")
    page.keyboard.type("jk?/")
    expect(page.locator("#search-q")).to_have_value("jk?/")
    expect(page.locator("dialog")).not_to_be_visible()
    page.locator("[name=org]").focus()
    page.keyboard.type("jk")
    expect(page.locator("[name=org]")).to_have_value("jk")


def test_the_arrows_scroll_as_ever_where_no_result_has_the_focus(open_page: Open) -> None:
    page = open_page("/search/?q=policy")
    expect(page.locator("li.paper")).to_have_count(10)
    page.keyboard.press("ArrowDown")
    page.wait_for_function("() => scrollY > 0")
    assert page.evaluate("document.activeElement === document.body")


def test_a_question_mark_shows_the_keys_and_escape_closes_them(open_page: Open) -> None:
    page = open_page("/search/?q=policy")
    status(page, ANY_PAPERS)
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()


def test_all_keys_can_be_switched_off_for_every_page(open_page: Open) -> None:
    page = open_page("/search/")
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Listen to these keys").uncheck()
    page.get_by_role("button", name="Close").click()
    page.goto(f"{page.url}?q=policy")
    expect(page.locator("li.paper")).to_have_count(10)
    page.keyboard.press("j")
    page.keyboard.press("?")
    assert page.evaluate("document.activeElement === document.body")
    expect(page.locator("dialog")).not_to_be_visible()
    page.goto(page.url.split("search/")[0] + "topics/")
    page.keyboard.press("/")
    expect(page.locator(".quick input")).not_to_be_focused()


# ----------------------------------------------------------------------------------------- 404


@pytest.mark.parametrize(
    "path",
    [
        "papers/actor-critics/",
        "a/deep/er/place/actor_critics.html",
        "Actor-Critics",
        "papers/actor-critics-can-acheive/",
    ],
)
def test_a_missing_page_shows_papers_that_its_address_names(
    browser: Browser, address: str, path: str
) -> None:
    page = browser.new_page()
    page.goto(address + path)
    found = page.locator(".lookup-found .paper-title")
    expect(found.first).to_have_text("Actor-Critics Can Achieve Optimal Sample Efficiency")
    assert 1 <= found.count() <= 5
    found.first.locator("a").click()
    expect(page.locator("h1")).to_have_text("Actor-Critics Can Achieve Optimal Sample Efficiency")
    page.close()


def test_a_missing_page_that_names_nothing_known_is_a_form(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}qqqqq/xxxxxzz/")
    page.wait_for_load_state("networkidle")
    expect(page.locator("#lookup")).to_have_value("xxxxxzz")
    expect(page.locator(".lookup-found")).not_to_be_visible()
    page.close()


def test_a_missing_page_without_javascript_is_a_form(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}papers/actor-critics/")
    page.locator("#lookup").fill("policy")
    page.get_by_role("button", name="Search").click()
    expect(page).to_have_url(re.compile(r"/search/\?q=policy$"))
    context.close()


def test_only_the_missing_page_and_the_search_page_fetch_the_index(
    browser: Browser, address: str
) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in ("", "topics/", "archive/"):
        page.goto(address + path)
        page.wait_for_load_state("networkidle")
    assert {urlsplit(url).path for url in asked if "/search/" in url} == {
        "/some/papers/search/quick.js"
    }
    page.close()
