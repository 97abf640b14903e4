"""Get Order and List Orders of Pricing Plans."""

from typing import Any

import pytest

from tests.sandbox.wix_site import NOBODY, PLAN_ORDER, Wix, violations

ORDERS = "/pricing-plans/v2/orders"


def an_order(number: int, **changed: Any) -> dict[str, Any]:
    day = f"2026-01-{number:02d}T00:00:00.000Z"
    return {**PLAN_ORDER, "id": f"00000000-0000-4000-8000-{number:012d}", "createdDate": day, **changed}


def listed(wix: Wix, **query: Any) -> list[int]:
    answer = wix.get(ORDERS, **query)
    assert answer.status_code == 200, answer.text
    return [int(order["id"][-12:]) for order in answer.json()["orders"]]


@pytest.fixture
def orders(wix: Wix) -> Wix:
    """Five orders beside none other, the newest has the highest number."""
    wix.admin("reset", {})
    wix.seed(
        planOrders=[
            {"order": an_order(1, status="ENDED", lastPaymentStatus="PAID", endDate="2026-03-01T00:00:00Z")},
            {
                "order": an_order(
                    2, status="CANCELED", lastPaymentStatus="UNPAID", endDate="2026-02-01T00:00:00Z"
                )
            },
            {"order": an_order(3, status="ACTIVE", lastPaymentStatus="PAID", autoRenewCanceled=True)},
            {"order": an_order(4, status="DRAFT", lastPaymentStatus="UNPAID", planId=NOBODY)},
            {"order": an_order(5, status="ACTIVE", lastPaymentStatus="PAID", buyer={"memberId": NOBODY})},
        ]
    )
    wix.http.headers["authorization"] = wix.token()
    return wix


class TestGetOrder:
    def test_the_order_as_it_was_seeded(self, wix: Wix) -> None:
        assert wix.get(f"{ORDERS}/{PLAN_ORDER['id']}").json() == {"order": PLAN_ORDER}

    def test_an_unknown_id_is_404(self, wix: Wix) -> None:
        assert wix.get(f"{ORDERS}/{NOBODY}").status_code == 404

    def test_an_id_that_is_no_guid_is_400(self, wix: Wix) -> None:
        assert violations(wix.get(f"{ORDERS}/17")) == {"id": "FORMAT"}

    def test_form_answers_come_only_with_the_full_fieldset(self, wix: Wix) -> None:
        form = {"formId": NOBODY, "submissionData": {"size": "L"}}
        wix.seed(planOrders=[{"order": {**PLAN_ORDER, "formData": form}}])
        path = f"{ORDERS}/{PLAN_ORDER['id']}"

        assert wix.get(path).json()["order"]["formData"] == {"formId": NOBODY}
        assert wix.get(path, fieldSet="FULL").json()["order"]["formData"] == form


class TestListOrders:
    def test_the_newest_come_first_and_drafts_are_among_them(self, orders: Wix) -> None:
        assert listed(orders) == [5, 4, 3, 2, 1]

    def test_values_of_one_filter_are_alternatives(self, orders: Wix) -> None:
        assert listed(orders, orderStatuses=["CANCELED", "ENDED"]) == [2, 1]

    def test_different_filters_add_up(self, orders: Wix) -> None:
        assert listed(orders, orderStatuses=["CANCELED", "ENDED"], paymentStatuses="PAID") == [1]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"buyerIds": NOBODY}, [5]),
            ({"planIds": NOBODY}, [4]),
            ({"autoRenewCanceled": "true"}, [3]),
            ({"autoRenewCanceled": "false"}, [5, 4, 2, 1]),
            # proto JSON reads both spellings.
            ({"order_statuses": "DRAFT"}, [4]),
        ],
    )
    def test_each_filter(self, orders: Wix, query: dict[str, str], found: list[int]) -> None:
        assert listed(orders, **query) == found

    def test_sorting_without_an_order_is_ascending(self, orders: Wix) -> None:
        assert listed(orders, sorting__fieldName="createdDate") == [1, 2, 3, 4, 5]

    def test_sorting_by_end_date(self, orders: Wix) -> None:
        found = listed(
            orders, sorting__fieldName="endDate", sorting__order="DESC", orderStatuses=["ENDED", "CANCELED"]
        )

        assert found == [1, 2]

    def test_pages_tell_how_many_there_are(self, orders: Wix) -> None:
        answer = orders.get(ORDERS, limit=2, offset=4).json()

        assert len(answer["orders"]) == 1
        assert answer["pagingMetadata"] == {"count": 1, "offset": 4, "total": 5, "tooManyToCount": False}

    @pytest.mark.parametrize(
        ("query", "violated"),
        [
            ({"limit": 51}, {"limit": "MAX"}),
            ({"limit": 0}, {"limit": "MIN"}),
            ({"orderStatuses": "EXPIRED"}, {"orderStatuses.0": "INVALID_ENUM_VALUE"}),
            ({"sorting__fieldName": "updatedDate"}, {"sorting.fieldName": "INVALID_ENUM_VALUE"}),
            ({"sorting": "createdDate", "sorting__order": "ASC"}, {"sorting.order": "FORMAT"}),
            # There is no filter on the date of the last change.
            ({"updatedDate": "2026-01-01"}, {"updatedDate": "FIELD_NOT_ALLOWED"}),
        ],
    )
    def test_what_the_query_does_not_allow_is_400(
        self, orders: Wix, query: dict[str, str], violated: dict[str, str]
    ) -> None:
        assert violations(orders.get(ORDERS, **query)) == violated
