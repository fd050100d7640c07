"""Who acts, for the log, as this machine knows its user."""

from __future__ import annotations

from optionix_core.errors import MissingDataError


def acting_user() -> str:
    """The user's name. Raises MissingDataError where the machine does not tell it."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError) as error:  # the three that a system without such a user raises
        raise MissingDataError("this machine does not tell its user") from error
