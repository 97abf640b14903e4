"""A story: what Wix holds, what it sends, what a warehouse tells, and what must come of all that.

A story is told chapter by chapter. When a chapter is over, every effect that it makes due must
have come to the end that the chapter expects; only then does the next one begin, so that a
cancellation never overtakes the message it should come after.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

PAYMENT_NOTICE = "payment_notice"
PURCHASE_NOTICE = "purchase_notice"
FULFILLMENT = "fulfillment"
ACCESS = "access"

State = Literal["done", "suppressed", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """Wix now holds this: a body for `POST /admin/seed`."""

    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Wix sends this. With `happens_now` the teller sets its `eventTime` to the moment it is told.

    What `lacks_its_id` can't be read, and must become a dead letter.
    """

    instance_id: str
    event_type: str
    body: Mapping[str, Any]
    identity: Mapping[str, Any] | None = None
    happens_now: bool = False
    lacks_its_id: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """The warehouse hands this over: `body` as it posts it, under its idempotency key."""

    key: str
    body: Mapping[str, Any]


Step = Seed | Webhook | Parcel


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The end that one effect must come to, and `reason` when it is suppressed or failed."""

    key: str
    flow: str
    order_id: str
    state: State
    reason: str | None = None
    tracking_number: str | None = None

    @property
    def is_message(self) -> bool:
        """Whether a message must be at Wix for it."""
        return self.state == "done" and self.flow in (PAYMENT_NOTICE, PURCHASE_NOTICE)

    @property
    def is_fulfillment(self) -> bool:
        """Whether a fulfillment must be at Wix for it."""
        return self.state == "done" and self.flow == FULFILLMENT

    @property
    def is_access(self) -> bool:
        """Whether its change of access must be at the receiver."""
        return self.state == "done" and self.flow == ACCESS

    @property
    def ref_line(self) -> str:
        """The line by which its message is known: `Ref. ` and what the effect key hashes to."""
        digest = hashlib.sha256(self.key.encode()).digest()
        return "Ref. " + base64.b32encode(digest).decode()[:6]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """Steps told one after another, and the ends they must have come to before the next chapter."""

    steps: tuple[Step, ...] = ()
    expected: tuple[Expected, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """`name` is short, `title` one sentence for people."""

    name: str
    title: str
    instance_id: str
    chapters: tuple[Chapter, ...] = field(default_factory=tuple)

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in the order in which they are told."""
        return tuple(step for chapter in self.chapters for step in chapter.steps)

    @property
    def webhooks(self) -> tuple[Webhook, ...]:
        """What Wix sends in it."""
        return tuple(step for step in self.steps if isinstance(step, Webhook))

    @property
    def parcels(self) -> tuple[Parcel, ...]:
        """What the warehouse hands over in it."""
        return tuple(step for step in self.steps if isinstance(step, Parcel))

    @property
    def expected(self) -> tuple[Expected, ...]:
        """Every effect of the story with its end."""
        return tuple(end for chapter in self.chapters for end in chapter.expected)

    @property
    def put_aside(self) -> tuple[Webhook, ...]:
        """What must become a dead letter."""
        return tuple(webhook for webhook in self.webhooks if webhook.lacks_its_id)

    @property
    def rows(self) -> int:
        """Lifecycle rows that its events alone give: one each, and one for every effect made due.

        An event that names an effect a second time gives a second row for it, and so do the
        outcomes; this is the least there must be.
        """
        return len(self.webhooks) + len(self.parcels) + len(self.expected)


class Script:
    """A story while it is written."""

    def __init__(self, name: str, title: str, instance_id: str) -> None:
        self.name = name
        self.title = title
        self.instance_id = instance_id
        self._chapters: list[tuple[list[Step], list[Expected]]] = [([], [])]

    def add(self, step: Step) -> None:
        """The next step of the chapter."""
        self._chapters[-1][0].append(step)

    def expect(self, *ends: Expected) -> None:
        """What must have come of it by the end of the chapter."""
        self._chapters[-1][1].extend(ends)

    def next_chapter(self) -> None:
        """What follows waits for what is expected so far."""
        self._chapters.append(([], []))

    def told(self) -> Story:
        """The finished story."""
        chapters = tuple(Chapter(steps=tuple(s), expected=tuple(e)) for s, e in self._chapters)
        return Story(name=self.name, title=self.title, instance_id=self.instance_id, chapters=chapters)


def payment_notice(
    instance_id: str, transaction_id: str, order_id: str, state: State, reason: str | None = None
) -> Expected:
    """The end of the notice of one payment."""
    key = f"notice:payment:{instance_id}:{transaction_id}"
    return Expected(key=key, flow=PAYMENT_NOTICE, order_id=order_id, state=state, reason=reason)


def purchase_notice(instance_id: str, order_id: str, state: State, reason: str | None = None) -> Expected:
    """The end of the notice of one purchase."""
    key = f"notice:purchase:{instance_id}:{order_id}"
    return Expected(key=key, flow=PURCHASE_NOTICE, order_id=order_id, state=state, reason=reason)


def access(
    instance_id: str, order_id: str, verb: str, number: int, state: State, reason: str | None = None
) -> Expected:
    """The end of one change of access; `number` is the pause's, 0 for start and end."""
    key = f"access:{verb}:{instance_id}:{order_id}:{number}"
    return Expected(key=key, flow=ACCESS, order_id=order_id, state=state, reason=reason)


def without_access(story: Story) -> Story:
    """The same story where no receiver is set: every change of access is suppressed."""
    chapters = (
        replace(chapter, expected=tuple(_off(end) for end in chapter.expected)) for chapter in story.chapters
    )
    return replace(story, chapters=tuple(chapters))


def _off(end: Expected) -> Expected:
    return replace(end, state="suppressed", reason="off_by_setting") if end.flow == ACCESS else end


def fulfillment(
    instance_id: str,
    order_id: str,
    how: str,
    state: State,
    reason: str | None = None,
    *,
    tracking_number: str | None = None,
) -> Expected:
    """The end of one fulfillment; `how` is `immediate` or `<warehouse>:<idempotency key>`."""
    return Expected(
        key=f"fulfillment:{instance_id}:{order_id}:{how}",
        flow=FULFILLMENT,
        order_id=order_id,
        state=state,
        reason=reason,
        tracking_number=tracking_number,
    )
