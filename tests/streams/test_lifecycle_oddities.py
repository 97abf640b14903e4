"""Events with odd, missing and broken fields: rows or a named refusal, never more."""

import copy
import json
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.lifecycle import (
    LifecycleRow,
    Source,
)
from ingest.record import Unreadable
from streams.lifecycle import from_event
from tests.streams.event_records import (
    EVENTS,
    recorded,
)

SOURCE = Source(topic="plan-orders", partition=3, offset=41)


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(exclude_categories=[])),
    st.sampled_from(
        ["", "\ud800x", "****", "NaN", "1e999999", "-1", "0001-01-01T00:00:00+14:00", "\0", "NEW"]
    ),
    st.lists(st.one_of(st.none(), st.text(), st.dictionaries(st.text(), st.text())), max_size=3),
    st.dictionaries(st.text(), st.integers(), max_size=2),
)


class TestTolerance:
    @settings(max_examples=300, deadline=None)
    @given(st.sampled_from(EVENTS), st.data())
    def test_no_event_however_odd_raises_more_than_unreadable(self, name: str, data: st.DataObject) -> None:
        event = recorded(name)
        body = copy.deepcopy(event.body)
        for _ in range(data.draw(st.integers(1, 4))):
            _spoil(body, data)
        odd = replace(event, value=json.dumps(body, default=str).encode())

        try:
            rows = from_event(odd, SOURCE)
        except Unreadable:
            return
        assert [LifecycleRow.from_bytes(row.to_bytes()) for row in rows] == rows


def _spoil(body: dict[str, Any], data: st.DataObject) -> None:
    """Take one field away somewhere, or put something odd there."""
    here: Any = body
    while True:
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if not isinstance(here[key], dict | list) or data.draw(st.integers(0, 4)) == 0:
            break
        here = here[key]
    if data.draw(st.booleans()):
        del here[key]
    else:
        here[key] = data.draw(ODD)
