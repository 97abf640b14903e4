"""Each question is asked once, however many want its answer; a failure is told to all, and forgotten."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pandas as pd
import pytest

from dashboard import answers
from dashboard.answers import Answers
from dashboard.memory import Params
from dashboard.shelf import size

PARAMS: Params = (("version", "1"),)
PATIENCE_SECONDS = 60


class Desk:
    """Answers once it is open; notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.open = Event()
        self.open.set()
        self.fails = False

    def __call__(self, name: str, params: Params) -> pd.DataFrame:
        self.asked.append(name)
        assert self.open.wait(PATIENCE_SECONDS)
        if self.fails:
            raise ConnectionError
        return pd.DataFrame({"report": [name]})


class TestAnswers:
    def test_two_who_want_the_same_at_once_ask_once(self) -> None:
        desk = Desk()
        kept = Answers(desk)
        desk.open.clear()
        with ThreadPoolExecutor(2) as readers:
            waiting = [readers.submit(kept.get, "sites", PARAMS) for _ in range(2)]
            desk.open.set()
            found = [one.result() for one in waiting]

        assert desk.asked == ["sites"]
        assert found[0].equals(found[1])

    def test_what_was_asked_ahead_is_there(self) -> None:
        desk = Desk()
        kept = Answers(desk)
        desk.open.clear()
        kept.ahead("sites", PARAMS)
        assert not kept.has("sites", PARAMS)

        desk.open.set()

        assert kept.get("sites", PARAMS)["report"].tolist() == ["sites"]
        assert kept.has("sites", PARAMS)
        assert desk.asked == ["sites"]

    def test_a_failure_is_forgotten(self) -> None:
        desk = Desk()
        kept, desk.fails = Answers(desk), True
        with pytest.raises(ConnectionError):
            kept.get("sites", PARAMS)

        desk.fails = False

        assert not kept.has("sites", PARAMS)
        assert not kept.get("sites", PARAMS).empty

    def test_what_one_page_changes_no_other_sees(self) -> None:
        kept = Answers(Desk())
        found = kept.get("sites", PARAMS)
        found["report"] = "changed"

        assert kept.get("sites", PARAMS)["report"].tolist() == ["sites"]

    def test_the_longest_unasked_makes_way(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(answers, "MOST_BYTES", 2 * size(Desk()("sites", PARAMS)))
        kept = Answers(Desk())
        for name in ("sites", "plans", "sites", "flows"):
            kept.get(name, PARAMS)

        assert [kept.has(name, PARAMS) for name in ("sites", "plans", "flows")] == [True, False, True]

    def test_what_nobody_waits_for_is_asked_after_what_somebody_waits_for(self) -> None:
        desk = Desk()
        kept = Answers(desk)
        desk.open.clear()
        kept.ahead("sites", PARAMS)
        kept.some_time("plans", PARAMS)
        kept.ahead("orders", PARAMS)
        while len(desk.asked) < 2:
            assert "plans" not in desk.asked
        desk.open.set()

        assert kept.get("plans", PARAMS)["report"].tolist() == ["plans"]
        assert set(desk.asked[:2]) == {"sites", "orders"}

    def test_nor_right_after_it_while_the_page_is_being_drawn(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(answers, "PAUSE_SECONDS", 3600)
        desk = Desk()
        kept = Answers(desk)
        kept.get("sites", PARAMS)

        kept.some_time("plans", PARAMS)
        kept.get("orders", PARAMS)

        assert desk.asked == ["sites", "orders"]
        assert not kept.has("plans", PARAMS)

    def test_whoever_wants_it_now_does_not_wait_for_its_turn(self) -> None:
        desk = Desk()
        kept = Answers(desk)
        desk.open.clear()
        kept.ahead("sites", PARAMS)
        kept.some_time("plans", PARAMS)
        with ThreadPoolExecutor(1) as reader:
            found = reader.submit(kept.get, "plans", PARAMS)
            while "plans" not in desk.asked:
                assert not found.done()
            desk.open.set()

            assert found.result()["report"].tolist() == ["plans"]

        assert desk.asked.count("plans") == 1
