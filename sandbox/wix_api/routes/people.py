"""Members, contacts and email subscriptions."""

from sandbox.wix_api.call import Call, Endpoint
from sandbox.wix_api.contacts import ContactRequest
from sandbox.wix_api.members import MemberRequest
from sandbox.wix_api.subscriptions import SubscriptionsQuery
from sandbox.wix_api.wire import JsonObject


def get_member(call: Call) -> JsonObject:
    """One member, as much of them as the fieldsets show."""
    return {"member": call.site.members.get(call.id("id"), call.asked(MemberRequest).widest)}


def get_contact(call: Call) -> JsonObject:
    """One contact, or the contact it was merged into."""
    return call.site.contacts.get(call.id("id"), call.asked(ContactRequest))


def query_subscriptions(call: Call) -> JsonObject:
    """The subscriptions of the addresses asked for."""
    return call.site.subscriptions.query(call.read(SubscriptionsQuery))


ENDPOINTS = (
    Endpoint(
        method="GET", path="/members/v1/members/{id}", permission="MEMBERS.MEMBER_READ", handler=get_member
    ),
    Endpoint(
        method="GET", path="/contacts/v4/contacts/{id}", permission="CONTACTS.VIEW", handler=get_contact
    ),
    Endpoint(
        method="POST",
        path="/email-marketing/v1/email-subscriptions/query",
        permission="EMAIL_SUBSCRIPTIONS.VIEW",
        handler=query_subscriptions,
    ),
)
