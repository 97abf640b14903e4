"""Personal data stays at Wix: what of its webhooks reaches the log, the outbox, the ledger, logs and metrics.

A marker of its own stands in the place of every text of every documented webhook, one at a time;
each is sent signed through the door and carried on to the last place it can reach. What may arrive is
listed below, by event and path. `*` is any one member; `entity` is what the event's carrier holds.
"""

import asyncio
import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.ingest.tokens import EVENTS, PAYLOADS, delivery, event_type_of, new_key, payload, token_of
from tests.planted import Planted, Reached, carried_out, planted, refused, walk
from tests.streams.wix_site import MEMBERS_ADDRESS, a_payment_notice, a_purchase_notice, sandbox_site

UNKNOWN_CONTACT, UNKNOWN_MEMBER = "wix.contacts.v4.contact_created", "wix.members.v1.member_created"

KINDS = {
    "wix.pricing_plans.v2.order_*": "plan order",
    "wix.ecom.v1.order_*": "store order",
    "wix.ecom.v1.fulfillments_*": "fulfillments",
    "com.wix.payment.*": "payment",
    "wix.crm.inbox.v2.*": "inbox",
    "EmailSubscriptionChanged": "email subscription",
    "App*": "installation",
    UNKNOWN_CONTACT: "unknown",
    UNKNOWN_MEMBER: "unknown",
}

ENVELOPE = "id entityFqdn slug entityId eventTime"

# The log: ids, words of Wix's, times, money, and what the merchant calls the things on sale.
LOG = {
    "plan order": f"""
        {ENVELOPE} entityEventSequence
        entity.id entity.planId entity.subscriptionId entity.wixPayOrderId
        entity.buyer.memberId entity.buyer.contactId entity.formData.formId entity.formData.submissionId
        entity.status entity.statusNew entity.type entity.orderMethod entity.lastPaymentStatus
        entity.cancellation.cause entity.cancellation.effectiveAt entity.pausePeriods.status
        entity.planName entity.planDescription entity.planPrice entity.freeTrialDays
        entity.createdDate entity.updatedDate entity.startDate entity.endDate entity.earliestEndDate
        entity.currentCycle.startedDate entity.currentCycle.endedDate
        entity.cycles.startedDate entity.cycles.endedDate
        entity.pausePeriods.pauseDate entity.pausePeriods.resumeDate
        entity.pricing.subscription.cycleDuration.unit
        entity.pricing.prices.price.subtotal entity.pricing.prices.price.discount
        entity.pricing.prices.price.total entity.pricing.prices.price.currency
        entity.pricing.prices.price.proration
        entity.pricing.prices.price.coupon.* entity.pricing.prices.price.tax.*
        entity.pricing.prices.price.fees.*
        entity.priceDetails.subtotal entity.priceDetails.discount entity.priceDetails.total
        entity.priceDetails.currency entity.priceDetails.planPrice entity.priceDetails.proration
        entity.priceDetails.coupon.* entity.priceDetails.tax.* entity.priceDetails.fees.*
        entity.priceDetails.subscription.cycleDuration.unit
        """,
    "store order": f"""
        {ENVELOPE} entityEventSequence updatedEvent.modifiedFields.paymentStatus
        actionEvent.body.action actionEvent.body.previousPaymentStatus
        actionEvent.body.previousFulfillmentStatus actionEvent.body.newFulfillmentStatus
        entity.id entity.number entity.cartId entity.checkoutId
        entity.buyerInfo.contactId entity.buyerInfo.visitorId entity.createdBy.visitorId
        entity.status entity.paymentStatus entity.fulfillmentStatus entity.channelInfo.type
        entity.activities.type entity.activities.createdDate entity.createdDate entity.updatedDate
        entity.attributionSource entity.buyerLanguage entity.currency entity.weightUnit
        entity.lineItems.id entity.lineItems.productName.* entity.lineItems.image.*
        entity.lineItems.itemType.preset entity.lineItems.physicalProperties.sku
        entity.lineItems.catalogReference.appId entity.lineItems.catalogReference.catalogItemId
        entity.lineItems.catalogReference.options.currency entity.lineItems.catalogReference.options.variantId
        entity.lineItems.paymentOption entity.lineItems.price.* entity.lineItems.priceBeforeDiscounts.*
        entity.lineItems.totalDiscount.* entity.lineItems.totalPriceBeforeTax.*
        entity.lineItems.totalPriceAfterTax.*
        entity.lineItems.taxDetails.taxRate entity.lineItems.taxDetails.*.*
        entity.priceSummary.*.* entity.payNow.*.* entity.balanceSummary.balance.* entity.taxSummary.totalTax.*
        entity.appliedDiscounts.discountType entity.appliedDiscounts.lineItemIds
        entity.appliedDiscounts.coupon.id entity.appliedDiscounts.coupon.code
        entity.appliedDiscounts.coupon.name entity.appliedDiscounts.coupon.amount.*
        entity.shippingInfo.title entity.shippingInfo.code entity.shippingInfo.carrierId
        entity.shippingInfo.logistics.deliveryTime
        entity.shippingInfo.cost.*.* entity.shippingInfo.cost.taxDetails.totalTax.*
        """,
    "fulfillments": f"""
        {ENVELOPE} entity.orderId entity.fulfillments.id entity.fulfillments.createdDate
        entity.fulfillments.lineItems.id entity.fulfillments.trackingInfo.*
        """,
    "payment": """
        id eventTime eventType wixAppId wixAppInstanceId managingWixAppId
        entity.previousStatus entity.status entity.cancellationDetails.initiator
        entity.order.id entity.order.wixAppOrderId entity.order.wixAppBuyerId entity.order.createdAt
        entity.order.items.id entity.order.items.name entity.order.items.category
        entity.transaction.id entity.transaction.status entity.transaction.createdAt
        entity.transaction.amount.currency entity.transaction.paymentMethod entity.transaction.paymentProvider
        entity.refund.id entity.refund.status entity.refund.createdAt
        """,
    "inbox": f"""
        {ENVELOPE} entity.conversationId entity.oldConversationIds entity.targetConversationId
        entity.message.id entity.message.sequence entity.message.appId entity.message.createdDate
        entity.message.direction entity.message.visibility entity.message.sourceChannel
        entity.message.sender.memberId entity.message.sender.wixUserId
        """,
    "email subscription": "subscription.subscriptionStatus subscription.deliverabilityStatus",
    "installation": """
        appId originInstanceId
        identity.identityType identity.anonymousVisitorId identity.memberId identity.wixUserId identity.appId
        accountInfo.accountId accountInfo.parentAccountId accountInfo.siteId
        """,
    "unknown": f"{ENVELOPE} entityEventSequence",
}

# What the runner must know to ask Wix about it, and the notice's own figures.
OUTBOX = {
    "plan order": "id entity.id",
    "store order": "id entityId",
    "payment": """
        id wixAppId entity.order.wixAppOrderId entity.transaction.id entity.transaction.amount.currency
        """,
}

# Rows: what reports count, group and link by.
LEDGER = {
    "plan order": """
        id entity.id entity.planId entity.planName entity.buyer.memberId entity.buyer.contactId
        entity.status entity.type entity.lastPaymentStatus
        entity.cancellation.cause entity.cancellation.effectiveAt
        entity.pricing.prices.price.currency entity.pricing.subscription.cycleDuration.unit
        """,
    "store order": """
        id entityId entity.id entity.number entity.buyerInfo.contactId entity.currency entity.lineItems.id
        entity.status entity.paymentStatus entity.fulfillmentStatus
        """,
    "fulfillments": """
        id entity.orderId entity.fulfillments.id entity.fulfillments.lineItems.id
        entity.fulfillments.trackingInfo.*
        """,
    "payment": """
        id eventType wixAppId entity.order.id entity.order.wixAppOrderId entity.transaction.id
        entity.transaction.status entity.previousStatus entity.status entity.refund.status
        entity.transaction.amount.currency
        """,
    "inbox": "id entity.conversationId entity.targetConversationId",
    "email subscription": "subscription.subscriptionStatus subscription.deliverabilityStatus",
    "installation": "appId",
    "unknown": "id entityId",
}

ALLOWED: dict[str, dict[str, str]] = {
    "log": LOG,
    "outbox": OUTBOX,
    "ledger": LEDGER,
    "logs": {},
    "metrics": {},
}


def webhooks() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every documented webhook; who triggers one; people's own records as events that we don't know."""
    for name in EVENTS:
        yield event_type_of(name), {"data": payload(name)}
    kinds = ("anonymousVisitorId", "memberId", "wixUserId", "appId", "email", "nickname")
    identity = {"identityType": "MEMBER"} | dict.fromkeys(kinds, "-")
    account = {"accountId": "-", "parentAccountId": "-", "siteId": "-", "email": "-"}
    yield "AppInstalled", {"data": {"appId": "-"}, "identity": identity, "accountInfo": account}
    for event_type, answer in ((UNKNOWN_CONTACT, "contact"), (UNKNOWN_MEMBER, "member")):
        entity = json.loads((PAYLOADS / "rest" / f"get_{answer}__full.answer.json").read_text())[answer]
        envelope = dict.fromkeys([*ENVELOPE.split(), "entityEventSequence"], "-")
        yield event_type, {"data": envelope | {"createdEvent": {"entity": entity}}}


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return new_key()


@pytest.fixture(scope="module")
def everything() -> list[Planted]:
    """All webhooks with their markers."""
    return list(planted(webhooks()))


@pytest.fixture(scope="module")
def reached(
    everything: list[Planted], key: rsa.RSAPrivateKey, tmp_path_factory: pytest.TempPathFactory
) -> Reached:
    """What can be read everywhere after they have all been sent."""
    tokens = [token(one, key, site=f"site-{number}") for number, one in enumerate(everything)]
    return asyncio.run(walk(tokens, key.public_key(), tmp_path_factory.mktemp("walk")))


def token(one: Planted, key: rsa.RSAPrivateKey, *, site: str) -> bytes:
    """Signed; each on a site of its own, so that no effect is taken for one that is there already."""
    beside = {name: each for name, each in one.sent.items() if name != "data"}
    layer_2 = delivery(one.sent["data"], one.event_type, **beside) | {"instanceId": site}
    return token_of({"data": json.dumps(layer_2)}, key)


def kind_of(event_type: str) -> str:
    return next(kind for pattern, kind in KINDS.items() if fnmatchcase(event_type, pattern))


def is_under(place: str, pattern: str) -> bool:
    """Member by member: `*` does not reach deeper."""
    steps, wanted = place.split("."), pattern.split(".")
    return len(steps) == len(wanted) and all(map(fnmatchcase, steps, wanted))


def places(everything: list[Planted], reached: Reached, where: str) -> set[tuple[str, str]]:
    """By kind of event and path, which markers stand there."""
    markers = reached.markers(where)
    return {(kind_of(one.event_type), one.place) for one in everything if one.marker in markers}


class TestWhatArrives:
    @pytest.mark.parametrize("where", ALLOWED)
    def test_only_what_is_listed(self, where: str, everything: list[Planted], reached: Reached) -> None:
        leaked = [
            (kind, place)
            for kind, place in places(everything, reached, where)
            if not any(is_under(place, pattern) for pattern in ALLOWED[where].get(kind, "").split())
        ]

        assert sorted(leaked) == []

    @pytest.mark.parametrize("where", ["log", "outbox", "ledger"])
    def test_all_that_is_listed(self, where: str, everything: list[Planted], reached: Reached) -> None:
        """A list with more on it than arrives would let something slip through later."""
        found = places(everything, reached, where)
        idle = [
            (kind, pattern)
            for kind, patterns in ALLOWED[where].items()
            for pattern in patterns.split()
            if not any(kind == each and is_under(place, pattern) for each, place in found)
        ]

        assert idle == []

    def test_every_text_of_every_documented_webhook_was_marked(self, everything: list[Planted]) -> None:
        assert {one.event_type for one in everything} >= {event_type_of(name) for name in EVENTS}
        assert len({one.marker for one in everything}) == len(everything) > 1_500


class TestWhatWixAnswers:
    """The flows ask Wix who the buyer is; they tell the buyer, and nobody else."""

    async def test_a_notice_leaves_neither_address_nor_name_behind(self, tmp_path: Path) -> None:
        with sandbox_site(tmp_path / "wix") as site:
            left = await carried_out([a_payment_notice(), a_purchase_notice()], site.settings(), tmp_path)
            sent = str(site.messages)

        assert "Dana" in sent
        assert '"outcome":"done"' in left.ledger
        assert left.logs
        assert people_in(left) == {}

    @pytest.mark.parametrize("status", [400, 404, 428, 500])
    async def test_nor_does_a_refusal_that_quotes_them(self, status: int, tmp_path: Path) -> None:
        """Wix's words on what it can't do are free text, and often name what they are about."""
        said = f"{MEMBERS_ADDRESS} of Dana can't be mailed"
        error = {"applicationError": {"code": "NO_MAIL", "description": said, "data": {"email": said}}}
        with sandbox_site(tmp_path / "wix") as site:
            body = {"message": said, "details": error}
            site.fault(method="POST", path="/inbox/v2/messages", times=9, status=status, body=body)
            left = await carried_out([a_payment_notice()], site.settings(), tmp_path)

        assert '"outcome":"done"' not in left.ledger
        assert f'"last_status":{status}' in left.ledger
        assert people_in(left) == {}


def people_in(left: Reached) -> dict[str, list[str]]:
    """Where the buyer's name or address stands, with the lines."""
    return {
        where: found
        for where in ALLOWED
        if (found := [line for line in getattr(left, where).splitlines() if "Dana" in line or "@" in line])
    }


class TestWhatIsRefused:
    async def test_a_webhook_we_do_not_take_leaves_no_trace_of_its_content(
        self, everything: list[Planted], key: rsa.RSAPrivateKey
    ) -> None:
        """Whoever sends it could otherwise write into our logs, or read in the answer."""
        stranger = new_key()
        forged = [token(one, stranger, site="s") for one in everything[::50]]
        broken = [json.dumps(one.sent).encode() for one in everything[::50]]
        halved = [
            token_of({"data": json.dumps(one.sent["data"])}, key)  # the event where the delivery belongs
            for one in everything[::50]
        ]

        said = await refused([*forged, *broken, *halved], key.public_key())

        assert [one.marker for one in everything if one.marker in said] == []
