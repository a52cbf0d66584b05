"""The files machines look for at a site's root."""

import json
from datetime import date
from xml.etree import ElementTree

import pytest

from generator.publish.sitemap import (
    URLS_PER_SITEMAP,
    nojekyll,
    opensearch,
    render_sitemap,
    robots,
    web_manifest,
)

BASE = "https://example.org/a/papers/"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
HOSTILE = "A ]]> <script>alert(1)</script> & \"'\x00\x0b\x1f\ufffe \U0001f98a \u05d0\u05d1"


def test_a_sitemap_names_every_page_absolutely_with_the_day_it_changed() -> None:
    (file,) = render_sitemap([("/", date(2025, 11, 26)), ("/papers/2507.22565/", None)], BASE)
    pages = ElementTree.fromstring(file.content).findall(f"{SITEMAP}url")
    assert file.path == "sitemap.xml"
    assert [page.findtext(f"{SITEMAP}loc") for page in pages] == [BASE, BASE + "papers/2507.22565/"]
    assert [page.findtext(f"{SITEMAP}lastmod") for page in pages] == ["2025-11-26", None]


def test_a_sitemap_of_exactly_the_limit_stays_one_file() -> None:
    urls = [(f"/papers/{number}/", None) for number in range(URLS_PER_SITEMAP)]
    (file,) = render_sitemap(urls, BASE)
    assert len(ElementTree.fromstring(file.content)) == URLS_PER_SITEMAP == 50_000
    assert len(file.content) < 50 * 1024 * 1024


def test_more_pages_than_a_sitemap_may_hold_are_sharded_under_an_index() -> None:
    last = ("/papers/last/", date(2024, 1, 2))
    urls = [*((f"/papers/{number}/", None) for number in range(URLS_PER_SITEMAP)), last]
    files = {file.path: ElementTree.fromstring(file.content) for file in render_sitemap(urls, BASE)}
    assert list(files) == ["sitemap-1.xml", "sitemap-2.xml", "sitemap.xml"]
    shards = files["sitemap.xml"].findall(f"{SITEMAP}sitemap")
    assert [shard.findtext(f"{SITEMAP}loc") for shard in shards] == [
        BASE + "sitemap-1.xml",
        BASE + "sitemap-2.xml",
    ]
    assert [shard.findtext(f"{SITEMAP}lastmod") for shard in shards] == [None, "2024-01-02"]
    assert len(files["sitemap-1.xml"]) == 50_000
    assert files["sitemap-2.xml"][0].findtext(f"{SITEMAP}loc") == BASE + "papers/last/"


def test_an_address_with_characters_a_url_may_not_hold_is_encoded() -> None:
    (file,) = render_sitemap([("/über uns/<&>/", None), ("/a%20b/", None)], BASE)
    found = [loc.text for loc in ElementTree.fromstring(file.content).iter(f"{SITEMAP}loc")]
    assert found == [BASE + "%C3%BCber%20uns/%3C&%3E/", BASE + "a%20b/"]


def test_robots_may_read_everything_and_are_told_of_the_sitemap() -> None:
    file = robots(BASE)
    assert file.path == "robots.txt"
    assert file.content.decode().splitlines() == [
        "User-agent: *",
        "Allow: /",
        "",
        f"Sitemap: {BASE}sitemap.xml",
    ]


def test_opensearch_leads_to_the_search_page() -> None:
    file = opensearch("Daily Papers", "New papers & more", BASE, "en")
    root = ElementTree.fromstring(file.content)
    templates = {url.get("type"): url.attrib for url in root.findall(f"{OPENSEARCH}Url")}
    assert root.tag == f"{OPENSEARCH}OpenSearchDescription"
    assert templates["text/html"]["template"] == f"{BASE}search/?q={{searchTerms}}"
    own = templates["application/opensearchdescription+xml"]
    assert (own["rel"], own["template"]) == ("self", BASE + "opensearch.xml")
    assert root.findtext(f"{OPENSEARCH}Description") == "New papers & more"


@pytest.mark.parametrize(
    ("title", "short"),
    [
        ("Daily Papers", "Daily Papers"),
        ("Sixteen letters!", "Sixteen letters!"),
        ("The Broadsheet of Robotics", "The Broadsheet"),
        ("Papers, Preprints and Posters", "Papers"),
        ("Donaudampfschifffahrt", "Donaudampfschiff"),
        ("", "Search"),
    ],
)
def test_a_long_title_is_cut_at_a_word_for_the_browser(title: str, short: str) -> None:
    root = ElementTree.fromstring(opensearch(title, "", BASE, "en").content)
    found = root.findtext(f"{OPENSEARCH}ShortName") or ""
    assert found == short
    assert len(found) <= 16
    assert root.findtext(f"{OPENSEARCH}Description")


def test_hostile_words_neither_break_nor_mark_up_the_opensearch_description() -> None:
    root = ElementTree.fromstring(opensearch(HOSTILE, HOSTILE, BASE, "en").content)
    assert "<script>alert(1)</script>" in (root.findtext(f"{OPENSEARCH}Description") or "")
    assert not list(root.iter("script"))


def test_the_web_manifest_works_under_any_sub_path() -> None:
    file = web_manifest("Daily Papers of Robotics", HOSTILE, "en")
    manifest = json.loads(file.content)
    assert file.path == "manifest.webmanifest"
    assert manifest["start_url"] == manifest["scope"] == "./"
    assert manifest["short_name"] == "Daily Papers of"
    icons = [icon["src"] for icon in manifest["icons"]]
    assert not any(source.startswith(("/", "http")) for source in icons)


def test_github_pages_is_told_to_serve_files_as_they_are() -> None:
    assert (nojekyll().path, nojekyll().content) == (".nojekyll", b"")


def test_the_same_input_gives_the_same_bytes() -> None:
    urls = [("/", date(2025, 1, 1)), ("/topics/", None)]
    assert list(render_sitemap(urls, BASE)) == list(render_sitemap(urls, BASE))


def test_a_theme_without_an_icon_promises_none() -> None:
    assert b"icon" not in opensearch("A", "", BASE, "en", "").content.replace(b"icons", b"")
    assert "icons" not in json.loads(web_manifest("A", "", "en", "").content)
