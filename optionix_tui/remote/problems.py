"""A server's problem as the engine's error, so that it has the same exit code and loudness as one made here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from optionix_core.errors import (
    ConflictingEventError,
    DeadlineError,
    DomainError,
    IntegrityError,
    InvalidValueError,
    MissingDataError,
    OptionixError,
    RefusedError,
    StaleDataError,
    UnknownNameError,
    UsageError,
    VenueError,
)

TYPE_PREFIX: Final = "urn:optionix:problem:"
MFA_REQUIRED: Final = "mfa-required"
"""The rule of a refusal that a code of the second factor would lift."""
STEP_UP_REQUIRED: Final = "step-up-required"
"""The rule of a refusal that the password, shown once more, would lift."""
MUST_ENROL: Final = "mfa-enrolment-required"
"""The rule of every refusal until a second factor is on, where the server demands one."""
RETRYABLE: Final = frozenset({429, 502, 503, 504})
"""Statuses that may pass by themselves."""

_MOST_WORDS: Final = 2_000
_REFUSED: Final = frozenset({401, 403, 409, 412, 423, 428, 429})
_PLAIN: Final[Mapping[str, type[OptionixError]]] = {
    "missing-data": MissingDataError,
    "stale-data": StaleDataError,
    "usage": UsageError,
    "deadline": DeadlineError,
    "home-locked": DeadlineError,
    "conflicting-event": ConflictingEventError,
    "integrity": IntegrityError,
}
"""Those that are made of words alone."""


def error_of(status: int, body: bytes, headers: Mapping[str, str], what: str) -> OptionixError:
    """The error that an answer of `status` >= 400 is. `what`: what was asked, for answers that say nothing."""
    document = _document(body)
    kind = str(document.get("type", "")).removeprefix(TYPE_PREFIX)
    detail = str(document.get("detail") or document.get("title") or f"{what} was answered {status}")[:_MOST_WORDS]
    first = _first(document)
    if status in _REFUSED or kind == RefusedError.problem:
        return _refusal(status, kind, detail, first, headers)
    if first is not None and kind == "unknown-name":
        return UnknownNameError(first["field"], first["value"])
    if first is not None and status == 422 and kind not in _PLAIN:
        told = detail.startswith(first["field"])  # the engine's own sentence; otherwise the bound is one
        return (InvalidValueError if told else _WrongFieldError)(first["field"], first["value"], first["bound"])
    if kind in _PLAIN:
        return _PLAIN[kind](detail)
    if status == 404:
        return MissingDataError(detail)
    if status >= 500:
        return VenueError(f"the server answered {status}: {detail}{_traced(document)}")
    return DomainError(detail)


def _refusal(
    status: int, kind: str, detail: str, first: Mapping[str, str] | None, headers: Mapping[str, str]
) -> RefusedError:
    """By the rule that the server names, else by the problem's name."""
    if first is not None and first["field"] == "rule":
        return RefusedError(first["value"], first["bound"])
    wait = headers.get("retry-after", "").strip()
    again = f"; again in {wait} s" if wait.isdecimal() else ""
    return RefusedError(kind or str(status), detail + again)


class _WrongFieldError(InvalidValueError):
    """A field is wrong, in the server's own words: its bound is a sentence already."""

    def __init__(self, field: str, value: str, bound: str) -> None:
        super().__init__(field, value, bound)
        self.args = (f"{field}: {bound}" + (f" (got {value})" if value else ""),)


def _document(body: bytes) -> Mapping[str, Any]:
    try:
        read = json.loads(body)
    except ValueError:  # UnicodeDecodeError too
        return {}
    return read if isinstance(read, dict) else {}


def _first(document: Mapping[str, Any]) -> dict[str, str] | None:
    errors = document.get("errors")
    if not isinstance(errors, list) or not errors or not isinstance(errors[0], dict):
        return None
    return {name: str(errors[0].get(name, ""))[:_MOST_WORDS] for name in ("field", "value", "bound")}


def _traced(document: Mapping[str, Any]) -> str:
    request = document.get("request_id")
    return f" (request {request})" if isinstance(request, str) and request else ""
