"""What a model offers, by its form: the engine asks this, never for a class.

A model of the user's own that has the fields or functions of an offer is priced by the methods that need it. Refuses to
guess: a model that offers nothing is priced by nothing.
"""

from __future__ import annotations

from enum import StrEnum

VARIANCE = ("v0", "kappa", "theta", "sigma", "rho")
JUMPS = ("jump_intensity", "jump_mean", "jump_volatility")


class Offer(StrEnum):
    """What a method may need; the value is how documents say it."""

    LOGNORMAL = "one constant volatility"
    SEVERAL = "volatilities and correlations of several assets"
    QUANTO = "volatilities of an asset and of an exchange rate"
    CHARACTERISTIC = "a characteristic function of the log return"
    JUMPS = "a constant volatility and normal jumps"
    VARIANCE = "a square-root variance"
    VARIANCE_AND_JUMPS = "a square-root variance and normal jumps"
    EXPANSION = "an expansion of the implied volatility"
    EUROPEAN = "European prices of its own"
    LOCAL = "a local volatility"
    ELASTICITY = "a constant elasticity of variance"
    REVERSION = "a level that reverts to a mean"
    LEVERAGE = "a square-root variance under a leverage"


def offered(model: object) -> frozenset[Offer]:
    """All that `model` offers; empty for what is no model."""
    found = _by_fields(model)
    if _has(model, "parts") or callable(_get(model, "log_characteristic")):
        found.add(Offer.CHARACTERISTIC)
    if callable(_get(model, "black_volatility")) and callable(_get(model, "price")):
        found.add(Offer.EXPANSION)
    elif callable(_get(model, "price")) and Offer.CHARACTERISTIC not in found:
        found.add(Offer.EUROPEAN)
    if callable(_get(model, "local_volatility")):
        found.add(Offer.LOCAL)
    return frozenset(found)


def _by_fields(model: object) -> set[Offer]:
    found = set()
    has_jumps = _has(model, *JUMPS)
    if _has(model, "volatility") and not _has(model, "fx_volatility") and not callable(_get(model, "price")):
        found |= {Offer.LOGNORMAL, Offer.CHARACTERISTIC}
    if _has(model, "volatilities", "correlations"):
        found.add(Offer.SEVERAL)
    if _has(model, "volatility", "fx_volatility", "correlation"):
        found.add(Offer.QUANTO)
    if _has(model, *VARIANCE):
        found.add(Offer.VARIANCE_AND_JUMPS if has_jumps else Offer.VARIANCE)
    elif has_jumps and _has(model, "volatility"):
        found.add(Offer.JUMPS)
    reverts = _has(model, "kappa", "sigma") and (_has(model, "theta") or _has(model, "log_mean"))
    if reverts and not _has(model, "v0"):
        found.add(Offer.REVERSION)
    if _has(model, "variance", "leverage"):
        found.add(Offer.LEVERAGE)
    if _has(model, "delta", "beta"):
        found.add(Offer.ELASTICITY)
    return found


def _has(model: object, *names: str) -> bool:
    return all(hasattr(model, name) for name in names)


def _get(model: object, name: str) -> object:
    return getattr(model, name, None)
