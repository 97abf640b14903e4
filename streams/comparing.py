"""`rebuild --check`: a second ledger made from the log, against the one that is in use, at one offset."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock, Timeout

from analytics.comparison import Moment
from analytics.ledger import AnotherLog, Ledger, LedgerLocked, Share
from ingest.settings import KafkaSettings
from streams.ledger_owner import LedgerOwner, OwnerAway
from streams.ledger_seat import ownership
from streams.ledger_swap import nobody
from streams.rebuild import TOPIC, WHILE_FILLED, begun, discard, fill, log_id, rows_end
from streams.replay import Tell
from streams.running import Refusal
from streams.settings import ReportsSettings

# How long the ledger in use may take to come as far as the log was.
CAUGHT_UP_SECONDS = 120.0
LOOK_SECONDS = 0.5
BUCKETS_SHOWN = 3
ROWS_SHOWN = 5

Rows = list[dict[str, Any]]


class Side(Protocol):
    """One of the two ledgers at the moment of the comparison."""

    async def checksums(self) -> Rows:
        """Per table its rows and their checksum."""
        ...

    async def buckets(self, table: str) -> Rows:
        """The same per bucket of a table."""
        ...

    async def rows(self, table: str, bucket: int) -> list[str]:
        """The rows of a bucket."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDifference:
    """A table that is not the same in both. The rows are some of those that only one of them has."""

    table: str
    rows_in_use: int
    rows_rebuilt: int
    only_in_use: tuple[str, ...]
    only_rebuilt: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of a comparison at an offset of `order-lifecycle`."""

    offset: int
    tables: int
    rows: int
    differences: tuple[TableDifference, ...]


@dataclass(frozen=True, slots=True)
class _Here:
    """A ledger in this process."""

    moment: Moment

    async def checksums(self) -> Rows:
        return await asyncio.to_thread(self.moment.checksums)

    async def buckets(self, table: str) -> Rows:
        return await asyncio.to_thread(self.moment.buckets, table)

    async def rows(self, table: str, bucket: int) -> list[str]:
        return await asyncio.to_thread(self.moment.rows, table, bucket)


@dataclass(frozen=True, slots=True)
class _There:
    """The ledger of another process, which holds the moment for us."""

    owner: LedgerOwner
    path: str

    async def checksums(self) -> Rows:
        return list((await self.owner.ask("GET", self.path))["tables"])

    async def buckets(self, table: str) -> Rows:
        return list((await self.owner.ask("GET", f"{self.path}/{table}"))["buckets"])

    async def rows(self, table: str, bucket: int) -> list[str]:
        return list((await self.owner.ask("GET", f"{self.path}/{table}/{bucket}"))["rows"])


async def check(
    kafka: KafkaSettings,
    path: Path,
    reports: ReportsSettings,
    *,
    share: Share = WHILE_FILLED,
    stop: asyncio.Event,
    tell: Tell,
    expect: Callable[[int], None],
) -> Verdict:
    """Fill a second ledger from the log and compare; `expect` hears how many rows that takes.

    Stopped and called again, it goes on filling where it was.

    Raises:
        Refusal: there is nothing to compare with, or it doesn't answer.
        Stopped: `stop` was set.
    """
    topic_id = await log_id(kafka)
    second_path = path.with_name(f"{path.name}.check")
    async with _in_use(path, reports) as moments:
        ledger, offset = await begun(second_path, topic_id, share=share)
        try:
            end = await rows_end(kafka)
            expect(end - offset)
            await fill(ledger, kafka, topic_id, upto=end, stop=stop, tell=tell)
            async with moments(topic_id, end) as (side, at):
                # What came in meanwhile.
                await fill(ledger, kafka, topic_id, upto=at, stop=stop, tell=nobody)
                verdict = await _compared(side, ledger, at)
        finally:
            await asyncio.to_thread(ledger.close)
    discard(second_path)
    return verdict


Moments = Callable[[str, int], Any]


@asynccontextmanager
async def _in_use(path: Path, reports: ReportsSettings) -> AsyncIterator[Moments]:
    """How to hold a moment of the ledger in use: its owner's, or this process's where nobody owns it."""
    own = ownership(path)
    ledger = await asyncio.to_thread(_unowned, path, own)
    if ledger is not None:
        try:
            yield lambda topic_id, end: _held_here(ledger, topic_id)
        finally:
            await asyncio.to_thread(ledger.close)
            own.release()
        return
    async with LedgerOwner(reports) as owner:
        try:
            yield lambda topic_id, end: _held_there(owner, topic_id, end)
        except OwnerAway as error:
            raise Refusal(str(error)) from error


def _unowned(path: Path, own: FileLock) -> Ledger | None:
    """The ledger, if no process has it; none can start on it until `own` is released."""
    try:
        own.acquire(blocking=False)
    except Timeout:
        return None
    try:
        if not path.exists():
            raise Refusal(f"There is no ledger at {path} to compare with.")
        return Ledger.open(path)
    except LedgerLocked:
        own.release()
        return None


@asynccontextmanager
async def _held_here(ledger: Ledger, topic_id: str) -> AsyncIterator[tuple[Side, int]]:
    try:
        at = await asyncio.to_thread(ledger.next_offset, TOPIC, 0, topic_id)
    except AnotherLog as error:
        raise Refusal(str(error)) from error
    moment = await asyncio.to_thread(Moment.of, ledger)
    try:
        yield _Here(moment), at
    finally:
        moment.close()


@asynccontextmanager
async def _held_there(owner: LedgerOwner, topic_id: str, end: int) -> AsyncIterator[tuple[Side, int]]:
    name, at = await _caught_up(owner, topic_id, end)
    path = f"/inner/moments/{name}"
    try:
        yield _There(owner, path), at
    finally:
        await owner.ask("DELETE", path)


async def _caught_up(owner: LedgerOwner, topic_id: str, end: int) -> tuple[str, int]:
    """A moment at which the ledger in use has all that the second one was filled with."""
    waited = 0.0
    while True:
        begun = await owner.ask("POST", "/inner/moments")
        found = [row for row in begun["offsets"] if row["topic"] == TOPIC]
        if found and found[0]["topic_id"] != topic_id:
            raise Refusal("The ledger in use was filled from another log than the broker's.")
        at = int(found[0]["next_offset"]) if found else 0
        if at >= end:
            return str(begun["moment"]), at
        await owner.ask("DELETE", f"/inner/moments/{begun['moment']}")
        if waited >= CAUGHT_UP_SECONDS:
            raise Refusal(
                f"The ledger in use has read {at} rows of {end} and doesn't come closer: look at its log."
            )
        await asyncio.sleep(LOOK_SECONDS)
        waited += LOOK_SECONDS


async def _compared(side: Side, ledger: Ledger, at: int) -> Verdict:
    moment = await asyncio.to_thread(Moment.of, ledger)
    try:
        rebuilt = _Here(moment)
        theirs = {row["table"]: row for row in await side.checksums()}
        ours = {row["table"]: row for row in await rebuilt.checksums()}
        unlike = [table for table in sorted(theirs | ours) if theirs.get(table) != ours.get(table)]
        found = [
            await _difference(table, side, rebuilt, theirs.get(table), ours.get(table)) for table in unlike
        ]
        rows = sum(row["rows"] for row in theirs.values())
        return Verdict(offset=at, tables=len(theirs), rows=rows, differences=tuple(found))
    finally:
        moment.close()


async def _difference(
    table: str, side: Side, rebuilt: Side, theirs: dict[str, Any] | None, ours: dict[str, Any] | None
) -> TableDifference:
    """Some rows of the first buckets that differ; none where only one build knows the table."""
    only_theirs: list[str] = []
    only_ours: list[str] = []
    if theirs and ours:
        for bucket in _unlike(await side.buckets(table), await rebuilt.buckets(table))[:BUCKETS_SHOWN]:
            found = set(await side.rows(table, bucket)), set(await rebuilt.rows(table, bucket))
            only_theirs += sorted(found[0] - found[1])
            only_ours += sorted(found[1] - found[0])
    return TableDifference(
        table=table,
        rows_in_use=theirs["rows"] if theirs else 0,
        rows_rebuilt=ours["rows"] if ours else 0,
        only_in_use=tuple(only_theirs[:ROWS_SHOWN]),
        only_rebuilt=tuple(only_ours[:ROWS_SHOWN]),
    )


def _unlike(theirs: Rows, ours: Rows) -> list[int]:
    """Buckets that are not the same in both."""
    known = [{row["bucket"]: (row["rows"], row["checksum"]) for row in side} for side in (theirs, ours)]
    return sorted(one for one in known[0] | known[1] if known[0].get(one) != known[1].get(one))


def told(verdict: Verdict) -> str:
    """What a person reads of it."""
    if not verdict.differences:
        return (
            f"The ledger in use is what the log gives: {verdict.rows:,} rows in {verdict.tables} tables "
            f"are the same at offset {verdict.offset}."
        )
    lines = [f"The ledger in use is not what the log gives, at offset {verdict.offset}:"]
    for one in verdict.differences:
        lines.append(f"- {one.table}: {one.rows_in_use:,} rows in use, {one.rows_rebuilt:,} rebuilt")
        lines += [f"    only in use:  {row}" for row in one.only_in_use]
        lines += [f"    only rebuilt: {row}" for row in one.only_rebuilt]
    lines.append("Put the rebuilt one in its place with: python -m streams replay rebuild")
    return "\n".join(lines)
