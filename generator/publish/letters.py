"""The terms with one first letter: cut into shards, and cut again where some of them changed.

Owns which terms stand in which shard and what stands there; `search` says how it is read. Cutting
again gives what cutting from nothing would; shards that are as they were are told by name only.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from functools import cache
from itertools import accumulate, islice, pairwise, repeat
from typing import Protocol

from msgspec import Struct, field
from msgspec.msgpack import decode, encode
from msgspec.structs import replace

from generator.model import File
from generator.publish.inverting import Postings, merge, most_frequent
from generator.publish.postings import POSTING, columns, replaced, unpacked_columns, with_gaps
from generator.publish.shards import (
    FOLDER,
    column,
    cut,
    packed_words,
    shard,
    shard_name,
    shared_letters,
    unpacked_column,
    unpacked_shard,
    unpacked_words,
)
from generator.text.words import FIELDS

COMMON, LONGEST_COMMON = 3_000, 60
"""Postings from which on a term has a shard of its own, and letters that such a term has at most:
it stands in a file's name."""
SHARD_LEAST, SHARD_MOST = 3_000, 6_000
"""Postings, and two for each term, in a shard of terms: it may end from the first on and does
before it grows over the second. Compressed that is 8 to 16 KB."""
WORDS_LEAST, WORDS_MOST = 1_500, 3_000
"""The same for the words in a shard of the vocabulary."""

Pack = Callable[[Sequence[str]], bytes]
"""Gives the content of a shard of some words."""


class Previous(Protocol):
    """The files of the site that was built last."""

    def __contains__(self, path: str) -> bool:
        """Whether there is one at a path."""

    def get(self, path: str) -> bytes | None:
        """The content of one, or None."""


class LostError(Exception):
    """A shard of the last build is not what it was."""


class Cut(Struct, frozen=True, array_like=True):
    """A shard of sorted words: its name, its first and last word, and how many there are."""

    name: str
    first: str
    last: str
    size: int

    @property
    def start(self) -> str:
        """What its name begins with."""
        return self.name.rpartition("-")[0]


class Letter(Struct, frozen=True, kw_only=True):
    """The terms with one first letter, and the shards they stand in."""

    held: Mapping[str, int] = field(default_factory=dict)
    words: Mapping[str, int] = field(default_factory=dict)
    stems: Mapping[str, str] = field(default_factory=dict)
    """As Postings has them."""
    terms: Sequence[Cut] = ()
    common: Sequence[Cut] = ()
    vocabulary: Sequence[Cut] = ()
    """The shards of terms, of one term each, and of the vocabulary."""

    @property
    def paths(self) -> list[str]:
        """Those of all its shards."""
        kinds = ("terms", self.terms), ("common", self.common), ("words", self.vocabulary)
        return [f"{FOLDER}{kind}/{shard.name}.bin" for kind, shards in kinds for shard in shards]


class Change(Struct, frozen=True):
    """What becomes of a letter's terms in some documents."""

    documents: range
    old: Postings
    new: Postings

    @property
    def terms(self) -> set[str]:
        """The terms that stand in other places than before."""
        pairs = list(zip(self.old.fields, self.new.fields, strict=True))
        return {
            t for old, new in pairs for t in old.keys() | new.keys() if old.get(t) != new.get(t)
        }

    @property
    def counted(self) -> set[str]:
        """The words that stand more or less often than before."""
        old, new = self.old.words, self.new.words
        return {word for word in old.keys() | new.keys() if old.get(word) != new.get(word)}


def make_letter(runs: Iterable[bytes]) -> tuple[Letter, list[File]]:
    """A letter and the files of its shards, of the runs of all stretches."""
    postings = merge(runs)
    letter = Letter(held=postings.held, words=postings.words, stems=postings.stems)

    def pack(terms: Sequence[str]) -> bytes:
        return _pack_terms(terms, postings.fields, with_gaps)

    return _cut(letter, Letter(), pack, set(), set())


def remake_letter(
    before: Letter, changes: Sequence[Change], previous: Previous
) -> tuple[Letter, list[File]]:
    """A letter of what it was and what has changed; and the files of those of its shards that are
    not among the `previous` ones. Raises LostError where a shard of the last build is lost."""
    more, oftener = Counter[str](), Counter[str]()
    changed, counted, stems = set[str](), set[str](), dict(before.stems)
    for change in changes:
        changed |= change.terms
        counted |= change.counted
        more.update(change.new.held)
        more.subtract(change.old.held)
        oftener.update(change.new.words)
        oftener.subtract(change.old.words)
        stems |= change.new.stems
    held = _added(before.held, more)
    if held.keys() != before.held.keys():
        held = dict(sorted(held.items()))
    letter = Letter(held=held, words=_added(before.words, oftener), stems=stems)
    told = changed | {stems[word] for word in counted}
    old, new = _told(before, told), _told(letter, told)
    reworded = {term for term in told if old.get(term) != new.get(term)}
    lists = _Lists(before, changes, previous)
    return _cut(letter, before, lists.pack, changed, reworded)


def _added(numbers: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """Numbers after some of them became more or less; without those that are 0."""
    sums = dict(numbers)
    for word, number in more.items():
        sums[word] = sums.get(word, 0) + number
        if not sums[word]:
            del sums[word]
    return sums


def _cut(
    letter: Letter, before: Letter, pack: Pack, changed: set[str], reworded: set[str]
) -> tuple[Letter, list[File]]:
    """A letter with its shards, and the files of those that are others than `before`. Since then
    the lists of `changed` terms are others, and what the vocabulary tells of `reworded` ones.
    `pack` gives the content of a shard of terms."""
    held = letter.held
    common = [t for t, n in held.items() if n >= COMMON and len(t) <= LONGEST_COMMON]
    alone, all_terms = set(common), list(held)
    others = [term for term in all_terms if term not in alone]

    @cache
    def told() -> dict[str, tuple[int, str]]:
        return _told(letter, held.keys())

    def pack_words(terms: Sequence[str]) -> bytes:
        return _pack_words({term: told()[term] for term in terms})

    if held == before.held:
        groups, vocabulary = _cut_as(before.terms, others), _cut_as(before.vocabulary, all_terms)
    else:
        groups = cut(others, [held[term] + 2 for term in others], SHARD_LEAST, SHARD_MOST)
        vocabulary = cut(all_terms, repeat(1, len(held)), WORDS_LEAST, WORDS_MOST)
    singles = ((term, [term]) for term in common)
    terms = list(shards_of("terms", groups, pack, before.terms, changed))
    ones = list(shards_of("common", singles, pack, before.common, changed))
    words = list(shards_of("words", vocabulary, pack_words, before.vocabulary, reworded))
    made = replace(
        letter,
        terms=[each for each, _ in terms],
        common=[each for each, _ in ones],
        vocabulary=[each for each, _ in words],
    )
    return made, [file for _, file in (*terms, *ones, *words) if file]


def _cut_as(shards: Iterable[Cut], words: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Sorted words cut as they were, as `cut` gives it."""
    start = 0
    for each in shards:
        yield each.start, words[start : start + each.size]
        start += each.size


def shards_of(
    kind: str,
    groups: Iterable[tuple[str, Sequence[str]]],
    pack: Pack,
    before: Iterable[Cut],
    changed: set[str],
) -> Iterator[tuple[Cut, File | None]]:
    """Groups of words as shards of a kind, each after what its name begins with. There is no file
    where the group is one of those before and holds nothing that has changed since."""
    known = {(each.start, each.first, each.last, each.size): each for each in before}
    for start, words in groups:
        found = known.get((start, words[0], words[-1], len(words)))
        if found and changed.isdisjoint(words):
            yield found, None
        else:
            file = shard(f"{kind}/{start}", pack(words))
            yield Cut(shard_name(file.path), words[0], words[-1], len(words)), file


def _told(letter: Letter, terms: Set[str]) -> dict[str, tuple[int, str]]:
    """What the vocabulary tells of some terms, ascending: in how many places each stands, as the
    number of binary digits, and the word it stands for most often."""
    words = {word: count for word, count in letter.words.items() if letter.stems[word] in terms}
    chosen, held = most_frequent(words, letter.stems), letter.held
    return {
        term: (held[term].bit_length(), chosen[term] if held[term] > 1 else term)
        for term in sorted(terms & held.keys())
    }


class _Lists:
    """The postings of a letter's terms, with gaps, read of the last shards and changed."""

    def __init__(self, before: Letter, changes: Sequence[Change], previous: Previous) -> None:
        self._before, self._changes, self._previous = before, changes, previous
        self._fields: list[dict[str, bytes]] = [{} for _ in FIELDS]
        self._loaded: set[str] = set()
        self._changed = set[str]().union(*(change.terms for change in changes))
        self._change(self._changed - before.held.keys())

    def pack(self, terms: Sequence[str]) -> bytes:
        """The content of a shard of some terms."""
        for kind, shards in (("terms", self._before.terms), ("common", self._before.common)):
            for each in shards:
                if each.first <= terms[-1] and each.last >= terms[0]:
                    self._load(f"{FOLDER}{kind}/{each.name}.bin")
        return _pack_terms(terms, self._fields, b"".join)

    def _load(self, path: str) -> None:
        """Read a shard, unless it has been."""
        if path in self._loaded:
            return
        body = self._previous.get(path)
        if body is None:
            raise LostError(path)
        try:
            content = unpacked_shard(File(path=path, content=body))
        except ValueError as error:
            raise LostError(path) from error
        terms = set[str]()
        for known, lists in zip(self._fields, _unpack_terms(content), strict=True):
            known.update(lists)
            terms |= lists.keys()
        self._change(self._changed & terms)
        self._loaded.add(path)

    def _change(self, terms: Iterable[str]) -> None:
        """Bring the lists of terms up to date, which has to happen once."""
        for place, lists in enumerate(self._fields):
            for term in terms:
                entries = lists.pop(term, b"")
                for change in self._changes:
                    old, new = (
                        side.fields[place].get(term, b"") for side in (change.old, change.new)
                    )
                    if old != new:
                        entries = replaced(entries, change.documents, new)
                if entries:
                    lists[term] = entries


def _pack_terms(
    terms: Sequence[str],
    lists: Sequence[Mapping[str, bytes]],
    joined: Callable[[Sequence[bytes]], bytes],
) -> bytes:
    """The content of a shard of terms, by field and term of their lists. `joined`: these as one,
    with gaps."""
    fields, chosen = array("I", [0]) * len(terms), list[bytes]()
    for place, lists_of_field in enumerate(lists):
        for number, term in enumerate(terms):
            if term in lists_of_field:
                fields[number] |= 1 << place
                chosen.append(lists_of_field[term])
    counts = [len(entries) // POSTING for entries in chosen]
    return packed_words(terms) + column(fields) + column(counts) + columns(joined(chosen))


def _unpack_terms(content: bytes) -> list[dict[str, bytes]]:
    """By field, the lists of postings by term, with gaps."""
    terms, place = unpacked_words(content)
    bits, place = unpacked_column(content, place, len(terms))
    places = range(len(FIELDS))
    held = [[t for t, b in zip(terms, bits, strict=True) if b >> n & 1] for n in places]
    counts, place = unpacked_column(content, place, sum(map(len, held)))
    raw = unpacked_columns(content, place, sum(counts))
    ends = accumulate([POSTING * count for count in counts], initial=0)
    lists = (raw[start:end] for start, end in pairwise(ends))
    return [dict(zip(some, islice(lists, len(some)), strict=True)) for some in held]


def _pack_words(told: Mapping[str, tuple[int, str]]) -> bytes:
    kept = [shared_letters(term, word) for term, (_, word) in told.items()]
    added = [word[start:] for (_, word), start in zip(told.values(), kept, strict=True)]
    numbers = (
        (bits for bits, _ in told.values()),
        (len(term) - start for term, start in zip(told, kept, strict=True)),
        map(len, added),
    )
    packed = packed_words(list(told)) + b"".join(map(column, numbers))
    return packed + "".join(added).encode("ascii")


def pack_letter(letter: Letter) -> bytes:
    """A letter as bytes."""
    cuts = [letter.terms, letter.common, letter.vocabulary]
    stems = [letter.stems[word] for word in letter.words]
    told = [*letter.held.keys()], [*letter.held.values()], [*letter.words.keys()]
    return encode([*told, [*letter.words.values()], stems, cuts])


def unpack_letter(value: bytes) -> Letter:
    """The letter that `pack_letter` told."""
    terms, numbers, words, counts, stems, cuts = decode(value)
    shards, common, vocabulary = ([Cut(*each) for each in some] for some in cuts)
    return Letter(
        held=dict(zip(terms, numbers, strict=True)),
        words=dict(zip(words, counts, strict=True)),
        stems=dict(zip(words, stems, strict=True)),
        terms=shards,
        common=common,
        vocabulary=vocabulary,
    )
