"""Related papers share words that few others use, and the words are told."""

import datetime
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.library import neighbours
from generator.library.neighbours import NEAREST, Vectors
from generator.library.related import _LARGE, Related, count_words, relate, relate_counts
from generator.model import Paper
from generator.text.plain import plain_title
from generator.text.words import document_text, stem, text_terms

DAY = datetime.date(2025, 11, 26)
ROBOTS = "A gripper grasps a mug; the gripper learns grasping from a gripper."
PROOFS = "A prover searches a lemma; the prover finds lemmas in a library of theorems."


def papers(*abstracts: str) -> list[Paper]:
    return [
        Paper(id=f"p{number}", title=f"Paper {number}", abstract=abstract, added=DAY)
        for number, abstract in enumerate(abstracts)
    ]


def fillers(count: int) -> list[str]:
    """Abstracts that share nothing with each other."""
    return [f"filler{n}a filler{n}b filler{n}c method" for n in range(count)]


def words_of(abstract: str) -> tuple[str, ...]:
    """The words of which it is told that two papers share them."""
    (related,) = relate(papers(abstract, abstract, *fillers(20)))["p0"]
    return related.words


def library(size: int, seed: int = 1) -> dict[str, dict[str, int]]:
    """Papers of words as common as those of a language, by id, in order."""
    chance = random.Random(seed)
    counted = {}
    for number in range(size):
        words = [f"w{int(chance.paretovariate(0.7))}" for _ in range(60)]
        counted[f"p{number:05}"] = {word: words.count(word) for word in words}
    return counted


def test_papers_that_share_rare_words_are_related_and_others_are_not() -> None:
    found = relate(papers(ROBOTS, ROBOTS + " Again.", PROOFS, PROOFS, *fillers(20)))
    assert [related.id for related in found["p0"]] == ["p1"]
    assert [related.id for related in found["p2"]] == ["p3"]
    assert "p5" not in found


def test_the_shared_words_are_the_reason_the_strongest_first() -> None:
    words = words_of(ROBOTS)
    assert words[0] == "gripper"
    assert len(words) == 3


def test_one_common_word_is_no_relation() -> None:
    found = relate(papers("gripper alone here", "gripper elsewhere there", *fillers(20)))
    assert found == {}


def test_words_of_one_stem_are_one_word_told_as_the_papers_print_it_most_briefly() -> None:
    some = ["gripper mug robot", "grippers mugs robots", "gripper mug robot"]
    found = relate(papers(*some, *fillers(20)))
    assert {related.id for related in found["p1"]} == {"p0", "p2"}
    assert set(found["p1"][0].words) == {"gripper", "mug", "robot"}


def test_the_word_that_a_paper_prints_most_often_is_told() -> None:
    abstract = "Compressing compressed compressed compressed lemmas; provers"
    assert words_of(abstract) == ("compressed", "lemmas", "provers")


@pytest.mark.parametrize(
    ("abstract", "words"),
    [
        ("Schrödinger's β-VAE", {"schrödinger's", "β", "vae"}),
        ("注意 Mamba", {"注", "意", "mamba"}),
        ("afﬁnity in C++ lemmas", {"affinity", "cplusplus", "lemmas"}),
    ],
)
def test_words_of_any_script_are_told_as_people_read_them(abstract: str, words: set[str]) -> None:
    assert set(words_of(abstract)) == words


def test_numbers_and_single_letters_bring_no_papers_together() -> None:
    assert relate(papers("2019 1.5 n k x 42", "2019 1.5 n k x 42", *fillers(20))) == {}


@given(st.text(max_size=60))
def test_words_are_those_of_the_search(text: str) -> None:
    words = count_words(Paper(id="p", title=text))
    terms = text_terms(plain_title(text))
    assert {stem(document_text(word)) for word in words} <= set(terms)
    telling = {term for term in terms if term[1:].isalpha() and term.isascii()}
    assert telling <= {stem(document_text(word)) for word in words}


def test_there_are_a_few_at_most_and_never_the_paper_itself() -> None:
    found = relate(papers(*[ROBOTS] * (NEAREST + 3), *fillers(60)))
    assert all(len(related) == NEAREST for related in found.values())
    assert all(paper not in {r.id for r in related} for paper, related in found.items())


def test_equally_near_papers_go_by_their_ids() -> None:
    found = relate(papers(*[ROBOTS] * 4, *fillers(60)))
    assert [related.id for related in found["p2"]] == ["p0", "p1", "p3"]


def test_one_more_paper_elsewhere_moves_no_relation() -> None:
    some = papers(ROBOTS, ROBOTS, PROOFS, PROOFS, *fillers(20))
    before, after = relate(some), relate([*some, *papers(*fillers(26))[25:]])
    assert {paper: after.get(paper) for paper in before} == before


def test_one_more_paper_moves_the_relations_of_those_it_is_near_and_of_few_others() -> None:
    some = library(1_600)
    before, changed = relate_counts(some.items()), 0
    for more in range(1_601, 1_606):
        new = list(library(more).items())[-1]
        after = relate_counts([*some.items(), new])
        changed += sum(
            after.get(paper) != before.get(paper)
            and new[0] not in {related.id for related in after.get(paper, ())}
            for paper in some
        )
    assert changed / 5 < len(some) * 0.03


def test_a_word_that_stays_between_two_powers_of_two_weighs_the_same() -> None:
    shared = [f"{PROOFS} {ROBOTS}"] * 9
    before = relate(papers(*shared, *fillers(100)))
    after = relate(papers(*shared, *fillers(100), PROOFS))
    near = {paper for paper in before if "p109" in {related.id for related in after[paper]}}
    assert {p: after[p] for p in before if p not in near} == {
        p: found for p, found in before.items() if p not in near
    }
    assert near < before.keys()


def test_the_order_of_papers_does_not_matter() -> None:
    some = papers(ROBOTS, ROBOTS, ROBOTS, PROOFS, PROOFS, *fillers(20))
    assert relate(some) == relate(reversed(some))


def test_a_library_without_words_has_no_relations() -> None:
    assert relate([]) == {}
    assert relate(papers("", "", "")) == {}


# -- with the extra --------------------------------------------------------------------------------


@st.composite
def some_vectors(draw: st.DrawFn) -> Vectors:
    """Vectors with few terms and weights, so that many are equally near."""
    vectors = Vectors()
    width = draw(st.integers(2, 12))
    spread = draw(st.lists(st.sampled_from([2, 256, 4_096, 8_192]), min_size=12, max_size=12))
    weights = st.dictionaries(st.integers(0, width - 1), st.sampled_from([100, 300, 500]))
    for vector in draw(st.lists(weights, min_size=1, max_size=90)):
        vectors.add(vector, spread)
    return vectors


@settings(deadline=None)
@given(some_vectors())
def test_scipy_and_plain_python_find_the_same_neighbours(vectors: Vectors) -> None:
    matrices = pytest.importorskip(
        "generator.library.matrices", reason="the extra 'related' is not installed"
    )
    assert list(matrices.nearest(vectors)) == list(neighbours.nearest(vectors))


def test_a_large_library_is_related_in_the_same_way_with_scipy_and_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("scipy", reason="the extra 'related' is not installed")
    some = library(_LARGE + 100)
    with_scipy = relate_counts(some.items())
    monkeypatch.setattr("generator.library.related._LARGE", len(some) + 1)
    plain = relate_counts(some.items())
    assert plain == with_scipy
    assert isinstance(plain["p00000"][0], Related)
