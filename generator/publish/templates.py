"""Templates, compiled, and what each of them reads.

A template reads `card` and `site.title`, not all of `site`. Knowing that saves work twice: a part
that is included with the same values again is not rendered again, and a page is rendered anew only
where something that its templates read has changed.
"""

import contextlib
import datetime
import hashlib
import pickle
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from functools import lru_cache
from typing import Any

import jinja2
from jinja2 import meta, nodes
from jinja2.bccache import Bucket
from jinja2.compiler import CodeGenerator, Frame
from jinja2.idtracking import VAR_LOAD_RESOLVE
from jinja2.runtime import Context
from jinja2.utils import missing
from markupsafe import Markup, escape
from msgspec import Struct

from generator.errors import Problem
from generator.publish.theme import Look
from generator.site.calendar import MONTHS, long_date

PLAIN_CALLS = frozenset({"href", "asset"})
"""What a template may call and still be told by what it reads."""
REMEMBERED = 16_000_000
"""Characters of included parts that are kept at most, twice: the latest, and those before."""
_TRIED, _SELDOM = 256, 16
"""A part that was found again less often than in one of _SELDOM of so many tries is not kept."""
_NAMED = 3
"""Attributes of a variable up to which they are compared; from there on, the variable itself."""

_Path = tuple[str, ...]
_UNTOLD = frozenset({"self", "super", "caller", "varargs", "kwargs"})


class Reads(Struct, frozen=True, kw_only=True):
    """What decides what a template gives, with all that it includes, imports and extends."""

    paths: frozenset[_Path]
    """The variables it reads, as far down as it names them: `("site", "title")`."""
    templates: frozenset[str]
    """Itself and the templates that it reaches."""
    is_told: bool
    """Whether nothing else decides; where not, it may do anything."""


class Own(Struct, frozen=True, kw_only=True):
    """What stands in one template."""

    paths: frozenset[_Path]
    references: tuple[str, ...] | None
    """The templates it names; None where it works out a name."""
    is_told: bool


_NOTHING = Own(paths=frozenset(), references=(), is_told=True)
"""What stands in a template that is missing or wrong."""


@lru_cache(maxsize=4)
def make_environment(look: Look) -> "Environment":
    """Templates ready to render: autoescape everywhere, an unknown variable is an error."""
    return Environment(look)


def ready_templates(look: Look, before: bytes | None) -> bytes:
    """Compile the templates that pages may reach and find out what they read. It takes a while:
    what is given is what to remember of it, and `before` what was remembered, which spares each
    template that is as it was."""
    environment, now = make_environment(look), look.digest.encode()
    of, _, told = (before or b"").partition(b"\n")
    if told:
        environment.take(told)
    if before and of == now:
        return before
    names = {name for name, _, _ in look.templates}
    roots = (name for name in names if not name.startswith("@"))  # those of parents are reached
    reached = {each for root in roots for each in environment.reads(root).templates}
    for name in sorted(reached & names):
        with contextlib.suppress(jinja2.TemplateSyntaxError):  # whoever renders it is told
            environment.get_template(name)
    return now + b"\n" + environment.told


class _Codes(jinja2.BytecodeCache):
    """Compiled templates, each by its name and for its text."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


class Environment(jinja2.Environment):
    """The templates of a theme. Included parts are remembered by what they read."""

    def __init__(self, look: Look) -> None:
        self._texts = {name: (text, place) for name, text, place in look.templates}
        codes = _Codes()
        super().__init__(
            loader=jinja2.FunctionLoader(
                {name: (*told, None) for name, told in self._texts.items()}.get
            ),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
            cache_size=-1,
            bytecode_cache=codes,
        )
        self.filters |= _FILTERS
        self._codes = codes
        self._known: dict[str, Own] = {}
        """By the text of a template, what stands in it."""
        self._parts: dict[str, _Part] = {}
        self._remembered: dict[Any, str] = {}
        self._before: dict[Any, str] = {}
        self._length = 0

    @property
    def told(self) -> bytes:
        """What was found out of the templates so far, for another environment that has some of
        them; of this program, on this version of Python."""
        texts = {text for text, _ in self._texts.values()}
        known = {text: own for text, own in self._known.items() if text in texts}
        keys = [self._codes.get_cache_key(name, at) for name, (_, at) in self._texts.items()]
        codes = {key: self._codes.kept[key] for key in keys if key in self._codes.kept}
        return pickle.dumps((known, codes), pickle.HIGHEST_PROTOCOL)

    def take(self, told: bytes) -> None:
        """What another environment found out."""
        known, codes = pickle.loads(told)  # noqa: S301 (our own)
        self._known |= known
        self._codes.kept |= codes

    def reads(self, name: str) -> Reads:
        """What decides what a template gives. A template that is missing or wrong reads nothing:
        whoever renders it is told."""
        paths, reached, waiting, is_told = set[_Path](), set[str](), [name], True
        while waiting:
            current = waiting.pop()
            if current not in reached:
                reached.add(current)
                own = self._read(current)
                paths |= own.paths
                is_told = is_told and own.is_told
                waiting += own.references or ()
                if own.references is None:
                    waiting += self._texts
        return Reads(paths=frozenset(paths), templates=frozenset(reached), is_told=is_told)

    def digest(self, names: Iterable[str]) -> str:
        """A digest of the texts of templates."""
        texts = [(name, self._texts.get(name)) for name in sorted(names)]
        return hashlib.blake2b(repr(texts).encode(), digest_size=16).hexdigest()

    def _read(self, name: str) -> "Own":
        text, _ = self._texts.get(name, ("", ""))
        if text and text not in self._known:
            with contextlib.suppress(jinja2.TemplateSyntaxError):
                self.get_template(name)
        return self._known.get(text, _NOTHING)

    def _generate(
        self,
        source: nodes.Template,
        name: str | None,
        filename: str | None,
        defer_init: bool = False,
    ) -> str:
        """Jinja's hook for the code of a template: what stands in it is found out on the way."""
        paths, told = set(_paths(source)), _is_told(source)
        references = set(meta.find_referenced_templates(source))
        generator = _Generator(self, name, filename, None, defer_init, self.optimized)
        generator.visit(source)
        named = tuple(sorted(each for each in references if each is not None))
        text, _ = self._texts[name or ""]
        self._known[text] = Own(
            paths=frozenset(path for path in paths if path[0] in generator.free),
            references=None if None in references else named,
            is_told=None not in references and told,
        )
        return str(generator.stream.getvalue())  # type: ignore[attr-defined]

    def part(self, name: str, parent: str, context: Context, local: Mapping[str, Any]) -> str:
        """What an include gives; templates are compiled to call it."""
        part = self._parts.get(name) or self._load_part(name, parent)
        if part.paths is None:
            return self._render(part.template, context, local)
        try:
            key = (part, *[self._value(path, context, local) for path in part.paths])
            found = self._remembered.get(key)
        except TypeError:  # a value that cannot be a key
            part.paths = None
            return self._render(part.template, context, local)
        part.count(found is not None)
        if found is None:
            found = self._before.get(key) or self._render(part.template, context, local)
            self._remember(key, found)
        return found

    @staticmethod
    def escaped(value: Any) -> str:
        """A value as HTML, as `markupsafe.escape` gives it, sooner for what needs no escapes."""
        if type(value) is str and not (
            "&" in value or "<" in value or ">" in value or '"' in value or "'" in value
        ):
            return value
        return value if type(value) is Markup else escape(value)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The globals of a template, as a plain dict: every page and part is given them."""
        return {**self.globals, **(d or {})}

    def _load_part(self, name: str, parent: str) -> "_Part":
        template, reads = self.get_template(name, parent), self.reads(name)
        self._parts[name] = part = _Part(template, _keys(reads.paths) if reads.is_told else None)
        return part

    def _value(self, path: _Path, context: Context, local: Mapping[str, Any]) -> Any:
        name, *attributes = path
        value = local.get(name, missing)
        if value is missing:
            value = context.resolve_or_missing(name)
        for attribute in attributes:
            if value is missing:
                break
            value = self.getattr(value, attribute)
            if isinstance(value, jinja2.Undefined):
                value = missing
        return value

    def _render(self, template: jinja2.Template, context: Context, local: Mapping[str, Any]) -> str:
        known = context.get_all()
        if local:
            known = known | {name: value for name, value in local.items() if value is not missing}
        inner = Context(self, known, template.name, template.blocks, template.globals)
        return "".join(template.root_render_func(inner))

    def forget(self) -> None:
        """Give up what is remembered: what comes next shows other papers."""
        self._before, self._remembered, self._length = {}, {}, 0

    def _remember(self, key: Any, text: str) -> None:
        self._length += len(text)
        if self._length > REMEMBERED:
            self._before, self._remembered, self._length = self._remembered, {}, len(text)
        self._remembered[key] = text


class _Part(Struct, eq=False):
    """A template that others include."""

    template: jinja2.Template
    paths: tuple[_Path, ...] | None
    """What tells what it gives; None where that cannot be told, or is never the same twice."""
    tried: int = 0
    found: int = 0

    def count(self, found: bool) -> None:
        """Whether it was found among what is remembered. No longer asked if it seldom is."""
        self.tried += 1
        self.found += found
        if self.tried == _TRIED and self.found * _SELDOM < self.tried:
            self.paths = None


def _keys(paths: Iterable[_Path]) -> tuple[_Path, ...]:
    """What to compare for variables that are read as `paths`."""
    ordered = sorted(paths)
    count = Counter(path[0] for path in ordered)
    return tuple(dict.fromkeys(p if count[p[0]] <= _NAMED else p[:1] for p in ordered))


class _Generator(CodeGenerator):
    """Compiles includes to calls of `Environment.part`, links to plain calls, and attributes to
    Python's own, with Jinja's rules where a value has no such attribute."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.free = set[str]()
        """The variables that the template is given, as `jinja2.meta` finds them."""

    def enter_frame(self, frame: Frame) -> None:
        super().enter_frame(frame)
        for action, name in frame.symbols.loads.values():
            if action == VAR_LOAD_RESOLVE and name not in self.environment.globals:
                self.free.add(str(name))

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802
        self.write("(got if (got := getattr((owner := ")
        self.visit(node.node, frame)
        attribute = f"{node.attr!r}"
        self.write(f"), {attribute}, missing)) is not missing")
        self.write(f" else environment.getattr(owner, {attribute}))")

    def visit_Include(self, node: nodes.Include, frame: Frame) -> None:  # noqa: N802
        name = node.template.value if isinstance(node.template, nodes.Const) else None
        if not isinstance(name, str) or node.ignore_missing or not node.with_context:
            super().visit_Include(node, frame)
            return
        local = self.dump_local_context(frame)
        call = f"environment.part({name!r}, {self.name!r}, context, {local})"
        self.simple_write(call, frame, node)

    def _output_child_pre(
        self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo
    ) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.escaped(")

    def visit_Call(  # noqa: N802
        self, node: nodes.Call, frame: Frame, forward_caller: bool = False
    ) -> None:
        simple = not (node.kwargs or node.dyn_args or node.dyn_kwargs or forward_caller)
        if not (simple and isinstance(node.node, nodes.Name) and node.node.name in PLAIN_CALLS):
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.visit(node.node, frame)
        self.write("(")
        for argument in node.args:
            self.visit(argument, frame)
            self.write(", ")
        self.write(")")


Environment.code_generator_class = _Generator


def _paths(node: nodes.Node) -> Iterator[_Path]:
    path = _path(node)
    if path is not None:
        yield path
        return
    for child in node.iter_child_nodes():
        yield from _paths(child)


def _path(node: nodes.Node) -> _Path | None:
    """`("site", "title")` of a name, or of attributes of one."""
    if isinstance(node, nodes.Name):
        return (node.name,) if node.ctx == "load" else None
    if isinstance(node, nodes.Getattr):
        owner = _path(node.node)
        return (*owner, node.attr) if owner else None
    return None


def _is_told(tree: nodes.Template) -> bool:
    """Whether what the template gives follows from the variables it reads."""
    if next(tree.find_all((nodes.Block, nodes.NSRef, nodes.CallBlock)), None):
        return False
    own = {macro.name for macro in tree.find_all(nodes.Macro)}
    for each in tree.find_all(nodes.FromImport):
        own |= {name if isinstance(name, str) else name[1] for name in each.names}
    for call in tree.find_all(nodes.Call):
        if not isinstance(call.node, nodes.Name) or call.node.name not in PLAIN_CALLS | own:
            return False
    if any(each.name == "random" for each in tree.find_all(nodes.Filter)):
        return False
    return ("loop",) not in set(_paths(tree)) and not any(
        path[0] in _UNTOLD for path in _paths(tree)
    )


# -- filters --------------------------------------------------------------------------------------


def _short_date(day: datetime.date, year: int | None = None) -> str:
    """`26 Nov`, with the year where it is another."""
    text = f"{day.day} {MONTHS[day.month - 1][:3]}"
    return text if day.year == year else f"{text} {day.year}"


def _number(value: int) -> str:
    return f"{value:,}"


def _plural(count: int, one: str, many: str) -> str:
    return one if count == 1 else many


_FILTERS: dict[str, Callable[..., str]] = {
    "long_date": long_date,
    "short_date": _short_date,
    "number": _number,
    "plural": _plural,
}


# -- failures -------------------------------------------------------------------------------------


def template_problem(error: Exception, name: str) -> Problem:
    """What went wrong in a template, located in its file. Raises the error itself where no template
    has to do with it."""
    if isinstance(error, jinja2.TemplateNotFound):
        hint = "give the theme this template, or let it extend a theme that has it"
        return Problem(where=f"template {name}", fact=f"'{error.name}' is missing", hint=hint)
    if isinstance(error, jinja2.TemplateSyntaxError):
        where = f"{error.filename or error.name}:{error.lineno}"
    else:
        where = _place_in_template(error)
    if not where and not isinstance(error, jinja2.TemplateError):
        raise error
    hint = "themes/README.md lists the variables that a template has"
    return Problem(where=where or f"template {name}", fact=_in_words(error), hint=hint)


def _in_words(error: Exception) -> str:
    """What an error says, names of our classes left out."""
    if not isinstance(error, jinja2.TemplateError):
        return f"{type(error).__name__}: {error}"
    text = str(error.message or error)
    return re.sub(r"'generator\.[\w.]+?\.(\w+?)(?:View)? object' has no", r"\1 has no", text)


def _place_in_template(error: BaseException) -> str:
    """Jinja rewrites tracebacks to the templates' files and lines; the innermost one counts."""
    place, trace = "", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith("themes/"):
            place = f"{file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
