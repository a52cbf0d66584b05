"""The stemmer: lunr.js's, in Python and in the reader alike."""

import json
import lzma
import random
import string
import zipfile

import pytest

from generator.text.words import STOP_WORDS, document_text, stem
from tests.judges import REPOSITORY, ask

LISTING = REPOSITORY / "content/sources/daily-papers-2025-11-26.txt"
CORPORA = REPOSITORY.parent / "shared/corpora"
ENDINGS = (
    "ational tional enci anci izer bli alli entli eli ousli ization ation ator alism iveness"
    " fulness ousness aliti iviti biliti logi icate ative alize iciti ical ful ness al ance ence"
    " er ic able ible ant ement ment ent ou ism ate iti ous ive ize sion tion ion e ll y ed ing eed"
    " s es ss sses ies"
)


def made_words() -> set[str]:
    """Beginnings with every kind of letter before every ending that a rule knows."""
    chance = random.Random(7)
    letters = "aeiouyybcdfglmnprstvwxz09"
    beginnings = {"".join(chance.choices(letters, k=size)) for size in range(7) for _ in range(90)}
    return {start + ending for start in beginnings for ending in ["", *ENDINGS.split()]} - {""}


def assert_same_stems(words: set[str]) -> None:
    asked = sorted(words)
    answer = ask("words.js", words=asked)
    judged = dict(zip(asked, answer["stems"], strict=True))
    assert {word: stem(word) for word in asked} == judged
    assert dict(zip(asked, answer["own"], strict=True)) == judged


@pytest.mark.parametrize(
    ("word", "stemmed"),
    [
        ("survey", "survey"),
        ("decay", "decay"),
        ("replay", "replay"),
        ("try", "tri"),
        ("policies", "polici"),
        ("agreed", "agre"),
        ("hopping", "hop"),
        ("hoping", "hope"),
        ("relational", "relat"),
        ("yes", "ye"),
        ("yields", "yield"),
        ("by", "by"),
        ("xjrvm", "xjrvm"),
    ],
)
def test_words_on_which_stemmers_disagree_are_stemmed_as_lunr_js_does(
    word: str, stemmed: str
) -> None:
    assert stem(word) == stemmed
    assert ask("words.js", words=[word])["stems"] == [stemmed]


def test_every_word_of_the_bundled_list_is_stemmed_as_lunr_js_does() -> None:
    words = set(document_text(LISTING.read_text("utf-8")).split())
    assert len(words) > 2_500
    assert_same_stems(words)


def test_every_rule_meets_every_kind_of_beginning() -> None:
    assert_same_stems(made_words() | set(string.ascii_lowercase))


def test_the_stop_words_are_those_of_lunr_js() -> None:
    words = sorted(STOP_WORDS | {"model", "policy", "xjrvm"})
    assert set(ask("words.js", words=words)["stops"]) == STOP_WORDS


@pytest.mark.skipif(not CORPORA.is_dir(), reason="needs ../shared/corpora, real papers for tests")
def test_the_words_of_real_papers_are_stemmed_as_lunr_js_does() -> None:
    words: set[str] = set()
    with zipfile.ZipFile(CORPORA / "hf-daily-papers-2024-2025.zip") as days:
        for name in days.namelist()[:40]:
            words.update(document_text(days.read(name).decode("utf-8", "replace")).split())
    with lzma.open(CORPORA / "papers-100k.jsonl.xz", "rt", encoding="utf-8") as papers:
        for _, line in zip(range(4_000), papers, strict=False):
            words.update(document_text(json.loads(line)["abstract"]).split())
    assert len(words) > 20_000
    assert_same_stems(words)
