"""What pages are made of: a long table goes to the browser in part, and says so."""

from streamlit.testing.v1 import AppTest

from tests.dashboard.running import words

PAGE = """
import pandas as pd
from dashboard import panels

panels.table("Backlog", "Newest", pd.DataFrame({{"orders": range({rows})}}), key="backlog", empty="None")
"""


def drawn(rows: int) -> AppTest:
    return AppTest.from_string(PAGE.format(rows=rows), default_timeout=60).run()


class TestTable:
    def test_of_a_long_one_the_first_rows_are_shown(self) -> None:
        app = drawn(300)

        assert list(app.dataframe[0].value["orders"]) == list(range(200))
        assert "the first 200 of 300, all in the exports" in words(app)

    def test_a_short_one_is_shown_whole(self) -> None:
        app = drawn(200)

        assert len(app.dataframe[0].value) == 200
        assert "the first" not in words(app)
