"""Members, contacts, email subscriptions, and the site itself."""

from typing import Any

import pytest

from tests.sandbox.wix_site import CONTACT, MEMBER, NOBODY, SITE, Wix, violations

GET_MEMBER = f"/members/v1/members/{MEMBER['id']}"
GET_CONTACT = f"/contacts/v4/contacts/{CONTACT['id']}"
QUERY = "/email-marketing/v1/email-subscriptions/query"


class TestGetMember:
    def test_without_a_fieldset_there_is_no_login_email(self, wix: Wix) -> None:
        """PUBLIC is the default: a flow that forgets the fieldset has no address to write to."""
        member = wix.get(GET_MEMBER).json()["member"]

        assert set(member) == {
            *("id", "contactId", "profile", "createdDate", "updatedDate"),
            *("status", "privacyStatus", "activityStatus"),
        }
        assert {member["status"], member["privacyStatus"], member["activityStatus"]} == {"UNKNOWN"}

    def test_extended_adds_the_login_email_and_the_statuses(self, wix: Wix) -> None:
        member = wix.get(GET_MEMBER, fieldsets="EXTENDED").json()["member"]

        assert member["loginEmail"] == MEMBER["loginEmail"]
        assert member["status"] == "APPROVED"
        assert "contact" not in member

    def test_full_is_everything(self, wix: Wix) -> None:
        assert wix.get(GET_MEMBER, fieldsets="FULL").json() == {"member": MEMBER}

    def test_several_fieldsets_give_their_union(self, wix: Wix) -> None:
        assert wix.get(GET_MEMBER, fieldsets=["PUBLIC", "FULL"]).json() == {"member": MEMBER}

    @pytest.mark.parametrize("fieldsets", ["EVERYTHING", ["PUBLIC", "FULL", "FULL", "FULL"]])
    def test_other_fieldsets_or_more_than_three_are_400(self, wix: Wix, fieldsets: Any) -> None:
        assert violations(wix.get(GET_MEMBER, fieldsets=fieldsets))

    def test_an_unknown_member_is_404(self, wix: Wix) -> None:
        assert wix.get(f"/members/v1/members/{NOBODY}").status_code == 404


class TestGetContact:
    def test_the_whole_contact_unless_less_is_asked_for(self, wix: Wix) -> None:
        assert wix.get(GET_CONTACT).json() == {"contact": CONTACT, "responseType": "REGULAR"}

    def test_basic_shows_the_name_and_the_primary_address(self, wix: Wix) -> None:
        contact = wix.get(GET_CONTACT, fieldsets="BASIC").json()["contact"]

        assert contact == {
            "id": CONTACT["id"],
            "revision": CONTACT["revision"],
            "info": {"name": CONTACT["info"]["name"]},
            "primaryInfo": CONTACT["primaryInfo"],
        }

    def test_fields_may_be_named_one_by_one(self, wix: Wix) -> None:
        contact = wix.get(GET_CONTACT, fields="source,info.company").json()["contact"]

        assert set(contact) == {"id", "revision", "source", "info"}
        assert contact["info"] == {"company": "Wix"}

    def test_a_merged_contact_answers_for_its_source(self, wix: Wix) -> None:
        wix.seed(contacts=[{"contact": CONTACT, "mergedFrom": [NOBODY]}])

        answer = wix.get(f"/contacts/v4/contacts/{NOBODY}").json()

        assert answer["contact"]["id"] == CONTACT["id"]
        assert answer["responseType"] == "MERGED"

    def test_an_unknown_contact_is_404(self, wix: Wix) -> None:
        assert wix.get(f"/contacts/v4/contacts/{NOBODY}").status_code == 404


class TestQueryEmailSubscriptions:
    def test_addresses_are_compared_without_case(self, wix: Wix) -> None:
        wix.seed(subscriptions=[{"email": "Ann@example.com", "subscriptionStatus": "SUBSCRIBED"}])

        answer = wix.post(QUERY, {"filter": {"email": {"$in": ["ann@EXAMPLE.com"]}}}).json()

        assert answer["subscriptions"] == [
            {
                "email": "Ann@example.com",
                "subscriptionStatus": "SUBSCRIBED",
                "deliverabilityStatus": "NOT_SET",
            }
        ]

    def test_an_address_that_wix_does_not_know_is_missing_from_the_answer(self, wix: Wix) -> None:
        answer = wix.post(QUERY, {"filter": {"email": {"$in": ["who@example.com"]}}}).json()

        assert answer["subscriptions"] == []
        assert answer["metadata"]["total"] == 0

    def test_pages(self, wix: Wix) -> None:
        addresses = [f"{number}@example.com" for number in range(3)]
        wix.seed(subscriptions=[{"email": address} for address in addresses])

        asked = {"filter": {"email": {"$in": addresses}}, "paging": {"limit": 2, "offset": 2}}
        answer = wix.post(QUERY, asked).json()

        assert [one["email"] for one in answer["subscriptions"]] == ["2@example.com"]
        assert answer["metadata"] == {"count": 1, "offset": 2, "total": 3, "tooManyToCount": False}

    @pytest.mark.parametrize(
        ("body", "violated"),
        [
            ({}, {"filter": "REQUIRED_FIELD"}),
            ({"filter": {}}, {"filter.email": "REQUIRED_FIELD"}),
            ({"filter": {"email": "a@example.com"}}, {"filter.email": "FORMAT"}),
            (
                {"filter": {"email": {"$eq": "a"}}},
                {"filter.email.$in": "REQUIRED_FIELD", "filter.email.$eq": "FIELD_NOT_ALLOWED"},
            ),
            # Other query endpoints wrap it in `query`; this one does not.
            ({"query": {}}, {"filter": "REQUIRED_FIELD", "query": "FIELD_NOT_ALLOWED"}),
        ],
    )
    def test_the_filter_is_required_and_only_in_is_known(
        self, wix: Wix, body: dict[str, Any], violated: dict[str, str]
    ) -> None:
        assert violations(wix.post(QUERY, body)) == violated


class TestListMembers:
    def test_the_newest_come_first_by_pages(self, wix: Wix) -> None:
        others = [
            {"id": f"00000000-0000-4000-8000-00000000000{n}", "createdDate": f"2026-01-0{n}T00:00:00Z"}
            for n in (1, 2)
        ]
        wix.seed(members=[{"member": one} for one in others])
        answer = wix.get("/members/v1/members", paging__limit=2, fieldsets="FULL").json()

        assert [one["id"][-1] for one in answer["members"]] == ["2", "1"]
        assert answer["metadata"] == {"count": 2, "offset": 0, "total": 3, "tooManyToCount": False}
        last = wix.get("/members/v1/members", paging__offset=2).json()["members"]
        assert "loginEmail" not in last[0]

    def test_a_page_holds_a_hundred_at_most(self, wix: Wix) -> None:
        assert violations(wix.get("/members/v1/members", paging__limit=101)) == {"paging.limit": "MAX"}


class TestChangeEmailSubscriptions:
    def upsert(self, wix: Wix, **subscription: str) -> Any:
        return wix.post("/email-marketing/v1/email-subscriptions", {"subscription": subscription}).json()

    def test_what_is_not_said_stays_as_it_was(self, wix: Wix) -> None:
        self.upsert(wix, email="Robin@example.com", deliverabilityStatus="BOUNCED")
        answer = self.upsert(wix, email="robin@example.com", subscriptionStatus="SUBSCRIBED")

        assert answer["subscription"]["subscriptionStatus"] == "SUBSCRIBED"
        assert answer["subscription"]["deliverabilityStatus"] == "BOUNCED"
        assert [event.event_type for event in wix.told] == ["EmailSubscriptionChanged"] * 2
        assert wix.told[-1].body == answer

    def test_many_at_once(self, wix: Wix) -> None:
        asked = [{"email": f"{n}@example.com", "subscriptionStatus": "SUBSCRIBED"} for n in range(3)]
        answer = wix.post("/email-marketing/v1/email-subscriptions/bulk", {"subscriptions": asked}).json()

        assert answer["bulkActionMetadata"]["totalSuccesses"] == 3

    def test_whoever_opens_an_unsubscribe_link_wants_no_mail(self, wix: Wix) -> None:
        self.upsert(wix, email="robin@example.com", subscriptionStatus="SUBSCRIBED")
        link = wix.post(
            "/email-marketing/v1/email-subscriptions/unsubscribe-link",
            {"emailAddress": "robin@example.com"},
        ).json()["link"]
        assert "robin" not in link
        assert wix.http.get(link, headers={"authorization": ""}).status_code == 200

        asked = {"filter": {"email": {"$in": ["robin@example.com"]}}}
        found = wix.post("/email-marketing/v1/email-subscriptions/query", asked).json()
        assert found["subscriptions"][0]["subscriptionStatus"] == "UNSUBSCRIBED"
        assert wix.told[-1].body["subscription"]["subscriptionStatus"] == "UNSUBSCRIBED"

    def test_a_link_that_was_not_made_is_404(self, wix: Wix) -> None:
        assert wix.http.get("/unsubscribe/guessed").status_code == 404


class TestSite:
    def test_its_properties_or_those_asked_for(self, wix: Wix) -> None:
        wix.seed(sites=[{"business": {"timeZone": "America/New_York", "paymentCurrency": "USD"}}])
        every = wix.get("/site-properties/v4/properties").json()["properties"]
        some = wix.get("/site-properties/v4/properties", fields__paths="timeZone").json()["properties"]

        assert some == {"timeZone": "America/New_York"}
        assert every["paymentCurrency"] == "USD"
        assert every["businessSchedule"]["periods"][0]["openDay"] == "MONDAY"

    def test_the_apps_instance_tells_what_it_may_do(self, wix: Wix) -> None:
        wix.seed(sites=[{"denied": ["INBOX.SEND_MESSAGES"]}])
        instance = wix.get("/apps/v1/instance").json()["instance"]

        assert instance["instanceId"] == SITE
        assert "PRICING_PLANS.READ_ORDERS" in instance["permissions"]
        assert "INBOX.SEND_MESSAGES" not in instance["permissions"]
