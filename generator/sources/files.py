"""A file of papers that somebody has: which type of source reads it. Pure.

The ending says it, where it is one that says something; of JSON and of files with other endings,
what stands in them.
"""

import json
import re
from typing import Any

from generator.errors import problem
from generator.sources.values import as_object, as_objects

_ENDINGS = {"bib": "bibtex", "bibtex": "bibtex", "ris": "ris", "csv": "csv", "tsv": "csv"}
_JSON = ("json", "jsonl", "ndjson", "csljson")
_MARKS = {
    "bibtex": re.compile(r"^\s*@[A-Za-z]+\s*[{(]", re.MULTILINE),
    "ris": re.compile(r"^\s{0,3}TY ? ?-", re.MULTILINE),
}
_CSL = frozenset(("issued", "container-title", "DOI", "URL", "ISSN", "accessed", "citation-key"))
"""Keys of CSL JSON that a `json` record does not have."""


def file_type(name: str, content: bytes) -> str:
    """The type of source for a file of this name. Raises BroadsheetError where none reads it."""
    ending = name.rpartition(".")[2].lower()
    if ending in _ENDINGS:
        return _ENDINGS[ending]
    text = content[:1_000_000].decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    if ending in _JSON or text.startswith(("[", "{")):
        return "crossref" if _is_csl(text) else "json"
    found = (kind for kind, mark in _MARKS.items() if mark.search(text))
    kind = next(found, "")
    if not kind:
        hint = "known are BibTeX, RIS, CSV, JSON, JSON Lines and CSL JSON"
        raise problem(name, "is no list of papers that Broadsheet reads", hint)
    return kind


def _is_csl(text: str) -> bool:
    """Whether the first object of a text is an item of CSL JSON."""
    first = as_object(_first_object(text))
    people = as_objects(first.get("author"))
    return bool(_CSL & first.keys()) or any("family" in p or "literal" in p for p in people)


def _first_object(text: str) -> Any:
    """The first object in a list or a line; None where it is not whole."""
    start = text.find("{")
    try:
        return json.JSONDecoder().raw_decode(text, start)[0] if start >= 0 else None
    except (ValueError, RecursionError):
        return None
