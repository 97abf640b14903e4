"""Who gets a notice: the buyer's address, asked of Wix, and the participant of the conversation."""

from dataclasses import dataclass, field
from typing import Literal

from streams.plan_order import PlanOrder
from streams.wix import contacts, members
from streams.wix.client import WixClient
from streams.wix.contacts import Contact
from streams.wix.errors import NotFound, WixRefused
from streams.wix.inbox import Participant
from streams.wix.members import Member


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A buyer with an address. What is personal lives in memory only and stays out of `repr`.

    `locale` is the contact's; where the contact was not read, `contact_to_ask` says who knows it.
    """

    participant: Participant
    email: str = field(repr=False)
    name: str | None = field(repr=False)
    locale: str | None = None
    contact_to_ask: str | None = None


async def find(
    wix: WixClient, site: str, order: PlanOrder, *, first: Literal["member", "contact"]
) -> Recipient | None:
    """The buyer's address, looked up by member or by contact first, the other as fallback.

    None when neither has one. Whichever lookup gave the address, the participant is the member
    whenever the buyer is one: Wix has no other conversation with a member.
    """
    buyer = _Lookup(wix, site, order)
    if first == "member":
        member = await buyer.member()
        contact = None if member and member.email else await buyer.contact(member)
    else:
        contact = await buyer.contact(None)
        member = None if contact and contact.email else await buyer.member()
    return _recipient(order, member, contact)


async def locale_of(wix: WixClient, site: str, contact_id: str) -> str | None:
    """The contact's locale; None where there is none, or it may not be read."""
    try:
        return (await contacts.get_contact(wix, site, contact_id)).locale
    except WixRefused:
        return None


@dataclass(frozen=True, slots=True)
class _Lookup:
    wix: WixClient
    site: str
    order: PlanOrder

    async def member(self) -> Member | None:
        if self.order.member_id is None:
            return None
        try:
            return await members.get_member(self.wix, self.site, self.order.member_id)
        except NotFound:
            return None

    async def contact(self, member: Member | None) -> Contact | None:
        contact_id = self.order.contact_id or (member.contact_id if member else None)
        if contact_id is None:
            return None
        try:
            return await contacts.get_contact(self.wix, self.site, contact_id)
        except NotFound:
            return None


def _recipient(order: PlanOrder, member: Member | None, contact: Contact | None) -> Recipient | None:
    email = (member and member.email) or (contact and contact.email)
    if not email:
        return None
    return Recipient(
        participant=_participant(order, contact),
        email=email,
        name=(member and member.name) or (contact and contact.name) or None,
        locale=contact.locale if contact else None,
        contact_to_ask=None if contact else order.contact_id or (member.contact_id if member else None),
    )


def _participant(order: PlanOrder, contact: Contact | None) -> Participant:
    if order.member_id is not None:
        return Participant(kind="memberId", id=order.member_id)
    # A merged contact answers with its target's id, and that is whom Wix talks with now.
    return Participant(kind="contactId", id=contact.id if contact else order.contact_id or "")
