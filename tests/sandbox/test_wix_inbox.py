"""Get or Create Conversation, Send Message and List Messages."""

from copy import deepcopy
from typing import Any

import pytest

from tests.sandbox.wix_site import CONTACT, MEMBER, NOBODY, OTHER_SITE, SITE, Wix, code, payload, violations

CONVERSATIONS = "/inbox/v2/conversations"
MESSAGES = "/inbox/v2/messages"
VISIBLE = "BUSINESS_AND_PARTICIPANT"


def conversation(wix: Wix, **participant: str) -> dict[str, Any]:
    answer = wix.post(CONVERSATIONS, {"participantId": participant or {"memberId": MEMBER["id"]}})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def a_message(conversation_id: str, **changed: Any) -> dict[str, Any]:
    message = {
        "content": {"previewText": "Paid", "basic": {"items": [{"text": "Thank you."}]}},
        "visibility": VISIBLE,
        "direction": "BUSINESS_TO_PARTICIPANT",
        "targetChannels": ["EMAIL"],
    }
    return {"conversationId": conversation_id, "message": {**message, **changed}, "sendNotifications": True}


def send(wix: Wix, conversation_id: str, **changed: Any) -> str:
    answer = wix.post(MESSAGES, a_message(conversation_id, **changed))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["message"]["id"])


@pytest.fixture
def opened(wix: Wix) -> str:
    """The id of the member's conversation."""
    return str(conversation(wix)["conversation"]["id"])


class TestGetOrCreateConversation:
    def test_a_participant_has_one_conversation(self, wix: Wix) -> None:
        first, second = conversation(wix), conversation(wix)

        assert (first["newConversation"], second["newConversation"]) == (True, False)
        assert first["conversation"] == second["conversation"]
        assert first["conversation"]["participant"] == {"memberId": MEMBER["id"]}

    def test_another_participant_has_another(self, wix: Wix, opened: str) -> None:
        assert conversation(wix, contactId=CONTACT["id"])["conversation"]["id"] != opened

    def test_a_contact_who_is_a_member_is_addressed_as_member(self, wix: Wix) -> None:
        answer = wix.post(CONVERSATIONS, {"participantId": {"contactId": MEMBER["contactId"]}})

        assert violations(answer) == {"participantId.contactId": "CUSTOM"}

    def test_a_merged_contact_has_the_conversation_of_its_target(self, wix: Wix) -> None:
        target = conversation(wix, contactId=CONTACT["id"])
        wix.seed(contacts=[{"contact": CONTACT, "mergedFrom": [NOBODY]}])

        assert conversation(wix, contactId=NOBODY)["conversation"] == target["conversation"]

    def test_a_visitor_needs_no_introduction(self, wix: Wix) -> None:
        assert conversation(wix, anonymousVisitorId=NOBODY)["newConversation"]

    @pytest.mark.parametrize("kind", ["memberId", "contactId"])
    def test_whom_wix_does_not_know_is_404(self, wix: Wix, kind: str) -> None:
        assert wix.post(CONVERSATIONS, {"participantId": {kind: NOBODY}}).status_code == 404

    @pytest.mark.parametrize(
        ("body", "violated"),
        [
            ({}, {"participantId": "REQUIRED_FIELD"}),
            ({"participantId": {}}, {"participantId": "REQUIRED_ONE_OF_FIELD"}),
            (
                {"participantId": {"memberId": NOBODY, "contactId": NOBODY}},
                {"participantId": "REQUIRED_ONE_OF_FIELD"},
            ),
            ({"participantId": {"memberId": "7"}}, {"participantId.memberId": "CUSTOM"}),
            ({"participantId": {"memberId": NOBODY}, "draft": True}, {"draft": "FIELD_NOT_ALLOWED"}),
        ],
    )
    def test_exactly_one_id_is_wanted(self, wix: Wix, body: Any, violated: dict[str, str]) -> None:
        assert violations(wix.post(CONVERSATIONS, body)) == violated

    def test_it_can_be_read_again_by_its_id(self, wix: Wix, opened: str) -> None:
        assert wix.get(f"{CONVERSATIONS}/{opened}").json()["conversation"]["id"] == opened
        assert code(wix.get(f"{CONVERSATIONS}/{NOBODY}")) == (404, "CONVERSATION_NOT_FOUND")


class TestSendMessage:
    def test_the_message_is_answered_as_it_is_kept(self, wix: Wix, opened: str) -> None:
        message = wix.post(MESSAGES, a_message(opened)).json()["message"]

        assert message["id"] == message["sequence"]
        assert message["sender"] == {"appId": "sandbox-app"}
        assert message["content"]["basic"]["items"] == [{"text": "Thank you."}]
        assert message["createdDate"] == "2026-03-01T12:00:00.000Z"

    def test_sent_twice_it_is_there_twice(self, wix: Wix, opened: str) -> None:
        """Wix has no idempotency key: whoever wants one message must send once."""
        ids = [send(wix, opened), send(wix, opened)]

        assert [one["messageId"] for one in wix.received()["messages"]] == ids

    def test_what_was_received_names_site_and_participant(self, wix: Wix, opened: str) -> None:
        message_id = send(wix, opened)

        [received] = wix.received()["messages"]
        assert received == {
            "instanceId": SITE,
            "conversationId": opened,
            "participant": {"memberId": MEMBER["id"]},
            "messageId": message_id,
            "time": "2026-03-01T12:00:00.000Z",
            "body": a_message(opened),
        }

    @pytest.mark.parametrize("name", ["basic", "template"])
    def test_snake_case_is_read_and_camel_case_answered(self, wix: Wix, opened: str, name: str) -> None:
        asked = {**payload(f"send_message__{name}.request"), "conversation_id": opened}

        message = wix.post(MESSAGES, asked).json()["message"]

        assert message["content"]["previewText"] == asked["message"]["content"]["preview_text"]
        assert message["badges"][0]["badgeVisibility"] == "BUSINESS"

    @pytest.mark.parametrize(
        "path", ["conversationId", "message", "message.content", "message.direction", "message.visibility"]
    )
    def test_required_fields(self, wix: Wix, opened: str, path: str) -> None:
        body = deepcopy(a_message(opened))
        *parents, leaf = path.split(".")
        del (body[parents[0]] if parents else body)[leaf]

        assert violations(wix.post(MESSAGES, body)) == {path: "REQUIRED_FIELD"}

    @pytest.mark.parametrize(
        ("changed", "violated"),
        [
            ({"direction": "BUSINESS"}, {"message.direction": "INVALID_ENUM_VALUE"}),
            ({"visibility": "PARTICIPANT"}, {"message.visibility": "INVALID_ENUM_VALUE"}),
            ({"targetChannels": ["FAX"]}, {"message.targetChannels.0": "INVALID_ENUM_VALUE"}),
            # One channel for each message.
            ({"targetChannels": ["EMAIL", "SMS"]}, {"message.targetChannels": "MAX_SIZE"}),
            ({"badges": [{"text": "a"}, {"text": "b"}]}, {"message.badges": "MAX_SIZE"}),
            ({"subject": "Hello"}, {"message.subject": "FIELD_NOT_ALLOWED"}),
        ],
    )
    def test_a_message_out_of_shape_is_400(
        self, wix: Wix, opened: str, changed: dict[str, Any], violated: dict[str, str]
    ) -> None:
        assert violations(wix.post(MESSAGES, a_message(opened, **changed))) == violated

    @pytest.mark.parametrize(
        ("content", "violated"),
        [
            ({}, {"message.content": "CUSTOM"}),
            ({"minimal": {"text": "a"}, "basic": {"items": [{"text": "a"}]}}, {"message.content": "CUSTOM"}),
            (
                {"previewText": "x" * 257, "minimal": {"text": "a"}},
                {"message.content.previewText": "MAX_LENGTH"},
            ),
            ({"basic": {"items": []}}, {"message.content.basic.items": "MIN_SIZE"}),
            ({"basic": {"items": [{"text": ""}]}}, {"message.content.basic.items.0.text": "MIN_LENGTH"}),
            (
                {"basic": {"items": [{"text": "x" * 16385}]}},
                {"message.content.basic.items.0.text": "MAX_LENGTH"},
            ),
            ({"basic": {"items": [{}]}}, {"message.content.basic.items.0": "CUSTOM"}),
            # `system` is Wix's own.
            ({"system": {}}, {"message.content.system": "FIELD_NOT_ALLOWED"}),
        ],
    )
    def test_content_out_of_shape_is_400(
        self, wix: Wix, opened: str, content: dict[str, Any], violated: dict[str, str]
    ) -> None:
        assert violations(wix.post(MESSAGES, a_message(opened, content=content))) == violated

    def test_the_longest_text_and_preview_are_taken(self, wix: Wix, opened: str) -> None:
        longest = {"previewText": "x" * 256, "basic": {"items": [{"text": "x" * 16384}]}}

        assert send(wix, opened, content=longest)

    def test_another_sites_conversation_is_not_found(self, wix: Wix, opened: str) -> None:
        other = {"authorization": wix.token(OTHER_SITE)}

        answer = wix.http.post(MESSAGES, json=a_message(opened), headers=other)

        assert code(answer) == (404, "CONVERSATION_NOT_FOUND")

    def test_as_the_participant(self, wix: Wix, opened: str) -> None:
        message = wix.post(MESSAGES, {**a_message(opened), "sendAs": "PARTICIPANT"}).json()["message"]

        assert message["sender"] == {"memberId": MEMBER["id"]}

    def test_an_app_may_not_speak_as_a_user_of_the_business(self, wix: Wix, opened: str) -> None:
        answer = wix.post(MESSAGES, {**a_message(opened), "sendAs": "BUSINESS_USER"})

        assert code(answer) == (403, "IDENTITY_DOES_NOT_MATCH")


class TestListMessages:
    def listed(self, wix: Wix, conversation_id: str, **query: Any) -> tuple[list[str], dict[str, str]]:
        answer = wix.get(MESSAGES, conversationId=conversation_id, **{"visibility": VISIBLE, **query})
        assert answer.status_code == 200, answer.text
        body = answer.json()
        return [one["id"] for one in body["messages"]], body["pagingMetadata"]["cursors"]

    def test_the_newest_come_first(self, wix: Wix, opened: str) -> None:
        sent = [send(wix, opened) for _ in range(3)]

        assert self.listed(wix, opened) == (sent[::-1], {})

    def test_a_page_holds_thirty_and_the_cursor_leads_on(self, wix: Wix, opened: str) -> None:
        sent = [send(wix, opened) for _ in range(35)][::-1]

        first, cursors = self.listed(wix, opened, paging__limit=100)
        second, back = self.listed(wix, opened, paging__cursor=cursors["next"])

        assert (first, second) == (sent[:30], sent[30:])
        assert "next" not in back
        assert self.listed(wix, opened, paging__cursor=back["prev"])[0] == first

    def test_a_cursor_keeps_its_place_when_messages_come_in(self, wix: Wix, opened: str) -> None:
        sent = [send(wix, opened) for _ in range(4)][::-1]
        _, cursors = self.listed(wix, opened, paging__limit=2)
        send(wix, opened)

        assert self.listed(wix, opened, paging__limit=2, paging__cursor=cursors["next"])[0] == sent[2:]

    def test_oldest_first_on_demand(self, wix: Wix, opened: str) -> None:
        sent = [send(wix, opened) for _ in range(2)]

        assert self.listed(wix, opened, sorting__fieldName="sequence", sorting__order="ASC")[0] == sent

    def test_business_sees_also_what_the_participant_does_not(self, wix: Wix, opened: str) -> None:
        hidden, shown = send(wix, opened, visibility="BUSINESS"), send(wix, opened)

        assert self.listed(wix, opened)[0] == [shown]
        assert self.listed(wix, opened, visibility="BUSINESS")[0] == [shown, hidden]

    def test_a_cursor_of_another_list_is_400(self, wix: Wix, opened: str) -> None:
        for _ in range(2):
            send(wix, opened)
        _, cursors = self.listed(wix, opened, paging__limit=1)
        asked = {"conversationId": opened, "visibility": "BUSINESS"}

        for cursor in (cursors["next"], "made-up"):
            assert violations(wix.get(MESSAGES, **asked, paging__cursor=cursor)) == {
                "paging.cursor": "CUSTOM"
            }

    @pytest.mark.parametrize(
        ("query", "violated"),
        [
            ({"visibility": VISIBLE}, {"conversationId": "REQUIRED_FIELD"}),
            ({"conversationId": NOBODY}, {"visibility": "REQUIRED_FIELD"}),
            (
                {"conversationId": NOBODY, "visibility": VISIBLE, "paging__limit": 101},
                {"paging.limit": "MAX"},
            ),
        ],
    )
    def test_conversation_and_visibility_are_required(
        self, wix: Wix, query: dict[str, Any], violated: dict[str, str]
    ) -> None:
        assert violations(wix.get(MESSAGES, **query)) == violated

    def test_an_unknown_conversation_is_404(self, wix: Wix) -> None:
        answer = wix.get(MESSAGES, conversationId=NOBODY, visibility=VISIBLE)

        assert code(answer) == (404, "CONVERSATION_NOT_FOUND")


class TestRemovedFields:
    def test_target_channels_can_be_refused_already(self, wix: Wix, opened: str) -> None:
        wix.admin("rules", {"targetChannelsRefused": True})
        asked = a_message(opened)
        asked["message"]["sourceChannel"] = "EMAIL"

        assert violations(wix.post(MESSAGES, asked)) == {
            "message.targetChannels": "FIELD_NOT_ALLOWED",
            "message.sourceChannel": "FIELD_NOT_ALLOWED",
        }
        del asked["message"]["targetChannels"], asked["message"]["sourceChannel"]
        assert wix.post(MESSAGES, asked).status_code == 200
