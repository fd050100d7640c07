"""Surfaces as JSON: the same bits back, and no guess about a text that is not one of ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from optionix_core.errors import MalformedFileError
from optionix_core.volatility import VolatilitySurface
from optionix_core.volatility.surface import document
from optionix_core.volatility.surface.clock import VarianceClock
from optionix_core.volatility.surface.surface import MODELS


@pytest.fixture(scope="module")
def surfaces(known: Callable, slice_of: Callable, chain_of: Callable) -> dict[str, VolatilitySurface]:
    strikes = np.arange(60.0, 141.0, 2.5)
    thin = slice_of(known(10.0, 100.0, 0.03), np.array([99.0, 100.0, 101.0]))
    chain = chain_of(thin, *(slice_of(known(days, 100.0, 0.03), strikes) for days in (30.0, 90.0)), spot=100.0)
    clock = VarianceClock(0.3, ((chain.as_of.date(), 2.0),))
    return {model: VolatilitySurface.fit(chain, model, clock=clock) for model in MODELS}  # type: ignore[arg-type]


@pytest.mark.parametrize("model", MODELS)
def test_a_surface_read_again_answers_with_the_same_bits(
    model: str, surfaces: dict[str, VolatilitySurface], tmp_path: Path
) -> None:
    surface = surfaces[model]
    path = tmp_path / "surface.json"
    document.save(surface, path)
    again = document.load(path)
    assert document.dumps(again) == path.read_text(encoding="utf-8")
    strike, expiry = np.linspace(70.0, 130.0, 13), np.array([[0.02], [0.1], [0.2], [0.5]])
    assert again.implied_volatility(strike, expiry).tobytes() == surface.implied_volatility(strike, expiry).tobytes()
    assert (again.underlying, again.as_of, again.model, again.spot) == (
        surface.underlying, surface.as_of, surface.model, surface.spot,
    )  # fmt: skip
    assert again.skipped == surface.skipped != ()
    assert again.clock == surface.clock
    assert [item.metrics for item in again.slices] == [item.metrics for item in surface.slices]
    assert [path.name for path in tmp_path.iterdir()] == ["surface.json"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "other"}, "format must be optionix.volatility-surface"),
        ({"version": 2}, "version must be 1, the one that this program reads"),
        ({"model": "svi2"}, "model must be one of svi, ssvi"),
        ({"as_of": "2026-01-05T21:00:00"}, "as_of must be a moment with a time zone"),
        ({"as_of": "yesterday"}, "as_of must be a moment in ISO 8601"),
        ({"slices": []}, "slices must be at least one"),
        ({"slices": {}}, "slices must be a list"),
        ({"spot": "100"}, "spot must be a finite number"),
    ],
)
def test_a_wrong_field_is_named(
    change: dict[str, object], message: str, surfaces: dict[str, VolatilitySurface]
) -> None:
    value = json.loads(document.dumps(surfaces["svi"]))
    with pytest.raises(MalformedFileError, match=message):
        document.loads(json.dumps({**value, **change}))


@pytest.mark.parametrize(
    ("model", "path", "value", "message"),
    [
        ("svi", ("smile", "sigma"), -1.0, "sigma must be positive"),
        ("svi", ("smile", "kind"), "spline", r"slices\[0\].smile.kind must be svi, density or sabr"),
        ("svi", ("years",), 0.0, r"slices\[0\].years must be positive"),
        ("svi", ("metrics", "quotes"), True, r"slices\[0\].metrics.quotes must be a finite number"),
        ("sabr", ("smile", "nu"), "high", r"slices\[0\].smile.nu must be a finite number"),
        ("spline", ("smile", "weights"), [1.0], "weights must be"),
        ("spline", ("smile", "reach"), [1.0], r"slices\[0\].smile.reach must be a list of 2"),
    ],
)
def test_a_wrong_slice_is_named(
    model: str, path: tuple[str, ...], value: object, message: str, surfaces: dict[str, VolatilitySurface]
) -> None:
    whole = json.loads(document.dumps(surfaces[model]))
    place = whole["slices"][0]
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    with pytest.raises(MalformedFileError, match=message):
        document.loads(json.dumps(whole))
    del place[path[-1]]
    with pytest.raises(MalformedFileError, match=f"{path[-1]} must be given"):
        document.loads(json.dumps(whole))


@pytest.mark.parametrize("text", ["", "[1, 2]", '{"format": NaN}', "\x80\x04K\x01."])
def test_what_is_no_document_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(MalformedFileError):
        document.loads(text)
    path = tmp_path / "surface.json"
    path.write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(MalformedFileError, match=r"surface.json: not UTF-8"):
        document.load(path)
