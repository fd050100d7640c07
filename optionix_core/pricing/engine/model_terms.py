"""Models by name, and their parameters as plain values that can be written down and read back.

The names are those of files and of the command line. A model's module is imported when its name is used, so that the
list itself costs nothing. Refuses to write down what has no plain form, such as a function.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from optionix_core.errors import InvalidValueError, UnknownNameError

MODELS: Mapping[str, str] = {
    "black-scholes": "BlackScholesModel",
    "multi-asset": "MultiAssetModel",
    "quanto": "QuantoModel",
    "heston": "HestonModel",
    "bates": "BatesModel",
    "merton": "MertonModel",
    "variance-gamma": "VarianceGammaModel",
    "double-heston": "DoubleHestonModel",
    "sabr": "SabrModel",
    "cev": "CevModel",
    "cir": "CirModel",
    "vasicek": "VasicekModel",
    "mean-reverting": "MeanRevertingModel",
}
"""Name, then the class in `optionix_core.pricing.models`."""
_KINDS = {name: kind for kind, name in MODELS.items()}


def model_class(kind: str) -> type[Any]:
    """The class of models of this name; UnknownNameError where there is none."""
    if kind not in MODELS:
        raise UnknownNameError("model", kind, tuple(MODELS))
    found: type[Any] = getattr(importlib.import_module("optionix_core.pricing.models"), MODELS[kind])
    return found


def kind_of(model: object) -> str:
    """Its name in `MODELS`, or the name of its class where it is not one of ours."""
    name = type(model).__name__
    return _KINDS.get(name, name)


def terms_of(model: object) -> dict[str, Any]:
    """Fields by name as plain JSON values, with `kind` first.

    Raises InvalidValueError where a field has no plain form.
    """
    if not is_dataclass(model) or isinstance(model, type):
        raise InvalidValueError("model", type(model).__name__, "a dataclass, to be written down")
    return {
        "kind": kind_of(model),
        **{item.name: _plain(item.name, getattr(model, item.name)) for item in fields(model)},
    }


def of_terms(terms: Mapping[str, Any]) -> Any:
    """The model with these terms, `kind` among them.

    Raises UnknownNameError for a kind that there is not, InvalidValueError for a parameter that is missing, unknown or
    outside its bound.
    """
    kind = str(terms.get("kind"))
    made = model_class(kind)
    known = {item.name for item in fields(made)}
    given = {name: _read(value) for name, value in terms.items() if name != "kind"}
    for name, value in given.items():
        if name not in known:
            raise InvalidValueError(name, value, f"absent from a model of kind {kind}")
    try:
        return made(**given)
    except TypeError as error:
        raise InvalidValueError("parameters", sorted(given), f"those of a model of kind {kind}") from error


def _plain(name: str, value: object) -> Any:
    if isinstance(value, bool | int | str) or value is None:
        return value
    if isinstance(value, tuple | list):
        return [_plain(name, item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(name, value.tolist())
    if is_dataclass(value) and not isinstance(value, type):
        return terms_of(value)
    if hasattr(value, "__float__"):
        number = float(value)
        if math.isfinite(number):
            return number
    raise InvalidValueError(
        name, type(value).__name__, "a finite number, a sequence or a dataclass, to be written down"
    )


def _read(value: Any) -> Any:
    if isinstance(value, Mapping):
        return of_terms(value)
    if isinstance(value, list):
        return tuple(_read(item) for item in value)
    return value
