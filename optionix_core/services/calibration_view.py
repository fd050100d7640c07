"""A calibration as a screen shows it: parameters with their errors, the model's smile by expiry, earlier calibrations.

Plain values in natural units. A calibration is kept in the home's history as the command line keeps it; where that
fails it is shown all the same and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.errors import HomeLockedError, ReadOnlyError, StorageError
from optionix_core.services import calibration_history, calibrations

if TYPE_CHECKING:
    from optionix_core.market.chain import OptionChain
    from optionix_core.market.clock import Clock
    from optionix_core.services.calibrations import Fit
    from optionix_core.services.home import HomeFolders

EARLIER = 20
"""Calibrations of the history that are looked at for those of one underlying."""


class Parameter(NamedTuple):
    """One parameter of a model."""

    name: str
    value: float
    standard_error: float | None
    """None at a bound."""
    at_bound: str
    """`lower`, `upper` or empty."""


class ModelSmile(NamedTuple):
    """A model at the quotes of one expiry."""

    expiry: date
    root: str
    points: tuple[tuple[float, float], ...]
    """(strike, volatility), ascending."""


@dataclass(frozen=True, slots=True)
class ModelFit:
    """One model and the expiries that it was fitted to."""

    parameters: tuple[Parameter, ...]
    rmse: float
    """Of volatility, a fraction."""
    max_error: float
    converged: bool
    notes: tuple[str, ...]
    smiles: tuple[ModelSmile, ...]


class Earlier(NamedTuple):
    """A calibration of the history."""

    id: str
    time: datetime
    model: str
    rmse: float
    """The largest of its fits."""


@dataclass(frozen=True, slots=True)
class CalibrationView:
    """What was found, and when."""

    model: str
    underlying: str
    as_of: datetime
    seconds: float
    """Of the descents."""
    fits: tuple[ModelFit, ...]
    skipped: int
    """Expiries that had too few usable quotes."""
    american: bool
    """Whether early exercise was taken out of some of the quotes."""
    unkept: str = ""
    """Why it is not in the history; empty where it is."""

    def fit_of(self, expiry: date, root: str) -> ModelFit | None:
        """The fit that covers an expiry; the only one covers those that were skipped as well."""
        for fit in self.fits:
            if any((smile.expiry, smile.root) == (expiry, root) for smile in fit.smiles):
                return fit
        return self.fits[0] if len(self.fits) == 1 else None

    def smile_of(self, expiry: date, root: str) -> tuple[tuple[float, float], ...]:
        """The model's smile at the quotes of an expiry; nothing where it was not fitted to them."""
        for fit in self.fits:
            for smile in fit.smiles:
                if (smile.expiry, smile.root) == (expiry, root):
                    return smile.points
        return ()


def calibrate(
    home: HomeFolders,
    clock: Clock,
    chain: OptionChain,
    model: str,
    *,
    progress: Callable[[int, int], None],
    cancel: Callable[[], bool],
) -> CalibrationView:
    """Calibrate `model` to a chain and keep it. Raises what `calibrations.calibrate` raises."""
    found = calibrations.calibrate(chain, calibrations.Asked(model), progress=progress, cancel=cancel)
    unkept = ""
    try:
        calibration_history.keep(home, clock, calibrations.document(clock.now(), found))
    except (StorageError, HomeLockedError, ReadOnlyError) as error:
        unkept = str(error)
    return CalibrationView(
        model,
        found.underlying,
        found.as_of,
        sum(fit.result.seconds for fit in found.fits),
        tuple(map(_fit, found.fits)),
        len(found.skipped),
        american=found.american,
        unkept=unkept,
    )


def earlier(home: HomeFolders, clock: Clock, underlying: str) -> tuple[Earlier, ...]:
    """Calibrations to chains of `underlying` among the last of the history, the newest first."""
    return tuple(
        Earlier(
            str(record["id"]),
            datetime.fromisoformat(str(record["time"])),
            str(record["model"]),
            max(float(fit["calibration"]["rmse_volatility"]) for fit in record["fits"]),
        )
        for record in calibration_history.history(home, clock, EARLIER).calibrations
        if record["underlying"] == underlying
    )


def prepare(model: str) -> None:
    """Load, and where they are not there yet compile, the kernels that a calibration of `model` needs."""
    from optionix_core.pricing._fourier_kernels import KERNELS
    from optionix_core.services.warm import FIRST, warm

    if not calibrations.is_prepared(model):
        warm(None, FIRST if model == "sabr" else (*FIRST, KERNELS))


def _fit(fit: Fit) -> ModelFit:
    result = fit.result
    ends = np.cumsum([0, *(item.count for item in fit.slices)]).tolist()
    smiles = []
    for item, (start, end) in zip(fit.slices, pairwise(ends), strict=True):
        columns = (result.quotes.strike[start:end].tolist(), result.quotes.model_volatility[start:end].tolist())
        smiles.append(ModelSmile(item.expiry, item.root, tuple(sorted(zip(*columns, strict=True)))))
    return ModelFit(
        tuple(
            Parameter(one.name, one.value, one.standard_error if isfinite(one.standard_error) else None, one.at_bound)
            for one in result.parameters
        ),
        result.rmse_volatility,
        result.max_error,
        result.converged,
        result.notes,
        tuple(smiles),
    )
