"""What the ledger's agent takes as one batch, and how long it leaves the machine to readers in between."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from streams.ledger_agent import BATCH, Pace, gathered, pause_after

PLACE = "order-lifecycle 0"


@dataclass(frozen=True)
class Record:
    """What is asked of a record of Kafka's."""

    offset: int
    timestamp: int = 5000


class Log:
    """A log whose polls bring what is told here, one after the other, and then nothing."""

    def __init__(self, *polls: Sequence[int]) -> None:
        self.left = list(polls)

    async def poll(self, seconds: float) -> Mapping[str, Sequence[Record]]:
        """The next poll's records."""
        return {PLACE: [Record(offset) for offset in self.left.pop(0)]} if self.left else {}


async def offsets(log: Log, *, pause: float) -> list[int]:
    found = await gathered(log.poll, 1.0, lambda _: pause)
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
        assert await gathered(Log([], [6]).poll, 1.0, lambda _: 60.0) == {}

    async def test_the_pause_goes_by_when_the_oldest_record_came(self) -> None:
        told = list[float]()

        async def poll(seconds: float) -> Mapping[str, Sequence[Record]]:
            return {PLACE: [Record(5, 7000), Record(6, 7250)]}

        def pause(oldest: float) -> float:
            told.append(oldest)
            return 0.0

        await gathered(poll, 1.0, pause)

        assert told == [7.0]


class TestPause:
    @pytest.mark.parametrize("took", [0.05, 0.1, 0.2, 0.3])
    def test_a_row_that_came_when_the_last_batch_began_is_written_in_time(self, took: float) -> None:
        pause = pause_after(took, took)

        assert took + pause + took < 0.65

    @pytest.mark.parametrize("took", [0.05, 0.1, 0.15])
    def test_readers_have_at_least_half_of_the_time(self, took: float) -> None:
        assert pause_after(took, took) >= took

    def test_a_row_that_just_came_leaves_more_time_than_one_that_waited(self) -> None:
        assert pause_after(0.3, 0.0) > pause_after(0.3, 0.2) > pause_after(0.3, 0.3)

    @pytest.mark.parametrize("took", [0.6, 1.0])
    def test_where_rows_are_late_anyway_readers_have_a_third(self, took: float) -> None:
        assert pause_after(took, took) == took / 2

    @pytest.mark.parametrize("waited", [0.0, 0.4, 30.0])
    def test_there_is_always_a_moment_for_more_to_come(self, waited: float) -> None:
        assert 0 < pause_after(0.0, waited) <= 0.1


class TestPace:
    def test_one_batch_that_was_held_up_makes_no_row_wait_longer(self) -> None:
        moments = iter([0.0, 0.3, 1.0, 1.3, 2.0, 5.0, 5.0])
        pace = Pace(lambda: next(moments))
        for _ in range(3):
            pace.hand_over()
            pace.wrote()

        assert pace.pause(0.0) == pause_after(0.3, 3.0)

    def test_where_batches_are_slow_readers_have_their_part(self) -> None:
        moments = iter([0.0, 3.0, 4.0, 6.0, 6.0])
        pace = Pace(lambda: next(moments))
        for _ in range(2):
            pace.hand_over()
            pace.wrote()

        assert pace.pause(0.0) == pause_after(2.0, 2.0)
