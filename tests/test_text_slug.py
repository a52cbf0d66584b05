"""Every paper has a name that every file system and every URL can bear."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.text.slug import (
    arxiv_id,
    doi,
    is_paper_slug,
    paper_slug,
    slugify,
    with_suffix,
)

RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.DOTALL)


@pytest.mark.parametrize(
    ("given_id", "slug"),
    [
        ({"arxiv": "2507.22565"}, "2507.22565"),
        ({"arxiv": "2507.22565v3", "doi": "10.1/x", "title": "t"}, "2507.22565"),
        ({"arxiv": "hep-th/9901001"}, "hep-th-9901001"),
        ({"doi": "10.1109/ICSTW55395.2022.00035"}, "10.1109-icstw55395.2022.00035"),
        ({"key": "2023.acl-long.1"}, "2023.acl-long.1"),
        (
            {
                "title": "Training Language Models to Critique With Multi-agent Feedback",
                "year": 2024,
            },
            "training-language-models-to-critique-with-multi-agent-feedback-2024",
        ),
        ({"title": "Über Größe"}, "uber-grosse"),
    ],
)
def test_a_paper_is_named_after_its_identity(given_id, slug):
    assert paper_slug(**given_id) == slug


@given(st.text(), st.text(), st.text(), st.text(), st.none() | st.integers(1900, 2100))
def test_any_paper_has_a_name_any_system_can_bear(arxiv, doi_text, key, title, year):
    for given_id in ({"arxiv": arxiv}, {"doi": doi_text}, {"key": key}, {}):
        slug = paper_slug(**given_id, title=title, year=year)
        assert is_paper_slug(slug)
        assert re.fullmatch("[a-z0-9.-]{1,100}", slug)
        assert not slug.startswith((".", "-"))
        assert not slug.endswith(".")
        assert ".." not in slug
        assert not RESERVED.fullmatch(slug)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"key": "a b"}, {"key": "a-b"}),
        ({"key": "a/../b"}, {"key": "a-..-b"}),
        ({"key": "x" * 200 + "1"}, {"key": "x" * 200 + "2"}),
        ({"title": "大模型", "year": 2024}, {"title": "大摩行", "year": 2024}),
        ({"title": "word " * 40 + "one"}, {"title": "word " * 40 + "two"}),
        ({"doi": "10.1000/a<b"}, {"doi": "10.1000/a>b"}),
        ({"key": "con"}, {"key": "x-con"}),
    ],
)
def test_what_a_name_loses_a_digest_keeps(one, other):
    assert paper_slug(**one) != paper_slug(**other)


def test_a_long_title_is_cut_at_a_word_and_keeps_its_year():
    slug = paper_slug(title="A remarkably long title about words " * 6, year=2024)
    assert len(slug) <= 100
    assert re.fullmatch(r"(a-|remarkably-|long-|title-|about-|words-)+[0-9a-f]{8}-2024", slug)


@pytest.mark.parametrize("slug", ["a" * 100, "2507.22565", "a" * 98 + ".b"])
def test_a_suffix_keeps_to_the_limit(slug):
    assert is_paper_slug(with_suffix(slug, 2))
    assert with_suffix(slug, 2).endswith("-2")


@pytest.mark.parametrize(
    "text",
    ["", "A", "a/b", "..", "a..b", ".a", "a.", "-a", "con", "nul.txt", "com1", "a" * 101, "a b",
     "é", "a\n"],
)  # fmt: skip
def test_other_names_are_refused(text):
    assert not is_paper_slug(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2507.22565", "2507.22565"),
        ("https://arxiv.org/abs/2507.22565v2", "2507.22565"),
        ("http://arxiv.org/pdf/0704.0001v1.pdf", "0704.0001"),
        ("arXiv:2101.00001.", "2101.00001"),
        ("https://huggingface.co/papers/2507.22565#x", "2507.22565"),
        ("10.48550/arXiv.2507.22565", "2507.22565"),
        ("https://arxiv.org/abs/hep-th/9901001v3", "hep-th/9901001"),
        ("math.GT/0309136", "math.GT/0309136"),
        ("cs/0112017", "cs/0112017"),
        ("2513.00001", ""),
        ("12345.67890", ""),
        ("x2507.22565", ""),
        ("10.1109/2507.22565x", ""),
        ("", ""),
    ],
)
def test_arxiv_ids_are_found_without_version(text, found):
    assert arxiv_id(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10.1109/ICSTW55395.2022.00035", "10.1109/icstw55395.2022.00035"),
        ("https://doi.org/10.1000/a(b)c.", "10.1000/a(b)c"),
        ("doi:10.1000/x)", "10.1000/x"),
        ("https://dx.doi.org/10.1000%2Fx", "10.1000/x"),
        ("10.1/x", ""),
        ("", ""),
    ],
)
def test_dois_are_found_bare_and_lower_case(text, found):
    assert doi(text) == found


@pytest.mark.parametrize(
    ("text", "slug"), [("Vision & Language", "vision-language"), ("ÅÉ", "ae"), ("nul", "nul-x")]
)
def test_topics_and_people_have_readable_slugs(text, slug):
    assert slugify(text) == slug


@given(st.text())
def test_any_text_has_a_slug(text):
    assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", slugify(text))
    assert len(slugify(text)) <= 102
