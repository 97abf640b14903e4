"""A ledger whose writing never ends, as where DuckDB waits for ever. Run as a script."""

import threading
from collections.abc import Sequence

from analytics.ledger import LedgerRecord
from streams.__main__ import main
from streams.ledger_seat import LedgerSeat


def write_for_ever(self: LedgerSeat, records: Sequence[LedgerRecord]) -> int:
    """The loop goes on and reports are answered; only nothing is written any more."""
    threading.Event().wait()
    return 0


if __name__ == "__main__":
    LedgerSeat._append = write_for_ever  # type: ignore[method-assign] # a build that hangs
    main(["ledger"])
