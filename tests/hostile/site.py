"""A site whose sources and pages say hostile things in every field they have."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from generator.text.safety import safe_url

HERE = Path(__file__).parent
BASE_URL = "https://site.example/some/papers/"
DAY = "2025-11-26"
CLOCK = {"SOURCE_DATE_EPOCH": "1764115200"}
"""The same day, in seconds."""
BREAKOUT = "\"'></title></script><script>ran=1</script><img src=x onerror=ran=1>{{ 7*191 }}"
"""What leaves an attribute, a title, a script and a template at once."""
JSON_FIELDS = ("title", "abstract", "authors", "organization", "venue", "keywords")
"""Fields of the `json` source that may say anything."""
CARRIERS = {
    "url": "https://evil.example/{}",
    "pdf": "https://evil.example/?q={}",
    "code": "https://evil.example/#{}",
    "doi": "10.1234/{}",
}
"""Fields that must be an address, and how one can carry a text."""
TYPED_FIELDS = ("url", "pdf", "code", "doi", "date", "topics", "comments", "upvotes")
"""Fields of which a record with any text in them is left out."""


def read_lines(name: str) -> list[str]:
    """The texts of a collection in this folder."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines]


SCRIPTS = read_lines("xss.jsonl")
TERMINALS = read_lines("terminal.jsonl")
IDS = read_lines("ids.jsonl")
TEXTS = [*SCRIPTS, *TERMINALS]


def chunks(texts: Sequence[str], size: int) -> list[Sequence[str]]:
    """The texts in runs of `size`."""
    return [texts[start : start + size] for start in range(0, len(texts), size)]


def year_of(number: int) -> int:
    """A year of its own for each text: papers of one title and year are one paper."""
    return 1700 + number


def speaking_records() -> Iterator[dict[str, Any]]:
    """One a text, which stands alone in every field that may say anything."""
    for number, text in enumerate(TEXTS):
        yield {
            "id": f"a{number}",
            "title": text,
            "abstract": text,
            "authors": [text, "Ada"],
            "organization": text,
            "venue": text,
            "keywords": [text, "end"],
            "date": f"{year_of(number)}-01-01",
        }


def linking_records() -> Iterator[dict[str, Any]]:
    """One a text, which stands in the id and wherever an address can carry it."""
    for number, text in enumerate([*TEXTS, *IDS]):
        links = {field: carrier.format(text) for field, carrier in CARRIERS.items()}
        intact = {field: url for field, url in links.items() if safe_url(url)}
        yield {"id": text, "title": f"Links {number}", **intact}
        yield {"title": f"Alone {number}", "doi": links["doi"]}


def mistyped_records() -> Iterator[Any]:
    """Records that must be left out, each with a message that quotes a hostile text."""
    for text in TEXTS:
        yield {"title": "Wrong", **dict.fromkeys(TYPED_FIELDS, text)}
        yield {"title": {text: text}, "authors": {text: 1}, "keywords": [{text: text}]}
        yield text
        yield {"id": text, "upvotes": text}


def daily_items() -> Iterator[dict[str, Any]]:
    """Items of Hugging Face's API with several texts in every field."""
    for number, texts in enumerate(chunks(TEXTS, 4)):
        text = " ".join(texts).encode("utf-8", "replace").decode()
        paper = {
            "id": text,
            "title": f"Daily {number} {text}",
            "summary": text,
            "authors": [{"name": text}, {"name": {text: text}}],
            "organization": {"name": text, "fullname": f"{number} {text}"},
            "githubRepo": text,
            "projectPage": f"javascript:{text}",
            "githubStars": 10**15,
            "upvotes": 10**15,
            "ai_summary": text,
            "ai_keywords": list(texts[:1]) and [text],
            "publishedAt": f"{year_of(number)}-01-01T00:00:00.000Z",
        }
        yield {"paper": paper, "numComments": text, "thumbnail": "javascript:ran=1"}


def write_site(folder: Path, endpoint: str) -> None:
    """Everything below content/ before a pull. `endpoint` answers as Hugging Face's API."""
    content = folder / "content"
    for name in ("topics", "sources", "days", "pages", "papers/2025"):
        (content / name).mkdir(parents=True)
    (content / "site.yml").write_text(_settings(endpoint))
    _write_records(content / "sources/speaking.json", speaking_records())
    _write_records(content / "sources/linking.json", linking_records())
    _write_lines(content / "sources/mistyped.jsonl", mistyped_records())
    for number, texts in enumerate(chunks(_written(TEXTS), 16)):
        _write_curated(content, number, texts)
    everything = "\n\n".join(_written(SCRIPTS))
    (content / f"days/{DAY}.md").write_text(f"{_front({'title': BREAKOUT})}{everything}\n")


def _settings(endpoint: str) -> str:
    """site.yml; JSON is YAML."""
    sources = [
        {"name": name, "type": "json", "path": f"content/sources/{path}"}
        for name, path in (
            ("speaking", "speaking.json"),
            ("linking", "linking.json"),
            ("mistyped", "mistyped.jsonl"),
        )
    ]
    daily = {"name": "daily", "type": "huggingface", "since": DAY, "endpoint": endpoint}
    settings = {
        "title": BREAKOUT,
        "description": " ".join(_written(SCRIPTS[:40])),
        "base_url": BASE_URL,
        "curators": _written(TEXTS),
        "theme_options": {"subscribe_url": "https://evil.example/?'onclick='ran=1"},
        "sources": [*sources, daily],
        "feeds": {"entries": 1000},
    }
    return _yaml(settings) + "\n"


def _yaml(value: Any) -> str:
    """A value as YAML in its flow style, all but ASCII escaped."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_yaml(k)}: {_yaml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_yaml, value))}]"
    if isinstance(value, int):
        return str(value)
    if len(value) == 10 and value[:2] == "20":
        return value
    return '"' + "".join(map(_yaml_character, value)) + '"'


def _yaml_character(character: str) -> str:
    if " " <= character <= "~" and character not in '"\\':
        return character
    return f"\\U{ord(character):08x}"


def _write_records(place: Path, records: Iterator[Any]) -> None:
    place.write_text(json.dumps(list(records)))


def _write_lines(place: Path, records: Iterator[Any]) -> None:
    place.write_text("".join(f"{json.dumps(record)}\n" for record in records))


def _written(texts: Sequence[str]) -> list[str]:
    """The texts as a text file can hold them."""
    return [text.encode("utf-8", "replace").decode().replace("\0", "") for text in texts]


def _front(values: dict[str, Any]) -> str:
    lines = "".join(f"{_yaml(key)}: {_yaml(value)}\n" for key, value in values.items())
    return f"---\n{lines}---\n"


def _write_curated(content: Path, number: int, texts: Sequence[str]) -> None:
    """A topic, a page and a paper that somebody contributed by hand."""
    line, body = " ".join(texts), "\n\n".join(texts)
    topic = {"title": line, "summary": line, "rule": {"organizations": list(texts)}}
    (content / f"topics/t{number}.md").write_text(f"{_front(topic)}{body}\n")
    (content / f"pages/p{number}.md").write_text(f"{_front({'title': line})}{body}\n")
    paper = {
        "title": line,
        "added": f"2024-01-{number % 28 + 1:02d}",
        "authors": list(texts),
        "organization": line,
        "topics": [f"t{number}"],
        "links": dict.fromkeys(texts, "https://evil.example/"),
        "source": line,
        "venue": line,
        "categories": list(texts),
        "keywords": list(texts),
        "summary": line,
        "upvotes": 10**15,
        line[:100]: line,
    }
    page = f"{_front(paper)}{body}\n\n## Notes\n\n{body}\n"
    (content / f"papers/2025/c{number}.md").write_text(page)
