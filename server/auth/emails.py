"""Addresses that people sign in with: by the standard's grammar, without asking the network, in one spelling."""

from __future__ import annotations

from typing import Final

from optionix_core.errors import InvalidValueError

LONGEST: Final = 254


def folded(email: str, *, strict: bool) -> str:
    """The spelling that is kept and compared: normalised and case-folded.

    `strict` refuses names that only tests and examples have (`.test`). Raises InvalidValueError where it is no address.
    """
    from email_validator import EmailNotValidError, validate_email

    if len(email) > LONGEST:
        raise InvalidValueError("email", f"{len(email)} characters", f"at most {LONGEST} characters")
    try:
        found = validate_email(email, check_deliverability=False, test_environment=not strict)
    except EmailNotValidError as error:
        raise InvalidValueError("email", repr(email[:80]), f"an address such as ada@example.com: {error}") from error
    return found.normalized.casefold()


def masked(email: str) -> str:
    """An address by which its owner knows it and nobody else: `a***@e***.com`."""
    local, _, domain = email.partition("@")
    name, _, suffix = domain.rpartition(".")
    return f"{local[:1]}***@{name[:1]}***.{suffix}"


def masked_name(name: str) -> str:
    """Initials of a name, such as `A. L.`."""
    return " ".join(f"{part[0]}." for part in name.split())
