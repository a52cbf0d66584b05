"""Papers that builds remember, or that go to another process, come back as they were."""

import copy
import datetime
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from generator.library.abstract import plain_abstract, with_plain_abstract
from generator.library.packed import Packed, digest, is_packable, pack_papers, unpack_papers
from generator.model import Link, Paper
from generator.text.plain import plain_text

days = st.none() | st.dates()
counts = st.none() | st.integers(0, 2**53 - 1)
texts = st.text(max_size=20)
some = st.lists(texts, max_size=3).map(tuple)
EXTRA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=3,
)
papers = st.builds(
    Paper,
    id=texts,
    title=texts,
    abstract=texts,
    date=days,
    added=days,
    updated=days,
    featured=st.lists(st.dates(), max_size=3).map(tuple),
    authors=some,
    author_count=counts,
    organization=texts,
    topics=some,
    links=st.lists(st.builds(Link, kind=texts, url=texts), max_size=3).map(tuple),
    source=texts,
    upvotes=counts,
    comments=counts,
    stars=counts,
    venue=texts,
    categories=some,
    keywords=some,
    summary=texts,
    draft=st.booleans(),
    version=counts,
    withdrawn=st.booleans(),
    hidden=st.booleans(),
    notes=texts,
    extra=st.dictionaries(texts, EXTRA, max_size=2),
    path=texts,
    plain=st.none() | texts,
)


@given(st.lists(st.tuples(texts, papers), max_size=3))
def test_packed_papers_come_back_as_they_were(named: list[tuple[str, Paper]]) -> None:
    packable = [Packed(name, paper, digest(paper)) for name, paper in named if is_packable(paper)]
    back = unpack_papers(pack_papers(packable))
    assert back == packable
    assert repr(back) == repr(packable)


@given(papers, papers)
def test_papers_that_differ_have_different_digests(one: Paper, other: Paper) -> None:
    assert (digest(one) == digest(other)) == (repr(one) == repr(other))
    assert digest(one) != digest(replace(one, notes=f"{one.notes}."))
    assert digest(one, "a") != digest(one, "b")


@given(papers)
def test_a_paper_is_not_packable_only_for_what_a_curator_added(paper: Paper) -> None:
    assert is_packable(replace(paper, extra={}))


AT = datetime.datetime(2025, 3, 1, 12, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))


ROUND: list[object] = []
ROUND.append(ROUND)


@pytest.mark.parametrize("value", [1 << 70, (1,), {1}, datetime.date(2025, 3, 1), AT, ROUND])
def test_what_would_not_come_back_is_told(value: object) -> None:
    paper = Paper(id="a", title="A", extra={"mine": value})
    assert not is_packable(paper)
    assert digest(paper) != digest(replace(paper, extra={"mine": None}))
    kept = [1, 2.5, True, None, {"é": "x", 1: 2}, float("inf"), float("nan")]
    assert is_packable(Paper(id="a", title="A", extra={"mine": kept}))
    assert not is_packable(Paper(id="a", title="half \ud800"))


@given(papers)
def test_a_paper_that_went_to_another_process_is_the_same(paper: Paper) -> None:
    for back in (pickle.loads(pickle.dumps(paper)), copy.deepcopy(paper)):
        assert repr(back) == repr(paper)


@pytest.mark.parametrize(
    "abstract",
    [
        "",
        "Plain.",
        "Two\n\nparagraphs.",
        "*Marks*, [links](https://x.example/) and $x^2$.",
        "[]()",
        "<!-- -->",
    ],
)
def test_the_plain_abstract_is_the_same_once_it_is_worked_out(abstract: str) -> None:
    paper = Paper(id="p", title="P", abstract=abstract)
    known = with_plain_abstract(paper)
    assert plain_abstract(known) == plain_abstract(paper) == plain_text(abstract)
    assert replace(known, plain=None) == paper
