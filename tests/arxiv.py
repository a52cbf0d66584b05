"""A server that speaks as arXiv does in all three ways, and a site that asks it in each: what a
test and a benchmark share."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from generator.sources.source import ARXIV_GAP
from tests.loopback import Call, Server, serve

LEAST_GAP = ARXIV_GAP
_FEED = """<feed xmlns="http://www.w3.org/2005/Atom"
 xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"><id>urn:x</id><title>arXiv</title>
<opensearch:totalResults>{total}</opensearch:totalResults><entry><id>{id}</id>
<title>Paper {name}</title><summary>It learns.</summary><published>2025-11-20T00:00:00Z</published>
<link rel="alternate" href="https://arxiv.org/abs/{name}"/><dc:creator>Ada Lovelace</dc:creator>
<arxiv:announce_type>new</arxiv:announce_type><author><name>Ada Lovelace</name></author></entry>
</feed>"""
_ARCHIVE = """<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record>
<header><identifier>oai:arXiv.org:{name}</identifier></header><metadata>
<arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>{name}</id><created>2025-11-20</created>
<title>Paper {name}</title><abstract>It learns.</abstract></arXiv></metadata></record>
<resumptionToken>{token}</resumptionToken></ListRecords></OAI-PMH>"""


@contextmanager
def three_sources(folder: Path, *, requests: int) -> Iterator[Server]:
    """A site with a query, a feed and an archive, which take so many requests: a paper each."""
    queries = requests // 2
    pages = requests - 1 - queries

    def answer(call: Call) -> None:
        name = f"2511.{call.number:05d}"
        if call.path == "/oai":
            page = int(call.params.get("resumptionToken", "1"))
            token = str(page + 1) if page < pages else ""
            call.send(_ARCHIVE.format(name=name, token=token).encode())
        elif call.path == "/query":
            url = f"http://arxiv.org/abs/{name}v1"
            call.send(_FEED.format(name=name, id=url, total=queries).encode())
        else:
            call.send(_FEED.format(name=name, id=f"oai:arXiv.org:{name}v1", total=1).encode())

    with serve(answer) as server:
        (folder / "content").mkdir()
        (folder / "content/site.yml").write_text(
            "title: Papers\nsources:\n"
            f"  - {{name: query, type: arxiv, query: cs.AI, endpoint: '{server.url}/query'}}\n"
            f"  - {{name: feed, type: arxiv, feed: cs.AI, endpoint: '{server.url}/feed'}}\n"
            f"  - {{name: archive, type: arxiv, archive: cs.AI, endpoint: '{server.url}/oai'}}\n"
        )
        yield server
