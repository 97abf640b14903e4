"""What the sandbox was told to do: the proof that tests and demos look at."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.wix_api.clock import instant
from sandbox.wix_api.wire import JsonObject


class Received:
    """Every message, fulfillment and change of access, in order; all calls are counted."""

    def __init__(self) -> None:
        self.messages: list[JsonObject] = []
        self.fulfillments: list[JsonObject] = []
        # By webhook id, of which each is taken once.
        self.access: dict[str, JsonObject] = {}
        self.requests = 0

    def message(
        self,
        *,
        instance_id: str,
        conversation: JsonObject,
        message_id: str,
        at: datetime,
        body: Mapping[str, Any],
    ) -> None:
        """Note a message; `participant` tells whose conversation it went to."""
        self.messages.append(
            {
                "instanceId": instance_id,
                "conversationId": conversation["id"],
                "participant": conversation["participant"],
                "messageId": message_id,
                "time": instant(at),
                "body": dict(body),
            }
        )

    def fulfillment(
        self, *, instance_id: str, order_id: str, fulfillment_id: str, at: datetime, body: Mapping[str, Any]
    ) -> None:
        """Note a fulfillment."""
        self.fulfillments.append(
            {
                "instanceId": instance_id,
                "orderId": order_id,
                "fulfillmentId": fulfillment_id,
                "time": instant(at),
                "body": dict(body),
            }
        )

    def access_change(self, webhook_id: str, *, at: str, body: Mapping[str, Any]) -> bool:
        """Note a change of access, once for each id; False if it was known and is a repeat."""
        if webhook_id in self.access:
            self.access[webhook_id]["deliveries"] += 1
            return False
        told = {name: body["data"][name] for name in ("instanceId", "orderId")}
        self.access[webhook_id] = {
            **told,
            "webhookId": webhook_id,
            "time": at,
            "deliveries": 1,
            "body": dict(body),
        }
        return True
