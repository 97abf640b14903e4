"""Inbox: conversations and messages."""

from pydantic.alias_generators import to_camel

from sandbox.wix_api.call import Call, Endpoint
from sandbox.wix_api.clock import instant
from sandbox.wix_api.inbox import ConversationRequest, Kind, MessagesQuery, SendRequest, sender, sent
from sandbox.wix_api.refusal import Violation, invalid, invalid_field, not_found
from sandbox.wix_api.wire import JsonObject
from sandbox.wix_api.world import Site


def get_or_create_conversation(call: Call) -> JsonObject:
    """The participant's one conversation."""
    kind, given = call.read(ConversationRequest).participant_id.one()
    conversation, is_new = call.site.inbox.get_or_create(kind, _addressed(call.site, kind, given))
    return {"conversation": conversation.shown(call.site.name), "newConversation": is_new}


def get_conversation(call: Call) -> JsonObject:
    """One conversation by its id."""
    return {"conversation": call.site.inbox.get(call.id("id")).shown(call.site.name)}


def send_message(call: Call) -> JsonObject:
    """Add a message to a conversation. There is no idempotency key: sent twice, it is there twice."""
    request = call.read(SendRequest)
    if call.world.rules.target_channels_refused:
        _refuse_removed(request)
    conversation = call.site.inbox.get(request.conversation_id)
    message = sent(
        request,
        sequence=call.world.clock.sequence(),
        created=instant(call.now),
        who=sender(request, conversation, call.world.app_id),
        app_id=call.world.app_id,
    )
    conversation.messages.append(message)
    call.world.received.message(
        instance_id=call.site.instance_id,
        conversation={"id": conversation.id, "participant": conversation.participant},
        message_id=message["id"],
        at=call.now,
        body=request.answer(),
    )
    return {"message": message}


def _refuse_removed(request: SendRequest) -> None:
    sent_fields = request.message.model_fields_set
    removed = [name for name in ("target_channels", "source_channel") if name in sent_fields]
    if removed:
        raise invalid(
            [
                Violation(
                    name=f"message.{to_camel(name)}", description="was removed", rule="FIELD_NOT_ALLOWED"
                )
                for name in removed
            ]
        )


def list_messages(call: Call) -> JsonObject:
    """A page of a conversation's messages, the newest first."""
    return call.site.inbox.page(call.asked(MessagesQuery))


def _addressed(site: Site, kind: Kind, given: str) -> str:
    if kind == "anonymousVisitorId":
        return given
    if kind == "memberId":
        if given not in site.members:
            raise not_found("Member", given, code="MEMBER_NOT_FOUND")
        return given
    contact = site.contacts.current(given)
    if site.members.of_contact(contact or given) is not None:
        raise invalid_field("participantId.contactId", "is a member: a member is addressed by memberId")
    if contact is None:
        raise not_found("Contact", given, code="CONTACT_NOT_FOUND")
    return contact


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/inbox/v2/conversations",
        permission="INBOX.CREATE_CONVERSATIONS",
        handler=get_or_create_conversation,
    ),
    Endpoint(
        method="GET",
        path="/inbox/v2/conversations/{id}",
        permission="INBOX.READ_CONVERSATIONS",
        handler=get_conversation,
    ),
    Endpoint(
        method="POST", path="/inbox/v2/messages", permission="INBOX.SEND_MESSAGES", handler=send_message
    ),
    Endpoint(
        method="GET", path="/inbox/v2/messages", permission="INBOX.READ_MESSAGES", handler=list_messages
    ),
)
