"""Every short code that can stand in the outbox is in one table, with its meaning."""

import ast
from collections.abc import Iterator

import pytest

from streams import reason
from tests.source_tree import ROOT

SOURCES = sorted((ROOT / "streams").rglob("*.py"))
# What is made with a `reason=` that ends up in the outbox.
MADE = {"Change", "Suppress", "Fail", "HandoverRefused", "Mark"}


def spelled() -> Iterator[tuple[str, str]]:
    """Codes written as text where a reason is given, by file."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MADE:
                for given in node.keywords:
                    if given.arg == "reason":
                        yield from ((path.name, text) for text in texts(given.value))


def texts(node: ast.expr) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def constants() -> dict[str, str]:
    return {name: value for name, value in vars(reason).items() if isinstance(value, str) and name.isupper()}


def test_no_code_is_spelled_out_where_it_is_used() -> None:
    assert list(spelled()) == []


@pytest.mark.parametrize("code", constants().values())
def test_every_code_has_a_meaning(code: str) -> None:
    assert reason.MEANINGS[code].endswith((".", ")"))


def test_no_code_is_in_two_tables() -> None:
    tables = (reason.SUPPRESSED, reason.FAILED, reason.WAITING, reason.DONE, reason.HANDOVER)

    assert sum(map(len, tables)) == len(reason.MEANINGS) == len(constants())


def test_the_search_finds_a_code_that_is_spelled_out() -> None:
    """Else the first test would hold for anything."""
    call = ast.parse("Change(reason='wix_busy' if busy else 'other')", mode="eval").body
    assert isinstance(call, ast.Call)

    assert list(texts(call.keywords[0].value)) == ["wix_busy", "other"]
