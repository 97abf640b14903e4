"""How fast a ledger of so many rows is loaded and appended to, and how long its reports take.

    python -m benchmarks.ledger [--rows 1000000] [--runs 5] [--beside 1000] [--keep PATH]

The history is made up, always alike: a year of store orders, subscriptions, payments and notices on
twenty sites. It is loaded in bulk, as a rebuild does, against DuckDB's own `read_ndjson` of the
same bytes; then rows are appended in batches; then every report is asked: alone, for the processor time
it takes, and with a writer beside it, for how long a reader waits.
Budgets are those of ten million rows on two cores: 200 ms for a card (a month), 2 s for an analysis
(everything), 5 s for the first answer as of an earlier time at one million. It ends with what was not
held; the exit code is 1 if anything was not. On a machine that others use too, a wait says as much about
them: `cpu_share` is the processor time of an answer alone by its budget, and two idle cores hold up to 2.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from itertools import count, islice
from multiprocessing import get_context
from pathlib import Path
from typing import NoReturn

import duckdb
import pyarrow as pa

from analytics.ledger import Ledger, LedgerRecord, spooled
from analytics.wire import facts_structure, row_structure
from benchmarks._lives import lives_of, written_lives
from benchmarks._made_up import made_up_rows
from benchmarks._reading import LARGEST_BATCH, NOW, TOPIC, TOPIC_ID, read

LOAD_FLOOR, APPEND_FLOOR, MEMORY_MB = 100_000, 10_000, 1000


def loaded_apart(path: Path, rows: int) -> dict[str, float]:
    """As `loaded`, in a process of its own, so that its memory is not counted as that of who appends."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_loaded_into, path, rows).result()


def _loaded_into(path: Path, rows: int) -> dict[str, float]:
    ledger = Ledger.open(path)
    try:
        return loaded(ledger, rows)
    finally:
        ledger.close()


def loaded(ledger: Ledger, rows: int) -> dict[str, float]:
    """Load the history; rows a second, and the share of what `read_ndjson` alone does."""
    found, spent, plain, cpu = 0, 0.0, 0.0, 0.0
    folder = ledger.path.absolute().with_suffix(".lives")
    folder.mkdir()
    for path, made in written_lives(rows, folder):
        plain += plain_seconds(path)
        spool = pa.concat_tables(map(spooled, lives_of(path)))
        path.unlink()
        began, began_cpu = time.perf_counter(), time.process_time()
        ledger.load(spool, topic=TOPIC, partition=0, topic_id=TOPIC_ID)
        spent, cpu = spent + time.perf_counter() - began, cpu + time.process_time() - began_cpu
        found += made
        del spool
    folder.rmdir()
    began, began_cpu = time.perf_counter(), time.process_time()
    ledger.make_tables()
    made_anew, made_cpu = time.perf_counter() - began, time.process_time() - began_cpu
    rate = found / (spent + made_anew)
    return {
        "rows": found,
        "log_rows_per_second": round(found / spent),
        "tables_rows_per_second": round(found / made_anew),
        "loaded_rows_per_second": round(rate),
        # What other programs on the machine can't change as much.
        "log_cpu_microseconds_per_row": round(cpu / found * 1e6, 1),
        "tables_cpu_microseconds_per_row": round(made_cpu / found * 1e6, 1),
        "of_floor": round(rate / LOAD_FLOOR, 2),
        "of_read_ndjson": round(plain / (spent + made_anew), 2),
        "log_of_read_ndjson": round(plain / spent, 2),
    }


def plain_seconds(path: Path) -> float:
    """What DuckDB takes to read the same bytes into a table, typed, and no more."""
    with duckdb.connect() as connection:
        connection.execute(f"select typeof(from_json('{{}}', '{row_structure()}'))")
        ((row_type,),) = connection.fetchall()
        columns = f"{{'offset': 'BIGINT', 'known_at': 'BIGINT', 'row': '{row_type}'}}"
        began = time.perf_counter()
        connection.execute(
            f"create table read as select *, from_json(row.facts, '{facts_structure()}') as facts "
            f"from read_ndjson('{path}', columns = {columns})"
        )
        return time.perf_counter() - began


def later_records(ledger: Ledger) -> Iterator[LedgerRecord]:
    """Rows of other orders, without end, behind what the ledger has; they happen as they are told.

    Of orders that the ledger does not have from an earlier run either; their names lie among those it has, as
    random ones do, so that no table can tell by its first and last name that they are new.
    """
    begin = ledger.next_offset(TOPIC, 0, TOPIC_ID)
    offsets = count(begin)
    for round_number in count(begin):
        for row in made_up_rows(100_000):
            value = row.to_bytes().replace(b"order-", b"order-5%d-" % round_number)
            value = value.replace(b"transaction-", b"transaction-5%d-" % round_number)
            value = value.replace(b"purchase:", b"purchase:5%d-" % round_number)
            value = value.replace(str(row.row_id).encode(), _renamed(row.row_id, round_number))
            yield LedgerRecord(offset=next(offsets), known_at=NOW, value=value)


def _renamed(row_id: object, round_number: int) -> bytes:
    return f"{round_number:08x}{str(row_id)[8:]}".encode()


def appended(ledger: Ledger, source: Iterator[LedgerRecord], rows: int, batch: int) -> dict[str, float]:
    """Append so many rows in batches; rows a second, the making of them not counted."""
    spent = 0.0
    for _ in range(max(1, rows // batch)):
        told = list(islice(source, batch))
        began = time.perf_counter()
        ledger.append(told, topic=TOPIC, partition=0, topic_id=TOPIC_ID)
        spent += time.perf_counter() - began
    rate = max(1, rows // batch) * batch / spent
    return {
        "batch": batch,
        "appended_rows_per_second": round(rate),
        "of_floor": round(rate / APPEND_FLOOR, 2),
    }


class Verdict:
    """Prints each line of figures, and collects the shares of floors and budgets that were not held."""

    def __init__(self) -> None:
        self.missed: list[str] = []

    def tell(self, figures: Mapping[str, object]) -> None:
        """One line of JSON. A floor is held from 1 on, a budget up to 1."""
        print(json.dumps(figures), flush=True)
        named = " ".join(str(figures[name]) for name in ("report", "role") if name in figures)
        for name, share in figures.items():
            if isinstance(share, float) and not _held(name, share):
                self.missed.append(f"{named} {name} {share}".strip())

    def leave(self) -> NoReturn:
        """The last line, and the exit code."""
        print(json.dumps({"held": not self.missed, "missed": self.missed}))
        sys.exit(1 if self.missed else 0)


def _held(name: str, share: float) -> bool:
    if name.endswith("of_floor"):
        return share >= 1
    return not name.endswith("of_budget") or share <= 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--append", type=int, default=50_000, help="how many rows to append afterwards")
    parser.add_argument("--batch", type=int, default=LARGEST_BATCH)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--beside", type=int, default=1000, help="rows a second that a writer adds meanwhile")
    parser.add_argument("--keep", type=Path, help="a file to keep the ledger in, or to measure again")
    given, verdict = parser.parse_args(), Verdict()
    print(json.dumps({"at": datetime.now(UTC).isoformat(), "rows": given.rows}))
    with tempfile.TemporaryDirectory(dir=".") as folder:
        path = given.keep or Path(folder) / "ledger.duckdb"
        if not path.exists():
            verdict.tell(loaded_apart(path, given.rows))
        ledger = Ledger.open(path)
        try:
            source = later_records(ledger)
            if given.append:
                verdict.tell(appended(ledger, source, given.append, given.batch))
                verdict.tell(peak_memory("appending"))
            for figures in read(ledger, source, rows=given.rows, rate=given.beside, runs=given.runs):
                verdict.tell(figures)
        finally:
            ledger.close()
        verdict.tell({"file_mb": round(path.stat().st_size / 1e6)})
        verdict.tell(peak_memory("appending and answering"))
    verdict.leave()


def peak_memory(role: str) -> dict[str, object]:
    """The most that this process, the ledger's owner, took so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"role": role, "peak_memory_mb": round(peak), "of_budget": round(peak / MEMORY_MB, 2)}


if __name__ == "__main__":
    main()
