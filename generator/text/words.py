"""What a word is to the search: one normalisation, lunr.js's stop words and its stemmer.

`normalize` is written a second time in `themes/broadsheet/static/search/search.js`; the two give
the same bytes for every text, which `tests/test_search.py` holds. This module knows neither
papers nor files.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import filterfalse

from lunr.stop_word_filter import WORDS  # type: ignore[import-untyped]

FIELDS = {
    "title": 3,
    "authors": 3,
    "organization": 2,
    "keywords": 2,
    "topics": 1,
    "venue": 1,
    "abstract": 1,
}
"""The indexed fields with their boosts, in the order of the index. A title is short, for which its
words weigh more already; larger boosts bury the paper whose abstract somebody quotes under papers
with one of its words in their titles."""

STOP_WORDS = frozenset(WORDS)
"""The words lunr leaves out of an index."""

_EDGE = "\x01"
"""Stands where a word may have to be parted from its neighbour; never leaves `normalize`."""

_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu",
    "ξ": "xi", "ο": "omicron", "π": "pi", "ρ": "rho", "σ": "sigma", "ς": "sigma", "τ": "tau",
    "υ": "upsilon", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
}  # fmt: skip

_LATIN = {
    "ß": "ss", "ẞ": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l",
    "ı": "i", "ħ": "h", "ŋ": "n", "ŧ": "t", "ȷ": "j", "ɛ": "e", "ə": "e", "ɔ": "o", "ɑ": "a",
}  # fmt: skip
"""Latin letters that Unicode does not take apart."""

_CONSONANTS = str.maketrans("0123456789abcdef", "bcdfghjkmnpqrtvw")

_APOSTROPHES = frozenset("‘’‛ʹʻʼʽ′")

_RANGES = (
    # Nothing: soft hyphen, vowel points, joiners, marks of direction, variation selectors.
    ("", 0xAD, 0xAD),
    ("", 0x591, 0x5BD),
    ("", 0x610, 0x61A),
    ("", 0x64B, 0x65F),
    ("", 0x200B, 0x200F),
    ("", 0x202A, 0x202E),
    ("", 0x2060, 0x206F),
    ("", 0xFE00, 0xFE0F),
    ("", 0xFEFF, 0xFEFF),
    # Punctuation and symbols: a space.
    (" ", 0x80, 0xBF),
    (" ", 0xD7, 0xD7),
    (" ", 0xF7, 0xF7),
    (" ", 0x2C2, 0x2DF),
    (" ", 0x37E, 0x37E),
    (" ", 0x55A, 0x55F),
    (" ", 0x589, 0x58A),
    (" ", 0x5BE, 0x5BE),
    (" ", 0x5F3, 0x5F4),
    (" ", 0x60C, 0x60D),
    (" ", 0x61B, 0x61F),
    (" ", 0x66A, 0x66D),
    (" ", 0x6D4, 0x6D4),
    (" ", 0x964, 0x965),
    (" ", 0x1680, 0x1680),
    (" ", 0x2000, 0x2BFF),
    (" ", 0x2E00, 0x2E7F),
    (" ", 0x3000, 0x3004),
    (" ", 0x3008, 0x3030),
    (" ", 0x303D, 0x303F),
    (" ", 0x30A0, 0x30A0),
    (" ", 0x30FB, 0x30FB),
    (" ", 0xD800, 0xF8FF),
    (" ", 0xFE10, 0xFE6F),
    (" ", 0xFFE0, 0xFFFF),
    (" ", 0x1D000, 0x1D3FF),
    (" ", 0x1F000, 0x1FAFF),
    (" ", 0xE0000, 0x10FFFF),
    # Scripts that set no space between words: every character is a word.
    (_EDGE, 0xE00, 0xEFF),
    (_EDGE, 0x1000, 0x109F),
    (_EDGE, 0x1780, 0x17FF),
    (_EDGE, 0x3005, 0xA4CF),
    (_EDGE, 0xAC00, 0xD7FF),
    (_EDGE, 0xF900, 0xFAFF),
    (_EDGE, 0x20000, 0x3FFFF),
)
"""What becomes of the characters from .. to, the first range that holds one decides."""

_ACCENTS = re.compile("[\u0300-\u036f]+")
_CONTROLS = re.compile("[\x00-\x20\x7f]+")
_NAMED = re.compile(r"(?<![a-z0-9])([a-z])(\+\+|#)")
_APOSTROPHE = re.compile(r"'(?<=[a-z0-9]')'*(?=[a-z])")
_DOT = re.compile(r"\.(?:(?![0-9])|(?<![0-9]\.))")
"""Between letters; not between digits. A search is much faster that begins with a plain sign."""
_NOISE = re.compile(r"[^a-z0-9.+\-:*~^\x01]+")
_EDGES = re.compile(r"\x01+")
_OUTER_EDGE = re.compile(r"(?<![a-z0-9])\x01|\x01(?![a-z0-9])")
_INNER_DASH = re.compile(r"(?<=\S)-")
_CLAUSE = re.compile(rf"[+-]?(?:(?:{'|'.join(FIELDS)}):)?[a-z0-9.*]+(?:[~^][0-9]+)*")
_OPERATORS = re.compile(r"[+\-:~^]+")
_QUERY_SIGNS = re.compile(r"[+\-:*~^]+")
_DOCUMENT_SIGNS = str.maketrans(
    {sign: " " for sign in map(chr, range(128)) if not (sign.isalnum() or sign == ".")}
)


def normalize(text: str) -> str:
    """Give the words of a text as lunr can index and find them: ASCII letters and digits, one
    space between words, accents folded, other scripts in codes that no stemming touches
    (`é` e, `β` beta, `C++` cplusplus, `注` u27880).

    Signs stay where they are an operator of lunr's query language in its place (`+must`, `-not`,
    `title:word`, `wild*`, `fuzzy~1`, `boost^2`) and are spaces everywhere else, so that lunr can
    parse every normalised text. Normalising twice changes nothing."""
    text = _INNER_DASH.sub(" ", _fold(text))
    chunks = text.split()
    if not _QUERY_SIGNS.search(text):
        return " ".join(chunks)
    return " ".join(word for chunk in chunks for word in _words_of_chunk(chunk))


def document_text(text: str) -> str:
    """Give the text of a document as it is indexed: normalised, and all signs spaces, for a
    document asks nothing."""
    return " ".join(document_words(text))


def document_words(text: str) -> list[str]:
    """The words of a document's text (see `document_text`), in order.

    Nothing looks over a space, so that the few stretches that are not ASCII are folded alone."""
    if not text.isascii():
        text = " ".join([c if c.isascii() else _ascii_words(c) for c in text.split()])
    text = text.lower()
    if "++" in text or "#" in text:
        text = _NAMED.sub(_name_language, text)
    if "'" in text:
        text = _APOSTROPHE.sub("", text)
    text = text.translate(_DOCUMENT_SIGNS)
    if "." in text:
        text = _DOT.sub(" ", text.replace(". ", " "))
    return text.split()


@lru_cache(maxsize=1 << 16)
def _ascii_words(chunk: str) -> str:
    """A stretch of text without spaces as words."""
    return _fold(chunk).translate(_DOCUMENT_SIGNS)


def indexed_words(text: str) -> list[str]:
    """The words of a document's text that are indexed: all but stop words."""
    return list(filterfalse(STOP_WORDS.__contains__, document_words(text)))


def index_terms(text: str) -> list[str]:
    """The terms of a document's text (see `document_text`), in order, repeated as they stand:
    without stop words, each stemmed. What lunr.js's tokeniser and pipeline make of it."""
    return list(word_stems(word for word in text.split() if word not in STOP_WORDS))


def text_terms(text: str) -> list[str]:
    """The terms of any text: `index_terms(document_text(text))`."""
    return list(word_stems(indexed_words(text)))


def word_stems(words: Iterable[str]) -> Iterator[str]:
    """The `stem` of each word."""
    return map(_STEMS.__getitem__, words)


def know_stems(stems: Iterable[tuple[str, str]]) -> None:
    """Take the `stem` of words from somebody who found it before."""
    _STEMS.update(stems)


class Numbered(dict[str, int]):
    """Words by number, in the order they come."""

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        return number


class _Stems(dict[str, str]):
    """Stems by word: most words have been read before."""

    most = 1 << 20
    """Words; as many are forgotten when one more comes."""

    def __missing__(self, word: str) -> str:
        if len(self) >= self.most:
            self.clear()
        self[word] = found = stem(word)
        return found


_STEMS = _Stems()


def _fold(text: str) -> str:
    """Lower-case ASCII: letters, digits, dots between digits, operator signs, spaces."""
    if not text.isascii():
        text = _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
        text = unicodedata.normalize("NFC", text).lower()
    text = _CONTROLS.sub(" ", text.lower())
    if not text.isascii():
        text = "".join(map(_fold_character, text))
    if "++" in text or "#" in text:
        text = _NAMED.sub(_name_language, text)
    if "'" in text:
        text = _APOSTROPHE.sub("", text)
    if "." in text:
        text = _DOT.sub(" ", text)
    text = _NOISE.sub(" ", text)
    if _EDGE in text:
        text = _OUTER_EDGE.sub("", _EDGES.sub(_EDGE, text)).replace(_EDGE, " ")
    return text


def _name_language(match: re.Match[str]) -> str:
    return f"{match[1]}{'sharp' if match[2] == '#' else 'plusplus'}{_EDGE}"


@lru_cache(maxsize=65_536)
def _fold_character(character: str) -> str:
    """One lower-case character without accents, as ASCII."""
    if character.isascii():
        return character
    if name := _GREEK.get(character):
        return f"{_EDGE}{name}{_EDGE}"
    if letters := _LATIN.get(character):
        return letters
    return "'" if character in _APOSTROPHES else _code(character)


def _code(character: str) -> str:
    """The place of a character in Unicode as a word of consonants, which the stemmer leaves alone.
    Digits would read better, but lunr confuses words that differ in them (olivernn/lunr.js#503)."""
    point = ord(character)
    fate = next((fate for fate, first, last in _RANGES if first <= point <= last), None)
    if fate is not None and fate != _EDGE:
        return fate
    edge = fate or ""
    return f"{edge}x{f'{point:x}'.translate(_CONSONANTS)}{edge}"


def _words_of_chunk(chunk: str) -> list[str]:
    """A clause of lunr's query language as it stands, anything else as its words."""
    if _CLAUSE.fullmatch(chunk):
        return [chunk]
    return [word for word in _OPERATORS.split(chunk) if word.strip("*")]


# The stemmer: Porter's algorithm (Program 14(3), 1980) as lunr.js 2.3.9 reads it. Its measures are
# patterns over the start of a word, `y` is either kind of letter, a digit is a consonant.
_C = "[^aeiou][^aeiouy]*"
_V = "[aeiouy][aeiou]*"
_M_OVER_0 = re.compile(f"^(?:{_C})?{_V}{_C}")
_M_OVER_1 = re.compile(f"^(?:{_C})?{_V}{_C}{_V}{_C}")
_M_IS_1 = re.compile(f"^(?:{_C})?{_V}{_C}(?:{_V})?$")
_VOWEL = re.compile(f"^(?:{_C})?[aeiouy]")
_SHORT = re.compile(f"^{_C}[aeiouy][^aeiouwxy]$")
_DOUBLE = re.compile(r"([^aeiouylsz])\1$")

_PLURAL = re.compile("^(.+?)(?:(ss|i)es|([^s])s)$")
_PAST = re.compile("^(.+?)(?:ed|ing)$")
_FINAL_Y = re.compile("^(.+?[^aeiou])y$")
_LONG = {
    "ational": "ate", "tional": "tion", "enci": "ence", "anci": "ance", "izer": "ize",
    "bli": "ble", "alli": "al", "entli": "ent", "eli": "e", "ousli": "ous", "ization": "ize",
    "ation": "ate", "ator": "ate", "alism": "al", "iveness": "ive", "fulness": "ful",
    "ousness": "ous", "aliti": "al", "iviti": "ive", "biliti": "ble", "logi": "log",
}  # fmt: skip
_MIDDLE = {
    "icate": "ic", "ative": "", "alize": "al", "iciti": "ic", "ical": "ic", "ful": "", "ness": "",
}  # fmt: skip
_LAST = (
    "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ou", "ism",
    "ate", "iti", "ous", "ive", "ize", "ion",
)  # fmt: skip
_LONG_ENDING = re.compile(f"^(.+?)({'|'.join(_LONG)})$")
_MIDDLE_ENDING = re.compile(f"^(.+?)({'|'.join(_MIDDLE)})$")
_LAST_ENDING = re.compile(f"^(.+?)(?:{'|'.join(_LAST[:-1])})$")
_ION = re.compile("^(.+?[st])ion$")
_LONG_LETTERS = {ending[-2:] for ending in _LONG}
_MIDDLE_LETTERS = {ending[-2:] for ending in _MIDDLE}
_LAST_LETTERS = {ending[-2:] for ending in _LAST}
"""What a word ends in that may have such an ending: most have none, which is soon seen."""


def stem(word: str) -> str:
    """The stem of a lower-case ASCII word, exactly as lunr.js 2.3.9 stems it."""
    if len(word) < 3:
        return word
    if word[0] == "y":  # a first y is a consonant: upper case is no vowel of the patterns
        return "y" + _stem_steps("Y" + word[1:])[1:]
    return _stem_steps(word)


def _stem_steps(word: str) -> str:
    word = _without_past(_without_plural(word) if word[-1] == "s" else word)
    if word[-1] == "y" and (match := _FINAL_Y.match(word)):
        word = match[1] + "i"
    if word[-2:] in _LONG_LETTERS:
        word = _with_shorter_ending(word, _LONG_ENDING, _LONG)
    if word[-2:] in _MIDDLE_LETTERS:
        word = _with_shorter_ending(word, _MIDDLE_ENDING, _MIDDLE)
    if word[-2:] in _LAST_LETTERS:
        word = _without_last_ending(word)
    return _without_final_letter(word)


def _without_plural(word: str) -> str:
    if match := _PLURAL.match(word):
        return match[1] + (match[2] or match[3])
    return word


def _without_past(word: str) -> str:
    if not word.endswith(("ed", "ing")):
        return word
    if len(word) > 3 and word.endswith("eed"):
        return word[:-1] if _M_OVER_0.match(word[:-3]) else word
    match = _PAST.match(word)
    if match is None or not _VOWEL.match(match[1]):
        return word
    base = match[1]
    if base.endswith(("at", "bl", "iz")):
        return base + "e"
    if _DOUBLE.search(base):
        return base[:-1]
    return base + "e" if _SHORT.match(base) else base


def _with_shorter_ending(word: str, ending: re.Pattern[str], shorter: dict[str, str]) -> str:
    match = ending.match(word)
    if match is None or not _M_OVER_0.match(match[1]):
        return word
    return match[1] + shorter[match[2]]


def _without_last_ending(word: str) -> str:
    match = _LAST_ENDING.match(word) or _ION.match(word)
    return match[1] if match and _M_OVER_1.match(match[1]) else word


def _without_final_letter(word: str) -> str:
    if len(word) > 1 and word.endswith("e"):
        base = word[:-1]
        if _M_OVER_1.match(base) or (_M_IS_1.match(base) and not _SHORT.match(base)):
            word = base
    return word[:-1] if word.endswith("ll") and _M_OVER_1.match(word) else word
