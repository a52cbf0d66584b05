"""Payloads that went wrong on their way: for sources, which may refuse them but never fail."""

from hypothesis import strategies as st

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
)


@st.composite
def mutations(draw: st.DrawFn, payload: bytes) -> bytes:
    """The payload with up to four stretches of it replaced, doubled or lost."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(payload)))
        end = min(len(payload), start + draw(st.integers(0, 40)))
        scrap = draw(st.sampled_from(_SCRAPS) | st.binary(max_size=8))
        kept = draw(st.sampled_from((payload[end:], payload[start:], b"")))
        payload = payload[:start] + scrap + kept
    return payload
