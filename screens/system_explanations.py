"""What a row of the system screen means, in words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screens.explanations import Explanation
from screens.system_summary import age_text

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.services.doctor import Finding
    from optionix_core.services.log import LogRow, LogVerification


def explain_entry(row: LogRow, checked: LogVerification | None, now: datetime) -> Explanation:
    """An entry of the log: what its hash stands on, and whether that was checked."""
    if checked is None:
        state = "not checked in this session"
    elif row.seq <= checked.head.seq:
        state = f"whole up to entry {checked.head.seq:,}, this one included"
    else:
        state = f"whole up to entry {checked.head.seq:,}; this one came later"
    facts = (
        ("type", row.type),
        ("id", f"{row.id}: the same id with the same bytes is one fact, never two"),
        ("written", f"{row.time:%Y-%m-%d %H:%M:%S} UTC, {age_text((now - row.time).total_seconds())}"),
        ("hash", row.hash),
        ("formula", "SHA-256(seq as 8 bytes, hash before, SHA-256(canonical JSON of the entry))"),
        ("checked", state),
        ("source", "the home's log; its head is kept outside the database as well"),
    )
    return Explanation(f"Entry {row.seq:,}", row.type, facts)


def explain_finding(found: Finding) -> Explanation:
    """A finding: state, detail, remedy."""
    facts = [("found", found.detail)]
    if found.remedy:
        facts.append(("what to do", found.remedy))
    facts.append(("source", "optionix doctor: looks at home and machine, changes nothing"))
    return Explanation(found.subject.capitalize(), str(found.state), tuple(facts))
