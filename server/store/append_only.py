"""What only grows is kept so by the database: no update, no deletion, numbers without gaps, roots over what is there.

Of the audit log the columns PERSONAL may be sealed anew when keys are rotated and emptied by an erasure, and no more:
what stood in them is chained as a digest. Revision s0005 makes these triggers and a fresh SQLite gets them with its
tables; a change of them is a new revision. Whoever owns the tables can drop the triggers: chains and signed roots find
what he does then.
"""

from __future__ import annotations

from typing import Final

TABLES: Final = ("stream_events", "stream_roots", "audit_logs", "audit_roots")
PERSONAL: Final = ("ip_address", "user_agent", "salt")

_BEFORE: Final = {
    "stream_events": "SELECT 1 FROM stream_events WHERE stream_id = NEW.stream_id AND seq = NEW.seq - 1",
    "audit_logs": "SELECT 1 FROM audit_logs WHERE seq = NEW.seq - 1",
}
"""What must be there before a number; keys see to it that none comes twice. One look at the key, whatever the length:
a maximum would be planned while the log is short, and read all of it for long after."""
_UNDER_ROOT: Final = {
    "stream_roots": "SELECT 1 FROM stream_events WHERE stream_id = NEW.stream_id AND seq = NEW.seq",
    "audit_roots": "SELECT 1 FROM audit_logs WHERE seq = NEW.seq",
}
_KEPT: Final = (
    "id",
    "seq",
    "user_id",
    "action",
    "resource",
    "details",
    "timestamp",
    "data",
    "epoch",
    "hash",
)
"""Columns of `audit_logs` that nothing changes."""


def sqlite_triggers(table: str) -> dict[str, str]:
    """The triggers of one table by name."""
    same = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in _KEPT)
    return {
        f"{table}_in_order": _sqlite(table, "in_order", f"BEFORE INSERT ON {table} WHEN {_wrong(table)}", _why(table)),
        f"{table}_never_update": _sqlite(
            table,
            "never_update",
            f"BEFORE UPDATE ON {table}"
            + (f" WHEN NOT ({same} AND {_personal_alone()})" if table == "audit_logs" else ""),
            f"{table} only grows: no update",
        ),
        f"{table}_never_delete": _sqlite(
            table, "never_delete", f"BEFORE DELETE ON {table}", f"{table} only grows: no deletion"
        ),
    }


def _sqlite(table: str, name: str, when: str, why: str) -> str:
    return f"CREATE TRIGGER {table}_{name} {when} BEGIN SELECT RAISE(ABORT, '{why}'); END"


def _wrong(table: str) -> str:
    if table in _BEFORE:
        return f"NEW.seq <> 1 AND NOT EXISTS ({_BEFORE[table]})"
    return f"NOT EXISTS ({_UNDER_ROOT[table]})"


def _why(table: str) -> str:
    return f"{table} is numbered without gaps" if table in _BEFORE else f"{table}: there is nothing at this sequence"


def _personal_alone() -> str:
    """Beside what is personal nothing changes, which is for each database to say; nothing comes back."""
    sealed = " AND ".join(f"(NEW.{name} IS NULL OR OLD.{name} IS NOT NULL)" for name in PERSONAL)
    return f"{sealed} AND (NEW.salt IS NULL OR NEW.salt = OLD.salt)"


def postgres_statements() -> tuple[str, ...]:
    """What makes the triggers, in order."""
    refuse = _refusal("% only grows: no %", "TG_TABLE_NAME", "lower(TG_OP)")
    same = f"to_jsonb(NEW) - {_names(PERSONAL)} = to_jsonb(OLD) - {_names(PERSONAL)}"
    made = [
        _function("optionix_only_grows", refuse),
        _function("optionix_audit_keeps", f"IF {same} AND {_personal_alone()} THEN RETURN NEW; END IF; {refuse}"),
    ]
    for table in TABLES:
        update = "optionix_audit_keeps" if table == "audit_logs" else "optionix_only_grows"
        order = f"IF {_wrong(table)} THEN {_refusal(_why(table))} END IF; RETURN NEW;"
        made += [
            _function(f"optionix_{table}_in_order", order),
            _trigger(table, "in_order", "INSERT", f"optionix_{table}_in_order"),
            _trigger(table, "never_update", "UPDATE", update),
            _trigger(table, "never_delete", "DELETE", "optionix_only_grows"),
            _trigger(table, "never_truncate", "TRUNCATE", "optionix_only_grows", each="STATEMENT"),
        ]
    return tuple(made)


def postgres_removal() -> tuple[str, ...]:
    """What removes them again."""
    functions = ["optionix_only_grows", "optionix_audit_keeps", *(f"optionix_{name}_in_order" for name in TABLES)]
    return tuple(f"DROP FUNCTION {name}() CASCADE" for name in functions)


def _function(name: str, body: str) -> str:
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"


def _refusal(why: str, *values: str) -> str:
    told = "".join(f", {value}" for value in values)
    return f"RAISE EXCEPTION '{why}'{told} USING ERRCODE = 'integrity_constraint_violation';"


def _trigger(table: str, name: str, act: str, function: str, each: str = "ROW") -> str:
    return f"CREATE TRIGGER {table}_{name} BEFORE {act} ON {table} FOR EACH {each} EXECUTE FUNCTION {function}()"


def _names(columns: tuple[str, ...]) -> str:
    return "'{" + ",".join(columns) + "}'::text[]"
