"""Every page of the bundled site is valid HTML, by the W3C's own checker, and keeps the rules that
a Content-Security-Policy alone cannot hold."""

import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

from tests.command import REPOSITORY

VNU = REPOSITORY / "tests/node/node_modules/vnu-jar/build/dist/vnu.jar"


def test_the_w3c_checker_finds_no_error_on_any_page(bundled_site: Path) -> None:
    assert VNU.exists(), "vnu-jar is missing: run 'make test', which installs it"
    done = subprocess.run(
        ["java", "-jar", VNU, "--skip-non-html", "--format", "json", bundled_site / "output"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    messages = json.loads(done.stderr)["messages"]
    errors = [f"{m['url']}: {m['message']}" for m in messages if m["type"] != "info"]
    assert errors == []
    assert len(list((bundled_site / "output").rglob("*.html"))) > 140


class _Rules(HTMLParser):
    """Collects what breaks a rule."""

    def __init__(self) -> None:
        super().__init__()
        self.broken: list[str] = []
        self.policy = 0
        self.order: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.order.append(tag)
        if tag == "meta" and given.get("http-equiv") == "Content-Security-Policy":
            self.policy += 1
            if "script" in self.order or "link" in self.order:
                self.broken.append("the policy stands behind what it should rule")
        if tag == "style" or "style" in given:
            self.broken.append(f"inline style on {tag}")
        if tag == "script" and "src" not in given and given.get("type") != "application/ld+json":
            self.broken.append("inline script")
        self.broken += [f"{name} on {tag}" for name in given if re.match(r"on[a-z]", name)]


def test_every_page_has_the_policy_and_nothing_inline(bundled_site: Path) -> None:
    for place in (bundled_site / "output").rglob("*.html"):
        rules = _Rules()
        rules.feed(place.read_text())
        assert rules.broken == [], place
        assert rules.policy == 1, place


def test_every_script_names_the_others_by_the_version_that_pages_name(bundled_site: Path) -> None:
    """Nobody runs a new module together with an old one that a browser kept."""
    output = bundled_site / "output"
    scripts = {place: place.read_text() for place in output.rglob("*.js")}
    named = {
        (place.parent / name).resolve().relative_to(output.resolve()).as_posix(): version
        for place, text in scripts.items()
        for name, version in re.findall(r'"(\.[\w./-]+\.js)(?:\?v=(\w+))?"', text)
    }
    assert {"search/search.js", "search/words.js", "search/worker.js"} <= named.keys()
    assert "" not in named.values()
    page = (output / "search/index.html").read_text()
    asked = re.findall(r'(?:href|src)="([\w./]+\.js)\?v=(\w+)"', page)
    preloaded = {name.removeprefix("../"): version for name, version in asked}
    shared = preloaded.keys() & named.keys()
    assert len(shared) >= 5
    assert {name: preloaded[name] for name in shared} == {name: named[name] for name in shared}
