"""Errors come back from other processes with their fields, class and words."""

from __future__ import annotations

import pickle

import pytest

from optionix_core import errors


@pytest.mark.parametrize(
    "error",
    [
        errors.InvalidValueError("strike", -1.0, "positive", 3),
        errors.MalformedFileError("book.csv", "no such column", 2, "strike"),
        errors.UnknownNameError("greek", "dleta", ("delta",)),
        errors.RefusedError("max-vega", "too much"),
        errors.IntegrityError("cut tail", 7),
        errors.ConflictingEventError("same id", 8),
        errors.MissingDataError("no history"),
        errors.InterruptedByUserError("stopped"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_is_the_same_after_pickling(error: errors.OptionixError) -> None:
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)
    assert again.exit_code == error.exit_code
