import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from ingest.webhook import BadSignature, Malformed, Refused, WixEvent, verify
from tests.ingest.tokens import (
    EVENTS,
    PLAN_ORDER_CREATED,
    RS256,
    SITE,
    delivery,
    event_type_of,
    payload,
    public_pem,
    segment,
    signed,
    token_of,
    webhook,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def taken(body: bytes, *keys: rsa.RSAPrivateKey, check_expiry: bool = True, now: datetime = NOW) -> WixEvent:
    return verify(body, keys=[key.public_key() for key in keys], check_expiry=check_expiry, now=now)


def reason(body: bytes, *keys: rsa.RSAPrivateKey, kind: type[Refused]) -> str:
    with pytest.raises(kind) as refusal:
        taken(body, *keys)
    return refusal.value.reason


class TestWhatWixSends:
    @pytest.mark.parametrize("name", EVENTS)
    def test_every_documented_webhook_is_taken(self, name: str, key: rsa.RSAPrivateKey) -> None:
        body = payload(name)

        event = taken(webhook(body, key, event_type_of(name)), key)

        assert event.instance_id == SITE
        assert event.event_type == event_type_of(name)
        assert event.event_id == body.get("id", event.event_id)

    def test_a_whole_delivery_of_wix_with_its_identity_is_taken(self, key: rsa.RSAPrivateKey) -> None:
        layer_2 = payload("plan_order_created__delivery_with_identity")

        event = taken(token_of({"data": json.dumps(layer_2)}, key), key)

        assert event.identity == {
            "identityType": "MEMBER",
            "memberId": "03b87dae-f71e-5411-aef7-4b0b6d30479f",
        }

    def test_space_around_the_token_is_no_fault(self, key: rsa.RSAPrivateKey) -> None:
        assert taken(b"\r\n " + webhook({"id": "e"}, key) + b"\n", key).event_id == "e"

    def test_nanoseconds_are_cut_to_microseconds(self, key: rsa.RSAPrivateKey) -> None:
        event = taken(webhook({"eventTime": "2024-02-07T13:22:47.641175778Z"}, key), key)

        assert event.event_time == datetime(2024, 2, 7, 13, 22, 47, 641175, tzinfo=UTC)

    @pytest.mark.parametrize("time", ["soon", 17, None, "0001-01-01T00:00:00+14:00", ""])
    def test_without_a_readable_time_the_event_happened_when_it_was_signed(
        self, time: object, key: rsa.RSAPrivateKey
    ) -> None:
        event = taken(webhook({"eventTime": time}, key, claims={"iat": NOW.timestamp()}), key)

        assert event.event_time == NOW

    @pytest.mark.parametrize("iat", [None, 0, "yesterday", 1e300, -1e18, True, {}])
    def test_the_time_of_signing_is_not_judged(self, iat: object, key: rsa.RSAPrivateKey) -> None:
        assert taken(webhook({}, key, claims={"iat": iat}), key).event_time is None

    def test_the_audience_names_the_app(self, key: rsa.RSAPrivateKey) -> None:
        assert taken(webhook({}, key, claims={"aud": "our-app"}), key).app_id == "our-app"


class TestEventId:
    def test_an_event_without_id_gets_the_same_one_each_time_it_is_sent(self, key: rsa.RSAPrivateKey) -> None:
        token = webhook({"appId": "a"}, key, "AppInstalled", claims={"iat": 1})

        assert taken(token, key).event_id == taken(token, key).event_id

    def test_the_same_legacy_event_signed_later_is_another_one(self, key: rsa.RSAPrivateKey) -> None:
        """Unsubscribed, subscribed, unsubscribed again: the third must not pass for the first."""
        first, third = (webhook({}, key, "EmailSubscriptionChanged", claims={"iat": at}) for at in (1, 3))

        assert taken(first, key).event_id != taken(third, key).event_id

    @pytest.mark.parametrize("event_id", ["", 17, None, ["e"], "a\nb", "\ud800", "x" * 2000])
    def test_an_id_that_could_not_be_a_header_counts_as_none(
        self, event_id: object, key: rsa.RSAPrivateKey
    ) -> None:
        assert len(taken(webhook({"id": event_id}, key), key).event_id) == 36


class TestSignature:
    def test_a_forged_webhook_is_refused(self, key: rsa.RSAPrivateKey, other_key: rsa.RSAPrivateKey) -> None:
        assert reason(webhook({}, other_key), key, kind=BadSignature) == "signature"

    def test_a_changed_byte_is_noticed(self, key: rsa.RSAPrivateKey) -> None:
        header, body, signature = webhook({"id": "a"}, key).split(b".")
        changed = segment(json.dumps({"data": json.dumps(delivery({"id": "b"}))}).encode())

        assert changed != body
        assert reason(b".".join((header, changed, signature)), key, kind=BadSignature) == "signature"

    @pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", None, "HS256", "RS512", "PS256", 256])
    def test_only_rs256_counts_whatever_the_header_says(
        self, algorithm: object, key: rsa.RSAPrivateKey
    ) -> None:
        token = token_of({"data": json.dumps(delivery({}))}, key, header={"alg": algorithm})

        assert reason(token, key, kind=BadSignature) == "algorithm"

    def test_alg_none_without_a_signature_is_refused(self, key: rsa.RSAPrivateKey) -> None:
        text = segment(b'{"alg":"none"}') + b"." + segment(json.dumps({"data": "{}"}).encode())

        assert reason(text + b".", key, kind=BadSignature) == "algorithm"

    def test_hs256_with_the_public_key_as_its_secret_is_refused(self, key: rsa.RSAPrivateKey) -> None:
        text = segment(b'{"alg":"HS256"}') + b"." + segment(json.dumps({"data": "{}"}).encode())
        mac = hmac.new(public_pem(key).encode(), text, hashlib.sha256).digest()

        assert reason(text + b"." + segment(mac), key, kind=BadSignature) == "algorithm"

    def test_rs256_in_the_header_over_an_hmac_is_refused(self, key: rsa.RSAPrivateKey) -> None:
        text = segment(json.dumps(RS256).encode()) + b"." + segment(b'{"data":"{}"}')
        mac = hmac.new(public_pem(key).encode(), text, hashlib.sha256).digest()

        assert reason(text + b"." + segment(mac), key, kind=BadSignature) == "signature"

    def test_an_extension_we_must_understand_is_refused(self, key: rsa.RSAPrivateKey) -> None:
        token = token_of({"data": "{}"}, key, header={"alg": "RS256", "crit": ["b64"], "b64": False})

        assert reason(token, key, kind=BadSignature) == "critical_header"

    def test_each_of_several_keys_may_have_signed(
        self, key: rsa.RSAPrivateKey, other_key: rsa.RSAPrivateKey
    ) -> None:
        """During a rotation both the old and the new key sign; and each app has its own."""
        assert taken(webhook({"id": "old"}, other_key), key, other_key).event_id == "old"
        assert taken(webhook({"id": "new"}, key), key, other_key).event_id == "new"

    def test_without_a_key_nothing_is_believed(self, key: rsa.RSAPrivateKey) -> None:
        assert reason(webhook({}, key), kind=BadSignature) == "signature"

    def test_nothing_is_said_of_the_content_before_the_signature_holds(
        self, key: rsa.RSAPrivateKey, other_key: rsa.RSAPrivateKey
    ) -> None:
        assert reason(signed(json.dumps(RS256).encode(), b"not json", other_key), key, kind=BadSignature)


class TestTimes:
    @pytest.mark.parametrize(
        ("claim", "seconds"),
        [
            ("exp", -59),  # expired, but clocks differ
            ("exp", 3_600_000),  # what Wix sends: 41 days
            ("nbf", 59),  # not yet valid, but clocks differ
        ],
    )
    def test_a_minute_is_granted(self, claim: str, seconds: int, key: rsa.RSAPrivateKey) -> None:
        at = (NOW + timedelta(seconds=seconds)).timestamp()

        assert taken(webhook({"id": "e"}, key, claims={claim: at}), key).event_id == "e"

    @pytest.mark.parametrize(
        ("claim", "seconds", "why"), [("exp", -61, "expired"), ("nbf", 61, "not_yet_valid")]
    )
    def test_more_than_a_minute_is_refused(
        self, claim: str, seconds: int, why: str, key: rsa.RSAPrivateKey
    ) -> None:
        at = (NOW + timedelta(seconds=seconds)).timestamp()

        assert reason(webhook({}, key, claims={claim: at}), key, kind=BadSignature) == why

    @pytest.mark.parametrize(("claim", "seconds"), [("exp", -299), ("nbf", 299)])
    def test_more_is_granted_where_clocks_are_known_to_differ(
        self, claim: str, seconds: int, key: rsa.RSAPrivateKey
    ) -> None:
        token = webhook({"id": "e"}, key, claims={claim: NOW.timestamp() + seconds})

        with pytest.raises(BadSignature):
            taken(token, key)
        event = verify(token, keys=[key.public_key()], check_expiry=True, now=NOW, leeway_seconds=300)

        assert event.event_id == "e"

    @pytest.mark.parametrize("claim", ["exp", "nbf"])
    @pytest.mark.parametrize("value", ["1640788554", True, [], {}])
    def test_a_time_that_is_no_number_is_malformed(
        self, claim: str, value: object, key: rsa.RSAPrivateKey
    ) -> None:
        assert reason(webhook({}, key, claims={claim: value}), key, kind=Malformed) == f"claim_{claim}"

    @pytest.mark.parametrize("claims", [{"exp": 1}, {"nbf": 9e12}, {"exp": "never"}])
    def test_times_may_be_ignored(self, claims: dict[str, object], key: rsa.RSAPrivateKey) -> None:
        assert taken(webhook({"id": "e"}, key, claims=claims), key, check_expiry=False).event_id == "e"


class TestShape:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b" ",
            b"a.b",
            b"a.b.c.d",
            b"{}",
            b'{"data":"{}"}',
            b"a..c",  # no payload
            b"a.b=.c",  # padding has no place in a token
            b"a+.b/.c",  # the other base64 alphabet
            b"\xff\xfe\x00",
            "ü.ü.ü".encode(),
            b"e30.e30.e30\x00",
            b"\x00" * 2048,
        ],
    )
    def test_what_is_no_token_is_malformed(self, body: bytes, key: rsa.RSAPrivateKey) -> None:
        assert reason(body, key, kind=Malformed) == "not_a_token"

    def test_a_token_cut_anywhere_is_refused(self, key: rsa.RSAPrivateKey) -> None:
        token = webhook({"id": "e"}, key)

        for length in range(len(token)):
            with pytest.raises(Refused):
                taken(token[:length], key)

    def test_base64_of_an_impossible_length_is_malformed(self, key: rsa.RSAPrivateKey) -> None:
        header, body, _ = webhook({}, key).split(b".")

        assert reason(b".".join((header, body, b"abcde")), key, kind=Malformed) == "base64"

    @pytest.mark.parametrize("header", [b"[]", b'"RS256"', b"{", b"\xff", b"null", b"{}" + b" " * 3000])
    def test_a_header_that_is_no_small_json_object_is_malformed(
        self, header: bytes, key: rsa.RSAPrivateKey
    ) -> None:
        assert reason(signed(header, b"{}", key), key, kind=Malformed) == "header"

    @given(st.binary(max_size=200))
    def test_no_bytes_whatever_bring_anything_but_a_refusal(self, body: bytes) -> None:
        with pytest.raises(Refused):
            verify(body, keys=[], check_expiry=True, now=NOW)


class TestLayers:
    @pytest.mark.parametrize(
        ("claims", "why"),
        [
            (b"[]", "claims"),
            (b"null", "claims"),
            (b"{", "claims"),
            (b'{"data":"{}","iat":NaN}', "claims"),
            (b'{"data":"{}","exp":-Infinity}', "claims"),
            (b"\xef\xbb\xbf{}", "claims"),  # a byte order mark
            ('{"data":"{}"}'.encode("utf-16"), "not_utf8"),
            (b'{"data":"\xff"}', "not_utf8"),
            (b"{}", "delivery"),
            (b'{"data":{}}', "delivery"),
            (b'{"data":17}', "delivery"),
            (b'{"data":""}', "delivery"),
            (b'{"data":"[]"}', "delivery"),
            (b'{"data":"{}"}', "event"),
        ],
    )
    def test_a_missing_or_broken_layer_is_malformed(
        self, claims: bytes, why: str, key: rsa.RSAPrivateKey
    ) -> None:
        assert reason(signed(json.dumps(RS256).encode(), claims, key), key, kind=Malformed) == why

    @pytest.mark.parametrize("data", [None, 1, {}, [], "", "null", "[]", "{", '{"a":NaN}', '{"a":"\n"}'])
    def test_an_event_that_is_no_object_in_a_text_is_malformed(
        self, data: object, key: rsa.RSAPrivateKey
    ) -> None:
        layer_2 = delivery("") | {"data": data}

        assert reason(token_of({"data": json.dumps(layer_2)}, key), key, kind=Malformed) == "event"

    @pytest.mark.parametrize("name", ["instanceId", "eventType"])
    @pytest.mark.parametrize("value", [None, "", 1, [], "a\x00b", "\ud800", "x" * 1025])
    def test_site_and_type_must_be_names(self, name: str, value: object, key: rsa.RSAPrivateKey) -> None:
        layer_2 = delivery({}) | {name: value}

        assert reason(token_of({"data": json.dumps(layer_2)}, key), key, kind=Malformed) == name

    @pytest.mark.parametrize("identity", ["{", "[]", 17, None, ["a"], '{"a":NaN}'])
    def test_an_identity_that_cannot_be_read_is_dropped(
        self, identity: object, key: rsa.RSAPrivateKey
    ) -> None:
        assert taken(webhook({}, key, identity=identity), key).identity is None

    def test_of_duplicate_keys_the_last_stands(self, key: rsa.RSAPrivateKey) -> None:
        layer_2 = json.dumps(delivery('{"id":"first","id":"last"}'))
        doubled = layer_2.replace('{"instanceId"', '{"instanceId": "other", "instanceId"')

        event = taken(token_of({"data": doubled}, key), key)

        assert (event.instance_id, event.event_id) == (SITE, "last")

    def test_claims_nobody_documented_are_no_fault(self, key: rsa.RSAPrivateKey) -> None:
        event = taken(webhook({"id": "e"}, key, claims={"webhookId": 1}, newField={"a": 1}), key)

        assert event.event_id == "e"


class TestBombs:
    @pytest.mark.parametrize(
        "bomb",
        [
            "[" * 100_000,
            '{"a":' * 100_000,
            '{"a":' * 200 + "1" + "}" * 200,  # parses, but deeper than anything Wix has
            '{"a":' + "9" * 100_000 + "}",
            '{"a":1e999999999}',
            '{"a":1.5E+0009999}',
            '{"a":0.' + "1" * 100_000 + "}",
        ],
        ids=[
            "arrays",
            "objects",
            "deep",
            "long integer",
            "huge exponent",
            "padded exponent",
            "long fraction",
        ],
    )
    @pytest.mark.parametrize("layer", [1, 2, 3])
    def test_a_json_bomb_is_malformed_in_every_layer(
        self, layer: int, bomb: str, key: rsa.RSAPrivateKey
    ) -> None:
        inner: Sequence[str] = [
            bomb,
            json.dumps({"data": bomb}),
            json.dumps({"data": json.dumps(delivery(bomb))}),
        ]

        token = signed(json.dumps(RS256).encode(), inner[layer - 1].encode(), key)

        assert reason(token, key, kind=Malformed)

    def test_a_bomb_in_the_header_costs_nothing(self, key: rsa.RSAPrivateKey) -> None:
        assert reason(signed(b"[" * 100_000, b"{}", key), key, kind=Malformed) == "header"


class TestTypes:
    def test_a_type_we_do_not_know_is_taken(self, key: rsa.RSAPrivateKey) -> None:
        """It is authentic; the catalogue decides where it goes."""
        assert taken(webhook({}, key, "wix.new.v1.thing_done"), key).event_type == "wix.new.v1.thing_done"

    def test_fractions_stay_as_written(self, key: rsa.RSAPrivateKey) -> None:
        event = taken(webhook('{"amount": 4.20}', key, PLAN_ORDER_CREATED), key)

        assert event.body["amount"].encoded_json == "4.20"
