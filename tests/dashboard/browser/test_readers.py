"""One page for readers elsewhere: another time zone, a phone, paper."""

import pytest

from dashboard import charts
from tests.dashboard.browser.conftest import Opener
from tests.dashboard.browser.seen import PATIENCE_MS, PROBE

ZONES = ("America/Los_Angeles", "Europe/Berlin", "Asia/Tokyo")
# Whether no mark of any chart has one of these colours.
WITHOUT_COLOURS = """colours => {
    const marks = [...document.querySelectorAll('[data-testid="stVegaLiteChart"] svg .role-mark [fill]')];
    return marks.length && marks.every(mark => !colours.includes(mark.getAttribute("fill").toUpperCase()));
}"""
# How many tables' tools lie over a text; those of a chart show when it is touched.
COVERED = """() => {
    const boxes = selector => [...document.querySelectorAll(selector)]
        .map(one => one.getBoundingClientRect());
    const words = boxes('[data-testid="stCaptionContainer"]');
    const over = (one, other) => one.left < other.right && other.left < one.right
        && one.top < other.bottom && other.top < one.bottom;
    return boxes('.stDataFrame [data-testid="stElementToolbarButtonContainer"]')
        .filter(tools => words.some(text => over(tools, text))).length;
}"""
# A table takes its width from what stands around it, a moment after it is drawn.
FITS = f"() => ({PROBE})().sideways === 0"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


class TestZones:
    def test_a_report_has_the_same_days_whatever_the_browsers_zone(self, opened: Opener) -> None:
        """Of three ways to send a day to a chart, two shift it."""
        labels = [
            [
                chart["labels"]
                for chart in opened("?range=7d&tz=Europe%2FBerlin", timezone_id=zone).probe()["charts"]
            ]
            for zone in ZONES
        ]

        assert labels[0] == labels[1] == labels[2]
        assert any(labels[0])

    def test_without_a_choice_it_is_the_browsers_zone_and_so_in_the_address(self, opened: Opener) -> None:
        """Copied to somebody in another zone, the address opens the same days."""
        seen = opened("", timezone_id="Asia/Tokyo")

        assert "Asia/Tokyo" in seen.probe()["words"]
        seen.page.wait_for_url("**/?tz=Asia%2FTokyo")


class TestPhone:
    @pytest.mark.parametrize("path", ["", "churn?range=90d", "fulfillment", "pipeline", "failures"])
    def test_nothing_has_to_be_scrolled_sideways(self, opened: Opener, path: str) -> None:
        seen = opened(path, **PHONE)

        seen.page.wait_for_function(FITS)
        found = seen.probe()
        assert found["metrics"]
        assert [chart for chart in found["charts"] if chart["height"] < 80] == []
        assert [chart["card"] for chart in found["charts"] if chart["collisions"]] == []

    @pytest.mark.parametrize("path", ["", "failures"])
    def test_the_tools_of_a_table_cover_no_text(self, opened: Opener, path: str) -> None:
        """Where nothing hovers they always show."""
        page = opened(path, **PHONE).page

        assert page.get_by_test_id("stElementToolbarButtonContainer").count()
        assert page.evaluate(COVERED) == 0


class TestTheme:
    def test_charts_follow_a_switch_while_the_page_is_open(self, opened: Opener) -> None:
        """Their colours are in what the server sent; the strip notices within seconds."""
        page = opened("", color_scheme="light").page

        page.emulate_media(color_scheme="dark")

        page.wait_for_function(WITHOUT_COLOURS, arg=list(charts.ON_DARK), timeout=PATIENCE_MS)
        assert page.get_by_test_id("stVegaLiteChart").count() >= 3


class TestPaper:
    def test_the_whole_page_is_printed_and_not_only_what_is_in_view(self, opened: Opener) -> None:
        seen = opened("fulfillment")
        tall = seen.page.locator('[data-testid="stMain"]').evaluate("main => main.scrollHeight")

        seen.page.emulate_media(media="print")
        paper = seen.page.pdf(format="A4", print_background=True)

        assert tall > 1500
        assert paper.count(b"/Type /Page\n") + paper.count(b"/Type /Page ") >= 2
