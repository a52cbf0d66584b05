"""What an answer must be before anybody looks into it: there, text in UTF-8, and JSON.

Owns the messages about answers that are something else. Pure.
"""

from typing import Any

import orjson

from generator.errors import shown
from generator.sources.source import Request, refused

_WHOLE = "the file may have been cut off; save it again, whole"
_AGAIN = "try again later; if it stays so, look at the URL in a browser"


def parse_text(payload: bytes, request: Request) -> str:
    """The text of an answer, without a byte order mark. Raises BroadsheetError."""
    try:
        return payload.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = payload[: error.start].count(b"\n") + 1
        fact = f"is not UTF-8: byte {error.start} (line {line}) is 0x{payload[error.start]:02x}"
        raise refused(request, fact, "save the file as UTF-8" if request.path else _AGAIN) from None


def parse_json(payload: bytes, request: Request) -> Any:
    """The value of a JSON answer. Raises BroadsheetError."""
    check_present(payload, request, "JSON")
    text = parse_text(payload, request)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        fact = f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        raise refused(request, fact, remedy(request)) from None


def check_present(payload: bytes, request: Request, wanted: str) -> None:
    """Raises BroadsheetError for an empty answer and for a page of HTML."""
    start = payload[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not start:
        raise refused(request, f"is empty where {wanted} is due", remedy(request))
    if start.startswith((b"<!doctype html", b"<html")):
        hint = "a proxy, a login page or a wrong 'endpoint' may have answered"
        raise refused(request, f"is a page of HTML where {wanted} is due", hint)


def remedy(request: Request) -> str:
    """What to do about an answer that is broken: a file can be saved again, a server asked."""
    return _WHOLE if request.path else _AGAIN


def described(value: object) -> str:
    """What kind of JSON value it is, for a message; a text is shown."""
    if isinstance(value, str):
        return f"the text {shown(value)}"
    if isinstance(value, dict):
        keys = ", ".join(shown(key) for key in list(value)[:5])
        return f"an object with the keys {keys}" if keys else "an empty object"
    return "a list" if isinstance(value, list) else f"the value {shown(value)}"
