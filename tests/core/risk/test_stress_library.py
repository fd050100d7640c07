"""The shipped stress scenarios against what was published of those days, and how a user's file is refused."""

from __future__ import annotations

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.scenarios import STRESS_LIBRARY
from optionix_core.errors import MalformedFileError, UnknownNameError
from optionix_core.risk import stress_library
from optionix_core.risk.stress_library import ScenarioKind, StressScenario, VolatilityMove

LIBRARY = {one.id: one for one in stress_library.read(STRESS_LIBRARY)}

# Index moves and 30-day volatilities as published: 1987 by Cboe (VXO 36.37 to 150.19); the others are closes of the
# S&P 500 and the VIX (Cboe VIX_History.csv), rounded as the press gave them.
PUBLISHED = [
    ("crash-1987", date(1987, 10, 19), -0.205, 36.4, 150.2),
    ("ltcm-1998", date(1998, 8, 31), -0.068, 39.6, 44.3),
    ("dotcom-2000", date(2000, 4, 14), -0.058, 29.4, 33.5),
    ("bailout-2008", date(2008, 9, 29), -0.088, 34.7, 46.7),
    ("crisis-2008", date(2008, 10, 15), -0.090, 55.1, 69.3),
    ("china-2015", date(2015, 8, 24), -0.039, 28.0, 40.7),
    ("volmageddon-2018", date(2018, 2, 5), -0.041, 17.3, 37.3),
    ("pandemic-2020", date(2020, 3, 16), -0.120, 57.8, 82.7),
    ("carry-unwind-2024", date(2024, 8, 5), -0.030, 23.4, 38.6),
]


@pytest.mark.parametrize(("name", "day", "spot", "before", "after"), PUBLISHED)
def test_a_historical_scenario_has_the_published_moves_of_its_day(name, day, spot, before, after):
    found = LIBRARY[name]
    month = next(move for move in found.volatility if move.days == 30)
    assert found.kind is ScenarioKind.HISTORICAL
    assert (found.day, found.index) == (day, "S&P 500")
    assert found.spot == pytest.approx(spot, abs=5.1e-4)
    assert 100 * month.before == pytest.approx(before, abs=0.051)
    assert 100 * month.after == pytest.approx(after, abs=0.051)


def test_every_historical_scenario_names_its_source_and_what_is_not_known():
    historical = [one for one in LIBRARY.values() if one.kind is ScenarioKind.HISTORICAL]
    assert {one.id for one in historical} == {row[0] for row in PUBLISHED}
    for one in historical:
        assert len(one.source) > 40
        assert {"skew", "rates", "dividends"} <= set(one.unknown)
        assert one.skew == one.rate == one.dividend_yield == 0.0


def test_hypothetical_scenarios_say_that_we_chose_them():
    hypothetical = {one.id: one for one in LIBRARY.values() if one.kind is ScenarioKind.HYPOTHETICAL}
    wanted = {"market_crash", "volatility_spike", "rate_hike", "liquidity_crisis", "black_swan", "mild_correction"}
    assert set(hypothetical) == wanted
    assert all("chosen by us" in one.source and one.day is None for one in hypothetical.values())


@pytest.mark.parametrize("name", ["china-2015", "volmageddon-2018", "pandemic-2020", "carry-unwind-2024"])
def test_the_decay_is_that_between_thirty_and_ninety_three_days_of_the_same_day(name):
    moves = {move.days: move.change for move in LIBRARY[name].volatility}
    measured = math.log(moves[30] / moves[93]) / math.log(93 / 30)
    assert LIBRARY[name].decay == pytest.approx(measured, abs=0.0051)


def test_the_decay_of_days_with_one_tenor_is_the_mean_of_those_with_more():
    several = [one.decay for one in LIBRARY.values() if len(one.volatility) == 3]
    single = {one.decay for one in LIBRARY.values() if one.day is not None and len(one.volatility) == 1}
    assert single == {0.38}
    assert sum(several) / len(several) == pytest.approx(0.38, abs=0.0051)


@given(st.floats(0.5, 5000.0), st.floats(0.5, 5000.0))
def test_a_shorter_tenor_never_moves_less_than_a_longer_one_in_the_shipped_scenarios(one, other):
    near, far = sorted((one, other))
    for scenario in LIBRARY.values():
        changes = scenario.volatility_change([near, far])
        assert changes[0] >= changes[1] - 1e-12


def test_a_change_is_linear_in_the_logarithm_of_the_tenor_and_falls_beyond_the_last():
    moves = (VolatilityMove(10.0, 0.30), VolatilityMove(40.0, 0.10))
    one = StressScenario("x", "x", ScenarioKind.USER, "x", spot=0.0, volatility=moves, decay=0.5)
    found = one.volatility_change([1.0, 10.0, 20.0, 40.0, 160.0])
    assert found == pytest.approx([0.30, 0.30, 0.20, 0.10, 0.05])


def user(text: str) -> tuple[StressScenario, ...]:
    return stress_library.parse(text, "mine.toml", ScenarioKind.USER)


def test_a_user_scenario_needs_an_id_and_a_move_alone():
    (one,) = user('[[scenario]]\nid = "a"\nspots = {ALPHA = -0.2}\n')
    assert (one.kind, one.source, one.title) == (ScenarioKind.USER, "mine.toml", "a")
    assert one.spot is None
    assert dict(one.spots) == {"ALPHA": -0.2}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "mine.toml: has no [[scenario]]"),
        ("[[scenario]]\nid = = 1\n", "mine.toml, line 2: is not TOML"),
        ("[[scenario]]\nspot = -0.1", "mine.toml: scenario 1: id is missing"),
        ('[[scenario]]\nid = "a"', "scenario 'a' says no move of a spot"),
        ('[[scenario]]\nid = "a"\nspot = -1', "spot must be a number above -1 to 10 (got -1)"),
        ('[[scenario]]\nid = "a"\nspot = nan', "spot must be a number above -1 to 10 (got nan)"),
        ('[[scenario]]\nid = "a"\nspot = true', "spot must be a number above -1 to 10 (got True)"),
        ('[[scenario]]\nid = "a"\nspots = {B = -2}', "scenario 'a', spots: B must be a number above -1 to 10 (got -2)"),
        ('[[scenario]]\nid = "a"\nspot = 0\nvola = 1', "scenario 'a': unknown key 'vola'; known: "),
        ('[[scenario]]\nid = "a"\nspot = 0\nspread = 0.5', "spread must be a number from 1 to 1000 (got 0.5)"),
        ('[[scenario]]\nid = "a"\nspot = 0\nvolatility = [{days = 30}]', "needs either change, or before and after"),
        (
            '[[scenario]]\nid = "a"\nspot = 0\nvolatility = [{days = 30, change = 0.1}, {days = 9, change = 0.1}]',
            "volatility 2: days must be above 30, the tenor before it (got 9.0)",
        ),
        ('[[scenario]]\nid = "a"\nspot = 0\nspot_before = 1\nspot_after = 2', "states spot twice"),
        ('[[scenario]]\nid = "a"\nspot_before = 1', "has one of spot_before and spot_after alone"),
        ('[[scenario]]\nid = "a"\nspot = 0\n[[scenario]]\nid = "a"\nspot = 0', "id must be unique (got 'a' twice)"),
        ('[[scenario]]\nid = "a"\nspot = 0\nkind = "historical"', "kind must be user (got historical)"),
        ("[scenarios]\nx = 1", "unknown key 'scenarios'; known: scenario"),
    ],
)
def test_a_file_is_refused_by_scenario_key_value_and_bound(text, words):
    with pytest.raises(MalformedFileError) as caught:
        user(text)
    assert words in str(caught.value)
    assert str(caught.value).startswith("mine.toml")


def test_a_historical_scenario_without_a_source_is_refused():
    text = '[[scenario]]\nid = "a"\nkind = "historical"\nspot = -0.1'
    with pytest.raises(MalformedFileError, match="source is missing"):
        stress_library.parse(text, "shipped.toml")


def test_an_unknown_scenario_is_refused_with_those_that_there_are():
    with pytest.raises(UnknownNameError, match=r"crash-1988.*crash-1987"):
        stress_library.chosen(LIBRARY.values(), ["crash-1988"])


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MalformedFileError, match=r"none\.toml: cannot be read"):
        stress_library.read(tmp_path / "none.toml")
