"""Another Broadsheet's static JSON, as Broadsheet itself writes it."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.config import SourceConfig
from generator.errors import BroadsheetError, problem
from generator.model import Link, Paper, Topic
from generator.publish.api import ApiItems, api_item, render_api_day, render_api_index
from generator.sources import Batch, Client, Fetched, Politeness, Request, Window, fetch_records
from generator.sources.broadsheet import MOST_DAYS, Broadsheet, DaysRequest, open_broadsheet
from tests.loopback import Call, Server, serve
from tests.mutations import mutated

QUICK = Politeness(tries=2, first_wait=0.01, deadline=2.0, silence=1.0)
SITE = "https://toys.example/papers"
TODAY = date(2025, 11, 26)
TOPICS = {"trains": Topic(slug="trains", title="Trains"), "code": Topic(slug="code", title="Code")}
FULL = Paper(
    id="2401.10020",
    title="A Whole Paper",
    abstract="One *line*.\n\nAnother.",
    date=date(2024, 1, 18),
    added=TODAY,
    featured=(TODAY,),
    authors=("Ada Lovelace", "van Beethoven, Ludwig"),
    organization="Toy Lab",
    topics=("trains",),
    links=(
        Link(kind="abstract", url="https://arxiv.org/abs/2401.10020"),
        Link(kind="code", url="https://github.com/toy/trains"),
        Link(kind="doi", url="https://doi.org/10.1000/toy.1"),
    ),
    upvotes=0,
    comments=7,
    stars=340,
    venue="Journal of Toys 7",
    categories=("cs.LG",),
    keywords=("trains", "braking, late"),
    summary="It trains.",
)
NAMED = Paper(id="a-title-2025", title="A Title", added=TODAY, author_count=5, topics=("code",))
PAYLOAD = orjson.dumps([api_item(each, base_url=SITE, topics=TOPICS) for each in (FULL, NAMED)])


def source(**options: object) -> Broadsheet:
    config = SourceConfig(name="toys", type="broadsheet", options={"url": SITE, **options})
    return open_broadsheet(config)


def parse(payload: bytes, **options: object) -> Batch:
    return source(**options).parse(payload, Request(url=f"{SITE}/api/daily_papers.json"))


def test_a_paper_comes_back_as_it_was_published() -> None:
    record = parse(PAYLOAD).records[0]
    assert (record.title, record.abstract) == ("A Whole Paper", "One line.\n\nAnother.")
    assert (record.date, record.featured) == (FULL.date, TODAY)
    assert (record.arxiv, record.doi, record.key) == ("2401.10020", "10.1000/toy.1", "")
    assert (record.authors, record.organization) == (FULL.authors, "Toy Lab")
    assert (record.upvotes, record.comments, record.stars) == (0, 7, 340)
    assert (record.venue, record.categories) == (FULL.venue, FULL.categories)
    assert (record.keywords, record.summary) == (FULL.keywords, FULL.summary)
    assert {"code", "doi", "abstract"} <= {link.kind for link in record.links}


def test_a_paper_keeps_its_id_and_its_topics_only_if_asked() -> None:
    record = parse(PAYLOAD).records[1]
    assert (record.key, record.arxiv, record.author_count) == ("a-title-2025", "", 5)
    assert record.topics == ()
    assert [each.topics for each in parse(PAYLOAD, topics=True).records] == [("trains",), ("code",)]


def test_a_record_without_a_title_is_left_out_and_the_others_stay() -> None:
    batch = parse(b'[{"paper": {"id": "x-1", "title": " "}}, {"title": "A"}]')
    assert [record.title for record in batch.records] == ["A"]
    assert [each.fact for each in batch.problems] == ["record 1 (x-1) has no title: left out"]


def test_without_a_first_day_one_file_is_asked_for() -> None:
    window = Window(until=TODAY)
    assert [each.url for each in source().requests(window)] == [f"{SITE}/api/daily_papers.json"]
    (request,) = source(topic="trains").requests(window)
    assert request.url == f"{SITE}/api/topics/trains.json"
    (request,) = source(since=date(2025, 1, 1)).requests(window)
    assert request.url == f"{SITE}/api/index.json"


def site(days: Mapping[date, tuple[Paper, ...]]) -> Callable[[Call], None]:
    """A server of a site with these days."""
    counted = [(day, len(papers)) for day, papers in sorted(days.items(), reverse=True)]

    def answer(call: Call) -> None:
        index = render_api_index(
            title="Toys",
            description="",
            generator="Broadsheet",
            base_url=SITE,
            papers=9,
            days=counted,
            topics=[],
        )
        files = {f"/{index.path}": index.content}
        for day, papers in days.items():
            file = render_api_day(day, papers, ApiItems(base_url=SITE, topics=TOPICS))
            files[f"/{file.path}"] = file.content
        call.send(files.get(call.path, b"not here"), 200 if call.path in files else 404)

    return answer


def fetch(
    answer: Callable[[Call], None], window: Window, **options: object
) -> tuple[Fetched, Server]:
    def no_file(path: str) -> bytes:
        raise problem(path, "does not exist")

    with serve(answer) as server, Client(QUICK) as client:
        reader = source(url=server.url, **options)
        found = fetch_records(reader, "toys", window, client=client, read_file=no_file)
    return found, server


def test_the_days_of_the_window_are_read_newest_first() -> None:
    days = {TODAY - timedelta(days=n): (FULL if n else NAMED,) for n in (0, 2, 9)}
    window = Window(since=TODAY - timedelta(days=5), until=TODAY)
    found, server = fetch(site(days), window)
    assert [record.title for record in found.records] == ["A Title", "A Whole Paper"]
    assert [call.path for call in server.calls] == [
        "/api/index.json",
        "/api/days/2025-11-26.json",
        "/api/days/2025-11-24.json",
    ]
    assert min(server.gaps) >= 0.45


def test_days_can_be_narrowed_to_a_topic_and_a_number() -> None:
    days = {TODAY: (FULL, NAMED), TODAY - timedelta(days=1): (NAMED,)}
    window = Window(since=TODAY - timedelta(days=5), until=TODAY)
    found, _ = fetch(site(days), window, topic="trains")
    assert [record.title for record in found.records] == ["A Whole Paper"]
    found, server = fetch(site(days), window, limit=1)
    assert (len(found.records), len(server.calls)) == (1, 2)


def test_a_day_that_is_missing_fails_the_source() -> None:
    whole = site({TODAY: (FULL,)})

    def answer(call: Call) -> None:
        call.send(b"gone", 404) if "days" in call.path else whole(call)

    found, _ = fetch(answer, Window(since=TODAY, until=TODAY))
    assert (found.failed, found.records) == (True, ())


def test_a_busy_site_is_asked_again() -> None:
    whole = site({TODAY: (FULL,)})

    def answer(call: Call) -> None:
        call.send(b"", 429, retry_after="0") if call.number == 2 else whole(call)

    found, server = fetch(answer, Window(since=TODAY, until=TODAY))
    assert (len(found.records), len(server.calls)) == (1, 3)


def test_more_days_than_may_be_read_are_told() -> None:
    named = [{"date": (TODAY - timedelta(days=n)).isoformat()} for n in range(MOST_DAYS + 5)]
    (request,) = source(since=date(2000, 1, 1)).requests(Window(until=TODAY))
    batch = source().parse(orjson.dumps({"days": named}), request)
    assert isinstance(batch.following, DaysRequest)
    assert len(batch.following.later) == MOST_DAYS - 1
    assert batch.problems[0].fact.startswith("lists 905 days: those before 2023-")


def test_an_index_without_days_in_the_window_ends_there() -> None:
    (request,) = source(since=date(2030, 1, 1)).requests(Window())
    assert source().parse(b'{"days": [{"date": "2025-11-26"}, 3]}', request) == Batch()


@pytest.mark.parametrize(
    ("payload", "fact"),
    [
        (b"", "is empty where JSON is due"),
        (b"<html>", "is a page of HTML where JSON is due"),
        (b'{"error": "x"}', "holds an object with the keys 'error' where a list of papers is due"),
        (b"[1]", "holds the value '1' as record 1 where an object is due"),
        (PAYLOAD[:-9], "is not JSON: "),
        (b"[" * 9_000, "is not JSON: "),
    ],
)
def test_an_answer_that_is_no_list_of_papers_is_refused(payload: bytes, fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        parse(payload)
    (problem,) = caught.value.problems
    assert problem.where == f"{SITE}/api/daily_papers.json"
    assert problem.fact.startswith(fact)


def test_an_index_that_is_none_is_refused() -> None:
    (request,) = source(since=date(2025, 1, 1)).requests(Window())
    with pytest.raises(BroadsheetError, match="holds a list where an index is due"):
        source().parse(b"[]", request)


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        ({"url": None}, "'url' is missing"),
        ({"url": "toys.example"}, "'url' is not an http(s) URL"),
        ({"topic": "Machine Learning"}, "'topic' is not the name of a topic's page"),
        ({"topics": "all"}, "'topics'"),
        ({"path": "x"}, "unknown option 'path'"),
    ],
)
def test_a_wrong_option_is_located(options: dict[str, object], fact: str) -> None:
    with pytest.raises(BroadsheetError) as caught:
        source(**options)
    assert caught.value.problems[0].where == "content/site.yml"
    assert caught.value.problems[0].fact.startswith(f"source 'toys': {fact}")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(tuple(api_item(FULL, base_url=SITE, topics=TOPICS))), VALUES, st.booleans())
def test_any_value_may_stand_anywhere(key: str, value: Any, inside: bool) -> None:
    item = api_item(FULL, base_url=SITE, topics=TOPICS)
    target = item["paper"] if inside else item
    for name in target if key == "paper" else (key,):
        try:
            payload = orjson.dumps([{**item, "paper": {**item["paper"], name: value}, name: value}])
        except TypeError:
            continue
        parse(payload, topics=True)


@settings(max_examples=100, deadline=None)
@given(mutated(PAYLOAD))
def test_nothing_that_comes_can_make_it_fail(payload: bytes) -> None:
    for request in source(since=TODAY).requests(Window()), source().requests(Window()):
        try:
            source(topics=True).parse(payload, next(request))
        except BroadsheetError:
            continue
