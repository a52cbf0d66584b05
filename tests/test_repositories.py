"""A repository in an abstract is found where it is clear which one is meant, and only there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.library.repositories import repository_in
from generator.text.safety import safe_url

ONE = "https://github.com/ada/engine"


@pytest.mark.parametrize(
    "text",
    [
        "Code: https://github.com/ada/engine",
        "Our code is available at https://github.com/ada/engine.",
        "Code (https://github.com/ada/engine), data and models are released.",
        "See [the code](https://github.com/ada/engine).",
        "See <https://github.com/ada/engine>!",
        "Released at github.com/ada/engine, under MIT.",
        "www.github.com/ada/engine",
        "http://www.GitHub.com/ada/engine/",
        "https://github.com/ada/engine.git",
        "https://github.com/ada/engine/tree/main/src?x=1#readme",
        r"\url{https://github.com/ada/engine}",
        r"\href{https://github.com/ada/engine}{here}",
        "https://github.com/ada/engine{this https URL}.",
        "“https://github.com/ada/engine”…",
        "https://github.com/ada/engine and once more: https://github.com/Ada/Engine.git.",
        "Code at https://github.com/ada/engine, models at https://huggingface.co/ada/engine-7b.",
        "\nhttps://github.com/ada/engine\n",
        "https://github.com/ada/engine. Enjoy.",
    ],
)
def test_one_repository_is_found_however_it_is_written(text: str) -> None:
    assert repository_in(text) == ONE


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (r"https://github.com/ada/the\_engine", "https://github.com/ada/the_engine"),
        (r"https://github.com/ada/the{_}engine", "https://github.com/ada/the_engine"),
        ("https://github.com/ada/three.js.", "https://github.com/ada/three.js"),
        ("https://github.com/ada/Flux.jl", "https://github.com/ada/Flux.jl"),
        ("https://gitlab.com/lab/vision/nets", "https://gitlab.com/lab/vision/nets"),
        ("https://gitlab.com/lab/nets/-/tree/main/a", "https://gitlab.com/lab/nets"),
        ("https://gitlab.com/lab/nets/tree/main/a", "https://gitlab.com/lab/nets"),
        ("https://bitbucket.org/ada/engine/src/main/", "https://bitbucket.org/ada/engine"),
        ("https://codeberg.org/ada/engine.", "https://codeberg.org/ada/engine"),
    ],
)
def test_every_host_has_its_own_form(text: str, url: str) -> None:
    assert repository_in(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "We use GitHub.",
        "https://github.com/ada",
        "https://github.com/ada/",
        "https://github.com/",
        "https://github.com//engine",
        "https://ada.github.io/engine",
        "https://github.com/orgs/ada/repositories",
        "https://github.com/topics/robotics",
        "https://gist.github.com/ada/0123",
        "https://huggingface.co/datasets/ada/numbers",
        "https://notgithub.com/ada/engine",
        "https://github.com.evil.example/ada/engine",
        "https://evil.example/github.com/ada/engine",
        "https://evil.example@github.com/ada/engine",
        "https://github.com/ada/engine.x%20y",
        "https://github.com@evil.example/ada/engine",
        "https://user:pass@github.com/ada/engine",
        "git@github.com:ada/engine.git",
        "ftp://github.com/ada/engine",
        "https://github.com/ada/engine.We show that",
        "https://github.com/ada/the-\nengine",
        "https://github.com/ada/ engine",
        "The code is at https://github.com/ada/the Engine.",
        "https://github.com/ada/engin\u00e9",
        "https://github.com/ada/%65ngine",
        "https://github.com/ada/engine%20two",
        r"https://github.com/ada/engine\textunderscore two",
        "https://github.com/ada/engine$^1$",
        "https://github.com/ada/..",
        "https://github.com/../engine",
        "https://github.com/-ada/engine",
        f"https://github.com/ada/{'e' * 101}",
        "javascript:https://github.com/ada/engine",
        "https://evil.example/?to=https://github.com/ada/engine",
        "https://github.com/ada/engine and https://github.com/ada/difference",
        "https://github.com/ada/engine and https://gitlab.com/ada/engine",
        "Our weights are at https://huggingface.co/ada/engine-7b",
        "huggingface.co/spaces/ada/demo",
    ],
)
def test_what_is_in_doubt_is_no_repository(text: str) -> None:
    assert repository_in(text) == ""


def test_a_long_text_takes_no_longer_than_it_is_long() -> None:
    for piece in ("github.com/", "github.com/a", "https://github.com/a/b.", "a/", "\\_", "."):
        assert len(repository_in(piece * 100_000)) < 250


PIECES = (
    *("https://", "www.", "github.com/", "gitlab.com/", "huggingface.co/", "bitbucket.org/"),
    *("spaces/", "/", ".", "-", "_", "a", "B", " ", "\\", "{", "}", "@", ":", "%", ".git"),
    *("\u202e", "\u00e9", "\n", "?", "#", "~", "+"),
)


@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
def test_whatever_is_found_is_a_safe_address_of_a_known_host(text: str) -> None:
    found = repository_in(text)
    assert found == "" or safe_url(found) == found
    hosts = {"github.com", "gitlab.com", "bitbucket.org"}
    assert found == "" or found.split("/")[2] in hosts
