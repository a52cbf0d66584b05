"""Papers that builds remember come back as they were."""

from hypothesis import given
from hypothesis import strategies as st

from generator.library.packed import is_packable, pack_papers, unpack_papers
from generator.model import Link, Paper

days = st.none() | st.dates()
counts = st.none() | st.integers(0, 2**53 - 1)
texts = st.text(max_size=20)
some = st.lists(texts, max_size=3).map(tuple)
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
    path=texts,
)


@given(st.lists(st.tuples(texts, papers), max_size=3))
def test_packed_papers_come_back_as_they_were(named: list[tuple[str, Paper]]) -> None:
    packable = [(name, paper) for name, paper in named if is_packable(paper)]
    assert unpack_papers(pack_papers(packable)) == packable
    assert packable == named


def test_what_would_not_come_back_is_told() -> None:
    assert not is_packable(Paper(id="a", title="A", extra={"mine": {1: 2}}))
    assert not is_packable(Paper(id="a", title="half \ud800"))
