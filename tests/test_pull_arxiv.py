"""Whoever of a site asks arXiv, three seconds lie between one request and the next."""

from pathlib import Path

from tests.arxiv import LEAST_GAP, three_sources
from tests.command import broadsheet

DAY = {"SOURCE_DATE_EPOCH": "1764115200"}


def test_three_sources_keep_arxivs_distance_as_the_server_sees_it(tmp_path: Path) -> None:
    with three_sources(tmp_path, requests=5) as server:
        done = broadsheet("pull", site=tmp_path, environment=DAY)
    assert ": 5 new, " in done.stderr, done.stderr
    assert {call.path for call in server.calls} == {"/query", "/feed/cs.AI", "/oai"}
    assert len(server.calls) == 5
    assert LEAST_GAP == 3.0
    assert min(server.gaps) >= LEAST_GAP
