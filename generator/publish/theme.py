"""A theme: templates and static files, found through the chain of what it extends.

Owns the override rule: a file at the same path replaces the parent's; `@parent/paper.html` names
the parent's own. Reading the folders is `content.load_theme`'s.
"""

import hashlib
import posixpath
import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from generator.errors import BroadsheetError, Problem, nearest, problem, shown
from generator.model import File
from generator.text import schema
from generator.text.front_matter import line_of, parse_mapping
from generator.text.safety import safe_url

OPTIONS_CSS = "options.css"
"""The stylesheet made from `theme_options`: a strict CSP leaves no room for inline style."""
_SCRIPT = re.compile(rb'(\b(?:from |import |import\(|new URL\())"(\.[\w./-]+\.js)"')
"""Where a script names another one."""
_COLOR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")


_MANIFEST = schema.Schema(
    {
        "name": schema.text(),
        "description": schema.optional(schema.text(), ""),
        "version": schema.optional(schema.text(), ""),
        "extends": schema.optional(schema.text(), ""),
        "options": schema.optional(schema.dict_of(schema.text(), schema.scalar()), {}),
    }
)


class Manifest(Struct, frozen=True, kw_only=True):
    """A theme.yml."""

    name: str
    extends: str
    """The folder of the parent; empty for none."""
    options: Mapping[str, Any]
    """Every option with its default."""


class Look(Struct, frozen=True, kw_only=True):
    """What rendering needs of a theme: small, hashable, sent to whoever renders."""

    templates: tuple[tuple[str, str, str], ...]
    """Name, text and file of each: `paper.html`, and `@broadsheet/paper.html` for each theme of
    the chain."""
    assets: tuple[tuple[str, str], ...]
    """Paths below static/, with eight digits of each content's hash."""
    options: tuple[tuple[str, Any], ...]
    """Defaults of the chain under the site's theme_options."""
    digest: str
    """Of all three."""


class Theme(Struct, frozen=True, kw_only=True):
    """A theme, whole."""

    look: Look
    static: tuple[File, ...]
    """Files of the built site: `assets/style.css`, `search/search.js`."""


def parse_manifest(text: str, where: str) -> Manifest:
    """What a theme.yml says. Raises BroadsheetError, located."""
    told = _MANIFEST.read(parse_mapping(text, where), text, where)
    return Manifest(name=told["name"], extends=told["extends"], options=told["options"])


def assemble_theme(
    chain: Mapping[str, tuple[Manifest, Mapping[str, bytes]]],
    options: Mapping[str, Any],
    site_yml: str,
    where: str,
) -> Theme:
    """A theme from its chain, the nearest first: by folder name, its manifest and its files.

    `options` are the site's theme_options, written in `site_yml`. Raises BroadsheetError."""
    templates: dict[str, tuple[str, str]] = {}
    static: dict[str, bytes] = {}
    defaults: dict[str, Any] = {}
    for folder, (manifest, files) in chain.items():
        for path, content in files.items():
            kind, _, name = path.partition("/")
            if kind == "templates":
                place = f"themes/{folder}/{path}"
                template = _template_text(content, place), place
                templates.setdefault(name, template)
                templates[f"@{folder}/{name}"] = template
            elif kind == "static":
                static.setdefault(name, content)
        defaults = {**manifest.options, **defaults}
    merged = _check_options(defaults, options, site_yml, where)
    static[OPTIONS_CSS] = _options_css(merged)
    static = _versioned(static)
    look = _look(templates, static, merged)
    files_out = (File(path=_static_path(n), content=static[n]) for n in sorted(static))
    return Theme(look=look, static=tuple(files_out))


def _template_text(content: bytes, where: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise problem(where, "is not UTF-8", "save the template with the encoding UTF-8") from None


def _look(
    templates: Mapping[str, tuple[str, str]],
    static: Mapping[str, bytes],
    options: Mapping[str, Any],
) -> Look:
    assets = tuple((name, _short_hash(static[name])) for name in sorted(static))
    ordered = tuple((name, *templates[name]) for name in sorted(templates))
    chosen = tuple(sorted(options.items()))
    whole = hashlib.blake2b(repr((ordered, assets, chosen)).encode(), digest_size=16)
    return Look(templates=ordered, assets=assets, options=chosen, digest=whole.hexdigest())


def _versioned(static: Mapping[str, bytes]) -> dict[str, bytes]:
    """Every script with the version of each other script that it names, as `asset` gives it to
    pages: nobody runs a new module with an old one from a cache, and each has one address."""
    names = {_static_path(name): name for name in static}
    made: dict[str, bytes] = {}

    def version(name: str) -> bytes:
        folder = posixpath.dirname(_static_path(name))

        def address(reference: re.Match[bytes]) -> bytes:
            path = posixpath.normpath(posixpath.join(folder, reference[2].decode()))
            if path not in names:
                return reference[0]
            digest = _short_hash(version(names[path]))
            return b'%s"%s?v=%s"' % (reference[1], reference[2], digest.encode())

        if name not in made:
            made[name] = static[name]  # where scripts name each other in a circle, it is cut here
            if name.endswith(".js"):
                made[name] = _SCRIPT.sub(address, static[name])
        return made[name]

    return {name: version(name) for name in static}


def _short_hash(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=4).hexdigest()


def _static_path(name: str) -> str:
    """Where a static file goes: the reader of the index lives beside it in search/."""
    return name if name.startswith("search/") else f"assets/{name}"


def _check_options(
    defaults: Mapping[str, Any], options: Mapping[str, Any], site_yml: str, where: str
) -> dict[str, Any]:
    problems = []
    for key, value in options.items():
        place = f"{where}:{line_of(site_yml, ['theme_options', key])}"
        if key not in defaults:
            fact = f"the theme has no option '{key}'"
            hint = nearest(key, defaults) if defaults else "take it out: this theme has no options"
            problems.append(Problem(where=place, fact=fact, hint=hint))
        elif _COLOR.fullmatch(str(defaults[key])) and not _COLOR.fullmatch(str(value)):
            fact = f"'theme_options.{key}' is not a colour: {shown(value)}"
            problems.append(Problem(where=place, fact=fact, hint='write it as "#9b1c1f"'))
        elif key.endswith("_url") and value != "" and not safe_url(str(value)):
            fact = f"'theme_options.{key}' is not a web address: {shown(value)}"
            hint = "write it whole, beginning with https://"
            problems.append(Problem(where=place, fact=fact, hint=hint))
    if problems:
        raise BroadsheetError(problems)
    return {**defaults, **options}


def _options_css(options: Mapping[str, Any]) -> bytes:
    """The options that are colours, as custom properties."""
    colours = {key: value for key, value in options.items() if _COLOR.fullmatch(str(value))}
    lines = "".join(f"  --{key}: {value};\n" for key, value in sorted(colours.items()))
    return f":root {{\n{lines}}}\n".encode()
