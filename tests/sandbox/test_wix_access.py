"""Who may call: tokens for each site, permissions, the quota, and what every answer carries."""

from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.wix_site import NOBODY, OTHER_SITE, PLAN_ORDER, SITE, Wix, a_wix, code, furnish

ORDER = f"/pricing-plans/v2/orders/{PLAN_ORDER['id']}"


class TestToken:
    def test_app_id_secret_and_instance_give_a_token_for_four_hours(self, wix: Wix) -> None:
        answer = wix.ask_token()

        assert answer.status_code == 200
        assert answer.json()["token_type"] == "Bearer"
        assert answer.json()["expires_in"] == 4 * 60 * 60

    @pytest.mark.parametrize(
        ("changed", "status", "error"),
        [
            ({"grant_type": "refresh_token"}, 400, "unsupported_grant_type"),
            ({"client_id": "somebody"}, 401, "invalid_client"),
            ({"client_secret": "guessed"}, 401, "invalid_client"),
            ({"instance_id": None}, 400, "invalid_request"),
            # The app is not installed there.
            ({"instance_id": NOBODY}, 400, "invalid_grant"),
        ],
    )
    def test_anything_else_is_refused_in_words_of_oauth(
        self, wix: Wix, changed: dict[str, str], status: int, error: str
    ) -> None:
        answer = wix.ask_token(**changed)

        assert answer.status_code == status
        assert answer.json()["error"] == error
        assert answer.json()["error_description"]

    def test_form_encoding_is_read_as_well(self, wix: Wix) -> None:
        form = {"grant_type": "client_credentials", "client_id": "sandbox-app", "instance_id": SITE}

        answer = wix.http.post("/oauth2/token", data={**form, "client_secret": "sandbox-secret"})

        assert answer.status_code == 200

    def test_no_tokens_once_the_app_is_removed(self, wix: Wix) -> None:
        wix.seed(sites=[{"installed": False}])

        assert wix.ask_token().json()["error"] == "invalid_grant"
        # Those it has end with it.
        assert wix.http.get(ORDER).status_code == 401


class TestAuthorization:
    def test_the_raw_token_is_enough(self, wix: Wix) -> None:
        assert wix.http.get(ORDER, headers={"authorization": wix.token()}).status_code == 200

    def test_bearer_before_it_is_accepted(self, wix: Wix) -> None:
        assert wix.http.get(ORDER, headers={"authorization": f"Bearer {wix.token()}"}).status_code == 200

    @pytest.mark.parametrize("header", ["", "made-up", "Bearer made-up"])
    def test_no_token_or_an_unknown_one_is_401(self, wix: Wix, header: str) -> None:
        answer = wix.http.get(ORDER, headers={"authorization": header})

        assert code(answer) == (401, "UNAUTHENTICATED")

    def test_a_token_expires_by_the_clock_of_the_sandbox(self, wix: Wix) -> None:
        wix.pass_time(hours=3, minutes=59)
        assert wix.get(ORDER).status_code == 200

        wix.pass_time(minutes=1)
        assert wix.get(ORDER).status_code == 401

    def test_another_sites_order_is_not_found(self, wix: Wix) -> None:
        answer = wix.http.get(ORDER, headers={"authorization": wix.token(OTHER_SITE)})

        assert answer.status_code == 404

    def test_a_permission_that_the_app_lacks_is_403(self, wix: Wix) -> None:
        wix.seed(sites=[{"denied": ["PRICING_PLANS.READ_ORDERS"]}])

        assert code(wix.get(ORDER)) == (403, "PERMISSION_DENIED")


class TestQuota:
    def test_the_201st_call_of_a_minute_is_429(self, wix: Wix) -> None:
        statuses = [wix.get(ORDER).status_code for _ in range(201)]

        assert statuses == [200] * 200 + [429]
        assert code(wix.get(ORDER)) == (429, "RESOURCE_EXHAUSTED")

    def test_calls_are_free_again_after_a_minute(self, tmp_path: Path) -> None:
        with a_wix(tmp_path, sandbox_calls_per_minute=1) as wix:
            furnish(wix)
            assert [wix.get(ORDER).status_code for _ in range(2)] == [200, 429]

            wix.pass_time(seconds=60)

            assert wix.get(ORDER).status_code == 200

    def test_each_site_has_its_own(self, tmp_path: Path) -> None:
        with a_wix(tmp_path, sandbox_calls_per_minute=1) as wix:
            furnish(wix)
            wix.get(ORDER)
            other = {"authorization": wix.token(OTHER_SITE)}

            assert wix.http.get(ORDER, headers=other).status_code == 404


class TestAnswers:
    @pytest.mark.parametrize("path", [ORDER, "/nowhere", f"/pricing-plans/v2/orders/{NOBODY}"])
    def test_every_answer_names_its_request(self, wix: Wix, path: str) -> None:
        first, second = wix.get(path), wix.get(path)

        assert first.headers["x-wix-request-id"]
        assert first.headers["x-wix-request-id"] != second.headers["x-wix-request-id"]

    def test_a_path_that_wix_does_not_have_is_404(self, wix: Wix) -> None:
        answer = wix.get("/pricing-plans/v3/orders")

        assert answer.status_code == 404
        assert answer.json() == {"message": "", "details": {}}

    def test_a_body_that_is_not_json_is_400(self, wix: Wix) -> None:
        answer = wix.http.post("/inbox/v2/messages", content=b"{")

        assert answer.status_code == 400
        assert answer.json()["details"]["validationError"]


class TestApiKey:
    def owner(self, **headers: str) -> dict[str, str]:
        return {"authorization": "sandbox-api-key", **headers}

    def test_an_owners_key_speaks_for_the_site_that_is_named(self, wix: Wix) -> None:
        assert wix.http.get(ORDER, headers=self.owner(**{"wix-site-id": SITE})).status_code == 200

    @pytest.mark.parametrize(
        "headers", [{}, {"wix-site-id": "mine"}, {"wix-site-id": SITE, "wix-account-id": NOBODY}]
    )
    def test_a_key_without_its_site_or_with_two_is_400(self, wix: Wix, headers: dict[str, str]) -> None:
        assert wix.http.get(ORDER, headers=self.owner(**headers)).status_code == 400


class TestTokenInfo:
    def asked(self, wix: Wix, token: str) -> Any:
        return wix.post("/oauth2/token-info", {"token": token}).json()

    def test_it_tells_whose_a_token_is(self, wix: Wix) -> None:
        app = self.asked(wix, wix.token())
        member = self.asked(
            wix, wix.admin("tokens", {"instanceId": SITE, "memberId": NOBODY})["access_token"]
        )

        assert (app["active"], app["subjectType"], app["instanceId"]) == (True, "APP", SITE)
        assert (member["subjectType"], member["subjectId"]) == ("MEMBER", NOBODY)
        assert app["exp"] - app["iat"] == 4 * 60 * 60

    def test_one_that_it_does_not_know_is_not_active(self, wix: Wix) -> None:
        assert self.asked(wix, "guessed") == {"active": False}
