"""The quota: never more than Wix allows in any minute, and no flow that begins for ever."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.quota import Quota, QuotaWait


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def taken(quota: Quota, site: str, times: int) -> int:
    """How many of so many requests in a row are let through."""
    for done in range(times):
        try:
            quota.take(site)
        except QuotaWait:
            return done
    return times


class TestTake:
    def test_lets_a_minutes_requests_through_and_not_one_more(self, clock: Clock) -> None:
        assert taken(Quota(200, monotonic=clock), "s", 201) == 200

    def test_each_site_has_its_own(self, clock: Clock) -> None:
        quota = Quota(5, monotonic=clock)
        taken(quota, "noisy", 6)

        assert taken(quota, "quiet", 6) == 5

    def test_all_are_free_again_after_a_minute(self, clock: Clock) -> None:
        quota = Quota(200, monotonic=clock)
        taken(quota, "s", 201)

        clock.now += 60

        assert taken(quota, "s", 201) == 200

    def test_says_when_to_come_back(self, clock: Clock) -> None:
        quota = Quota(200, monotonic=clock)
        taken(quota, "s", 200)
        clock.now += 45

        with pytest.raises(QuotaWait) as wait:
            quota.take("s")

        assert 14 < (wait.value.until - datetime.now(UTC)).total_seconds() <= 15

    def test_stays_closed_until_a_whole_flow_fits(self, clock: Clock) -> None:
        """One slot at a time, flows of seven requests would begin for ever and never end."""
        quota = Quota(240, monotonic=clock)
        for _ in range(240):
            quota.take("s")
            clock.now += 0.25

        assert taken(quota, "s", 1) == 1, "the first of them is a minute old"
        assert taken(quota, "s", 1) == 0
        clock.now += 0.25
        assert taken(quota, "s", 1) == 0
        clock.now += 23 * 0.25
        assert taken(quota, "s", 24) == 24

    def test_silent_sites_are_forgotten(self, clock: Clock) -> None:
        quota = Quota(200, monotonic=clock)
        for number in range(1000):
            quota.take(f"s{number}")
        clock.now += 61
        quota.take("another")

        assert len(quota._sites) == 1

    @given(st.lists(st.floats(0, 20), max_size=400), st.integers(1, 30))
    def test_in_no_minute_more_than_allowed(self, pauses: list[float], per_minute: int) -> None:
        clock = Clock()
        quota = Quota(per_minute, monotonic=clock)
        made: list[float] = []

        for pause in pauses:
            clock.now += pause
            if taken(quota, "s", 1):
                made.append(clock.now)

        for start in made:
            assert sum(start <= moment < start + 60 for moment in made) <= per_minute


class TestLeft:
    def test_counts_down(self, clock: Clock) -> None:
        quota = Quota(200, monotonic=clock)
        taken(quota, "s", 3)

        assert quota.left("s") == 197

    def test_is_nothing_while_closed(self, clock: Clock) -> None:
        quota = Quota(20, monotonic=clock)
        taken(quota, "s", 21)

        assert quota.left("s") == 0


class TestAdopt:
    def test_counts_what_another_worker_made_as_of_then(self, clock: Clock) -> None:
        quota = Quota(200, monotonic=clock)

        quota.adopt("s", 150, age_seconds=20)

        assert (quota.used("s"), taken(quota, "s", 201)) == (150, 50)
        clock.now += 40
        assert quota.used("s") == 50

    def test_replaces_what_was_counted_here_before(self, clock: Clock) -> None:
        """The other worker was told of that, and told it back."""
        quota = Quota(200, monotonic=clock)
        taken(quota, "s", 30)

        quota.adopt("s", 60, age_seconds=0)

        assert quota.used("s") == 60
