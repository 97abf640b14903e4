"""An empty ledger, made once and copied for each test: making its tables takes longer than most tests."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from analytics.ledger import Ledger


def open_ledger(path: Path) -> Ledger:
    """A new, empty ledger at `path`, as `Ledger.open` would have made it."""
    lay_ledger(path)
    return Ledger.open(path)


def lay_ledger(path: Path) -> None:
    """The same, which nobody has open."""
    shutil.copyfile(_made_once(), path)


@cache
def _made_once() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="orderline-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    Ledger.open(folder / "empty.duckdb").close()
    return folder / "empty.duckdb"
