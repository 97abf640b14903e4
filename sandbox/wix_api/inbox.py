"""The inbox of a site: one conversation for each participant, messages in order. No I/O."""

import base64
import json
import uuid
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from sandbox.wix_api.message import Message, Visibility
from sandbox.wix_api.refusal import invalid_field, not_found, refused
from sandbox.wix_api.wire import Flag, Guid, JsonObject, Wire

# However many are asked for, a page of List Messages holds no more.
PAGE = 30

Kind = Literal["memberId", "contactId", "anonymousVisitorId"]


class ParticipantId(Wire):
    """Exactly one of the three."""

    member_id: Guid | None = None
    contact_id: Guid | None = None
    anonymous_visitor_id: Guid | None = None

    def one(self) -> tuple[Kind, str]:
        """The one id that was given and what it is the id of.

        Raises:
            Refusal: 400, none or several were given.
        """
        ids: tuple[tuple[Kind, str | None], ...] = (
            ("memberId", self.member_id),
            ("contactId", self.contact_id),
            ("anonymousVisitorId", self.anonymous_visitor_id),
        )
        given = [(kind, value) for kind, value in ids if value is not None]
        if len(given) != 1:
            raise invalid_field("participantId", "needs exactly one id", rule="REQUIRED_ONE_OF_FIELD")
        return given[0]


class ConversationRequest(Wire):
    """Body of Get or Create Conversation."""

    participant_id: ParticipantId


class SendRequest(Wire):
    """Body of Send Message. `typingDelay` stands in a documented request."""

    conversation_id: Guid
    message: Message
    send_notifications: Flag = False
    send_as: Literal["CALLER", "PARTICIPANT", "BUSINESS_USER"] = "CALLER"
    silent: Flag | None = None
    typing_delay: int | None = None


class _Paging(Wire):
    limit: int = Field(default=PAGE, ge=1, le=100)
    cursor: Annotated[str, Field(max_length=16000)] | None = None


class _Sorting(Wire):
    field_name: Literal["sequence"] = "sequence"
    order: Literal["ASC", "DESC"] = "DESC"


class MessagesQuery(Wire):
    """Query of List Messages; BUSINESS lists all messages."""

    conversation_id: Guid
    visibility: Visibility
    paging: _Paging = _Paging()
    sorting: _Sorting = _Sorting()

    def bookmark(self, *, after: bool, sequence: str) -> str:
        """A cursor that continues this list behind (or before) a message."""
        place = [*self._same(), after, sequence]
        return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()

    def place(self) -> tuple[bool, str] | None:
        """Where the cursor points; None on the first page.

        Raises:
            Refusal: 400, the cursor is of another list or none of ours.
        """
        if self.paging.cursor is None:
            return None
        try:
            *same, after, sequence = json.loads(base64.urlsafe_b64decode(self.paging.cursor))
        except ValueError:
            same = []
        if same != self._same():
            raise invalid_field("paging.cursor", "is not a cursor of this list")
        return after, sequence

    def _same(self) -> list[str]:
        return [self.conversation_id, self.visibility, self.sorting.order]


@dataclass(slots=True, kw_only=True)
class Conversation:
    """One participant's conversation with the business."""

    id: str
    participant: dict[str, str]
    messages: list[JsonObject] = field(default_factory=list)

    def shown(self, business_name: str) -> JsonObject:
        """The conversation as Wix answers it."""
        return {
            "id": self.id,
            "participant": self.participant,
            "channels": ["CHAT"],
            "businessDisplayData": {"name": business_name},
        }


class Inbox:
    """The conversations of one site."""

    def __init__(self, instance_id: str) -> None:
        self._namespace = uuid.uuid5(uuid.NAMESPACE_URL, f"inbox:{instance_id}")
        self._conversations: dict[str, Conversation] = {}

    def get_or_create(self, kind: Kind, participant_id: str) -> tuple[Conversation, bool]:
        """The participant's conversation, and whether it is new."""
        key = str(uuid.uuid5(self._namespace, f"{kind}:{participant_id}"))
        is_new = key not in self._conversations
        if is_new:
            self._conversations[key] = Conversation(id=key, participant={kind: participant_id})
        return self._conversations[key], is_new

    def get(self, conversation_id: str) -> Conversation:
        """One conversation.

        Raises:
            Refusal: 404.
        """
        if conversation_id not in self._conversations:
            raise not_found("Conversation", conversation_id, code="CONVERSATION_NOT_FOUND")
        return self._conversations[conversation_id]

    def page(self, query: MessagesQuery) -> JsonObject:
        """The body of List Messages: by sequence, newest first unless asked otherwise.

        Raises:
            Refusal: 404, or 400 for a cursor of another list.
        """
        messages = self._visible(query)
        start, stop = _window([one["sequence"] for one in messages], query)
        page = messages[start:stop]
        cursors = {}
        if stop < len(messages):
            cursors["next"] = query.bookmark(after=True, sequence=page[-1]["sequence"])
        if start and page:
            cursors["prev"] = query.bookmark(after=False, sequence=page[0]["sequence"])
        return {"messages": page, "pagingMetadata": {"count": len(page), "cursors": cursors}}

    def _visible(self, query: MessagesQuery) -> list[JsonObject]:
        messages = self.get(query.conversation_id).messages
        shown = [one for one in messages if query.visibility in ("BUSINESS", one["visibility"])]
        return shown[::-1] if query.sorting.order == "DESC" else shown


def _window(sequences: list[str], query: MessagesQuery) -> tuple[int, int]:
    size = min(query.paging.limit, PAGE)
    place = query.place()
    if place is None:
        return 0, min(size, len(sequences))
    after, sequence = place
    if after:
        start = sequences.index(sequence) + 1
        return start, min(start + size, len(sequences))
    stop = sequences.index(sequence)
    return max(stop - size, 0), stop


def sender(request: SendRequest, conversation: Conversation, app_id: str) -> dict[str, str]:
    """Who a message is from: for an app the caller is the app.

    Raises:
        Refusal: 403, an app may not speak as a user of the business.
    """
    if request.send_as == "PARTICIPANT":
        return conversation.participant
    if request.send_as == "BUSINESS_USER":
        raise refused(403, "IDENTITY_DOES_NOT_MATCH", "An app can't send as a business user")
    return {"appId": app_id}


def sent(
    request: SendRequest, *, sequence: int, created: str, who: dict[str, str], app_id: str
) -> JsonObject:
    """The message as Wix keeps and answers it: its id is its sequence."""
    given: JsonObject = request.message.model_dump(by_alias=True, exclude_none=True, mode="json")
    return {
        **given,
        "id": str(sequence),
        "sequence": str(sequence),
        "sender": who,
        "appId": app_id,
        "createdDate": created,
    }
