"""The ledger keeps two versions: a page that is drawn slowly loses the one it began with."""

from streamlit.testing.v1 import AppTest

from tests.dashboard.conftest import Service
from tests.dashboard.running import words

PAGE = """
import streamlit as st
from dashboard import client, filters, frame

def body(ask):
    with st.container(key="card"):
        st.markdown("one card")
    st.session_state["drawn"] = st.session_state.get("drawn", 0) + 1
    if st.session_state["drawn"] <= {gone}:
        raise client.VersionGone("version_gone")
    st.markdown("the whole page")

frame.show(body, filters.filters(), lambda scope: [])
"""


def drawn(gone: int) -> AppTest:
    """A page whose version goes away so often while it is drawn."""
    return AppTest.from_string(PAGE.format(gone=gone), default_timeout=60).run()


class TestVersionGone:
    def test_the_page_is_drawn_anew_with_the_newest(self, told: Service) -> None:
        app = drawn(gone=2)

        assert not app.exception
        assert words(app).count("one card") == 1
        assert "the whole page" in words(app)

    def test_it_gives_up_with_a_sentence_when_that_never_ends(self, told: Service) -> None:
        app = drawn(gone=99)

        assert not app.exception
        assert "moves on faster than this page is drawn" in words(app)
