"""The line before an SQLite file: who has waited longest writes next, and nobody waits for ever."""

import asyncio
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.outbox_line import Line
from streams.outbox_schema import GROUPS
from streams.outbox_writer import Turn, Writer
from tests.streams.noting_writer import MANY, written


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
        await written(url, "first", 1)
        other = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.streams.noting_writer", url, "theirs", stdout=asyncio.subprocess.PIPE
        )
        assert other.stdout
        await other.stdout.readline()

        await written(url, "ours")

        assert await other.wait() == 0
        writer = Writer(url)
        await writer.open()
        assert len(await writer.do(_names)) == 1 + 2 * MANY
        await writer.close()


def _names(turn: Turn) -> list[str]:
    return [row.name for row in turn.connection.execute(GROUPS.select())]
