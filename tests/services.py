"""arXiv and Crossref on loopback, as far as papers are asked for by id, and pages of publishers."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.loopback import Call, Server, serve

_ENTRY = """<entry><id>http://arxiv.org/abs/{id}v2</id><title>{title}</title>
<summary>We attend to {title}.</summary><published>2017-06-12T00:00:00Z</published>
<author><name>Ada Lovelace</name></author><category term="cs.RO"/>
<arxiv:primary_category xmlns:arxiv="http://arxiv.org/schemas/atom" term="cs.RO"/></entry>"""


def atom(papers: Mapping[str, str]) -> bytes:
    """arXiv's answer: titles by id."""
    entries = "".join(_ENTRY.format(id=id_, title=title) for id_, title in papers.items())
    total = f'<opensearch:totalResults xmlns:opensearch="o">{len(papers)}</opensearch:totalResults>'
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{total}{entries}</feed>'.encode()


def works(papers: Mapping[str, str]) -> bytes:
    """Crossref's answer: titles by DOI."""
    items = [
        {
            "DOI": doi,
            "title": [title],
            "author": [{"given": "Emmy", "family": "Noether"}],
            "issued": {"date-parts": [[2024, 5, 17]]},
        }
        for doi, title in papers.items()
    ]
    return json.dumps({"status": "ok", "message": {"items": items}}).encode()


@contextmanager
def services(
    folder: Path,
    *,
    arxiv: Mapping[str, str] | None = None,
    crossref: Mapping[str, str] | None = None,
    pages: Mapping[str, bytes] | None = None,
    sources: str = "",
    sent: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """A site in `folder` whose arXiv and Crossref are a server that knows these titles by id, and
    these pages by path. `sources`: more lines of `sources`; `sent`: what arXiv writes for what."""

    def respond(call: Call) -> None:
        if call.path == "/api":
            wanted = call.params["id_list"].split(",")
            answer = atom({id_: arxiv[id_] for id_ in wanted if arxiv and id_ in arxiv})
            for before, after in (sent or {}).items():
                answer = answer.replace(before.encode(), after.encode())
            call.send(answer)
        elif call.path == "/works":
            wanted = call.params["filter"].replace("doi:", "").split(",")
            call.send(works({doi: crossref[doi] for doi in wanted if crossref and doi in crossref}))
        elif pages and call.path in pages:
            call.send(pages[call.path])
        else:
            call.send(b"nothing", 404)

    with serve(respond) as server:
        (folder / "content/topics").mkdir(parents=True)
        for slug in ("code", "robotics", "theory"):
            rule = "rule: {categories: [cs.RO]}\n" if slug == "robotics" else ""
            (folder / f"content/topics/{slug}.md").write_text(
                f"---\ntitle: {slug.title()}\n{rule}---\n"
            )
        (folder / "content/site.yml").write_text(
            f"title: Papers\nsources:\n{sources}"
            f"  - {{name: a, type: arxiv, query: x, endpoint: '{server.url}/api'}}\n"
            f"  - {{name: c, type: crossref, query: x, endpoint: '{server.url}'}}\n"
        )
        yield server
