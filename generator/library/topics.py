"""Which topics a paper belongs to, and why: the rules of content/topics/ applied to its words.

Owns the meaning of `model.Rule`. Does not read or write topic pages, and does not decide what
becomes of a match: a paper's topics are stored on the paper, where a person may change them.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import groupby

from msgspec import Struct

from generator.library.abstract import plain_abstract
from generator.library.people import authors_of, fold_name, organization_of
from generator.model import Paper, People, Rule, Topic

TITLE_WEIGHT = 100
KEYWORD_WEIGHT = 50
ORGANIZATION_WEIGHT = 50
AUTHOR_WEIGHT = 50
CATEGORY_WEIGHT = 30
MENTION_WEIGHT = 10
"""Weight of an abstract that mentions a topic exactly as often as its rule asks."""
ABSTRACT_WEIGHT_LIMIT = 90
"""However often an abstract says it, a title that says it is the stronger sign."""
FORMS_QUOTED = 3
"""How many different wordings a reason quotes at most."""

_DASHES = "-‐‑‒–—−"
_SPACED = {code: " " for code in range(0x3001) if chr(code).isspace()} | {
    ord(dash): " " for dash in _DASHES
}
_SAME_LENGTH = _SPACED | {ord("İ"): "i"}
"""The dotted capital is the one character that lower() turns into two."""


class Subject(Struct, frozen=True, kw_only=True):
    """What a rule looks at in a paper."""

    title: str
    abstract: str = ""
    """Plain text, not Markdown."""
    categories: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    organization: str = ""
    authors: tuple[str, ...] = ()


class Match(Struct, frozen=True, kw_only=True):
    """A topic that a paper belongs to."""

    slug: str
    """The topic's."""
    why: str
    """The strongest reason, for readers: `“reward model” in the title`."""
    weight: int
    """For comparing the topics of one paper: more is stronger."""


def subject_of(paper: Paper, people: People) -> Subject:
    """What rules look at in a paper, its people and groups under the names that they go by."""
    return Subject(
        title=paper.title,
        abstract=plain_abstract(paper),
        categories=paper.categories,
        keywords=paper.keywords,
        organization=organization_of(paper, people),
        authors=authors_of(paper, people),
    )


def match_topics(subject: Subject, topics: Iterable[Topic], limit: int = 4) -> tuple[Match, ...]:
    """The topics whose rules hold for a paper, the strongest first, at most `limit`; topics of
    equal strength in order of their slugs. A topic without a rule is never matched."""
    paper = _Paper(subject)
    found = [
        Match(slug=topic.slug, why=reasons[0][1], weight=sum(weight for weight, _ in reasons))
        for topic in topics
        if topic.rule is not None and (reasons := _reasons(paper, topic.rule))
    ]
    return tuple(sorted(found, key=lambda match: (-match.weight, match.slug))[:limit])


def why_topics(subject: Subject, topics: Iterable[Topic]) -> dict[str, str]:
    """By slug, the reason of each of the topics whose rule holds, as a match gives it."""
    paper = _Paper(subject)
    reasons = ((topic.slug, _strongest(paper, topic.rule)) for topic in topics if topic.rule)
    return {slug: reason for slug, reason in reasons if reason}


class _Text(Struct, frozen=True):
    """A text, folded once for all rules."""

    original: str
    folded: str
    """As long as the original, so that a reason can quote the paper's own spelling."""
    squeezed: str
    """The folded words with no more than one space between them: a fast first look."""

    @classmethod
    def of(cls, original: str) -> "_Text":
        folded = fold_text(original)
        squeezed = " ".join(folded.split()) if "  " in folded else folded
        return cls(original, folded, squeezed)


def fold_text(text: str) -> str:
    """Lower case, with a space for every dash and every kind of space; the length stays."""
    if text.isascii() and text.isprintable():  # no other dash, and no other kind of space
        return text.replace("-", " ").lower()
    return text.translate(_SAME_LENGTH).lower()


class _Paper:
    """A paper as the rules read it."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.title = _Text.of(subject.title)

    @cached_property
    def abstract(self) -> _Text:
        """Folded once it is asked for: a title may say enough."""
        return _Text.of(self.subject.abstract)


def _reasons(paper: _Paper, rule: Rule) -> list[tuple[int, str]]:
    """The weights and wordings of what makes the rule hold, the strongest first."""
    reasons = sorted(_evidence(paper, rule), key=lambda reason: -reason[0])
    return [] if reasons and _says(rule.exclude, paper) else reasons


def _strongest(paper: _Paper, rule: Rule) -> str:
    """The wording of the strongest reason, or nothing where the rule does not hold."""
    evidence = _evidence(paper, rule)
    weight, why = next(evidence, (0, ""))
    if 0 < weight < TITLE_WEIGHT:
        weight, why = max([(weight, why), *evidence], key=lambda reason: reason[0])
    return "" if why and _says(rule.exclude, paper) else why


def _evidence(paper: _Paper, rule: Rule) -> Iterator[tuple[int, str]]:
    """What speaks for the rule, with its weight; a title, which nothing outweighs, comes first."""
    if spans := _spans(rule.title + rule.text, paper.title):
        start, end = spans[0]
        yield TITLE_WEIGHT, f"{_quoted(paper.title.original[start:end])} in the title"
    needed = max(1, rule.mentions)
    spans = _spans(rule.text, paper.abstract)
    if len(spans) >= needed:
        weight = min(ABSTRACT_WEIGHT_LIMIT, MENTION_WEIGHT * len(spans) // needed)
        yield weight, _mentions_in_words(paper.abstract.original, spans)
    if keyword := _first_equal(paper.subject.keywords, rule.keywords):
        yield KEYWORD_WEIGHT, f"keyword {_quoted(keyword)}"
    if organization := _first_equal((paper.subject.organization,), rule.organizations):
        yield ORGANIZATION_WEIGHT, f"from {organization}"
    if author := _first_author(paper.subject.authors, rule.authors):
        yield AUTHOR_WEIGHT, f"by {author}"
    if category := _first_equal(paper.subject.categories, rule.categories):
        yield CATEGORY_WEIGHT, f"category {category}"


def _says(phrases: tuple[str, ...], paper: _Paper) -> bool:
    return bool(_spans(phrases, paper.title) or _spans(phrases, paper.abstract))


def _spans(phrases: tuple[str, ...], text: _Text) -> list[tuple[int, int]]:
    """Where the phrases stand in a text, from left to right, without overlap."""
    compiled, squeezed = _compile(phrases), text.squeezed
    for stem in compiled.stems:
        if stem in squeezed:
            return [match.span() for match in compiled.pattern.finditer(text.folded)]
    return []


def _first_equal(values: Sequence[str], wanted: Sequence[str]) -> str:
    """The first of the paper's values that a rule wants, in any case; else an empty string."""
    folded = set(map(fold_text, wanted))
    return next((value for value in values if folded and fold_text(value) in folded), "")


def _first_author(authors: Sequence[str], wanted: Sequence[str]) -> str:
    """The first person that a rule wants and that wrote the paper, in the rule's spelling."""
    if not wanted:
        return ""
    folded = set(map(fold_name, authors))
    return next((name for name in wanted if fold_name(name) in folded), "")


class _Phrases(Struct, frozen=True):
    """The phrases of a rule, ready to look for."""

    stems: tuple[str, ...]
    """Each without its `*`: a text that holds none of them need not be searched."""
    pattern: re.Pattern[str]
    """All phrases as one expression over folded text."""


@lru_cache(maxsize=4096)
def _compile(phrases: tuple[str, ...]) -> _Phrases:
    """Longer phrases come first, so that they win where two begin at the same place; phrases with
    the same first letter stand together, for which the engine has a fast search."""
    worded = sorted(
        {(tuple(words), open_end) for words, open_end in map(_words, phrases) if words},
        key=lambda phrase: (phrase[0][0][0], -sum(map(len, phrase[0])), phrase),
    )
    branches = [
        f"{re.escape(letter)}(?<!\\w{re.escape(letter)})(?:{'|'.join(map(_expression, group))})"
        for letter, group in groupby(worded, key=lambda phrase: phrase[0][0][0])
    ]
    stems = tuple(sorted({" ".join(words) for words, _ in worded}))
    return _Phrases(stems, re.compile(f"(?:{'|'.join(branches)})(?!\\w)"))


def _words(phrase: str) -> tuple[list[str], bool]:
    """A phrase's folded words, and whether any ending may follow the last."""
    stem = phrase.strip().removesuffix("*")
    return fold_text(stem).split(), stem != phrase.strip()


def _expression(phrase: tuple[tuple[str, ...], bool]) -> str:
    """The expression for a phrase without its first letter."""
    words, open_end = phrase
    return " ++".join(map(re.escape, words))[len(re.escape(words[0][0])) :] + r"\w*+" * open_end


def _mentions_in_words(abstract: str, spans: Sequence[tuple[int, int]]) -> str:
    """`“tool use” and “agents” 5 times in the abstract`, the commonest wordings first."""
    forms = [" ".join(abstract[start:end].split()) for start, end in spans]
    folded = Counter(map(fold_text, forms))
    spelling = {fold_text(form): form for form in reversed(forms)}
    quoted = [_quoted(spelling[form]) for form, _ in folded.most_common(FORMS_QUOTED)]
    return f"{_joined(quoted, 'and')} {_times(len(forms))} in the abstract"


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _quoted(text: str) -> str:
    return f"“{' '.join(text.split())}”"


def _joined(parts: Sequence[str], word: str) -> str:
    """`a, b or c`."""
    *first, last = parts
    return f"{', '.join(first)} {word} {last}" if first else last


def rule_in_words(rule: Rule) -> tuple[str, ...]:
    """The rule as English sentences for the topic's page, one a condition; a phrase's trailing `*`
    is shown as `…`. The last sentence is the exclusion, where there is one."""
    return tuple(_sentences(rule))


def _sentences(rule: Rule) -> Iterator[str]:
    if rule.title:
        yield f"The title says {_phrases_in_words(rule.title)}."
    if rule.text:
        yield (
            f"The title says {_phrases_in_words(rule.text)}, or the abstract does so "
            f"{_at_least(rule.mentions)}."
        )
    if rule.keywords:
        yield f"A keyword of the paper is {_phrases_in_words(rule.keywords)}."
    if rule.categories:
        yield f"Its category is {_joined(rule.categories, 'or')}."
    if rule.organizations:
        yield f"It comes from {_joined(rule.organizations, 'or')}."
    if rule.authors:
        yield f"It is by {_joined(rule.authors, 'or')}."
    if rule.exclude:
        phrases = _phrases_in_words(rule.exclude)
        yield f"A paper whose title or abstract says {phrases} is left out."


def _phrases_in_words(phrases: Sequence[str]) -> str:
    return _joined([_quoted(phrase.strip().replace("*", "…")) for phrase in phrases], "or")


def _at_least(mentions: int) -> str:
    return "at least once" if mentions <= 1 else f"at least {_times(mentions)} in all"
