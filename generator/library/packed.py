"""Papers as bytes that a program keeps for itself, and back: for what builds remember."""

from collections.abc import Sequence
from functools import cache
from hashlib import blake2b
from typing import Any

from msgspec import Struct
from msgspec.msgpack import Decoder, Encoder, decode

from generator.model import Paper

_ENCODER = Encoder()
_ANYTHING = Encoder(enc_hook=repr)
_UNTOLD = (TypeError, ValueError, OverflowError, RecursionError)
"""What a value raises that has no form of its own: keys of the curator's own may hold anything,
even themselves, and a text half of a character."""


class Packed(Struct, frozen=True, array_like=True, gc=False):
    """A paper with what is kept beside it."""

    name: str
    """The caller's, to tell it by."""
    paper: Paper
    digest: str
    """Of the paper."""


def is_packable(paper: Paper) -> bool:
    """Whether the paper comes back as it was."""
    try:
        _ENCODER.encode(paper)
        return not paper.extra or repr(decode(_ENCODER.encode(paper.extra))) == repr(paper.extra)
    except _UNTOLD:
        return False


def digest(value: Any, *parts: str) -> str:
    """A digest of a value and of texts: another when any of them is another."""
    told = _told(value) + "".join(parts).encode()
    return blake2b(told, digest_size=16).hexdigest()


def _told(value: Any) -> bytes:
    try:
        return _ANYTHING.encode(value)
    except _UNTOLD:
        return repr(value).encode("utf-8", "surrogatepass")


def pack_papers(papers: Sequence[Packed]) -> bytes:
    """Papers that are packable as one value."""
    return _ENCODER.encode(papers)


def unpack_papers(value: bytes) -> list[Packed]:
    """What was packed."""
    return _decoder().decode(value)


@cache
def _decoder() -> Decoder[list[Packed]]:
    return Decoder(list[Packed])
