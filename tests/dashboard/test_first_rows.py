"""The first rows of a long answer, and how many there are: asked of a real report service."""

from dashboard import client
from tests.analytics.history import at, store_order
from tests.dashboard.conftest import Service


class TestFirstRows:
    def test_of_three_two_come_with_the_number_of_all(self, service: Service) -> None:
        service.tell([store_order(f"o{day}", "approved", at(day)) for day in (1, 2, 3)])
        version = client.freshness().version

        some = client.fetch("orders", version, **{client.FIRST_ROWS: "2"})
        enough = client.fetch("orders", version, **{client.FIRST_ROWS: "3"})
        whole = client.fetch("orders", version)

        assert [list(found["order_id"]) for found in (some, enough)] == [["o3", "o2"], ["o3", "o2", "o1"]]
        assert (set(some["in_all"]), set(enough["in_all"])) == ({3}, {3})
        assert len(whole) == 3
        assert "in_all" not in whole
