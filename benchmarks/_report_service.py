"""The report service alone, on a ledger that nobody else has open, with a writer beside it.

    python -m benchmarks._report_service FILE PORT [ROWS_A_SECOND]

Rows are appended every second and published every half minute, as the ledger's owner does.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import uvicorn

from analytics.ledger import Ledger
from analytics.reports import Reports
from analytics.service import create_app
from benchmarks._reading import SNAPSHOT_SECONDS, TOPIC, TOPIC_ID
from benchmarks.ledger import later_records


def main() -> None:
    path, port = Path(sys.argv[1]), int(sys.argv[2])
    rate = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    ledger = Ledger.open(path)
    try:
        ledger.publish()
        app = create_app(Reports(ledger), token=None)
        with written(ledger, rate):
            uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", lifespan="off")
    finally:
        ledger.close()


@contextmanager
def written(ledger: Ledger, rate: int) -> Iterator[None]:
    done = threading.Event()
    thread = threading.Thread(target=write, args=[ledger, rate, done])
    if rate:
        thread.start()
    try:
        yield
    finally:
        done.set()
        if rate:
            thread.join()


def write(ledger: Ledger, rate: int, done: threading.Event) -> None:
    source, published = later_records(ledger), time.monotonic()
    while not done.wait(1):
        ledger.append(list(islice(source, rate)), topic=TOPIC, partition=0, topic_id=TOPIC_ID)
        if time.monotonic() - published >= SNAPSHOT_SECONDS:
            ledger.publish()
            published = time.monotonic()


if __name__ == "__main__":
    main()
