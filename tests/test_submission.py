"""Submissions: a stranger's issue form becomes a pull request or an answer, and nothing else."""

import datetime
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.errors import BroadsheetError
from generator.sources import Politeness
from generator.sources.naming import Name
from generator.submission import MOST_OF_A_FORM, answer_submission, fenced, parse_submission
from tests.command import REPOSITORY, broadsheet, tree
from tests.services import services

TODAY = datetime.date(2025, 11, 26)
ATTENTION = {"1706.03762": "Attention"}
HOSTILE = "$(touch ran) `touch ran` \"; touch ran; ' ${{ github.token }} <img src=x> @octocat"
STARTER = REPOSITORY / "generator/starter"
WORKFLOW = yaml.safe_load((STARTER / "submit.yml").read_text())
STEPS = WORKFLOW["jobs"]["submission"]["steps"]


def form(paper: str, topics: str = "_No response_", note: str = "_No response_") -> str:
    """The text GitHub makes of the form."""
    return f"### Paper\n\n{paper}\n\n### Topics\n\n{topics}\n\n### Note\n\n{note}"


def event(folder: Path, body: object, number: object = 12) -> Path:
    """The file of an event, as GitHub writes it."""
    place = folder / "event.json"
    issue = {"number": number, "title": HOSTILE, "body": body, "labels": [{"name": "paper"}]}
    place.write_text(json.dumps({"action": "opened", "issue": issue}))
    return place


def answer(site: Path, body: str) -> tuple[str, str]:
    """What becomes of a form, and the comment."""
    hasty = Politeness(tries=1)
    state = answer_submission(
        site, event(site.parent, body), site.parent, today=TODAY, politeness=hasty
    )
    return state, (site.parent / "comment.md").read_text()


# -- the form -------------------------------------------------------------------------------------


def test_the_program_knows_the_headings_of_the_form() -> None:
    fields = yaml.safe_load((STARTER / "submit-paper.yml").read_text())["body"]
    labels = [f["attributes"]["label"] for f in fields if f["type"] != "markdown"]
    answers = ["2507.22565", "robotics", "Please."]
    body = "\n\n".join(
        f"### {label}\n\n{text}" for label, text in zip(labels, answers, strict=True)
    )
    asked = parse_submission(body)
    assert (asked.name, asked.topics) == (Name(arxiv="2507.22565"), ("robotics",))


def test_this_repository_and_new_sites_have_the_same_form() -> None:
    ours = REPOSITORY / ".github/ISSUE_TEMPLATE/submit-paper.yml"
    assert ours.read_bytes() == (STARTER / "submit-paper.yml").read_bytes()


def test_the_form_sets_the_label_that_the_workflow_runs_for() -> None:
    (label,) = yaml.safe_load((STARTER / "submit-paper.yml").read_text())["labels"]
    assert f"labels.*.name, '{label}')" in WORKFLOW["jobs"]["submission"]["if"]


def test_line_ends_of_another_system_are_no_matter() -> None:
    assert parse_submission(form("2507.22565").replace("\n", "\r\n")).topics == ()


@pytest.mark.parametrize(
    "paper",
    [
        "",
        "_No response_",
        "2507.22565 2507.22566",
        "2507.22565, 10.1000/x",
        "content/site.yml",
        "/etc/passwd",
        "--help",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://example.org/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://2130706433/",
        "https://localhost/",
        "https://metadata.google.internal/",
        "https://example.org:8443/",
        "https://user@example.org/",
        "https://example.org/" + "x" * 400,
        HOSTILE,
    ],
)
def test_what_is_no_single_public_name_of_a_paper_is_refused(paper: str) -> None:
    with pytest.raises(BroadsheetError, match="Paper: is not one arXiv id, DOI or https address"):
        parse_submission(form(paper))


@pytest.mark.parametrize(
    "topics", ["Robotics", "a b", "../x", HOSTILE, ", ".join(f"t{n}" for n in range(9)), "a" * 101]
)
def test_what_are_no_slugs_is_refused(topics: str) -> None:
    with pytest.raises(BroadsheetError, match="Topics: are "):
        parse_submission(form("2507.22565", topics))


@pytest.mark.parametrize(
    "body",
    [
        "",
        "2507.22565",
        "### Paper\n\n2507.22565",
        f"Hello\n\n{form('2507.22565')}",
        form("2507.22565\n2507.22566"),
        form("2507.22565").replace("### Topics", "### Paper"),
    ],
)
def test_a_form_that_was_changed_is_refused(body: str) -> None:
    with pytest.raises(BroadsheetError, match="the form: is not as it was given"):
        parse_submission(body)


def test_a_huge_form_is_refused() -> None:
    with pytest.raises(BroadsheetError, match="the form: is too long"):
        parse_submission(form("2507.22565", note="x" * MOST_OF_A_FORM))


def test_all_that_is_wrong_with_a_form_is_told_at_once() -> None:
    with pytest.raises(BroadsheetError) as caught:
        parse_submission(form("nothing", "No Slug"))
    assert [found.where for found in caught.value.problems] == ["Paper", "Topics"]


# -- the answer -----------------------------------------------------------------------------------


def test_a_good_paper_is_added_and_proposed(tmp_path: Path) -> None:
    site = tmp_path / "site"
    with services(site, arxiv=ATTENTION):
        state, comment = answer(site, form("https://arxiv.org/abs/1706.03762", "theory, code"))
    assert state == "added"
    page = (site / "content/papers/2017/1706.03762.md").read_text()
    assert "\ntopics: [robotics, theory, code]\n" in page
    assert "content/papers/2017/1706.03762.md: Attention\n" in comment
    proposed = (tmp_path / "pull-request.md").read_text()
    assert proposed.startswith("Closes #12.\n")
    assert "1706.03762.md: Attention" in proposed


def test_a_paper_that_is_here_is_no_news(tmp_path: Path) -> None:
    site = tmp_path / "site"
    with services(site, arxiv=ATTENTION):
        answer(site, form("1706.03762"))
        state, comment = answer(site, form("1706.03762"))
    assert state == "here"
    assert comment.startswith("Thank you. This paper is on the site already.")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (form("2511.99999"), "arXiv knows no paper '2511.99999'"),
        (form("1706.03762", "robotic"), "Topics: there is no topic 'robotic'"),
        (form(HOSTILE), "Paper: is not one arXiv id"),
        (HOSTILE, "the form: is not as it was given"),
    ],
)
def test_what_cannot_be_added_is_answered_and_changes_nothing(
    tmp_path: Path, body: str, words: str
) -> None:
    site = tmp_path / "site"
    with services(site, arxiv=ATTENTION):
        before = tree(site)
        state, comment = answer(site, body)
    assert state == "refused"
    assert words in comment
    assert "octocat" not in comment
    assert tree(site) == before


def test_nothing_that_is_quoted_leaves_its_block(tmp_path: Path) -> None:
    """A title is a stranger's, too: it may hold mark-up, names of people, and fences."""
    site, title = tmp_path / "site", "```` @octocat <b>Closes #1</b> ::error:: [x](https://x)"
    with services(site, crossref={"10.1000/x": title}):
        _, comment = answer(site, form("10.1000/x"))
    opening, *_, closing = re.findall(r"^`{3,}", comment, re.MULTILINE)
    assert opening == closing == "`````"
    assert "octocat" in comment.partition(opening)[2].rpartition(closing)[0]
    assert "octocat" not in comment.partition(opening)[0]


def test_a_long_answer_is_cut() -> None:
    assert len(fenced("x" * 100_000)) < 5_000


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        ("[]", "is no event of an issue"),
        ('{"issue": {"number": "12; ls", "body": ""}}', "is no event of an issue"),
        ('{"issue": {"number": true, "body": ""}}', "is no event of an issue"),
        ('{"issue": {"number": 1, "body": 2}}', "is no event of an issue"),
        ("[" * 100_000, "is not JSON"),
        ("{", "is not JSON"),
        ('"' + "x" * 3_000_000 + '"', "is larger than"),
    ],
)
def test_an_event_of_another_kind_is_refused(tmp_path: Path, content: str, fact: str) -> None:
    place = tmp_path / "event.json"
    place.write_text(content)
    with pytest.raises(BroadsheetError, match=fact):
        answer_submission(tmp_path, place, tmp_path, today=TODAY)


# -- the workflow ---------------------------------------------------------------------------------


def step(name: str) -> dict[str, Any]:
    (found,) = [each for each in STEPS if each.get("name") == name]
    return dict(found)


def test_it_may_do_no_more_than_it_does() -> None:
    assert WORKFLOW["permissions"] == {}
    job = WORKFLOW["jobs"]["submission"]
    writes = ("contents", "issues", "pull-requests")
    assert job["permissions"] == dict.fromkeys(writes, "write")
    assert STEPS[0]["with"]["persist-credentials"] is False
    with_token = [s["name"] for s in STEPS if "github.token" in json.dumps(s.get("env", {}))]
    assert with_token == ["Push a branch", "Open a pull request", "Answer"]


def test_nothing_a_stranger_writes_reaches_a_script() -> None:
    assert not [s["run"] for s in STEPS if "${{" in s.get("run", "")]
    expressions = re.findall(r"\$\{\{(.*?)\}\}", (STARTER / "submit.yml").read_text())
    assert {each.strip() for each in expressions} == {
        "github.token",
        "github.event.issue.number",
        "github.event.repository.default_branch",
    }


def test_its_actions_are_githubs_own() -> None:
    used = [s["uses"] for s in STEPS if "uses" in s]
    assert [action for action in used if not re.fullmatch(r"actions/[a-z-]+@v\d+", action)] == []


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


GH = """#!/bin/sh
# What GitHub's own program would be asked for, a line a call; files as what they hold.
{ for word in "$@"; do printf '%s ' "$word"; done; echo; } >> "$HOME/asked"
for word in "$@"; do
  case "$word" in
    "$RUNNER_TEMP"/*.md) cat "$word" >> "$HOME/said" ;;
    create) [ ! -e "$HOME/forbidden" ] || exit 1 ;;
    list) cat "$HOME/open" 2> /dev/null ;;
  esac
done
exit 0
"""


class Repository:
    """A site in a bare repository, a checkout of it, and the steps of the workflow run there."""

    def __init__(self, folder: Path) -> None:
        self.home = folder
        self.site = folder / "checkout"
        git(folder, "init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
        git(folder, "init", "--quiet", "--initial-branch=main", "checkout")
        shutil.copy(STARTER / "gitignore", self.site / ".gitignore")
        (folder / "bin").mkdir()
        (folder / "bin/gh").write_text(GH)
        (folder / "bin/gh").chmod(0o755)

    def commit(self) -> None:
        git(self.site, "add", ".")
        git(self.site, "commit", "--quiet", "--message", "first")
        git(self.site, "push", "--quiet", "../origin.git", "HEAD:main")

    def run(self, body: str) -> subprocess.CompletedProcess[str]:
        """The steps after the installation, as the runner runs them, in a fresh checkout."""
        git(self.site, "checkout", "--quiet", "--force", "--detach")
        git(self.site, "fetch", "--quiet", "../origin.git", "main")
        git(self.site, "reset", "--quiet", "--hard", "FETCH_HEAD")
        read = broadsheet(
            *("submission", str(event(self.home, body)), "--output", str(self.home)),
            site=self.site,
            environment={"SOURCE_DATE_EPOCH": "1764115200"},
        )
        assert read.returncode == 0, read.stderr
        done = read
        (self.home / "outputs").unlink(missing_ok=True)
        outputs = dict([read.stdout.strip().split("=")])
        for name, needed in (("Push a branch", "added"), ("Open a pull request", "yes")):
            if needed in outputs.values():
                done = self.script(str(step(name)["run"]))
                assert done.returncode == 0, done.stderr
                outputs |= dict(line.split("=") for line in self.outputs())
        return self.script(str(step("Answer")["run"])) if done.returncode == 0 else done

    def script(self, text: str) -> subprocess.CompletedProcess[str]:
        here = f'git config url."{self.home}/".insteadOf "https://x-access-token:t@host.example/"'
        return subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", f"{here}\n{text}"],
            cwd=self.site,
            env={
                "PATH": f"{self.home}/bin:/usr/bin:/bin",
                "HOME": str(self.home),
                "TOKEN": "t",
                "GH_TOKEN": "t",
                "NUMBER": "12",
                "BASE": "main",
                "RUNNER_TEMP": str(self.home),
                "GITHUB_OUTPUT": str(self.home / "outputs"),
                "GITHUB_SERVER_URL": "https://host.example",
                "GITHUB_REPOSITORY": "origin.git",
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def outputs(self) -> list[str]:
        place = self.home / "outputs"
        return place.read_text().splitlines() if place.exists() else []

    def asked(self) -> list[str]:
        return (self.home / "asked").read_text().replace(f"{self.home}{os.sep}", "").splitlines()

    def branch(self, form_: str) -> str:
        return git(self.home / "origin.git", "log", "-1", f"--format={form_}", "submission-12")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_a_form_becomes_a_branch_a_pull_request_and_an_answer(repository: Repository) -> None:
    with services(repository.site, arxiv=ATTENTION):
        repository.commit()
        done = repository.run(form("1706.03762", "code", HOSTILE))
    assert done.returncode == 0, done.stderr
    assert repository.branch("%an: %s") == "github-actions[bot]: Add the paper of issue #12"
    changed = git(
        repository.home / "origin.git", "diff", "--name-only", "main", "submission-12"
    ).splitlines()
    assert changed == ["content/.pulled/papers/2025-11.jsonl", "content/papers/2017/1706.03762.md"]
    listed, created, answered = repository.asked()
    assert listed.startswith("pr list --head submission-12 ")
    assert "select(.isCrossRepository | not)" in listed, "a fork may have a branch of that name"
    assert created.startswith("pr create --head submission-12 --base main --title The paper of")
    assert created.endswith("--body-file pull-request.md ")
    assert answered == ("issue comment 12 --edit-last --create-if-none --body-file comment.md ")
    assert not list(repository.home.rglob("ran"))


def test_a_form_that_is_refused_is_only_answered(repository: Repository) -> None:
    with services(repository.site, arxiv=ATTENTION):
        repository.commit()
        done = repository.run(form(HOSTILE))
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in repository.asked()] == ["issue"]
    assert "is not one arXiv id" in (repository.home / "said").read_text()
    assert git(repository.home / "origin.git", "branch", "--list", "submission-*") == ""
    assert not list(repository.home.rglob("ran"))


def test_an_edit_renews_the_branch_and_the_pull_request(repository: Repository) -> None:
    with services(repository.site, arxiv=ATTENTION | {"2511.00001": "Other"}):
        repository.commit()
        repository.run(form("1706.03762"))
        (repository.home / "open").write_text("7\n")
        done = repository.run(form("2511.00001"))
    assert done.returncode == 0, done.stderr
    names = ("diff", "--name-only", "main", "submission-12", "--", "content/papers")
    assert git(repository.home / "origin.git", *names).endswith("/2511.00001.md")
    patched = "api --silent --method PATCH repos/origin.git/pulls/7 -F body=@pull-request.md "
    assert patched in repository.asked()


def test_a_branch_that_a_curator_works_on_stays_as_it_is(repository: Repository) -> None:
    with services(repository.site, arxiv=ATTENTION | {"2511.00001": "Other"}):
        repository.commit()
        repository.run(form("1706.03762"))
        git(repository.site, "commit", "--quiet", "--allow-empty", "--message", "Mine")
        git(repository.site, "-c", "user.name=Ada", "push", "../origin.git", "HEAD:submission-12")
        mine = repository.branch("%H")
        done = repository.run(form("2511.00001"))
    assert done.returncode == 0, done.stderr
    assert repository.branch("%H") == mine
    assert [line.split()[0] for line in repository.asked()] == ["pr", "pr", "issue", "issue"]


def test_a_repository_that_lets_no_workflow_propose_is_told_so(repository: Repository) -> None:
    (repository.home / "forbidden").touch()
    with services(repository.site, arxiv=ATTENTION):
        repository.commit()
        done = repository.run(form("1706.03762"))
    assert done.returncode == 0, done.stderr
    said = (repository.home / "comment.md").read_text()
    assert said.endswith("`submission-12` is ready; a curator has to open the pull request.\n")
