"""Email subscriptions: whether a site may mail an address, and whether mail arrives there."""

from dataclasses import dataclass

from streams.fields import items, text
from streams.wix.client import WixClient

_PATH = "/email-marketing/v1/email-subscriptions/query"

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
        site, "POST", _PATH, json={"filter": {"email": {"$in": [address]}}}, is_read=True
    )
    wanted = address.strip().casefold()
    for one in (entry for name in _LISTS for entry in items(answer.body, name)):
        if (text(one, "email") or "").strip().casefold() == wanted:
            return Subscription(
                subscription_status=text(one, "subscriptionStatus") or ABSENT,
                deliverability_status=text(one, "deliverabilityStatus") or ABSENT,
            )
    return Subscription()
