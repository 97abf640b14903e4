"""`python -m streams templates`: what customers read, looked at and checked before they do."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from streams import owners
from streams.commands.templates import templates
from streams.owners import OwnersFilesBroken
from streams.settings import FlowSettings
from tests.started import ended
from tests.streams.plan_site import PlanSite
from tests.streams.wix_site import (
    MEMBERS_ADDRESS,
    NOW,
    PLAN_ORDER,
    SITE,
    SandboxSite,
    a_contact,
    a_member,
    a_plan_order,
    a_subscription,
)

ENGLISH = "payment_notice.en.txt"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """TEMPLATES_DIR, empty; and no SITES_FILE."""
    folder = tmp_path / "templates"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TEMPLATES_DIR", str(folder))
    monkeypatch.delenv("SITES_FILE", raising=False)
    return folder


@pytest.fixture
def buyer(shop: PlanSite, site: SandboxSite) -> SandboxSite:
    """One buyer's site, and an environment in which our commands ask it."""
    return site


def run(*words: str) -> Result:
    return CliRunner().invoke(templates, words)


def told(*words: str) -> Any:
    return json.loads(run(*words, "--json").stdout)


class TestList:
    def test_ours_and_the_owners_with_what_is_wrong(self, folder: Path) -> None:
        (folder / ENGLISH).write_text("Paid {{ nme }}")

        listed = {one["where"]: one for one in told("list")}

        assert listed[str(folder / ENGLISH)]["mistakes"][0]["what"] == "There is no field nme."
        assert listed["built-in purchase_notice.fr.txt"]["mistakes"] == []
        assert "broken: see check" in run("list").stdout

    def test_with_a_site_others_are_left_out(self, folder: Path) -> None:
        for site in (SITE, "another-site"):
            (folder / site).mkdir()
            (folder / site / ENGLISH).write_text("Paid")

        assert {one["site"] for one in told("list", "--site", SITE)} == {None, SITE}


class TestShow:
    def test_the_one_in_force_as_it_is_written(self, folder: Path) -> None:
        (folder / ENGLISH).write_text("Paid\n{{ name }}\n")

        shown = run("show", "payment_notice", "--language", "en-GB")

        assert shown.stdout == "Paid\n{{ name }}\n"
        assert str(folder / ENGLISH) in shown.stderr

    def test_an_unknown_language_is_refused(self, folder: Path) -> None:
        shown = run("show", "payment_notice", "--language", "klingon")

        assert shown.exit_code == 2
        assert "use a tag such as en" in shown.stderr


class TestCheck:
    def test_all_is_well_without_a_template_of_ones_own(self, folder: Path) -> None:
        checked = run("check")

        assert checked.exit_code == 0
        assert "8 templates checked" in checked.stderr

    def test_each_mistake_with_file_line_and_remedy_and_exit_code_1(self, folder: Path) -> None:
        (folder / ENGLISH).write_text("Paid\n{% for i in range(10**9) %}x{% endfor %}")
        (folder / "payment.txt").write_text("Paid")

        checked = run("check")

        assert checked.exit_code == 1
        assert f"{folder / ENGLISH}, line 2: It has {{% for %}}. A template can't repeat" in checked.stdout
        assert "payment.txt: There is no notice payment. Name it" in checked.stdout
        assert {(one["file"], one["line"]) for one in told("check")} == {
            (str(folder / ENGLISH), 2),
            (str(folder / "payment.txt"), None),
        }

    @pytest.mark.parametrize(
        ("choice", "says"),
        [
            ('quiet_hours = "25:00-08:00"', "write them like 21:00-08:00"),
            ('timezone = "Mars/Olympus"', "name it like Europe/Berlin"),
            ('language = "klingon"', "use a tag such as en, de or de-AT"),
            ('fulfillment = "never"', "Input should be 'handover' or 'immediate'"),
            ("payment_notices = false", "there are payment_notice, purchase_notice"),
        ],
    )
    def test_a_choice_out_of_range_is_one(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, choice: str, says: str
    ) -> None:
        sites = folder.parent / "sites.toml"
        sites.write_text(f'[sites."{SITE}"]\n{choice}\n')
        monkeypatch.setenv("SITES_FILE", str(sites))

        checked = run("check")

        assert checked.exit_code == 1
        assert f"site {SITE}: " in checked.stdout
        assert says in checked.stdout


@pytest.mark.usefixtures("folder")
class TestPreview:
    def test_it_is_the_message_that_would_be_sent_and_nothing_is_sent(self, buyer: SandboxSite) -> None:
        seen = run("preview", "--order", PLAN_ORDER, "--site", SITE)

        assert seen.exit_code == 0
        assert seen.stdout.startswith("Payment received: Studio Pass\n\nHello Dana,")
        assert "your payment of €9.08 for Studio Pass" in seen.stdout
        assert "Ref. " in seen.stdout.splitlines()[-1]
        assert "payment_notice in en-US, from built-in payment_notice.en.txt" in seen.stderr
        assert buyer.messages == []

    def test_it_is_in_the_buyers_language_and_the_owners_words(
        self, buyer: SandboxSite, folder: Path
    ) -> None:
        buyer.seed(contacts=[{"contact": a_contact(info={"locale": "de-at"})}])
        (folder / SITE).mkdir()
        (folder / SITE / "payment_notice.de.txt").write_text("Danke\nServus {{ name }}, {{ amount }}!")

        seen = told("preview", "--order", PLAN_ORDER, "--site", SITE)

        assert seen["text"].splitlines()[0] == "Servus Dana, €\xa09,08!"
        assert seen["language"] == "de-AT"

    @pytest.mark.parametrize(
        ("seeded", "notice", "why"),
        [
            ({"subscriptions": [a_subscription(MEMBERS_ADDRESS, "UNSUBSCRIBED")]}, None, "not_subscribed"),
            ({"planOrders": [{"order": a_plan_order(status="CANCELED")}]}, None, "canceled"),
            ({}, "purchase_notice", "covered_by_payment"),
            (
                {
                    "members": [{"member": a_member(loginEmail="")}],
                    "contacts": [{"contact": a_contact(primaryInfo={})}],
                },
                None,
                "no_address",
            ),
        ],
    )
    def test_it_says_why_nobody_would_get_it(
        self, buyer: SandboxSite, seeded: dict[str, Any], notice: str | None, why: str
    ) -> None:
        buyer.seed(**seeded)
        words = ["preview", "--order", PLAN_ORDER, "--site", SITE, *(["--notice", notice] if notice else [])]

        assert told(*words)["suppressed"] == [why]
        assert f"Nobody would get it now: {why}. " in run(*words).stderr

    def test_it_says_that_the_site_is_quiet_or_has_the_notice_off(
        self, buyer: SandboxSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hours = f"{NOW.hour:02}:00-{(NOW.hour + 2) % 24:02}:00"
        sites = tmp_path / "sites.toml"
        choices = f'payment_notice = false\ntimezone = "UTC"\nquiet_hours = "{hours}"'
        sites.write_text(f'[sites."{SITE}"]\n{choices}\n')
        monkeypatch.setenv("SITES_FILE", str(sites))

        seen = told("preview", "--order", PLAN_ORDER, "--site", SITE)

        assert seen["suppressed"] == ["off_by_setting"]
        assert seen["quiet_until"].split("T")[1].startswith(f"{(NOW.hour + 2) % 24:02}:00")

    def test_an_order_that_wix_does_not_know_is_a_sentence(self, buyer: SandboxSite) -> None:
        seen = run("preview", "--order", "99999999-9999-4999-8999-999999999999", "--site", SITE)

        assert seen.exit_code == 1
        assert "Traceback" not in seen.output

    def test_with_a_broken_template_nothing_is_shown(self, buyer: SandboxSite, folder: Path) -> None:
        (folder / ENGLISH).write_text("Paid {{ nme }}")

        seen = run("preview", "--order", PLAN_ORDER, "--site", SITE)

        assert seen.exit_code == 1
        assert "There is no field nme" in seen.stderr


class TestStart:
    """The worker reads all of it before it does anything else."""

    def test_a_worker_does_not_start_with_a_broken_template(self, folder: Path) -> None:
        (folder / ENGLISH).write_text("Paid\n{{ nme }}")

        environment = os.environ | {"DATA_DIR": str(folder / "data")}

        done = ended("streams", "worker", environment=environment, folder=folder)

        assert done.returncode == 1
        assert f"{folder / ENGLISH}, line 2: There is no field nme." in done.stderr
        assert "Traceback" not in done.stderr
        assert not (folder / "data").exists()

    def test_nor_with_a_broken_sites_file(self, tmp_path: Path) -> None:
        sites = tmp_path / "sites.toml"
        sites.write_text(f'[sites."{SITE}"]\nquiet_hours = "late"\n')

        with pytest.raises(OwnersFilesBroken, match="write them like 21:00-08:00"):
            owners.read(FlowSettings(_env_file=None, sites_file=sites))
