"""Wix Inbox: conversations with customers, and the messages in them."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from streams.fields import items, moment, text
from streams.wix.client import WixClient, in_path

_CONVERSATIONS = "/inbox/v2/conversations"
_MESSAGES = "/inbox/v2/messages"

VISIBILITY = "BUSINESS_AND_PARTICIPANT"
TO_PARTICIPANT = "BUSINESS_TO_PARTICIPANT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """Whom a conversation is with. A member must be named as a member, not as a contact."""

    kind: Literal["memberId", "contactId"]
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A site has one conversation with each participant; its id changes when contacts are merged."""

    id: str
    business_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message to the participant: `preview` up to 256, `text` up to 16384 characters."""

    preview: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxMessage:
    """A message that lies in a conversation."""

    id: str
    created_at: datetime | None
    is_to_participant: bool
    texts: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What Send Message answered."""

    message_id: str
    request_id: str | None


async def get_or_create_conversation(wix: WixClient, site: str, participant: Participant) -> Conversation:
    """The site's conversation with a participant; asking again gives the same one."""
    body = {"participantId": {participant.kind: participant.id}}
    answer = await wix.request(site, "POST", _CONVERSATIONS, json=body)
    conversation = answer.object("conversation")
    return Conversation(
        id=answer.text(conversation, "id"),
        business_name=text(conversation, "businessDisplayData", "name"),
    )


async def get_conversation(wix: WixClient, site: str, conversation_id: str) -> Conversation:
    """One conversation by its id. NotFound if it is gone, such as after a merge."""
    answer = await wix.request(site, "GET", f"{_CONVERSATIONS}/{in_path(conversation_id)}")
    conversation = answer.object("conversation")
    return Conversation(
        id=answer.text(conversation, "id"),
        business_name=text(conversation, "businessDisplayData", "name"),
    )


async def send_message(
    wix: WixClient, site: str, conversation_id: str, message: NewMessage, *, by_email: bool
) -> Sent:
    """Send a message. Wix knows no idempotency key: never repeat a call that is in doubt.

    `by_email` names EMAIL as the channel, by a field whose removal Wix announced; without it Wix
    chooses.
    """
    content = {"previewText": message.preview, "basic": {"items": [{"text": message.text}]}}
    channel = {"targetChannels": ["EMAIL"]} if by_email else {}
    body = {
        "conversationId": conversation_id,
        "message": {"content": content, "visibility": VISIBILITY, "direction": TO_PARTICIPANT, **channel},
        "sendNotifications": True,
    }
    answer = await wix.request(site, "POST", _MESSAGES, json=body)
    sent = answer.object("message")
    return Sent(message_id=answer.text(sent, "id"), request_id=answer.request_id)


async def list_messages(
    wix: WixClient, site: str, conversation_id: str, *, since: datetime
) -> AsyncIterator[InboxMessage]:
    """The messages of a conversation since a time, newest first, page by page.

    NotFound when there is no such conversation (any more).
    """
    query = {"conversationId": conversation_id, "visibility": VISIBILITY}
    cursor: str | None = None
    while True:
        params = query | ({"paging.cursor": cursor} if cursor else {})
        answer = await wix.request(site, "GET", _MESSAGES, params=params)
        page = [_message(one) for one in items(answer.body, "messages")]
        for message in page:
            if message.created_at is None or message.created_at >= since:
                yield message
        asked, cursor = cursor, text(answer.body, "pagingMetadata", "cursors", "next")
        if cursor is None or _is_before(page, since):
            return
        if cursor == asked:
            raise answer.unexpected("a page that is its own next page")


def _message(message: Mapping[str, Any]) -> InboxMessage:
    content = items(message, "content", "basic", "items")
    return InboxMessage(
        id=text(message, "id") or "",
        created_at=moment(message, "createdDate"),
        is_to_participant=text(message, "direction") == TO_PARTICIPANT,
        texts=tuple(found for one in content if (found := text(one, "text"))),
    )


def _is_before(page: list[InboxMessage], since: datetime) -> bool:
    """Whether the page reaches back behind a time, so that the next ones hold nothing newer."""
    return any(one.created_at is not None and one.created_at < since for one in page)
