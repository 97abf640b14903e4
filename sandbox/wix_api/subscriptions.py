"""Who wants mail: email subscriptions of a site. No I/O."""

from typing import Annotated, Literal

from pydantic import Field

from sandbox.wix_api.wire import JsonObject, Wire

SubscriptionStatus = Literal["UNKNOWN", "NOT_SET", "PENDING", "SUBSCRIBED", "UNSUBSCRIBED"]
Deliverability = Literal["NOT_SET", "VALID", "BOUNCED", "SPAM_COMPLAINT", "INACTIVE"]


class _In(Wire):
    anyone: list[str] = Field(alias="$in", min_length=1)


class _EmailFilter(Wire):
    email: _In


class _Paging(Wire):
    limit: int = Field(default=50, ge=1, le=100)
    offset: int = Field(default=0, ge=0)


class SubscriptionsQuery(Wire):
    """Body of Query Email Subscriptions: `filter.email.$in` is the only filter there is."""

    filter: _EmailFilter
    paging: _Paging = _Paging()


class Subscription(Wire):
    """One address and its two statuses."""

    email: str = Field(min_length=3)
    subscription_status: SubscriptionStatus = "NOT_SET"
    deliverability_status: Deliverability = "NOT_SET"


class _Wanted(Wire):
    """What an app may say of an address; what it doesn't say stays as it was."""

    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=320)]
    subscription_status: SubscriptionStatus | None = None
    deliverability_status: Deliverability | None = None


class UpsertRequest(Wire):
    """Body of Upsert Email Subscription."""

    subscription: _Wanted


class BulkUpsertRequest(Wire):
    """Body of Bulk Upsert Email Subscription."""

    subscriptions: list[_Wanted] = Field(min_length=1, max_length=100)


class UnsubscribeLinkRequest(Wire):
    """Body of Generate Unsubscribe Link."""

    email_address: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=320)]


class Subscriptions:
    """The email subscriptions of one site; addresses differ in case only on paper."""

    def __init__(self) -> None:
        self._subscriptions: dict[str, JsonObject] = {}

    def upsert(self, subscription: Subscription) -> None:
        """Put a subscription in place of the one with its address."""
        self._subscriptions[subscription.email.lower()] = subscription.model_dump(by_alias=True)

    def change(self, wanted: _Wanted) -> JsonObject:
        """Set what was said of an address; the subscription as it is now."""
        before = self._subscriptions.get(wanted.email.lower(), {})
        said = wanted.model_dump(by_alias=True, exclude_none=True)
        self.upsert(Subscription.model_validate({**before, **said}))
        return self._subscriptions[wanted.email.lower()]

    def unsubscribe(self, email: str) -> JsonObject:
        """The address wants no mail any more; its subscription as it is now."""
        return self.change(_Wanted(email=email, subscription_status="UNSUBSCRIBED"))

    def query(self, query: SubscriptionsQuery) -> JsonObject:
        """The body of Query Email Subscriptions; addresses that Wix doesn't know are not in it."""
        wanted = dict.fromkeys(address.lower() for address in query.filter.email.anyone)
        found = [self._subscriptions[address] for address in wanted if address in self._subscriptions]
        page = found[query.paging.offset : query.paging.offset + query.paging.limit]
        metadata = {
            "count": len(page),
            "offset": query.paging.offset,
            "total": len(found),
            "tooManyToCount": False,
        }
        return {"subscriptions": page, "metadata": metadata}
