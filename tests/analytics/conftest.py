"""A real ledger in a temporary folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from analytics.ledger import Ledger
from tests.analytics.history import NOW, tell
from tests.analytics.one_of_everything import HISTORY
from tests.empty_ledger import open_ledger


@pytest.fixture(scope="session")
def told_everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """A ledger with one of everything, to be read only; telling it takes longer than most questions."""
    opened = open_ledger(tmp_path_factory.mktemp("everything") / "ledger.duckdb")
    tell(opened, HISTORY)
    opened.publish(at=NOW)
    yield opened
    opened.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger, closed afterwards."""
    opened = open_ledger(tmp_path / "ledger.duckdb")
    yield opened
    opened.close()
