"""Errors of the engine as problems: which status, which rule, and nothing that a caller should not see."""

from __future__ import annotations

import pytest

from optionix_core import errors
from server.problems import TITLES, problem_of

REFUSED = errors.RefusedError("buying-power", "needs 10, 5 is free")
CASES: tuple[tuple[errors.OptionixError, int], ...] = (
    (errors.InvalidValueError("strike", -1, "positive"), 422),
    (errors.NotFilledError("nothing at that price"), 422),
    (errors.UsageError("written wrongly"), 422),
    (errors.UnknownNameError("underlying", "X", ("ORBIT",)), 404),
    (errors.MissingDataError("no quote"), 404),
    (REFUSED, 422),
    (errors.RefusedError("account-state", "paper-1 is blocked"), 423),
    (errors.RefusedError("kill-switch", "it is on"), 423),
    (errors.ReadOnlyError("place an order"), 403),
    (errors.HomeLockedError("somebody writes"), 503),
    (errors.DeadlineError("too long"), 503),
    (errors.VenueError("no answer"), 503),
    (errors.StorageError("the disk is full"), 503),
    (errors.ConflictingEventError("same id, other bytes"), 422),
    (errors.IntegrityError("/secret/path is broken", 7), 500),
)


@pytest.mark.parametrize(("error", "status"), CASES, ids=[type(error).__name__ for error, _ in CASES])
def test_every_kind_of_error_has_its_status(error: errors.OptionixError, status: int) -> None:
    problem = problem_of(error)
    assert (problem.status, problem.kind) == (status, error.problem)
    assert status in TITLES
    assert ("Retry-After" in problem.headers) is (status == 503)


def test_a_refusal_names_its_rule_and_a_wrong_value_its_field_and_bound() -> None:
    (rule,) = problem_of(REFUSED).errors
    assert (rule.field, rule.value, rule.bound) == ("rule", "buying-power", "needs 10, 5 is free")
    (field,) = problem_of(errors.InvalidValueError("strike", "x" * 1000, "positive")).errors
    assert (field.field, len(field.value), field.bound) == ("strike", 200, "positive")


def test_what_is_wrong_on_the_server_is_not_told_to_callers() -> None:
    assert "secret" not in problem_of(errors.IntegrityError("/secret/path is broken", 7)).detail


def _kinds(kind: type[errors.OptionixError]) -> set[type[errors.OptionixError]]:
    return {kind}.union(*map(_kinds, kind.__subclasses__()))


def test_no_error_of_the_tree_is_forgotten() -> None:
    internal = {errors.OptionixError, errors.InterruptedByUserError, errors.IntegrityError}
    covered = {type(error) for error, _ in CASES}
    for kind in _kinds(errors.OptionixError) - internal:
        if kind.__module__ == errors.__name__:
            assert any(issubclass(kind, one) or issubclass(one, kind) for one in covered), kind
