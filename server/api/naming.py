"""Errors of the engine as the wire names them: fields by other names, conflicts as such."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from optionix_core.errors import InvalidValueError
from server.problems import FieldError, Problem


@contextmanager
def wire_names(names: Mapping[str, str]) -> Iterator[None]:
    """Within it an InvalidValueError of a field in `names` leaves with that field's name on the wire."""
    try:
        yield
    except InvalidValueError as error:
        if error.field not in names:
            raise
        raise InvalidValueError(names[error.field], error.value, error.bound, error.row) from error


@contextmanager
def conflicts(fields: Collection[str]) -> Iterator[None]:
    """Within it an InvalidValueError of one of `fields` leaves as 409: the request contradicts what is there."""
    try:
        yield
    except InvalidValueError as error:
        if error.field not in fields:
            raise
        told = FieldError(error.field, str(error.value)[:200], error.bound)
        raise Problem(409, "conflict", str(error), [told]) from error
