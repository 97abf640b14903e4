"""A real ledger in a temporary folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from analytics.ledger import Ledger
from tests.empty_ledger import open_ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger, closed afterwards."""
    opened = open_ledger(tmp_path / "ledger.duckdb")
    yield opened
    opened.close()
