"""Whether arXiv's words about a paper say that it was taken back.

There is no flag: authors write the reason as the comment of a last, empty version, and arXiv's
administrators do so too (https://info.arxiv.org/help/withdraw.html). Older notices stand in place
of the abstract. A paper may also speak of other withdrawals, or of a claim, a talk or a forerunner
that was withdrawn; only a sentence about this paper counts. Pure.
"""

import re

from generator.text.plain import clean_line

MOST = 2_000
"""Characters of a comment that are looked at."""

_PAPER = (
    r"(?:paper|article|manuscript|submission|pre-?print|e-?print|work|note|letter|draft|document"
    r"|report|thesis|version)"
)
_OTHER = r"previous|earlier|old|older|first|former|prior|original|other|last|same"
_GONE = r"(?:withdrawn|retracted)(?! from\b(?! (?:the )?arxiv))"
_BEEN = (
    r"(?:(?:has|have|had) (?:now |since )?been|is(?: now)?(?: being)?|was|be|(?:needs?|had) to be"
    r"|must be|should be)"
)
_SUBJECT = rf"(?:this|the|our|my) (?:(?!{_OTHER})[\w-]+ ){{0,2}}?{_PAPER}"
_PASSIVE = re.compile(
    rf"(?<!\bof )(?<!\bin )(?<!\bif )(?:\b{_SUBJECT} (?:{_BEEN} )?(?:\w+ly )?{_GONE}"
    rf"|\bthis {_PAPER}\b.{{1,120}}\b(?:needs?|has|have|had|must) (?:to )?be {_GONE}"
    rf"|\b{_SUBJECT} (?:{_BEEN} )?removed by arxiv)",
    re.IGNORECASE,
)
_ACTIVE = re.compile(
    r"\b(?:we|I|authors?|arxiv)\b.{1,80}?\b(?:withdraw|withdrew|withdrawn|withdrawing|retract"
    r"|retracted|retracting|withdrawal of|retraction of)"
    r" (?:(?:this|our|my) (?:[\w-]+ ){0,2}?|the )"
    rf"{_PAPER}\b(?! from\b(?! (?:the )?arxiv))",
    re.IGNORECASE,
)
_BARE = re.compile(
    rf"(?:{_PAPER} (?:{_BEEN} )?|temporarily )?{_GONE}"
    r"(?P<cause> (?:by|due|because|since|pending|until|on|at|for|to|in order)\b)?"
    r"|(?:withdrawal|retraction)(?P<why> (?:due|because|by)\b)?",
    re.IGNORECASE,
)
_MARKS = re.compile(r"^(?:\W|arxiv admin(?:istrator)? note:? )+", re.IGNORECASE)
_SENTENCES = re.compile(r"(?<=[.;!?]) ")


def says_withdrawn(comment: str, abstract: str = "") -> bool:
    """Whether the comment says so anywhere, or the abstract in its first sentence."""
    sentences = _SENTENCES.split(clean_line(comment[:MOST]))
    said = any(_is_notice(each, first=not number) for number, each in enumerate(sentences))
    return said or _opens_with_notice(abstract)


def _is_notice(sentence: str, *, first: bool) -> bool:
    """A sentence about this paper; or, without naming it, a comment that begins with the word, or
    goes on with who did it or why."""
    sentence = _MARKS.sub("", sentence)
    bare = _BARE.match(sentence)
    if bare and (bare["cause"] or bare["why"] or (first and _ends(sentence, bare.end()))):
        return True
    return bool(_PASSIVE.search(sentence) or _ACTIVE.search(sentence))


def _opens_with_notice(abstract: str) -> bool:
    sentence = _MARKS.sub("", _SENTENCES.split(clean_line(abstract[:MOST]))[0])
    bare = _BARE.match(sentence)
    alone = bare and bare.end() >= len(sentence.rstrip(".!)] "))
    if bare and (bare["cause"] or bare["why"] or alone):
        return True
    return bool(_PASSIVE.match(sentence) or _ACTIVE.match(sentence))


def _ends(sentence: str, end: int) -> bool:
    """Whether nothing follows that the word would belong to (`withdrawn samples`)."""
    return not sentence[end:].strip() or sentence[end] in ".,:;!)]-"
