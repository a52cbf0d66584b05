"""What GitHub Pages does with a file: its type by its name, gzip for the types it compresses,
everything else as it is."""

import gzip
import mimetypes
from functools import cache
from pathlib import Path

COMPRESSED = frozenset({
    ".html", ".css", ".js", ".mjs", ".json", ".xml", ".svg", ".txt", ".webmanifest",
})  # fmt: skip
"""Endings of the files that are sent as gzip, at zlib's usual level; `.bin`, `.pagefind` and
`.pf_*` are none of them."""
LEVEL = 6


def content_type(path: Path) -> str:
    """The type a file is sent as."""
    known = {".js": "text/javascript", ".mjs": "text/javascript", ".json": "application/json"}
    guessed, _ = mimetypes.guess_type(path.name)
    return known.get(path.suffix) or guessed or "application/octet-stream"


def body(path: Path) -> bytes:
    """The bytes that go over the wire."""
    content = path.read_bytes()
    if path.suffix not in COMPRESSED:
        return content
    return gzip.compress(content, LEVEL, mtime=0)


@cache
def size(path: Path) -> int:
    """How many bytes these are. A file is looked at once."""
    return len(body(path))


def weigh(folder: Path) -> dict[str, int]:
    """All files below a folder: their number, their bytes, as sent, and as blocks of the disk."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    stats = [path.stat() for path in files]
    return {
        "files": len(files),
        "bytes": sum(stat.st_size for stat in stats),
        "sent": sum(map(size, files)),
        "disk": sum(stat.st_blocks * 512 for stat in stats),
    }
