"""A real ledger in a temporary folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from analytics.ledger import Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger, closed afterwards."""
    opened = Ledger.open(tmp_path / "ledger.duckdb")
    yield opened
    opened.close()
