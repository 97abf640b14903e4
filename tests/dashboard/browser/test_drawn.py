"""Every page, light and dark: what only a browser can see."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships no types
from playwright.sync_api import BrowserContext, expect

from dashboard import charts
from tests.dashboard.browser.seen import Seen, open_in

# Each page's title, and how many charts it has at least.
PAGES = {
    "orders": ("Orders & statuses", 3),
    "churn": ("Churn & retention", 4),
    "fulfillment": ("Fulfillment latency", 4),
    "pipeline": ("Pipeline health", 5),
    "failures": ("Failures", 0),
}
THEMES = ("light", "dark")
# Streamlit's own: its navigation's list, the sparkline of a metric, the toolbar around a dataframe.
STREAMLITS = {"list", "listitem", "svg-img-alt"}
LEAST_HEIGHT = 80
HOLE = re.compile(r"\b(nan|NaN|NaT|undefined|null)\b")


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was found on one page in one theme."""

    name: str
    theme: str
    seen: Seen
    found: dict[str, Any]
    violations: list[dict[str, Any]]

    @property
    def charts(self) -> list[dict[str, Any]]:
        """Its charts."""
        charts: list[dict[str, Any]] = self.found["charts"]
        return charts


@pytest.fixture(scope="module")
def tabs(readers: Callable[..., BrowserContext], url: str) -> Iterator[Callable[[str], Seen]]:
    """One tab for each theme, in which a reader goes from page to page."""
    known: dict[str, Seen] = {}

    def tab(theme: str) -> Seen:
        if theme not in known:
            known[theme] = open_in(readers(color_scheme=theme), url)
        return known[theme]

    yield tab
    for seen in known.values():
        seen.page.close()


@pytest.fixture(scope="module", params=[(theme, name) for theme in THEMES for name in PAGES], ids="-".join)
def drawn(request: pytest.FixtureRequest, tabs: Callable[[str], Seen]) -> Drawn:
    """One page in one theme, looked at once for all tests."""
    theme, name = request.param
    seen = tabs(theme)
    seen.page.get_by_role("link", name=PAGES[name][0]).click()
    expect(seen.page.get_by_role("heading", name=PAGES[name][0])).to_be_visible()
    seen.settle()
    return Drawn(name, theme, seen, seen.probe(), _violations(seen))


def _violations(seen: Seen) -> list[dict[str, Any]]:
    """What axe finds in ours, twice: the strip fades for a moment every five seconds, and that is none."""
    found: list[dict[str, Any]] = []
    for _ in range(2):
        answer = Axe().run(seen.page).response["violations"]
        found = [violation for violation in answer if violation["id"] not in STREAMLITS]
        if not found:
            break
        seen.settle()
    return found


class TestEveryPage:
    def test_raises_nothing_in_python_or_in_the_browser(self, drawn: Drawn) -> None:
        assert drawn.found["exceptions"] == []
        assert drawn.seen.errors == []
        assert drawn.found["dialogs"] == 0

    def test_asks_no_other_host_and_misses_nothing(self, drawn: Drawn) -> None:
        assert drawn.seen.requests
        assert drawn.seen.elsewhere == []
        assert drawn.seen.refused == []

    def test_shows_no_hole(self, drawn: Drawn) -> None:
        assert drawn.found["metrics"]
        assert [value for value in drawn.found["metrics"] if value.lower() in ("", "none")] == []
        assert HOLE.findall(drawn.found["words"]) == []

    def test_has_its_charts_and_each_is_high_enough_to_read(self, drawn: Drawn) -> None:
        assert len(drawn.charts) >= PAGES[drawn.name][1]
        assert [chart for chart in drawn.charts if chart["height"] < LEAST_HEIGHT] == []

    def test_every_layer_of_every_chart_covers_an_area(self, drawn: Drawn) -> None:
        """Bars without a width raise no error; they are only not there."""
        bare = [
            (chart["card"], name)
            for chart in drawn.charts
            for name, layer in (chart["layers"] or {}).items()
            if layer["size"] < 1
        ]
        assert bare == []
        assert all(chart["layers"] for chart in drawn.charts)

    def test_no_mark_stands_at_a_place_that_is_no_number(self, drawn: Drawn) -> None:
        assert [chart["card"] for chart in drawn.charts if chart["notNumbers"]] == []

    def test_its_colours_are_those_of_its_theme(self, drawn: Drawn) -> None:
        """Blue that reads well on white is nearly black on a dark page."""
        others = set(charts.ON_DARK) if drawn.theme == "dark" else set(charts.ON_DARK.values())

        assert [chart["card"] for chart in drawn.charts if others & set(chart["colours"])] == []

    def test_no_legend_lies_over_a_title(self, drawn: Drawn) -> None:
        assert [chart["overlaps"] for chart in drawn.charts if chart["overlaps"]] == []

    def test_can_be_read_by_a_screen_reader_and_in_contrast(self, drawn: Drawn) -> None:
        """By axe, without the rules that Streamlit's own frame breaks."""
        ours = [
            (
                violation["id"],
                [(node["html"][:200], node["failureSummary"]) for node in violation["nodes"][:3]],
            )
            for violation in drawn.violations
        ]
        assert ours == []
