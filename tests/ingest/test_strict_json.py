import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.strict_json import MAX_DEPTH, NotStrict, dump, parse_object

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
)


class TestRoundTrip:
    @given(st.dictionaries(st.text(), JSON, max_size=5))
    def test_what_is_read_and_written_again_means_the_same(self, value: dict[str, object]) -> None:
        assert json.loads(dump(parse_object(json.dumps(value)))) == value

    @pytest.mark.parametrize(
        "lexeme", ["4.20", "1E5", "1e+05", "0.10", "-0", "-0.0", "330.00", "12345678901234567890"]
    )
    def test_numbers_keep_their_digits(self, lexeme: str) -> None:
        """15.0 and 15.00 are the same amount, but only one is what Wix wrote."""
        assert dump(parse_object(f'{{"a":{lexeme}}}')) == f'{{"a":{lexeme}}}'.encode()

    @pytest.mark.parametrize("text", [r"\u0000", r"\ud800", r"\udfff", r"\u2028", r"\u00e9"])
    def test_odd_characters_stay_escaped(self, text: str) -> None:
        assert dump(parse_object(f'{{"a":"{text}"}}')) == f'{{"a":"{text}"}}'.encode()

    def test_of_duplicate_keys_the_last_stands(self) -> None:
        assert dump(parse_object('{"a":1,"a":2}')) == b'{"a":2}'


class TestRefusals:
    @pytest.mark.parametrize("text", ["", " ", "[]", "1", "null", '"{}"', "{'a':1}", '{"a":1}x', '{"a":1,}'])
    def test_what_is_no_json_object(self, text: str) -> None:
        with pytest.raises(NotStrict):
            parse_object(text)

    @pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
    def test_what_python_alone_takes_for_a_number(self, name: str) -> None:
        with pytest.raises(NotStrict):
            parse_object(f'{{"a":{name}}}')

    def test_a_hundred_levels_and_no_more(self) -> None:
        def nested(depth: int) -> str:
            return '{"a":' * depth + "1" + "}" * depth

        assert parse_object(nested(MAX_DEPTH))
        with pytest.raises(NotStrict):
            parse_object(nested(MAX_DEPTH + 1))

    def test_many_brackets_side_by_side_are_no_depth(self) -> None:
        assert len(parse_object(json.dumps({"a": [{}] * 5_000}))["a"]) == 5_000
