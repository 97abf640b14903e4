import json
from datetime import UTC, datetime

from ingest.handover import Handover, Warehouse
from ingest.record import EventRecord
from ingest.recording import from_event, from_handover
from ingest.strict_json import parse_object
from ingest.webhook import WixEvent
from tests.ingest.tokens import PLAN_ORDER_CREATED, SITE, payload

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NORTH = Warehouse(name="north", token_hash=bytes(32), instance_ids=frozenset({SITE}))


def an_event(body: str, event_type: str = PLAN_ORDER_CREATED, at: datetime | None = None) -> WixEvent:
    return WixEvent(
        instance_id=SITE,
        event_type=event_type,
        event_id="e",
        event_time=at,
        body=parse_object(body),
        identity={"identityType": "MEMBER", "memberId": "m", "email": "a@b.example"},
        account={"accountId": "a"},
    )


def a_handover(**changes: object) -> Handover:
    given = {
        "instanceId": SITE,
        "orderId": "o",
        "trackingNumber": "1",
        "shippingProvider": "fedex",
        "lineItems": [{"id": "1", "quantity": 2}],
    }
    return Handover.model_validate(given | changes)


class TestFromEvent:
    def test_a_record_survives_the_way_over_the_log(self) -> None:
        record = from_event(an_event('{"id":"e","price":15.00}', at=NOW), received_at=NOW, app_id="app")

        again = EventRecord.from_kafka(record.topic, record.key, record.value, record.headers)

        assert again == record

    def test_the_value_is_ascii_with_the_digits_wix_wrote(self) -> None:
        record = from_event(an_event('{"price": 15.00, "planName": "Café\\ud800"}'), received_at=NOW)

        assert record.value == b'{"price":15.00,"planName":"Caf\\u00e9\\ud800"}'

    def test_an_event_of_no_known_type_is_kept_apart(self) -> None:
        assert from_event(an_event("{}", "wix.new.v1.thing"), received_at=NOW).topic == "unrecognized"

    def test_an_event_without_a_time_happened_when_it_came(self) -> None:
        assert from_event(an_event("{}"), received_at=NOW).event_time == NOW

    def test_who_triggered_it_is_an_id_and_no_address(self) -> None:
        record = from_event(an_event("{}"), received_at=NOW)

        assert record.identity == {"identityType": "MEMBER", "memberId": "m"}
        assert record.account == {"accountId": "a"}

    def test_the_address_on_a_subscription_change_is_dropped(self) -> None:
        body = json.dumps(payload("email_subscription_changed__unsubscribed"))

        record = from_event(an_event(body, "EmailSubscriptionChanged"), received_at=NOW)

        assert record.topic == "audience"
        assert record.body == {
            "subscription": {"subscriptionStatus": "UNSUBSCRIBED", "deliverabilityStatus": "VALID"}
        }


class TestFromHandover:
    def test_a_handover_repeated_has_the_same_id(self) -> None:
        """So the flows see one handover, however often the warehouse had to send it."""
        first, again = (
            from_handover(a_handover(), warehouse=NORTH, key="k1", received_at=NOW) for _ in range(2)
        )
        another = from_handover(a_handover(), warehouse=NORTH, key="k2", received_at=NOW)

        assert first.event_id == again.event_id != another.event_id

    def test_the_record_says_all_that_the_flows_need(self) -> None:
        record = from_handover(a_handover(), warehouse=NORTH, key="k1", received_at=NOW)

        assert (record.topic, record.event_type, record.instance_id) == (
            "handovers",
            "orderline.handover",
            SITE,
        )
        assert record.body == {
            "warehouse": "north",
            "idempotencyKey": "k1",
            "instanceId": SITE,
            "orderId": "o",
            "lineItems": [{"id": "1", "quantity": 2}],
            "trackingNumber": "1",
            "shippingProvider": "fedex",
            "bodyHash": a_handover().body_hash(),
        }

    def test_what_was_not_given_is_not_there(self) -> None:
        record = from_handover(a_handover(lineItems=None), warehouse=NORTH, key="k", received_at=NOW)

        assert {"lineItems", "trackingLink"}.isdisjoint(record.body)

    def test_the_hash_tells_other_handovers_apart(self) -> None:
        """A key used again with another body is refused further on; the hash shows it."""
        assert a_handover().body_hash() != a_handover(trackingNumber="2").body_hash()
