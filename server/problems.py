"""RFC 9457 problems: every error leaves as `application/problem+json` with its fields.

`Problem` is what handlers and middleware raise or send; `problem_of` turns the engine's errors into one, so that a
router catches nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from optionix_core.errors import (
    ConflictingEventError,
    DeadlineError,
    DomainError,
    HomeLockedError,
    IntegrityError,
    InvalidValueError,
    MissingDataError,
    OptionixError,
    ReadOnlyError,
    RefusedError,
    StorageError,
    UnknownNameError,
    UsageError,
    VenueError,
)

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:optionix:problem:"
"""Before the problem's name, such as `mfa-required`."""

TITLES: Final[Mapping[int, str]] = {
    400: "The body cannot be read",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    408: "Request timed out",
    409: "Conflict",
    412: "Changed meanwhile",
    413: "Too large",
    415: "Wrong content type",
    422: "Wrong value",
    423: "Locked",
    429: "Too many requests",
    500: "Internal error",
    503: "Not available now",
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that is wrong."""

    field: str
    value: str
    """What came, shortened; never a secret."""
    bound: str
    """What may come."""


@dataclass(eq=False)
class Problem(Exception):  # noqa: N818 - the standard's own word
    """An answer that is an error."""

    status: int
    kind: str
    """The problem's name, the end of its `type`: `mfa-required`."""
    detail: str
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, instance: str, request_id: str) -> bytes:
        """The document, as it is sent."""
        document = {
            "type": TYPE_PREFIX + self.kind,
            "title": TITLES[self.status],
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "request_id": request_id,
            "errors": [{"field": one.field, "value": one.value, "bound": one.bound} for one in self.errors],
        }
        return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")


_STATUS: Final[Sequence[tuple[type[OptionixError], int]]] = (
    (InvalidValueError, 422),
    (UnknownNameError, 404),
    (ConflictingEventError, 422),
    (DomainError, 422),
    (UsageError, 422),
    (ReadOnlyError, 403),
    (RefusedError, 422),
    (HomeLockedError, 503),
    (DeadlineError, 503),
    (VenueError, 503),
    (MissingDataError, 404),
    (StorageError, 503),
    (IntegrityError, 500),
)
"""First match wins. A refusal by a limit or the gate is 422 with the rule in `errors`, but see `LOCKING`."""

LOCKING: Final = frozenset({"account-state", "kill-switch"})
"""Rules that lock an account as such, whatever the order: their refusal is 423."""


def problem_of(error: OptionixError) -> Problem:
    """The problem that an engine's error is."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    if isinstance(error, RefusedError) and error.rule in LOCKING:
        status = 423
    errors: tuple[FieldError, ...] = ()
    if isinstance(error, InvalidValueError):
        errors = (FieldError(error.field, str(error.value)[:200], error.bound),)
    elif isinstance(error, RefusedError):
        errors = (FieldError("rule", error.rule, error.reason),)
    elif isinstance(error, UnknownNameError):
        errors = (FieldError(error.kind, error.name[:200], ", ".join(error.known) or "one that exists"),)
    detail = str(error) if status < 500 or status == 503 else "something is wrong on this server; it was written down"
    return Problem(status, error.problem, detail, errors, {"Retry-After": "1"} if status == 503 else {})
