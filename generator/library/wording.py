"""The words of a paper by which others are found to be near it.

They are those of its title and abstract as the search has them: normalised, one with all words of
the same stem (`text/words.py`); stop words tell nothing. They are told as printed but in lower case
and without accents, unless another script is printed in them.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from generator.library.abstract import plain_abstract
from generator.model import Paper
from generator.text.plain import plain_title
from generator.text.words import STOP_WORDS, document_text, document_words, stem

TITLE = 3
"""A word of the title counts as often as so many of the abstract."""
_PIECE = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def words_of(paper: Paper) -> list[str]:
    """The words of a paper, as often as they count."""
    title = _words(plain_title(paper.title))
    return _words(plain_abstract(paper)) + title * TITLE


def telling_stem(word: str) -> str:
    """The stem of a word; nothing of a stop word, a number or a letter of a formula."""
    normal = word if word.isascii() and word.isalnum() else document_text(word)
    tells = len(normal) > 1 and normal not in STOP_WORDS and any(map(str.isalpha, normal))
    return stem(normal) if tells else ""


def _words(text: str) -> list[str]:
    """No rule looks over a space, so that the few stretches that are not ASCII are read alone."""
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
