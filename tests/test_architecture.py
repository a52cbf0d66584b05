"""The house as ARCHITECTURE.md draws it: who may import whom, and who may touch the world."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
GENERATOR = REPOSITORY / "generator"

FLOORS = (
    ("errors", "model"),
    ("text", "storage"),
    ("config",),
    ("library",),
    ("site",),
    ("publish", "sources"),
    ("content",),
    ("beside", "workers"),
    ("making",),
    ("build", "pull", "check", "status", "export", "new", "topics", "cluster"),
    ("add", "ahead"),
    ("serve", "submission"),
    ("cli",),
)
"""Rooms by floor, the ground floor first. A room imports from floors below and from itself."""
PURE = ("errors", "model", "text", "config", "library", "site", "publish", "sources")
"""Rooms that see neither disk nor network nor clock …"""
NETWORK = "sources/http.py"
"""… but for the one client."""
WORLDLY = {"httpx", "os", "shutil", "tempfile", "time", "socket", "subprocess", "io"}
ALLOWED = {"sources/arxiv.py": {"io"}}
"""feedparser takes bytes only as a stream."""
TURNS = "workers.py"
"""Tells Python how soon threads take turns, which `sys` does."""
CLOCKS = {"now", "today", "utcnow", "time", "time_ns", "monotonic"}
SPEAKERS = ("cli.py", "serve.py", "__main__.py")

MODULES = {
    path.relative_to(GENERATOR).as_posix(): ast.parse(path.read_text())
    for path in sorted(GENERATOR.rglob("*.py"))
}


def room(module: str) -> str:
    """`library/merge.py` and `generator.library.merge` live in `library`."""
    return module.removeprefix("generator.").replace("/", ".").removesuffix(".py").split(".")[0]


def imports(tree: ast.Module) -> Iterator[str]:
    """Modules imported anywhere, inside functions too; names of the package with their module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, "imports name their module in full"
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from names if node.module == "generator" else (node.module,)


def own_imports(tree: ast.Module) -> Iterator[str]:
    ignored = {"generator", "generator.__version__"}
    return (n for n in imports(tree) if n.split(".")[0] == "generator" and n not in ignored)


def floor(module: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if room(module) in rooms)


def test_every_module_stands_on_a_floor() -> None:
    known = {name for rooms in FLOORS for name in rooms} | {"__init__", "__main__"}
    assert {room(name) for name in MODULES} == known


@pytest.mark.parametrize("name", MODULES)
def test_imports_run_downward_only_or_stay_in_the_room(name: str) -> None:
    if name in ("__init__.py", "__main__.py"):
        return
    wrong = [
        other
        for other in own_imports(MODULES[name])
        if room(other) != room(name) and floor(other) >= floor(name)
    ]
    assert wrong == []


def test_no_module_reaches_itself_again() -> None:
    graph = {name: {_file(other) for other in own_imports(tree)} for name, tree in MODULES.items()}
    done: set[str] = set()

    def walk(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, f"a cycle: {' → '.join((*way, name))}"
        if name in done:
            return
        for other in sorted(graph[name] - {name}):
            walk(other, (*way, name))
        done.add(name)

    for name in graph:
        walk(name, ())


def _file(module: str) -> str:
    path = module.removeprefix("generator.").replace(".", "/")
    return f"{path}.py" if f"{path}.py" in MODULES else f"{path}/__init__.py"


@pytest.mark.parametrize("name", [name for name in MODULES if room(name) in PURE])
def test_pure_rooms_see_neither_disk_nor_network_nor_clock(name: str) -> None:
    if name == NETWORK:
        return
    tree = MODULES[name]
    worldly = {module for module in imports(tree) if module.split(".")[0] in WORLDLY}
    assert worldly - ALLOWED.get(name, set()) == set()
    assert _pathlib_names(tree) <= {"PurePosixPath"}
    assert list(_clock_calls(tree)) == []
    assert [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == "open"] == []


def _pathlib_names(tree: ast.Module) -> set[str]:
    return {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "pathlib"
        for alias in node.names
    } | {name for name in imports(tree) if name == "pathlib" and not _from_pathlib(tree)}


def _from_pathlib(tree: ast.Module) -> bool:
    return any(isinstance(n, ast.ImportFrom) and n.module == "pathlib" for n in ast.walk(tree))


def _clock_calls(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name() | ast.Attribute(), attr=attr)):
                if attr in CLOCKS:
                    yield ast.unparse(node.func)


def test_httpx_is_imported_in_one_place() -> None:
    assert [name for name, tree in MODULES.items() if "httpx" in set(imports(tree))] == [NETWORK]


@pytest.mark.parametrize("name", [name for name in MODULES if name not in SPEAKERS])
def test_only_the_top_floor_prints_exits_and_stops(name: str) -> None:
    tree = MODULES[name]
    spoken = {"print", "exit", "quit", "input"}
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    assert names & (spoken | {"SystemExit", "KeyboardInterrupt"}) == set()
    own = {module.split(".")[0] for module in imports(tree)} & {"click", "sys"}
    assert own == ({"sys"} if name == TURNS else set())


def test_the_table_of_floors_is_the_one_in_the_document() -> None:
    document = (REPOSITORY / "ARCHITECTURE.md").read_text()
    for rooms in FLOORS:
        for name in rooms:
            assert (GENERATOR / f"{name}.py").exists() or (GENERATOR / name).is_dir()
            assert f"{name}.py" in document or f"{name}/" in document, name


def test_a_long_function_is_two() -> None:
    long = [
        f"{name}:{node.name}"
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno > 60  # type: ignore[operator]
    ]
    assert long == []
