"""Papers as bytes that a program keeps for itself, and back: for what builds remember."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from generator.model import Link, Paper

_DAYS = ("date", "added", "updated")
_LISTS = ("authors", "topics", "categories", "keywords")


def is_packable(paper: Paper) -> bool:
    """Whether the paper comes back as it was. Keys of the curator's own may hold anything, and a
    text half of a character."""
    if paper.extra:
        return False
    try:
        orjson.dumps(paper)
    except TypeError:
        return False
    return True


def pack_papers(papers: Iterable[tuple[str, Paper]]) -> bytes:
    """Papers that are packable, each with a name, as one value."""
    return orjson.dumps([*papers])


def unpack_papers(value: bytes) -> list[tuple[str, Paper]]:
    """What was packed."""
    return [(name, _paper(fields)) for name, fields in orjson.loads(value)]


def _paper(fields: Mapping[str, Any]) -> Paper:
    values = dict(fields)
    for name in _DAYS:
        if values[name]:
            values[name] = dt.date.fromisoformat(values[name])
    for name in _LISTS:
        values[name] = tuple(values[name])
    values["featured"] = tuple([dt.date.fromisoformat(day) for day in values["featured"]])
    values["links"] = tuple([Link(**link) for link in values["links"]])
    return Paper(**values)
