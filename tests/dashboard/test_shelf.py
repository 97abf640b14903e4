"""Tables are kept by what they take; the one that is longest unasked goes."""

import pandas as pd
import pytest

from dashboard.shelf import LEAST_BYTES, Shelf, size

ROWS = 1000


def table(text: str = "x") -> pd.DataFrame:
    return pd.DataFrame({"order_id": [text * 20] * ROWS})


@pytest.fixture
def shelf() -> Shelf[str]:
    """Has room for two of `table`."""
    return Shelf(2 * size(table()))


class TestShelf:
    def test_the_longest_unasked_makes_way(self, shelf: Shelf[str]) -> None:
        shelf.put("first", table())
        shelf.put("second", table())
        shelf.get("first")

        shelf.put("third", table())

        assert [shelf.has(one) for one in ("first", "second", "third")] == [True, False, True]

    def test_looking_whether_it_is_there_is_not_asking(self, shelf: Shelf[str]) -> None:
        shelf.put("first", table())
        shelf.put("second", table())
        shelf.has("first")

        shelf.put("third", table())

        assert not shelf.has("first")

    def test_another_in_its_place_takes_its_room(self, shelf: Shelf[str]) -> None:
        shelf.put("other", table())
        for _ in range(3):
            shelf.put("same", table())

        assert shelf.has("other")

    def test_one_too_large_for_the_shelf_is_kept_until_the_next_comes(self, shelf: Shelf[str]) -> None:
        """Else it would be asked again for every place on the page that shows it."""
        shelf.put("small", table())
        shelf.put("large", table("x" * 10))
        assert not shelf.has("small")
        assert shelf.has("large")

        shelf.put("small", table())

        assert not shelf.has("large")

    def test_what_nobody_asked_for_long_goes_though_there_is_room(self) -> None:
        shelf: Shelf[str] = Shelf(10 * size(table()), most_seconds=0)
        shelf.put("first", table())

        shelf.put("second", table())

        assert not shelf.has("first")
        assert shelf.has("second")

    def test_texts_count_and_so_does_an_empty_table(self) -> None:
        assert size(table()) > 20 * ROWS
        assert size(pd.DataFrame({"order_id": []})) >= LEAST_BYTES
