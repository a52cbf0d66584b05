"""The documents say what is there, all of it, and nothing else."""

import re
import subprocess
from pathlib import Path
from typing import get_args

import click
import pytest
from msgspec.structs import fields

from generator.cli import _main as program
from generator.config import Extra, SourceConfig, parse_config
from generator.errors import BroadsheetError
from generator.library.pages import PAPER_KEYS, parse_paper, parse_topic
from generator.model import LINK_KINDS, Rule
from generator.sources.catalogue import TYPES, open_source
from generator.sources.records import FIELDS
from tests.command import REPOSITORY

README = (REPOSITORY / "README.md").read_text()
ARCHITECTURE = (REPOSITORY / "ARCHITECTURE.md").read_text()
SHARED = {"--site", "--verbose", "--quiet", "--help"}
CODE = re.compile(r"`([^`\n]+)`")


def table(heading: str, text: str = README) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    section = re.split(r"^## ", prose, flags=re.MULTILINE)
    (found,) = [part for part in section if part.startswith(f"{heading}\n")]
    rows = [line for line in found.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]
    return [row for row in cells[1:] if not set("".join(row)) <= set("-|")]


def first_codes(rows: list[list[str]]) -> list[str]:
    return [code for row in rows for code in CODE.findall(row[0])]


def commands() -> dict[str, click.Command]:
    """All that can be run; those of a group by both words."""
    found: dict[str, click.Command] = {}
    for name, command in program.commands.items():  # type: ignore[attr-defined]
        inner = command.commands if isinstance(command, click.Group) else {}
        found |= {f"{name} {each}": inner[each] for each in inner} or {name: command}
    return found


def called(name: str, rest: str) -> str:
    """The command of a line: one word, or two of a group."""
    both = " ".join([name, *rest.split()[:1]])
    return both if both in commands() else name


def options(command: click.Command) -> set[str]:
    declared = (p for p in command.params if isinstance(p, click.Option))
    return {next(name for name in p.opts if name.startswith("--")) for p in declared}


def test_every_command_is_documented_with_all_its_options_and_no_other() -> None:
    documented = {
        re.split(" [^a-z]", CODE.findall(row[0])[0])[0]: set(re.findall(r"--[a-z-]+", row[2]))
        for row in table("Commands")
    }
    there = {name: options(command) - SHARED for name, command in commands().items()}
    assert documented == there


def test_every_command_has_help_with_an_example_that_could_be_run() -> None:
    for name, command in commands().items():
        assert command.help, name
        assert command.epilog, name
        assert command.epilog.startswith(f"Example: broadsheet {name}"), name
        known = options(command) | SHARED
        assert set(re.findall(r"--[a-z-]+", command.epilog)) <= known, name


DOCUMENTS = [
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "generator/starter/README.md",
    "generator/starter/site.yml",
    "themes/README.md",
    "Makefile",
]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_that_a_document_runs_exists(document: str) -> None:
    text = (REPOSITORY / document).read_text()
    found = re.findall(r"(?:^|[`/])broadsheet +(?!@)([a-z]+)([^`\n#]*)", text, re.MULTILINE)
    lines = [(called(name, rest), rest) for name, rest in found]
    assert [name for name, _ in lines if name not in commands()] == []
    for name, rest in lines:
        assert set(re.findall(r"--[a-z-]+", rest)) <= options(commands()[name]) | SHARED, rest


def test_every_make_target_is_documented_and_every_documented_one_exists() -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):.*##", makefile, re.MULTILINE))
    documented = set(re.findall(r"`make ([a-z]+)`", README)) | {"site", "test"}
    assert documented == targets
    listed = subprocess.run(
        ["make", "-s"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    assert set(re.findall(r"make ([a-z]+)", listed)) == targets


def known_by(hint: str) -> set[str]:
    """The words of a hint that lists all there are."""
    assert hint.startswith("known are "), hint
    return set(hint.removeprefix("known are ").split(", "))


def test_the_keys_of_the_configuration_are_the_documented_ones() -> None:
    with pytest.raises(BroadsheetError) as caught:
        parse_config("title: A\nzzqqzzqq: 1\n")
    (found,) = caught.value.problems
    assert set(first_codes(table("Configuration"))) == known_by(found.hint)


def test_the_defaults_of_the_configuration_are_the_documented_ones() -> None:
    rows = {CODE.findall(row[0])[0]: CODE.findall(row[1]) for row in table("Configuration")}
    given = [f"{key}: {values[0]}" for key, values in rows.items() if values]
    assert parse_config("title: A\n" + "\n".join(given)) == parse_config("title: A")


def test_what_a_large_site_does_without_is_documented_in_its_order() -> None:
    assert tuple(first_codes(table("Large sites"))) == get_args(Extra)


@pytest.mark.parametrize("row", table("Sources"), ids=lambda row: row[0])
def test_the_options_of_a_source_are_the_documented_ones(row: list[str]) -> None:
    kind = CODE.findall(row[0])[0]
    documented = set(CODE.findall(re.sub(r"\([^)]*\)", "", row[2])))
    config = SourceConfig(name="a", type=kind, options={"zzqqzzqq": 1})
    with pytest.raises(BroadsheetError) as caught:
        open_source(config)
    (found,) = [p for p in caught.value.problems if "unknown option" in p.fact]
    assert documented == known_by(found.hint)


def test_every_type_of_source_is_documented() -> None:
    assert set(first_codes(table("Sources"))) == set(TYPES)
    example = re.search(r"```yaml\n(sources:\n.*?)```", README, re.DOTALL)
    assert example
    config = parse_config(f"title: A\n{example[1]}")
    assert {source.type for source in config.sources} == set(TYPES)
    for source in config.sources:
        open_source(source)


def test_the_fields_of_a_record_are_the_documented_ones() -> None:
    (line,) = [line for line in README.splitlines() if line.startswith("A `json` record may have")]
    assert set(CODE.findall(line.partition("; only")[0])) - {"json"} == set(FIELDS)


def test_the_keys_of_a_paper_are_the_documented_ones_in_their_order() -> None:
    rows = table("A paper's page")
    assert tuple(first_codes(rows)) == PAPER_KEYS
    (links,) = [row for row in rows if row[0] == "`links`"]
    assert tuple(CODE.findall(links[1])) == LINK_KINDS


def test_the_keys_of_a_topic_are_the_documented_ones() -> None:
    documented = first_codes(table("Topics"))
    assert set(documented) - {"rule"} == {field.name for field in fields(Rule)}
    assert "`title`, `summary` and `rule` are all the keys a topic has" in README
    with pytest.raises(BroadsheetError, match=r"known are title, summary, rule$"):
        parse_topic("---\ntitle: T\nzzz: 1\n---\n", "content/topics/t.md")


def test_the_pages_in_the_document_are_good_pages() -> None:
    paper, topic = re.findall(r"```markdown\n(.*?)```", README, re.DOTALL)
    parsed = parse_paper(paper, "content/papers/2025/2507.22565.md")
    assert parsed.title == "A title: with a colon, in quotes"
    assert parsed.notes.startswith("## Notes")
    assert parse_topic(topic, "content/topics/robotics.md").rule is not None


def pattern(address: str) -> re.Pattern[str]:
    """The files that an address of the table stands for."""
    text = re.escape(address[1:])
    for word, form in (
        (r"YYYY\-MM\-DD", r"\d{4}-\d\d-\d\d"),
        (r"YYYY\-Www", r"\d{4}-W\d\d"),
        (r"YYYY\-MM", r"\d{4}-\d\d"),
        ("ID", r"[a-z0-9.-]+"),
        ("SLUG", r"[a-z0-9-]+"),
    ):
        text = text.replace(word, form)
    text = text.replace("page/2/", r"page/\d+/")
    return re.compile(f"{text}index\\.html" if address.endswith("/") else text)


def addresses() -> list[str]:
    return [a for a in first_codes(table("Addresses of the built site")) if a != "/assets/"]


@pytest.mark.parametrize("address", addresses())
def test_a_documented_address_is_built(address: str, bundled_site: Path) -> None:
    output = bundled_site / "output"
    paths = (place.relative_to(output).as_posix() for place in output.rglob("*"))
    assert any(pattern(address).fullmatch(path) for path in paths)


def test_a_built_page_is_documented(bundled_site: Path) -> None:
    patterns = [pattern(address) for address in addresses()]
    later = re.compile(r"page/\d+/index\.html$")
    output = bundled_site / "output"
    unknown = [
        path
        for place in output.rglob("*")
        if place.is_file()
        for path in [later.sub("index.html", place.relative_to(output).as_posix())]
        if path.partition("/")[0] not in ("assets", "search", ".broadsheet")
        and not any(known.fullmatch(path) for known in patterns)
        and not re.fullmatch(r"(topics|organizations)/[a-z0-9-]+/(feed|atom)\.(xml|json)", path)
        and not re.fullmatch(r"days/[0-9-]+/papers\.(bib|ris)", path)
    ]
    assert unknown == []


def test_every_module_stands_in_the_architecture_and_every_named_one_is_there() -> None:
    generator = REPOSITORY / "generator"
    modules = {path.relative_to(generator).as_posix() for path in generator.rglob("*.py")}
    modules = {name for name in modules if not name.endswith(("__init__.py", "__main__.py"))}
    named = set(first_codes(table("Rooms", ARCHITECTURE)))
    assert named == modules


@pytest.mark.parametrize("document", ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"])
def test_every_file_a_document_names_is_there(document: str) -> None:
    text = (REPOSITORY / document).read_text()
    linked = re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
    coded = re.findall(r"`((?:tests|themes|generator|\.github|\.ci)/[^`* ]*)`", text)
    named = {path for path in [*linked, *coded] if "NAME" not in path and "mine" not in path}
    assert [path for path in sorted(named) if not (REPOSITORY / path).exists()] == []


def test_names_of_code_in_the_architecture_are_there() -> None:
    for name, path in re.findall(r"`(\w+)` in `([\w/]+\.py)`", ARCHITECTURE):
        source = (REPOSITORY / "generator" / path).read_text()
        assert re.search(rf"^(?:class |def )?{name}\b", source, re.MULTILINE), name
