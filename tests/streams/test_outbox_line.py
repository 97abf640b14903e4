"""The line before an SQLite file: who has waited longest writes next, and nobody waits for ever."""

import asyncio
import multiprocessing
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.outbox_line import Line
from streams.outbox_schema import GROUPS
from streams.outbox_writer import Turn, Writer
from tests.streams.made_effects import NOW

MANY = 300


@pytest.fixture
def lines(tmp_path: Path) -> Iterator[tuple[Line, Line]]:
    """Two processes' places in the line before one file."""
    both = tuple(Line(tmp_path / "outbox.sqlite", patience_seconds=30) for _ in range(2))
    yield both[0], both[1]
    for line in both:
        line.close()


class TestLine:
    def test_who_has_just_written_lines_up_behind_who_waits(self, lines: tuple[Line, Line]) -> None:
        busy, patient = lines
        order: list[str] = []
        is_at_the_head, is_free = threading.Event(), threading.Event()

        def patient_begins() -> bool:
            is_at_the_head.set()
            if is_free.is_set():
                order.append("patient")
            return is_free.is_set()

        def busy_begins() -> bool:
            order.append("busy")
            return True

        waiting = threading.Thread(target=lambda: patient.take(patient_begins))
        waiting.start()
        is_at_the_head.wait(30)

        is_free.set()
        busy.take(busy_begins)
        waiting.join(30)

        assert order == ["patient", "busy"]

    def test_a_file_that_never_comes_free_is_given_up(self, tmp_path: Path) -> None:
        line = Line(tmp_path / "outbox.sqlite", patience_seconds=0.01)

        assert line.take(lambda: False) is False
        line.close()

    def test_who_is_stuck_at_the_head_holds_up_nobody_for_ever(self, tmp_path: Path) -> None:
        stuck = Line(tmp_path / "outbox.sqlite", patience_seconds=3600)
        other = Line(tmp_path / "outbox.sqlite", patience_seconds=0.1)
        is_at_the_head, is_over = threading.Event(), threading.Event()

        def never_begins() -> bool:
            is_at_the_head.set()
            return is_over.wait(30)

        waiting = threading.Thread(target=lambda: stuck.take(never_begins))
        waiting.start()
        is_at_the_head.wait(30)

        assert other.take(lambda: True)

        is_over.set()
        waiting.join(30)
        stuck.close()
        other.close()


class TestTwoProcesses:
    async def test_that_write_all_the_time_lose_nothing(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path / 'outbox.sqlite'}"
        await _written(url, "first", 1)
        context = multiprocessing.get_context("spawn")
        other = context.Process(target=_write, args=(url, "theirs"))
        other.start()

        await _written(url, "ours", MANY)
        await asyncio.to_thread(other.join)

        writer = Writer(url)
        await writer.open()
        assert other.exitcode == 0
        assert len(await writer.do(_names)) == 1 + 2 * MANY
        await writer.close()


def _write(url: str, name: str) -> None:
    asyncio.run(_written(url, name, MANY))


async def _written(url: str, name: str, times: int) -> None:
    writer = Writer(url)
    await writer.open()
    for number in range(times):
        await writer.do(Note(f"{name}-{number}"))
    await writer.close()


class Note:
    """A job that writes one name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, turn: Turn) -> None:
        turn.connection.execute(GROUPS.insert().values(name=self._name, noted_at=NOW))


def _names(turn: Turn) -> list[str]:
    return [row.name for row in turn.connection.execute(GROUPS.select())]
