"""The search index as static files: what lunr.js 2.3.9 would build of the same documents, cut
into shards that a browser fetches as a query needs them.

This module owns the format of everything below `search/` except the reader, `search.js`, which is
the theme's; columns and words inside a shard are `shards`'. What a word is, `text.words` says. The
shards hold what does not change when another paper comes in (document numbers, frequencies,
lengths); weights, which do change, are worked out by the reader from the totals in the manifest.

- `manifest.json`: {format, lunr, k1, b, documents, fields: [{name, boost, length}], topics:
  {slug: title}, stops, abstracts, stretches: {size, shard, files}, and names of shards by kind:
  terms, common, words, endings, facets}. `length` is a field's length in all documents together,
  in terms; `stops` are the words that no index holds; in `abstracts`, a folder of the site, ID.json
  holds a paper's abstract as `paper.summary`; empty where no file does. A name `abl-hq3x7zk` in
  `terms` is that of the file `terms/abl-hq3x7zk.bin` and says that the shard's terms sort from
  `abl` on.
- `terms/`: the terms as words, then columns: of each term the fields that hold it, as bits; field
  by field and in each term by term, the number of documents of each posting list; then, list after
  list: the number of each document, counted from the one before in the list, the first from 0; the
  frequencies less one; the field's length in each document. Document 0 is the oldest paper.
- `common/`: the same for a term that fills a shard alone; its name begins with the term.
- `words/`: the vocabulary again, without postings, for wildcards, fuzzy terms and spelling: the
  terms as words, then columns: in how many posting lists' places each stands, as the number of
  binary digits of that number (1: only once; such a word is never offered as a spelling); how many
  letters to take from its end, and how many to add, to get the word it stands for most often;
  these letters, run together.
- `endings/`: the terms read backwards as words, for wildcards that begin with a star and for fuzzy
  terms.
- `stretches/N-…`: the last parts of the names of a stretch's record shards, seven letters each.
  Stretch N begins with document N × `size`.
- `records/N-…`: JSON, what is shown of `shard` documents from N × `shard` on: [[id, title, authors,
  date, organization, topics, 1 if it has code, excerpt]].
- `facets/N-…`: JSON, what the documents of stretch N are filtered and sorted by: {dates: days as
  numbers YYYYMMDD or 0; topics: {slug: places in the stretch}; organizations: {name: places}; code:
  places}, every number counted from the one before.
"""

from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from datetime import date
from functools import cache
from hashlib import blake2b
from itertools import chain, pairwise, repeat
from typing import Any

import orjson
from msgspec import Struct

from generator.library.abstract import plain_abstract
from generator.library.memory import Memory
from generator.library.packed import digest
from generator.library.people import organization_of
from generator.library.wording import MAX_TEXT, Reading, reading, texts_of
from generator.model import File, Kept, Library, Paper, People
from generator.publish.index import Index, Piece, Work, make
from generator.publish.inverting import (
    OTHERS,
    invert,
    pack,
    read_words,
    stems_told,
    totals,
    unpack,
    with_others,
)
from generator.publish.letters import Previous
from generator.publish.shards import FOLDER, joined, parted, shard, shard_name
from generator.text.plain import excerpt, plain_title
from generator.text.words import FIELDS, STOP_WORDS, document_text, know_stems

FORMAT = 2
"""The format above; another number means that an older `search.js` cannot read the index."""
LUNR_VERSION = "2.3.9"
"""The lunr.js whose index and ranking this is."""
K1 = 1.2
B = 0.75
"""lunr's defaults: how soon a repeated term saturates, and how much a long field is discounted."""

STRETCH = 1_024
"""Documents that are read, inverted and counted together."""
RECORDS_PER_SHARD = 8
_OTHERS = 2
"""Files of a stretch behind its shards of records."""
_DIGEST = 8
"""Bytes by which a paper of a stretch is told from what it was."""
AUTHORS_SHOWN = 10
"""Names in a result: who looks for a person should see that name."""
ABSTRACTS = "api/papers/"


class _Stretch(Struct, frozen=True, kw_only=True):
    """Some papers in the order of their numbers, with all that indexing them needs; picklable."""

    number: int
    papers: tuple[Paper, ...]
    digests: bytes
    """Of each paper eight bytes that are others when it is; zeros where nobody knows."""
    topics: Mapping[str, str]
    """The titles of all topics by slug."""
    people: People

    @property
    def around(self) -> str:
        """A digest of what all of its files depend on besides papers."""
        return digest([FORMAT, self.number, self.topics, self.people.organizations])


def search_documents(library: Library) -> Iterator[dict[str, str]]:
    """Give each paper's `id` and the normalised text of every indexed field, exactly as indexed.

    The oldest paper comes first and is document 0, so that a new paper moves no other."""
    topics = _titles(library)
    for paper in _numbered(library):
        texts = {
            "title": plain_title(paper.title),
            "abstract": plain_abstract(paper),
            **dict(zip(OTHERS, _others(paper, topics), strict=True)),
        }
        yield {"id": paper.id, **{f: document_text(texts[f][:MAX_TEXT]) for f in FIELDS}}


def render_search(
    library: Library,
    executor: Executor | None = None,
    memory: Memory | None = None,
    previous: Previous | None = None,
    *,
    abstracts: bool = True,
    told: Callable[[list[Reading]], None] | None = None,
) -> Iterator[File | Kept]:
    """Give the files below `search/` that `search.js` reads.

    `library` holds the papers that may be found, and no others. `executor` does the work
    elsewhere, and begins at once; None does it here. `memory` holds what earlier builds found
    out, so that only stretches that changed are read. `previous`: the site that was built last; of
    its files, those that are as they were are told by name only, if the memory tells how they were
    made.
    `abstracts`: whether every paper has its JSON. `told` is told the words of all papers as soon as
    they are read, if no index is remembered. The same library gives the same bytes; the
    manifest comes last."""
    stretches = list(_stretches(library))

    @cache
    def find_keys() -> list[str]:
        return [_key(each, library, memory) if memory is not None else "" for each in stretches]

    work = Work(
        stretches=stretches,
        find_keys=find_keys,
        size=STRETCH,
        invert=_invert,
        executor=executor,
        memory=memory,
        previous=previous,
        unread=(texts_of(stretch.papers) for stretch in stretches),
        read=reading,
        told=told,
    )
    return _with_manifest(make(work), library, ABSTRACTS if abstracts else "")


def _with_manifest(
    files: Generator[File | Kept, None, Index], library: Library, abstracts: str
) -> Iterator[File | Kept]:
    index = yield from files
    manifest = _manifest(library, index, abstracts)
    yield File(path=f"{FOLDER}manifest.json", content=orjson.dumps(manifest))


def _titles(library: Library) -> dict[str, str]:
    return {topic.slug: topic.title for topic in library.topics.values()}


def _numbered(library: Library) -> list[Paper]:
    """The papers in the order of their document numbers: as they were listed, those of one day by
    their dates, so that dates side by side are near each other."""

    def place(paper: Paper) -> tuple[date, date, str]:
        day = paper.date or date.min
        return paper.added or day, day, paper.id

    return sorted(library, key=place)


def _stretches(library: Library) -> Iterator[_Stretch]:
    papers, topics = _numbered(library), _titles(library)
    for number, first in enumerate(range(0, len(papers), STRETCH)):
        chosen = tuple(papers[first : first + STRETCH])
        digests = (library.digests.get(paper.id, "") for paper in chosen)
        told = "".join([each[: 2 * _DIGEST].ljust(2 * _DIGEST, "0") for each in digests])
        yield _Stretch(
            number=number,
            papers=chosen,
            digests=bytes.fromhex(told),
            topics=topics,
            people=library.people,
        )


def _others(paper: Paper, topics: Mapping[str, str]) -> list[str]:
    """The plain text of each field but the title and the abstract."""
    texts = {
        "authors": " ".join(paper.authors),
        "organization": paper.organization,
        "keywords": " ".join(paper.keywords),
        "topics": " ".join(topics[slug] for slug in paper.topics if slug in topics),
        "venue": paper.venue,
    }
    return [texts[field] for field in OTHERS]


def _manifest(library: Library, index: Index, abstracts: str) -> dict[str, Any]:
    names: dict[str, list[str]] = defaultdict(list)
    for path in index.paths():
        names[path.split("/")[1]].append(shard_name(path))
    lengths = (
        map(sum, zip(*index.lengths, strict=True)) if index.lengths else repeat(0, len(FIELDS))
    )
    return {
        "format": FORMAT,
        "lunr": LUNR_VERSION,
        "k1": K1,
        "b": B,
        "documents": len(library.papers),
        "fields": [
            {"name": name, "boost": boost, "length": length}
            for (name, boost), length in zip(FIELDS.items(), lengths, strict=True)
        ],
        "topics": _titles(library),
        "stops": " ".join(sorted(STOP_WORDS)),
        "abstracts": abstracts,
        **{kind: names[kind] for kind in ("terms", "common", "words", "endings")},
        "stretches": {
            "size": STRETCH,
            "shard": RECORDS_PER_SHARD,
            "files": names["stretches"],
        },
        "facets": names["facets"],
    }


# -- a stretch of documents ------------------------------------------------------------------------


def _key(stretch: _Stretch, library: Library, memory: Memory) -> str:
    """The key of a stretch. It is remembered under digests of all of its papers, as far as these
    are known: to look them up takes a seventh of the time."""
    digests = [library.digests.get(paper.id, "") for paper in stretch.papers]
    if not all(digests):
        return _key_of_stretch(stretch)
    name = f"key of {digest(stretch.around, *digests)}"
    known = memory.get(name)
    key = _key_of_stretch(stretch) if known is None else known.decode()
    if known is None:
        memory.put(name, key.encode())
    return key


def _key_of_stretch(stretch: _Stretch) -> str:
    """A digest of all that a stretch's files and postings are made of."""
    papers = [
        (p.id, p.title, p.authors, p.author_count, p.date, p.added, p.organization, p.topics,
         bool(p.link("code")), p.keywords, p.venue, p.abstract)
        for p in stretch.papers
    ]  # fmt: skip
    content = orjson.dumps(
        [FORMAT, stretch.number, papers, stretch.topics, stretch.people.organizations]
    )
    return f"search {blake2b(content, digest_size=16).hexdigest()}"


def _invert(stretch: _Stretch, before: Piece | None, read: Reading | None = None) -> Piece:
    first, around = stretch.number * STRETCH, stretch.around.encode()
    changed: Sequence[int] = range(len(stretch.papers))
    kept, old = None, list[File]()
    if before:
        know_stems(stems_told(before.runs.values()))
        was, digests, known = parted(before.kept)
        if was == around and len(digests) <= len(stretch.digests):
            changed = _changed(digests, stretch.digests)
            kept, old = unpack(known), list(before.files[:-_OTHERS])
    shards = {place // RECORDS_PER_SHARD for place in changed}
    papers = [stretch.papers[place] for place in changed]
    own = read.words if read else texts_of(papers).read()
    others = (_others(paper, stretch.topics) for paper in papers)
    words = with_others(kept, changed, own, others) if kept else read_words(own, others)
    records = {
        place: _record(paper, stretch.topics)
        for place, paper in enumerate(stretch.papers)
        if place // RECORDS_PER_SHARD in shards
    }
    files = list(_record_shards(records, len(stretch.papers), first // RECORDS_PER_SHARD, old))
    told_names = "".join(shard_name(file.path).rpartition("-")[2] for file in files)
    names = shard(f"stretches/{stretch.number}", told_names.encode("ascii"))
    facets = shard(f"facets/{stretch.number}", orjson.dumps(_facets(stretch)))
    return Piece(
        files=(*files, names, facets),
        runs=invert(words, first),
        lengths=totals(words),
        kept=joined([around, stretch.digests, pack(words)]),
    )


def _changed(before: bytes, now: bytes) -> list[int]:
    """The places of papers whose digests are others than before, or unknown."""
    return [
        place
        for place, start in enumerate(range(0, len(now), _DIGEST))
        if (own := now[start : start + _DIGEST]) != before[start : start + _DIGEST]
        or not own.strip(b"\0")
    ]


def _record_shards(
    records: Mapping[int, list[Any]], papers: int, number: int, old: Sequence[File]
) -> Iterator[File]:
    """The shards of the records of so many papers, numbered from a number on. `records`: by place,
    those of all papers of a shard that is another than in `old`."""
    for first in range(0, papers, RECORDS_PER_SHARD):
        place = first // RECORDS_PER_SHARD
        some = [
            records[n] for n in range(first, min(first + RECORDS_PER_SHARD, papers)) if n in records
        ]
        yield shard(f"records/{number + place}", orjson.dumps(some)) if some else old[place]


def _record(paper: Paper, topics: Mapping[str, str]) -> list[Any]:
    return [
        paper.id,
        plain_title(paper.title),
        _authors_line(paper),
        day.isoformat() if (day := paper.date or paper.added) else "",
        paper.organization,
        [slug for slug in paper.topics if slug in topics],
        int(bool(paper.link("code"))),
        _excerpt(plain_abstract(paper)),
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
    begun, rest = excerpt(abstract.replace("\n\n", " "))
    return f"{begun} …" if rest and not begun.endswith((".", "!", "?")) else begun


def _facets(stretch: _Stretch) -> dict[str, Any]:
    topics: dict[str, list[int]] = defaultdict(list)
    organizations: dict[str, list[int]] = defaultdict(list)
    code = []
    for place, paper in enumerate(stretch.papers):
        for slug in paper.topics:
            if slug in stretch.topics:
                topics[slug].append(place)
        if name := organization_of(paper, stretch.people):
            organizations[name].append(place)
        if paper.link("code"):
            code.append(place)
    return {
        "dates": _steps(map(_day, stretch.papers)),
        "topics": {slug: _steps(places) for slug, places in sorted(topics.items())},
        "organizations": {name: _steps(places) for name, places in sorted(organizations.items())},
        "code": _steps(code),
    }


def _day(paper: Paper) -> int:
    day = paper.date or paper.added
    return int(day.isoformat().replace("-", "")) if day else 0


def _steps(numbers: Iterable[int]) -> list[int]:
    """Numbers, each counted from the one before, the first from 0."""
    return [after - before for before, after in pairwise(chain((0,), numbers))]
