"""Related papers share words that few others use, and the words are told."""

import datetime
import random
import subprocess
import sys
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from generator.library.memory import Notes
from generator.library.neighbours import (
    COMPARED,
    NEAR,
    NEAREST,
    SHARED,
    STRONGEST,
    Vectors,
    nearest,
    no_links,
    reached,
    zeros,
)
from generator.library.packed import digest
from generator.library.related import relate, relate_read, relations
from generator.library.wording import reading, telling_stem, texts_of, words_of
from generator.model import Paper
from generator.text.words import STOP_WORDS, document_text, stem, text_terms

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


def words_told(abstract: str) -> tuple[str, ...]:
    """The words of which it is told that two papers share them."""
    (related,) = relate(papers(abstract, abstract, *fillers(20)))["p0"]
    return related.words


def library(size: int, seed: int = 1) -> list[Paper]:
    """Papers of words as common as those of a language, in order of id."""
    chance = random.Random(seed)
    papers = []
    for number in range(size):
        words = " ".join(f"w{int(chance.paretovariate(0.7))}" for _ in range(60))
        papers.append(Paper(id=f"p{number:05}", title="", abstract=words))
    return papers


def test_papers_that_share_rare_words_are_related_and_others_are_not() -> None:
    found = relate(papers(ROBOTS, ROBOTS + " Again.", PROOFS, PROOFS, *fillers(20)))
    assert [related.id for related in found["p0"]] == ["p1"]
    assert [related.id for related in found["p2"]] == ["p3"]
    assert "p5" not in found


def test_the_shared_words_are_the_reason_the_strongest_first() -> None:
    words = words_told(ROBOTS)
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
    assert words_told(abstract) == ("compressed", "lemmas", "provers")


@pytest.mark.parametrize(
    ("abstract", "words"),
    [
        ("Schrödinger's β-VAE", {"schrödinger's", "β", "vae"}),
        ("注意 Mamba", {"注", "意", "mamba"}),
        ("afﬁnity in C++ lemmas", {"affinity", "cplusplus", "lemmas"}),
    ],
)
def test_words_of_any_script_are_told_as_people_read_them(abstract: str, words: set[str]) -> None:
    assert set(words_told(abstract)) == words


def test_numbers_and_single_letters_bring_no_papers_together() -> None:
    assert relate(papers("2019 1.5 n k x 42", "2019 1.5 n k x 42", *fillers(20))) == {}


@given(st.text(max_size=60))
def test_words_are_those_of_the_search(text: str) -> None:
    words = words_of(text)
    terms, normal = text_terms(text), map(document_text, words)
    assert sorted(stem(word) for word in normal if word not in STOP_WORDS) == sorted(terms)
    told = {telling_stem(word) for word in words} - {""}
    assert told <= set(terms)
    assert {term for term in terms if term[1:].isalpha() and term.isascii()} <= told


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 99), st.randoms(use_true_random=False))
def test_papers_that_others_have_read_in_any_order_are_related_alike(
    seed: int, chance: random.Random
) -> None:
    some = library(150, seed)
    chance.shuffle(some)
    cut = chance.randrange(len(some))
    readings = [reading(texts_of(part)) for part in (some[:cut], some[cut:])]
    notes = relate_read(readings, {})
    assert dict(relations(notes)) == dict(relate(some))
    told = [relate(some, notes).told(paper.id) for paper in some]
    assert told == [relate(some).told(paper.id) for paper in some]


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
    before, changed = relate(some), 0
    for more in range(1_601, 1_606):
        new = library(more)[-1]
        after = relate([*some, new])
        changed += sum(
            after.get(paper.id) != before.get(paper.id)
            and new.id not in {related.id for related in after.get(paper.id, ())}
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
    assert relate([Paper(id="p", title="")]) == {}


def test_numpy_is_not_loaded_before_papers_are_related() -> None:
    asked = "import sys, generator.library.related; print('numpy' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"


# -- vectors ---------------------------------------------------------------------------------------


@st.composite
def some_vectors(draw: st.DrawFn) -> Vectors:
    """Vectors with few terms and weights, so that many are equally near."""
    count, width = draw(st.integers(1, 150)), draw(st.integers(2, 12))
    chance = random.Random(draw(st.integers()))
    looks, shown, weight = (draw(st.sampled_from([0.3, 0.7, 1])) for _ in range(3))
    vectors = [np.zeros((count, STRONGEST), kind) for kind in (np.int32, np.int32, bool, bool)]
    for number in range(count):
        terms = chance.sample(range(1, width + 1), chance.randint(0, width))
        for place, term in enumerate(terms):
            told = term, chance.choice([100, 300, round(500 * weight)])
            flags = chance.random() < looks, chance.random() < shown
            for array, value in zip(vectors, (*told, *flags), strict=True):
                array[number, place] = value
    return Vectors(terms=vectors[0], weights=vectors[1], looks=vectors[2], shown=vectors[3])


def compared_in_turn(vectors: Vectors, number: int) -> list[int]:
    """The neighbours of a vector as `neighbours.py` describes them, a pair at a time."""

    def terms(row: int, chosen: Iterable[bool]) -> dict[int, int]:
        told = zip(vectors.terms[row].tolist(), vectors.weights[row].tolist(), chosen, strict=True)
        return {term: weight for term, weight, is_chosen in told if weight and is_chosen}

    def product(one: dict[int, int], other: dict[int, int]) -> int:
        return sum(one[term] * other[term] for term in one.keys() & other.keys())

    everything, through = [True] * STRONGEST, terms(number, vectors.looks[number].tolist())
    others = [other for other in range(len(vectors)) if other != number]
    looks = {o: product(through, terms(o, vectors.shown[o].tolist())) for o in others}
    seen = sorted((o for o in others if looks[o] >= NEAR), key=lambda o: (-looks[o], o))
    own, found = terms(number, everything), []
    for other in seen[:COMPARED]:
        its = terms(other, everything)
        if len(own.keys() & its.keys()) >= SHARED:
            found.append((-product(own, its), other))
    return [other for _, other in sorted(found)[:NEAREST]]


@settings(deadline=None)
@given(some_vectors())
def test_neighbours_are_those_found_a_pair_at_a_time(vectors: Vectors) -> None:
    found = nearest(vectors, np.arange(len(vectors)), 13)
    told: list[list[int]] = [[] for _ in range(len(vectors))]
    for row, other in zip(found.rows.tolist(), found.others.tolist(), strict=True):
        told[row].append(other)
    assert told == [compared_in_turn(vectors, number) for number in range(len(vectors))]


@settings(deadline=None, max_examples=300)
@given(some_vectors(), st.integers())
def test_whoever_gets_other_neighbours_is_reached(vectors: Vectors, seed: int) -> None:
    everyone, chance = np.arange(len(vectors)), random.Random(seed)
    before, links = nearest(vectors, everyone, 13), no_links(len(vectors))
    links.put(everyone, before)
    rows = np.array(chance.sample(everyone.tolist(), chance.randint(1, len(vectors) // 40 + 1)))
    now, new = vectors.take(everyone), vectors.take(rows)
    new.weights[new.weights == chance.choice([100, 300])] = chance.choice([90, 290, 310])
    if chance.random() < 0.2:
        new.put(np.array([0]), zeros(1))
    now.put(rows, new)
    after, found = nearest(now, everyone, 13), no_links(len(vectors))
    found.put(everyone, after)
    reach = np.isin(links.others, rows).any(axis=1)
    reach[rows] = reach[reached(now, vectors.take(rows), new, links, 13)] = True
    assert np.array_equal(links.others[~reach], found.others[~reach])
    assert np.array_equal(links.edges[~reach], found.edges[~reach])
    assert np.array_equal(links.least[~reach], found.least[~reach])


# -- from one build to the next --------------------------------------------------------------------


def edited(papers: list[Paper], chance: random.Random) -> list[Paper]:
    """The papers after somebody added, removed, rewrote or retitled some."""
    papers = list(papers)
    for _ in range(chance.choice([1, 1, 2, 9])):
        place = chance.randrange(len(papers))
        paper, other = papers[place], chance.choice(papers)
        words = [*paper.abstract.split(), *chance.choices([*other.abstract.split(), "w9"], k=9)]
        match chance.randrange(6):
            case 0:
                papers.append(replace(other, id=f"q{chance.random()}"))
            case 1 if len(papers) > 2:
                papers.pop(place)
            case 2:
                papers[place] = replace(paper, abstract=" ".join(words[chance.randint(0, 60) :]))
            case 3:
                papers[place] = replace(paper, title=f"Title {chance.choice(words)}s")
            case 4:
                papers[place] = replace(paper, abstract=f"{paper.abstract} ".replace(" ", "s "))
            case _:
                papers[place] = replace(paper, abstract=f"{paper.abstract} new{chance.random()}")
    return papers


@pytest.mark.parametrize("size", [60, 128, 900])
def test_after_edits_the_same_is_found_as_from_nothing(size: int) -> None:
    memory, chance, papers = Notes(), random.Random(size), library(size, seed=size)
    told = Notes()
    for _ in range(30):
        assert relate(papers, memory) == relate(papers)
        digests = {paper.id: digest(paper) for paper in papers}
        assert relate(papers, told, digests) == relate(papers)
        papers = edited(papers, chance)


def test_a_paper_whose_digest_is_as_it_was_is_not_looked_at() -> None:
    memory, some = Notes(), library(300)
    digests = {paper.id: digest(paper) for paper in some}
    before = relate(some, memory, digests)
    others = [replace(paper, title=f"Not {paper.title}", abstract="") for paper in some]
    assert relate(others, memory, digests) == before
    counted = [replace(paper, upvotes=7) for paper in some]
    assert relate(counted, memory, {paper.id: digest(paper) for paper in counted}) == before
    assert relate(others, memory, {}) == relate(others)


def test_what_is_remembered_is_not_worked_out_again() -> None:
    memory, some = Notes(), library(300)
    before = relate(some, memory)
    kept = dict(memory)
    assert relate(some[::-1], memory) == before
    assert memory == kept


@pytest.mark.parametrize("lost", ["all", "the shelves", "one shelf while it is read"])
def test_what_was_forgotten_is_found_again(lost: str) -> None:
    class Forgetful(Notes):
        def __contains__(self, key: object) -> bool:
            return lost.startswith("one") or super().__contains__(key)

    memory, some = Forgetful(), library(300)
    relate(some, memory)
    for key in [key for key in memory if lost == "all" or "shelf" in key]:
        del memory[key]
    some = edited(some, random.Random(1))
    assert relate(some, memory) == relate(some)
    assert relate(some, memory) == relate(some)
