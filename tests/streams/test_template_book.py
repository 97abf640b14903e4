"""Which template a message is made of, and that a broken one never stands in a message's way."""

import itertools
import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.template_book import TemplateBook, TemplatesBroken
from streams.template_samples import shown

SITE = "11111111-1111-4111-8111-111111111111"
NOTICE = "payment_notice"
ENGLISH, GERMAN, AUSTRIAN = "payment_notice.en.txt", "payment_notice.de.txt", "payment_notice.de-AT.txt"
BUILT_IN = "Payment received: Studio Pass"

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a template; file systems' clocks are coarse, so each writing gets a time of its own."""
    moments = itertools.count(1_700_000_000)

    def written(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        moment = next(moments)
        os.utime(path, (moment, moment))
        return path

    return written


def preview(book: TemplateBook, *wishes: str | None, site: str = SITE) -> str:
    chosen = next(book.choices(site, NOTICE, wishes))
    return chosen.template.render(shown(NOTICE, chosen.locale)).preview


class TestChoices:
    def test_without_a_folder_they_are_ours(self) -> None:
        assert preview(TemplateBook()) == BUILT_IN

    def test_a_sites_own_goes_before_that_for_all_and_that_before_ours(
        self, tmp_path: Path, write: Write
    ) -> None:
        write(ENGLISH, "For all")
        assert preview(TemplateBook(tmp_path)) == "For all"

        write(f"{SITE}/{ENGLISH}", "For one")
        assert preview(TemplateBook(tmp_path)) == "For one"
        assert preview(TemplateBook(tmp_path), site="another-site") == "For all"

    @pytest.mark.parametrize(
        ("wishes", "taken"),
        [
            # The customer's region, the customer's language, the site's language, English.
            (("de-AT", "fr"), "Servus"),
            (("de-CH", "fr"), "Hallo"),
            (("de", "fr"), "Hallo"),
            (("it", "de-AT"), "Servus"),
            (("it", "de"), "Hallo"),
            ((None, "de"), "Hallo"),
            (("tlh", None), BUILT_IN),
            ((None, None), BUILT_IN),
        ],
    )
    def test_the_customer_is_asked_first_then_the_site_then_it_is_english(
        self, tmp_path: Path, write: Write, wishes: tuple[str | None, ...], taken: str
    ) -> None:
        write(GERMAN, "Hallo")
        write(AUSTRIAN, "Servus")

        assert preview(TemplateBook(tmp_path), *wishes) == taken

    def test_money_and_dates_are_of_the_region_that_was_wished_for(self) -> None:
        chosen = next(TemplateBook().choices(SITE, NOTICE, ("de-AT",)))

        assert chosen.template.where == f"built-in {GERMAN}"
        assert str(chosen.locale) == "de_AT"

    def test_a_language_of_the_owners_own_is_used(self, tmp_path: Path, write: Write) -> None:
        write("payment_notice.it.txt", "Ciao, {{ date }}")

        assert preview(TemplateBook(tmp_path), "it-IT") == "Ciao, 4 marzo 2026"

    @pytest.mark.parametrize("site", ["..", "../elsewhere", "/etc"])
    def test_an_id_that_is_none_leads_to_no_folder(self, tmp_path: Path, write: Write, site: str) -> None:
        write(ENGLISH, "Above")
        write(f"elsewhere/{ENGLISH}", "Beside")
        (tmp_path / "own").mkdir()

        assert preview(TemplateBook(tmp_path / "own"), site=site) == BUILT_IN

    def test_the_last_choice_is_always_ours_in_english(self, tmp_path: Path, write: Write) -> None:
        write(ENGLISH, "Mine")

        *_, last = TemplateBook(tmp_path).choices(SITE, NOTICE, ("it",))

        assert last.template.where == f"built-in {ENGLISH}"


class TestStart:
    def test_every_mistake_in_every_file_is_told(self, tmp_path: Path, write: Write) -> None:
        own, for_all = write(f"{SITE}/{GERMAN}", "Hallo {{ nme }}"), write(ENGLISH, "Hello {{ naem }}")

        with pytest.raises(TemplatesBroken) as broken:
            TemplateBook(tmp_path)

        assert f"{own}, line 1: There is no field nme." in str(broken.value)
        assert f"{for_all}, line 1: There is no field naem." in str(broken.value)

    @pytest.mark.parametrize(
        ("name", "says"),
        [
            ("payment.en.txt", "There is no notice payment. Name it for example payment_notice.en.txt"),
            ("payment_notice.txt", "There is no language . Use a tag such as en"),
            ("payment_notice.klingon.txt", "There is no language klingon. Use a tag such as en"),
            ("payment_notice.de_at.txt", "Rename it to payment_notice.de-AT.txt."),
            ("payment_notice.zh-TW.txt", "Rename it to payment_notice.zh-Hant-TW.txt."),
            ("a site/payment_notice.en.txt", "The folder's name is no site's instance id."),
        ],
    )
    def test_a_file_that_would_never_be_read_is_a_mistake(
        self, tmp_path: Path, write: Write, name: str, says: str
    ) -> None:
        write(name, "Hello")

        with pytest.raises(TemplatesBroken) as broken:
            TemplateBook(tmp_path)

        assert says in str(broken.value)

    def test_a_folder_that_is_not_there_is_a_mistake(self, tmp_path: Path) -> None:
        with pytest.raises(TemplatesBroken, match="TEMPLATES_DIR is no folder"):
            TemplateBook(tmp_path / "none")

    def test_bytes_that_are_no_text_are_a_mistake(self, tmp_path: Path, write: Write) -> None:
        write(ENGLISH, "").write_bytes(b"Hello \xff")

        with pytest.raises(TemplatesBroken, match="Save it as UTF-8"):
            TemplateBook(tmp_path)

    def test_what_is_not_ours_is_left_alone(self, tmp_path: Path, write: Write) -> None:
        write("README.md", "{{ nonsense")
        write(".git/payment_notice.en.txt", "{{ nonsense")

        assert preview(TemplateBook(tmp_path)) == BUILT_IN


class TestChanges:
    """What happens while the worker runs."""

    def test_a_changed_file_is_read_again(self, tmp_path: Path, write: Write) -> None:
        write(ENGLISH, "Before")
        book = TemplateBook(tmp_path)

        write(ENGLISH, "After")

        assert preview(book) == "After"

    def test_a_new_file_is_found_and_one_taken_away_is_missed(self, tmp_path: Path, write: Write) -> None:
        book = TemplateBook(tmp_path)

        path = write(f"{SITE}/{ENGLISH}", "New")
        assert preview(book) == "New"

        path.unlink()
        assert preview(book) == BUILT_IN

    def test_one_that_breaks_stays_as_it_was_and_is_told_and_counted_once(
        self, tmp_path: Path, write: Write, caplog: pytest.LogCaptureFixture
    ) -> None:
        write(ENGLISH, "Before")
        book = TemplateBook(tmp_path)
        write(ENGLISH, "After {{ nme }}")

        assert [preview(book), preview(book)] == ["Before", "Before"]
        assert [record.levelno for record in caplog.records] == [logging.ERROR]
        assert "There is no field nme" in caplog.text
        assert book.mistakes == 1

        write(ENGLISH, "After")
        assert preview(book) == "After"

    def test_a_new_one_that_is_broken_is_passed_over(self, tmp_path: Path, write: Write) -> None:
        write(ENGLISH, "For all")
        book = TemplateBook(tmp_path)

        write(f"{SITE}/{ENGLISH}", "{{ nonsense")

        assert preview(book) == "For all"
        assert book.mistakes == 1

    def test_if_the_whole_folder_is_away_nothing_changes(
        self, tmp_path: Path, write: Write, caplog: pytest.LogCaptureFixture
    ) -> None:
        write(f"own/{ENGLISH}", "Mine")
        book = TemplateBook(tmp_path / "own")

        (tmp_path / "own").rename(tmp_path / "elsewhere")
        assert [preview(book), preview(book)] == ["Mine", "Mine"]
        assert len(caplog.records) == 1

        (tmp_path / "elsewhere").rename(tmp_path / "own")
        assert preview(book) == "Mine"
