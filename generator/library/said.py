"""What the sources last said of each paper, as digests: the memory a pull merges with."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from generator.model import Change

ID = "id"
"""Stands in the state where a field stands, for the identifier a source knows a paper by."""

ENRICH_ARXIV, ENRICH_CODE = "enrich: arxiv", "enrich: code"
"""Stand where a source's name stands, for what a pull found out beyond its sources: trusted less
than any of them. No source of a site can be called so."""


class Said(Struct, frozen=True, kw_only=True):
    """What the sources last said of one paper: a line in content/.pulled/papers/."""

    days: tuple[str, ...] = ()
    """Days the sources listed it on, the first one first."""
    fields: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By source, by field: a digest of the value it gave."""
    changes: tuple[Change, ...] = ()
    """What sources changed on its page, the earliest first."""


def digest(value: Any) -> str:
    """Twelve hexadecimal digits that stand for a field's value."""
    text = json.dumps(value, ensure_ascii=False, default=str, sort_keys=True)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
