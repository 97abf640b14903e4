"""Webhooks and parcels are posted at a rate, each until it is taken: what was taken is the first book."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import httpx

from sandbox.stories.story import Parcel, Webhook
from sandbox.webhooks import DELIVERY_TIMEOUT_SECONDS, FIRST_RETRY_SECONDS, Signer, deliver
from tests.chaos.orders import Delivery

AT_ONCE = 64
# Longer than a broker takes that is killed several times running.
PATIENCE_SECONDS = 300.0


class Poster:
    """Delivers as Wix and a warehouse do: again and again until they are told that it is durable.

    `answers` counts every answer by its code, `no_answer` where none came. `taken` holds the event ids
    and the parcels' keys that were answered 200 or 202.
    """

    def __init__(
        self, http: httpx.AsyncClient, signer: Signer, *, webhook_url: str, handover_url: str, token: str
    ) -> None:
        self._http, self._signer = http, signer
        self._webhook_url, self._handover_url, self._token = webhook_url, handover_url, token
        self._free = asyncio.Semaphore(AT_ONCE)
        self.answers: Counter[str] = Counter()
        self.taken: set[str] = set()
        self.deliveries = 0
        self._begun = 0

    async def has_begun(self, number: float) -> None:
        """Return when so many deliveries have been begun."""
        while self._begun < number - 1:  # noqa: ASYNC110 - a share of thousands
            await asyncio.sleep(0.1)

    async def post_all(self, deliveries: Sequence[Delivery], *, per_second: float) -> None:
        """Begin them at that rate, or more slowly while too many wait to be taken.

        Raises:
            ExceptionGroup: of `NotDelivered` or `TimeoutError`, when one was never taken.
        """
        clock = asyncio.get_running_loop().time
        begun = clock()
        async with asyncio.TaskGroup() as group:
            for number, delivery in enumerate(deliveries):
                await asyncio.sleep(max(0.0, begun + number / per_second - clock()))
                await self._free.acquire()
                self._begun = number
                group.create_task(self._post(delivery.what))

    async def _post(self, what: Webhook | Parcel) -> None:
        try:
            if isinstance(what, Parcel):
                await self._hand_over(what)
            else:
                await self._deliver(what)
            self.deliveries += 1
        finally:
            self._free.release()

    async def _deliver(self, webhook: Webhook) -> None:
        jwt = self._signer.sign(
            webhook.event_type, webhook.body, instance_id=webhook.instance_id, identity=webhook.identity
        )
        statuses = await deliver(self._http, self._webhook_url, jwt, patience_seconds=PATIENCE_SECONDS)
        self.answers.update(str(status) if status else "no_answer" for status in statuses)
        self.taken.add(webhook.body["id"])

    async def _hand_over(self, parcel: Parcel) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await self._is_taken(parcel):  # noqa: ASYNC110 - what it waits for is far away
                await asyncio.sleep(FIRST_RETRY_SECONDS)
        self.taken.add(parcel.key)

    async def _is_taken(self, parcel: Parcel) -> bool:
        headers = {"authorization": f"Bearer {self._token}", "idempotency-key": parcel.key}
        try:
            answer = await self._http.post(
                self._handover_url, json=parcel.body, headers=headers, timeout=DELIVERY_TIMEOUT_SECONDS
            )
        except httpx.TransportError:
            self.answers["no_answer"] += 1
            return False
        self.answers[str(answer.status_code)] += 1
        return answer.status_code == 202
