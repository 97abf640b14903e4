"""What the ledger's agent takes as one batch, and how long it leaves the machine to readers in between."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from streams.ledger_agent import BATCH, gathered, pause_after

PLACE = "order-lifecycle 0"


@dataclass(frozen=True)
class Record:
    """What is asked of a record of Kafka's."""

    offset: int


class Log:
    """A log whose polls bring what is told here, one after the other, and then nothing."""

    def __init__(self, *polls: Sequence[int]) -> None:
        self.left = list(polls)

    async def poll(self, seconds: float) -> Mapping[str, Sequence[Record]]:
        """The next poll's records."""
        return {PLACE: [Record(offset) for offset in self.left.pop(0)]} if self.left else {}


async def offsets(log: Log, *, pause: float) -> list[int]:
    found = await gathered(log.poll, 1.0, pause)
    return [record.offset for record in found.get(PLACE, [])]


class TestGathering:
    async def test_polls_of_one_pause_are_one_batch(self) -> None:
        assert await offsets(Log([5, 6], [], [7], [8, 9]), pause=0.3) == [5, 6, 7, 8, 9]

    async def test_a_rebalance_between_two_polls_brings_no_record_twice_and_none_out_of_turn(self) -> None:
        # The second begins where DuckDB ends, which is where the first began or before it.
        assert await offsets(Log([5, 6, 7], [4, 5, 6, 7, 8], [9]), pause=0.3) == [4, 5, 6, 7, 8, 9]

    async def test_a_full_batch_waits_for_no_more(self) -> None:
        log = Log(range(BATCH - 1), [BATCH - 1], [BATCH])

        assert await offsets(log, pause=60.0) == list(range(BATCH))
        assert log.left == [[BATCH]]

    async def test_without_a_pause_what_the_first_poll_brings_is_the_batch(self) -> None:
        assert await offsets(Log([5], [6]), pause=0.0) == [5]

    async def test_nothing_is_no_batch_and_waited_for_once(self) -> None:
        assert await gathered(Log([], [6]).poll, 1.0, 60.0) == {}


class TestPause:
    @pytest.mark.parametrize("took", [0.05, 0.1, 0.2, 0.3])
    def test_readers_have_at_least_half_of_the_time_and_a_row_is_seen_within_a_second(
        self, took: float
    ) -> None:
        pause = pause_after(took)

        assert pause >= took
        assert took + pause + took < 1

    @pytest.mark.parametrize("took", [0.0, 0.01, 0.6, 30.0])
    def test_there_is_always_a_moment_for_more_to_come(self, took: float) -> None:
        assert 0 < pause_after(took) <= 0.1
