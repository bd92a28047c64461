"""Which way arrows point, and who may touch the world: the walls of the house, held by a test."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from server import ports

ROOT = Path(__file__).parents[2]
PURE = ("crypto", "signaling", "server/domain")
# A command: it reads the files it is given.
COMMANDS = {"crypto/mls/vectors.py": {"os", "pathlib"}}
WORLD = {"asyncio", "os", "random", "secrets", "socket", "threading", "time", "logging", "pathlib"}
MOST_METHODS = 5


def modules(*folders: str) -> list[Path]:
    """Return the Python files under folders of the repository."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def names_used(path: Path) -> Iterator[str]:
    """Return every dotted name a module uses, as it is written."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute | ast.Name):
            yield ast.unparse(node)


def imports(path: Path) -> Iterator[str]:
    """Return every module that a module imports, wherever the import stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def where(folders: tuple[str, ...], words: tuple[str, ...]) -> set[str]:
    """Return the files that use a name which ends with one of `words`."""
    return {
        str(path.relative_to(ROOT))
        for path in modules(*folders)
        if any(name.endswith(words) for name in names_used(path))
    }


def test_every_contract_of_import_linter_is_kept() -> None:
    """The layers, the adapters, the clients: pyproject.toml says them, this runs them."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_only_the_settings_read_the_environment() -> None:
    """What a process is told stands in one file."""
    readers = where(("server", "signaling", "crypto"), ("os.environ", "getenv", "BaseSettings"))

    assert readers == {"server/settings.py"}


def test_only_the_hub_makes_tasks() -> None:
    """A task that nobody waits for is an error that nobody sees: they are made in one package."""
    makers = where(("server",), ("create_task", "ensure_future", "TaskGroup", "gather"))

    assert {str(Path(maker).parent) for maker in makers} == {"server/hub"}


def test_no_task_is_made_outside_a_group() -> None:
    """No bare `asyncio.create_task`: a group waits for what it starts."""
    bare = ("asyncio.create_task", "asyncio.ensure_future", "loop.create_task")

    assert where(("server",), bare) == set()


@pytest.mark.parametrize("folder", PURE)
def test_below_the_ports_nothing_touches_the_world(folder: str) -> None:
    """No clock, no randomness, no environment, no loop, no file: they come as arguments."""
    found = {
        (str(path.relative_to(ROOT)), name)
        for path in modules(folder)
        for name in imports(path)
        if name.split(".")[0] in WORLD
        and name.split(".")[0] not in COMMANDS.get(str(path.relative_to(ROOT)), set())
    }

    assert found == set()


@pytest.mark.parametrize("folder", PURE)
def test_below_the_ports_nobody_asks_what_time_it_is(folder: str) -> None:
    """An instant is an argument."""
    assert where((folder,), ("datetime.now", "datetime.utcnow", "date.today", "uuid4")) == set()


def test_the_server_cannot_hold_a_groups_secrets() -> None:
    """It never imports the member's side of MLS: it cannot read, whatever it is told to do."""
    found = {name for path in modules("server") for name in imports(path)}

    assert not [name for name in found if f"{name}.".startswith("crypto.mls.group.")]


def test_a_port_has_at_most_five_methods() -> None:
    """A port that grows is two ports; the properties of `Tx` bundle them and do nothing."""
    protocols = [
        value
        for _, value in inspect.getmembers(ports, inspect.isclass)
        if getattr(value, "_is_protocol", False) and value.__module__ == ports.__name__
    ]

    sizes = {
        one.__name__: sum(
            inspect.isfunction(member) and not name.startswith("_")
            for name, member in vars(one).items()
        )
        for one in protocols
    }

    assert len(sizes) > 10
    assert {name for name, size in sizes.items() if size > MOST_METHODS} == set()


@pytest.mark.parametrize("adapter", ["storage", "media"])
def test_only_the_assembly_names_the_adapters(adapter: str) -> None:
    """`app.py` puts the house together; everyone else has the ports."""
    namers = {
        str(path.relative_to(ROOT))
        for path in modules("server")
        if any(name.startswith(f"server.{adapter}") for name in imports(path))
    }
    inside = {name for name in namers if name.startswith(f"server/{adapter}/")}

    assert namers - inside == {"server/app.py"}
