"""What a built site weighs: its files by kind, and that in words."""

from collections import Counter
from collections.abc import Mapping

from msgspec import Struct

from generator.errors import counted, size_in_words

PAPERS = "pages of papers"
LISTS = "lists"
CITATIONS = "citations"
JSON = "JSON"
FEEDS = "feeds"
SEARCH = "search"
THEME = "theme"
REST = "the rest"
_FEEDS = ("feed.xml", "atom.xml", "feed.json", "feeds.opml")
_FOLDERS = {"search": SEARCH, "assets": THEME, "api": JSON}
_NAMED = 3
"""How many kinds are named where the largest are."""


class Weight(Struct, frozen=True):
    """Files of one kind."""

    files: int
    bytes: int


def kind_of(path: str) -> str:
    """What kind of file lies at a path of the built site."""
    folder, _, inner = path.partition("/")
    ending = path.rpartition(".")[2]
    if path.rpartition("/")[2] in _FEEDS:
        return FEEDS
    if ending in ("bib", "ris"):
        return CITATIONS
    if ending == "html" and folder not in ("search", "404.html"):
        return PAPERS if folder == "papers" and inner else LISTS
    return _FOLDERS.get(folder, REST)


def weigh(sizes: Mapping[str, int]) -> dict[str, Weight]:
    """The files of a built site by kind, the heaviest first. `sizes`: bytes by path."""
    files: dict[str, list[int]] = {}
    for path, size in sizes.items():
        files.setdefault(kind_of(path), []).append(size)
    return _ordered({kind: Weight(len(some), sum(some)) for kind, some in files.items()})


def _ordered(weights: Mapping[str, Weight]) -> dict[str, Weight]:
    return dict(sorted(weights.items(), key=lambda entry: (-entry[1].bytes, entry[0])))


def weigh_again(
    before: Mapping[str, Weight], gone: Mapping[str, int], new: Mapping[str, int]
) -> dict[str, Weight]:
    """What `weigh` gives after some files went and others came: bytes by path, too."""
    files, sizes = Counter[str](), Counter[str]()
    for sign, weights in ((1, before), (-1, weigh(gone)), (1, weigh(new))):
        for kind, weight in weights.items():
            files[kind] += sign * weight.files
            sizes[kind] += sign * weight.bytes
    return _ordered({kind: Weight(n, sizes[kind]) for kind, n in files.items() if n})


def largest_in_words(weights: Mapping[str, Weight]) -> str:
    """`pages of papers 65.2 MB, JSON 20.9 MB, lists 19.8 MB`: the heaviest kinds."""
    ordered = sorted(weights.items(), key=lambda entry: -entry[1].bytes)
    return ", ".join(f"{kind} {size_in_words(weight.bytes)}" for kind, weight in ordered[:_NAMED])


def weights_in_line(weights: Mapping[str, Weight]) -> str:
    """`122.3 MB, of which pages of papers 65.2 MB, JSON 20.9 MB, lists 19.8 MB`."""
    everything = sum(weight.bytes for weight in weights.values())
    return f"{size_in_words(everything)}, of which {largest_in_words(weights)}"


def weights_in_words(weights: Mapping[str, Weight]) -> list[str]:
    """A line for each kind, the heaviest first, and one for all: `  65.2 MB  pages of papers
    (10,000 files)`."""
    everything = Weight(
        sum(weight.files for weight in weights.values()),
        sum(weight.bytes for weight in weights.values()),
    )
    rows = [*weights.items(), ("in all", everything)]
    return [
        f"{size_in_words(weight.bytes):>10}  {kind} ({counted(weight.files, 'file')})"
        for kind, weight in rows
    ]
