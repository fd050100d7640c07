"""Backtests of expected shortfall, and comparisons of two models."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from optionix_core.errors import DomainError, InvalidValueError, MissingDataError
from optionix_core.risk import backtest
from optionix_core.risk.backtest.nulls import Days, simulated_histories

TAIL = 0.025
VAR = -stats.norm.ppf(TAIL)
ES = stats.norm.pdf(VAR) / TAIL


def critical(null: object, days: int, level: float, simulations: int) -> float:
    """Of Z2 under `null`: the quantile of simulated statistics."""
    told = Days(np.zeros(days), np.ones(days), np.ones(days))
    sums = simulated_histories(told, TAIL, null, simulations, 1).sums
    return float(np.quantile(sums / (days * TAIL) + 1.0, level))


def test_critical_values_of_acerbi_and_szekely() -> None:
    # The paper (2014): -0.70 at 5% and -1.8 at 0.01% for 250 days at 97.5%, whatever the law unless its tail
    # is very heavy; Student-t with 3 degrees of freedom: -0.82 and -4.4.
    assert critical(backtest.NormalLaw(), 250, 0.05, 40_000) == pytest.approx(-0.70, abs=0.015)
    assert critical(backtest.StudentLaw(10.0), 250, 0.05, 40_000) == pytest.approx(-0.70, abs=0.03)
    assert critical(backtest.StudentLaw(3.0), 250, 0.05, 40_000) == pytest.approx(-0.82, abs=0.02)
    assert critical(backtest.NormalLaw(), 250, 0.0001, 100_000) == pytest.approx(-1.8, abs=0.12)


def test_critical_values_of_another_implementation() -> None:
    # MathWorks, documentation of esbacktest (unconditionalNormal and unconditionalT): 1,966 days at 97.5%, test level
    # 99%: -0.34639 and, for 3 degrees of freedom, -0.42986; simulated there too.
    assert critical(backtest.NormalLaw(), 1_966, 0.01, 20_000) == pytest.approx(-0.34639, abs=0.012)
    assert critical(backtest.StudentLaw(3.0), 1_966, 0.01, 20_000) == pytest.approx(-0.42986, abs=0.02)


def test_both_statistics_by_hand() -> None:
    # Four days, one exception in four expected: losses of 3 and 6 beyond 2, shortfall 4.
    pnl = [1.0, -3.0, -6.0, 0.5]
    first = backtest.acerbi_szekely_z1(pnl, 2.0, 4.0, 0.25, backtest.NormalLaw(), simulations=200)
    assert first.statistic == pytest.approx((-0.75 - 1.5) / 2.0 + 1.0, rel=1e-15)
    second = backtest.acerbi_szekely_z2(pnl, 2.0, 4.0, 0.25, backtest.NormalLaw(), simulations=200)
    assert second.statistic == pytest.approx((-0.75 - 1.5) / (4 * 0.25) + 1.0, rel=1e-15)
    assert (second.exceptions, second.observations, second.expected_exceptions) == (2, 4, 1.0)
    assert second.verdict is None


def test_verdicts_by_the_papers_fixed_values() -> None:
    def verdict(losses: int) -> str | None:
        pnl = np.zeros(250)
        pnl[:losses] = -1.0
        return backtest.acerbi_szekely_z2(pnl, 0.9, 1.0, TAIL, backtest.NormalLaw(), simulations=100).verdict

    # Z2 = 1 - losses / 6.25.
    assert [verdict(count) for count in (0, 10, 11, 17, 18)] == [
        *("accepted", "accepted", "doubtful"),
        *("doubtful", "rejected"),
    ]


def test_no_exception_is_legal_for_z2() -> None:
    found = backtest.acerbi_szekely_z2(np.ones(250), VAR, ES, TAIL, backtest.NormalLaw(), simulations=500)
    assert found.statistic == 1.0
    assert found.p_value > 0.99
    with pytest.raises(MissingDataError, match="no exception in 250 days"):
        backtest.acerbi_szekely_z1(np.ones(250), VAR, ES, TAIL, backtest.NormalLaw())


def test_p_values_of_a_right_model_are_uniform() -> None:
    pnl = np.random.default_rng(3).standard_normal((200, 250))
    scales = np.linspace(0.5, 2.0, 250)
    found = [
        backtest.acerbi_szekely_z2(
            row * scales, VAR * scales, ES * scales, TAIL, backtest.NormalLaw(), simulations=1_000
        )
        for row in pnl
    ]
    values = np.array([each.p_value for each in found])
    # Binomial of 200 at 5%: 10 with a deviation of 3.1; 20 at 10% likewise 4.2.
    assert int((values < 0.05).sum()) <= 19
    assert 8 <= int((values < 0.10).sum()) <= 33
    assert 0.40 < values.mean() < 0.60


def test_a_model_that_tells_too_little_is_rejected() -> None:
    heavy = np.random.default_rng(5).standard_t(3, 1_000) / math.sqrt(3.0)
    for test in (backtest.acerbi_szekely_z1, backtest.acerbi_szekely_z2):
        assert test(heavy, VAR, ES, TAIL, backtest.NormalLaw(), simulations=2_000).is_rejected()
    assert backtest.cumulative_violations(stats.norm.cdf(1.5 * heavy), TAIL).is_rejected()
    assert backtest.mcneil_frey(heavy, VAR, ES, TAIL, simulations=2_000).is_rejected()


def test_the_models_own_scenarios_serve_as_null() -> None:
    draws = np.random.default_rng(7)
    pnl = draws.standard_normal(250)
    samples = backtest.PredictedSamples(draws.standard_normal((250, 4_000)))
    own = backtest.acerbi_szekely_z2(pnl, VAR, ES, TAIL, samples, simulations=4_000)
    law = backtest.acerbi_szekely_z2(pnl, VAR, ES, TAIL, backtest.NormalLaw(), simulations=4_000)
    assert own.statistic == law.statistic
    assert own.p_value == pytest.approx(law.p_value, abs=0.04)
    assert own.null == "the model's own scenarios"
    assert law.null == "normal"


def test_mcneil_frey_accepts_a_right_model() -> None:
    found = [
        backtest.mcneil_frey(row, VAR, ES, TAIL, simulations=500).is_rejected()
        for row in np.random.default_rng(11).standard_normal((60, 1_000))
    ]
    assert sum(found) <= 9  # binomial of 60 at 5%: three deviations above


def test_cumulative_violations_have_the_law_they_say() -> None:
    levels = np.random.default_rng(13).uniform(size=(2_000, 500))
    statistics = np.array([backtest.cumulative_violations(row, 0.05).statistic for row in levels])
    assert statistics.mean() == pytest.approx(0.0, abs=0.08)
    assert statistics.std() == pytest.approx(1.0, abs=0.06)
    # By hand: levels 0.01 and 0.2 at 5%: mean 0.8 / 2, against 0.025, variance 0.05 (1/3 - 0.0125) / 2.
    found = backtest.cumulative_violations([0.01, 0.2], 0.05)
    assert found.statistic == pytest.approx((0.4 - 0.025) / math.sqrt(0.05 * (1.0 / 3.0 - 0.0125) / 2.0), rel=1e-12)


def test_the_same_seed_gives_the_same_p_value() -> None:
    pnl = np.random.default_rng(1).standard_normal(250)
    one, two = (
        backtest.acerbi_szekely_z2(pnl, VAR, ES, TAIL, backtest.StudentLaw(5.0), seed=4, simulations=500) for _ in "ab"
    )
    assert one == two


def test_losses_by_hand() -> None:
    # At 5%: a day of -3 against 2 costs (0.05 - 1)(-1); one of +1 costs 0.05 * 3.
    assert backtest.quantile_loss([-3.0, 1.0], 2.0, 0.05) == pytest.approx([0.95, 0.15], rel=1e-14)
    expected = [1.0 / (0.05 * 2.5) + 0.8 + math.log(2.5) - 1.0, 0.8 + math.log(2.5) - 1.0]
    assert backtest.joint_loss([-3.0, 1.0], 2.0, 2.5, 0.05) == pytest.approx(expected, rel=1e-14)


def test_a_right_forecast_makes_both_losses_least() -> None:
    pnl = np.random.default_rng(17).standard_normal(200_000)
    for factor in (0.8, 1.25):
        assert backtest.quantile_loss(pnl, VAR, TAIL).mean() < backtest.quantile_loss(pnl, factor * VAR, TAIL).mean()
        right = backtest.joint_loss(pnl, VAR, ES, TAIL).mean()
        assert right < backtest.joint_loss(pnl, factor * VAR, factor * ES, TAIL).mean()


def test_diebold_mariano_is_a_corrected_t_test() -> None:
    first, second = np.random.default_rng(19).standard_normal((2, 120))
    found = backtest.diebold_mariano(first, second)
    # One day ahead: the t test of the mean with n - 1, since (n - 1) / n and the two variances cancel.
    expected = stats.ttest_1samp(first - second, 0.0)
    assert found.statistic == pytest.approx(expected.statistic, rel=1e-12)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    # Two days ahead, by the formula of Harvey, Leybourne and Newbold (1997), eq. 9.
    difference = first - second
    centred = difference - difference.mean()
    variance = (centred @ centred + 2.0 * centred[1:] @ centred[:-1]) / 120.0 / 120.0
    plain = difference.mean() / math.sqrt(variance)
    corrected = plain * math.sqrt((120.0 + 1.0 - 4.0 + 2.0 / 120.0) / 120.0)
    assert backtest.diebold_mariano(first, second, 2).statistic == pytest.approx(corrected, rel=1e-12)


def test_the_better_model_is_named() -> None:
    pnl = np.random.default_rng(23).standard_normal(2_000)
    right, wrong = backtest.quantile_loss(pnl, VAR, TAIL), backtest.quantile_loss(pnl, 3.0 * VAR, TAIL)
    found = backtest.diebold_mariano(right, wrong)
    assert found.better == "first"
    assert found.statistic < 0.0
    assert found.p_value < 1e-6
    assert backtest.diebold_mariano(wrong, right).statistic == pytest.approx(-found.statistic, rel=1e-12)


def test_bad_input_is_named() -> None:
    law = backtest.NormalLaw()
    with pytest.raises(
        InvalidValueError, match=r"expected_shortfall must be positive and at least 2.0 \(got 1.0 at row 0"
    ):
        backtest.acerbi_szekely_z2([1.0], 2.0, 1.0, TAIL, law)
    with pytest.raises(InvalidValueError, match=r"value_at_risk must be \[2\], as pnl"):
        backtest.acerbi_szekely_z2([1.0, 2.0], [1.0], 2.0, TAIL, law)
    with pytest.raises(InvalidValueError, match="pnl must be finite"):
        backtest.acerbi_szekely_z2([math.nan], 1.0, 2.0, TAIL, law)
    with pytest.raises(InvalidValueError, match="simulations must be at least 100"):
        backtest.acerbi_szekely_z2([1.0], 1.0, 2.0, TAIL, law, simulations=10)
    with pytest.raises(InvalidValueError, match=r"null must be \[1, scenarios\]"):
        backtest.acerbi_szekely_z2([1.0], 1.0, 2.0, TAIL, backtest.PredictedSamples(np.zeros((2, 5))))
    with pytest.raises(InvalidValueError, match="degrees_of_freedom must be above 1"):
        backtest.StudentLaw(1.0)
    with pytest.raises(MissingDataError, match="no observations"):
        backtest.acerbi_szekely_z2([], 1.0, 2.0, TAIL, law)
    with pytest.raises(MissingDataError, match="1 exceptions in 2 days"):
        backtest.mcneil_frey([-3.0, 1.0], 2.0, 2.5, TAIL)
    with pytest.raises(InvalidValueError, match=r"levels must be from 0 to 1 \(got 1.5 at row 1\)"):
        backtest.cumulative_violations([0.5, 1.5], TAIL)
    with pytest.raises(DomainError, match="lose alike every day"):
        backtest.diebold_mariano(np.ones(20), np.ones(20))
    with pytest.raises(MissingDataError, match="5 days of losses where a comparison needs 10"):
        backtest.diebold_mariano(np.ones(5), np.zeros(5))
    with pytest.raises(InvalidValueError, match="shapes must be"):
        backtest.diebold_mariano(np.ones(20), np.ones(21))
