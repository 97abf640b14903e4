"""Charts are tested by the specification that comes out."""

from typing import Any

import altair as alt
import pandas as pd
import pytest

from dashboard import charts, charts_churn


def days(number: int, freq: str = "D") -> pd.Series:
    return pd.Series(pd.date_range("2026-09-01", periods=number, freq=freq, tz="UTC"))


def named(times: pd.Series) -> list[tuple[Any, Any]]:
    """Month and day of each bucket that the axis names."""
    return [(value["month"], value["date"]) for value in axis_of(charts.time_axis(times))["values"]]


def axis_of(channel: alt.X) -> dict[str, Any]:
    """How the axis of a channel is drawn."""
    drawn: Any = channel.to_dict()
    axis: dict[str, Any] = drawn["axis"]
    return axis


def luminance(colour: str) -> float:
    """As WCAG 2 has it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def lightness(colour: str) -> float:
    """L* of CIELAB, by which shades go from one colour to the next."""
    return float(116 * luminance(colour) ** (1 / 3) - 16)


def contrast(one: str, other: str) -> float:
    return standing_out(luminance(one), luminance(other))


def standing_out(one: float, other: float) -> float:
    lighter, darker = sorted((one, other), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


class TestTimeAxis:
    @pytest.mark.parametrize("number", [1, 7, 30, 91, 400])
    def test_it_names_as_many_buckets_as_can_be_read_and_always_the_newest(self, number: int) -> None:
        times = days(number)

        assert 0 < len(named(times)) <= charts.MOST_TICKS
        assert named(times)[-1] == (times.iloc[-1].month, times.iloc[-1].day)

    def test_a_bar_is_named_below_its_middle_by_the_day_it_begins(self) -> None:
        """The axis has the place of noon, and spells the midnight before it."""
        begun = days(3)
        data = pd.DataFrame({"at": begun, "at_end": begun + pd.Timedelta(days=1)})

        drawn: Any = charts.bars_over_time(data).to_dict()
        axis = drawn["encoding"]["x"]["axis"]

        assert [value["hours"] for value in axis["values"]] == [12, 12, 12]
        assert f"- {12 * 3600 * 1000}," in axis["labelExpr"]

    def test_whole_months_are_named_without_a_day(self) -> None:
        assert "'%b'" in axis_of(charts.time_axis(days(12, "MS")))["labelExpr"]


class TestShades:
    @pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
    @pytest.mark.parametrize("share", [place / 20 for place in range(21)])
    def test_a_figure_can_be_read_on_every_shade(self, share: float, is_dark: bool) -> None:
        """No figure stands out more than 4.6 : 1 from a colour in the middle, be it black or white."""
        few, halfway, many, on_few, on_many = (
            charts.ON_DARK[colour] if is_dark else colour
            for colour in (charts.FEW, charts.HALFWAY, charts.MANY, charts.ON_FEW, charts.ON_MANY)
        )
        begin, end, way = (few, halfway, share * 2) if share < 0.5 else (halfway, many, share * 2 - 1)
        shade = lightness(begin) * (1 - way) + lightness(end) * way
        figure = luminance(on_many if share > charts_churn.AS_WELL_READ else on_few)

        assert standing_out(((shade + 16) / 116) ** 3, figure) > 4


class TestDarkPage:
    @pytest.mark.parametrize("colour", [*charts.STATE_COLOURS.values(), *charts.CAUSE_COLOURS.values()])
    def test_every_colour_stands_out_from_its_page(self, colour: str) -> None:
        """WCAG 2 asks 3 : 1 of what is drawn."""
        assert contrast(colour, "#FFFFFF") >= 3
        assert contrast(charts.ON_DARK[colour], "#10161F") >= 4.5

    def test_colours_change_wherever_they_stand_and_nothing_else_does(self) -> None:
        table = pd.DataFrame({"at": days(1), "colour": charts.BLUE, "n": 1})
        chart = alt.Chart(table).mark_bar(color=charts.AMBER).encode(y=alt.Y("n:Q"))
        light = charts.finished(chart)

        dark = charts.on_dark(light)

        assert dark["mark"]["color"] == charts.ON_DARK[charts.AMBER]
        assert [row["colour"] for row in next(iter(dark["datasets"].values()))] == [
            charts.ON_DARK[charts.BLUE]
        ]
        assert dark["encoding"] == light["encoding"]


class TestWallTime:
    def test_a_bucket_keeps_its_local_midnight_whatever_the_offset(self) -> None:
        """Drawn on a UTC scale, so that no browser shifts it into the day before."""
        found = charts.wall_time(pd.Series(["2026-11-01T00:00:00+09:00", "2026-11-02T00:00:00-08:00"]))

        assert [str(t) for t in found] == ["2026-11-01 00:00:00+00:00", "2026-11-02 00:00:00+00:00"]

    def test_an_aware_column_is_read_the_same_way(self) -> None:
        local = pd.to_datetime(["2026-11-01"]).tz_localize("Asia/Tokyo").to_series()

        assert str(charts.wall_time(local).iloc[0]) == "2026-11-01 00:00:00+00:00"
