"""Topics that papers without one would make: what they are about, and other papers are not.

A paper is about a phrase that its title says, or its abstract twice: what the `text` of a topic's
rule asks for. Phrases are words, and two or three side by side, as they stand in titles; one is no
topic if most papers say it in passing only. What the rest tells from other papers is measured by
the log-likelihood ratio (Dunning 1993, Computational Linguistics 19(1), 61-74); a phrase inside a
longer one that stands for nearly all its papers gives way (nested terms: Frantzi, Ananiadou and
Mima 2000, doi 10.1007/s007999900023). The strongest phrase becomes a proposal, with those that
stand in the same papers; then the strongest of what is left, and so on.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct

from generator.library.topics import Subject, fold_text
from generator.text.words import STOP_WORDS

LEAST = 3
"""Papers that a proposal must have …"""
LEAST_SHARE = 1 / 250
"""… and of all papers without a topic this part."""
_LONGEST = 3
"""Words of a phrase."""
_TITLES = 2
"""Titles that must say a phrase."""
_ABOUT, _TITLED = 0.4, 0.15
"""Of the papers that say a phrase, so many must be about it, and so many say it in their titles:
else it is a way of speaking."""
_SAID = 0.25
"""A phrase that more of all papers say tells none from the others."""
_CERTAIN = 6.63
"""The log-likelihood ratio from which on a difference is hardly chance (1 % of cases)."""
_ENOUGH = 0.25
"""Other papers must be so many, beside those without a topic, for a difference to mean much."""
_INSTEAD = 0.5
"""A longer phrase takes a shorter one's place if so many of its papers are about the longer."""
_TOGETHER = 0.5
"""A phrase joins a proposal if so many of its papers are the proposal's."""
_PHRASES = 5
"""Phrases of a proposal, spellings aside."""
_COMMON = 0.1
"""A spelling is told if so many of the places have it."""
_SPELLED = 60
"""Papers that are asked for the spelling of a phrase."""

_TOKEN = re.compile(r"\w+|[^\w\s]")
_Phrase = tuple[str, ...]
"""Folded words without the s of a plural."""


class Proposal(Struct, frozen=True, kw_only=True):
    """A topic that might be made."""

    title: str
    phrases: tuple[str, ...]
    """For the `text` of its rule, the strongest first, as papers print them."""


def propose(lacking: Sequence[Subject], others: Sequence[Subject], most: int) -> Iterator[Proposal]:
    """The topics, `most` of them at most, that papers which lack one would make, the strongest
    first. They are the same for the same papers in the same order."""
    evidence = _weigh(lacking, others)
    left = _without_nested(evidence.about)
    for _ in range(most):
        scores = {phrase: evidence.score(papers, phrase) for phrase, papers in left.items()}
        seed = max(scores, key=lambda phrase: (scores[phrase], len(phrase), phrase), default=())
        if not seed or not scores[seed]:
            return
        phrases = [seed, *_companions(seed, left)]
        spelled = [_spellings(p, [lacking[place] for place in sorted(left[p])]) for p in phrases]
        yield Proposal(
            title=spelled[0][0][:1].upper() + spelled[0][0][1:],
            phrases=tuple(dict.fromkeys(form for forms in spelled for form in forms)),
        )
        taken = set().union(*(evidence.about[phrase] for phrase in phrases))
        left = {phrase: papers - taken for phrase, papers in left.items()}


class _Evidence(Struct, frozen=True):
    """Which papers are about which phrases."""

    about: Mapping[_Phrase, frozenset[int]]
    """Places of papers without a topic."""
    others: Mapping[_Phrase, int]
    """How many of the other papers are about it."""
    lacking: int
    other_papers: int

    def score(self, papers: Collection[int], phrase: _Phrase) -> float:
        """How strongly these papers show the phrase as a topic of their own; 0 for not at all."""
        found = len(papers)
        if found < max(LEAST, self.lacking * LEAST_SHARE):
            return 0
        ratio = log_likelihood(found, self.lacking, self.others[phrase], self.other_papers)
        if self.other_papers < self.lacking * _ENOUGH:
            return found * len(phrase) if ratio or not self.other_papers else 0
        return ratio if ratio >= _CERTAIN else 0


def log_likelihood(one: int, ones: int, other: int, others: int) -> float:
    """How sure it is that `one` of `ones` is more often than `other` of `others`; 0 if it is not.
    Dunning's G² over the four counts."""
    if one * others <= other * ones:
        return 0
    share = (one + other) / (ones + others)
    cells = (
        (one, ones * share),
        (other, others * share),
        (ones - one, ones * (1 - share)),
        (others - other, others * (1 - share)),
    )
    return 2 * sum(seen * math.log(seen / expected) for seen, expected in cells if seen)


def _weigh(lacking: Sequence[Subject], others: Sequence[Subject]) -> _Evidence:
    """Counts what both kinds of papers are about, for phrases that titles of the first say."""
    texts = [_Text.of(subject) for subject in lacking]
    titles = Counter(phrase for text in texts for phrase in set(_phrases(text.title)))
    wanted = {phrase for phrase, count in titles.items() if count >= _TITLES}
    about: dict[_Phrase, set[int]] = defaultdict(set)
    said: Counter[_Phrase] = Counter()
    for place, text in enumerate(texts):
        subjects, mentioned = text.about(wanted)
        said.update(mentioned)
        for phrase in subjects:
            about[phrase].add(place)
    topical = {
        phrase: frozenset(papers)
        for phrase, papers in about.items()
        if titles[phrase] >= said[phrase] * _TITLED and len(papers) >= said[phrase] * _ABOUT
    }
    elsewhere: Counter[_Phrase] = Counter()
    for subject in others:
        subjects, mentioned = _Text.of(subject).about(topical)
        elsewhere.update(subjects)
        said.update(mentioned)
    most = (len(lacking) + len(others)) * _SAID
    telling = {phrase: papers for phrase, papers in topical.items() if said[phrase] <= most}
    return _Evidence(telling, elsewhere, len(lacking), len(others))


class _Text(Struct, frozen=True):
    """A paper as words and signs between them."""

    title: list[str]
    abstract: list[str]

    @classmethod
    def of(cls, subject: Subject) -> "_Text":
        return cls(*(_words(fold_text(text)) for text in (subject.title, subject.abstract)))

    def about(self, wanted: Collection[_Phrase]) -> tuple[set[_Phrase], set[_Phrase]]:
        """Which of the phrases the paper is about, and which it says at all."""
        titled = set(filter(wanted.__contains__, _runs(self.title)))
        counts = Counter(filter(wanted.__contains__, _runs(self.abstract)))
        repeated = {phrase for phrase, count in counts.items() if count > 1}
        return titled | repeated, titled | counts.keys()


def _words(folded: str) -> list[str]:
    return list(map(_SINGULAR.__getitem__, _TOKEN.findall(folded)))


class _Singular(dict[str, str]):
    """English plurals without their s."""

    def __missing__(self, word: str) -> str:
        short = word
        if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
            short = f"{word[:-3]}y" if word.endswith("ies") else word[:-1]
        self[word] = short
        return short


_SINGULAR = _Singular()


def _runs(words: Sequence[str]) -> Iterator[_Phrase]:
    """All runs of words, up to the longest."""
    for length in range(1, _LONGEST + 1):
        yield from zip(*(words[start:] for start in range(length)), strict=False)


def _phrases(words: Sequence[str]) -> Iterator[_Phrase]:
    """Runs that may name a topic: without signs, with a word that means something at both ends."""
    for run in _runs(words):
        is_long = len(run) > 1 or len(run[0]) > 2
        if is_long and _means(run[0]) and _means(run[-1]) and all(map(str.isalnum, run)):
            yield run


def _means(word: str) -> bool:
    return word not in STOP_WORDS and any(map(str.isalpha, word))


def _without_nested(about: Mapping[_Phrase, frozenset[int]]) -> dict[_Phrase, frozenset[int]]:
    """The phrases but for those whose place a longer one takes."""
    nested = {
        shorter
        for phrase, papers in about.items()
        for shorter in _inside(phrase)
        if shorter in about and len(papers & about[shorter]) >= len(about[shorter]) * _INSTEAD
    }
    return {phrase: papers for phrase, papers in about.items() if phrase not in nested}


def _inside(phrase: _Phrase) -> set[_Phrase]:
    return {run for run in _runs(phrase) if len(run) < len(phrase)}


def _companions(seed: _Phrase, left: Mapping[_Phrase, frozenset[int]]) -> list[_Phrase]:
    """Phrases that stand in the seed's papers, those with most of them first. What holds a phrase
    of the proposal already adds nothing to its rule."""
    chosen = [seed]
    shared = {
        phrase: len(papers & left[seed])
        for phrase, papers in left.items()
        if len(papers & left[seed]) >= max(LEAST, len(left[seed]) / 10, len(papers) * _TOGETHER)
    }
    for phrase in sorted(shared, key=lambda phrase: (-shared[phrase], phrase)):
        if len(chosen) < _PHRASES and not any(known in _runs(phrase) for known in chosen):
            chosen.append(phrase)
    return chosen[1:]


def _spellings(phrase: _Phrase, papers: Sequence[Subject]) -> list[str]:
    """How papers print a phrase, the commonest spelling first; in sentences, where they do."""
    asked = papers[:_SPELLED]
    forms = Counter(form for paper in asked for form in _forms(phrase, paper.abstract))
    if not forms:
        forms = Counter(form for paper in asked for form in _forms(phrase, paper.title))
    folded: Counter[str] = Counter()
    for form, count in forms.items():
        folded[fold_text(form)] += count
    told: dict[str, str] = {}
    for form, _ in sorted(forms.items(), key=lambda entry: (-entry[1], entry[0].swapcase())):
        told.setdefault(fold_text(form), form)
    common = [f for f, count in folded.items() if count >= folded.total() * _COMMON]
    return [told[f] for f in sorted(common, key=lambda f: (-folded[f], f))]


def _forms(phrase: _Phrase, text: str) -> Iterator[str]:
    """The places of a text that say a phrase, as printed."""
    tokens = list(_TOKEN.finditer(fold_text(text)))
    words = [_SINGULAR[token[0]] for token in tokens]
    for first, run in enumerate(zip(*(words[n:] for n in range(len(phrase))), strict=False)):
        if run == phrase:
            last = tokens[first + len(phrase) - 1]
            yield " ".join(text[tokens[first].start() : last.end()].split())
