"""The comparison itself: it must be able to find something."""

import pytest

from tests.contracts.shapes import differences


class TestDifferences:
    @pytest.mark.parametrize(
        ("answer", "documented", "found"),
        [
            ({"a": 1, "more": 2}, {"a": 7.5}, []),
            ({}, {"a": {"b": 1}}, ["a is missing"]),
            ({"a": {}}, {"a": {"b": 1}}, ["a.b is missing"]),
            ({"a": "1"}, {"a": 1}, ["a is str, documented is number"]),
            ({"a": True}, {"a": 1}, ["a is bool, documented is number"]),
            ({"a": []}, {"a": [1]}, ["a is empty"]),
            ({"a": [{"b": 1}, {}]}, {"a": [{"b": 1}, {"b": 2}]}, ["a.b is missing"]),
            ([], {}, ["the answer is list, documented is dict"]),
        ],
    )
    def test_what_is_documented_and_missing_or_of_another_type(
        self, answer: object, documented: object, found: list[str]
    ) -> None:
        assert differences(answer, documented) == found

    def test_a_path_can_be_left_out(self) -> None:
        assert differences({}, {"a": {"b": 1}}, ignore=("a",)) == []
