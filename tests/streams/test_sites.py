"""SITES_FILE: what differs per site, read again when it changes, refused with a sentence when broken."""

import logging
import os
from pathlib import Path

import pytest

from streams.settings import FlowSettings
from streams.sites import Sites, SiteSettings, SitesFileBroken

SITE = "3a5d0875-d1ca-506e-b7ba-427b0c7482cd"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "sites.toml"
    write(path, f'[sites."{SITE}"]\npayment_notice = false\nlanguage = "de"\n')
    return path


def write(path: Path, text: str) -> None:
    path.write_text(text)
    # File systems' clocks are coarse: each writing gets a time of its own.
    write.moment += 1  # type: ignore[attr-defined] # a counter beside its only user
    os.utime(path, (write.moment, write.moment))  # type: ignore[attr-defined] # see above


write.moment = 1_700_000_000  # type: ignore[attr-defined] # see above


class TestOf:
    def test_without_a_file_every_site_gets_the_settings(self) -> None:
        sites = Sites(
            FlowSettings(payment_address="contact", fulfillment_policy="immediate", sites_file=None)
        )

        assert sites.of("any") == SiteSettings(payment_address="contact", fulfillment="immediate")

    def test_a_named_site_differs_only_in_what_the_file_says(self, file: Path) -> None:
        sites = Sites(FlowSettings(payment_address="contact", sites_file=file))

        assert sites.of(SITE) == SiteSettings(
            payment_notice=False, language="de", payment_address="contact", fulfillment="handover"
        )
        assert sites.of("another").payment_notice

    def test_a_changed_file_is_read_again(self, file: Path) -> None:
        sites = Sites(FlowSettings(sites_file=file))
        assert not sites.of(SITE).payment_notice

        write(file, f'[sites."{SITE}"]\nfulfillment = "immediate"\n')

        assert sites.of(SITE).payment_notice
        assert sites.of(SITE).fulfillment == "immediate"

    @pytest.mark.parametrize("broken", ["[sites", '[sites."x"]\npayment_notice = "perhaps"\n'])
    def test_a_file_broken_later_is_told_once_and_the_old_choices_stand(
        self, file: Path, caplog: pytest.LogCaptureFixture, broken: str
    ) -> None:
        sites = Sites(FlowSettings(sites_file=file))
        write(file, broken)

        assert not sites.of(SITE).payment_notice
        assert not sites.of(SITE).payment_notice
        assert [record.levelno for record in caplog.records] == [logging.ERROR]

    def test_a_file_taken_away_is_told_once_and_the_old_choices_stand(
        self, file: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        sites = Sites(FlowSettings(sites_file=file))
        file.unlink()

        assert not sites.of(SITE).payment_notice
        assert not sites.of(SITE).payment_notice
        assert len(caplog.records) == 1

    def test_a_file_that_comes_back_is_read(self, file: Path) -> None:
        sites = Sites(FlowSettings(sites_file=file))
        file.unlink()
        sites.of(SITE)

        write(file, f'[sites."{SITE}"]\npayment_notice = true\n')

        assert sites.of(SITE).payment_notice


class TestStart:
    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("[sites", "can't be read"),
            ("sites = 3", "write one table"),
            ("[sites]\nx = 3", "site x: it must be a table"),
            ('[sites."x"]\nfulfillment = "never"', "site x: fulfillment: Input should be"),
            # A misspelled name would otherwise be ignored in silence.
            ('[sites."x"]\npayment_notices = false', "site x: payment_notices: there is no such setting"),
        ],
    )
    def test_a_broken_file_stops_the_start_and_says_where(self, tmp_path: Path, text: str, says: str) -> None:
        path = tmp_path / "sites.toml"
        path.write_text(text)

        with pytest.raises(SitesFileBroken, match=says) as broken:
            Sites(FlowSettings(sites_file=path))

        assert str(path) in str(broken.value)

    def test_a_missing_file_stops_the_start(self, tmp_path: Path) -> None:
        with pytest.raises(SitesFileBroken, match="No such file"):
            Sites(FlowSettings(sites_file=tmp_path / "none.toml"))
