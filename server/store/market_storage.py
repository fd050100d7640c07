"""How quotes lie on PostgreSQL: a hypertable where TimescaleDB is loaded, else a partition for each month.

Requests run as a role that owns no table, so that making and dropping partitions are functions of the owner:
`optionix_market_ahead(since, until)` makes what is missing between two moments, `optionix_market_drop(before)` drops
what ended before one. Months are those of UTC. What belongs to no partition lies in `market_data_rest`, and moves once
there is one. Revision s0003 makes it. SQLite has one table and nothing to prepare.
"""

from __future__ import annotations

from typing import Final, Literal

from sqlalchemy import Connection, text

Storage = Literal["hypertable", "partitions"]

TABLE: Final = "market_data"
REST: Final = f"{TABLE}_rest"
CHUNK: Final = "7 days"
"""Of a hypertable."""

_ARGUMENTS: Final = {"ahead": "since timestamptz, until timestamptz", "drop": "before timestamptz"}
_SIGNATURES: Final = {
    "ahead": "optionix_market_ahead(timestamptz, timestamptz)",
    "drop": "optionix_market_drop(timestamptz)",
}
_COLUMNS: Final = "symbol, price, volume, bid, ask, implied_volatility"


def best_storage(connection: Connection) -> Storage:
    """What this server offers: `hypertable` where TimescaleDB is in the database, or loaded and may be put there.

    Who is no superuser puts the extension there beforehand. One that is not loaded is not tried: that would end the
    connection.
    """
    there, may = connection.execute(
        text(
            "SELECT (SELECT count(*) FROM pg_extension WHERE extname = 'timescaledb'), "
            "(SELECT count(*) FROM pg_available_extensions, pg_roles WHERE name = 'timescaledb' "
            "AND rolname = current_user AND rolsuper)"
        )
    ).one()
    if there:
        return "hypertable"
    loaded = text("SELECT current_setting('shared_preload_libraries')")
    return "hypertable" if may and "timescaledb" in connection.execute(loaded).scalar_one() else "partitions"


def storage(connection: Connection) -> Storage:
    """How it was made."""
    kind = connection.execute(text("SELECT relkind FROM pg_class WHERE oid = to_regclass('market_data')"))
    return "partitions" if kind.scalar_one() in ("p", b"p") else "hypertable"


def statements(kind: Storage) -> tuple[str, ...]:
    """What completes the table `market_data`, which is partitioned for `partitions` and plain for `hypertable`."""
    if kind == "hypertable":
        return (
            "CREATE EXTENSION IF NOT EXISTS timescaledb",
            f"SELECT create_hypertable('{TABLE}', 'timestamp', chunk_time_interval => INTERVAL '{CHUNK}')",
            _function("ahead", "RETURN 0;"),
            _function("drop", _DROP_CHUNKS),
            *_closed(),
        )
    return (
        f"CREATE TABLE {REST} PARTITION OF {TABLE} DEFAULT",
        _function("ahead", _AHEAD),
        _function("drop", _DROP),
        *_closed(),
    )


def rights(role: str) -> tuple[str, ...]:
    """What lets a role call the functions."""
    return tuple(f"GRANT EXECUTE ON FUNCTION {signature} TO {role}" for signature in _SIGNATURES.values())


def removal() -> tuple[str, ...]:
    """What removes the functions again."""
    return tuple(f"DROP FUNCTION {signature}" for signature in _SIGNATURES.values())


_AHEAD: Final = f"""
month := date_trunc('month', since AT TIME ZONE 'UTC');
WHILE month <= until AT TIME ZONE 'UTC' LOOP
    name := '{TABLE}_' || to_char(month, 'YYYYMM');
    IF to_regclass(name) IS NULL THEN
        EXECUTE format('CREATE TABLE %I (LIKE {TABLE} INCLUDING ALL)', name);
        EXECUTE format(
            'WITH moved AS (DELETE FROM {REST} WHERE timestamp >= %L AND timestamp < %L RETURNING timestamp, {_COLUMNS})
             INSERT INTO %I (timestamp, {_COLUMNS}) SELECT timestamp, {_COLUMNS} FROM moved',
            month AT TIME ZONE 'UTC', (month + INTERVAL '1 month') AT TIME ZONE 'UTC', name);
        EXECUTE format(
            'ALTER TABLE {TABLE} ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            name, month AT TIME ZONE 'UTC', (month + INTERVAL '1 month') AT TIME ZONE 'UTC');
        done := done + 1;
    END IF;
    month := month + INTERVAL '1 month';
END LOOP;
RETURN done;"""

_DROP: Final = f"""
FOR name IN
    SELECT child.relname FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
    WHERE inhparent = '{TABLE}'::regclass AND child.relname ~ '^{TABLE}_[0-9]{{6}}$'
LOOP
    month := to_date(right(name, 6), 'YYYYMM')::timestamp;
    IF (month + INTERVAL '1 month') AT TIME ZONE 'UTC' <= before THEN
        EXECUTE format('DROP TABLE %I', name);
        done := done + 1;
    END IF;
END LOOP;
RETURN done;"""


_DROP_CHUNKS: Final = f"""
SELECT nspname INTO STRICT name FROM pg_extension JOIN pg_namespace AS home ON home.oid = extnamespace
    WHERE extname = 'timescaledb';
EXECUTE format('SELECT count(*) FROM %I.drop_chunks(%L, older_than => %L::timestamptz)', name, '{TABLE}', before)
    INTO done;
RETURN done;"""
"""The extension may be in another schema than the tables, which are all that the function sees."""


def _function(name: str, body: str) -> str:
    return (
        f"CREATE FUNCTION optionix_market_{name}({_ARGUMENTS[name]}) RETURNS bigint LANGUAGE plpgsql "
        f"SECURITY DEFINER AS $$ DECLARE done bigint := 0; month timestamp; name text; BEGIN {body} END $$"
    )


def _closed() -> tuple[str, ...]:
    """Nobody else calls them, and no other schema stands in for ours while the owner's rights hold."""
    lines = []
    for signature in _SIGNATURES.values():
        lines.append(
            f"DO $$ BEGIN EXECUTE format('ALTER FUNCTION {signature} SET search_path = %I, pg_temp', "
            "current_schema()); END $$"
        )
        lines.append(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
    return tuple(lines)
