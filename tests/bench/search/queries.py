"""Queries by chance, the same for the same papers: of every kind that lunr's language has, of two
words as people type them, and of words whose answer is known."""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from generator.text.words import FIELDS
from tests.bench.documents import Inputs, read_lines

SEED = 20_26
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked."""

    kind: str
    text: str
    wanted: tuple[str, ...] = field(default=())
    """Ids of the papers it should bring, where that is known."""


# -- every kind of lunr's language -----------------------------------------------------------------


class Words:
    """Words of the documents by chance."""

    def __init__(self, inputs: Inputs, dice: random.Random) -> None:
        counts: Counter[str] = Counter()
        fields: dict[str, set[str]] = defaultdict(set)
        for document in read_lines(inputs.normalised):
            for name in FIELDS:
                words = document[name].split()
                counts.update(words)
                fields[name].update(words)
        self.dice = dice
        self._common = [word for word, _ in counts.most_common(500)]
        self._rare = sorted(word for word, count in counts.items() if count <= 2)
        self._all = sorted(counts)
        self._fields = {name: sorted(words) for name, words in fields.items() if words}
        self.titles = [paper["title"] for paper in read_lines(inputs.plain)]

    def common(self) -> str:
        """One of the 500 most frequent."""
        return self.dice.choice(self._common)

    def rare(self) -> str:
        """One that stands in the papers once or twice."""
        return self.dice.choice(self._rare)

    def any(self) -> str:
        """One of those that people look for: half of them frequent."""
        return self.dice.choice(self._common if self.dice.random() < 0.5 else self._all)

    def long(self) -> str:
        """One of five letters or more."""
        return next(word for word in iter(self.any, None) if len(word) >= 5)

    def of_field(self) -> str:
        """`field:word`."""
        name = self.dice.choice(sorted(self._fields))
        return f"{name}:{self.dice.choice(self._fields[name])}"

    def several(self, least: int, most: int) -> list[str]:
        """So many of any."""
        return [self.any() for _ in range(self.dice.randint(least, most))]

    def of_title(self) -> str:
        """Two to five words of a title, side by side, as printed."""
        words = self.dice.choice(self.titles).split()
        start = self.dice.randrange(len(words))
        return " ".join(words[start : start + self.dice.randint(2, 5)])

    def misspelt(self, edits: int) -> str:
        """A word with so many letters wrong, missing or one too many."""
        letters = list(self.long())
        for _ in range(edits):
            place = self.dice.randrange(len(letters))
            new = self.dice.choice(["", "a", "e", "t"])
            letters[place] = self.dice.choice([new, letters[place] + new])
        return "".join(letters) or "a"


def _prefix(words: Words) -> str:
    word = words.long()
    return f"{word[: words.dice.randint(2, len(word))]}*"


def _suffix(words: Words) -> str:
    word = words.long()
    return f"*{word[-words.dice.randint(2, 4) :]}"


def _infix(words: Words) -> str:
    word = words.long()
    middle = words.dice.randint(1, 3)
    choices = (f"{word[:middle]}*{word[-2:]}", f"*{word[middle : middle + 3]}*")
    return words.dice.choice(choices)


def _combination(words: Words) -> str:
    parts = [
        words.dice.choice(["", "+", "-"]) + words.any(),
        words.of_field(),
        f"{words.any()}^{words.dice.randint(2, 9)}",
        words.dice.choice(["", "+", "-"]) + _prefix(words),
        f"{words.misspelt(1)}~1",
        f"+{words.of_field()}",
        f"{words.misspelt(1)}~1^{words.dice.randint(2, 5)}",
    ]
    return " ".join(words.dice.sample(parts, k=words.dice.randint(2, 4)))


def _signed(sign: str, words: Words, least: int, most: int) -> str:
    return " ".join(sign + word for word in words.several(least, most))


KINDS: Mapping[str, Callable[[Words], str]] = {
    "one word": Words.any,
    "common words": lambda words: f"{words.common()} {words.common()}",
    "rare words": lambda words: f"{words.rare()} {words.rare()}",
    "2 to 4 words": lambda words: " ".join(words.several(2, 4)),
    "+must": lambda words: f"{_signed('+', words, 1, 2)} {words.any()}",
    "-not": lambda words: f"{' '.join(words.several(1, 2))} {_signed('-', words, 1, 2)}",
    "+must -not": lambda words: f"+{words.any()} {words.any()} -{words.any()}",
    "only -not": lambda words: _signed("-", words, 1, 3),
    "field:word": Words.of_field,
    "+field:word -field:word": lambda words: f"+{words.of_field()} -{words.of_field()}",
    "boost^n": lambda words: f"{words.any()}^{words.dice.randint(0, 12)} {words.any()}",
    "prefix*": _prefix,
    "*suffix": _suffix,
    "in*fix": _infix,
    "fuzzy~1": lambda words: f"{words.misspelt(1)}~1",
    "fuzzy~2": lambda words: f"{words.misspelt(2)}~2",
    "combination": _combination,
    "words of a title": Words.of_title,
    "unknown word": lambda words: f"zq{words.rare()}xj {words.dice.choice(['', words.any()])}",
    "the same word": lambda words: " ".join([words.any()] * 2 + [f"{words.any()}s"]),
}


def random_queries(inputs: Inputs, count: int) -> list[Query]:
    """So many queries, of each kind about as many."""
    words = Words(inputs, random.Random(SEED))
    kinds = islice(cycle(KINDS.items()), count)
    return [Query(kind, make(words)) for kind, make in kinds]


def two_word_queries(inputs: Inputs, count: int) -> list[Query]:
    """Two words of a title each, every other time side by side."""
    dice, queries = random.Random(SEED), []
    titles = [words for words in map(_words, _titles(inputs.plain)) if len(words) > 2]
    for number in range(count):
        words = dice.choice(titles)
        start = dice.randrange(len(words) - 1)
        pair = dice.sample(words, k=2) if number % 2 else words[start : start + 2]
        queries.append(Query("random" if number % 2 else "adjacent", " ".join(pair)))
    return queries


def _titles(plain: Path) -> list[str]:
    return [paper["title"] for paper in read_lines(plain)]


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


# -- queries whose answer is known -----------------------------------------------------------------


def judged_queries(inputs: Inputs) -> list[Query]:
    """60 queries with the papers they should bring: 25 of words of a title, 15 names of authors,
    20 phrases of an abstract."""
    dice = random.Random(SEED + inputs.size)
    papers = list(read_lines(inputs.papers))
    plain = list(read_lines(inputs.plain))
    return [*_of_titles(plain, dice), *_of_authors(papers, dice), *_of_abstracts(plain, dice)]


def _of_titles(plain: Sequence[Mapping[str, str]], dice: random.Random) -> list[Query]:
    """Two to four words that stand in this paper only, in any order; no rarer than must be."""
    texts = [{word.lower() for word in _words(f"{p['title']} {p['abstract']}")} for p in plain]
    holders: dict[str, set[int]] = defaultdict(set)
    for number, text in enumerate(texts):
        for word in text:
            holders[word].add(number)
    limit = max(3, len(plain) // 50)
    queries: list[Query] = []
    while len(queries) < 25:
        number = dice.randrange(len(plain))
        title = list(dict.fromkeys(map(str.lower, _words(plain[number]["title"]))))
        words = [word for word in title if len(word) > 2 and 1 < len(holders[word]) <= limit]
        chosen = dice.sample(words, k=min(len(words), dice.randint(2, 4)))
        if len(chosen) > 1 and len(set.intersection(*(holders[word] for word in chosen))) == 1:
            queries.append(Query("title words", " ".join(chosen), (plain[number]["id"],)))
    return queries


def _of_authors(papers: Iterable[Mapping[str, Any]], dice: random.Random) -> list[Query]:
    written: dict[str, list[str]] = defaultdict(list)
    for paper in papers:
        for author in dict.fromkeys(paper["authors"]):
            written[author].append(paper["id"])
    names = sorted(name for name, ids in written.items() if len(ids) <= 10 and " " in name)
    several = [name for name in names if len(written[name]) > 1]
    chosen = dice.sample(names, k=7) + dice.sample(several, k=8)
    return [Query("author", name, tuple(written[name])) for name in chosen]


def _of_abstracts(plain: Sequence[Mapping[str, str]], dice: random.Random) -> list[Query]:
    """Five to eight words side by side in a sentence that stand so in one abstract only."""
    spoken = [" ".join(_words(paper["abstract"])).lower() for paper in plain]
    queries: list[Query] = []
    while len(queries) < 20:
        number = dice.randrange(len(plain))
        sentence = dice.choice(_SENTENCE_END.split(plain[number]["abstract"]))
        words, length = _words(sentence), dice.randint(5, 8)
        if len(words) < length:
            continue
        start = dice.randrange(len(words) - length + 1)
        phrase = " ".join(words[start : start + length])
        if sum(phrase.lower() in text for text in spoken) == 1:
            queries.append(Query("phrase", phrase, (plain[number]["id"],)))
    return queries
