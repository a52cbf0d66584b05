"""Payloads as no honest server sends them, made of honest ones; what must hold of any answer."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from generator.errors import BroadsheetError
from generator.sources import Batch, Request, Source
from generator.text.safety import printable, safe_url

_SCRAPS = (
    b"",
    b"\x00",
    b"\xff\xfe",
    b"\xc3",
    b"\xe2\x80\xae",
    b"{" * 40,
    b"}" * 40,
    b"[" * 40,
    b'"',
    b"'",
    b"\\",
    b"$",
    b"%",
    b"#",
    b"|",
    b";",
    b"\t",
    b"\n\n",
    b"\r",
    b"<",
    b"</",
    b"&#0;",
    b"&#xD800;",
    b"&amp;",
    b"<![CDATA[",
    b"<!--",
    b"@",
    b"@article{",
    b"TY  - ",
    b"ER  - ",
    b"- **",
    b"](",
    b"9" * 400,
    b"-1",
    b"1e999",
    b"null",
    b"true",
    b"[]",
    b"{}",
    b"]]>",
    b"---\n",
    b"&lol;",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
)


ODD_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from([10**30, -1, 0, 1e308, "", " ", "\x00\x1b[31m", "javascript:alert(1)"]),
        st.text(max_size=20),
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["value", "text", "name", "title", "content", "notes"]), inner
        )
    ),
    max_leaves=6,
)


@st.composite
def mutated(draw: st.DrawFn, payload: bytes) -> bytes:
    """The payload with up to four stretches of it replaced, doubled or lost."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(payload)))
        end = min(len(payload), start + draw(st.integers(0, 40)))
        scrap = draw(st.sampled_from(_SCRAPS) | st.binary(max_size=8))
        kept = draw(st.sampled_from((payload[end:], payload[start:], b"")))
        payload = payload[:start] + scrap + kept
    return payload


@st.composite
def distorted(draw: st.DrawFn, value: Any) -> bytes:
    """The JSON value with odd values in a few of its places, written down."""
    value = {"": deepcopy(value)}
    for _ in range(draw(st.integers(1, 4))):
        holder, key = draw(st.sampled_from(list(_places(value))))
        holder[key] = draw(ODD_VALUES)
    return json.dumps(value[""]).encode()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each object or list in a value, with each key or index of it."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs if isinstance(value, dict | list) else ():
        yield value, key
        yield from _places(inner) if isinstance(inner, dict | list) else ()


def parse_safely(source: Source, payload: bytes, request: Request) -> Batch:
    """What the source makes of a payload, an empty batch where it refuses it. Any exception but
    BroadsheetError comes out; so does an AssertionError where a record is not fit to be shown."""
    try:
        batch = source.parse(payload, request)
    except BroadsheetError:
        return Batch()
    for record in batch.records:
        lines = (record.title, record.venue, record.key, record.organization, record.summary)
        texts = (*lines, record.abstract, *record.authors, *record.keywords)
        assert record.title.strip()
        assert not any("\n" in line for line in lines)
        assert all(text == printable(text) for text in texts)
        assert all(link.url == safe_url(link.url) for link in record.links)
    return batch
