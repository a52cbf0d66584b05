"""The search index as static files: what lunr.js 2.3.9 would build of the same documents, cut
into shards that a browser fetches as a query needs them.

This module owns the format of everything below `search/` except the reader, `search.js`, which is
the theme's. What a word is, `text.words` says. The shards hold what does not change when another
paper comes in (document numbers, frequencies, lengths); weights, which do change, are worked out
by the reader from the totals in the manifest.

- `manifest.json`: {format, lunr, k1, b, documents, fields: [{name, boost, length}], topics:
  {slug: title}, terms: [[first term, file]], words: [[shortest, longest, file]], records: {size,
  files}, attributes: file}. `length` is the field's length in all documents together, in terms;
  files are named relative to `search/`, without `.json`.
- `terms/HASH.json`: {term: [[field, document gaps, frequencies, lengths]]}, ascending. Document 0
  is the oldest paper; a gap counts from the document before, the first from 0; frequencies are 0
  where all are 1; lengths are those of the field in these documents.
- `words/HASH.json`: [[length, "all words of that length, ascending, run together"]]: the whole
  vocabulary, for the wildcards and fuzzy terms that the order of terms does not help.
- `records/NUMBER-HASH.json`: what is shown of `size` documents: [[id, title, authors, date,
  organization, topics, 1 if it has code, excerpt]].
- `attributes/HASH.json`: {organizations: names, topics: slugs, date: day of each document as a
  number YYYYMMDD or 0, organization: place in the names or -1, topic: places in the slugs, code:
  0 or 1}, for filters and for sorting by date.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from hashlib import blake2b
from itertools import groupby, pairwise
from typing import Any, TypeAlias
from zlib import crc32

import orjson

from generator.model import File, Library, Paper
from generator.text.words import FIELDS, document_text, index_terms
from generator.text.plain import clean_line, excerpt, plain_text, plain_title

FORMAT = 1
"""The format above; another number means that an older `search.js` cannot read the index."""
LUNR_VERSION = "2.3.9"
"""The lunr.js whose index and ranking this is."""
K1 = 1.2
B = 0.75
"""lunr's defaults: how soon a repeated term saturates, and how much a long field is discounted."""

RECORDS_PER_SHARD = 32
MAX_SHARD = 48_000
"""Bytes, roughly. A shard of terms or words ends before it grows over this; one term may."""
AUTHORS_SHOWN = 4

Places: TypeAlias = "array[int]"
"""Where a term stands in a field: document, frequency, length of the field, document, …"""


def search_documents(library: Library) -> Iterator[dict[str, str]]:
    """Give each paper's `id` and the normalised text of every indexed field, exactly as indexed.

    The oldest paper comes first and is document 0, so that a new paper moves no other."""
    for paper in _numbered(library):
        yield {"id": paper.id, **_document(paper, plain_text(paper.abstract), library)}


def render_search(library: Library) -> Iterator[File]:
    """Give the files below `search/` that `search.js` reads.

    `library` holds the papers that may be found, and no others. The same library gives the same
    bytes; the manifest comes last."""
    papers = _numbered(library)
    index, records = _Index(), []
    for paper in papers:
        abstract = plain_text(paper.abstract)
        index.add(_document(paper, abstract, library))
        records.append(_record(paper, abstract, library))
    manifest = _manifest(index, library)
    for kind, shards in (("terms", _term_shards(index)), ("words", _word_shards(index))):
        for file, *place in shards:
            manifest[kind].append([*place, _name(file)])
            yield file
    for file in _record_shards(records):
        manifest["records"]["files"].append(_name(file))
        yield file
    attributes = _shard("attributes/", _attributes(papers, library))
    manifest["attributes"] = _name(attributes)
    yield attributes
    yield File(path="search/manifest.json", content=orjson.dumps(manifest))


def _numbered(library: Library) -> list[Paper]:
    """The papers in the order of their document numbers."""
    return sorted(library, key=lambda paper: (paper.added or paper.date or date.min, paper.id))


def _document(paper: Paper, abstract: str, library: Library) -> dict[str, str]:
    """The text of each indexed field; `abstract` is the paper's as plain text."""
    texts = {
        "title": plain_title(paper.title),
        "authors": " ".join(paper.authors),
        "organization": paper.organization,
        "keywords": " ".join(paper.keywords),
        "topics": " ".join(library.topics[slug].title for slug in _topics(paper, library)),
        "venue": paper.venue,
        "abstract": abstract,
    }
    return {field: document_text(texts[field]) for field in FIELDS}


def _topics(paper: Paper, library: Library) -> list[str]:
    return [slug for slug in paper.topics if slug in library.topics]


class _Index:
    """An inverted index that grows document by document."""

    def __init__(self) -> None:
        self.documents = 0
        self.lengths = [0] * len(FIELDS)
        """Of each field: its length in all documents together."""
        self.postings: dict[str, dict[int, Places]] = {}
        """Of each term: its places in each field that holds it."""

    def add(self, document: Mapping[str, str]) -> None:
        for number, field in enumerate(FIELDS):
            terms = index_terms(document[field])
            self.lengths[number] += len(terms)
            for term, frequency in Counter(terms).items():
                places = self.postings.setdefault(term, {}).setdefault(number, array("I"))
                places.extend((self.documents, frequency, len(terms)))
        self.documents += 1


def _manifest(index: _Index, library: Library) -> dict[str, Any]:
    """All of the manifest but the names of the shards."""
    return {
        "format": FORMAT,
        "lunr": LUNR_VERSION,
        "k1": K1,
        "b": B,
        "documents": index.documents,
        "fields": [
            {"name": name, "boost": boost, "length": length}
            for (name, boost), length in zip(FIELDS.items(), index.lengths, strict=True)
        ],
        "topics": {topic.slug: topic.title for topic in library.topics.values()},
        "terms": [],
        "words": [],
        "records": {"size": RECORDS_PER_SHARD, "files": []},
        "attributes": "",
    }


def _term_shards(index: _Index) -> Iterator[tuple[File, str]]:
    """The shards of terms, each with its first term."""
    postings = index.postings

    def size(term: str) -> int:
        return len(term) + sum(8 + 2 * len(places) for places in postings[term].values())

    for shard in _cut(sorted(postings), size):
        content = {term: _format_postings(postings[term]) for term in shard}
        yield _shard("terms/", content), shard[0]


def _format_postings(postings: Mapping[int, Places]) -> list[list[Any]]:
    return [[field, *_columns(places)] for field, places in sorted(postings.items())]


def _columns(places: Places) -> tuple[list[int], list[int] | int, list[int]]:
    documents, frequencies, lengths = places[::3], places[1::3], places[2::3]
    gaps = [after - before for before, after in pairwise((0, *documents))]
    once = all(frequency == 1 for frequency in frequencies)
    return gaps, 0 if once else list(frequencies), list(lengths)


def _word_shards(index: _Index) -> Iterator[tuple[File, int, int]]:
    """The shards of the vocabulary, each with the lengths of its shortest and longest word."""
    words = sorted(index.postings, key=lambda word: (len(word), word))
    for shard in _cut(words, len):
        content = [[length, "".join(same)] for length, same in groupby(shard, key=len)]
        yield _shard("words/", content), len(shard[0]), len(shard[-1])


def _cut(words: Sequence[str], size: Callable[[str], int]) -> Iterator[list[str]]:
    """Cut a sequence into shards of bounded size. A shard that is half full also ends before
    certain words, so that a new word moves the cuts near it and not all that follow."""
    shard: list[str] = []
    total = 0
    for word in words:
        bytes_ = size(word)
        natural = total > MAX_SHARD // 2 and crc32(word.encode()) % 16 == 0
        if shard and (natural or total + bytes_ > MAX_SHARD):
            yield shard
            shard, total = [], 0
        shard.append(word)
        total += bytes_
    if shard:
        yield shard


def _record(paper: Paper, abstract: str, library: Library) -> list[Any]:
    return [
        paper.id,
        plain_title(paper.title),
        _authors_line(paper),
        day.isoformat() if (day := paper.date or paper.added) else "",
        paper.organization,
        _topics(paper, library),
        int(bool(paper.link("code"))),
        _excerpt(abstract),
    ]


def _authors_line(paper: Paper) -> str:
    """The first names and how many more there are, or only the number."""
    if not paper.authors:
        count = paper.author_count
        return "" if not count else f"{count} author{'s' if count > 1 else ''}"
    more = len(paper.authors) - AUTHORS_SHOWN
    line = ", ".join(paper.authors[:AUTHORS_SHOWN])
    return f"{line} and {more} more" if more > 0 else line


def _excerpt(abstract: str) -> str:
    begun, rest = excerpt(clean_line(abstract))
    return f"{begun} …" if rest and not begun.endswith((".", "!", "?")) else begun


def _record_shards(records: Sequence[list[Any]]) -> Iterator[File]:
    for number, first in enumerate(range(0, len(records), RECORDS_PER_SHARD)):
        yield _shard(f"records/{number}-", records[first : first + RECORDS_PER_SHARD])


def _attributes(papers: Sequence[Paper], library: Library) -> dict[str, list[Any]]:
    organizations = sorted({paper.organization for paper in papers if paper.organization})
    places = {name: place for place, name in enumerate(organizations)}
    slugs = sorted(library.topics)
    topics = {slug: place for place, slug in enumerate(slugs)}
    return {
        "organizations": organizations,
        "topics": slugs,
        "date": [_day(paper) for paper in papers],
        "organization": [places.get(paper.organization, -1) for paper in papers],
        "topic": [[topics[slug] for slug in _topics(paper, library)] for paper in papers],
        "code": [int(bool(paper.link("code"))) for paper in papers],
    }


def _day(paper: Paper) -> int:
    day = paper.date or paper.added
    return int(day.isoformat().replace("-", "")) if day else 0


def _shard(name: str, content: Any) -> File:
    """A file whose name changes with its content, so that it may be kept for ever."""
    body = orjson.dumps(content)
    return File(path=f"search/{name}{blake2b(body, digest_size=5).hexdigest()}.json", content=body)


def _name(file: File) -> str:
    """A shard's name as the manifest gives it."""
    return file.path.removeprefix("search/").removesuffix(".json")
