"""Parameters for a model that was chosen to price with: those of the last calibration to the underlying.

Read from the home's history; nothing is fitted, and nothing is taken from another underlying or model.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from optionix_core.services import calibration_history, calibrations

if TYPE_CHECKING:
    from optionix_core.market.clock import Clock
    from optionix_core.services.home import HomeFolders

LOOKED_AT = 50
"""Calibrations of the history that are looked through."""


class CalibratedModel(NamedTuple):
    """A model's parameters and where they are from."""

    id: str
    """Of the calibration, as `optionix calibrate history show` takes it."""
    time: datetime
    terms: Mapping[str, str]
    """Parameters as `optionix price` takes them, without the volatility."""
    volatility: float | None
    """Of a model that has one."""
    rmse: float
    """Of the volatilities of its quotes, a fraction."""


def last_calibrated(
    home: HomeFolders, clock: Clock, underlying: str, model: str, expiry: date | None = None
) -> CalibratedModel | None:
    """The newest calibration of `model` to `underlying`; of one that was fitted by expiry, that of `expiry`.

    None where there is none. Raises MalformedFileError for a record that cannot be read.
    """
    from optionix_core.pricing.engine.model_terms import terms_of

    for record in calibration_history.history(home, clock, LOOKED_AT).calibrations:
        if (record["underlying"], record["model"]) != (underlying, model):
            continue
        for fit, result in zip(record["fits"], calibrations.results(record), strict=True):
            days = {str(one["expiry"]) for one in fit["expiries"]}
            if len(record["fits"]) > 1 and (expiry is None or expiry.isoformat() not in days):
                continue
            flat = _flat(terms_of(result.model))
            level = flat.pop("volatility", None)
            return CalibratedModel(
                str(record["id"]),
                datetime.fromisoformat(str(record["time"])),
                {name: repr(value) for name, value in flat.items()},
                level,
                result.rmse_volatility,
            )
    return None


def _flat(terms: Mapping[str, Any]) -> dict[str, float]:
    """Numbers by name; those of a part under the part's name."""
    found: dict[str, float] = {}
    for name, value in terms.items():
        if isinstance(value, Mapping):
            found |= {f"{name}_{inner}": number for inner, number in _flat(value).items()}
        elif name != "kind" and isinstance(value, int | float):
            found[name] = float(value)
    return found
