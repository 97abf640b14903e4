"""What Wix says of us on one site: token, permissions by flow, its clock, and a test message."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from analytics.lifecycle import Line
from streams.doctor.finding import Finding, fine, skipped, wrong
from streams.notification import unwanted_by_consent
from streams.quota import QuotaWait
from streams.wix import (
    contacts,
    email_subscriptions,
    fulfillments,
    inbox,
    members,
    plan_orders,
    store_orders,
)
from streams.wix.client import WixClient
from streams.wix.errors import AppRemoved, Unauthorized, WixBusy, WixError, WixRefused, WixUnreachable
from streams.wix.explained import explained
from streams.wix.fulfillments import NewFulfillment
from streams.wix.inbox import NewMessage, Participant
from streams.wix.order_query import OrderQuery

# Nobody and nothing has this id, so that a call by it shows a permission and changes nothing.
NOTHING = "00000000-0000-0000-0000-000000000000"
NO_ADDRESS = "nobody@example.com"
NO_LINE = Line(id="00000000-0000-0000-0000-000000000001", quantity=1)
# Webhooks whose times are off by more than a minute are refused; half of that is a warning in time.
MOST_SKEW = timedelta(seconds=30)
# A 403 with one of these codes is about the entity: the permission is there.
_ABOUT_ENTITY = ("NOT_OWNED_BY_BUSINESS", "CONVERSATION_NOT_FOUND", "IDENTITY_DOES_NOT_MATCH")

TOKEN, CLOCK, TEST = "token", "clock", "test message"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A harmless call that needs a permission, as it is called on the app's page, and who needs it."""

    permission: str
    used_by: str
    call: Callable[[WixClient, str], Awaitable[Any]]


async def _any(found: AsyncIterator[Any]) -> None:
    async for _ in found:
        return


PROBES = (
    Probe(
        permission="Read Orders (Pricing Plans)",
        used_by="payment and purchase notices",
        call=lambda wix, site: _any(plan_orders.list_orders(wix, site, OrderQuery(), page=1)),
    ),
    Probe(
        permission="Read Members",
        used_by="payment and purchase notices",
        call=lambda wix, site: _any(members.list_members(wix, site, page=1)),
    ),
    Probe(
        permission="Read Contacts",
        used_by="payment and purchase notices",
        call=lambda wix, site: contacts.get_contact(wix, site, NOTHING),
    ),
    Probe(
        permission="Manage Email Subscriptions",
        used_by="payment and purchase notices",
        call=lambda wix, site: email_subscriptions.query(wix, site, NO_ADDRESS),
    ),
    Probe(
        permission="Manage Inbox Messages",
        used_by="payment and purchase notices",
        call=lambda wix, site: inbox.send_message(
            wix, site, NOTHING, NewMessage(preview="Test", text="Test"), by_email=False
        ),
    ),
    Probe(
        permission="Read Orders (eCommerce)",
        used_by="fulfillment",
        call=lambda wix, site: _any(store_orders.search_orders(wix, site, page=1)),
    ),
    Probe(
        permission="Manage Orders (eCommerce)",
        used_by="fulfillment",
        call=lambda wix, site: fulfillments.create(wix, site, NOTHING, NewFulfillment(lines=(NO_LINE,))),
    ),
    Probe(
        permission="Read Fulfillments (eCommerce)",
        used_by="fulfillment",
        call=lambda wix, site: fulfillments.list_for_order(wix, site, NOTHING),
    ),
)


async def check_site(wix: WixClient, site: str) -> list[Finding]:
    """Token, clock and every permission on one site; without a token there is no more to ask."""
    findings = await _token_and_clock(wix, site)
    if findings[0].verdict != "ok":
        return findings
    return findings + [await _permission(wix, site, probe) for probe in PROBES]


async def send_test(wix: WixClient, site: str, member_id: str) -> Finding:
    """Send a member a message, by the calls and under the rules of the notices."""
    try:
        return await _sent(wix, site, member_id)
    except (WixError, QuotaWait) as error:
        told = explained(error) if isinstance(error, WixError) else str(error)
        return wrong(TEST, told, "Mend what this says, then look into the member's inbox before you repeat.")


async def _token_and_clock(wix: WixClient, site: str) -> list[Finding]:
    """One call shows both; one that is refused for want of a permission shows a good token too."""
    asked = datetime.now(UTC)
    try:
        answer = await wix.request(site, "GET", plan_orders.PATH, params={"limit": "1"})
    except (Unauthorized, AppRemoved) as refusal:
        return [wrong(TOKEN, explained(refusal), _remedy(refusal))]
    except (WixBusy, WixUnreachable, QuotaWait) as error:
        told = explained(error) if isinstance(error, WixError) else str(error)
        return [wrong(TOKEN, told, "Look whether WIX_API_URL is right and can be reached from here.")]
    except WixRefused:
        return [fine(TOKEN, f"taken on site {site}"), skipped(CLOCK, "Wix did not say its time.")]
    return [fine(TOKEN, f"taken on site {site}"), _clock(answer.answered_at, asked, datetime.now(UTC))]


def _clock(theirs: datetime | None, asked: datetime, now: datetime) -> Finding:
    """Wix answered between `asked` and `now`, and names whole seconds."""
    if theirs is None:
        return skipped(CLOCK, "Wix did not say its time.")
    off = max(asked - timedelta(seconds=1) - theirs, theirs - now, timedelta())
    if off > MOST_SKEW:
        found = f"This machine's clock is {off.total_seconds():.0f} s off Wix's."
        return wrong(CLOCK, found, "Let it be set by NTP: webhooks a minute off are refused.")
    return fine(CLOCK, "as Wix's, to the second" if not off else f"{off.total_seconds():.0f} s off Wix's")


def _remedy(refusal: WixRefused) -> str:
    if isinstance(refusal, AppRemoved):
        return "Install the app on this site, or give the instance id that Wix shows there."
    return "Compare WIX_APP_ID and WIX_APP_SECRET (or WIX_API_KEY) with your app's page at Wix."


async def _permission(wix: WixClient, site: str, probe: Probe) -> Finding:
    about = f"permission: {probe.permission}"
    try:
        await probe.call(wix, site)
    except WixRefused as refusal:
        if refusal.status == 403 and refusal.code not in _ABOUT_ENTITY:
            remedy = "Add it under Permissions of your app at Wix, then have the site's owner accept it."
            return wrong(about, f"not granted; {probe.used_by} can't work. {explained(refusal)}", remedy)
    except (WixError, QuotaWait) as error:
        told = explained(error) if isinstance(error, WixError) else str(error)
        return wrong(about, told, "Run the doctor again in a minute.")
    return fine(about, f"granted; used by {probe.used_by}")


async def _sent(wix: WixClient, site: str, member_id: str) -> Finding:
    member = await members.get_member(wix, site, member_id)
    if member.email is None:
        return wrong(TEST, "The member has no address.", "Choose a member who logs in by e-mail.")
    consent = await email_subscriptions.query(wix, site, member.email)
    unwanted = unwanted_by_consent(consent.subscription_status, consent.deliverability_status)
    if unwanted:
        found = f"Nothing was sent: {unwanted} ({consent.subscription_status}), and so no notice would be."
        return wrong(
            TEST, found, "Subscribe the address in the site's contact list, or choose another member."
        )
    participant = Participant(kind="memberId", id=member_id)
    conversation = await inbox.get_or_create_conversation(wix, site, participant)
    text = f"This is a test message of Orderline, sent {datetime.now(UTC):%Y-%m-%d %H:%M} UTC."
    message = NewMessage(preview="Test message", text=text)
    sent = await inbox.send_message(wix, site, conversation.id, message, by_email=True)
    return fine(TEST, f"sent, id {sent.message_id}")
