"""The words of titles and abstracts, read once: the search finds papers by them, and papers are
found to be near others.

They are those that the search has: normalised, one with all words of the same stem
(`text/words.py`), without stop words. They are told as printed but in lower case and without
accents, unless another script is printed in them.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import chain
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from generator.library.abstract import plain_abstract
from generator.model import Paper
from generator.text.plain import plain_title
from generator.text.words import STOP_WORDS, Numbered, document_text, document_words, word_stems

MAX_TEXT = 200_000
"""Characters of a text whose words are read: how many they are fits into 20 bits, whatever it
holds."""
_MANY = 1 << 16
"""Up to so many words have numbers of two bytes."""
_PIECE = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


class Words(Struct, frozen=True, kw_only=True):
    """The words of some texts but for stop words."""

    words: Sequence[str]
    """Each once."""
    told: NDArray[np.int32]
    """All, by number, as they stand in one text after the other."""
    lengths: NDArray[np.int64]
    """How many words a text has."""

    @property
    def texts(self) -> NDArray[np.int32]:
        """Of each of `told`, the text it stands in."""
        return np.repeat(np.arange(len(self.lengths), dtype=np.int32), self.lengths)

    @property
    def short(self) -> NDArray[Any]:
        """`told` in as few bytes as its numbers need (`dtype_of`)."""
        return self.told.astype(dtype_of(len(self.words)))


def dtype_of(words: int) -> type[np.uint16] | type[np.int32]:
    """In what the numbers of so many words are kept."""
    return np.uint16 if words <= _MANY else np.int32


class PaperTexts(Struct, frozen=True):
    """Titles and abstracts of some papers, sooner pickled than the papers."""

    ids: Sequence[str]
    titles: Sequence[str]
    abstracts: Sequence[str]
    plain: Sequence[str]
    """The abstracts as plain text."""

    @property
    def digests(self) -> NDArray[np.uint64]:
        """Of what relates each paper to others."""
        pairs = zip(self.titles, self.abstracts, strict=True)
        texts = (f"{title}\0{text}".encode("utf-8", "surrogatepass") for title, text in pairs)
        told = b"".join([blake2b(text, digest_size=8).digest() for text in texts])
        return np.frombuffer(told, np.uint64)

    def read(self) -> Words:
        """The words of the papers, of each of its title and of its abstract."""
        pairs = zip(map(plain_title, self.titles), self.plain, strict=True)
        return read_texts(chain.from_iterable(pairs), words_of)


class Reading(Struct, frozen=True):
    """What relates some papers to others, small and picklable."""

    ids: Sequence[str]
    digests: NDArray[np.uint64]
    """Of each paper's title and abstract."""
    line: str
    """Their words, as `PaperTexts.read` gives them, apart by spaces."""
    told: NDArray[Any]
    lengths: NDArray[np.int32]

    @property
    def words(self) -> Words:
        """What `PaperTexts.read` gave."""
        told, lengths = self.told.astype(np.int32), self.lengths.astype(np.int64)
        return Words(words=self.line.split(), told=told, lengths=lengths)


def texts_of(papers: Collection[Paper]) -> PaperTexts:
    """The titles and abstracts of papers."""
    return PaperTexts(
        [paper.id for paper in papers],
        [paper.title for paper in papers],
        [paper.abstract for paper in papers],
        [plain_abstract(paper) for paper in papers],
    )


def reading(texts: PaperTexts) -> Reading:
    """What relates some papers to others."""
    words = texts.read()
    return Reading(
        texts.ids,
        texts.digests,
        " ".join(words.words),
        words.short,
        words.lengths.astype(np.int32),
    )


def read_texts(texts: Iterable[str], words_of: Callable[[str], list[str]]) -> Words:
    """The words of texts. `words_of`: those of one, stop words among them."""
    numbered, numbers, sizes = Numbered(), list[int](), list[int]()
    for text in texts:
        before = len(numbers)
        if text:
            numbers += map(numbered.__getitem__, words_of(text[:MAX_TEXT]))
        sizes.append(len(numbers) - before)
    words = [*numbered]
    stays = np.array([normal(word) not in STOP_WORDS for word in words], np.bool_)
    places = np.where(stays, np.cumsum(stays) - 1, -1).astype(np.int32)
    told = places[np.array(numbers, np.int32)]
    texts_of = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)[told >= 0]
    return Words(
        words=[word for word, is_kept in zip(words, stays.tolist(), strict=True) if is_kept],
        told=told[told >= 0],
        lengths=np.bincount(texts_of, minlength=len(sizes)),
    )


def normal(word: str) -> str:
    """A word as the search has it."""
    return word if word.isascii() and word.isalnum() else document_text(word)


def telling_stem(word: str) -> str:
    """The stem of a word; nothing of a stop word, a number or a letter of a formula."""
    word = normal(word)
    tells = len(word) > 1 and word not in STOP_WORDS and any(map(str.isalpha, word))
    return next(word_stems([word])) if tells else ""


def words_of(text: str) -> list[str]:
    """The words of a text, in any order.

    No rule looks over a space, so that the few stretches that are not ASCII are read alone."""
    if text.isascii():
        return document_words(text)
    chunks = text.split()
    words = document_words(" ".join([chunk for chunk in chunks if chunk.isascii()]))
    for chunk in chunks:
        if not chunk.isascii():
            words += _words_of_chunk(chunk)
    return words


@lru_cache(maxsize=1 << 16)
def _words_of_chunk(chunk: str) -> tuple[str, ...]:
    words = document_words(chunk)
    printed = list(_printed(unicodedata.normalize("NFKC", chunk).lower()))
    return tuple(printed if [document_text(word) for word in printed] == words else words)


def _printed(chunk: str) -> Iterator[str]:
    """A stretch of text as words that people read (`schrödinger`, `β`, `注`), each one word to the
    search, which reads them in ASCII."""
    for piece in _PIECE.findall(chunk):
        yield from piece if " " in document_text(piece) else (piece,)
