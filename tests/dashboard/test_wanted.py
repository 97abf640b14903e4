"""What a page says beforehand that it will ask is what it asks: else its reader waits for each in turn."""

from collections.abc import Iterable

import pytest

from dashboard import frame
from dashboard.questions import Question, Questions
from tests.dashboard.conftest import Service
from tests.dashboard.running import WANTED, run

# Told apart by the first answers only: few orders are shown by weeks, one site is no table of sites.
OTHERWISE = {"fulfillment": {"grain=day", "grain=week"}, "orders": {"sites"}}


def in_words(questions: Iterable[Question]) -> set[str]:
    return {
        " ".join([way, name, *(f"{key}={one}" for key, one in sorted(asked.items()))])
        for way, name, asked in questions
    }


class TestWanted:
    @pytest.mark.parametrize("page", WANTED)
    def test_it_is_what_the_page_asks(self, told: Service, page: str) -> None:
        drawn: Questions = run(page).session_state[frame.DRAWN]

        asked, wanted = in_words(drawn.asked), in_words(WANTED[page](drawn.scope))

        assert asked
        assert {one for one in asked ^ wanted if not OTHERWISE.get(page, set()) & set(one.split())} == set()

    def test_of_what_the_reader_chose(self, told: Service) -> None:
        """A table of late orders, amounts of one currency."""
        drawn: Questions = run("orders", which="Late", currency="EUR").session_state[frame.DRAWN]

        asked = in_words(drawn.asked)

        assert "ever orders kind=store late=true limit=200 target_hours=72" in asked
        assert {"period revenue grain=day", "before revenue grain=day"} <= asked
