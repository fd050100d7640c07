"""Who acts, for the log: as said, or as this machine knows its user."""

from __future__ import annotations

from typing import Annotated

import typer

from optionix_core.errors import MissingDataError, UsageError

By = Annotated[
    str | None, typer.Option("--by", help="Who does it; without it the user of this machine.", metavar="NAME")
]


def who(by: str | None) -> str:
    """The name. Raises UsageError where the machine does not tell its user."""
    from optionix_core.services.acting_user import acting_user

    if by is not None:
        return by
    try:
        return acting_user()
    except MissingDataError as error:
        raise UsageError("--by is missing, and this machine does not tell its user") from error
