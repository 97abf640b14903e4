"""What one page asks beside the filters of all: a row of its own, read as a sentence."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def row() -> DeltaGenerator:
    """The row, right below the filters of all pages."""
    return st.container(horizontal=True, vertical_alignment="center", key="own_filters")


def choose(label: str, choices: Sequence[str], *, key: str, width: int, text: str, index: int = 0) -> None:
    """A filter of one page, named at its left: what it asks for stands in the session under `key`."""
    with st.container(horizontal=True, vertical_alignment="center", width="content", gap="small"):
        st.caption(text, width="content")
        st.selectbox(
            label,
            choices,
            index=index,
            key=key,
            bind="query-params",
            label_visibility="collapsed",
            width=width,
        )
