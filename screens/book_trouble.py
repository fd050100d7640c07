"""What the book says in its tables' place when the log cannot be read. Pure."""

from __future__ import annotations

from optionix_core.errors import IntegrityError, OptionixError

WAITING = "reading the log"
NO_POSITIONS = "no positions: buy something from the chain (F2, then b)"
NO_ENTRIES = "no entries yet: the first order opens the account"


def trouble_text(problem: OptionixError) -> str:
    """What went wrong, and what to do about it."""
    lines = [f"✗ {problem}", ""]
    if isinstance(problem, IntegrityError):
        lines += [
            "Positions and cash are folds of the log, so none are shown, and no order can be written behind it.",
            "optionix log verify  names the first record that is wrong",
            "optionix doctor  looks at the whole home; a backup of its data folder brings the log back",
        ]
    else:
        lines.append("optionix doctor  looks at the whole home; optionix feed list  tells which feeds there are")
    return "\n".join(lines)
