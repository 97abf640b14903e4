"""`python -m streams plan-orders`: what each command prints, and its exit code."""

import json

import pytest
from click.testing import Result

from streams.wix.explained import COUPONS
from tests.streams.plan_functions import NAMED, Function, command, each, prepared, run, use_up, with_coupon
from tests.streams.plan_site import NOBODY, OTHER_PLAN, PLAN, REFUSED_COUPONS, PlanSite
from tests.streams.wix_site import MEMBER, SITE


class TestCommands:
    @each
    def test_it_does_its_work_and_exits_0(self, shop: PlanSite, function: Function) -> None:
        done = run(function, shop, prepared(function, shop))

        assert done.exit_code == 0, done.output
        assert function.shows in done.stdout

    @each
    def test_with_json_stdout_is_json(self, shop: PlanSite, function: Function) -> None:
        done = run(function, shop, prepared(function, shop), "--json")

        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout)

    @each
    def test_what_wix_refuses_is_explained_and_exits_1(self, shop: PlanSite, function: Function) -> None:
        order_id = prepared(function, shop)
        error = {"code": "PRICING_PLANS_NOT_INSTALLED", "description": "not there"}
        shop.site.fault(
            method=function.method,
            path=function.path,
            status=428,
            body={"message": "no", "details": {"applicationError": error}},
        )

        done = run(function, shop, order_id)

        assert done.exit_code == 1
        assert "The site has no Pricing Plans" in done.stderr
        assert "request " in done.stderr

    @with_coupon
    @pytest.mark.parametrize(("coupon", "code"), REFUSED_COUPONS.items())
    def test_a_coupons_refusal_has_its_sentence(
        self, shop: PlanSite, function: Function, coupon: str, code: str
    ) -> None:
        if function.name == "getPricePreview" and code == "ERROR_COUPON_LIMIT_PER_CUSTOMER_EXCEEDED":
            pytest.skip("a price preview knows no customer")
        use_up(shop)

        done = run(function, shop, "", coupon=coupon)

        assert done.exit_code == 1
        assert COUPONS[code] in done.stderr

    @each
    def test_wix_being_away_exits_3(self, shop: PlanSite, function: Function) -> None:
        order_id = prepared(function, shop)
        shop.site.fault(method=function.method, path=function.path, status=500, times=3)

        done = run(function, shop, order_id)

        assert done.exit_code == 3
        assert "Wix gave no clear answer" in done.stderr
        assert ("Whether it was done is not known" in done.stderr) == (not function.is_read)

    def test_without_a_token_a_change_was_surely_not_made(self, shop: PlanSite) -> None:
        order_id = shop.order()
        shop.site.fault(method="POST", path="/oauth2/token", status=500, times=3)

        done = command("cancel", order_id, "--when", "now", "--yes", "--site", SITE)

        assert done.exit_code == 3
        assert "nothing was sent" in done.stderr
        assert "not known" not in done.stderr

    @each
    def test_wix_being_busy_exits_3(self, shop: PlanSite, function: Function) -> None:
        order_id = prepared(function, shop)
        shop.site.fault(method=function.method, path=function.path, status=429)

        done = run(function, shop, order_id)

        assert done.exit_code == 3
        assert "Try again in a minute" in done.stderr
        assert "not known" not in done.stderr

    @pytest.mark.parametrize(
        "words",
        [
            ("get", "not-an-id"),
            ("list", "--limit", "0"),
            ("list", "--desc"),
            ("list", "--status", "SLEEPING"),
            ("cancel", NOBODY),
            ("cancel", NOBODY, "--when", "someday"),
            ("postpone-end", NOBODY, "--to", "soon"),
            ("postpone-end", NOBODY, "--to", "2030-01-01T10:00"),
            ("create-offline", "--plan", PLAN),
            ("create-offline", "--plan", PLAN, "--member", MEMBER, "--expect", "60.50"),
            ("create-offline", "--plan", PLAN, "--member", MEMBER, "--coupon", "C" * 21),
            ("create-online", "--plan", PLAN),
            ("preview-online", "--plan", PLAN),
            ("member-get", NOBODY),
        ],
    )
    def test_wrong_usage_exits_2_and_sends_nothing(self, shop: PlanSite, words: tuple[str, ...]) -> None:
        before = shop.site.received["requests"]

        done = command(*words)

        assert done.exit_code == 2, done.output
        assert shop.site.received["requests"] == before

    @pytest.mark.parametrize(
        ("unset", "names"), [("WIX_APP_SECRET", "WIX_APP_SECRET"), ("WIX_APP_ID", "WIX_APP_ID")]
    )
    def test_without_credentials_it_says_which_are_missing(
        self, shop: PlanSite, monkeypatch: pytest.MonkeyPatch, unset: str, names: str
    ) -> None:
        monkeypatch.delenv(unset)

        done = command("list", "--site", SITE)

        assert (done.exit_code, names in done.stderr) == (2, True)

    def test_without_a_site_it_says_how_to_find_one(self, shop: PlanSite) -> None:
        done = command("list")

        assert done.exit_code == 2
        assert "--site" in done.stderr

    def test_with_a_key_the_site_is_a_setting(self, shop: PlanSite, monkeypatch: pytest.MonkeyPatch) -> None:
        order_id = shop.order()
        monkeypatch.setenv("WIX_API_KEY", "sandbox-api-key")
        monkeypatch.setenv("WIX_SITE_ID", SITE)

        assert command("get", order_id).exit_code == 0

    def test_a_wrong_secret_exits_1(self, shop: PlanSite, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WIX_APP_SECRET", "guessed")

        done = command("list", "--site", SITE)

        assert done.exit_code == 1
        assert "does not accept the credentials" in done.stderr
        assert "guessed" not in done.output


class TestAsking:
    """What can't be undone is not done by accident."""

    UNDOABLE = ("cancelOrder", "markAsPaid", "postponeEndDate", "createOfflineOrder", "createOnlineOrder")

    @pytest.mark.parametrize("name", UNDOABLE)
    @pytest.mark.parametrize("says", ["n\n", None])
    def test_without_a_yes_nothing_is_changed(self, shop: PlanSite, name: str, says: str | None) -> None:
        order_id = prepared(NAMED[name], shop)
        before = shop.orders()

        words = [word for word in NAMED[name].words(order_id) if word != "--yes"]
        done = command(*words, "--site", SITE, says=says)

        assert done.exit_code == 2
        assert shop.orders() == before

    @pytest.mark.parametrize("name", UNDOABLE)
    def test_a_yes_is_enough(self, shop: PlanSite, name: str) -> None:
        order_id = prepared(NAMED[name], shop)

        words = [word for word in NAMED[name].words(order_id) if word != "--yes"]
        done = command(*words, "--site", SITE, says="y\n")

        assert done.exit_code == 0, done.output

    def test_an_end_that_is_not_later_is_not_sent(self, shop: PlanSite) -> None:
        order_id = shop.order()

        done = command("postpone-end", order_id, "--to", "2020-01-01", "--yes", "--site", SITE)

        assert done.exit_code == 2
        assert "must be later" in done.stderr

    @pytest.mark.parametrize("kind", ["create-offline", "create-online"])
    @pytest.mark.parametrize(("expected", "exit_code", "made"), [("15.00EUR", 0, 1), ("15.01EUR", 2, 0)])
    def test_nothing_is_created_at_another_price_than_expected(
        self, shop: PlanSite, kind: str, expected: str, exit_code: int, made: int
    ) -> None:
        done = command(
            kind, "--plan", PLAN, "--member", MEMBER, "--expect", expected, "--yes", "--site", SITE
        )

        assert done.exit_code == exit_code, done.output
        assert len(shop.orders()) == made


class TestChangeStart:
    def test_it_says_that_wix_has_no_such_call_and_what_to_do(self, shop: PlanSite) -> None:
        done = command("change-start", shop.order(), "--to", "2030-01-01")

        assert done.exit_code == 2
        for word in ("no public call", "create-offline", "changeStartDate", "postpone-end"):
            assert word in done.stderr


class TestEligibility:
    TRIAL = "77777777-7777-4777-8777-777777777778"

    def asked(self, *more: str) -> Result:
        return command("eligibility", "--plan", self.TRIAL, "--member", MEMBER, "--site", SITE, *more)

    def test_a_first_order_gets_the_trial(self, shop: PlanSite) -> None:
        assert self.asked().stdout == "may buy: yes\nfree trial: 14 days\n"

    def test_a_draft_is_no_earlier_order(self, shop: PlanSite) -> None:
        shop.order(planId=self.TRIAL, status="DRAFT")

        assert "free trial: 14 days" in self.asked().stdout

    def test_who_had_the_plan_gets_no_trial_nor_one_more(self, shop: PlanSite) -> None:
        shop.order(planId=self.TRIAL, status="ENDED")

        assert json.loads(self.asked("--json").stdout) == {
            "mayBuy": False,
            "trialDays": 0,
            "earlierOrders": 1,
        }


class TestFilters:
    def test_a_list_asks_wix_for_what_is_wanted(self, shop: PlanSite) -> None:
        wanted = shop.order(planId=PLAN, status="PAUSED", lastPaymentStatus="PAID")
        shop.order(planId=PLAN, status="PAUSED", lastPaymentStatus="UNPAID")
        shop.order(planId=PLAN, status="ACTIVE", lastPaymentStatus="PAID")
        shop.order(planId=OTHER_PLAN, status="PAUSED", lastPaymentStatus="PAID")
        words = ("--plan", PLAN, "--status", "PAUSED", "--status", "ENDED", "--payment", "PAID")

        done = command("list", *words, "--member", MEMBER, "--auto-renew", "--json", "--site", SITE)

        assert [order["id"] for order in json.loads(done.stdout)] == [wanted]

    def test_sorted_by_end(self, shop: PlanSite) -> None:
        late = shop.order(endDate="2031-01-01T00:00:00.000Z")
        early = shop.order(endDate="2030-01-01T00:00:00.000Z")

        up = command("list", "--sort", "endDate", "--json", "--site", SITE)
        down = command("list", "--sort", "endDate", "--desc", "--json", "--site", SITE)

        assert [order["id"] for order in json.loads(up.stdout)] == [early, late]
        assert [order["id"] for order in json.loads(down.stdout)] == [late, early]

    def test_no_more_than_wanted_are_shown(self, shop: PlanSite) -> None:
        for _ in range(3):
            shop.order()

        done = command("list", "--limit", "2", "--json", "--site", SITE)

        assert len(json.loads(done.stdout)) == 2
        assert "--limit" in done.stderr
