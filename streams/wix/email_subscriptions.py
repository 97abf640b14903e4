"""Email subscriptions: whether a site may mail an address, and whether mail arrives there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from streams.fields import items, text
from streams.wix.client import WixClient

_PATH = "/email-marketing/v1/email-subscriptions"

Status = Literal["PENDING", "SUBSCRIBED", "UNSUBSCRIBED"]

# What we note where Wix says nothing: no subscription at all, or one without the status.
ABSENT = "ABSENT"
# The schema's name for the list, and the one in Wix's sample answer.
_LISTS = ("subscriptions", "email_subscriptions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What Wix says about an address: SUBSCRIBED …, VALID …, or ABSENT. Never the address."""

    subscription_status: str = ABSENT
    deliverability_status: str = ABSENT


async def query(wix: WixClient, site: str, address: str) -> Subscription:
    """What Wix says about one address; upper and lower case don't count."""
    answer = await wix.request(
        site, "POST", f"{_PATH}/query", json={"filter": {"email": {"$in": [address]}}}, is_read=True
    )
    wanted = address.strip().casefold()
    for one in (entry for name in _LISTS for entry in items(answer.body, name)):
        if (text(one, "email") or "").strip().casefold() == wanted:
            return _subscription(one)
    return Subscription()


async def upsert(wix: WixClient, site: str, address: str, *, subscription_status: Status) -> Subscription:
    """Note whether an address wants mail; only as its owner said so. Repeating it changes nothing."""
    wanted = {"email": address, "subscriptionStatus": subscription_status}
    answer = await wix.request(site, "POST", _PATH, json={"subscription": wanted})
    return _subscription(answer.object("subscription"))


async def unsubscribe_link(wix: WixClient, site: str, address: str) -> str:
    """A link by which the owner of an address can unsubscribe; it is theirs alone."""
    path = f"{_PATH}/unsubscribe-link"
    answer = await wix.request(site, "POST", path, json={"emailAddress": address}, is_read=True)
    return answer.text(answer.body, "link")


def _subscription(found: Mapping[str, Any]) -> Subscription:
    return Subscription(
        subscription_status=text(found, "subscriptionStatus") or ABSENT,
        deliverability_status=text(found, "deliverabilityStatus") or ABSENT,
    )
