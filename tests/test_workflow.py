"""The workflows that publish: valid, safe, and running commands that exist."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.command import REPOSITORY, broadsheet

OURS = REPOSITORY / ".github/workflows/pages.yml"
STARTER = REPOSITORY / "generator/starter/pages.yml"
BIN = Path(sys.executable).parent


@pytest.fixture(params=["ours", "starter"])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A repository's .github: this one's, or that of a new site."""
    if request.param == "starter":
        assert broadsheet("new", "site", site=tmp_path).returncode == 0
        return tmp_path / "site"
    shutil.copytree(REPOSITORY / ".github", tmp_path / ".github")
    return tmp_path


def workflow(repository: Path) -> dict[Any, Any]:
    loaded = yaml.safe_load((repository / ".github/workflows/pages.yml").read_text())
    assert isinstance(loaded, dict)
    return loaded


def steps(repository: Path, job: str) -> list[dict[str, Any]]:
    return list(workflow(repository)["jobs"][job]["steps"])


@pytest.mark.parametrize("name", ["pages", "submit"])
def test_zizmor_finds_nothing(repository: Path, name: str) -> None:
    done = subprocess.run(
        [BIN / "zizmor", "--offline", "--no-progress", f".github/workflows/{name}.yml"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ("workflows", "workflows/pages.yml"),
        ("workflows", "workflows/submit.yml"),
        ("issue-forms", "ISSUE_TEMPLATE/submit-paper.yml"),
    ],
)
def test_it_keeps_to_its_schema(repository: Path, schema: str, path: str) -> None:
    command = [BIN / "check-jsonschema", "--builtin-schema", f"vendor.github-{schema}"]
    done = subprocess.run(
        [*command, repository / ".github" / path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_runs_daily_on_push_and_on_demand(repository: Path) -> None:
    triggers = workflow(repository)[True]
    (schedule,) = triggers["schedule"]
    minute, hour, *rest = schedule["cron"].split()
    assert int(minute) not in (0, 15, 30, 45)
    assert hour.isdigit()
    assert rest == ["*", "*", "*"]
    assert triggers["push"] == {"branches": ["main"]}
    assert "workflow_dispatch" in triggers


def test_one_run_pulls_commits_builds_checks_and_deploys(repository: Path) -> None:
    runs = [step.get("run", step.get("uses", "")) for step in steps(repository, "build")]
    said = "\n".join(runs)
    order = ["pip install", "broadsheet pull", "git commit", "configure-pages", "broadsheet build"]
    order += ["broadsheet check", "upload-pages-artifact"]
    assert [said.index(word) for word in order] == sorted(said.index(word) for word in order)
    assert workflow(repository)["jobs"]["deploy"]["needs"] == "build"


def test_a_failing_source_does_not_stop_the_deployment(repository: Path) -> None:
    (pull,) = [s for s in steps(repository, "build") if s.get("run") == "broadsheet pull"]
    assert pull["continue-on-error"] is True


def test_it_may_do_no_more_than_it_does(repository: Path) -> None:
    loaded = workflow(repository)
    assert loaded["permissions"] == {}
    assert loaded["jobs"]["build"]["permissions"] == {"contents": "write", "pages": "read"}
    assert loaded["jobs"]["deploy"]["permissions"] == {"pages": "write", "id-token": "write"}
    (checkout,) = [s for s in steps(repository, "build") if "checkout" in s.get("uses", "")]
    assert checkout["with"]["persist-credentials"] is False


def test_no_script_holds_an_expression(repository: Path) -> None:
    scripts = [
        s["run"] for job in ("build", "deploy") for s in steps(repository, job) if "run" in s
    ]
    assert not [script for script in scripts if "${{" in script]


def test_its_actions_are_githubs_own(repository: Path) -> None:
    used = re.findall(r"uses: (\S+)", (repository / ".github/workflows/pages.yml").read_text())
    assert len(used) == 6
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", action) for action in used)


@pytest.mark.parametrize("name", ["pages.yml", "submit.yml"])
def test_the_two_differ_only_in_what_they_install(name: str) -> None:
    ours, starter = OURS.with_name(name).read_text(), STARTER.with_name(name).read_text()
    pairs = zip(ours.splitlines(), starter.splitlines(), strict=True)
    differing = [ours.strip() for ours, theirs in pairs if ours != theirs]
    assert differing == ["cache-dependency-path: pyproject.toml", "run: pip install ."]


def _script(repository: Path, name: str) -> str:
    (step,) = [s for s in steps(repository, "build") if s.get("name") == name]
    return str(step["run"])


def _git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def _commit_step(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """The step as the runner runs it, pushing to the repository beside the folder."""
    local = f'git config url."{folder.parent}/".insteadOf "https://x-access-token:t@host.example/"'
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", f"{local}\n{script}"],
        cwd=folder,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder.parent),
            "TOKEN": "t",
            "BRANCH": "main",
            "GITHUB_SERVER_URL": "https://host.example",
            "GITHUB_REPOSITORY": "origin.git",
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A site's checkout with an origin it can push to."""
    _git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
    _git(tmp_path, "clone", "--quiet", "origin.git", "checkout")
    folder = tmp_path / "checkout"
    (folder / "content").mkdir()
    (folder / "content/site.yml").write_text("title: A\n")
    _git(folder, "checkout", "--quiet", "-B", "main")
    _git(folder, "add", "content")
    _git(folder, "commit", "--quiet", "--message", "first")
    _git(folder, "push", "--quiet", "origin", "main")
    return folder


def test_new_papers_are_committed_and_pushed(repository: Path, checkout: Path) -> None:
    (checkout / "content/papers.md").write_text("x")
    done = _commit_step(checkout, _script(repository, "Commit what is new"))
    assert done.returncode == 0, done.stderr
    pushed = _git(checkout.parent / "origin.git", "log", "--format=%an: %s", "main")
    assert pushed.splitlines()[0].startswith("github-actions[bot]: Papers of 20")


def test_nothing_new_is_no_commit(repository: Path, checkout: Path) -> None:
    done = _commit_step(checkout, _script(repository, "Commit what is new"))
    assert (done.returncode, done.stdout) == (0, "Nothing new.\n")
    assert _git(checkout.parent / "origin.git", "rev-list", "--count", "main") == "1"


def test_a_long_silence_is_broken_before_the_schedule_is_switched_off(
    repository: Path, checkout: Path
) -> None:
    _git(checkout, "commit", "--quiet", "--amend", "--no-edit", "--date=2001-01-01")
    subprocess.run(
        [
            "git",
            "-c",
            "user.name=A",
            "-c",
            "user.email=a@b.c",
            "commit",
            "-q",
            "--amend",
            "-m",
            "x",
        ],
        cwd=checkout,
        env={"PATH": "/usr/bin:/bin", "GIT_COMMITTER_DATE": "2001-01-01T00:00:00"},
        check=True,
    )
    _git(checkout, "push", "--quiet", "--force", "origin", "main")
    done = _commit_step(checkout, _script(repository, "Commit what is new"))
    assert done.returncode == 0, done.stderr
    assert "No new papers for" in _git(checkout.parent / "origin.git", "log", "-1", "--format=%s")


def test_a_branch_that_moved_meanwhile_does_not_stop_the_deployment(
    repository: Path, checkout: Path
) -> None:
    _git(checkout.parent, "clone", "--quiet", "origin.git", "other")
    _git(checkout.parent / "other", "commit", "--quiet", "--allow-empty", "--message", "moved")
    _git(checkout.parent / "other", "push", "--quiet", "origin", "main")
    (checkout / "content/papers.md").write_text("x")
    done = _commit_step(checkout, _script(repository, "Commit what is new"))
    assert done.returncode == 0
    assert "::warning::" in done.stdout
