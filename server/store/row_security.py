"""Row-level security on PostgreSQL: a query that forgot whose rows it wants still sees one user's alone.

A transaction says whose rows it sees by the setting `optionix.acting`: a user's id, or `server` for the server itself;
where nothing is set no row is seen. The role APP_ROLE, which requests run as, owns no table, so that the policies hold
for it; where the migrating role may not make that role, the policies are forced upon the owner as well.
The wall is behind queries, not behind their text: whoever can send statements of his own can change the setting.
Revision s0006 makes it.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, inspect, text

from server.store import market_storage
from server.store.append_only import PERSONAL
from server.store.append_only import TABLES as ONLY_GROWING
from server.store.postgres_connections import APP_ROLE, SERVER, USER_SETTING

OWNERS: Final = {
    "accounts": "user_id",
    "api_keys": "user_id",
    "backup_codes": "user_id",
    "devices": "user_id",
    "limits": "user_id",
    "orders": "user_id",
    "password_history": "user_id",
    "positions": "user_id",
    "predictions": "user_id",
    "sessions": "user_id",
    "streams": "owner_id",
    "trades": "user_id",
}
"""By table, the column of the user whose row it is."""
THROUGH: Final = {
    "conflicts": ("streams", "stream_id"),
    "refresh_tokens": ("sessions", "session_id"),
    "stream_checkpoints": ("streams", "stream_id"),
    "stream_contents": ("streams", "stream_id"),
    "stream_events": ("streams", "stream_id"),
    "stream_roots": ("streams", "stream_id"),
}
"""By table, the table of OWNERS that its rows belong to, and the column that says to which."""
POLICY: Final = "own_rows"

_ME: Final = f"current_setting('{USER_SETTING}', true)"


def policies() -> dict[str, str]:
    """By table, the condition under which a row is seen and may be written."""
    own = {table: f"{_ME} = '{SERVER}' OR {column}::text = {_ME}" for table, column in OWNERS.items()}
    through = {
        table: f"{_ME} = '{SERVER}' OR EXISTS (SELECT 1 FROM {owner} AS whose "
        f"WHERE whose.id = {table}.{column} AND whose.{OWNERS[owner]}::text = {_ME})"
        for table, (owner, column) in THROUGH.items()
    }
    return own | through


def enable(connection: Connection) -> None:
    """Make the policies, and the role that they hold for where that may be made."""
    role = _role(connection)
    for table, condition in policies().items():
        connection.execute(text(f"CREATE POLICY {POLICY} ON {table} USING ({condition}) WITH CHECK ({condition})"))
        connection.execute(text(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"))
        if not role:
            connection.execute(text(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"))
    if role:
        connection.execute(text(f"GRANT USAGE ON SCHEMA {_schema(connection)} TO {APP_ROLE}"))
        for statement in (*rights(inspect(connection).get_table_names()), *market_storage.rights(APP_ROLE)):
            connection.execute(text(statement))


def disable(connection: Connection) -> None:
    """Remove the policies and what the role may do here; the role itself belongs to all databases of the server."""
    for table in policies():
        connection.execute(text(f"DROP POLICY {POLICY} ON {table}"))
        connection.execute(text(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY"))
        connection.execute(text(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"))
    if _known(connection):
        for kind in ("TABLES", "FUNCTIONS"):
            connection.execute(text(f"REVOKE ALL ON ALL {kind} IN SCHEMA {_schema(connection)} FROM {APP_ROLE}"))


def rights(tables: list[str]) -> list[str]:
    """What the role may do with tables, as statements: what grows may only be added to."""
    found = []
    for table in tables:
        if table in ONLY_GROWING:
            found.append(f"GRANT SELECT, INSERT ON {table} TO {APP_ROLE}")
        elif table == "server_alembic_version":
            found.append(f"GRANT SELECT ON {table} TO {APP_ROLE}")
        else:
            found.append(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {APP_ROLE}")
    return [*found, f"GRANT UPDATE ({', '.join(PERSONAL)}) ON audit_logs TO {APP_ROLE}"]


def may_be(connection: Connection, role: str = APP_ROLE) -> bool:
    """Whether connections can take on the role."""
    if not _known(connection, role):
        return False
    wanted = "SET" if _version(connection) >= 160000 else "MEMBER"
    return bool(
        connection.execute(text("SELECT pg_has_role(:role, :wanted)"), {"role": role, "wanted": wanted}).scalar()
    )


def _role(connection: Connection) -> bool:
    """Make the role unless it is there, and become a member of it; False where that may not be done."""
    may = text("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
    if connection.execute(may).scalar_one():
        if not _known(connection):
            connection.execute(
                text(
                    f"DO $$ BEGIN CREATE ROLE {APP_ROLE} NOLOGIN; "
                    "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
                )
            )
        if not may_be(connection):
            connection.execute(
                text(
                    f"DO $$ BEGIN GRANT {APP_ROLE} TO CURRENT_USER; "
                    "EXCEPTION WHEN insufficient_privilege THEN NULL; END $$"
                )
            )
    return may_be(connection)


def _known(connection: Connection, role: str = APP_ROLE) -> bool:
    return bool(
        connection.execute(text("SELECT count(*) FROM pg_roles WHERE rolname = :role"), {"role": role}).scalar()
    )


def _schema(connection: Connection) -> str:
    return str(connection.execute(text("SELECT quote_ident(current_schema())")).scalar_one())


def _version(connection: Connection) -> int:
    return int(connection.execute(text("SELECT current_setting('server_version_num')")).scalar_one())
