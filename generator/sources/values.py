"""What a JSON value is where a type is due: itself, or nothing.

Strangers' answers hold null, numbers and lists where their documentation promises texts: such a
value counts as missing, and the record that holds it stays. Pure.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any


def as_object(value: object) -> Mapping[str, Any]:
    """The object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """The list, else an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: object) -> str:
    """The text, else an empty one."""
    return value if isinstance(value, str) else ""


def as_objects(value: object) -> list[Mapping[str, Any]]:
    """The objects in a list."""
    return [each for each in as_list(value) if isinstance(each, dict)]


def as_texts(value: object) -> list[str]:
    """The texts in a list; a single text counts as a list of one."""
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, str)]


def as_number(value: object) -> int | None:
    """The whole number of 0 or more, also one written as a text of at most 18 digits."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def as_day(value: object) -> date | None:
    """The day a text begins with: `2025-11-26`, `2025-11-26T08:00:00Z`."""
    try:
        return date.fromisoformat(as_text(value).strip()[:10])
    except ValueError:
        return None


def first_day(year: object) -> date | None:
    """1 January of a year: the day of a paper of which only the year is known."""
    number = as_number(year)
    return date(number, 1, 1) if number and number <= date.max.year else None
