"""The repository's own Python files, as the tests of its structure read them: without importing any."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROOMS = ("ingest", "streams", "analytics", "dashboard", "sandbox")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Module:
    """One file: `streams.wix.client` at `streams/wix/client.py`; a package's name is its folder's."""

    name: str
    path: Path
    source: str

    @property
    def tree(self) -> ast.Module:
        """What it consists of; only some tests of some processes look at it."""
        return _parsed(self)

    @property
    def room(self) -> str:
        """The first part of its name."""
        return self.name.split(".")[0]

    @property
    def where(self) -> str:
        """The path a person would open."""
        return self.path.relative_to(ROOT).as_posix()


def modules(*folders: str) -> list[Module]:
    """Every Python file below these folders of the repository."""
    paths = (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))
    return [_module(path) for path in paths]


@cache
def imported_names(module: Module) -> tuple[str, ...]:
    """Every dotted name it imports, anywhere in the file: `from a.b import c` gives `a.b.c`."""
    return tuple(_imported(module))


def _imported(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(module, node)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def imported_modules(module: Module, known: dict[str, Module]) -> set[str]:
    """Which of the known modules it imports."""
    found = set()
    for name in imported_names(module):
        while name and name not in known:
            name = name.rpartition(".")[0]
        if name and name != module.name:
            found.add(name)
    return found


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = module.name.split(".")
    if module.path.name != "__init__.py":
        package = package[:-1]
    kept = package[: len(package) - node.level + 1]
    return ".".join([*kept, *([node.module] if node.module else [])])


@cache
def _module(path: Path) -> Module:
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    return Module(name=".".join(parts), path=path, source=path.read_text(encoding="utf-8"))


@cache
def _parsed(module: Module) -> ast.Module:
    return ast.parse(module.source)
