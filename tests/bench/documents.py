"""The papers that everybody takes: the first lines of the shared corpus, with topics by the
rules of this repository's own site and organisations that are made up, so that facets have
something to count. Where the corpus is missing, papers of made-up words stand in for it.

All take the same texts: `plain.jsonl` is what the peers read, `papers.jsonl` the same as papers,
`normalised.jsonl` what our index holds, for those who judge it."""

import json
import lzma
import random
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from hashlib import blake2b
from itertools import accumulate, islice
from pathlib import Path
from typing import Any

import orjson

from generator.library.merge import classify
from generator.library.pages import parse_topic
from generator.model import Library, Link, Paper, Topic
from generator.publish.search import search_documents
from generator.text.plain import clean_text, markdown_from_plain, plain_text, plain_title
from generator.text.slug import is_paper_slug, paper_slug

REPOSITORY = Path(__file__).parents[2]
CORPUS = REPOSITORY.parent / "shared/corpora/papers-100k.jsonl.xz"
KEPT = REPOSITORY / ".broadsheet/bench"
"""What is made once and used by every run."""
ORGANIZATIONS = 60
BATCH = 500
RULES = ("text", "library/topics.py", "library/merge.py")
"""What in `generator/` decides how a paper looks that was prepared."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The prepared papers of one size, as files with a JSON object a line."""

    size: int
    papers: Path
    """Papers, as `paper_of` reads them."""
    plain: Path
    """{id, and a plain text of each indexed field}."""
    normalised: Path
    """The same, as indexed."""


def inputs(size: int) -> Inputs:
    """The first `size` papers, prepared now or by an earlier run."""
    papers = papers_file(size)
    made = Inputs(
        size, papers, papers.with_name("plain.jsonl"), papers.with_name("normalised.jsonl")
    )
    _made(made.plain, RULES, lambda: map(_plain, read_lines(papers)))
    _made(made.normalised, (*RULES, "publish"), lambda: search_documents(library(papers)))
    return made


def papers_file(size: int) -> Path:
    """The first `size` papers alone: the `papers` of the inputs."""
    folder = KEPT / f"inputs-{size}{'' if CORPUS.is_file() else '-synthetic'}"
    folder.mkdir(parents=True, exist_ok=True)
    papers = folder / "papers.jsonl"
    _made(papers, RULES, lambda: _papers(size))
    return papers


def read_lines(path: Path) -> Iterator[Any]:
    """The JSON value of each line."""
    with path.open("rb") as lines:
        yield from map(orjson.loads, lines)


def library(papers: Path) -> Library:
    """All papers of a file, with the topics of this repository's site."""
    found = (paper_of(record) for record in read_lines(papers))
    return Library(papers={paper.id: paper for paper in found}, topics=topics(), days={}, pages={})


def paper_of(record: dict[str, Any]) -> Paper:
    """A line of `papers.jsonl`."""
    day = date.fromisoformat(record["date"])
    code = f"https://example.org/code/{record['id']}"
    return Paper(
        id=record["id"],
        title=record["title"],
        abstract=record["markdown"],
        date=day,
        added=day,
        authors=tuple(record["authors"]),
        organization=record["organization"],
        topics=tuple(record["topics"]),
        venue=record["venue"],
        links=(Link(kind="code", url=code),) if record["code"] else (),
    )


@cache
def topics() -> dict[str, Topic]:
    """The topics of this repository's site by slug."""
    places = sorted((REPOSITORY / "content/topics").glob("*.md"))
    found = (
        parse_topic(place.read_text("utf-8"), f"content/topics/{place.name}") for place in places
    )
    return {topic.slug: topic for topic in found}


def _made(
    path: Path, sources: tuple[str, ...], values: Callable[[], Iterable[dict[str, Any]]]
) -> None:
    """Write the values, a line each, unless the file is there and the code it depends on is what
    it was: this module and the `sources` in `generator/`."""
    stamp, digest = path.with_suffix(".of"), _digest(sources)
    if stamp.is_file() and stamp.read_text() == digest:
        return
    stamp.unlink(missing_ok=True)
    with path.open("wb") as file:
        file.writelines(orjson.dumps(value) + b"\n" for value in values())
    stamp.write_text(digest)


def _digest(sources: Iterable[str]) -> str:
    digest = blake2b(Path(__file__).read_bytes())
    for source in sources:
        place = REPOSITORY / "generator" / source
        for module in sorted(place.glob("*.py")) if place.is_dir() else [place]:
            digest.update(module.read_bytes())
    return digest.hexdigest()


def _papers(size: int) -> Iterator[dict[str, Any]]:
    records = _corpus(size) if CORPUS.is_file() else _synthetic(size)
    with ProcessPoolExecutor() as pool:
        yield from pool.map(_paper, records, chunksize=BATCH)


def _corpus(size: int) -> Iterator[dict[str, Any]]:
    with lzma.open(CORPUS, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, islice(lines, size))


def _paper(record: dict[str, Any]) -> dict[str, Any]:
    """A line of the corpus as one of `papers.jsonl`: its title and abstract as plain text."""
    number = int.from_bytes(blake2b(record["id"].encode(), digest_size=4).digest())
    identity = record["id"] if is_paper_slug(record["id"]) else paper_slug(key=record["id"])
    paper = Paper(
        id=identity,
        title=plain_title(record["title"]),
        abstract=markdown_from_plain(plain_text(markdown_from_plain(record["abstract"]))),
    )
    return {
        "id": paper.id,
        "title": paper.title,
        "markdown": paper.abstract,
        "authors": record["authors"],
        "date": record["date"],
        "venue": record["venue"],
        "organization": f"Institute {number % ORGANIZATIONS}" if number % 3 == 0 else "",
        "topics": classify(paper, topics()),
        "code": number % 5 == 0,
    }


def _plain(record: dict[str, Any]) -> dict[str, str]:
    return {
        "id": record["id"],
        "title": record["title"],
        "authors": " ".join(record["authors"]),
        "organization": record["organization"],
        "keywords": "",
        "topics": " ".join(topics()[slug].title for slug in record["topics"]),
        "venue": record["venue"],
        "abstract": clean_text(plain_text(record["markdown"])),
    }


# -- without the corpus ----------------------------------------------------------------------------


def _synthetic(size: int) -> Iterator[dict[str, Any]]:
    """Papers of made-up words, as often as Zipf's law has it; the same every time."""
    dice = random.Random(size)
    words = sorted({_word(dice) for _ in range(40_000)})
    dice.shuffle(words)
    weights = list(accumulate(1 / (rank + 2) for rank in range(len(words))))
    names = [f"{_word(dice)} {_word(dice)}".title() for _ in range(size // 2 + 1)]
    for number in range(size):
        text = dice.choices(words, cum_weights=weights, k=150)
        yield {
            "id": f"synthetic-{number}",
            "title": " ".join(dice.choices(words, cum_weights=weights, k=8)).capitalize(),
            "abstract": " ".join(text).capitalize() + ".",
            "authors": dice.sample(names, k=min(len(names), 3)),
            "date": (date(2000, 1, 1) + timedelta(days=number % 9_000)).isoformat(),
            "venue": f"{dice.choice(['ACL', 'ICML', 'NEURIPS'])} {2000 + number % 25}",
        }


def _word(dice: random.Random) -> str:
    return "".join(dice.choice("bdfgklmnprstvz") + dice.choice("aeiou") for _ in range(3))
