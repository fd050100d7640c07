"""Surfaces as use cases: fitted with their quotes, kept, read again, checked and handed out."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from optionix_core.errors import ConfigurationError, InvalidValueError, MalformedFileError, UnknownNameError
from optionix_core.services import surface_check, surface_export, surface_smile, surface_summary, surfaces
from optionix_core.services.feeds import open_feed
from optionix_core.volatility.surface.smiles import FitMetrics, SurfaceSlice
from optionix_core.volatility.surface.surface import VolatilitySurface
from optionix_core.volatility.svi import Svi

MOMENT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def chain():
    whole = open_feed("sim", seed=20).chain("ORBIT", MOMENT)
    return replace(whole, slices=whole.slices[3:8])


@pytest.fixture(scope="module")
def found(chain):
    return surfaces.fit(chain)


def smile_of(level: float, years: float, **terms: float) -> SurfaceSlice:
    smile = Svi(**{"a": level * level * years, "b": 0.0, "rho": 0.0, "m": 0.0, "sigma": 0.1, **terms})
    day = MOMENT.date() + timedelta(days=round(365 * years))
    return SurfaceSlice("ORBIT", day, years, 100.0, 1.0, smile, FitMetrics(5, 1.0, 0.0, 0.0))


def surface_of(*slices: SurfaceSlice) -> VolatilitySurface:
    return VolatilitySurface("ORBIT", MOMENT, "svi", 100.0, slices)


# Fitting


def test_the_quotes_of_a_fit_stand_along_its_slices_and_give_its_metrics(found):
    assert len(found.quotes) == len(found.surface.slices)
    for place, item in enumerate(found.surface.slices):
        quotes = found.quotes_of(place)
        assert (quotes.root, quotes.expiry, quotes.count) == (item.root, item.expiry, item.metrics.quotes)
        met = quotes.inside(item.smile.total_variance(quotes.log_moneyness))
        assert item.metrics.inside_bid_ask == pytest.approx(met.mean())
    error = np.concatenate(
        [
            100.0
            * (np.sqrt(item.smile.total_variance(one.log_moneyness)) - np.sqrt(one.middle))
            / math.sqrt(item.years)
            for item, one in zip(found.surface.slices, found.quotes, strict=True)
        ]
    )
    assert found.quote_count == error.size
    assert found.rmse_vol_points == pytest.approx(math.sqrt(np.mean(error**2)))
    assert 0.0 < found.inside_bid_ask <= 1.0


def test_the_time_is_told_by_the_timer_that_is_handed_in(chain):
    ticks = iter((100.0, 107.5))
    assert surfaces.fit(chain, "ssvi", timer=lambda: next(ticks)).seconds == 7.5


def test_an_expiry_whose_strikes_repeat_is_left_out_and_says_so(chain):
    bad = chain.slices[1]
    strikes = bad.strikes.copy()
    strikes[3] = strikes[2]
    spoiled = replace(chain, slices=(chain.slices[0], replace(bad, strikes=strikes), *chain.slices[2:]))
    told = surfaces.fit(spoiled)
    assert [(one.expiry, one.reason) for one in told.surface.skipped] == [
        (bad.expiry, f"strike {strikes[2]:g} repeats or does not ascend")
    ]
    assert len(told.quotes) == len(told.surface.slices) == len(chain.slices) - 1


def test_a_model_that_there_is_not_is_refused_by_name():
    with pytest.raises(UnknownNameError, match="unknown surface model 'heston'; known: svi"):
        surfaces.model_of("heston")


def test_a_slice_is_found_by_expiry_and_root(found):
    item = found.surface.slices[2]
    assert found.place(item.expiry, "ORBIT") == found.place(item.expiry) == 2
    assert found.place() == 0
    with pytest.raises(UnknownNameError, match="unknown expiry 'ORBIT 2026-01-01'"):
        found.place(date(2026, 1, 1), "ORBIT")


def test_american_quotes_are_read_without_early_exercise_and_judged_with_it(chain):
    american = replace(chain, slices=tuple(replace(item, exercise="american") for item in chain.slices[1:3]))
    told = surfaces.fit(american, "ssvi", rate=0.043)
    assert all(item.early_exercise is not None for item in told.solved.slices)
    for place, item in enumerate(told.surface.slices):
        quotes = surface_smile.smile_quotes(told, place)
        assert len(quotes) == item.metrics.quotes
        assert sum(one.inside for one in quotes) == pytest.approx(
            item.metrics.inside_bid_ask * item.metrics.quotes, abs=1
        )


# The document for scripts


def test_the_json_begins_with_seconds_and_slices_on_a_grid_of_five_deviations(found):
    document = surfaces.to_json(found, grid=51)
    assert list(document)[:2] == ["seconds", "slices"]
    for item, told in zip(found.surface.slices, document["slices"], strict=True):
        assert list(told)[:9] == [
            "expiry", "root", "years", "forward", "quotes", "inside_bid_ask", "rmse_vol_points",
            "log_moneyness", "total_variance",
        ]  # fmt: skip
        k = np.array(told["log_moneyness"])
        deviation = math.sqrt(float(found.surface.total_variance(0.0, item.years)))
        assert (k.size, k[0], k[-1]) == (51, pytest.approx(-5.0 * deviation), pytest.approx(5.0 * deviation))
        assert told["total_variance"] == pytest.approx(found.surface.total_variance(k, item.years))
        assert 0.0 <= told["inside_bid_ask"] <= 1.0
    json.dumps(document, allow_nan=False)


def test_a_grid_of_one_point_is_refused(found):
    with pytest.raises(InvalidValueError, match="grid must be at least 2"):
        surfaces.to_json(found, grid=1)


# Files


def test_a_surface_that_was_saved_answers_as_before(found, tmp_path: Path):
    path = tmp_path / "orbit.json"
    assert surfaces.save(found.surface, path) == path.stat().st_size
    assert surfaces.is_document(path)
    again = surfaces.read(path)
    k = np.linspace(-0.5, 0.5, 21)
    for years in found.surface.years:
        assert np.array_equal(again.surface.total_variance(k, years), found.surface.total_variance(k, years))
    assert (again.solved, again.quotes, again.seconds) == (None, (), None)
    assert again.inside_bid_ask == found.inside_bid_ask


@pytest.mark.parametrize("text", ["", "strike,bid\n", '{"format": "another"}', "x" * 5000])
def test_another_file_is_no_surface(tmp_path: Path, text: str):
    path = tmp_path / "other.json"
    path.write_text(text, encoding="utf-8")
    assert not surfaces.is_document(path)
    assert not surfaces.is_document(tmp_path / "absent.json")


def test_a_surface_that_was_cut_is_refused_by_name(found, tmp_path: Path):
    path = tmp_path / "cut.json"
    surfaces.save(found.surface, path)
    path.write_text(path.read_text(encoding="utf-8")[:-40], encoding="utf-8")
    assert surfaces.is_document(path)
    with pytest.raises(MalformedFileError, match=r"cut\.json"):
        surfaces.read(path)


def test_a_saved_surface_beside_its_chain_tells_what_the_fit_told(found, chain, tmp_path: Path):
    surfaces.save(found.surface, tmp_path / "s.json")
    again = surfaces.with_quotes(surfaces.read(tmp_path / "s.json"), chain)
    assert [one.count for one in again.quotes] == [one.count for one in found.quotes]
    assert surface_check.check(again) == surface_check.check(found)


def test_quotes_of_another_moment_are_refused(found, chain):
    later = replace(chain, as_of=chain.as_of + timedelta(seconds=1))
    with pytest.raises(InvalidValueError, match="chain must be of ORBIT as of 2026-01-05T15:00:00Z"):
        surfaces.with_quotes(found, later)


# Checks


def test_the_simulated_market_and_its_fit_have_no_arbitrage(found):
    told = surface_check.check(found)
    assert (told.violations, told.boxes, told.fit, told.quote_count) == ((), (), (), 0)
    assert told.minimum_g > 0.0
    assert told.points == 201 * len(found.surface.slices)


def raised(chain, place: int, strike: int, amount: float):
    """The chain with one call quoted that much higher."""
    item = chain.slices[place]
    bid, ask = item.call.bid.copy(), item.call.ask.copy()
    bid[strike] += amount
    ask[strike] += amount
    changed = replace(item, call=replace(item.call, bid=bid, ask=ask))
    return replace(chain, slices=(*chain.slices[:place], changed, *chain.slices[place + 1 :]))


def test_a_call_that_is_quoted_too_high_is_a_butterfly_a_box_and_rich(chain):
    item = chain.slices[2]
    above = int(np.searchsorted(item.strikes, 1.03 * chain.spot))
    dear = surfaces.fit(raised(chain, 2, above, 2.0))
    told = surface_check.check(dear)
    strike = float(item.strikes[above])
    assert {"butterfly", "parity"} <= {one.kind.value for one in told.violations if one.strike == strike}
    assert strike in {one.strike for one in told.boxes}
    assert (told.mispricings[0].kind, told.mispricings[0].strike) == ("rich", strike)
    document = surface_check.to_json(dear, told)
    kinds = {one["kind"] for one in document["quotes"]}
    assert {"butterfly", "parity", "box"} <= kinds
    assert told.quote_count == len(document["quotes"])
    json.dumps(document, allow_nan=False)


def test_options_of_a_small_delta_are_not_called_rich_unless_asked(chain):
    item = chain.slices[4]
    found = surfaces.fit(chain)
    delta = surface_smile.out_of_the_money_delta(found.solved.slices[4])
    far = int(np.flatnonzero((item.strikes > chain.spot) & (delta < 0.015) & (delta > 0.001))[0])
    dear = surfaces.fit(raised(chain, 4, far, 0.2))
    strike = float(item.strikes[far])

    def called(smallest: float) -> bool:
        told = surface_check.check(dear, smallest_delta=smallest)
        return (item.expiry, strike) in {(one.expiry, one.strike) for one in told.mispricings}

    assert called(0.0)
    assert not called(0.05)


def test_deltas_are_those_of_black_out_of_the_money(found):
    item = found.solved.slices[1]
    told = surface_smile.out_of_the_money_delta(item)
    for strike, sigma, delta in zip(item.source.strikes.tolist(), item.smile.tolist(), told.tolist(), strict=True):
        if math.isnan(sigma):
            assert math.isnan(delta)
            continue
        d1 = math.log(item.forward / strike) / (sigma * math.sqrt(item.years)) + 0.5 * sigma * math.sqrt(item.years)
        side = 1.0 if strike >= item.forward else -1.0
        assert delta == pytest.approx(0.5 * math.erfc(-side * d1 / math.sqrt(2.0)), rel=1e-12)


def test_smiles_that_cross_are_told_once_for_their_expiry():
    bad = surfaces.FittedSurface(surface_of(smile_of(0.3, 0.1), smile_of(0.1, 0.2), smile_of(0.2, 0.5)))
    told = surface_check.check(bad)
    (one,) = told.fit
    assert (one.kind, one.expiry, one.points) == ("calendar", bad.surface.slices[1].expiry, 201)
    assert one.severity > 0.0
    assert (told.violations, told.boxes, told.mispricings, told.quote_count) == (None, None, None, None)
    document = surface_check.to_json(bad, told)
    assert (document["quotes"], document["mispricings"]) == (None, None)


@pytest.mark.parametrize(("name", "value"), [("smallest_delta", 0.5), ("smallest_delta", -0.1), ("tolerance", -1.0)])
def test_bounds_of_a_check_that_make_no_sense_are_refused(found, name, value):
    with pytest.raises(InvalidValueError, match=f"{name} must be zero or more"):
        surface_check.check(found, **{name: value})


# Figures


def test_figures_of_a_flat_surface_are_its_level():
    (near, far) = surface_summary.summaries(surface_of(smile_of(0.2, 0.1), smile_of(0.2, 0.5)))
    assert (near.days, near.at_the_money, near.slope) == (36.5, pytest.approx(0.2), 0.0)
    assert (far.risk_reversal_25, far.butterfly_25, far.skew_90_110) == pytest.approx((0.0, 0.0, 0.0), abs=1e-12)
    assert (near.note, far.note) == ("", "")


def test_a_smile_without_a_delta_says_so_and_keeps_its_other_figures():
    steep = smile_of(0.2, 0.5, b=1.995)  # its right wing is so steep that no call has a delta of 0.25
    near, far = surface_summary.summaries(surface_of(smile_of(0.2, 0.1), steep))
    assert near.risk_reversal_25 == pytest.approx(0.0, abs=1e-12)
    assert far.risk_reversal_25 is None
    assert far.at_the_money == pytest.approx(math.sqrt((0.02 + 1.995 * 0.1) / 0.5))
    assert "delta" in far.note


def test_a_summary_has_a_row_for_every_expiry_and_a_reason_for_the_others(found):
    document = surface_summary.to_json(found)
    assert len(document["slices"]) == len(found.surface.slices)
    assert [one["days"] for one in document["slices"]] == pytest.approx(365.0 * found.surface.years)
    json.dumps(document, allow_nan=False)


# Files for others


def test_the_rows_of_a_csv_are_the_smiles(found):
    rows = list(csv.DictReader(io.StringIO(surface_export.encode(found, "csv").decode())))
    assert len(rows) == 201 * len(found.surface.slices)
    for row in rows[::97]:
        told = found.surface.implied_volatility(float(row["strike"]), float(row["years"]))
        assert float(row["implied_volatility"]) == pytest.approx(float(told), rel=1e-12)


def test_the_json_export_is_the_file_that_is_read_again(found, tmp_path: Path):
    path = tmp_path / "s.json"
    surfaces.save(found.surface, path)
    assert surface_export.encode(found, "json") == path.read_bytes()


@pytest.mark.parametrize("picture", surface_export.PICTURES)
def test_a_picture_is_sound_xml_and_the_same_each_time(found, picture):
    drawn = surface_export.encode(found, "svg", picture, 1)
    assert ET.fromstring(drawn).tag == f"{SVG}svg"  # noqa: S314 - written by ourselves just now
    assert surface_export.encode(found, "svg", picture, 1) == drawn


def test_a_smile_is_drawn_with_a_bar_for_each_quote(found):
    quotes = found.quotes_of(2)
    drawn = ET.fromstring(surface_export.encode(found, "svg", "smile", 2))  # noqa: S314 - as above
    groups = [group for group in drawn.iter(f"{SVG}g") if "LineCollection" in str(group.get("id"))]
    bars = max(sum(1 for _ in group.iter(f"{SVG}path")) for group in groups)
    assert bars == np.count_nonzero(quotes.bid > 0.0)


def test_a_png_is_one(found):
    assert surface_export.encode(found, "png", "term").startswith(b"\x89PNG\r\n")


def test_a_page_loads_nothing_from_anywhere_and_shows_every_expiry(found):
    page = surface_export.encode(found, "html").decode()
    assert page.count("<figure>") == 2 + len(found.surface.slices)
    assert "src=" not in page
    assert "<link" not in page
    assert "<script" not in page
    for item in found.surface.slices:
        assert item.expiry.isoformat() in page


def test_an_ending_of_no_format_is_refused():
    with pytest.raises(InvalidValueError, match=r"--to must be a file ending in \.svg, \.png, \.html, \.csv, \.json"):
        surface_export.format_of(Path("smile.pdf"))
    assert surface_export.format_of(Path("SMILE.SVG")) == "svg"


def test_without_matplotlib_pictures_say_how_to_get_it_and_data_is_given(found, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ConfigurationError, match=r"install optionix\[pictures\]"):
        surface_export.encode(found, "svg")
    assert surface_export.encode(found, "csv")
