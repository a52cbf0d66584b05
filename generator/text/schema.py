"""What YAML mappings may hold: checked as a whole, every mistake told at its line in our words.

Owns the pieces that schemas are made of. pydantic's core finds the mistakes; its models, which it
would make anew whenever a program begins, are left out.
"""

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic_core import SchemaValidator, ValidationError, core_schema
from pydantic_core.core_schema import CoreConfig, CoreSchema, ExtraBehavior

from generator.errors import BroadsheetError, Problem, nearest, shown
from generator.text.front_matter import line_of, source_of
from generator.text.plain import clean_line
from generator.text.safety import safe_url

_EXPECTED = {
    "string_type": "is not a text",
    "int_type": "is not a whole number",
    "bool_type": "is neither true nor false",
    "list_type": "is not a list",
    "dict_type": "is not a mapping",
    "string_too_short": "is empty",
    "too_short": "is empty",
    "string_pattern_mismatch": "has characters it cannot have",
    "string_too_long": "is too long",
    "greater_than_equal": "is too small",
    "less_than_equal": "is too large",
}
_REMEDIES = {
    "is not a date": "write it as YYYY-MM-DD",
    "is not an absolute http(s) URL": "write it whole: https://you.github.io/papers/",
    "is not a web address": "write it whole, beginning with https://",
}
_HINTS = {
    "string_type": "put it in double quotes",
    "int_type": "write digits only",
    "bool_type": "write true or false",
    "list_type": "write it in brackets: [one, two]",
    "dict_type": "write 'key: value' lines below it, indented",
    "greater_than_equal": "write {ge} or more",
    "less_than_equal": "write {le} or less",
    "string_pattern_mismatch": "use letters, digits and hyphens",
}
_STRICT = CoreConfig(strict=True)
"""A text is no number; of a mapping inside another, too, which does not ask what it is in."""
_SCALARS = ("str", "int", "float", "bool")
"""What pydantic puts behind the name of a key that takes one of several types."""


class Schema:
    """What a mapping may hold; `others` as for `mapping`."""

    def __init__(self, keys: Mapping[str, CoreSchema], *, others: bool = False) -> None:
        self.keys = keys
        self._mapping = mapping(keys, others=others)
        self._validator = SchemaValidator(self._mapping, _STRICT)

    def read(
        self, values: Mapping[str, Any], text: str, where: str, first_line: int = 1
    ) -> dict[str, Any]:
        """The values, checked, with defaults for those that are not there. Raises BroadsheetError
        with every mistake in the order of the lines of `text`, the YAML they were written in, which
        begins at `first_line` of the file `where`."""
        try:
            read: dict[str, Any] = self._validator.validate_python(values)
        except ValidationError as error:
            raise BroadsheetError(self._problems(error, values, text, where, first_line)) from None
        return read

    def _problems(
        self,
        error: ValidationError,
        values: Mapping[str, Any],
        text: str,
        where: str,
        first_line: int,
    ) -> list[Problem]:
        found: dict[tuple[int, tuple[object, ...]], Problem] = {}
        for detail in error.errors():
            path = [step for step in detail["loc"] if _is_written(values, step, detail["loc"])]
            line = line_of(text, path, first_line)
            written = source_of(text, path) if len(path) == len(detail["loc"]) else ""
            fact, hint = self._fact_and_hint(detail, shown(written or detail["input"]))
            found.setdefault(
                (line, tuple(path)), Problem(where=f"{where}:{line}", fact=fact, hint=hint)
            )
        return [found[key] for key in sorted(found, key=lambda key: key[0])]

    def _fact_and_hint(self, detail: Any, value: str) -> tuple[str, str]:
        names = [step for step in detail["loc"] if isinstance(step, str)]
        if len(names) > 1 and names[-1] in _SCALARS:
            names.pop()
        key = ".".join(names) or "the file"
        kind = detail["type"]
        if kind == "extra_forbidden":
            known = self._known_keys(detail["loc"][:-1])
            return f"unknown key '{detail['loc'][-1]}'", nearest(str(detail["loc"][-1]), known)
        if kind == "missing":
            return f"'{detail['loc'][-1]}' is missing", f"add a line '{detail['loc'][-1]}: …'"
        if kind == "literal_error":
            return f"'{key}' names what is not known: {value}", nearest(
                str(detail["input"]), re.findall("'([^']+)'", detail["ctx"]["expected"])
            )
        if kind == "value_error":
            fact = str(detail["ctx"]["error"])
            return f"'{key}' {fact}: {value}", _REMEDIES.get(fact, "")
        hint = _HINTS.get(kind, "").format(**detail.get("ctx", {}))
        return f"'{key}' {_EXPECTED.get(kind, 'is not right')}: {value}", hint

    def _known_keys(self, path: Sequence[object]) -> list[str]:
        fields: Mapping[str, Any] = _fields(self._mapping) or {}
        for step in path:
            if step in fields:
                fields = _fields(fields[str(step)]["schema"]) or fields
        return list(fields)


def _fields(schema: Any) -> Mapping[str, Any] | None:
    """The fields of a mapping, or of those that a list, a mapping or a default is of."""
    while schema and schema["type"] != "typed-dict":
        schema = next(filter(None, map(schema.get, ("schema", "items_schema", "values_schema"))), 0)
    return schema["fields"] if schema else None


def _is_written(values: Any, step: object, path: Sequence[object]) -> bool:
    """Whether a step of pydantic's path is a key or position of the document; it puts the names
    of union members into the path too."""
    current = values
    for part in path:
        known = (
            part in current
            if isinstance(current, Mapping)
            else (isinstance(current, list) and isinstance(part, int) and part < len(current))
        )
        if part == step:
            return known
        if known:
            current = current[part]
    return False


# -- what schemas are made of ---------------------------------------------------------------------

text, integer, boolean = core_schema.str_schema, core_schema.int_schema, core_schema.bool_schema
list_of, dict_of = core_schema.list_schema, core_schema.dict_schema


def optional(schema: CoreSchema, default: object) -> CoreSchema:
    """What may be left out, and counts as the default then."""
    return core_schema.with_default_schema(schema, default=default)


def section(keys: Mapping[str, CoreSchema]) -> CoreSchema:
    """A mapping of optional keys that may be left out itself."""
    return core_schema.with_default_schema(mapping(keys), default={}, validate_default=True)


def mapping(keys: Mapping[str, CoreSchema], *, others: bool = False) -> CoreSchema:
    """A mapping with these keys, each there unless it is `optional`. `others`: whether it may hold
    other keys, which are left as they are."""
    fields = {
        key: core_schema.typed_dict_field(schema, required=schema["type"] != "default")
        for key, schema in keys.items()
    }
    extra: ExtraBehavior = "allow" if others else "forbid"
    return core_schema.typed_dict_schema(fields, extra_behavior=extra, config=_STRICT)


def one_of(words: Sequence[str]) -> CoreSchema:
    """One of these words."""
    return core_schema.literal_schema(list(words))


def scalar() -> CoreSchema:
    """A text, a number, true or false."""
    return core_schema.union_schema([text(), integer(), core_schema.float_schema(), boolean()])


def read_by(function: Callable[[Any], object], then: CoreSchema) -> CoreSchema:
    """What a function makes of a value, which must be as `then` asks for. The function raises
    ValueError with the fact where the value is not right."""
    return core_schema.no_info_before_validator_function(function, then)


def made_by(function: Callable[[Any], object], of: CoreSchema) -> CoreSchema:
    """What a function makes of a value that is as `of` asks for; raises as in `read_by`."""
    return core_schema.no_info_after_validator_function(function, of)


def words() -> CoreSchema:
    """What pages show as it is written: in one line, without control characters."""
    return made_by(clean_line, text())


def name() -> CoreSchema:
    """Words, at least one."""
    return core_schema.chain_schema([words(), text(min_length=1)])


def address() -> CoreSchema:
    """The address of a page of the web."""
    return made_by(_read_address, text())


def day() -> CoreSchema:
    """A day written YYYY-MM-DD."""
    return read_by(_read_day, core_schema.date_schema())


def _read_address(value: str) -> str:
    url = safe_url(value)
    if not url:
        raise ValueError("is not a web address")
    return url


def _read_day(value: object) -> datetime.date:
    if isinstance(value, datetime.date):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        try:
            return datetime.date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError("is not a date")
