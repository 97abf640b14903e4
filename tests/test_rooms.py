"""The walls between the rooms: who may import whom, what stays pure, and that importing does nothing."""

import ast
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatch
from textwrap import dedent
from typing import TypeVar

import pytest

from tests.source_tree import ROOMS, ROOT, Module, imported_modules, imported_names, modules

Found = TypeVar("Found")

CODE = modules(*ROOMS)
EVERYTHING = [*CODE, *modules("tests", "benchmarks")]
KNOWN = {module.name: module for module in EVERYTHING}

# What a room may import beside itself; the data flows one way, and so do the imports.
ALLOWED: dict[str, set[str]] = {
    "ingest": set(),
    "analytics": set(),
    "streams": {
        "ingest.record",
        "ingest.topics",
        "ingest.admin",
        "ingest.catalogue",
        "ingest.settings.KafkaSettings",
        # How settings are read and spelled.
        "ingest.environment",
        "analytics.web_address",
        # How any process of ours writes its log, traces, and hangs up on slow clients.
        "ingest.log_lines",
        "ingest.tracing",
        "ingest.impatience",
        "analytics.lifecycle",
        # What a row's record says of its shape.
        "analytics.wire.row_header",
        "analytics.uncollected",
        "analytics.ledger",
        "analytics.service",
        # A second ledger against the one in use.
        "analytics.comparison",
        "analytics.packing",
        # What the service is given.
        "analytics.reports",
    },
    "dashboard": {"analytics.lifecycle", "analytics.web_address"},
    "sandbox": {"ingest.topics"},
}

# Decisions and translations: everything they need is in their arguments.
PURE = (
    "ingest/webhook.py",
    "ingest/handover.py",
    "ingest/personal.py",
    "ingest/catalogue.py",
    "ingest/record.py",
    "streams/order.py",
    "streams/notification.py",
    "streams/fulfillment.py",
    "streams/due.py",
    "streams/lifecycle*.py",
    "streams/template.py",
    "streams/template_fields.py",
    "streams/template_rules.py",
    "streams/template_samples.py",
    "streams/wording.py",
    "streams/quiet_hours.py",
    "streams/effect.py",
    "analytics/facts.py",
    "analytics/lifecycle.py",
    "dashboard/charts*.py",
)
ACTING = {"aiokafka", "kafka", "httpx", "faust", "duckdb", "sqlalchemy", "streamlit"}

# A drawer's name says nothing of what lies in it.
DRAWERS = {"util", "utils", "helper", "helpers", "common", "base", "misc", "manager"}
MOST_LINES = 400


def runs_only_when_asked(module: Module) -> bool:
    """Not Streamlit's script: being run is what it is for."""
    return module.where not in {"dashboard/app.py"}


def offending(modules: Iterable[Module], of: Callable[[Module], Found]) -> dict[str, Found]:
    """What each module does that it must not, by its path; empty when all keep the rule."""
    return {module.where: found for module in modules if (found := of(module))}


def rooms_of(names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if name.split(".")[0] in ROOMS)


def is_below(name: str, allowed: set[str]) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in allowed)


class TestImports:
    def test_a_room_imports_only_what_its_line_of_the_table_allows(self) -> None:
        assert offending(CODE, forbidden) == {}

    def test_a_journey_sees_the_product_only_from_outside(self) -> None:
        journeys = modules("tests/journey", "tests/chaos")

        assert journeys
        assert offending(journeys, rooms_but_the_sandbox) == {}

    def test_no_product_code_imports_tests(self) -> None:
        assert offending(CODE, lambda module: packages(module) & {"tests", "benchmarks"}) == {}

    def test_only_analytics_speaks_to_duckdb(self) -> None:
        assert {module.room for module in CODE if "duckdb" in packages(module)} <= {"analytics"}

    def test_only_the_outbox_speaks_to_its_database(self) -> None:
        others = [module.where for module in CODE if "sqlalchemy" in packages(module)]

        assert [where for where in others if not fnmatch(where, "streams/outbox*.py")] == []

    def test_no_module_imports_itself_in_a_circle(self) -> None:
        assert circle({module.name: imported_modules(module, KNOWN) for module in CODE}) == []


def forbidden(module: Module) -> set[str]:
    foreign = {name for name in rooms_of(imported_names(module)) if name.split(".")[0] != module.room}
    return {name for name in foreign if not is_below(name, ALLOWED[module.room])}


def rooms_but_the_sandbox(module: Module) -> set[str]:
    return {name for name in rooms_of(imported_names(module)) if not name.startswith("sandbox.")}


def packages(module: Module) -> set[str]:
    return {name.split(".")[0] for name in imported_names(module)}


def circle(graph: dict[str, set[str]]) -> list[str]:
    """What is left after taking away, again and again, the modules that import nothing that is left."""
    left = {name: set(imports) & graph.keys() for name, imports in graph.items()}
    while done := {name for name, imports in left.items() if not imports & left.keys()}:
        left = {name: imports for name, imports in left.items() if name not in done}
    return sorted(left)


class TestCircle:
    """The test above would pass for ever if this found nothing."""

    def test_a_circle_is_found(self) -> None:
        assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == ["a", "b", "c", "d"]

    def test_a_chain_is_none(self) -> None:
        assert circle({"a": {"b"}, "b": {"c"}, "c": set()}) == []


class TestPure:
    @pytest.mark.parametrize("pattern", PURE)
    def test_every_pure_file_is_there(self, pattern: str) -> None:
        assert [module.where for module in CODE if fnmatch(module.where, pattern)]

    def test_a_pure_file_reaches_nothing_that_acts(self) -> None:
        """Nor does anything of ours that it imports: a decision must not drag a client along."""
        pure = [module for module in CODE if any(fnmatch(module.where, one) for one in PURE)]

        assert offending(pure, acting) == {}


def acting(module: Module) -> dict[str, set[str]]:
    return {name: found for name in reached(module) if (found := packages(KNOWN[name]) & ACTING)}


def reached(module: Module) -> set[str]:
    """The module and every module of ours it imports, directly or not."""
    seen, waiting = set[str](), [module.name]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(imported_modules(KNOWN[name], KNOWN))
    return seen


class TestFiles:
    def test_a_package_is_one_docstring(self) -> None:
        packages = [module for module in EVERYTHING if module.path.name == "__init__.py"]

        assert packages
        assert [module.where for module in packages if not is_one_docstring(module)] == []

    def test_a_module_fits_in_four_hundred_lines(self) -> None:
        lines = {module.where: len(module.source.splitlines()) for module in EVERYTHING}

        assert {where: count for where, count in lines.items() if count > MOST_LINES} == {}

    def test_no_module_is_a_drawer(self) -> None:
        assert offending(EVERYTHING, lambda module: set(module.name.split(".")) & DRAWERS) == {}

    def test_every_module_says_what_it_is(self) -> None:
        assert [module.where for module in CODE if not ast.get_docstring(module.tree)] == []


def is_one_docstring(module: Module) -> bool:
    return bool(ast.get_docstring(module.tree)) and len(module.tree.body) == 1


class TestImporting:
    def test_a_module_only_defines(self) -> None:
        """No call for its effect, no loop; `if` only for typing and for being run."""
        assert offending(filter(runs_only_when_asked, CODE), doings) == {}

    def test_a_module_reads_no_environment(self) -> None:
        """Settings are built by the command that runs, and passed in."""
        assert offending(CODE, environment_read) == {}

    @pytest.mark.parametrize("room", ROOMS)
    def test_importing_a_room_opens_starts_and_writes_nothing(self, room: str) -> None:
        names = [module.name for module in CODE if module.room == room and runs_only_when_asked(module)]
        watched = dedent("""
            import importlib, sys

            def watch(event, arguments):
                # Faust's croniter asks `file` about the interpreter through the standard library.
                if event == "subprocess.Popen" and arguments[0] == "file":
                    return
                if event in {"socket.connect", "subprocess.Popen", "os.mkdir", "os.remove"}:
                    raise SystemExit(f"{event} {arguments} while importing {name}")
                if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
                    raise SystemExit(f"{arguments[0]} opened for writing while importing {name}")

            sys.addaudithook(watch)
            for name in sys.argv[1:]:
                importlib.import_module(name)
        """)
        command = [sys.executable, "-B", "-c", watched, *names]

        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

        assert (done.returncode, done.stderr[-2000:] if done.returncode else "") == (0, "")


def doings(module: Module) -> list[str]:
    return [ast.unparse(node) for node in module.tree.body if not is_definition(node)]


def environment_read(module: Module) -> list[str]:
    return [ast.unparse(node) for node in at_import(module.tree) if reads_environment(node)]


def is_definition(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.If):
        return ast.unparse(node.test) in {"TYPE_CHECKING", "__name__ == '__main__'"}
    return isinstance(
        node,
        ast.Import
        | ast.ImportFrom
        | ast.FunctionDef
        | ast.AsyncFunctionDef
        | ast.ClassDef
        | ast.Assign
        | ast.AnnAssign,
    )


def at_import(tree: ast.Module) -> Iterator[ast.AST]:
    """What runs when the module is imported: everything outside functions and `if __name__`."""
    waiting: list[ast.AST] = [node for node in tree.body if not isinstance(node, ast.If)]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting.extend(getattr(node, "decorator_list", []))
        else:
            waiting.extend(ast.iter_child_nodes(node))


def reads_environment(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in {"environ", "getenv"}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id == "getenv" or node.func.id.endswith("Settings")
    return False
