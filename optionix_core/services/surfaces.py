"""Surfaces of implied volatility as use cases: fit one to a chain, keep it in a file, read it again, hand it out.

A fit carries the quotes that it was made from, so that every face can show the one beside the other. A surface that was
read from a file has none until it is given a chain of the same moment; nothing is compared with quotes of another one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from optionix_core.errors import InvalidValueError, UnknownNameError
from optionix_core.services.chains_json import utc_text
from optionix_core.volatility.american_quotes import without_early_exercise
from optionix_core.volatility.solve import solve
from optionix_core.volatility.surface import document
from optionix_core.volatility.surface.quotes import of_chain, repeated_strike
from optionix_core.volatility.surface.surface import MODELS, ModelName, VolatilitySurface

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.market.chain import OptionChain
    from optionix_core.pricing._compile import KernelLibrary
    from optionix_core.volatility.solved import SolvedChain
    from optionix_core.volatility.surface.quotes import SliceQuotes
    from optionix_core.volatility.surface.smiles import SurfaceSlice

    FloatArray = NDArray[np.float64]

__all__ = [
    "MODELS",
    "FittedSurface",
    "ModelName",
    "fit",
    "is_document",
    "is_prepared",
    "prepare",
    "read",
    "save",
    "to_json",
]

SCHEMA_VERSION = 1
GRID = 201
"""Points of each smile in a document."""
DEVIATIONS = 5.0
"""How far such a grid reaches on either side of the forward, in standard deviations of the expiry."""
_HEAD = 4096
"""Bytes of a file that tell whether it is a surface."""


@dataclass(frozen=True, slots=True, eq=False)
class FittedSurface:
    """A surface with the quotes that it is shown beside."""

    surface: VolatilitySurface
    solved: SolvedChain | None = None
    """The chain, solved; None where the surface comes from a file alone."""
    quotes: tuple[SliceQuotes | None, ...] = ()
    """Along `surface.slices`; None where the chain has none for that expiry."""
    seconds: float | None = None
    """Wall time of filters, forwards and fits; None where nothing was fitted."""

    def quotes_of(self, place: int) -> SliceQuotes | None:
        """The quotes of the slice at `place`."""
        return self.quotes[place] if self.quotes else None

    def place(self, expiry: date | None = None, root: str | None = None) -> int:
        """Where the first slice of `expiry` and `root` stands; UnknownNameError where there is none."""
        for place, item in enumerate(self.surface.slices):
            if expiry in (None, item.expiry) and root in (None, item.root):
                return place
        wanted = " ".join(str(part) for part in (root, expiry) if part is not None)
        raise UnknownNameError("expiry", wanted, tuple(f"{one.root} {one.expiry}" for one in self.surface.slices))

    @property
    def quote_count(self) -> int:
        """Quotes that the smiles were fitted to."""
        return sum(item.metrics.quotes for item in self.surface.slices)

    @property
    def inside_bid_ask(self) -> float:
        """Share of all quotes that the smiles meet within bid and ask."""
        met = sum(item.metrics.quotes * item.metrics.inside_bid_ask for item in self.surface.slices)
        return met / self.quote_count

    @property
    def rmse_vol_points(self) -> float:
        """Root mean square distance of all quotes to their smile, in hundredths of volatility."""
        total = sum(item.metrics.quotes * item.metrics.rmse_vol_points**2 for item in self.surface.slices)
        return float(np.sqrt(total / self.quote_count))


def model_of(name: str) -> ModelName:
    """A model by its name; UnknownNameError for another."""
    if name not in MODELS:
        raise UnknownNameError("surface model", name, MODELS)
    return cast("ModelName", name)


def is_prepared(model: ModelName = "svi") -> bool:
    """Whether the kernels that a fit of `model` needs are compiled."""
    from optionix_core.services.warm import is_warm

    return is_warm(_libraries(model))


def prepare(model: ModelName = "svi") -> None:
    """Load, and where they are not there yet compile, what a fit of `model` needs."""
    from importlib import import_module

    from optionix_core.services.warm import warm

    warm(None, _libraries(model))
    import_module(f"optionix_core.volatility.surface.{'density' if model == 'spline' else model}_fit")


def _libraries(model: ModelName) -> tuple[KernelLibrary, ...]:
    from optionix_core.services.warm import FIRST
    from optionix_core.volatility.surface._svi_kernels import KERNELS

    return (*FIRST, KERNELS) if model == "svi" else FIRST


def fit(
    chain: OptionChain,
    model: ModelName = "svi",
    *,
    rate: float | None = None,
    beta: float = 1.0,
    timer: Callable[[], float] = time.perf_counter,
) -> FittedSurface:
    """Solve a chain and fit `model` to it.

    American quotes are read without early exercise, as `VolatilitySurface.fit` reads them. `rate` serves expiries as in
    `solve`; `beta` is SABR's; `timer` tells seconds. Raises what `VolatilitySurface.fit` raises.
    """
    began = timer()
    repeated = [reason for item in chain.slices if (reason := repeated_strike(item)) is not None]
    solved = judged(chain, rate)
    surface = VolatilitySurface.fit(solved, model, beta=beta)
    seconds = timer() - began
    surface = replace(surface, skipped=(*repeated, *surface.skipped))
    return FittedSurface(surface, solved, of_chain(solved)[0], seconds)


def judged(chain: OptionChain, rate: float | None = None) -> SolvedChain:
    """The chain as smiles are fitted to it: no slices whose strikes repeat, American quotes without early exercise."""
    sound = tuple(item for item in chain.slices if repeated_strike(item) is None)
    solved = solve(replace(chain, slices=sound), rate, greeks=False)
    american = any(item.source.exercise == "american" for item in solved.slices)
    return without_early_exercise(solved) if american else solved


def is_document(path: Path) -> bool:
    """Whether a file is a surface that `save` wrote, by its beginning; what is no file is none."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(_HEAD)
    return head.lstrip().startswith(b"{") and f'"{document.FORMAT}"'.encode() in head


def read(path: Path) -> FittedSurface:
    """A surface from a file. Raises MalformedFileError where it is none."""
    return FittedSurface(document.load(path))


def with_quotes(found: FittedSurface, chain: OptionChain, rate: float | None = None) -> FittedSurface:
    """The surface beside the quotes of `chain`. InvalidValueError where the chain is of another name or moment."""
    surface = found.surface
    told = f"{chain.underlying} as of {utc_text(chain.as_of)}"
    wanted = f"{surface.underlying} as of {utc_text(surface.as_of)}"
    if told != wanted:
        raise InvalidValueError("chain", told, f"of {wanted}, as the surface is")
    solved = judged(chain, rate)
    present = {(one.root, one.expiry): one for one in of_chain(solved)[0]}
    return replace(found, solved=solved, quotes=tuple(present.get((item.root, item.expiry)) for item in surface.slices))


def save(surface: VolatilitySurface, path: Path) -> int:
    """Write a surface to a file, whole or not at all; the number of bytes."""
    from optionix_core.services.chains import write_whole

    content = document.dumps(surface).encode()
    write_whole(path, content)
    return len(content)


def to_json(found: FittedSurface, grid: int = GRID) -> dict[str, Any]:
    """The fit as plain values, natural units: each smile on `grid` points within five standard deviations.

    Raises InvalidValueError for a grid of fewer than two points.
    """
    if grid < 2:
        raise InvalidValueError("grid", grid, "at least 2")
    surface = found.surface
    return {
        "seconds": found.seconds,
        "slices": [_slice(item, grid) for item in surface.slices],
        "schema_version": SCHEMA_VERSION,
        "underlying": surface.underlying,
        "as_of": utc_text(surface.as_of),
        "model": surface.model,
        "spot": surface.spot,
        "inside_bid_ask": found.inside_bid_ask,
        "rmse_vol_points": found.rmse_vol_points,
        "skipped": [
            {"expiry": one.expiry.isoformat(), "root": one.root, "reason": one.reason} for one in surface.skipped
        ],
    }


def _slice(item: SurfaceSlice, grid: int) -> dict[str, Any]:
    k = smile_grid(item, grid)
    return {
        "expiry": item.expiry.isoformat(),
        "root": item.root,
        "years": item.years,
        "forward": item.forward,
        "quotes": item.metrics.quotes,
        "inside_bid_ask": item.metrics.inside_bid_ask,
        "rmse_vol_points": item.metrics.rmse_vol_points,
        "log_moneyness": k.tolist(),
        "total_variance": item.smile.total_variance(k).tolist(),
        "max_error_vol_points": item.metrics.max_error_vol_points,
        "discount_factor": item.discount_factor,
        "at_the_money_volatility": item.deviation / float(np.sqrt(item.years)),
        "note": item.note,
    }


def smile_grid(item: SurfaceSlice, points: int = GRID, deviations: float = DEVIATIONS) -> FloatArray:
    """Log-moneyness at `points` places within so many standard deviations of the forward."""
    reach = deviations * item.deviation
    return np.linspace(-reach, reach, points)
