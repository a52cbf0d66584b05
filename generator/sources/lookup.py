"""Papers asked for by name, each of whoever knows it: arXiv, Crossref, or the page itself.

Owns who is asked for which name, and what counts where several know a paper: arXiv's word, then
Crossref's, then what the page says of itself. All ids go into as few requests as the services take.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from generator.config import SourceConfig
from generator.errors import BroadsheetError, Problem, shown
from generator.model import Record
from generator.sources.catalogue import open_source
from generator.sources.fetch import Fetched, fetch_records
from generator.sources.http import Client
from generator.sources.naming import Name
from generator.sources.paper_page import PaperPage
from generator.sources.source import Source, Window

_ARXIV, _CROSSREF = "arxiv", "crossref"
_SERVICES = {_ARXIV: "arXiv", _CROSSREF: "Crossref"}
"""Types of sources that know papers by id, as people call them."""
_OTHER_WAYS = ("feed", "archive")
"""Options of a source whose endpoint is not the one that is asked for ids."""
_SUBJECT_CLASS = re.compile(r"\A([a-z-]+)\.[a-z]{2}/", re.ASCII)
_WRITTEN_RIGHT = "look whether it is written right"


class Answers(Struct, frozen=True, kw_only=True):
    """What the services know."""

    records: Mapping[str, Record]
    """By what was asked for, in the order it was asked."""
    problems: tuple[Problem, ...]


def look_up(
    names: Mapping[str, Name],
    configs: Sequence[SourceConfig],
    client: Client,
    progress: Callable[[str], None] = lambda line: None,
) -> Answers:
    """The papers that go by these names; `names` by what somebody wrote.

    `configs`: the site's sources; where one of a service's type has an `endpoint`, it is asked
    there."""
    asked = _Asked(configs, client, progress)
    pages = {what: asked.page(name.url) for what, name in names.items() if name.url}
    arxiv = {what: name.arxiv for what, name in names.items() if name.arxiv}
    arxiv |= {what: page.arxiv for what, page in pages.items() if page and page.arxiv}
    dois = {what: name.doi for what, name in names.items() if name.doi}
    dois |= {what: page.doi for what, page in pages.items() if page and page.doi}
    found = {what: page for what, page in pages.items() if page}
    left = {what: doi for what, doi in dois.items() if what not in arxiv}
    found |= asked.service(_CROSSREF, left, found)
    found |= asked.service(_ARXIV, arxiv, found)
    records = {what: found[what] for what in names if what in found}
    return Answers(records=records, problems=tuple(asked.problems))


class _Asked(Struct):
    """Who was asked, and what went wrong."""

    configs: Sequence[SourceConfig]
    client: Client
    progress: Callable[[str], None]
    problems: list[Problem] = field(default_factory=list)

    def page(self, url: str) -> Record | None:
        """The paper of a page, as the page tells it."""
        self.progress(f"{url}: asking …")
        records = self._fetch(PaperPage(url=url), "page").records
        return records[0] if records else None

    def service(
        self, kind: str, ids: Mapping[str, str], known: Mapping[str, Record]
    ) -> dict[str, Record]:
        """The papers of ids, by what was asked for. One that the service does not know is a
        problem, unless its page told of it."""
        if not ids:
            return {}
        title = _SERVICES[kind]
        self.progress(f"{title}: asking …")
        got = self._service(kind, title, ids.values())
        by_id = {_plain(_id_of(kind, record)): record for record in got.records}
        plain = {what: _plain(key) for what, key in ids.items()}
        found = {what: by_id[key] for what, key in plain.items() if key in by_id}
        told = " ".join(problem.fact for problem in got.problems)
        for what, key in ids.items():
            if not (what in found or what in known or got.failed or key in told):
                fact = f"{title} knows no paper {shown(key)}"
                self.problems.append(Problem(where=what, fact=fact, hint=_WRITTEN_RIGHT))
        return found

    def _service(self, kind: str, title: str, ids: Iterable[str]) -> Fetched:
        options: dict[str, object] = {"ids": list(dict.fromkeys(ids))}
        endpoint = endpoint_of(kind, self.configs)
        options |= {"endpoint": endpoint} if endpoint else {}
        try:
            source = open_source(SourceConfig(name=title, type=kind, options=options))
        except BroadsheetError as error:
            self.problems += error.problems
            return Fetched(failed=True)
        return self._fetch(source, title)

    def _fetch(self, source: Source, title: str) -> Fetched:
        got = fetch_records(source, title, Window(), client=self.client, read_file=_no_file)
        self.problems += map(_without_settings, got.problems)
        return got


def _no_file(path: str) -> bytes:
    raise AssertionError(f"a service reads no file: {path}")


def _id_of(kind: str, record: Record) -> str:
    return record.arxiv if kind == _ARXIV else record.doi


def _plain(key: str) -> str:
    """An id for comparing: arXiv answers to `math.GT/0309136` with `math/0309136`."""
    return _SUBJECT_CLASS.sub(r"\1/", key.lower())


def endpoint_of(kind: str, configs: Sequence[SourceConfig]) -> object:
    """Where the site's own sources of this type ask, if they say so."""
    given = (
        config.options.get("endpoint")
        for config in configs
        if config.type == kind and not any(way in config.options for way in _OTHER_WAYS)
    )
    return next(filter(None, given), None)


def _without_settings(found: Problem) -> Problem:
    """A problem whose remedy lies not in site.yml, since nothing there was asked for."""
    return replace(found, hint=_WRITTEN_RIGHT) if "site.yml" in found.hint else found
