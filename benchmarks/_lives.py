"""A year of orders, subscriptions, payments and notices as lines of files: millions of rows in minutes.

    python -m benchmarks._lives ROWS FOLDER

The same kinds of lives as `_made_up`, made by DuckDB instead of row by row, always alike for one number.
Run by itself it says each file and its rows, and makes the next one when it is told to (a line), so that
its memory is not counted as its reader's and its files need not all lie on the disk.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path

import duckdb

from analytics.wire import row_header
from benchmarks._made_up import DAYS, FIRST_DAY

# What five lives give on average within the year: four orders of six rows, one subscription of ten.
ROWS_PER_LIFE = 6.6
SLICE_ROWS = 250_000
# As many as one answer of Kafka brings.
TOGETHER = 5000
TOPICS = ("store-orders", "fulfillments", "plan-orders", "payments")
MEMORY = "1GB"


def written_lives(rows: int, folder: Path) -> Iterator[tuple[Path, int]]:
    """Have about so many rows written to files, a stretch of the year each; yields each with its rows.

    The file is made by another process, one ahead of the caller at most, and is the caller's to remove.
    """
    command = [sys.executable, "-m", "benchmarks._lives", str(rows), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as maker:
        assert maker.stdin is not None
        assert maker.stdout is not None
        for line in maker.stdout:
            path, made = line.rsplit(" ", 1)
            yield Path(path), int(made)
            maker.stdin.write("\n")
            maker.stdin.flush()
        if maker.wait():
            raise RuntimeError(
                f"the rows could not be made: {' '.join(command)} ended with {maker.returncode}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A row as it lies on the log."""

    offset: int
    timestamp: int
    value: bytes
    headers: list[tuple[str, bytes | None]]


def lives_of(path: Path) -> Iterator[list[Told]]:
    """The records of such a file, some at a time; a line is `{"offset":…,"known_at":…,"row":{…}}`."""
    with path.open("rb") as lines:
        while told := [_told(line) for line in islice(lines, TOGETHER)]:
            yield told


def _told(line: bytes) -> Told:
    place, _, row = line.partition(b',"row":')
    said = json.loads(place + b"}")
    headers: list[tuple[str, bytes | None]] = [row_header()]
    return Told(offset=said["offset"], timestamp=said["known_at"], value=row.rstrip()[:-1], headers=headers)


def write_lives(rows: int, folder: Path) -> Iterator[tuple[Path, int]]:
    """As `written_lives`, in this process."""
    lives, slices = round(rows / ROWS_PER_LIFE), max(1, round(rows / SLICE_ROWS))
    sql = Path(__file__).with_name("lives.sql").read_text(encoding="utf-8")
    places, offset = dict.fromkeys(TOPICS, 0), 0
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY,
        "temp_directory": str(folder / "lives.spill"),
    }
    with duckdb.connect(config=config) as connection:
        for number in range(slices):
            begin, end = (FIRST_DAY + timedelta(days=DAYS) * part / slices for part in (number, number + 1))
            told = sql.format(
                lives=lives,
                buyers=max(1, lives // 4),
                from_at=begin.replace(tzinfo=None),
                until_at=end.replace(tzinfo=None),
                first_offset=offset,
                first_places=f"map {places}",
            )
            path = folder / f"{number:06}.ndjson"
            made = _written(connection, told, path)
            for topic in TOPICS:
                places[topic] += made.get(topic, 0)
            offset += sum(made.values())
            yield path, sum(made.values())


def _written(connection: duckdb.DuckDBPyConnection, sql: str, path: Path) -> dict[str, int]:
    """Rows by the topic that they were counted on; those on none under an empty name."""
    connection.execute(f"create or replace temp table lines as {sql}")
    shape = "format csv, header false, quote '', escape '', delimiter '\x01'"
    connection.execute(f"copy (select line from lines) to '{path}' ({shape})")
    counted = connection.execute("select coalesce(numbered_topic, ''), count(*) from lines group by all")
    return {topic: int(rows) for topic, rows in counted.fetchall()}


def main() -> None:
    rows, folder = int(sys.argv[1]), Path(sys.argv[2])
    for path, made in write_lives(rows, folder):
        print(f"{path} {made}", flush=True)
        if not sys.stdin.readline():
            return


if __name__ == "__main__":
    main()
