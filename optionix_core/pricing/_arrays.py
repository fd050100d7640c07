"""Arguments of array calls as flat columns for the kernels, and results back in the caller's shape."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from optionix_core.errors import InvalidValueError
from optionix_core.market.option_type import OptionType

FloatArray = NDArray[np.float64]


def signs(option_type: object) -> FloatArray:
    """+1.0 and -1.0 for calls and puts: names, members or numbers. Numbers other than these are left to the kernel.

    Raises InvalidValueError naming the row where a name is unknown.
    """
    array = np.asarray(option_type)
    if array.dtype.kind in "iuf":
        return array.astype(np.float64, copy=False)
    if array.dtype.kind in "UO":
        names, places = np.unique(array.astype(str) if array.dtype.kind == "U" else _labels(array), return_inverse=True)
        values = np.empty(len(names))
        for place, name in enumerate(names):
            try:
                values[place] = OptionType.of(str(name))
            except InvalidValueError as error:
                row = int(np.flatnonzero(places.ravel() == place)[0])
                raise InvalidValueError("option_type", repr(str(name)), '"call" or "put"', row) from error
        return values[places].reshape(array.shape)
    raise InvalidValueError("option_type", f"array of {array.dtype}", '"call" or "put"')


def _labels(array: NDArray[Any]) -> NDArray[np.str_]:
    names = [item if isinstance(item, str) else OptionType.of(item).label for item in array.flat]
    return np.array(names, dtype=str).reshape(array.shape)


def columns(fields: tuple[str, ...], values: tuple[object, ...]) -> tuple[list[FloatArray], tuple[int, ...]]:
    """Flat, contiguous, read-only float64 columns and the broadcast shape.

    A column has either one element, which every row shares, or one for each row. The first value is taken as signs.
    Raises InvalidValueError for what is not numeric or does not broadcast.
    """
    arrays = [signs(values[0])]
    for field, value in zip(fields[1:], values[1:], strict=True):
        try:
            arrays.append(np.asarray(value, dtype=np.float64))
        except (TypeError, ValueError) as error:
            raise InvalidValueError(field, repr(value), "numbers") from error
    try:
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
    except ValueError as error:
        shapes = ", ".join(f"{field} {array.shape}" for field, array in zip(fields, arrays, strict=True))
        raise InvalidValueError("shapes", shapes, "broadcastable against each other") from error
    flat = []
    for array in arrays:
        full = array if array.size == 1 or array.shape == shape else np.broadcast_to(array, shape)
        column = np.ascontiguousarray(full).reshape(-1).view()
        column.flags.writeable = False
        flat.append(column)
    return flat, shape


def constants(values: tuple[float, ...]) -> FloatArray:
    """A read-only column of the same numbers for every row."""
    column = np.array(values, dtype=np.float64)
    column.flags.writeable = False
    return column


def at(column: FloatArray, row: int) -> float:
    """The value that `row` sees."""
    return float(column[row if column.size > 1 else 0])


def target(out: FloatArray | None, shape: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
    """The array to hand back and the contiguous one that a kernel fills; two where `out` is strided.

    Raises InvalidValueError where `out` is not a writable float64 array of `shape`.
    """
    if out is None:
        fresh = np.empty(shape)
        return fresh, fresh
    if not isinstance(out, np.ndarray) or out.dtype != np.float64 or out.shape != shape or not out.flags.writeable:
        got = f"{out.dtype} {out.shape}" if isinstance(out, np.ndarray) else type(out).__name__
        raise InvalidValueError("out", got, f"a writable float64 array of shape {shape}")
    return out, out if out.flags.c_contiguous else np.empty(shape)
