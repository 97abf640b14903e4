import hashlib
import json

import pytest

from ingest.handover import (
    BadHandover,
    BadTokens,
    OtherSite,
    UnknownToken,
    Warehouse,
    checked_key,
    parse,
    parse_tokens,
    whose,
)

NORTH = Warehouse(
    name="north", token_hash=hashlib.sha256(b"secret").digest(), instance_ids=frozenset({"site-1"})
)
WHOLE: dict[str, object] = {
    "instanceId": "site-1",
    "orderId": "order-1",
    "lineItems": [{"id": "1", "quantity": 2}],
    "trackingNumber": "12345",
    "shippingProvider": "fedex",
    "trackingLink": "https://track.example/12345",
}


def fault(body: bytes) -> str:
    with pytest.raises(BadHandover) as refusal:
        parse(body, warehouse=NORTH)
    return str(refusal.value)


def changed(**changes: object) -> bytes:
    return json.dumps(WHOLE | changes).encode()


class TestParse:
    def test_a_whole_handover_is_read(self) -> None:
        assert parse(changed(), warehouse=NORTH).as_json() == WHOLE

    @pytest.mark.parametrize("name", ["lineItems", "trackingLink"])
    def test_lines_and_link_may_be_left_out(self, name: str) -> None:
        body = {key: value for key, value in WHOLE.items() if key != name}

        assert parse(json.dumps(body).encode(), warehouse=NORTH).as_json() == body

    @pytest.mark.parametrize("name", ["instanceId", "orderId", "trackingNumber", "shippingProvider"])
    @pytest.mark.parametrize("value", [None, "", "  ", 5, ["a"], "x" * 101])
    def test_what_must_be_there_is_named_when_it_is_wrong(self, name: str, value: object) -> None:
        assert fault(changed(**{name: value})).startswith(f"{name}: ")

    @pytest.mark.parametrize(
        "lines",
        [
            [],
            {},
            "all",
            [{"id": "1"}],
            [{"quantity": 1}],
            [{"id": "1", "quantity": 0}],
            [{"id": "1", "quantity": -1}],
            [{"id": "1", "quantity": 1.5}],
            [{"id": "1", "quantity": "1"}],
            [{"id": "1", "quantity": True}],
            [{"id": "1", "quantity": 1, "colour": "red"}],
        ],
    )
    def test_lines_are_ids_with_whole_numbers_of_units(self, lines: object) -> None:
        assert fault(changed(lineItems=lines)).startswith("lineItems")

    @pytest.mark.parametrize(
        "link",
        [
            "http://track.example/1",  # it goes into mails to customers
            "javascript:alert(1)",
            "//track.example",
            "https://",
            "https://a.example/\n",
            "https://[::1",
            "https://a.example/" + "x" * 2048,
        ],
    )
    def test_only_https_links_pass(self, link: str) -> None:
        assert fault(changed(trackingLink=link)).startswith("trackingLink")

    def test_a_field_we_do_not_know_is_refused(self) -> None:
        """`lineItem` for `lineItems` would ship the whole order."""
        assert fault(changed(lineItem=[])).startswith("lineItem: ")

    @pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"{", b'{"a":NaN}', b"[" * 100_000])
    def test_what_is_no_json_object(self, body: bytes) -> None:
        assert fault(body) == "the body is no JSON object in UTF-8"

    def test_a_fault_never_repeats_what_was_sent(self) -> None:
        assert "Dana" not in fault(changed(trackingNumber={"note": "for Dana"}))

    def test_another_warehouses_site_is_refused(self) -> None:
        with pytest.raises(OtherSite):
            parse(changed(instanceId="site-2"), warehouse=NORTH)


class TestWhose:
    @pytest.mark.parametrize("header", ["Bearer secret", "bearer secret", "BEARER  secret"])
    def test_a_token_leads_to_its_warehouse(self, header: str) -> None:
        assert whose(header, [NORTH]) is NORTH

    @pytest.mark.parametrize(
        "header", [None, "", "secret", "Basic secret", "Bearer", "Bearer Secret", "Bearer ü"]
    )
    def test_anything_else_leads_nowhere(self, header: str | None) -> None:
        with pytest.raises(UnknownToken):
            whose(header, [NORTH])

    def test_where_no_warehouse_is_configured_nobody_is_known(self) -> None:
        with pytest.raises(UnknownToken):
            whose("Bearer secret", [])


class TestKey:
    @pytest.mark.parametrize("key", ["k", "550e8400-e29b-41d4-a716-446655440000", "x" * 200])
    def test_a_key_is_a_short_text(self, key: str) -> None:
        assert checked_key(f" {key} ") == key

    @pytest.mark.parametrize("key", [None, "", "  ", "x" * 201, "ü", "a\tb"])
    def test_anything_else_is_malformed(self, key: str | None) -> None:
        with pytest.raises(BadHandover, match="Idempotency-Key"):
            checked_key(key)


class TestTokens:
    def test_every_warehouse_has_its_sites(self) -> None:
        digest = hashlib.sha256(b"t").hexdigest()

        north, south = parse_tokens(f"north:{digest}:a|b, south:{digest}:c,")

        assert (north.name, north.instance_ids) == ("north", frozenset({"a", "b"}))
        assert (south.name, south.instance_ids) == ("south", frozenset({"c"}))

    def test_no_setting_is_no_warehouse(self) -> None:
        assert parse_tokens(" ") == ()

    @pytest.mark.parametrize(
        "setting",
        [
            "north",
            "north:abc:site",  # no hash
            f"north:{'0' * 62}:site",  # too short for a sha256
            f":{'0' * 64}:site",
            f"north:{'0' * 64}:",
            f"north:{'0' * 64}:a,north:{'1' * 64}:b",
        ],
    )
    def test_an_entry_that_is_none_stops_the_start(self, setting: str) -> None:
        with pytest.raises(BadTokens):
            parse_tokens(setting)

    def test_the_message_does_not_show_the_hash(self) -> None:
        with pytest.raises(BadTokens) as error:
            parse_tokens(f"north:{'a' * 64}")

        assert "aaaa" not in str(error.value)
