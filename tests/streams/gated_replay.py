"""`python -m streams`, whose replays come half-way and wait there for whoever kills them. Run as a script.

Spools are small, so that a few rows are several. `GATE` is a folder: `half` appears in it when half is
done, and once `go` does, the replay goes on. `memory` says what DuckDB may take while it loads.
"""

import importlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from analytics.ledger import Ledger
from streams.__main__ import main as streams

ROWS_OF_A_SPOOL = 20
HALF_OF_SPOOLS, HALF_OF_RECORDS = 2, 20


def waiting_once(passed: int, gate: Path) -> Callable[[], None]:
    """To be called at each step; at that one it waits."""
    steps = iter(range(1, 1_000_000))

    def step() -> None:
        if next(steps) != passed:
            return
        (gate / "half").touch()
        while not (gate / "go").exists():
            time.sleep(0.02)

    return step


def main() -> None:
    gate = Path(os.environ["GATE"])
    loaded, mapped = waiting_once(HALF_OF_SPOOLS, gate), waiting_once(HALF_OF_RECORDS, gate)
    rebuild: Any = importlib.import_module("streams.rebuild")
    ledger: Any = Ledger
    replay: Any = importlib.import_module("streams.replay")
    load, from_event = Ledger.load, replay.from_event

    def load_and_wait(self: Ledger, *given: Any, **named: Any) -> int:
        came = load(self, *given, **named)
        asked = "select current_setting('memory_limit')"
        (gate / "memory").write_text(self._connection.execute(asked).fetchall()[0][0])
        loaded()
        return came

    def map_and_wait(*given: Any) -> Any:
        mapped()
        return from_event(*given)

    rebuild.fill.__kwdefaults__["rows_of_a_spool"] = ROWS_OF_A_SPOOL
    ledger.load, replay.from_event = load_and_wait, map_and_wait
    streams()


if __name__ == "__main__":
    main()
