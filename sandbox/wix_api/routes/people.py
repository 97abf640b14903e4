"""Members, contacts and email subscriptions."""

from sandbox.wix_api.call import Call, Endpoint
from sandbox.wix_api.contacts import ContactRequest
from sandbox.wix_api.events import subscription_changed
from sandbox.wix_api.members import MemberRequest, MembersQuery
from sandbox.wix_api.subscriptions import (
    BulkUpsertRequest,
    SubscriptionsQuery,
    UnsubscribeLinkRequest,
    UpsertRequest,
)
from sandbox.wix_api.wire import JsonObject


def get_member(call: Call) -> JsonObject:
    """One member, as much of them as the fieldsets show."""
    return {"member": call.site.members.get(call.id("id"), call.asked(MemberRequest).widest)}


def list_members(call: Call) -> JsonObject:
    """A page of members."""
    return call.site.members.page(call.asked(MembersQuery))


def get_contact(call: Call) -> JsonObject:
    """One contact, or the contact it was merged into."""
    return call.site.contacts.get(call.id("id"), call.asked(ContactRequest))


def query_subscriptions(call: Call) -> JsonObject:
    """The subscriptions of the addresses asked for."""
    return call.site.subscriptions.query(call.read(SubscriptionsQuery))


def upsert_subscription(call: Call) -> JsonObject:
    """Say of one address whether it wants mail."""
    changed = call.site.subscriptions.change(call.read(UpsertRequest).subscription)
    _tell(call, changed)
    return {"subscription": changed}


def bulk_upsert_subscriptions(call: Call) -> JsonObject:
    """Say it of up to a hundred addresses."""
    wanted = call.read(BulkUpsertRequest).subscriptions
    changed = [call.site.subscriptions.change(one) for one in wanted]
    for subscription in changed:
        _tell(call, subscription)
    results = [
        {"itemMetadata": {"originalIndex": index, "success": True}, "item": subscription}
        for index, subscription in enumerate(changed)
    ]
    metadata = {"totalSuccesses": len(changed), "totalFailures": 0, "undetailedFailures": 0}
    return {"results": results, "bulkActionMetadata": metadata}


def unsubscribe_link(call: Call) -> JsonObject:
    """A link for one recipient; whoever opens it wants no mail any more."""
    address = call.read(UnsubscribeLinkRequest).email_address
    return {"link": call.base_url + call.world.unsubscribe_path(call.site.instance_id, address)}


def _tell(call: Call, subscription: JsonObject) -> None:
    call.world.tell(subscription_changed(call.site.instance_id, subscription, call.caller.identity))


_SUBSCRIPTIONS = "/email-marketing/v1/email-subscriptions"

ENDPOINTS = (
    Endpoint(
        method="GET", path="/members/v1/members", permission="MEMBERS.MEMBER_READ", handler=list_members
    ),
    Endpoint(
        method="GET", path="/members/v1/members/{id}", permission="MEMBERS.MEMBER_READ", handler=get_member
    ),
    Endpoint(
        method="GET", path="/contacts/v4/contacts/{id}", permission="CONTACTS.VIEW", handler=get_contact
    ),
    Endpoint(
        method="POST",
        path=f"{_SUBSCRIPTIONS}/query",
        permission="EMAIL_SUBSCRIPTIONS.VIEW",
        handler=query_subscriptions,
    ),
    Endpoint(
        method="POST",
        path=_SUBSCRIPTIONS,
        permission="EMAIL_SUBSCRIPTIONS.MODIFY",
        handler=upsert_subscription,
    ),
    Endpoint(
        method="POST",
        path=f"{_SUBSCRIPTIONS}/bulk",
        permission="EMAIL_SUBSCRIPTIONS.MODIFY",
        handler=bulk_upsert_subscriptions,
    ),
    Endpoint(
        method="POST",
        path=f"{_SUBSCRIPTIONS}/unsubscribe-link",
        permission="EMAIL_SUBSCRIPTIONS.VIEW",
        handler=unsubscribe_link,
    ),
)
