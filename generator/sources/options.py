"""The options of one entry of `sources` in site.yml, taken one by one with their types checked.

Owns the messages about them. What an option means is its source's business.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from generator.config import SITE_YML, SourceConfig
from generator.errors import BroadsheetError, Problem, nearest, shown

LARGEST_LIMIT = 1_000_000


class Options:
    """Takes options; `finish` then raises everything that was wrong with them, and every option
    nobody took. Until then a wrong option counts as its default."""

    def __init__(self, config: SourceConfig) -> None:
        self._config = config
        self._known: list[str] = []
        self._problems: list[Problem] = []

    def text(self, key: str, default: str = "", *, required: bool = False) -> str:
        """A text on one line; without `required`, `default` where it is missing."""
        value = self._take(key)
        if value is None:
            if required:
                self._wrong(f"'{key}' is missing", f"add '{key}: …' to the source")
            return default
        if not isinstance(value, str) or not value.strip():
            self._wrong(f"'{key}' is not a text: {shown(value)}", "put it in double quotes")
            return default
        return value.strip()

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; a single text counts as a list of one."""
        value = self._take(key)
        if value is None:
            return ()
        values = value if isinstance(value, list) else [value]
        for wrong in (each for each in values if not isinstance(each, str)):
            hint = f"put each of '{key}' in double quotes"
            self._wrong(f"'{key}' holds {shown(wrong)}, which is not a text", hint)
        return tuple(each.strip() for each in values if isinstance(each, str))

    def day(self, key: str) -> date | None:
        """A day; None where it is missing."""
        value = self._take(key)
        if isinstance(value, datetime):
            return value.date()
        if value is None or isinstance(value, date):
            return value
        self._wrong(f"'{key}' is not a date: {shown(value)}", "write it as YYYY-MM-DD")
        return None

    def limit(self, default: int | None = None) -> int | None:
        """The option `limit`: how many records a pull takes at most, 1 or more."""
        value = self._take("limit")
        if value is None:
            return default
        if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= LARGEST_LIMIT:
            return value
        self._wrong(f"'limit' is not a number from 1 to {LARGEST_LIMIT}: {shown(value)}")
        return default

    def choice(self, key: str, choices: Sequence[str], default: str) -> str:
        """One of a few words."""
        value = self._take(key)
        if value is None or value in choices:
            return default if value is None else str(value)
        self._wrong(f"'{key}' is {shown(value)}", f"known are {', '.join(choices)}")
        return default

    def flag(self, key: str) -> bool:
        """Yes or no; no where it is missing."""
        value = self._take(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        self._wrong(f"'{key}' is neither true nor false: {shown(value)}")
        return False

    def url(self, key: str, default: str = "") -> str:
        """An absolute http(s) URL, without a `/` at its end."""
        value = self.text(key)
        if not value:
            return default
        if _is_http_url(value):
            return value.rstrip("/")
        fact = f"'{key}' is not an http(s) URL: {shown(value)}"
        self._wrong(fact, "write it whole: https://…, without a name, password, query or fragment")
        return default

    def path(self, key: str, *, required: bool = False) -> str:
        """A file of the site: a relative POSIX path that stays inside it."""
        value = self.text(key, required=required)
        parts = [part for part in value.split("/") if part not in ("", ".")]
        inside = parts and not value.startswith("/") and ".." not in parts
        if inside and not set(value) & set("\\:\0"):
            return "/".join(parts)
        if value:
            hint = "give it from the site's folder: content/sources/list.txt"
            self._wrong(f"'{key}' is not a file of the site: {shown(value)}", hint)
        return ""

    def renames(self, key: str, fields: Sequence[str]) -> Mapping[str, str]:
        """A mapping of field to the name the source has for it."""
        value = self._take(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self._wrong(
                f"'{key}' is not a mapping: {shown(value)}", f"{key}: {{abstract: summary}}"
            )
            return {}
        return {
            each: name for each, name in value.items() if self._renames(key, each, name, fields)
        }

    def finish(self) -> None:
        """Raises BroadsheetError if any option was wrong, missing or unknown."""
        for key in self._config.options:
            if key not in self._known:
                self._wrong(f"unknown option '{key}'", nearest(str(key), self._known))
        if self._problems:
            raise BroadsheetError(self._problems)

    def given(self, *keys: str) -> bool:
        """Whether any of the options is there, right or wrong."""
        return any(self._config.options.get(key) is not None for key in keys)

    def wrong(self, fact: str, hint: str = "") -> None:
        """Notes a problem that only the source itself can see."""
        self._wrong(fact, hint)

    def _take(self, key: str) -> Any:
        self._known.append(key)
        return self._config.options.get(key)

    def _wrong(self, fact: str, hint: str = "") -> None:
        fact = f"source '{self._config.name}': {fact}"
        self._problems.append(Problem(where=SITE_YML, fact=fact, hint=hint))

    def _renames(self, key: str, each: object, name: object, fields: Sequence[str]) -> bool:
        if each not in fields:
            self._wrong(f"'{key}' names an unknown field '{each}'", nearest(str(each), fields))
        elif not isinstance(name, str):
            self._wrong(f"'{key}.{each}' is not a text: {shown(name)}", "put it in double quotes")
        return each in fields and isinstance(name, str)


def _is_http_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        plain = parts.port is None or parts.port > 0
    except ValueError:
        return False
    extra = parts.query or parts.fragment or "@" in parts.netloc
    spaceless = text.isprintable() and " " not in text
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and not extra
        and plain
        and spaceless
    )
