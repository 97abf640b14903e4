"""What counts as standing still, and what is a wait that has its reason."""

import pytest

from streams.stall import LogLook, Reading, Stalls

PLACE = ("payments", 3)
OTHER = ("payments", 4)
READING = Reading(mine=frozenset({PLACE, OTHER}))


def a_look(*, done: int | None, end: int, begin: int = 0) -> LogLook:
    """One partition; the other is empty."""
    return LogLook(
        committed={} if done is None else {PLACE: done}, begins={PLACE: begin}, ends={PLACE: end, OTHER: 0}
    )


def seconds(stalls: Stalls, reading: Reading, *looks: LogLook) -> float:
    """How long it has stood still after these looks, ten seconds apart."""
    still = None
    for look in looks:
        still = stalls.saw(reading, look, 10.0)
    return still.seconds if still else 0.0


class TestStandingStill:
    def test_is_counted_from_the_first_look_at_which_records_wait(self) -> None:
        assert seconds(Stalls(), READING, *[a_look(done=5, end=9)] * 4) == 30.0

    def test_is_said_with_the_place_and_how_much_waits(self) -> None:
        stalls = Stalls()

        seconds(stalls, READING, a_look(done=5, end=9))
        still = stalls.saw(READING, a_look(done=5, end=12), 10.0)

        assert still is not None
        assert still.what == "payments/3 stands at 5 while 7 records wait"

    def test_a_position_that_moves_is_none_however_much_waits(self) -> None:
        moving = [a_look(done=done, end=1000) for done in range(10)]

        assert seconds(Stalls(), READING, *moving) == 0.0

    def test_where_nothing_waits_nothing_stands_still(self) -> None:
        assert seconds(Stalls(), READING, *[a_look(done=9, end=9)] * 10) == 0.0

    def test_a_partition_never_read_stands_still_too(self) -> None:
        assert seconds(Stalls(), READING, *[a_look(done=None, end=9)] * 3) == 20.0

    @pytest.mark.parametrize("done", [None, 4])
    def test_records_that_the_log_has_let_go_of_wait_for_nobody(self, done: int | None) -> None:
        """A topic that was silent for 400 days is empty, though its end is far from zero."""
        assert seconds(Stalls(), READING, *[a_look(done=done, end=9, begin=9)] * 3) == 0.0

    def test_only_what_this_worker_reads_counts(self) -> None:
        elsewhere = Reading(mine=frozenset({OTHER}))

        assert seconds(Stalls(), elsewhere, *[a_look(done=5, end=9)] * 3) == 0.0

    def test_a_partition_that_comes_back_is_counted_anew(self) -> None:
        stalls = Stalls()
        seconds(stalls, READING, *[a_look(done=5, end=9)] * 4)
        seconds(stalls, Reading(mine=frozenset({OTHER})), a_look(done=5, end=9))

        assert seconds(stalls, READING, a_look(done=5, end=9)) == 0.0

    def test_partitions_dealt_out_without_end(self) -> None:
        assert seconds(Stalls(), Reading(is_rebalancing=True), *[a_look(done=5, end=9)] * 3) == 30.0


class TestWaitingOnPurpose:
    @pytest.mark.parametrize(
        "reason",
        [
            Reading(mine=frozenset({PLACE}), held=frozenset({"payments"})),  # a paused flow
            Reading(mine=frozenset({PLACE}), is_waiting=True),  # the outbox is away
            Reading(mine=frozenset({PLACE}), held=frozenset({"payments"}), is_rebalancing=True),
        ],
    )
    def test_is_no_hang_and_begins_the_count_anew(self, reason: Reading) -> None:
        stalls = Stalls()
        stuck = a_look(done=5, end=9)
        seconds(stalls, READING, *[stuck] * 4)

        assert seconds(stalls, reason, *[stuck] * 10) == 0.0
        assert seconds(stalls, READING, stuck) == 0.0

    def test_another_topic_is_still_looked_at_while_one_is_held(self) -> None:
        reading = Reading(mine=frozenset({PLACE}), held=frozenset({"plan-orders"}))

        assert seconds(Stalls(), reading, *[a_look(done=5, end=9)] * 3) == 20.0

    def test_nor_is_a_broker_that_did_not_answer_in_between(self) -> None:
        stalls = Stalls()
        seconds(stalls, READING, *[a_look(done=5, end=9)] * 4)

        stalls.forget()

        assert seconds(stalls, READING, a_look(done=5, end=9)) == 0.0
