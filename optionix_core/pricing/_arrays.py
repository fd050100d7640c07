"""Arguments of array calls as flat columns for the kernels, and results back in the caller's shape."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from optionix_core.errors import InvalidValueError
from optionix_core.market.option_type import OptionType

FloatArray = NDArray[np.float64]
FLOAT = np.dtype(np.float64)


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
    """Flat, contiguous float64 columns and the broadcast shape.

    A column has either one element, which every row shares, or one for each row. It may be the caller's own array.
    Errors as for `broadcast`.
    """
    arrays, shape = broadcast(fields, values)
    return [_flat(array, shape) for array in arrays], shape


def broadcast(fields: tuple[str, ...], values: tuple[object, ...]) -> tuple[list[FloatArray], tuple[int, ...]]:
    """The values as float64 arrays, each in its own shape, and the shape that they broadcast to.

    A field whose name ends in `option_type` is taken as `signs`. Raises InvalidValueError, naming the field, for what
    is not numeric, and for shapes that do not broadcast.
    """
    arrays = [_array(field, value) for field, value in zip(fields, values, strict=True)]
    shapes = {array.shape for array in arrays}
    shapes.discard(())
    if len(shapes) < 2:
        return arrays, shapes.pop() if shapes else ()
    try:
        return arrays, np.broadcast_shapes(*shapes)
    except ValueError as error:
        text = ", ".join(f"{field} {array.shape}" for field, array in zip(fields, arrays, strict=True))
        raise InvalidValueError("shapes", text, "broadcastable against each other") from error


def _array(field: str, value: object) -> FloatArray:
    if field.endswith("option_type"):
        try:
            return signs(value)
        except InvalidValueError as error:
            if field == "option_type":
                raise
            raise InvalidValueError(field, error.value, error.bound, error.row) from error
    if isinstance(value, np.ndarray) and value.dtype == FLOAT:
        return value
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidValueError(field, repr(value), "numbers") from error


def _flat(array: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    if array.shape != shape and array.size != 1:
        array = np.broadcast_to(array, shape)
    flags = array.flags
    if not (flags.c_contiguous and flags.aligned):
        array = np.array(array, order="C")
    return array if array.ndim == 1 else array.reshape(-1)


def frozen(values: FloatArray) -> FloatArray:
    """A read-only, contiguous copy."""
    column = np.array(values, dtype=np.float64, order="C")
    column.flags.writeable = False
    return column


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
