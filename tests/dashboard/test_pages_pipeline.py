"""The pipeline page in each of its states, on a real ledger behind its real service."""

import pyarrow as pa

from analytics.reports import Reports
from tests.dashboard.conftest import Service
from tests.dashboard.running import cards, run, words


class TestPipeline:
    def test_the_strip_and_the_card_show_one_number(self, told: Service) -> None:
        """They read the same report; two questions once gave two answers."""
        app = run("pipeline")

        assert f"{cards(app)['Dead letters']} dead letters" in words(app)

    def test_the_present_is_a_table_of_one_row(self, told: Service) -> None:
        table = Reports(told.ledger).run("pipeline", {}).table

        assert isinstance(table, pa.Table)
        assert table.num_rows == 1
