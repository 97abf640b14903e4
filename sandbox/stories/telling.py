"""Stories are told: Wix is seeded, webhooks are posted, parcels go on the packing list, ends are awaited."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from sandbox.stories.envelope import iso
from sandbox.stories.story import Chapter, Parcel, Seed, Step, Story, Webhook
from sandbox.warehouse import PackingList
from sandbox.webhooks import Signer, deliver
from sandbox.witness import StillWaiting, Witness, until

# So long may one webhook be refused or unheard before the telling is given up.
DELIVERY_SECONDS = 60.0
# So long may the effects of one chapter take.
CHAPTER_SECONDS = 60.0
# Wix keeps sending to a site one after another; several sites send side by side.
SEED_BATCH = 200


class Teller:
    """Tells stories to a running system and counts what ingest answered.

    `no_answer` in `answers` is a delivery that nobody answered in time.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        witness: Witness,
        *,
        signer: Signer,
        webhook_url: str,
        packing_list: PackingList,
        on_step: Callable[[Story, Step], None] = lambda story, step: None,
    ) -> None:
        self._http, self._witness, self.signer = http, witness, signer
        self._webhook_url, self._packing_list = webhook_url, packing_list
        self._on_step = on_step
        self.answers: Counter[str] = Counter()

    @property
    def posted(self) -> int:
        """Deliveries made, each try counted."""
        return self.answers.total()

    async def tell(self, story: Story, *, pause_seconds: float = 0) -> None:
        """Tell one story, chapter by chapter, with a pause after each step.

        Raises:
            StillWaiting: a chapter did not come to its end.
            sandbox.webhooks.NotDelivered: ingest took no webhook for a minute.
        """
        for chapter in story.chapters:
            for step in chapter.steps:
                await self.take(step)
                self._on_step(story, step)
                if pause_seconds and not isinstance(step, Seed):
                    await asyncio.sleep(pause_seconds)
            await self._come_to_its_end(story, chapter)

    async def tell_all(self, stories: Iterable[Story], *, at_once: int) -> None:
        """Tell stories side by side, so many at once."""
        free = asyncio.Semaphore(at_once)

        async def tell_one(story: Story) -> None:
            async with free:
                await self.tell(story)

        async with asyncio.TaskGroup() as group:
            for story in stories:
                group.create_task(tell_one(story))

    async def tell_past(self, stories: Iterable[Story], *, at_once: int) -> None:
        """Tell what happened long ago: all seeds first, then all webhooks by their time, without waiting."""
        told = list(stories)
        seeds = [step.content for story in told for step in story.steps if isinstance(step, Seed)]
        for first in range(0, len(seeds), SEED_BATCH):
            await self._witness.seed(merged(seeds[first : first + SEED_BATCH]))
        webhooks = [(webhook, story) for story in told for webhook in story.webhooks]
        webhooks.sort(key=lambda pair: str(pair[0].body["eventTime"]))
        waiting = iter(webhooks)
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(self._post_each(waiting))

    async def take(self, step: Step) -> None:
        """Take one step."""
        match step:
            case Seed(content=content):
                await self._witness.seed(content)
            case Parcel(key=key, body=body):
                self._packing_list.add(key, body)
            case Webhook():
                await self._post(step)

    async def _post_each(self, waiting: Iterable[tuple[Webhook, Story]]) -> None:
        for webhook, story in waiting:
            await self._post(webhook)
            self._on_step(story, webhook)

    async def _post(self, webhook: Webhook) -> None:
        body = webhook.body
        if webhook.happens_now:
            body = {**body, "eventTime": iso(datetime.now(UTC))}
        jwt = self.signer.sign(
            webhook.event_type, body, instance_id=webhook.instance_id, identity=webhook.identity
        )
        statuses = await deliver(self._http, self._webhook_url, jwt, patience_seconds=DELIVERY_SECONDS)
        self.answers.update(str(status) if status else "no_answer" for status in statuses)

    async def _come_to_its_end(self, story: Story, chapter: Chapter) -> None:
        if not chapter.expected:
            return

        async def is_over() -> bool:
            return await self._witness.has_come(chapter.expected)

        try:
            await until(f"the effects of {story.name}", is_over, seconds=CHAPTER_SECONDS)
        except StillWaiting as waited:
            try:
                wrong = await self._witness.wrong(chapter.expected)
            except httpx.HTTPError as error:
                wrong = [f"the report service gave no answer: {error}"]
            what = f"the effects of {story.name} ({'; '.join(wrong)})"
            raise StillWaiting(what, CHAPTER_SECONDS, waited.seen) from waited


def merged(contents: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Several seeds as one."""
    whole: dict[str, list[Any]] = {}
    for content in contents:
        for name, entries in content.items():
            whole.setdefault(name, []).extend(entries)
    return whole
